/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NUMERIC_SORT_H
#define NUMERIC_SORT_H

/*
 * Stable sorting within one memory. Keys of all types are first mapped to unsigned
 * integers of the same order: for reals -0 < +0, and all NaNs are equal and come last,
 * in the order in which they stood.
 *
 * A sort by (key, index) has one answer, so how it is done does not show: by radix
 * (radix.h); runs are merged in pairs of neighbours.
 */

#include "numeric/numeric.h"
#include <stdbool.h>
#include <stddef.h>

/* A key and where its element stood, or whatever the index is to mean. */
struct numeric_keyed {
    uint64_t key, index;
};

/* The order of unsigned integers on n elements of any type. */
void numeric_sort_map(enum numeric_element element,
                      const void *items,
                      int64_t n,
                      uint64_t *keys);

/* Two sorted runs. */
struct numeric_pair {
    const void *left, *right;
    int64_t n_left, n_right;
};

/* What is done to items of one kind, for who treats all kinds alike. */
struct numeric_sorter {
    size_t item_bytes;
    /* In place; `scratch` has room for n (< 2^32) as well. */
    void (*sort)(void *items, void *scratch, int64_t n);
    /* Places [begin, end) of what the pair comes to when it is merged. Of equal keys
     * those of the left run come first. */
    void (*merge)(const struct numeric_pair *pair,
                  int64_t begin,
                  int64_t end,
                  void *to);
    /* Is the item before the place not greater than the one there? */
    bool (*is_sorted_at)(const void *items, int64_t place);
};

extern const struct numeric_sorter numeric_sorter_keys;  /* of uint64_t */
extern const struct numeric_sorter numeric_sorter_keyed; /* of struct numeric_keyed */

/* to[i] = from[order[i].index]. The two must not overlap. */
void numeric_sort_gather(const struct numeric_keyed *order,
                         int64_t n,
                         const void *from,
                         size_t item_bytes,
                         void *to);

#endif
