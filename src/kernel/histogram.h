/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef KERNEL_HISTOGRAM_H
#define KERNEL_HISTOGRAM_H

/* What counts and weights by bins have in common. */

#include "kernel/kernel.h"
#include "numeric/histogram.h"
#include "troupe/scan.h"

/* The request's bins; its words tell a task and the other members. */
troupe_status kernel_bins_read(const struct kernel_request *request,
                               struct numeric_bins *bins) TROUPE_MUST_USE;

/* The bins and those beyond. */
static inline size_t kernel_n_places(const struct kernel_request *request)
{
    return (size_t)request->words[2] + TROUPE_BINS_EXTRA;
}

/* Calls the operation if the arrays fit and the bins are some. */
troupe_status kernel_bins_call(troupe_actor *self,
                               struct kernel_request *request,
                               const troupe_bins *bins,
                               bool is_fit);

/* ---- weigh_exact.c ------------------------------------------------------------ */

/* Weights by bins at level EXACT. */
troupe_status kernel_weigh_exactly(struct kernel_run *run,
                                   const struct kernel_request *request,
                                   troupe_status mine);

#endif
