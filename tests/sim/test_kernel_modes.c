/* SPDX-License-Identifier: BSD-3-Clause */
#include "sim/test_kernel_simple.h"
#include "support/check_main.h"
#include "support/scene.h"
#include <fenv.h>
#include <string.h>

/* A user's function that leaves other floating-point modes behind is named, and changes
 * no bit of what comes after it. */

enum { LENGTH = 1000, BLOCK = 16 };

static void copy_upwards(const troupe_block *block, void *result, const void *argument)
{
    (void)result;
    (void)argument;
    memcpy(block->out[0], block->in[0], (size_t)block->n * sizeof(double));
    fesetround(FE_UPWARD);
}
TROUPE_KERNEL(upwards_kernel, copy_upwards);

static void
keep_upwards(const troupe_block *block, unsigned char *keep, const void *argument)
{
    (void)argument;
    memset(keep, 1, (size_t)block->n);
    fesetround(FE_UPWARD);
}
TROUPE_FILTER(upwards_filter, keep_upwards);

/* Raises flags, which are no modes. */
static void divide(const troupe_block *block, void *result, const void *argument)
{
    const double *x = block->in[0];
    double *to = block->out[0];

    (void)result;
    (void)argument;
    for (int64_t i = 0; i < block->n; i++)
        to[i] = x[i] / 3;
    feraiseexcept(FE_DIVBYZERO | FE_INEXACT);
}
TROUPE_KERNEL(divide_kernel, divide);

static double divided_sum(troupe_actor *self, troupe_array x, troupe_array y)
{
    double sum;

    EXPECT_OK(troupe_map(self, &divide_kernel, &(troupe_arrays){.in = {x}, .out = {y}},
                         NULL, TROUPE_TREE));
    EXPECT_OK(troupe_sum(self, y, TROUPE_TREE, &sum));
    return sum;
}

static troupe_status body(troupe_actor *self)
{
    const troupe_array_options shape = {
        .element = TROUPE_DOUBLE, .length = LENGTH, .block_length = BLOCK};
    troupe_array x, y, kept;
    double before, after;
    troupe_task task;

    EXPECT_OK(troupe_array_create(self, troupe_rank_team(self), &shape, &x));
    EXPECT_OK(troupe_array_create(self, troupe_rank_team(self), &shape, &y));
    EXPECT_OK(troupe_fill_uniform(self, x, (troupe_random){1, 2}, TROUPE_TREE));
    before = divided_sum(self, x, y);
    EXPECT_OK(troupe_map(self, &upwards_kernel, &(troupe_arrays){.in = {x}, .out = {y}},
                         NULL, troupe_later(TROUPE_TREE, &task)));
    EXPECT_OK(troupe_task_wait(self, &task));
    EXPECT_OK(troupe_filter(self, &upwards_filter, &(troupe_arrays){.in = {x}}, NULL,
                            TROUPE_TREE, &kept));
    EXPECT(fegetround() == FE_TONEAREST);
    after = divided_sum(self, x, y);
    EXPECT(before == after);
    return TROUPE_OK;
}
TROUPE_PROCESS(main_process, body);

START_TEST(who_changes_modes_is_named)
{
    struct child_end end;

    scene_listen(&(struct scene){.main = &main_process, .n_ranks = 2}, &end);
    ck_assert_ptr_nonnull(
        strstr(end.text, "upwards_kernel: its function changed the floating-point "
                         "modes of a thread"));
    ck_assert_ptr_nonnull(strstr(end.text, "upwards_filter: its function changed"));
    ck_assert_ptr_null(strstr(end.text, "divide_kernel"));
    ck_assert_ptr_null(strstr(end.text, "troupe_sum"));
}
END_TEST

/* ---- a process's own ------------------------------------------------------------- */

static struct {
    int n_done;
} seen;

/* All wait in the middle of a call, while others come back to their own modes. */
static troupe_status upwards_body(troupe_actor *self)
{
    const troupe_array_options shape = {
        .element = TROUPE_DOUBLE, .length = LENGTH, .block_length = BLOCK};
    troupe_array x;
    double sum, again;

    EXPECT_OK(troupe_array_create(self, troupe_rank_team(self), &shape, &x));
    EXPECT_OK(troupe_fill_uniform(self, x, (troupe_random){1, 2}, TROUPE_TREE));
    EXPECT_OK(troupe_sum(self, x, TROUPE_TREE, &sum));
    fesetround(FE_UPWARD);
    for (int i = 0; i < 5; i++) {
        EXPECT_OK(troupe_sum(self, x, TROUPE_TREE, &again));
        EXPECT(fegetround() == FE_UPWARD);
        EXPECT(sum == again);
    }
    seen.n_done++;
    return TROUPE_OK;
}
TROUPE_PROCESS(upwards_process, upwards_body);

static void check_all_done(void)
{
    EXPECT_INT(seen.n_done, 3);
    EXPECT(fegetround() == FE_TONEAREST);
}

START_TEST(modes_stay_the_processes)
{
    struct scene scene = {.main = &upwards_process,
                          .n_ranks = 3,
                          .seen = &seen,
                          .seen_bytes = sizeof seen,
                          .check = check_all_done};
    struct child_end end;

    /* First, so that this process has no threads when it forks. */
    scene_listen(&scene, &end);
    ck_assert_ptr_null(strstr(end.text, "floating-point modes"));
    scene_play(&scene);
}
END_TEST

CHECK_MAIN("kernel modes", who_changes_modes_is_named, modes_stay_the_processes)
