/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/runs.h"
#include <string.h>

/* A piece that is sorted stays in a core's cache with its scratch. Both kinds of tasks
 * take some hundred microseconds. */
enum { SORT_BYTES = 256 * 1024, MERGE_BYTES = 128 * 1024 };

static int64_t n_tasks(const struct numeric_sorter *sorter, int64_t n, int64_t bytes)
{
    int64_t n_items = bytes / (int64_t)sorter->item_bytes;

    return n / n_items + (n % n_items != 0);
}

int64_t kernel_runs_piece(const struct numeric_sorter *sorter)
{
    return SORT_BYTES / (int64_t)sorter->item_bytes;
}

static unsigned char *
item_at(const struct kernel_runs *runs, unsigned char *items, int64_t i)
{
    return items + (size_t)i * runs->sorter->item_bytes;
}

static int64_t begin_of(const struct kernel_runs *runs, int64_t run)
{
    return run > 0 ? runs->ends[run - 1] : 0;
}

/* ---- pieces ------------------------------------------------------------------- */

static void sort_task(void *context, int64_t task, int thread)
{
    const struct kernel_runs *runs = context;
    int64_t begin = begin_of(runs, task);

    (void)thread;
    runs->sorter->sort(item_at(runs, runs->items, begin),
                       item_at(runs, runs->scratch, begin), runs->ends[task] - begin);
}

/* ---- merging ------------------------------------------------------------------ */

/* Where a pair of runs ends; an odd run at the end is one with nothing. */
static int64_t pair_end(const struct kernel_runs *runs, int64_t pair)
{
    int64_t last = 2 * pair + 1;

    return runs->ends[last < runs->n_runs ? last : runs->n_runs - 1];
}

/* The pair that a place lies in. */
static int64_t pair_at(const struct kernel_runs *runs, int64_t place)
{
    int64_t low = 0, high = (runs->n_runs + 1) / 2 - 1;

    while (low < high) {
        int64_t middle = low + (high - low) / 2;

        if (pair_end(runs, middle) <= place)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Places [begin, end), all of the pair. */
static void
merge_piece(const struct kernel_runs *runs, int64_t pair, int64_t begin, int64_t end)
{
    int64_t first = begin_of(runs, 2 * pair), middle = runs->ends[2 * pair];
    const struct numeric_pair both = {.left = item_at(runs, runs->items, first),
                                      .right = item_at(runs, runs->items, middle),
                                      .n_left = middle - first,
                                      .n_right = pair_end(runs, pair) - middle};

    runs->sorter->merge(&both, begin - first, end - first,
                        item_at(runs, runs->scratch, begin));
}

static void merge_task(void *context, int64_t task, int thread)
{
    const struct kernel_runs *runs = context;
    int64_t n_items = MERGE_BYTES / (int64_t)runs->sorter->item_bytes;
    int64_t begin = task * n_items;
    int64_t end = runs->n - begin > n_items ? begin + n_items : runs->n;

    (void)thread;
    for (int64_t pair = pair_at(runs, begin); begin < end; pair++) {
        int64_t here = pair_end(runs, pair) < end ? pair_end(runs, pair) : end;

        merge_piece(runs, pair, begin, here);
        begin = here;
    }
}

static void end_round(struct kernel_runs *runs)
{
    unsigned char *items = runs->items;
    int64_t n_pairs = (runs->n_runs + 1) / 2;

    for (int64_t pair = 0; pair < n_pairs; pair++)
        runs->ends[pair] = pair_end(runs, pair);
    runs->n_runs = n_pairs;
    runs->items = runs->scratch;
    runs->scratch = items;
}

/* Data that is in order already is left where it is. */
static bool are_sorted(const struct kernel_runs *runs)
{
    for (int64_t i = 0; i + 1 < runs->n_runs; i++)
        if (runs->ends[i] > 0 && runs->ends[i] < runs->n &&
            !runs->sorter->is_sorted_at(runs->items, runs->ends[i]))
            return false;
    return true;
}

void kernel_runs_merge(struct kernel_run *run, struct kernel_runs *runs)
{
    while (runs->n_runs > 1 && !are_sorted(runs)) {
        kernel_work(run, n_tasks(runs->sorter, runs->n, MERGE_BYTES), merge_task, runs);
        end_round(runs);
    }
}

/* ---- both ---------------------------------------------------------------------- */

static void copy_task(void *context, int64_t task, int thread)
{
    const struct kernel_runs *runs = context;
    int64_t n_items = MERGE_BYTES / (int64_t)runs->sorter->item_bytes;
    int64_t begin = task * n_items;
    int64_t n = runs->n - begin < n_items ? runs->n - begin : n_items;

    (void)thread;
    memcpy(item_at(runs, runs->scratch, begin), item_at(runs, runs->items, begin),
           (size_t)n * runs->sorter->item_bytes);
}

void kernel_runs_sort(struct kernel_run *run,
                      const struct numeric_sorter *sorter,
                      void *items,
                      void *scratch,
                      int64_t n)
{
    struct kernel_runs runs = {
        .sorter = sorter, .items = items, .scratch = scratch, .n = n};
    int64_t *ends;

    runs.n_runs = n_tasks(sorter, n, SORT_BYTES);
    runs.ends = ends = kernel_need(run, (size_t)runs.n_runs * sizeof *ends);
    for (int64_t i = 0; i < runs.n_runs; i++)
        ends[i] = i + 1 < runs.n_runs ? (i + 1) * kernel_runs_piece(sorter) : n;
    kernel_work(run, runs.n_runs, sort_task, &runs);
    kernel_runs_merge(run, &runs);
    if (runs.items != items)
        kernel_work(run, n_tasks(sorter, n, MERGE_BYTES), copy_task, &runs);
    kernel_give(ends);
}
