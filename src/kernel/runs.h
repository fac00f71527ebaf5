/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef KERNEL_RUNS_H
#define KERNEL_RUNS_H

#include "kernel/kernel.h"
#include "numeric/sort.h"

/*
 * A member's items brought into order by the rank's threads, in tasks between which
 * others get turns. There is one stable order by key, so neither the number of threads
 * nor the size of the tasks shows.
 */
struct kernel_runs {
    const struct numeric_sorter *sorter;
    unsigned char *items, *scratch; /* change places with each round of merging */
    int64_t n;
    int64_t *ends; /* of the sorted runs; the last is n, the first begins at 0 */
    int64_t n_runs;
};

/* Items that stay in a core's cache, with their scratch, while they are sorted. */
int64_t kernel_runs_piece(const struct numeric_sorter *sorter);

/* Sorts n items where they are. */
void kernel_runs_sort(struct kernel_run *run,
                      const struct numeric_sorter *sorter,
                      void *items,
                      void *scratch,
                      int64_t n);

/* Merges the runs to one, pairs of neighbours at a time. */
void kernel_runs_merge(struct kernel_run *run, struct kernel_runs *runs);

#endif
