/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows at TREE_DD against their definition, said plainly; at EXACT, and the sums that
 * may be sure, against MPFR. Without it the program says so and is skipped. */
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
#include "numeric/row.h"
#include "numeric/sure.h"
#include "support/check_main.h"

#define ck_same_bits(a, b) ck_assert_uint_eq(numeric_bits_of(a), numeric_bits_of(b))

enum { SHORT = 32, LANES = 16, MOST = 600 };

/* ---- TREE_DD ------------------------------------------------------------------------
 */

/* Both parts of a product, and of the sum of two such. */
struct two {
    double high, low;
};

static struct two product_of(double x, double y)
{
    double product = x * y;

    return (struct two){product, fma(x, y, -product)};
}

static struct two sum_of(struct two a, struct two b)
{
    double s = a.high + b.high, t = s - a.high;
    double lost = (a.high - (s - t)) + (b.high - t);

    return (struct two){s, (a.low + b.low) + lost};
}

static struct two defined_long(const double *values, const double *x, int64_t n)
{
    struct two lanes[LANES];

    for (int64_t i = 0; i < n; i++) {
        struct two product = product_of(values[i], x[i]);
        lanes[i % LANES] = i < LANES ? product : sum_of(lanes[i % LANES], product);
    }
    for (int n_lanes = LANES; n_lanes > 1; n_lanes /= 2)
        for (int i = 0; i < n_lanes; i += 2)
            lanes[i / 2] = sum_of(lanes[i], lanes[i + 1]);
    return lanes[0];
}

static double defined(const double *values, const double *x, int64_t n)
{
    struct two sum = product_of(values[0], x[0]);

    for (int64_t i = 1; i < n && n <= SHORT; i++)
        sum = sum_of(sum, product_of(values[i], x[i]));
    if (n > SHORT)
        sum = defined_long(values, x, n);
    if (sum.low != 0 && isfinite(sum.high) && isfinite(sum.low))
        sum.high += sum.low;
    return numeric_canonical(sum.high);
}

static double in_pieces(const struct numeric_isa *isa,
                        const double *values,
                        const double *x,
                        int64_t n,
                        struct base_random *random)
{
    struct numeric_lanes_dd lanes = numeric_row_begin();
    int64_t piece;

    if (n <= SHORT)
        return numeric_row_short(isa, values, x, n);
    for (int64_t i = 0; i < n; i += piece) {
        piece = LANES * (1 + base_random_below(random, 9));
        piece = piece < n - i ? piece : n - i;
        numeric_row_add(isa, values + i, x + i, piece, &lanes);
    }
    return numeric_lanes_dd_finish(&lanes);
}

static void draw(double *x, int64_t n, struct base_random *random)
{
    uint32_t kind = base_random_below(random, DATA_N_KINDS + 1);

    if (kind == DATA_N_KINDS)
        hostile(x, n, random);
    else
        data_fill(x, n, (enum data_kind)kind, random);
}

static int64_t draw_length(struct base_random *random)
{
    return 1 + base_random_below(random, base_random_below(random, 2) ? 40 : MOST);
}

START_TEST(twice_the_precision_as_defined)
{
    struct base_random random = {1};
    const struct numeric_isa *list[4];
    int n_listed = numeric_isa_list(list);
    double values[MOST], x[MOST];

    for (int round = 0; round < 4000; round++) {
        int64_t n = draw_length(&random);

        draw(values, n, &random);
        draw(x, n, &random);
        double expected = defined(values, x, n);
        for (int v = 0; v < n_listed; v++) {
            double sum = in_pieces(list[v], values, x, n, &random);

            if (numeric_bits_of(sum) != numeric_bits_of(expected))
                ck_abort_msg("round %d, %s, %d products: %a instead of %a", round,
                             list[v]->name, (int)n, sum, expected);
        }
    }
}
END_TEST

/* What a product and what a sum loses both count. */
START_TEST(what_plain_rows_lose)
{
    static const double values[] = {0x1p60, 1, -0x1p60, 0x1.0000001p0, -1};
    static const double x[] = {1, 3, 1, 0x1.0000001p0, 0x1.0000002p0};
    const double exact = 3 + 0x1p-56;
    struct base_random random = {2};
    double sum = 0;

    for (int i = 0; i < 5; i++)
        sum += values[i] * x[i];
    ck_assert(fabs(sum - exact) >= 1);
    ck_same_bits(in_pieces(any_isa(&random), values, x, 5, &random), 3);
    sum = in_pieces(any_isa(&random), values + 3, x + 3, 2, &random);
    ck_same_bits(sum, 0x1p-56);
}
END_TEST

/* ---- EXACT --------------------------------------------------------------------------
 */

/* Of so many rounds some must be sure, or the numbers would show nothing. */
static void ck_some_sure(int n_sure, int n_rounds)
{
    ck_assert_int_gt(n_sure, n_rounds / 10);
    ck_assert_int_lt(n_sure, n_rounds - n_rounds / 10);
}

/* A sum of x, or of products with y, that was said to be sure. */
static void ck_exact(int round, double sum, const double *x, const double *y, int64_t n)
{
    double expected = by_mpfr(x, y, n);

    if (numeric_bits_of(sum) != numeric_bits_of(expected))
        ck_abort_msg("round %d, %d terms: %a instead of %a", round, (int)n, sum,
                     expected);
}

START_TEST(rows_that_are_sure)
{
    struct base_random random = {3};
    int n_sure = 0, n_rounds = data_is_full() ? 1000000 : 20000;
    double values[MOST], x[MOST];

    for (int round = 0; round < n_rounds; round++) {
        int64_t n = draw_length(&random) % (round % 10 ? 24 : MOST) + 1;
        double sum = 0;

        draw(values, n, &random);
        draw(x, n, &random);
        if (!numeric_row_exact(any_isa(&random), values, x, n, &sum))
            continue;
        n_sure++;
        ck_exact(round, sum, values, x, n);
    }
    ck_some_sure(n_sure, n_rounds);
}
END_TEST

/* Between two doubles, but for what may be lost a second time. */
START_TEST(what_is_nearly_a_tie)
{
    struct base_random random = {4};
    static const double ones[] = {1, 1, 1, 1};
    int n_sure = 0;

    for (int round = 0; round < 4000; round++) {
        int depth = 54 + (int)base_random_below(&random, 120);
        double rest = ldexp(base_random_below(&random, 2) ? 1 : -1, -depth);
        double x[] = {1, 0x1p-53, rest, 0x1p-52 * base_random_below(&random, 4)};
        double sum, expected = by_mpfr(x, NULL, 4);

        if (!numeric_row_exact(any_isa(&random), ones, x, 4, &sum))
            continue;
        n_sure++;
        ck_same_bits(sum, expected);
    }
    ck_assert_int_gt(n_sure, 0);
    ck_assert_int_lt(n_sure, 3000);
}
END_TEST

/* ---- sums in parts ------------------------------------------------------------------
 */

static struct numeric_sure
in_parts(const double *x, int64_t n, struct base_random *random)
{
    struct numeric_sure sum = numeric_sure_make();

    for (int64_t i = 0; i < n;) {
        struct numeric_sure part = numeric_sure_make();
        int64_t end = i + base_random_below(random, (uint32_t)(n - i) + 1);

        for (; i < end; i++)
            numeric_sure_add(&part, x[i]);
        numeric_sure_merge(&sum, &part);
    }
    return sum;
}

/* A merge loses something, too. */
START_TEST(parts_that_are_sure)
{
    struct base_random random = {5};
    int n_sure = 0, n_rounds = 20000;
    double x[MOST];

    for (int round = 0; round < n_rounds; round++) {
        int64_t n = draw_length(&random);
        double value;

        draw(x, n, &random);
        struct numeric_sure sum = in_parts(x, n, &random);
        if (!numeric_sure_round(&sum, &value))
            continue;
        n_sure++;
        ck_exact(round, value, x, NULL, n);
    }
    ck_some_sure(n_sure, n_rounds);
}
END_TEST

START_TEST(what_nobody_is_sure_of)
{
    static const double cases[][2] = {
        {INFINITY, 1}, {-INFINITY, INFINITY}, {NAN, 1}, {1e308, 1e308}};
    double sum = 7;

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct numeric_sure sure = numeric_sure_make();

        numeric_sure_add(&sure, cases[i][0]);
        numeric_sure_add(&sure, cases[i][1]);
        ck_assert(!numeric_sure_round(&sure, &sum));
    }
    ck_assert(sum == 7);
}
END_TEST

START_TEST(zeros)
{
    enum { LONG = 40 };
    double long_minus[LONG], long_ones[LONG];
    struct base_random random = {6};
    static const double minus[] = {-0.0, -0.0}, mixed[] = {-0.0, 0.0},
                        twice[] = {1.5, -1.5}, ones[] = {1, 1};
    const struct numeric_isa *isa = numeric_isa_choose(NULL);
    struct numeric_sure none = numeric_sure_make(), other = none;
    double sum = 7;

    ck_same_bits(numeric_row_short(isa, minus, ones, 2), -0.0);
    ck_same_bits(numeric_row_short(isa, mixed, ones, 2), 0.0);
    for (int i = 0; i < LONG; i++) {
        long_minus[i] = -0.0;
        long_ones[i] = 1;
    }
    ck_same_bits(in_pieces(isa, long_minus, long_ones, LONG, &random), -0.0);
    long_minus[LONG - 1] = 0;
    ck_same_bits(in_pieces(isa, long_minus, long_ones, LONG, &random), 0.0);
    ck_assert(numeric_row_exact(isa, minus, ones, 2, &sum));
    ck_same_bits(sum, -0.0);
    ck_assert(numeric_row_exact(isa, mixed, ones, 2, &sum));
    ck_same_bits(sum, 0.0);
    ck_assert(numeric_row_exact(isa, twice, ones, 2, &sum));
    ck_same_bits(sum, 0.0);
    numeric_sure_merge(&none, &other);
    ck_assert(numeric_sure_round(&none, &sum));
    ck_same_bits(sum, 0.0);
    numeric_sure_add(&other, -0.0);
    numeric_sure_merge(&none, &other);
    ck_assert(numeric_sure_round(&none, &sum));
    ck_same_bits(sum, -0.0);
}
END_TEST

CHECK_MAIN("kernel row",
           twice_the_precision_as_defined,
           what_plain_rows_lose,
           rows_that_are_sure,
           what_is_nearly_a_tie,
           parts_that_are_sure,
           what_nobody_is_sure_of,
           zeros)
#endif
