/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NUMERIC_HISTOGRAM_H
#define NUMERIC_HISTOGRAM_H

/*
 * Counts in n_bins equal bins from low to high. A value x belongs to bin
 * floor((x - low) * (n_bins / (high - low))), computed in double in just these three
 * roundings; where that comes to n_bins, to the last. The last bin includes `high`.
 * What is below low, above high, or no number is counted apart. Integers are compared
 * and taken as doubles, which is exact below 2^53.
 *
 * Counts are integers and may be added in any order. Weights are doubles: one sum a bin
 * and block, left fold in the order of elements, and blocks merged in a tree of blocks
 * (numeric_histogram_merge): the block's size is part of the result. In TREE_DD the
 * same in pairs of doubles. For EXACT each bin's sum is first one that may be sure of
 * its rounding (sure.h); for the bins of which none is, there is exact.h.
 */

#include "numeric/exact.h"
#include "numeric/isa.h"
#include "numeric/sure.h"
#include "numeric/tree.h"

struct numeric_bins {
    double low, high, scale;
    int64_t n_bins;
    /* A bin is one integer wide and begins at one; all of them are exact as doubles. */
    bool is_by_ones;
};

/* A histogram's slots: n_bins, then these three. */
enum { NUMERIC_BELOW, NUMERIC_ABOVE, NUMERIC_NO_NUMBER, NUMERIC_EXTRA_SLOTS };

/* TROUPE_INVALID unless low < high, both finite, their distance finite, 0 < n_bins <=
 * 2^31, and bins are wide enough to be told apart. */
troupe_status numeric_bins_init(struct numeric_bins *bins,
                                double low,
                                double high,
                                int64_t n_bins) TROUPE_MUST_USE;

/* The slot of a value: below n_bins a bin, from there on one of the extra ones. */
int64_t numeric_bins_slot(const struct numeric_bins *bins, double value);

/* Adds n elements to the counts, n_bins + NUMERIC_EXTRA_SLOTS of them. 32 bits, so that
 * twice as many stay in a cache: fewer than 2^32 elements in all. */
void numeric_histogram_count(const struct numeric_isa *isa,
                             const struct numeric_bins *bins,
                             enum numeric_element element,
                             const void *x,
                             int64_t n,
                             uint32_t *counts);

/* Likewise, for so many slots that their counts do not fit a cache: counts mod 256 in a
 * byte each, which are looked at for each element, and what they carry in `counts`,
 * which is not. Joining adds the bytes to the counts, and clears them. */
void numeric_histogram_count_apart(const struct numeric_isa *isa,
                                   const struct numeric_bins *bins,
                                   enum numeric_element element,
                                   const void *x,
                                   int64_t n,
                                   uint8_t *bytes,
                                   uint32_t *counts);
void numeric_histogram_join(uint8_t *restrict bytes,
                            int64_t n_slots,
                            uint32_t *restrict counts);

/* Sets the sums, as many, to those of a block. NaNs of weights come out canonical. */
void numeric_histogram_weigh(const struct numeric_isa *isa,
                             const struct numeric_bins *bins,
                             const double *x,
                             const double *weights,
                             int64_t n,
                             double *sums);

/* Merges the sums of neighbouring blocks, for a tree whose argument points to their
 * number as uint64_t. */
numeric_merge_fn numeric_histogram_merge;

/* TREE_DD; numeric_pair_round() gives a slot's sum. */
struct numeric_weight {
    double high, low;
};
void numeric_histogram_weigh_dd(const struct numeric_isa *isa,
                                const struct numeric_bins *bins,
                                const double *x,
                                const double *weights,
                                int64_t n,
                                struct numeric_weight *sums);
numeric_merge_fn numeric_histogram_merge_dd;

/* EXACT: adds to the sums of all slots. */
void numeric_histogram_weigh_sure(const struct numeric_isa *isa,
                                  const struct numeric_bins *bins,
                                  const double *x,
                                  const double *weights,
                                  int64_t n,
                                  struct numeric_sure *sums);

/* And to those of some: the slot with number k > 0 has sums[k - first], if that is one
 * of the n_sums. */
struct numeric_chosen {
    const uint32_t *numbers; /* by slot */
    uint32_t first, n_sums;
    struct numeric_exact *sums;
};
void numeric_histogram_weigh_exact(const struct numeric_isa *isa,
                                   const struct numeric_bins *bins,
                                   const double *x,
                                   const double *weights,
                                   int64_t n,
                                   const struct numeric_chosen *chosen);

#endif
