/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NUMERIC_BY_MPFR_H
#define NUMERIC_BY_MPFR_H

/* Sums by MPFR, which rounds them correctly too, and numbers that make that hard. */

#include "data.h"
#include <mpfr.h>

enum { PRODUCT_BITS = 106 };

/* The range of exponents of double, so that MPFR rounds subnormals and overflows. */
static inline double to_double(mpfr_t sum, int ternary)
{
    mpfr_exp_t low = mpfr_get_emin(), high = mpfr_get_emax();
    mpfr_set_emin(-1073);
    mpfr_set_emax(1024);
    ternary = mpfr_check_range(sum, ternary, MPFR_RNDN);
    mpfr_subnormalize(sum, ternary, MPFR_RNDN);
    double result = mpfr_get_d(sum, MPFR_RNDN);
    mpfr_set_emin(low);
    mpfr_set_emax(high);
    return numeric_canonical(result);
}

/* Sum of x, or of x * y when there is a y. */
static inline double by_mpfr(const double *x, const double *y, int64_t n)
{
    mpfr_t *values = malloc((size_t)(n + 1) * sizeof *values), sum;
    mpfr_ptr *pointers = malloc((size_t)(n + 1) * sizeof *pointers);

    for (int64_t i = 0; i < n; i++) {
        mpfr_init2(values[i], y ? PRODUCT_BITS : 53);
        mpfr_set_d(values[i], x[i], MPFR_RNDN);
        if (y)
            mpfr_mul_d(values[i], values[i], y[i], MPFR_RNDN);
        pointers[i] = values[i];
    }
    mpfr_init2(sum, 53);
    int ternary = mpfr_sum(sum, pointers, (unsigned long)n, MPFR_RNDN);
    double result = to_double(sum, ternary);
    for (int64_t i = 0; i < n; i++)
        mpfr_clear(values[i]);
    mpfr_clear(sum);
    free(values);
    free(pointers);
    return result;
}

/* Exponents anywhere within `spread` of `centre`, many low bits zero so that ties
 * occur, and often the negative of one before, so that much cancels. */
static inline void hostile(double *x, int64_t n, struct base_random *random)
{
    uint32_t centre = base_random_below(random, 2047);
    uint32_t spread =
        1 + base_random_below(random, base_random_below(random, 2) ? 70 : 2046);

    for (int64_t i = 0; i < n; i++) {
        uint64_t bits = base_random_next(random);
        uint32_t field = centre + base_random_below(random, spread);
        uint64_t fraction = bits << 12 >> 12;
        if (bits >> 62 == 0)
            fraction &= ~UINT64_C(0) << (bits >> 55 & 63) % 53;
        x[i] = numeric_from_bits((bits & UINT64_C(1) << 63) |
                                 (uint64_t)(field % 2047) << 52 | fraction);
        if (i > 0 && base_random_below(random, 4) == 0)
            x[i] = -x[base_random_below(random, (uint32_t)i)];
    }
}

static inline const struct numeric_isa *any_isa(struct base_random *random)
{
    const struct numeric_isa *list[4];
    int n_listed = numeric_isa_list(list);

    return list[base_random_below(random, (uint32_t)n_listed)];
}

#endif
