/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NUMERIC_RUNNING_H
#define NUMERIC_RUNNING_H

/*
 * The exact sum of what came so far, rounded after each element if wanted: the numbers
 * of exact.h for prefixes, and for many short sums.
 *
 * Each limb has a sign of its own and lies in [-2^39, 2^39), so that an element changes
 * three or four of them, where a carry through limbs of one sign would run to the top
 * whenever the sum changes its sign (signed digits: Avizienis, IRE Trans. EC-10, 1961).
 * As it is known which limbs are not zero, rounding looks at three of them and at the
 * sign of one more.
 */

#include "numeric/exact.h"

enum { NUMERIC_RUNNING_LIMBS = 58 };

/* Wide enough for 2^63 elements, but not for products. All zero: of no elements. */
struct numeric_running {
    int64_t limb[NUMERIC_RUNNING_LIMBS]; /* limb i counts 2^(40 i - 1160) */
    uint64_t used;                       /* a bit for each that is not zero */
    uint32_t flags;
};

/* Goes on from the elements that `before` is the sum of, which are no products. */
void numeric_running_begin(struct numeric_running *running,
                           struct numeric_exact *before);

/* Adds n elements; each result is the sum with its element, or if `is_exclusive` before
 * it. `results` may be `x` itself if the elements are doubles. */
void numeric_running_scan(struct numeric_running *running,
                          enum numeric_element element,
                          bool is_exclusive,
                          const void *x,
                          int64_t n,
                          double *results);

/* The sum of n elements; before and after it, *running is of none. */
double numeric_running_sum(struct numeric_running *running, const double *x, int64_t n);

#endif
