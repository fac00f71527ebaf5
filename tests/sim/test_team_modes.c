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

CHECK_MAIN("team modes",
           another_rounding_mode_changes_nothing,
           subnormals_flushed_to_zero_change_nothing)
