/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef KERNEL_SPLIT_H
#define KERNEL_SPLIT_H

#include "kernel/kernel.h"

/*
 * Where a boundary between two members' parts of a sorted array cuts through keys that
 * several members have: what each has to do with it is sorted there. Of equal keys
 * those of earlier members come first.
 */
struct kernel_boundary {
    const uint64_t *sorted; /* number k is sorted[k * stride] */
    size_t stride;
    int64_t n;
    uint64_t key;   /* the least that there is among all members; is changed */
    int64_t wanted; /* how many of all members' stand before the boundary */
    int64_t at;     /* made: how many of this member's */
};

/* Collective; all members have as many boundaries, with keys that differ in the lowest
 * n_bits at most from the least one. */
troupe_status kernel_split(struct kernel_run *run,
                           struct kernel_boundary *boundaries,
                           int n_boundaries,
                           int n_bits);

/* The elements that mapped keys stand for: the way back from numeric_sort_map(). */
void kernel_unmap(enum troupe_element element,
                  const uint64_t *keys,
                  int64_t n,
                  void *elements);

#endif
