/* SPDX-License-Identifier: BSD-3-Clause */
/* Part of body.h: sums of the products of a row, short ones one after the other and
 * long ones by lanes. */
#include "numeric/sure.h"

#if defined(__FP_FAST_FMA)
INLINE double product_lost(double x, double y, double product)
{
    return __builtin_fma(x, y, -product);
}
#else
INLINE double upper_half_of(double value)
{
    double c = value * 0x1p27 + value;
    return c - (c - value);
}

/* As two_product() of body_vector.h. */
INLINE double product_lost(double x, double y, double product)
{
    double x1 = upper_half_of(x), y1 = upper_half_of(y), x2 = x - x1, y2 = y - y1;
    double size = fabs(product);
    bool can_split = fabs(x) < 0x1p990 && fabs(y) < 0x1p990;

    if (UNLIKELY(!can_split ||
                 !((size > 0x1p-960 && size < 0x1p1000) || x == 0 || y == 0)))
        return fma(x, y, -product);
    return ((x1 * y1 - product) + x1 * y2 + x2 * y1) + x2 * y2;
}
#endif

static void row_dd(const double *values, const double *x, int64_t n, double pair[2])
{
    double high = pair[0], low = pair[1];

    for (int64_t i = 0; i < n; i++) {
        double product = values[i] * x[i];

        numeric_pair_add(&high, &low, product, product_lost(values[i], x[i], product));
    }
    pair[0] = high;
    pair[1] = low;
}

static void
lanes_dd(const double *values, const double *x, int64_t n, double *high, double *low)
{
    struct source from = {load_product, 8, values, x};

    for (int v = 0; v < NUMERIC_LANES; v += WIDTH) {
        struct pair sum = {load(high + v), load(low + v)};

        for (int64_t i = v; i < n; i += NUMERIC_LANES)
            sum = add_pairs(sum, dd_product(&from, i));
        store(high + v, sum.high);
        store(low + v, sum.low);
    }
}

static bool
row_sure(const double *values, const double *x, int64_t n, struct numeric_sure *sum)
{
    struct numeric_sure all = *sum;
    bool fit = true;

    for (int64_t i = 0; i < n; i++) {
        double product = values[i] * x[i], size = fabs(product);
        double lost = product_lost(values[i], x[i], product);

        fit &= (size > 0x1p-960 && size < 0x1p1020) || values[i] == 0 || x[i] == 0;
        numeric_sure_add(&all, product);
        numeric_sure_add_lost(&all, lost);
    }
    *sum = all;
    return fit;
}
