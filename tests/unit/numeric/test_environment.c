/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/compiler.h"
#include "data.h"
#include "numeric/environment.h"
#include "numeric/exact.h"
#include "support/check_main.h"
#include <fenv.h>

enum { N = 4097 };

/* What each level makes of some numbers, in the environment it finds. */
static void all_sums(const struct numeric_isa *isa, const double *x, uint64_t sums[4])
{
    struct numeric_terms terms = {isa, NUMERIC_SUM_DOUBLE, x, NULL};
    struct numeric_lanes lanes;
    struct numeric_lanes_dd lanes_dd;
    struct numeric_exact exact;
    struct numeric_moments moments;

    numeric_lanes_node(&terms, N, false, &lanes);
    sums[0] = numeric_bits_of(numeric_lanes_finish(&lanes));
    numeric_lanes_node(&terms, N, true, &lanes_dd);
    sums[1] = numeric_bits_of(numeric_lanes_dd_finish(&lanes_dd));
    numeric_exact_init(&exact);
    numeric_exact_add(&exact, NULL, &terms, N);
    sums[2] = numeric_bits_of(numeric_exact_round(&exact));
    numeric_moments_block(isa, x, N, &moments);
    sums[3] = numeric_bits_of(moments.squares);
}

static void
guarded_sums(const struct numeric_isa *isa, const double *x, uint64_t sums[4])
{
    struct numeric_environment environment;

    numeric_environment_enter(&environment);
    all_sums(isa, x, sums);
    ck_assert(numeric_environment_leave(&environment));
}

/* Subnormals, and numbers whose sum is one. */
static void fill(double *x)
{
    struct base_random random = {1};

    for (int i = 0; i < N; i++)
        x[i] = (data_unit(&random) - 0.5) * 0x1p-1021 + (i % 5 == 0 ? 0x1p-1000 : 0);
}

static void compare_under(void (*spoil)(void), bool must_matter)
{
    double x[N];
    const struct numeric_isa *list[4];
    int n_listed = numeric_isa_list(list);
    bool mattered = false;

    fill(x);
    for (int i = 0; i < n_listed; i++) {
        uint64_t expected[4], guarded[4], bare[4];
        fenv_t before;
        fegetenv(&before);
        all_sums(list[i], x, expected);
        spoil();
        guarded_sums(list[i], x, guarded);
        all_sums(list[i], x, bare);
        fesetenv(&before);
        ck_assert_mem_eq(guarded, expected, sizeof expected);
        mattered = mattered || memcmp(bare, expected, sizeof expected) != 0;
    }
    /* The negative control: without the guard it shows. */
    ck_assert(mattered || !must_matter);
}

static void round_up(void)
{
    fesetround(FE_UPWARD);
}

START_TEST(another_rounding_mode_changes_nothing)
{
    compare_under(round_up, true);
}
END_TEST

/* Whichever of a processor's control words it stands in. */
START_TEST(a_rounding_mode_is_put_back)
{
    struct numeric_environment environment;
    volatile long double third = 1, three = 3;

    ck_assert(numeric_environment_enter(&environment));
    round_up();
    ck_assert(!numeric_environment_leave(&environment));
    ck_assert_int_eq(fegetround(), FE_TONEAREST);
    third /= three;
    round_up();
    ck_assert(!numeric_environment_enter(&environment));
    ck_assert_int_eq(fegetround(), FE_TONEAREST);
    ck_assert(1 / three == third);
    ck_assert(numeric_environment_leave(&environment));
    ck_assert_int_eq(fegetround(), FE_UPWARD);
    fesetround(FE_TONEAREST);
}
END_TEST

#ifdef __SSE2__
#include <xmmintrin.h>

/* What the start-up code of a library linked with -ffast-math does. */
static void flush_subnormals(void)
{
    _mm_setcsr(_mm_getcsr() | 0x8040);
}

START_TEST(subnormals_flushed_to_zero_change_nothing)
{
    compare_under(flush_subnormals, true);
}
END_TEST

START_TEST(leaving_restores_what_was)
{
    struct numeric_environment environment;
    unsigned before = _mm_getcsr();

    ck_assert(numeric_environment_enter(&environment));
    ck_assert(numeric_environment_leave(&environment));
    ck_assert_uint_eq(_mm_getcsr(), before);

    flush_subnormals();
    ck_assert(!numeric_environment_enter(&environment));
    ck_assert_uint_eq(_mm_getcsr(), 0x1f80);
    flush_subnormals();
    ck_assert(!numeric_environment_leave(&environment));
    ck_assert_uint_eq(_mm_getcsr(), before | 0x8040);
    _mm_setcsr(before);
}
END_TEST

CHECK_MAIN("kernel environment",
           another_rounding_mode_changes_nothing,
           a_rounding_mode_is_put_back,
           subnormals_flushed_to_zero_change_nothing,
           leaving_restores_what_was)
#else
CHECK_MAIN("kernel environment",
           another_rounding_mode_changes_nothing,
           a_rounding_mode_is_put_back)
#endif
