/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/compiler.h"
#include "data.h"
#include "numeric/probe.h"
#include "numeric/reduce.h"
#include "support/check_main.h"
#include "troupe/lanes.h"

TROUPE_KERNEL_PROBE(probe);

static double sum_by_macro(const double *x, int64_t n)
{
    double total;
    TROUPE_LANES_SUM(total, n, i, x[i]);
    return total;
}

static double dot_by_macro(const double *x, const double *y, int64_t n)
{
    double total;
    TROUPE_LANES_SUM(total, n, i, x[i] * y[i]);
    return total;
}

static double
built_in(enum numeric_term term, const double *x, const double *y, int64_t n)
{
    struct numeric_terms terms = {numeric_isa_choose(NULL), term, x, y};
    struct numeric_lanes lanes;

    numeric_lanes_node(&terms, n, false, &lanes);
    return numeric_lanes_finish(&lanes);
}

START_TEST(sums_have_the_bits_of_our_own)
{
    struct base_random random = {1};
    static double x[20011], y[20011];

    for (unsigned kind = 0; kind < DATA_N_KINDS; kind++)
        for (size_t l = 0; l < ARRAY_LENGTH(data_lengths); l++) {
            int64_t n = data_lengths[l];
            data_fill(x, n, kind, &random);
            data_fill(y, n, kind, &random);
            ck_assert_uint_eq(
                numeric_bits_of(sum_by_macro(x, n)),
                numeric_bits_of(built_in(NUMERIC_SUM_DOUBLE, x, NULL, n)));
            ck_assert_uint_eq(numeric_bits_of(dot_by_macro(x, y, n)),
                              numeric_bits_of(built_in(NUMERIC_DOT_DOUBLE, x, y, n)));
        }
}
END_TEST

/* Every length up to several groups. */
START_TEST(all_short_lengths)
{
    struct base_random random = {2};
    double x[700];

    data_fill(x, 700, DATA_UNIFORM, &random);
    for (int64_t n = 1; n <= 700; n++)
        if (numeric_bits_of(sum_by_macro(x, n)) !=
            numeric_bits_of(built_in(NUMERIC_SUM_DOUBLE, x, NULL, n)))
            ck_abort_msg("length %d", (int)n);
}
END_TEST

START_TEST(nothing_and_no_number)
{
    double x[3] = {1, -NAN, 2};

    ck_assert_uint_eq(numeric_bits_of(sum_by_macro(x, 0)), 0);
    ck_assert_uint_eq(numeric_bits_of(sum_by_macro(x, -5)), 0);
    ck_assert_uint_eq(numeric_bits_of(sum_by_macro(x, 3)), NUMERIC_NAN_BITS);
}
END_TEST

/* Other flags: tests/system/numeric_probe.sh. */
START_TEST(our_own_flags_are_good)
{
    const char *fault = numeric_probe_fault(&probe);
    ck_assert_msg(fault == NULL, "%s", fault);
}
END_TEST

CHECK_MAIN("kernel lanes",
           sums_have_the_bits_of_our_own,
           all_short_lengths,
           nothing_and_no_number,
           our_own_flags_are_good)
