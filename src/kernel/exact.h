/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef KERNEL_EXACT_H
#define KERNEL_EXACT_H

#include "kernel/kernel.h"

/* Exact sums: of what a member has, by its threads, and of members together. */

/* Adds n terms to *sum. TROUPE_NO_MEMORY: nothing was added. */
troupe_status kernel_exact_add(struct kernel_run *run,
                               const struct numeric_terms *terms,
                               int64_t n,
                               struct numeric_exact *sum);

/* A packed sum on its way between members; its fold joins by kernel_exact_join. */
struct kernel_exact {
    struct kernel_partial partial;
    unsigned char bytes[NUMERIC_EXACT_PACKED_BYTES];
};
troupe_status kernel_exact_join(unsigned char *left_bytes,
                                const unsigned char *right_bytes,
                                size_t size_bytes,
                                const struct kernel_fold *fold);

#endif
