/* SPDX-License-Identifier: BSD-3-Clause */
#include "numeric/sure.h"

/* The error of adding up more magnitudes might be as large as their sum. */
#define MOST_NUMBERS (INT64_C(1) << 48)

void numeric_sure_merge(struct numeric_sure *into, const struct numeric_sure *from)
{
    double high = into->high + from->high;

    if (from->n == 0)
        return;
    into->open += from->open;
    numeric_sure_add_lost(into, from->low);
    numeric_sure_add_lost(into, numeric_sum_lost(into->high, from->high, high));
    into->high = high;
    into->n += from->n;
}

/*
 * The exact sum is high + low + rest, |rest| <= open but for the roundings of `open`.
 * Twice as much covers these, and 4 u |low|, u = 2^-53, what rounding takes from low +
 * bound and low - bound. Rounding never falls when what is rounded rises, so if both
 * ends round to one double, what is between does.
 */
bool numeric_sure_round(const struct numeric_sure *sum, double *value)
{
    double bound = 2 * sum->open + 4 * 0x1p-53 * fabs(sum->low);
    double least = sum->high + (sum->low - bound);
    double greatest = sum->high + (sum->low + bound);

    if (sum->n == 0) {
        *value = 0;
        return true;
    }
    if (sum->open == 0) { /* a low part of 0 may have any sign */
        *value = sum->low == 0 ? sum->high : sum->high + sum->low;
        return true;
    }
    if (sum->n > MOST_NUMBERS || !isfinite(least) || least != greatest)
        return false;
    *value = least;
    return true;
}
