/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NUMERIC_SCAN_H
#define NUMERIC_SCAN_H

/*
 * Prefix sums and their like within a block, given what stands before it.
 *
 *   inclusive:  result(i) = prefix (+) local(i)
 *   exclusive:  result(i) = prefix (+) local(i - 1), result(0) = prefix
 *
 * where the first block has no prefix and takes local alone; its exclusive result(0) is
 * `initial`. The prefix of a block is the left fold of the tree's nodes before it
 * (numeric_carrier_fold); its value in that tree is local of its last element.
 *
 * local for sums of doubles ("scan 1", frozen like the tree): in each row of 16
 * elements, counted from the block's begin, four steps of Hillis and Steele, y(j) = y(j
 * - d) + y(j) for d = 1, 2, 4, 8; then row r adds the left fold of the last elements of
 * the rows before it. For all others it is the left fold, which for integers, minimum
 * and maximum is the same whatever the shape. The block's size is part of the result,
 * and the last element need not have the bits of a sum.
 *
 * TREE_DD of sums of doubles is the same with pairs (dd.h) for all values, of which
 * the results alone are rounded.
 */

#include "numeric/isa.h"
#include "numeric/tree.h"

/* What one scan is; `initial` and the prefixes have the size of a result. */
struct numeric_scan {
    bool is_exclusive;
    const void *initial; /* exclusive result(0) of the first block */
};

enum numeric_scan_kind { NUMERIC_SCAN_SUM, NUMERIC_SCAN_MINIMUM, NUMERIC_SCAN_MAXIMUM };

/*
 * A block of n elements, prefix NULL for the first. The results have 8 bytes each:
 * doubles for floats too, int64 for int32 too. Integers wrap. `results` may be `x`
 * itself when the elements have 8 bytes.
 */
void numeric_scan_block(const struct numeric_isa *isa,
                        enum numeric_scan_kind kind,
                        enum numeric_element element,
                        const struct numeric_scan *scan,
                        const void *prefix,
                        const void *x,
                        int64_t n,
                        void *results);

/* What the block is in the tree of prefixes: local of the last of n > 0 elements. */
void numeric_scan_total(const struct numeric_isa *isa,
                        enum numeric_scan_kind kind,
                        enum numeric_element element,
                        const void *x,
                        int64_t n,
                        void *total);

/* TREE_DD: sums of doubles or floats, and their totals, which merge by
 * numeric_scan_merge_dd. */
void numeric_scan_block_dd(const struct numeric_isa *isa,
                           enum numeric_element element,
                           const struct numeric_scan *scan,
                           const struct numeric_dd *prefix,
                           const void *x,
                           int64_t n,
                           double *results);
struct numeric_dd numeric_scan_total_dd(const struct numeric_isa *isa,
                                        enum numeric_element element,
                                        const void *x,
                                        int64_t n);
numeric_merge_fn numeric_scan_merge_dd;

/* The merge of such values, for a numeric_tree with value_bytes 8. */
numeric_merge_fn *numeric_scan_merge(enum numeric_scan_kind kind,
                                     enum numeric_element element);

#endif
