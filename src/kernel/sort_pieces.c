/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/sort.h"
#include "team/team.h"
#include <string.h>

/*
 * A bucket has come in as many runs as there are members. It is copied together into a
 * core's cache, in the order of the members, so that equal keys keep theirs, and leaves
 * the cache sorted. One that is too large is sorted in pieces, which are merged; but if
 * it was cut, its runs have been sorted to cut them, and are merged.
 */

struct pieces {
    const struct kernel_sort *sort;
    kernel_sort_copy_fn *copy;
    kernel_sort_put_fn *put;
    int64_t *ends;     /* of the pieces, in the part */
    int64_t *buckets;  /* of which they are pieces */
    int64_t *starts;   /* where these begin in the part, by bucket */
    int64_t *run_ends; /* of what is to be merged */
    int64_t n_pieces, n_runs;
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

/* Is it in order already, run by run? One that fits is quicker sorted than merged. */
static bool
has_sorted_runs(const struct kernel_sort *sort, int n_members, int64_t bucket)
{
    const int64_t *before = sort->buckets.before + sort->range.begin + bucket;
    int64_t first = array_mine_first(sort->keys);
    int64_t end = first + array_mine_length(sort->keys);

    return (before[0] < first || before[1] > end) &&
           kernel_sort_bucket_length(sort, n_members, bucket) >
               kernel_runs_piece(sort->sorter);
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
    if (!has_sorted_runs(sort, pieces->n_members, bucket))
        sort->sorter->sort(room, room + room_bytes(sort), end - begin);
    pieces->put(sort, room, end - begin, begin);
}

/* The pieces of a bucket; returns where it ends. */
static int64_t cut_bucket(struct pieces *pieces, int64_t bucket, int64_t at, int64_t n)
{
    int64_t n_most = kernel_runs_piece(pieces->sort->sorter);

    pieces->starts[bucket] = at;
    while (n > 0) {
        int64_t n_here = n < n_most ? n : n_most;

        at += n_here;
        n -= n_here;
        pieces->ends[pieces->n_pieces] = at;
        pieces->buckets[pieces->n_pieces++] = bucket;
    }
    return at;
}

/* What has come from each member is a run. */
static void note_runs(struct pieces *pieces, int64_t bucket)
{
    const struct kernel_sort *sort = pieces->sort;
    int64_t at = pieces->starts[bucket];

    for (int i = 0; i < pieces->n_members; i++) {
        const int64_t *begins = sort->begins + i * (n_buckets(sort) + 1) + bucket;

        at += begins[1] - begins[0];
        pieces->run_ends[pieces->n_runs++] = at;
    }
}

static void cut_to_pieces(struct pieces *pieces)
{
    int64_t at = 0;

    for (int64_t bucket = 0; bucket < n_buckets(pieces->sort); bucket++) {
        int64_t n = kernel_sort_bucket_length(pieces->sort, pieces->n_members, bucket);
        int64_t n_before = pieces->n_pieces;

        at = cut_bucket(pieces, bucket, at, n);
        if (has_sorted_runs(pieces->sort, pieces->n_members, bucket))
            note_runs(pieces, bucket);
        else
            for (int64_t i = n_before; i < pieces->n_pieces; i++)
                pieces->run_ends[pieces->n_runs++] = pieces->ends[i];
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
                               .ends = pieces->run_ends,
                               .n_runs = pieces->n_runs};

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
    /* At most two buckets are cut. */
    pieces.run_ends =
        kernel_need(run, (size_t)(n_most + 2 * run->team->size) * sizeof(int64_t));
    cut_to_pieces(&pieces);
    kernel_work(run, pieces.n_pieces, piece_task, &pieces);
    if (!sort->is_fit)
        merge_pieces(run, sort, &pieces);
    kernel_give(pieces.starts);
    kernel_give(pieces.ends);
    kernel_give(pieces.buckets);
    kernel_give(pieces.run_ends);
}

void kernel_sort_put_items(const struct kernel_sort *sort,
                           const void *items,
                           int64_t n,
                           int64_t at)
{
    memcpy((unsigned char *)sort->items->bytes + (size_t)at * sort->sorter->item_bytes,
           items, (size_t)n * sort->sorter->item_bytes);
}
