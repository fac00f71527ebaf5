/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_SCAN_H
#define TROUPE_SCAN_H

/*
 * Running sums, least and greatest elements; counts by value; reductions of
 * segments.
 *
 * Scans: x has numbers; `to` has double for real ones, int64 for integers with a sign
 * and uint64 for those without, and matches x in team, length, blocks and cut; it may
 * be x itself. Running sums of integers that do not all fit are refused.
 *
 * All levels are there, and alike but for sums of reals, in which infinities, NaNs and
 * zeros are troupe_sum()'s. At TREE and TREE_DD the length of the blocks is part of
 * what is computed, running sums of positive numbers need not rise everywhere, and the
 * last need not have the bits of the sum. At EXACT each is the exact sum of its
 * elements rounded once: blocks do not matter, sums of positive numbers never fall, and
 * the last has the bits of the sum.
 */

#include "troupe/kernel.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * to[i] becomes x[0] to x[i] combined, by TROUPE_SUM, TROUPE_MIN or TROUPE_MAX.
 *
 * \call     collective over the team
 * \blocks   until the caller's part is there
 * \threads  the runtime's thread
 * \errors   TROUPE_INVALID the arrays do not match or have other elements, or no such
 *           combination, or a sum of integers does not fit; TROUPE_MISMATCH;
 *           TROUPE_PEER_GONE; TROUPE_NO_MEMORY; TROUPE_FAILED the check found other
 *           bits
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_scan(troupe_actor *self,
                                                     troupe_array x,
                                                     troupe_array to,
                                                     enum troupe_combine combine,
                                                     troupe_how how);

/**
 * to[i] becomes x[0] to x[i - 1] combined; to[0] is 0 for sums, else the greatest or
 * the least number there is.
 *
 * \call     collective over the team
 * \blocks   until the caller's part is there
 * \threads  the runtime's thread
 * \errors   as troupe_scan
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_scan_exclusive(troupe_actor *self,
                      troupe_array x,
                      troupe_array to,
                      enum troupe_combine combine,
                      troupe_how how);

/** Equal bins. A value x is in bin floor((x - low) * (n_bins / (high - low))), worked
 * out in double; the last bin includes `high`. */
typedef struct troupe_bins {
    double low, high;
    int64_t n_bins;
} troupe_bins;

/** Counts or weights have this many places: the bins, then these. */
#define TROUPE_BINS_EXTRA 3
/** What is less than low: place n_bins. */
#define TROUPE_BIN_BELOW 0
/** What is greater than high: place n_bins + 1. */
#define TROUPE_BIN_ABOVE 1
/** What is no number: place n_bins + 2. */
#define TROUPE_BIN_NAN 2

/**
 * Counts the elements in each bin, at all members.
 *
 * \call     collective over the team
 * \blocks   until the result is there
 * \threads  the runtime's thread
 * \shape    \p counts has bins.n_bins + TROUPE_BINS_EXTRA places
 * \owns     \p counts is lent until the operation is done
 * \errors   TROUPE_INVALID x has no numbers, or the bins are no bins; TROUPE_MISMATCH;
 *           TROUPE_PEER_GONE; TROUPE_NO_MEMORY
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_histogram(troupe_actor *self,
                                                          troupe_array x,
                                                          troupe_bins bins,
                                                          troupe_how how,
                                                          uint64_t *counts);

/**
 * Likewise into an array, for so many bins that nobody should have them all: \p counts
 * is of uint64, of the same team, and has bins.n_bins + TROUPE_BINS_EXTRA elements.
 *
 * \call     collective over the team
 * \blocks   until the caller's part is there
 * \threads  the runtime's thread
 * \errors   as troupe_histogram; TROUPE_INVALID also if counts is not as above;
 *           TROUPE_FAILED the check found other bits
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_histogram_spread(troupe_actor *self,
                                                                 troupe_array x,
                                                                 troupe_bins bins,
                                                                 troupe_how how,
                                                                 troupe_array counts);

/**
 * Adds up the weights of the elements in each bin: blocks by themselves in the order of
 * the elements, beginning with 0, merged in the tree over the blocks. At TREE_DD the
 * same in doubles of twice the precision, rounded once. At EXACT each sum is the exact
 * one rounded, whatever the order; bins in which much cancels have the elements read
 * again, some thousand bins at a time. A bin without elements has 0. x and
 * \p weights are of double and match.
 *
 * \call     collective over the team
 * \blocks   until the result is there
 * \threads  the runtime's thread
 * \shape    \p sums has bins.n_bins + TROUPE_BINS_EXTRA places
 * \owns     \p sums is lent until the operation is done
 * \errors   as troupe_histogram. Memory: at TREE and TREE_DD 8 or 16 bytes for each
 *           place and block of the caller, but no more blocks than fit into 64 MiB or
 *           4 a thread; at EXACT 44 for each place and 32 more for each of them and
 *           thread, and up to 24 MiB
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_histogram_weighted(troupe_actor *self,
                                                                   troupe_array x,
                                                                   troupe_array weights,
                                                                   troupe_bins bins,
                                                                   troupe_how how,
                                                                   double *sums);

/**
 * Combines each segment of x by TROUPE_SUM, TROUPE_MIN or TROUPE_MAX. Segments begin
 * where \p heads (of uint8) is not zero; element 0 begins one in any case. \p results
 * becomes a new array with an element for each segment: of double for real ones, int64
 * for integers with a sign and uint64 for those without.
 *
 * All levels are there, and alike but for sums of reals. Each of these is summed in the
 * tree of its own elements, one lane, so that it has the same bits wherever it stands;
 * at TREE_DD the same in doubles of twice the precision, rounded once, and at EXACT it
 * is the exact sum rounded once. Sums of integers that do not all fit are refused; what
 * they come to on the way does not matter. Least and greatest are troupe_min()'s and
 * troupe_max()'s.
 *
 * \call     collective over the team
 * \blocks   until the result is there
 * \threads  the runtime's thread
 * \owns     \p results is lent until the operation is done, and then names an array
 *           of the caller's
 * \errors   TROUPE_INVALID x has no numbers, heads does not match, no such
 *           combination, or a sum of integers does not fit; TROUPE_MISMATCH;
 *           TROUPE_PEER_GONE; TROUPE_NO_MEMORY; TROUPE_FAILED the check found other
 *           bits
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_reduce_segments(troupe_actor *self,
                       troupe_array x,
                       troupe_array heads,
                       enum troupe_combine combine,
                       troupe_how how,
                       troupe_array *results);

/**
 * The least (TROUPE_MIN) or greatest (TROUPE_MAX) element of each segment, and where it
 * stands: extremes[0] becomes what troupe_reduce_segments() gives, extremes[1] a new
 * array of int64 with their lowest indexes in x, those of the first NaN where there is
 * one.
 *
 * \call     collective over the team
 * \blocks   until the result is there
 * \threads  the runtime's thread
 * \shape    \p extremes has 2 places
 * \owns     \p extremes is lent until the operation is done, and then names arrays of
 *           the caller's
 * \errors   as troupe_reduce_segments
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_extremes_of_segments(troupe_actor *self,
                            troupe_array x,
                            troupe_array heads,
                            enum troupe_combine combine,
                            troupe_how how,
                            troupe_array extremes[2]);

#ifdef __cplusplus
}
#endif
#endif
