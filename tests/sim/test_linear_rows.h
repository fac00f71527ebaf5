/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TEST_LINEAR_ROWS_H
#define TEST_LINEAR_ROWS_H

/* What the row of a sparse matrix comes to at each level, as linear.h says it. */

#include "numeric/exact.h"
#include "troupe/kernel.h"
#include <math.h>

enum { ROWS_MOST = 1700, ROWS_LANES = 16, ROWS_SHORT = 32 };

struct rows_terms {
    double values[ROWS_MOST], x[ROWS_MOST];
    int64_t n;
};

/* A sum and, at TREE_DD, what it has lost. */
struct rows_two {
    double high, low;
};

static inline struct rows_two
rows_product(const struct rows_terms *terms, int64_t i, bool is_dd)
{
    double x = terms->x[i], value = terms->values[i], product = value * x;

    return (struct rows_two){product, is_dd ? fma(value, x, -product) : 0};
}

static inline struct rows_two rows_add(struct rows_two a, struct rows_two b, bool is_dd)
{
    double s = a.high + b.high, t = s - a.high;
    double lost = (a.high - (s - t)) + (b.high - t);

    return (struct rows_two){s, is_dd ? (a.low + b.low) + lost : 0};
}

static inline struct rows_two rows_by_lanes(const struct rows_terms *terms, bool is_dd)
{
    struct rows_two lanes[ROWS_LANES];

    for (int64_t i = 0; i < terms->n; i++) {
        struct rows_two next = rows_product(terms, i, is_dd);

        lanes[i % ROWS_LANES] =
            i < ROWS_LANES ? next : rows_add(lanes[i % ROWS_LANES], next, is_dd);
    }
    for (int width = 1; width < ROWS_LANES; width *= 2)
        for (int i = 0; i < ROWS_LANES; i += 2 * width)
            lanes[i] = rows_add(lanes[i], lanes[i + width], is_dd);
    return lanes[0];
}

static inline double rows_in_order(const struct rows_terms *terms, bool is_dd)
{
    struct rows_two sum;

    if (terms->n == 0)
        return 0;
    sum = rows_product(terms, 0, is_dd);
    for (int64_t i = 1; i < terms->n && terms->n <= ROWS_SHORT; i++)
        sum = rows_add(sum, rows_product(terms, i, is_dd), is_dd);
    if (terms->n > ROWS_SHORT)
        sum = rows_by_lanes(terms, is_dd);
    if (sum.low != 0 && isfinite(sum.high) && isfinite(sum.low))
        return sum.high + sum.low;
    return sum.high;
}

/* By an accumulator, the last product first. */
static inline double rows_exactly(const struct rows_terms *terms)
{
    struct numeric_exact exact;

    numeric_exact_init(&exact);
    for (int64_t i = terms->n - 1; i >= 0; i--) {
        struct numeric_terms one = {numeric_isa_choose("baseline"), NUMERIC_DOT_DOUBLE,
                                    &terms->values[i], &terms->x[i]};

        numeric_exact_add(&exact, NULL, &one, 1);
    }
    return numeric_exact_round(&exact);
}

static inline double rows_at_level(const struct rows_terms *terms, troupe_how how)
{
    return how.level == TROUPE_LEVEL_EXACT
               ? rows_exactly(terms)
               : rows_in_order(terms, how.level == TROUPE_LEVEL_TREE_DD);
}

#endif
