/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef KERNEL_BUCKETS_H
#define KERNEL_BUCKETS_H

#include "kernel/kernel.h"
#include "numeric/cells.h"

/*
 * The keys of an array in buckets: all members count the same cells, and join them to
 * the same buckets, which are as large as can be sorted in a core's cache, if the keys
 * allow. A bucket lies in one member's part of what is sorted; or it is one cell on a
 * boundary between parts, which is then cut (split.h).
 */
struct kernel_buckets {
    const struct array *array;
    struct numeric_cells cells;
    int64_t n_buckets, n_chunks;
    struct kernel_pages *counts; /* uint32_t by chunk and cell, the first of no chunk */
    uint64_t *totals;            /* by cell, of all members */
    uint16_t *bucket_of;         /* by cell */
    int64_t *first_cells;        /* n_buckets + 1 */
    int64_t *before;             /* n_buckets + 1: elements that stand before it */
    int64_t *mine;               /* likewise, of this member's */
    int64_t *next;               /* by chunk and bucket: where the next one goes */
};

/* For keys from low to high. All members together take and count, or none does. False:
 * there is no memory; to be given back in either case. */
bool kernel_buckets_take(struct kernel_run *run,
                         const struct array *array,
                         uint64_t low,
                         uint64_t high,
                         struct kernel_buckets *buckets);
void kernel_buckets_give(struct kernel_buckets *buckets);

/* Collective. `n_most`: items of a bucket, when the keys allow. */
troupe_status kernel_buckets_count(struct kernel_run *run,
                                   struct kernel_buckets *buckets,
                                   int64_t n_most);

/* The keys of this member's part to `items`: alone, or with their places in the part.
 */
void kernel_buckets_fill(struct kernel_run *run,
                         struct kernel_buckets *buckets,
                         const struct numeric_sorter *sorter,
                         void *items);

/* The buckets of which a member gets anything. */
struct kernel_bucket_range {
    int64_t begin, end;
};
struct kernel_bucket_range kernel_buckets_of(const struct kernel_buckets *buckets,
                                             int member);

/* The first bucket that does not end before this element of the sorted array. */
int64_t kernel_buckets_at(const struct kernel_buckets *buckets, int64_t index);

#endif
