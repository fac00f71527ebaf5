/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/sort.h"
#include "team/team.h"
#include <string.h>

/*
 * A bucket has come in as many runs as there are members. It is copied together into a
 * core's cache, in the order of the members, so that equal keys keep theirs, and leaves
 * the cache sorted. One that is too large is sorted in pieces, which are merged.
 */

struct pieces {
    const struct kernel_sort *sort;
    kernel_sort_copy_fn *copy;
    kernel_sort_put_fn *put;
    int64_t *ends;    /* of the pieces, in the part */
    int64_t *buckets; /* of which they are pieces */
    int64_t *starts;  /* where these begin in the part, by bucket */
    int64_t n_pieces;
    int n_members;
};

static int64_t n_buckets(const struct kernel_sort *sort)
{
    return sort->range.end - sort->range.begin;
}

/* The items [begin, end) of a bucket, counted from where it starts. */
static void copy_some(const struct pieces *pieces,
                      int64_t bucket,
                      int64_t begin,
                      int64_t end,
                      unsigned char *to)
{
    const struct kernel_sort *sort = pieces->sort;
    int64_t before = 0;

    for (int i = 0; i < pieces->n_members && before < end; i++) {
        const int64_t *begins = sort->begins + i * (n_buckets(sort) + 1) + bucket;
        int64_t n = begins[1] - begins[0];
        int64_t low = begin > before ? begin - before : 0;
        int64_t high = end - before < n ? end - before : n;

        if (low < high) {
            pieces->copy(sort, i, begins[0] + low, high - low, to);
            to += (size_t)(high - low) * sort->sorter->item_bytes;
        }
        before += n;
    }
}

static size_t room_bytes(const struct kernel_sort *sort)
{
    return (size_t)kernel_runs_piece(sort->sorter) * sort->sorter->item_bytes;
}

static void piece_task(void *context, int64_t task, int thread)
{
    const struct pieces *pieces = context;
    const struct kernel_sort *sort = pieces->sort;
    unsigned char *room =
        (unsigned char *)sort->rooms->bytes + 2 * (size_t)thread * room_bytes(sort);
    int64_t begin = task > 0 ? pieces->ends[task - 1] : 0, end = pieces->ends[task];
    int64_t bucket = pieces->buckets[task], start = pieces->starts[bucket];

    copy_some(pieces, bucket, begin - start, end - start, room);
    sort->sorter->sort(room, room + room_bytes(sort), end - begin);
    pieces->put(sort, room, end - begin, begin);
}

static void cut_to_pieces(struct pieces *pieces)
{
    int64_t n_most = kernel_runs_piece(pieces->sort->sorter), at = 0;

    for (int64_t bucket = 0; bucket < n_buckets(pieces->sort); bucket++) {
        int64_t n = kernel_sort_bucket_length(pieces->sort, pieces->n_members, bucket);

        pieces->starts[bucket] = at;
        while (n > 0) {
            int64_t n_here = n < n_most ? n : n_most;

            at += n_here;
            n -= n_here;
            pieces->ends[pieces->n_pieces] = at;
            pieces->buckets[pieces->n_pieces++] = bucket;
        }
    }
}

static void merge_pieces(struct kernel_run *run,
                         struct kernel_sort *sort,
                         const struct pieces *pieces)
{
    struct kernel_pages *items = sort->items;
    struct kernel_runs runs = {.sorter = sort->sorter,
                               .items = items->bytes,
                               .scratch = sort->scratch->bytes,
                               .n = array_mine_length(sort->keys),
                               .ends = pieces->ends,
                               .n_runs = pieces->n_pieces};

    kernel_runs_merge(run, &runs);
    if (runs.items == items->bytes)
        return;
    sort->items = sort->scratch;
    sort->scratch = items;
}

void kernel_sort_pieces(struct kernel_run *run,
                        struct kernel_sort *sort,
                        kernel_sort_copy_fn *copy,
                        kernel_sort_put_fn *put)
{
    struct pieces pieces = {
        .sort = sort, .copy = copy, .put = put, .n_members = run->team->size};
    int64_t n_most = array_mine_length(sort->keys) / kernel_runs_piece(sort->sorter) +
                     n_buckets(sort);

    pieces.starts = kernel_need(run, (size_t)n_buckets(sort) * sizeof(int64_t));
    pieces.ends = kernel_need(run, (size_t)n_most * sizeof(int64_t));
    pieces.buckets = kernel_need(run, (size_t)n_most * sizeof(int64_t));
    cut_to_pieces(&pieces);
    kernel_work(run, pieces.n_pieces, piece_task, &pieces);
    if (!sort->is_fit)
        merge_pieces(run, sort, &pieces);
    kernel_give(pieces.starts);
    kernel_give(pieces.ends);
    kernel_give(pieces.buckets);
}

void kernel_sort_put_items(const struct kernel_sort *sort,
                           const void *items,
                           int64_t n,
                           int64_t at)
{
    memcpy((unsigned char *)sort->items->bytes + (size_t)at * sort->sorter->item_bytes,
           items, (size_t)n * sort->sorter->item_bytes);
}
