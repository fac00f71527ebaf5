/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NUMERIC_REDUCE_H
#define NUMERIC_REDUCE_H

/*
 * Sums and dot products by the tree, and what else is reduced in one pass.
 *
 * A row is 16 elements, element i of the whole array being in row i / 16 and lane i mod
 * 16; the last row may be short. Rows are the leaves of the tree, a node's value is the
 * 16 lanes. Ranges may begin at any row: blocks of any multiple of 16 elements give the
 * same bits, those of 16 * 2^m cost least.
 *
 * TREE adds in double. TREE_DD keeps what each addition lost and adds that too; the two
 * are rounded to one double at the end. Where the plain sum overflows, TREE_DD gives
 * the plain sum. The sum of no elements is 0.
 */

#include "numeric/isa.h"
#include "numeric/tree.h"

/* What is added up, and by what; y may be NULL for sums. */
struct numeric_terms {
    const struct numeric_isa *isa;
    enum numeric_term term;
    const void *x, *y;
};

/* From the i-th on. */
struct numeric_terms numeric_terms_at(const struct numeric_terms *terms, int64_t i);

struct numeric_lanes {
    double lane[NUMERIC_LANES];
    uint64_t present; /* one bit a lane: the last row may be short */
};

struct numeric_lanes_dd {
    double high[NUMERIC_LANES], low[NUMERIC_LANES];
    uint64_t present;
};

/* The tree of a sum over n elements: TREE, or TREE_DD when `is_dd`. */
struct numeric_tree numeric_lanes_tree(int64_t n, bool is_dd);

/*
 * Adds the next n elements to a carrier over such a tree; x and y stand at the element
 * that the carrier ends at. n is a multiple of 16 unless it reaches the last element. y
 * is not looked at for sums. TROUPE_NO_MEMORY: some of the nodes were added, none lost.
 */
troupe_status numeric_lanes_add(const struct numeric_terms *terms,
                                int64_t n,
                                struct numeric_carrier *carrier) TROUPE_MUST_USE;

/* The value of the node over n elements, 0 < n <= 16 * 2^m, that begins at a multiple
 * of 16 * 2^m: for threads that fill slots. `value` is a numeric_lanes or
 * numeric_lanes_dd. */
void numeric_lanes_node(const struct numeric_terms *terms,
                        int64_t n,
                        bool is_dd,
                        void *value);

/* The sum that the root's lanes stand for. */
double numeric_lanes_finish(const struct numeric_lanes *root);
double numeric_lanes_dd_finish(const struct numeric_lanes_dd *root);

/*
 * Count, mean and sum of squared distances from the mean: two passes over a block, and
 * neighbouring blocks merged by the formulae of Chan, Golub and LeVeque (1979), in the
 * order of blocks. The block's size is part of what is computed.
 */
struct numeric_moments {
    int64_t n_items;
    double mean, squares; /* variance = squares / (n_items - 1) */
};
void numeric_moments_block(const struct numeric_isa *isa,
                           const double *x,
                           int64_t n,
                           struct numeric_moments *moments);
numeric_merge_fn numeric_moments_merge;

#endif
