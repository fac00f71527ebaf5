/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Running sums against MPFR; without it (TEST_HAVE_MPFR not set) the program says so
 * and is skipped.
 */
#include <stdio.h>

#ifndef TEST_HAVE_MPFR
int main(void)
{
    puts("skipped: built without MPFR");
    return 77;
}
#else

#include "base/compiler.h"
#include "by_mpfr.h"
#include "numeric/running.h"
#include "support/check_main.h"

/* The widest a sum of doubles gets: 2^1087 to 2^-1074. */
enum { SUM_BITS = 2200, SHORT = 24, LONG = 20000 };

/* All prefixes; element 0 of the first one is the sum of nothing. */
static void defined(const double *x, int64_t n, double *prefixes)
{
    mpfr_t sum, rounded;

    mpfr_init2(sum, SUM_BITS);
    mpfr_init2(rounded, 53);
    prefixes[0] = 0;
    for (int64_t i = 0; i < n; i++) {
        if (i == 0)
            mpfr_set_d(sum, x[i], MPFR_RNDN);
        else if (mpfr_add_d(sum, sum, x[i], MPFR_RNDN) != 0)
            ck_abort_msg("MPFR has rounded a sum");
        prefixes[i + 1] = to_double(rounded, mpfr_set(rounded, sum, MPFR_RNDN));
    }
    mpfr_clear(sum);
    mpfr_clear(rounded);
}

/* Few ck_asserts in what runs often: each costs a system call. */
static void ck_bits(const double *a, const double *b, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (numeric_bits_of(a[i]) != numeric_bits_of(b[i]))
            ck_abort_msg("element %d of %d: %a, not %a", (int)i, (int)n, a[i], b[i]);
}

static const struct numeric_running empty;

static void ck_empty(const struct numeric_running *running)
{
    if (running->used != 0 || running->flags != 0 ||
        memcmp(running->limb, empty.limb, sizeof empty.limb) != 0)
        ck_abort_msg("a running sum is not empty again");
}

static struct numeric_exact exactly(const double *x, int64_t n)
{
    const struct numeric_terms terms = {numeric_isa_choose(NULL), NUMERIC_SUM_DOUBLE, x,
                                        NULL};
    struct numeric_exact exact;

    numeric_exact_init(&exact);
    numeric_exact_add(&exact, NULL, &terms, n);
    return exact;
}

/* Inclusive from the front, exclusive from `at` on and in place, and as one sum. */
static void compare(const double *x, int64_t n, int64_t at)
{
    static double prefixes[LONG + 1], results[LONG];
    struct numeric_running running = empty;
    struct numeric_exact before = exactly(x, at);
    double sum;

    defined(x, n, prefixes);
    numeric_running_scan(&running, NUMERIC_DOUBLE, false, x, n, results);
    ck_bits(results, prefixes + 1, n);
    numeric_running_begin(&running, &before);
    memcpy(results, x + at, (size_t)(n - at) * sizeof *x);
    numeric_running_scan(&running, NUMERIC_DOUBLE, true, results, n - at, results);
    ck_bits(results, prefixes + at, n - at);
    running = empty;
    for (int round = 0; round < 2; round++) {
        sum = numeric_running_sum(&running, x, n);
        ck_bits(&sum, &prefixes[n], 1);
        ck_empty(&running);
    }
}

START_TEST(hostile_arrays)
{
    static double x[LONG];
    struct base_random random = {1};
    int n_arrays = data_is_full() ? 300000 : 10000;

    for (int i = 0; i < n_arrays; i++) {
        int64_t n = 1 + base_random_below(&random, SHORT);
        hostile(x, n, &random);
        compare(x, n, base_random_below(&random, (uint32_t)n + 1));
    }
    for (int i = 0; i < 4; i++) {
        hostile(x, LONG, &random);
        compare(x, LONG, base_random_below(&random, LONG));
    }
}
END_TEST

START_TEST(the_usual_kinds_of_numbers)
{
    static double x[4097];
    struct base_random random = {2};

    for (unsigned kind = 0; kind < DATA_N_KINDS; kind++)
        for (size_t l = 0; l < ARRAY_LENGTH(data_lengths); l++) {
            int64_t n = data_lengths[l] <= 4097 ? data_lengths[l] : 77;
            data_fill(x, n, kind, &random);
            compare(x, n, n / 2);
        }
}
END_TEST

/* Limbs that are as large as they may be pass a carry on and on, up and down; what is
 * left behind in them decides ties. */
START_TEST(carries_go_on)
{
    enum { LOWEST = 3, HIGHEST = 53, BITS = 40, ORIGIN = 1160 };
    double x[4 * NUMERIC_RUNNING_LIMBS];
    double unit = ldexp(1, BITS * LOWEST - ORIGIN);
    int n = 0;

    for (int sign = 1; sign >= -1; sign -= 2) {
        for (int i = LOWEST; i <= HIGHEST; i++)
            x[n++] = sign * ldexp(0x1p39 - 1, BITS * i - ORIGIN);
        x[n++] = sign * unit;
        x[n++] = -sign * unit;
        x[n++] = sign * 0x1p39 * unit;
    }
    for (int i = HIGHEST; i >= LOWEST; i--)
        x[n++] = (i % 2 ? 1.5 : 1 - 0x1p53) * ldexp(1, BITS * i - ORIGIN);
    compare(x, n, n / 3);
}
END_TEST

START_TEST(what_is_no_number)
{
    static const double cases[][5] = {
        {-0.0, -0.0, 0.0, -0.0, 1},
        {1, -1, -0.0, -0.0, 0},
        {1e308, 1e308, -1e308, -1e308, -0.0},
        {INFINITY, 1, -1e308, INFINITY, -INFINITY},
        {-INFINITY, 1, -INFINITY, NAN, 1},
        {0x1p-1074, -0x1p-1074, -0x1p-1074, 0x1p-1022, 0x1p1023},
        {0x1.fffffffffffffp1023, 0x1p969, 0x1p969, 0x1p-1074, -0x1p970},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        for (int at = 0; at <= 5; at++)
            compare(cases[i], 5, at);
}
END_TEST

START_TEST(floats)
{
    enum { N = 1000 };
    struct base_random random = {3};
    struct numeric_running running = empty;
    float small[N];
    double x[N], prefixes[N + 1], results[N];

    for (int i = 0; i < N; i++)
        x[i] = small[i] =
            (float)((data_unit(&random) - 0.5) * pow(10, 30 * data_unit(&random)));
    defined(x, N, prefixes);
    numeric_running_scan(&running, NUMERIC_FLOAT, false, small, N, results);
    ck_bits(results, prefixes + 1, N);
}
END_TEST

CHECK_MAIN("kernel running",
           hostile_arrays,
           the_usual_kinds_of_numbers,
           carries_go_on,
           what_is_no_number,
           floats)
#endif
