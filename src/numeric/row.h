/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NUMERIC_ROW_H
#define NUMERIC_ROW_H

/*
 * Rows of sparse matrices at the levels TREE_DD and EXACT: sums of n products of values
 * and x, which stand one after the other. In TREE_DD what each product and each sum
 * loses is added up too; the shape is that of linear.h. -0 is what sums begin with.
 */

#include "numeric/reduce.h"

/* From left to right; n > 0. */
double numeric_row_short(const struct numeric_isa *isa,
                         const double *values,
                         const double *x,
                         int64_t n);

/* By lanes, from the row's first product on; in pieces, whose lengths are multiples of
 * 16 but for the last. At the end comes numeric_lanes_dd_finish(). */
struct numeric_lanes_dd numeric_row_begin(void);
void numeric_row_add(const struct numeric_isa *isa,
                     const double *values,
                     const double *x,
                     int64_t n,
                     struct numeric_lanes_dd *lanes);

/* Whether *sum is the exact sum rounded, see sure.h. */
bool numeric_row_exact(const struct numeric_isa *isa,
                       const double *values,
                       const double *x,
                       int64_t n,
                       double *sum) TROUPE_MUST_USE;

#endif
