/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NUMERIC_PAIR_H
#define NUMERIC_PAIR_H

/* Sums as two doubles: what plain addition gives, and what it lost. */

#include "numeric/numeric.h"
#include <math.h>
#include <stdbool.h>

/* What `sum`, which is a + b rounded, lacks to be just that; Knuth's TwoSum. */
static inline double numeric_sum_lost(double a, double b, double sum)
{
    double part = sum - a;

    return (a - (sum - part)) + (b - part);
}

/* As add_pairs of body_double.h. */
static inline void
numeric_pair_add(double *high, double *low, double other_high, double other_low)
{
    double sum = *high + other_high;
    double lost = numeric_sum_lost(*high, other_high, sum);

    *high = sum;
    *low = (*low + other_low) + lost;
}

/* An overflow leaves no number in the low part; a zero there may have any sign and must
 * not turn a sum of -0 into 0. */
static inline double numeric_pair_round(double high, double low)
{
    bool is_plain = low == 0 || !isfinite(high) || !isfinite(low);

    return numeric_canonical(is_plain ? high : high + low);
}

#endif
