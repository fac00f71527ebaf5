/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NUMERIC_CELLS_H
#define NUMERIC_CELLS_H

/*
 * Keys by ranges of equal width: what is in a cell is less than what is in the next. So
 * that unequal data make equal work, neighbouring cells are joined to buckets, by a
 * table; then all keys are moved to their buckets, in which they keep their order.
 */

#include "numeric/sort.h"

enum { NUMERIC_MOST_CELLS = 1 << 16 }; /* a table of two bytes each stays in a cache */

struct numeric_cells {
    uint64_t low;
    int shift; /* a cell is 2^shift keys wide */
    int64_t n_cells;
};

/* For keys from low to high; about `n_wanted`, from 2 to NUMERIC_MOST_CELLS, or fewer.
 */
struct numeric_cells numeric_cells_make(uint64_t low, uint64_t high, int64_t n_wanted);

/* The least key of a cell. */
static inline uint64_t numeric_cells_least(const struct numeric_cells *cells, int64_t i)
{
    return cells->low + ((uint64_t)i << cells->shift);
}

/* Adds to the counts of the cells that the keys are in. */
void numeric_cells_count(const struct numeric_cells *cells,
                         const uint64_t *keys,
                         int64_t n,
                         uint32_t *counts);

/* Where the next item of each bucket goes. */
struct numeric_buckets {
    struct numeric_cells cells;
    const uint16_t *bucket_of; /* by cell */
    int64_t *next;             /* by bucket */
};

/* Moves keys, or keys with places that count on from `first`, to their buckets. */
void numeric_buckets_fill(const struct numeric_buckets *buckets,
                          const uint64_t *keys,
                          int64_t n,
                          uint64_t *items);
void numeric_buckets_fill_keyed(const struct numeric_buckets *buckets,
                                const uint64_t *keys,
                                int64_t n,
                                uint64_t first,
                                struct numeric_keyed *items);

#endif
