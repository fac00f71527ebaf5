/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef KERNEL_SEGMENT_H
#define KERNEL_SEGMENT_H

/*
 * Sums of segments at each level, and what is known of one that passes on from member
 * to member: at TREE and TREE_DD the carrier of its elements so far, which begins at
 * their place in the segment; at EXACT their packed sum.
 */

#include "kernel/kernel.h"

enum { KERNEL_OPEN_BYTES = 2 * 8 + 2 * 8 * NUMERIC_MAX_NODES };

/* Of a member's part: the last segment so far as it stands there. */
struct kernel_open {
    uint64_t has_head; /* it begins in the part */
    uint64_t n_items;  /* it has elements: since the head, or the part's all */
    uint64_t n_packed;
    unsigned char bytes[KERNEL_OPEN_BYTES];
};

/* The bytes that travel. */
size_t kernel_open_bytes(enum troupe_level level);

/* Puts the carrier or the sum of n elements, which stand at `leaf` of their segment. */
troupe_status kernel_open_put(struct kernel_run *run,
                              enum troupe_level level,
                              const double *x,
                              int64_t n,
                              int64_t leaf,
                              struct kernel_open *open);
/* Left's elements and those behind them. */
troupe_status kernel_open_join(enum troupe_level level,
                               struct kernel_open *left,
                               const struct kernel_open *right);
/* The sum of what stands open and n elements more, not canonical. */
troupe_status kernel_open_close(struct kernel_run *run,
                                enum troupe_level level,
                                const struct kernel_open *open,
                                const double *x,
                                int64_t n,
                                double *sum);

/* The sums of n segments of x; each but the last ends where the next starts, which is
 * at starts[n] for the last. */
void kernel_segments_sum(const struct numeric_isa *isa,
                         enum troupe_level level,
                         const double *x,
                         const int64_t *starts,
                         int64_t n,
                         double *sums);

#endif
