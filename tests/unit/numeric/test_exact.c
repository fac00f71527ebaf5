/* SPDX-License-Identifier: BSD-3-Clause */
/* timeout: 120 */
/*
 * Against MPFR, which rounds sums correctly too. Without it (TEST_HAVE_MPFR not set)
 * the program says so and is skipped.
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
#include "data.h"
#include "numeric/exact.h"
#include "support/check_main.h"

#define ck_same_bits(a, b) ck_assert_uint_eq(numeric_bits_of(a), numeric_bits_of(b))

enum { SHORT = 24, LONG = 200000 };

static double
exactly(const struct numeric_isa *isa, const double *x, const double *y, int64_t n)
{
    struct numeric_terms terms = {isa, y ? NUMERIC_DOT_DOUBLE : NUMERIC_SUM_DOUBLE, x,
                                  y};
    static struct numeric_piles piles;
    struct numeric_exact exact, piled;
    double sum;

    numeric_exact_init(&exact);
    numeric_exact_add(&exact, NULL, &terms, n);
    sum = numeric_exact_round(&exact);
    numeric_piles_init(&piles);
    numeric_exact_init(&piled);
    numeric_exact_add(&piled, &piles, &terms, n);
    numeric_exact_take_piles(&piled, &piles);
    ck_assert_uint_eq(numeric_bits_of(numeric_exact_round(&piled)),
                      numeric_bits_of(sum));
    return sum;
}

/* Few ck_asserts in what runs often: each costs a system call. */
static void
compare_hostile(int n_arrays, int64_t max_length, bool is_dot, uint64_t seed)
{
    struct base_random random = {seed};
    double *x = malloc((size_t)max_length * 8), *y = malloc((size_t)max_length * 8);

    for (int a = 0; a < n_arrays; a++) {
        int64_t n = 1 + base_random_below(&random, (uint32_t)max_length);
        hostile(x, n, &random);
        hostile(y, n, &random);
        double expected = by_mpfr(x, is_dot ? y : NULL, n);
        double sum = exactly(any_isa(&random), x, is_dot ? y : NULL, n);
        if (numeric_bits_of(sum) != numeric_bits_of(expected))
            ck_abort_msg("array %d of %d numbers: %a instead of %a", a, (int)n, sum,
                         expected);
    }
    free(x);
    free(y);
}

START_TEST(short_hostile_arrays)
{
    int n_arrays = data_is_full() ? 1000000 : 20000;
    compare_hostile(n_arrays, SHORT, false, 1);
    compare_hostile(n_arrays / 4, SHORT, true, 2);
}
END_TEST

START_TEST(long_hostile_arrays)
{
    compare_hostile(10, LONG, false, 3);
    compare_hostile(4, LONG / 4, true, 4);
}
END_TEST

START_TEST(the_usual_kinds_of_numbers)
{
    struct base_random random = {5};
    double x[4097], y[4097];

    for (unsigned kind = 0; kind < DATA_N_KINDS; kind++)
        for (size_t l = 0; l < ARRAY_LENGTH(data_lengths); l++) {
            int64_t n = data_lengths[l] <= 4097 ? data_lengths[l] : 77;
            data_fill(x, n, kind, &random);
            data_fill(y, n, kind, &random);
            ck_same_bits(exactly(any_isa(&random), x, NULL, n), by_mpfr(x, NULL, n));
            ck_same_bits(exactly(any_isa(&random), x, y, n), by_mpfr(x, y, n));
        }
}
END_TEST

static void shuffle(double *x, int64_t n, struct base_random *random)
{
    for (int64_t i = n - 1; i > 0; i--) {
        int64_t j = base_random_below(random, (uint32_t)i + 1);
        double kept = x[i];
        x[i] = x[j];
        x[j] = kept;
    }
}

/* The packed bytes too, whatever the parts and the way of summing them. */
START_TEST(neither_order_nor_parts_show)
{
    static struct numeric_piles piles;
    enum { N = 5000, N_PARTS = 5 };
    struct base_random random = {6};
    unsigned char first[NUMERIC_EXACT_PACKED_BYTES], bytes[NUMERIC_EXACT_PACKED_BYTES];
    double x[N];

    for (unsigned kind = 0; kind < DATA_N_KINDS; kind++) {
        data_fill(x, N, kind, &random);
        for (int round = 0; round < 10; round++) {
            struct numeric_exact whole, part;
            int64_t begin = 0;
            numeric_exact_init(&whole);
            numeric_piles_init(&piles);
            for (int p = 0; p < N_PARTS; p++) {
                int64_t end =
                    p == N_PARTS - 1
                        ? N
                        : begin + base_random_below(&random, (uint32_t)(N - begin));
                struct numeric_terms terms = {any_isa(&random), NUMERIC_SUM_DOUBLE,
                                              x + begin, NULL};
                numeric_exact_init(&part);
                numeric_exact_add(&part, p % 2 ? &piles : NULL, &terms, end - begin);
                if (p % 4 == 3) /* those of two parts */
                    numeric_exact_take_piles(&part, &piles);
                numeric_exact_pack(&part, bytes);
                ck_assert_int_eq(numeric_exact_unpack(&part, bytes), TROUPE_OK);
                numeric_exact_merge(&whole, &part);
                begin = end;
            }
            numeric_exact_pack(&whole, bytes);
            if (round == 0)
                memcpy(first, bytes, sizeof first);
            ck_assert_mem_eq(bytes, first, sizeof first);
            shuffle(x, N, &random);
        }
    }
}
END_TEST

START_TEST(infinities_nans_and_zeros)
{
    static const struct {
        double first, second;
        uint64_t sum;
    } cases[] = {
        {INFINITY, -1e308, UINT64_C(0x7ff0000000000000)},
        {-INFINITY, 1, UINT64_C(0xfff0000000000000)},
        {INFINITY, -INFINITY, NUMERIC_NAN_BITS},
        {-NAN, 1, NUMERIC_NAN_BITS},
        {0x1.fffffffffffffp1023, 0x1.fffffffffffffp1023, UINT64_C(0x7ff0000000000000)},
        {-0x1.fffffffffffffp1023, -0x1p970, UINT64_C(0xfff0000000000000)},
        {0x1.fffffffffffffp1023, 0x1.fffffffffffffp969, UINT64_C(0x7fefffffffffffff)},
        {-0.0, -0.0, UINT64_C(0x8000000000000000)},
        {-0.0, 0.0, 0},
        {1.0, -1.0, 0},
    };
    for (size_t c = 0; c < ARRAY_LENGTH(cases); c++)
        for (int64_t n = 2; n < 2000; n += 333) {
            double x[2000], ones[2000];
            for (int64_t i = 0; i < n; i++) {
                x[i] = -0.0;
                ones[i] = 1.0;
            }
            x[n / 3] = cases[c].first;
            x[n - 1] = cases[c].second;
            for (int v = 0; v < 4; v++) {
                const struct numeric_isa *list[4];
                if (v >= numeric_isa_list(list))
                    break;
                ck_assert_uint_eq(numeric_bits_of(exactly(list[v], x, NULL, n)),
                                  cases[c].sum);
                ck_assert_uint_eq(numeric_bits_of(exactly(list[v], x, ones, n)),
                                  cases[c].sum);
            }
        }
    ck_same_bits(exactly(numeric_isa_choose(NULL), NULL, NULL, 0), 0.0);
}
END_TEST

/* Where there is no fma, a factor is split into halves, and one near the largest double
 * cannot be: not even beside a zero. */
START_TEST(zero_times_a_large_number)
{
    const struct numeric_isa *list[4];
    int n_listed = numeric_isa_list(list);
    double x[NUMERIC_LANES], y[NUMERIC_LANES];
    struct numeric_lanes_dd lanes;

    for (int i = 0; i < NUMERIC_LANES; i++) {
        x[i] = i == 3 ? 0 : i == 5 ? 0x1p-60 : 1;
        y[i] = i == 3 ? 1e308 : i == 4 ? 0x1p53 : 3;
    }
    x[6] = -x[4];
    y[6] = y[4];
    for (int v = 0; v < n_listed; v++) {
        struct numeric_terms terms = {list[v], NUMERIC_DOT_DOUBLE, x, y};

        ck_same_bits(exactly(list[v], x, y, NUMERIC_LANES),
                     by_mpfr(x, y, NUMERIC_LANES));
        numeric_lanes_node(&terms, NUMERIC_LANES, true, &lanes);
        ck_same_bits(lanes.low[3], 0.0);
    }
}
END_TEST

/* What overflows on the way, but not in the end, is of no consequence. */
START_TEST(sums_beyond_the_largest_double)
{
    double x[3000];

    for (int i = 0; i < 3000; i++)
        x[i] = i < 1500 ? 0x1.fffffffffffffp1023 : -0x1.fffffffffffffp1023;
    x[2999] = 3;
    ck_same_bits(exactly(numeric_isa_choose(NULL), x, NULL, 3000),
                 0x1.fffffffffffffp1023);
}
END_TEST

/* More of one exponent than a pile can hold, among others far away. */
START_TEST(high_piles)
{
    enum { N = 20000 };
    double *x = malloc(N * sizeof *x);

    for (int i = 0; i < N; i++)
        x[i] = i % 2 ? 0x1.fffffffffffffp0 : 0x1p-900 * i;
    ck_same_bits(exactly(numeric_isa_choose(NULL), x, NULL, N), by_mpfr(x, NULL, N));
    for (int i = 0; i < N; i++)
        x[i] = i % 2 ? 0x0.fffffffffffffp-1022 : -0x1.fffffffffffffp500;
    ck_same_bits(exactly(numeric_isa_choose(NULL), x, NULL, N), by_mpfr(x, NULL, N));
    free(x);
}
END_TEST

/* As after 2^30 numbers, which nobody wants to wait for: a limb is full. */
START_TEST(carries_do_not_wait_for_ever)
{
    const double x = 0x1p64;
    struct numeric_terms terms = {numeric_isa_choose(NULL), NUMERIC_SUM_DOUBLE, &x,
                                  NULL};
    struct numeric_exact exact;

    numeric_exact_init(&exact);
    exact.limb[70] = INT64_MAX; /* counts 2^64 */
    exact.n_pending = INT64_C(1) << 30;
    numeric_exact_add(&exact, NULL, &terms, 1);
    ck_same_bits(numeric_exact_round(&exact), 0x1p127);
}
END_TEST

/* Apart, because gcc 12 forgets to round when it sees (double)(float)x in vectors of
 * two
 * (-ftree-slp-vectorize). */
static NOINLINE void narrow(const double *x, int n, float *narrowed)
{
    for (int i = 0; i < n; i++)
        narrowed[i] = (float)x[i];
}

START_TEST(floats_and_their_products)
{
    struct base_random random = {7};
    double x[999], y[999], widened_x[999], widened_y[999];
    float small_x[999], small_y[999];

    for (unsigned kind = 0; kind < DATA_N_KINDS; kind++) {
        data_fill(x, 999, kind, &random);
        data_fill(y, 999, kind, &random);
        narrow(x, 999, small_x);
        narrow(y, 999, small_y);
        for (int i = 0; i < 999; i++) {
            widened_x[i] = (double)small_x[i];
            widened_y[i] = (double)small_y[i];
        }
        for (int is_dot = 0; is_dot < 2; is_dot++) {
            struct numeric_terms terms = {
                any_isa(&random), is_dot ? NUMERIC_DOT_FLOAT : NUMERIC_SUM_FLOAT,
                small_x, small_y};
            struct numeric_exact exact;
            numeric_exact_init(&exact);
            numeric_exact_add(&exact, NULL, &terms, 999);
            ck_same_bits(numeric_exact_round(&exact),
                         by_mpfr(widened_x, is_dot ? widened_y : NULL, 999));
        }
    }
}
END_TEST

START_TEST(bytes_that_are_no_sum_are_refused)
{
    unsigned char bytes[NUMERIC_EXACT_PACKED_BYTES] = {0};
    struct numeric_exact exact;

    numeric_exact_init(&exact);
    bytes[NUMERIC_EXACT_PACKED_BYTES - 5] = 1;
    ck_assert_int_eq(numeric_exact_unpack(&exact, bytes), TROUPE_INVALID);
    memset(bytes, 0, sizeof bytes);
    bytes[NUMERIC_EXACT_PACKED_BYTES - 1] = 1;
    ck_assert_int_eq(numeric_exact_unpack(&exact, bytes), TROUPE_INVALID);
    bytes[NUMERIC_EXACT_PACKED_BYTES - 1] = 0;
    ck_assert_int_eq(numeric_exact_unpack(&exact, bytes), TROUPE_OK);
}
END_TEST

CHECK_MAIN("kernel exact",
           short_hostile_arrays,
           long_hostile_arrays,
           the_usual_kinds_of_numbers,
           neither_order_nor_parts_show,
           infinities_nans_and_zeros,
           zero_times_a_large_number,
           sums_beyond_the_largest_double,
           high_piles,
           carries_do_not_wait_for_ever,
           floats_and_their_products,
           bytes_that_are_no_sum_are_refused)
#endif
