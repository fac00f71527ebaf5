/* seeds: 1 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/check_main.h"
#include "support/scene.h"
#include <string.h>

/* Functions that only compute may not end the actor that has them called, nor have it
 * wait: other threads are at work for it. The job ends, and says what was wrong. */

static troupe_actor *caller;

static troupe_array make(troupe_actor *self)
{
    const troupe_array_options shape = {.element = TROUPE_DOUBLE, .length = 100};
    troupe_array array;

    EXPECT_OK(troupe_array_create(self, troupe_rank_team(self), &shape, &array));
    caller = self;
    return array;
}

static void failing_block(const troupe_block *block, void *result, const void *argument)
{
    (void)block;
    (void)result;
    (void)argument;
    troupe_fail(caller, TROUPE_FAILED, "a block function gives up");
}
TROUPE_KERNEL(failing_kernel, failing_block);

static troupe_status map_body(troupe_actor *self)
{
    troupe_array x = make(self);

    return troupe_map(self, &failing_kernel, &(troupe_arrays){.in = {x}, .out = {x}},
                      NULL, TROUPE_FAST);
}
TROUPE_PROCESS(mapping, map_body);

static void
leaving_filter(const troupe_block *block, unsigned char *keep, const void *argument)
{
    (void)block;
    (void)keep;
    (void)argument;
    troupe_exit(caller);
}
TROUPE_FILTER(filter_kernel, leaving_filter);

static troupe_status filter_body(troupe_actor *self)
{
    troupe_array x = make(self), kept;

    return troupe_filter(self, &filter_kernel, &(troupe_arrays){.in = {x}}, NULL,
                         TROUPE_FAST, &kept);
}
TROUPE_PROCESS(filtering, filter_body);

static void waiting_block(const troupe_block *block, void *result, const void *argument)
{
    (void)block;
    (void)result;
    (void)argument;
    troupe_sleep_until(caller, TROUPE_FOREVER);
}
TROUPE_KERNEL(waiting_kernel, waiting_block);

static troupe_status wait_body(troupe_actor *self)
{
    troupe_array x = make(self);

    return troupe_map(self, &waiting_kernel, &(troupe_arrays){.in = {x}, .out = {x}},
                      NULL, TROUPE_FAST);
}
TROUPE_PROCESS(waiting, wait_body);

static void
failing_fold(void *into, const void *from, size_t size_bytes, const void *context)
{
    (void)into;
    (void)from;
    (void)size_bytes;
    (void)context;
    troupe_fail(caller, TROUPE_FAILED, "a fold gives up");
}

static troupe_status fold_body(troupe_actor *self)
{
    double mine = 1, all = 0;
    const troupe_reduction reduction = {
        .mine = &mine, .result = &all, .fold = failing_fold, .size_bytes = sizeof mine};

    caller = self;
    return troupe_reduce(self, troupe_rank_team(self), -1, &reduction);
}
TROUPE_PROCESS(folding, fold_body);

static void expect_death(const troupe_behavior *main, int n_ranks, const char *words)
{
    struct child_end end;

    scene_listen(&(struct scene){.main = main,
                                 .n_ranks = n_ranks,
                                 .exit_code = TROUPE_CODE_MISUSE,
                                 .may_leak = true},
                 &end);
    ck_assert_msg(strstr(end.text, " fatal: ") != NULL &&
                      strstr(end.text, words) != NULL,
                  "it said: %s", end.text);
}

START_TEST(what_only_computes_ends_nobody)
{
    expect_death(&mapping, 1, "a block function gives up");
    expect_death(&filtering, 1, "nothing may fail");
    expect_death(&waiting, 1, "nothing may fail");
    expect_death(&folding, 2, "a fold gives up");
}
END_TEST

CHECK_MAIN("kernel misuse", what_only_computes_ends_nobody)
