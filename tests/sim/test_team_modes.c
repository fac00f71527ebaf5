/* seeds: 10 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/check_main.h"
#include "support/scene.h"
#include <fenv.h>
#include <string.h>
#ifdef __SSE2__
#include <xmmintrin.h>
#endif

/* A thread's floating-point modes, such as those that a library linked with -ffast-math
 * sets when it is loaded, change no bit of what members bring together. */

enum { N_RANKS = 3 };

static struct {
    int n_done;
} seen;

/* Rounded up, the first is the double after 1; flushed to zero, the second is 0. */
static const double large[N_RANKS] = {1, 0x1p-60, 0x1p-60};
static const double small[N_RANKS] = {0x5p-1070, -0x3p-1070, 0x1p-1070};

static void
fold_sum(void *into, const void *from, size_t size_bytes, const void *context)
{
    double left, right;

    (void)context;
    memcpy(&left, into, size_bytes);
    memcpy(&right, from, size_bytes);
    left += right;
    memcpy(into, &left, size_bytes);
}

static void reduce(troupe_actor *self,
                   double mine,
                   enum troupe_combine combine,
                   troupe_fold_fn *fold,
                   double wanted)
{
    double result = -1;
    const troupe_reduction reduction = {.mine = &mine,
                                        .result = &result,
                                        .element = TROUPE_DOUBLE,
                                        .combine = combine,
                                        .n_items = 1,
                                        .fold = fold,
                                        .size_bytes = fold ? sizeof mine : 0};

    EXPECT_OK(troupe_reduce(self, troupe_rank_team(self), -1, &reduction));
    EXPECT(memcmp(&result, &wanted, sizeof wanted) == 0);
}

static troupe_status body(troupe_actor *self)
{
    /* Not reckoned here, where the modes are odd: 2^-1023 is a subnormal. */
    static const double sum = 0x3p-1070, product = 0x1p-1023, least = -0x3p-1070;
    double mine = small[troupe_rank(self)];
    double third = troupe_rank(self) == 0 ? 0x1p-1021 : 0.5, result;

    EXPECT_OK(troupe_sum_double(self, troupe_rank_team(self), mine, &result));
    EXPECT(memcmp(&result, &sum, sizeof sum) == 0);
    reduce(self, mine, TROUPE_SUM, NULL, sum);
    reduce(self, mine, TROUPE_MIN, NULL, least);
    reduce(self, third, TROUPE_PRODUCT, NULL, product);
    reduce(self, large[troupe_rank(self)], TROUPE_SUM, NULL, 1);
    reduce(self, mine, TROUPE_SUM, fold_sum, sum);
    reduce(self, large[troupe_rank(self)], TROUPE_SUM, fold_sum, 1);
    seen.n_done++;
    return TROUPE_OK;
}
TROUPE_PROCESS(main_process, body);

/* ---- no numbers, and zeros ---------------------------------------------------------
 */

enum { N_ODD = 4 };

static void
combine_odd(troupe_actor *self, enum troupe_combine combine, const uint64_t *bits)
{
    static const uint64_t odd[N_RANKS][N_ODD] = {
        /* 0, -0, a NaN that signals, infinity; -0, 0, another NaN, -infinity */
        {0, UINT64_C(1) << 63, UINT64_C(0xfff0000000000001),
         UINT64_C(0x7ff0000000000000)},
        {UINT64_C(1) << 63, 0, UINT64_C(0xfff8000000000777),
         UINT64_C(0xfff0000000000000)},
        {0, UINT64_C(1) << 63, UINT64_C(0x3ff0000000000000),
         UINT64_C(0x3ff0000000000000)}};
    uint64_t result[N_ODD];
    const troupe_reduction reduction = {.mine = odd[troupe_rank(self)],
                                        .result = result,
                                        .element = TROUPE_DOUBLE,
                                        .combine = combine,
                                        .n_items = N_ODD};

    EXPECT_OK(troupe_reduce(self, troupe_rank_team(self), -1, &reduction));
    for (int i = 0; i < N_ODD; i++)
        if (result[i] != bits[i])
            scene_fail(__FILE__, __LINE__, "combination %d, item %d: %llx",
                       (int)combine, i, (unsigned long long)result[i]);
}

static troupe_status odd_body(troupe_actor *self)
{
    static const uint64_t nan = UINT64_C(0x7ff8000000000000),
                          minus_0 = UINT64_C(1) << 63,
                          infinity = UINT64_C(0x7ff0000000000000);

    combine_odd(self, TROUPE_MIN,
                (uint64_t[N_ODD]){minus_0, minus_0, nan, minus_0 | infinity});
    combine_odd(self, TROUPE_MAX, (uint64_t[N_ODD]){0, 0, nan, infinity});
    combine_odd(self, TROUPE_SUM, (uint64_t[N_ODD]){0, 0, nan, nan});
    combine_odd(self, TROUPE_PRODUCT,
                (uint64_t[N_ODD]){minus_0, 0, nan, minus_0 | infinity});
    seen.n_done++;
    return TROUPE_OK;
}
TROUPE_PROCESS(odd_process, odd_body);

static void check_all_done(void)
{
    EXPECT_INT(seen.n_done, N_RANKS);
}

static void play(void)
{
    scene_play(&(struct scene){.main = &main_process,
                               .n_ranks = N_RANKS,
                               .seen = &seen,
                               .seen_bytes = sizeof seen,
                               .check = check_all_done});
}

START_TEST(another_rounding_mode_changes_nothing)
{
    fesetround(FE_UPWARD);
    play();
    fesetround(FE_TONEAREST);
}
END_TEST

START_TEST(subnormals_flushed_to_zero_change_nothing)
{
#ifdef __SSE2__
    _mm_setcsr(_mm_getcsr() | 0x8040);
    play();
    _mm_setcsr(_mm_getcsr() & ~0x8040U);
#else
    play();
#endif
}
END_TEST

START_TEST(nans_and_zeros)
{
    scene_play(&(struct scene){.main = &odd_process,
                               .n_ranks = N_RANKS,
                               .seen = &seen,
                               .seen_bytes = sizeof seen,
                               .check = check_all_done});
}
END_TEST

CHECK_MAIN("team modes",
           another_rounding_mode_changes_nothing,
           subnormals_flushed_to_zero_change_nothing,
           nans_and_zeros)
