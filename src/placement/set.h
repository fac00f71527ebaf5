/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PLACEMENT_SET_H
#define PLACEMENT_SET_H

/*
 * Sets of small numbers: PUs or NUMA nodes by the numbers the system knows them by.
 * Plain data of one size, so that machines and plans are copied and sent as they are.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PLACEMENT_MOST_PUS = 4096, PLACEMENT_SET_WORDS = PLACEMENT_MOST_PUS / 64 };

struct placement_set {
    uint64_t words[PLACEMENT_SET_WORDS];
};

/* `number` is below PLACEMENT_MOST_PUS. */
static inline void placement_set_add(struct placement_set *set, int number)
{
    set->words[number / 64] |= UINT64_C(1) << number % 64;
}

static inline bool placement_set_has(const struct placement_set *set, int number)
{
    return number >= 0 && number < PLACEMENT_MOST_PUS &&
           (set->words[number / 64] >> number % 64 & 1) != 0;
}

bool placement_set_is_empty(const struct placement_set *set);
int placement_set_count(const struct placement_set *set);
/* The first member from `number` on, -1: none. */
int placement_set_next(const struct placement_set *set, int number);
bool placement_set_is_equal(const struct placement_set *a,
                            const struct placement_set *b);
bool placement_set_intersects(const struct placement_set *a,
                              const struct placement_set *b);
/* Whether each member of `part` is in `whole`. */
bool placement_set_includes(const struct placement_set *whole,
                            const struct placement_set *part);
void placement_set_join(struct placement_set *into, const struct placement_set *other);
void placement_set_meet(struct placement_set *into, const struct placement_set *other);
void placement_set_subtract(struct placement_set *from,
                            const struct placement_set *other);

/* As "0-3,8", the form hwloc calls a list; cut with ".." when longer than the room.
 * Returns `text`. */
char *
placement_set_format(const struct placement_set *set, char *text, size_t capacity);
/* Reads that form from the first `length` characters; false: it is no such list. */
bool placement_set_parse(struct placement_set *set, const char *text, size_t length);

/* Room for what placement_set_format prints of most sets. */
enum { PLACEMENT_LIST_BYTES = 2048 };

#endif
