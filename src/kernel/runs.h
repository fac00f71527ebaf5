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

/* How many runs n unsorted items are sorted in: what `ends` needs room for. */
int64_t kernel_runs_pieces(const struct numeric_sorter *sorter, int64_t n);

/* Sorts the items. */
void kernel_runs_sort(struct kernel_run *run, struct kernel_runs *runs);

/* Merges the runs to one, pairs of neighbours at a time. */
void kernel_runs_merge(struct kernel_run *run, struct kernel_runs *runs);

#endif
