/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef KERNEL_WHOLE_H
#define KERNEL_WHOLE_H

/* Running sums of integers: whether they fit, before anything is written. */

#include "kernel/element.h"
#include "numeric/wide.h"

/* What is known of some elements in a row. */
struct kernel_whole {
    numeric_wide sum;
    uint64_t most; /* no element is further from 0 */
};

/* Of the elements [begin, end) of an array of integers. */
struct kernel_whole kernel_whole_of(const struct kernel_run *run,
                                    const struct array *x,
                                    int64_t begin,
                                    int64_t end);

/* Do all their running sums fit into 64 bits of the same kind, when `before` stands
 * before them? Those of an exclusive scan do without the last element. Looks at the
 * elements only when `most` leaves it open. */
bool kernel_whole_fits(const struct array *x,
                       int64_t begin,
                       int64_t end,
                       numeric_wide before,
                       uint64_t most,
                       bool is_exclusive);

#endif
