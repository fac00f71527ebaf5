/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TEST_KERNEL_LEVELS_H
#define TEST_KERNEL_LEVELS_H

/* What sums at the levels are held against, and how near each comes. */

#include "numeric/exact.h"
#include "support/check_main.h"
#include "support/levels.h"
#include <math.h>
#include <stdlib.h>

static inline bool is_same(double a, double b)
{
    return numeric_bits_of(a) == numeric_bits_of(numeric_canonical(b));
}

static inline void add_exactly(struct numeric_exact *sum, double value)
{
    const struct numeric_terms terms = {numeric_isa_choose("baseline"),
                                        NUMERIC_SUM_DOUBLE, &value, NULL};

    numeric_exact_add(sum, NULL, &terms, 1);
}

static double off_by[N_LEVELS]; /* over all runs with numbers that cancel */

static inline void add_error(int level, double sum, double exact)
{
    if (isfinite(exact))
        off_by[level] += fabs(sum - exact);
}

static inline void ck_levels_come_nearer(void)
{
    ck_assert(off_by[TROUPE_LEVEL_EXACT] == 0);
    ck_assert_msg(getenv("TROUPE_TEST_SEED") ||
                      off_by[TROUPE_LEVEL_TREE] > 1e9 * off_by[TROUPE_LEVEL_TREE_DD],
                  "TREE is off by %g, TREE_DD by %g", off_by[TROUPE_LEVEL_TREE],
                  off_by[TROUPE_LEVEL_TREE_DD]);
}

#endif
