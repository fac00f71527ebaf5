/* SPDX-License-Identifier: BSD-3-Clause */
#include "numeric/cells.h"

enum { KEY_BITS = 64 };

static int width(uint64_t value)
{
    return value ? KEY_BITS - __builtin_clzll(value) : 0;
}

struct numeric_cells numeric_cells_make(uint64_t low, uint64_t high, int64_t n_wanted)
{
    int shift = width(high - low) - width((uint64_t)n_wanted - 1);
    struct numeric_cells cells = {.low = low, .shift = shift > 0 ? shift : 0};

    cells.n_cells = (int64_t)((high - low) >> cells.shift) + 1;
    return cells;
}

void numeric_cells_count(const struct numeric_cells *cells,
                         const uint64_t *keys,
                         int64_t n,
                         uint32_t *counts)
{
    uint64_t low = cells->low;
    int shift = cells->shift;

    for (int64_t i = 0; i < n; i++)
        counts[(keys[i] - low) >> shift]++;
}

void numeric_buckets_fill(const struct numeric_buckets *buckets,
                          const uint64_t *keys,
                          int64_t n,
                          uint64_t *items)
{
    const uint16_t *bucket_of = buckets->bucket_of;
    uint64_t low = buckets->cells.low;
    int shift = buckets->cells.shift;
    int64_t *next = buckets->next;

    for (int64_t i = 0; i < n; i++)
        items[next[bucket_of[(keys[i] - low) >> shift]]++] = keys[i];
}

void numeric_buckets_fill_keyed(const struct numeric_buckets *buckets,
                                const uint64_t *keys,
                                int64_t n,
                                uint64_t first,
                                struct numeric_keyed *items)
{
    const uint16_t *bucket_of = buckets->bucket_of;
    uint64_t low = buckets->cells.low;
    int shift = buckets->cells.shift;
    int64_t *next = buckets->next;

    for (int64_t i = 0; i < n; i++)
        items[next[bucket_of[(keys[i] - low) >> shift]]++] =
            (struct numeric_keyed){keys[i], first + (uint64_t)i};
}
