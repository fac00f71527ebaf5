/* SPDX-License-Identifier: BSD-3-Clause */
#include "placement/set.h"
#include <stdio.h>
#include <string.h>

bool placement_set_is_empty(const struct placement_set *set)
{
    return placement_set_next(set, 0) < 0;
}

int placement_set_count(const struct placement_set *set)
{
    int n = 0;

    for (int i = 0; i < PLACEMENT_SET_WORDS; i++)
        n += __builtin_popcountll(set->words[i]);
    return n;
}

int placement_set_next(const struct placement_set *set, int number)
{
    int word = number / 64;
    uint64_t rest;

    if (word >= PLACEMENT_SET_WORDS)
        return -1;
    rest = set->words[word] >> number % 64 << number % 64;
    while (!rest && ++word < PLACEMENT_SET_WORDS)
        rest = set->words[word];
    return rest ? word * 64 + __builtin_ctzll(rest) : -1;
}

bool placement_set_is_equal(const struct placement_set *a,
                            const struct placement_set *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

bool placement_set_intersects(const struct placement_set *a,
                              const struct placement_set *b)
{
    for (int i = 0; i < PLACEMENT_SET_WORDS; i++)
        if (a->words[i] & b->words[i])
            return true;
    return false;
}

bool placement_set_includes(const struct placement_set *whole,
                            const struct placement_set *part)
{
    for (int i = 0; i < PLACEMENT_SET_WORDS; i++)
        if (part->words[i] & ~whole->words[i])
            return false;
    return true;
}

void placement_set_join(struct placement_set *into, const struct placement_set *other)
{
    for (int i = 0; i < PLACEMENT_SET_WORDS; i++)
        into->words[i] |= other->words[i];
}

void placement_set_meet(struct placement_set *into, const struct placement_set *other)
{
    for (int i = 0; i < PLACEMENT_SET_WORDS; i++)
        into->words[i] &= other->words[i];
}

void placement_set_subtract(struct placement_set *from,
                            const struct placement_set *other)
{
    for (int i = 0; i < PLACEMENT_SET_WORDS; i++)
        from->words[i] &= ~other->words[i];
}

/* One past the run of members that begins with `first`. */
static int run_end(const struct placement_set *set, int first)
{
    while (placement_set_has(set, first))
        first++;
    return first;
}

char *placement_set_format(const struct placement_set *set, char *text, size_t capacity)
{
    enum { ITEM_BYTES = 16 };
    size_t used = 0;

    text[0] = '\0';
    for (int first = placement_set_next(set, 0); first >= 0;) {
        int end = run_end(set, first);

        if (used + ITEM_BYTES > capacity) {
            snprintf(text + used, capacity - used, "..");
            break;
        }
        used += (size_t)snprintf(text + used, capacity - used,
                                 end - first > 1 ? "%s%d-%d" : "%s%d", used ? "," : "",
                                 first, end - 1);
        first = placement_set_next(set, end);
    }
    return text;
}

/* A number at *at, -1: none, or too large. */
static int take_number(const char **at, const char *end)
{
    int number = -1;

    for (; *at < end && **at >= '0' && **at <= '9'; ++*at) {
        number = (number < 0 ? 0 : number) * 10 + (**at - '0');
        if (number >= PLACEMENT_MOST_PUS)
            return -1;
    }
    return number;
}

bool placement_set_parse(struct placement_set *set, const char *text, size_t length)
{
    const char *at = text, *end = text + length;

    memset(set, 0, sizeof *set);
    while (at < end) {
        int first = take_number(&at, end), last = first;

        if (at < end && *at == '-') {
            at++;
            last = take_number(&at, end);
        }
        if (first < 0 || last < first)
            return false;
        for (int i = first; i <= last; i++)
            placement_set_add(set, i);
        if (at == end)
            return true;
        if (*at++ != ',')
            return false;
    }
    return false;
}
