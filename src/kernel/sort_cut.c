/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/sort.h"
#include "kernel/split.h"
#include "team/team.h"

/*
 * What stands in buckets is cut for the members. Most boundaries are between buckets;
 * on others there is a bucket of one cell, which is sorted and cut exactly.
 */

static unsigned char *item_at(const struct kernel_sort *sort, int64_t i)
{
    return (unsigned char *)sort->items->bytes + (size_t)i * sort->sorter->item_bytes;
}

static void
sort_bucket(struct kernel_run *run, struct kernel_sort *sort, int64_t bucket)
{
    int64_t begin = sort->buckets.mine[bucket];

    kernel_runs_sort(run, sort->sorter, item_at(sort, begin),
                     (unsigned char *)sort->scratch->bytes +
                         (size_t)begin * sort->sorter->item_bytes,
                     sort->buckets.mine[bucket + 1] - begin);
}

static struct kernel_boundary
boundary_in(const struct kernel_sort *sort, int64_t bucket, int64_t index)
{
    const struct kernel_buckets *buckets = &sort->buckets;
    int64_t begin = buckets->mine[bucket];

    return (struct kernel_boundary){
        .sorted = (const uint64_t *)(void *)item_at(sort, begin),
        .stride = sort->sorter->item_bytes / sizeof(uint64_t),
        .n = buckets->mine[bucket + 1] - begin,
        .key = numeric_cells_least(&buckets->cells, buckets->first_cells[bucket]),
        .wanted = index - buckets->before[bucket]};
}

static troupe_status find_places(struct kernel_run *run, struct kernel_sort *sort)
{
    const struct kernel_buckets *buckets = &sort->buckets;
    int n_members = run->team->size, n = 0;
    struct kernel_boundary *boundaries =
        kernel_need(run, (size_t)n_members * sizeof *boundaries);
    int64_t last = -1;
    troupe_status status;

    for (int i = 1; i < n_members; i++) {
        int64_t index = array_member_first(sort->keys, i);
        int64_t bucket = kernel_buckets_at(buckets, index);

        sort->at[i] = buckets->mine[bucket];
        if (bucket == buckets->n_buckets || buckets->before[bucket] == index)
            continue;
        if (bucket != last)
            sort_bucket(run, sort, bucket);
        last = bucket;
        boundaries[n++] = boundary_in(sort, bucket, index);
    }
    status = kernel_split(run, boundaries, n, buckets->cells.shift);
    for (int i = n_members - 1; i > 0; i--) {
        int64_t index = array_member_first(sort->keys, i);
        int64_t bucket = kernel_buckets_at(buckets, index);

        if (bucket < buckets->n_buckets && buckets->before[bucket] < index)
            sort->at[i] += boundaries[--n].at;
    }
    sort->at[n_members] = array_mine_length(sort->keys);
    kernel_give(boundaries);
    return status;
}

/* ---- how much of each bucket comes from whom ----------------------------------- */

static int64_t n_of(struct kernel_bucket_range range)
{
    return range.end - range.begin;
}

/* Of the items from `begin` to `end`, those in the bucket. */
static int64_t overlap(const struct kernel_buckets *buckets,
                       int64_t bucket,
                       int64_t begin,
                       int64_t end)
{
    int64_t low = buckets->mine[bucket], high = buckets->mine[bucket + 1];

    low = low > begin ? low : begin;
    high = high < end ? high : end;
    return high > low ? high - low : 0;
}

/* What leaves for a member, by bucket; returns how many counts these are. */
static int64_t
count_leaving(const struct kernel_sort *sort, int member, int64_t *counts)
{
    struct kernel_bucket_range range = kernel_buckets_of(&sort->buckets, member);

    for (int64_t bucket = range.begin; bucket < range.end; bucket++)
        counts[bucket - range.begin] =
            overlap(&sort->buckets, bucket, sort->at[member], sort->at[member + 1]);
    return n_of(range);
}

/* A bucket on a boundary belongs to several, so there may be some more than buckets. */
static size_t n_leaving_counts(const struct kernel_sort *sort, int n_members)
{
    size_t n = 0;

    for (int i = 0; i < n_members; i++)
        n += (size_t)n_of(kernel_buckets_of(&sort->buckets, i));
    return n;
}

static troupe_status
exchange_counts(struct kernel_run *run, const struct kernel_sort *sort, int64_t *counts)
{
    int n = run->team->size;
    troupe_outgoing *sends = kernel_need(run, (size_t)n * sizeof *sends);
    troupe_incoming *receives = kernel_need(run, (size_t)n * sizeof *receives);
    const troupe_exchange_lists lists = {sends, n, receives, n};
    int64_t *leaving = kernel_need(run, n_leaving_counts(sort, n) * sizeof *leaving);
    int64_t *next = leaving;
    size_t n_mine = (size_t)n_of(sort->range);
    troupe_status status;

    for (int i = 0; i < n; i++) {
        int64_t n_counts = count_leaving(sort, i, next);

        sends[i] = (troupe_outgoing){i, next, (size_t)n_counts * sizeof *next};
        receives[i] = (troupe_incoming){i, counts + (size_t)i * (n_mine + 1),
                                        n_mine * sizeof *counts};
        next += n_counts;
    }
    status = array_exchange(run->self, run->team, &lists);
    kernel_give(leaving);
    kernel_give(sends);
    kernel_give(receives);
    return status;
}

/* Counts to places, which go on from one member to the next. */
static void place_what_comes(struct kernel_sort *sort, int n_members)
{
    int64_t n_here = n_of(sort->range), at = 0;

    for (int i = 0; i < n_members; i++) {
        int64_t *begins = sort->begins + i * (n_here + 1);

        sort->from[i] = at;
        for (int64_t bucket = 0; bucket < n_here; bucket++) {
            int64_t n = begins[bucket];

            begins[bucket] = at;
            at += n;
        }
        begins[n_here] = at;
    }
    sort->from[n_members] = at;
    base_assert(at == array_mine_length(sort->keys));
}

int64_t
kernel_sort_bucket_length(const struct kernel_sort *sort, int n_members, int64_t bucket)
{
    int64_t n_here = n_of(sort->range), n = 0;

    for (int i = 0; i < n_members; i++) {
        const int64_t *begins = sort->begins + i * (n_here + 1);

        n += begins[bucket + 1] - begins[bucket];
    }
    return n;
}

static bool all_fit(const struct kernel_sort *sort, int n_members)
{
    int64_t n_most = kernel_runs_piece(sort->sorter), n_here = n_of(sort->range);

    for (int64_t bucket = 0; bucket < n_here; bucket++)
        if (kernel_sort_bucket_length(sort, n_members, bucket) > n_most)
            return false;
    return true;
}

troupe_status kernel_sort_cut(struct kernel_run *run, struct kernel_sort *sort)
{
    size_t n_members = (size_t)run->team->size;

    TROUPE_TRY(find_places(run, sort));
    sort->range = kernel_buckets_of(&sort->buckets, run->team->index);
    sort->begins = kernel_need(run, n_members * (size_t)(n_of(sort->range) + 1) *
                                        sizeof *sort->begins);
    TROUPE_TRY(exchange_counts(run, sort, sort->begins));
    place_what_comes(sort, run->team->size);
    sort->is_fit = all_fit(sort, run->team->size);
    return TROUPE_OK;
}
