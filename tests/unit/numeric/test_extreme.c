/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/compiler.h"
#include "data.h"
#include "numeric/extreme.h"
#include "support/check_main.h"

enum { N = 5000 };

/* The rule, said plainly: does a come before b? */
static bool real_wins(enum numeric_which which, double a, double b)
{
    if (a != a || b != b)
        return a != a && b == b;
    if (a == 0 && b == 0)
        return which == NUMERIC_MINIMUM ? signbit(a) && !signbit(b)
                                        : !signbit(a) && signbit(b);
    return which == NUMERIC_MINIMUM ? a < b : a > b;
}

static int64_t place_by_rule(enum numeric_which which, const double *x, int64_t n)
{
    int64_t best = 0;

    for (int64_t i = 1; i < n; i++)
        if (real_wins(which, x[i], x[best]))
            best = i;
    return best;
}

static void ck_reals(const double *x, int64_t n)
{
    const struct numeric_isa *list[4];
    int n_listed = numeric_isa_list(list);
    float *small = malloc((size_t)n * sizeof(float));

    for (int64_t i = 0; i < n; i++)
        small[i] = (float)x[i];
    for (unsigned which = 0; which < 2; which++)
        for (int v = 0; v < n_listed; v++) {
            struct numeric_extreme found, found_small;
            int64_t place = place_by_rule(which, x, n);
            numeric_extreme_find(list[v], which, NUMERIC_DOUBLE, x, n, 100, &found);
            ck_assert_int_eq(found.index, place + 100);
            ck_assert_uint_eq(
                numeric_bits_of(numeric_extreme_value(&found, NUMERIC_DOUBLE).real),
                numeric_bits_of(numeric_canonical(x[place])));
            numeric_extreme_find(list[v], which, NUMERIC_FLOAT, small, n, 0,
                                 &found_small);
            double value = numeric_extreme_value(&found_small, NUMERIC_FLOAT).real;
            ck_assert_uint_eq(numeric_bits_of(value), numeric_bits_of(numeric_canonical(
                                                          (double)(float)x[place])));
        }
    free(small);
}

START_TEST(reals_of_all_kinds_and_lengths)
{
    struct base_random random = {1};
    static double x[20011];

    for (unsigned kind = 0; kind < DATA_N_KINDS; kind++)
        for (size_t l = 0; l < ARRAY_LENGTH(data_lengths); l++) {
            data_fill(x, data_lengths[l], kind, &random);
            ck_reals(x, data_lengths[l]);
        }
}
END_TEST

START_TEST(zeros_infinities_and_nans)
{
    static const double special[] = {0.0, -0.0, INFINITY, -INFINITY, NAN, -NAN};
    struct base_random random = {2};
    double x[2000];

    for (int round = 0; round < 300; round++) {
        int64_t n = 1 + base_random_below(&random, round % 10 == 0 ? 2000 : 20);
        uint32_t n_kinds = 1 + base_random_below(&random, 6);
        uint32_t first = base_random_below(&random, 6);
        for (int64_t i = 0; i < n; i++)
            x[i] = special[(first + base_random_below(&random, n_kinds)) % 6];
        ck_reals(x, n);
    }
}
END_TEST

#define CK_INTEGERS(type, element, member)                                             \
    do {                                                                               \
        type x[N];                                                                     \
        for (int i = 0; i < N; i++)                                                    \
            x[i] =                                                                     \
                (type)(base_random_next(&random) >> base_random_below(&random, 64));   \
        for (int64_t n = 1; n < N; n = 3 * n + 5)                                      \
            for (unsigned which = 0; which < 2; which++)                               \
                for (int v = 0; v < n_listed; v++) {                                   \
                    struct numeric_extreme found;                                      \
                    int64_t best = 0;                                                  \
                    for (int64_t i = 0; i < n; i++)                                    \
                        if (which == NUMERIC_MINIMUM ? x[i] < x[best]                  \
                                                     : x[i] > x[best])                 \
                            best = i;                                                  \
                    numeric_extreme_find(list[v], which, element, x, n, 0, &found);    \
                    ck_assert_int_eq(found.index, best);                               \
                    ck_assert(numeric_extreme_value(&found, element).member ==         \
                              x[best]);                                                \
                }                                                                      \
    } while (0)

START_TEST(integers)
{
    const struct numeric_isa *list[4];
    int n_listed = numeric_isa_list(list);
    struct base_random random = {3};

    CK_INTEGERS(int32_t, NUMERIC_INT32, integer);
    CK_INTEGERS(int64_t, NUMERIC_INT64, integer);
    CK_INTEGERS(uint64_t, NUMERIC_UINT64, natural);
}
END_TEST

START_TEST(parts_merge_in_any_order)
{
    struct base_random random = {4};
    const struct numeric_isa *isa = numeric_isa_choose(NULL);
    double x[N];

    for (int round = 0; round < 200; round++) {
        int n_values = 1 + (int)base_random_below(&random, 50);
        for (int i = 0; i < N; i++)
            x[i] = base_random_below(&random, (uint32_t)n_values);
        int64_t cut = base_random_below(&random, N);
        for (unsigned which = 0; which < 2; which++) {
            struct numeric_extreme left, right, none;
            numeric_extreme_find(isa, which, NUMERIC_DOUBLE, x, cut, 0, &left);
            numeric_extreme_find(isa, which, NUMERIC_DOUBLE, x + cut, N - cut, cut,
                                 &right);
            numeric_extreme_find(isa, which, NUMERIC_DOUBLE, x, 0, 0, &none);
            numeric_extreme_merge(which, &right, &none);
            numeric_extreme_merge(which, &right, &left);
            ck_assert_int_eq(right.index, place_by_rule(which, x, N));
        }
    }
}
END_TEST

CHECK_MAIN("kernel extreme",
           reals_of_all_kinds_and_lengths,
           zeros_infinities_and_nans,
           integers,
           parts_merge_in_any_order)
