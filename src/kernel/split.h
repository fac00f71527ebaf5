/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef KERNEL_SPLIT_H
#define KERNEL_SPLIT_H

#include "kernel/kernel.h"

/*
 * Where each member's sorted keys are to be cut so that the members' pieces for member
 * i together are the elements that stand in i's part of the array when all is sorted:
 * at[i] .. at[i + 1]. Of equal keys those of earlier members come first. Key number k
 * is sorted[k * stride].
 */
troupe_status kernel_split(struct kernel_run *run,
                           const struct array *array,
                           const uint64_t *sorted,
                           size_t stride,
                           int64_t *at);

/* The elements that mapped keys stand for: the way back from numeric_sort_map(). */
void kernel_unmap(enum troupe_element element,
                  const uint64_t *keys,
                  int64_t n,
                  void *elements);

#endif
