/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef KERNEL_SORT_H
#define KERNEL_SORT_H

#include "kernel/buckets.h"
#include "kernel/runs.h"

/*
 * A sort on the way. Items are keys alone, when a key says all of its element, or keys
 * with the place of their element in this member's part.
 */
struct kernel_sort {
    const struct kernel_request *request;
    const struct array *keys;
    const struct numeric_sorter *sorter;
    struct kernel_buckets buckets;
    struct kernel_pages *items, *scratch; /* one an element */
    struct kernel_pages *leaving;         /* elements of one array; of places only */
    struct kernel_pages *rooms;           /* by thread: a piece and its scratch */
    int64_t *at;     /* n_members + 1: where in the items begins what is whose */
    int64_t *from;   /* n_members + 1: where in what comes begins what is from whom */
    int64_t *begins; /* by member and bucket of those that come, and an end each */
    struct kernel_bucket_range range;
    bool is_fit; /* all these buckets can be sorted in a cache */
};

/* ---- sort_cut.c ---------------------------------------------------------------- */

/* Collective: cuts the items, which stand in their buckets, and finds out what comes.
 */
troupe_status kernel_sort_cut(struct kernel_run *run, struct kernel_sort *sort);

/* How much of a bucket comes, which counts from the first in the range. */
int64_t kernel_sort_bucket_length(const struct kernel_sort *sort,
                                  int n_members,
                                  int64_t bucket);

/* ---- sort_pieces.c ------------------------------------------------------------- */

/* Copies n of the items that have come from a member, from the i-th on. */
typedef void kernel_sort_copy_fn(
    const struct kernel_sort *sort, int member, int64_t i, int64_t n, void *to);

/* Puts sorted items at a place of the member's part. */
typedef void kernel_sort_put_fn(const struct kernel_sort *sort,
                                const void *items,
                                int64_t n,
                                int64_t at);

/* Copies and sorts what has come, a piece at a time, and puts it where it goes. If not
 * all buckets fit, what they are put into must be the items: pieces of a bucket are
 * merged. */
void kernel_sort_pieces(struct kernel_run *run,
                        struct kernel_sort *sort,
                        kernel_sort_copy_fn *copy,
                        kernel_sort_put_fn *put);

/* For kernel_sort_pieces(). */
void kernel_sort_put_items(const struct kernel_sort *sort,
                           const void *items,
                           int64_t n,
                           int64_t at);

#endif
