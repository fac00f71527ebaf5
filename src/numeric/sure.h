/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NUMERIC_SURE_H
#define NUMERIC_SURE_H

/*
 * EXACT without an accumulator, for sums of few numbers where little cancels, which are
 * most. What each addition loses is itself a double and is added up apart, as in Sum2
 * of Ogita, Rump and Oishi (SIAM J. Sci. Comput. 26, 2005); what these additions lose
 * is known too, and its magnitudes are added up. If there is none of that, the two sums
 * are the exact one. Else, when both ends of what it leaves open round to the same
 * double, that is the exact sum rounded (Ziv's test, ACM TOMS 17, 1991), whatever the
 * order was. Where nobody can tell, who adds has to do it again with exact.h.
 */

#include "numeric/pair.h"

struct numeric_sure {
    double high, low; /* the plain sum, and that of what it lost */
    double open;      /* magnitudes of what `low` lost */
    int64_t n;        /* numbers that were added */
};

static inline struct numeric_sure numeric_sure_make(void)
{
    return (struct numeric_sure){.high = -0.0}; /* -0 changes no number, nor 0 */
}

/* Adds what something else has lost. */
static inline void numeric_sure_add_lost(struct numeric_sure *sum, double lost)
{
    double low = sum->low + lost;

    sum->open += fabs(numeric_sum_lost(sum->low, lost, low));
    sum->low = low;
}

static inline void numeric_sure_add(struct numeric_sure *sum, double value)
{
    double high = sum->high + value;

    numeric_sure_add_lost(sum, numeric_sum_lost(sum->high, value, high));
    sum->high = high;
    sum->n++;
}

void numeric_sure_merge(struct numeric_sure *into, const struct numeric_sure *from);

/* Whether *value is the exact sum rounded, by the rules of exact.h; if not, it is not
 * changed. Never sure of infinities and NaNs. */
bool numeric_sure_round(const struct numeric_sure *sum, double *value);

#endif
