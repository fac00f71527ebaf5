/* seeds: 10 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "sim/test_kernel_simple.h"
#include "support/check_main.h"
#include "support/scene.h"
#include <stdlib.h>
#include <string.h>

/* What kernels refuse, and what becomes of members that differ, end or have much to do
 * at once. */

enum { LENGTH = 1000 };

static struct {
    int n_done, n_turns;
} seen;

static troupe_array make(troupe_actor *self,
                         enum troupe_element element,
                         int64_t length,
                         int64_t block_length)
{
    const troupe_array_options shape = {
        .element = element, .length = length, .block_length = block_length};
    troupe_array array;

    EXPECT_OK(troupe_array_create(self, troupe_rank_team(self), &shape, &array));
    return array;
}

static void fill(troupe_actor *self, troupe_array array, double value)
{
    troupe_array_part part = troupe_array_mine(self, array);

    for (int64_t i = 0; i < part.n_elements; i++)
        ((double *)part.data)[i] = value;
}

/* ---- what is refused ------------------------------------------------------------- */

static void refuse_without_probe(troupe_actor *self, troupe_array x)
{
    troupe_kernel without = copy_kernel;
    troupe_filter_kernel bare = all_filter;
    troupe_array made = {0};

    without.probe = NULL;
    EXPECT_STATUS(troupe_map(self, &without, &(troupe_arrays){.in = {x}, .out = {x}},
                             NULL, TROUPE_TREE),
                  TROUPE_INVALID);
    EXPECT_OK(troupe_map(self, &without, &(troupe_arrays){.in = {x}, .out = {x}}, NULL,
                         TROUPE_FAST));
    bare.kernel.probe = NULL;
    EXPECT_STATUS(troupe_filter(self, &bare, &(troupe_arrays){.in = {x}}, NULL,
                                TROUPE_TREE, &made),
                  TROUPE_INVALID);
    EXPECT_INT(made.bits, 0);
    EXPECT_OK(troupe_filter(self, &bare, &(troupe_arrays){.in = {x}}, NULL, TROUPE_FAST,
                            &made));
    troupe_array_destroy(self, &made);
}

static troupe_status refused_body(troupe_actor *self)
{
    troupe_array x = make(self, TROUPE_DOUBLE, LENGTH, 0);
    troupe_array other = make(self, TROUPE_DOUBLE, LENGTH, 16);
    troupe_array whole = make(self, TROUPE_INT64, LENGTH, 0);
    troupe_array raw = make(self, TROUPE_INT8, LENGTH, 0);
    double sum = -1;
    int64_t total;
    troupe_number number;

    fill(self, x, 1);
    EXPECT_STATUS(troupe_sum(self, whole, TROUPE_TREE, &sum), TROUPE_INVALID);
    EXPECT_STATUS(troupe_sum_integers(self, x, TROUPE_TREE, &total), TROUPE_INVALID);
    EXPECT_STATUS(troupe_dot(self, x, other, TROUPE_TREE, &sum), TROUPE_INVALID);
    EXPECT_STATUS(
        troupe_sum(self, x, ((troupe_how){.level = (enum troupe_level)9}), &sum),
        TROUPE_INVALID);
    EXPECT_STATUS(troupe_reduce_blocks(self, &first_kernel, &(troupe_arrays){.in = {x}},
                                       NULL, TROUPE_EXACT, &sum),
                  TROUPE_INVALID);
    EXPECT_STATUS(troupe_scan(self, x, x, TROUPE_PRODUCT, TROUPE_TREE), TROUPE_INVALID);
    EXPECT_STATUS(troupe_scan(self, raw, x, TROUPE_SUM, TROUPE_TREE), TROUPE_INVALID);
    EXPECT_STATUS(troupe_kth(self, x, LENGTH, TROUPE_TREE, &number), TROUPE_INVALID);
    EXPECT_STATUS(troupe_kth(self, x, -1, TROUPE_TREE, &number), TROUPE_INVALID);
    EXPECT_STATUS(troupe_fill_uniform(self, whole, (troupe_random){1, 1}, TROUPE_TREE),
                  TROUPE_INVALID);
    EXPECT_STATUS(
        troupe_fill_integers(self, whole, (troupe_random){1, 1}, 2, 1, TROUPE_TREE),
        TROUPE_INVALID);
    EXPECT_STATUS(troupe_map(self, &copy_kernel,
                             &(troupe_arrays){.in = {x}, .out = {other}}, NULL,
                             TROUPE_TREE),
                  TROUPE_INVALID);
    refuse_without_probe(self, x);
    EXPECT_STATUS(troupe_map(self, &copy_kernel, &(troupe_arrays){.in = {{0}}}, NULL,
                             TROUPE_TREE),
                  TROUPE_INVALID);
    EXPECT_STATUS(troupe_sort(self, x, &(troupe_arrays){.out = {x}}, TROUPE_TREE),
                  TROUPE_INVALID);
    EXPECT_STATUS(troupe_map(self, &copy_kernel,
                             &(troupe_arrays){.in = {x}, .out = {x, x}}, NULL,
                             TROUPE_TREE),
                  TROUPE_INVALID);
    EXPECT(sum == -1);
    EXPECT_OK(troupe_sum(self, x, TROUPE_EXACT, &sum));
    EXPECT(sum == LENGTH);
    seen.n_done++;
    return TROUPE_OK;
}
TROUPE_PROCESS(refused_process, refused_body);

static void check_all_done(void)
{
    EXPECT_INT(seen.n_done, 3);
}

START_TEST(what_cannot_be_is_refused_on_all_members)
{
    scene_play(&(struct scene){.main = &refused_process,
                               .n_ranks = 3,
                               .seen = &seen,
                               .seen_bytes = sizeof seen,
                               .check = check_all_done});
}
END_TEST

/* ---- members that differ or end -------------------------------------------------- */

static troupe_status differing_body(troupe_actor *self)
{
    troupe_array x = make(self, TROUPE_DOUBLE, LENGTH, 0);
    troupe_array y = make(self, TROUPE_DOUBLE, LENGTH, 0), kept = {0};
    troupe_how how = troupe_rank(self) == 1 ? TROUPE_TREE_DD : TROUPE_TREE;
    double sum = -1;

    EXPECT_STATUS(troupe_sum(self, x, how, &sum), TROUPE_MISMATCH);
    EXPECT(sum == -1);
    EXPECT_STATUS(troupe_filter(self, &all_filter,
                                &(troupe_arrays){.in = {troupe_rank(self) ? x : y}},
                                NULL, TROUPE_TREE, &kept),
                  TROUPE_MISMATCH);
    EXPECT_INT(kept.bits, 0);
    seen.n_done++;
    return TROUPE_OK;
}
TROUPE_PROCESS(differing_process, differing_body);

START_TEST(members_that_differ_are_told)
{
    scene_play(&(struct scene){.main = &differing_process,
                               .n_ranks = 3,
                               .seen = &seen,
                               .seen_bytes = sizeof seen,
                               .check = check_all_done});
}
END_TEST

static troupe_status ending_body(troupe_actor *self)
{
    troupe_array x = make(self, TROUPE_DOUBLE, LENGTH, 0);
    double sum = -1, later = -1;
    troupe_task task;

    seen.n_done++;
    if (troupe_rank(self) == 2)
        return TROUPE_OK;
    EXPECT_OK(troupe_sum(self, x, troupe_later(TROUPE_TREE, &task), &later));
    EXPECT_STATUS(troupe_sum(self, x, TROUPE_TREE, &sum), TROUPE_PEER_GONE);
    EXPECT_STATUS(troupe_task_wait(self, &task), TROUPE_PEER_GONE);
    EXPECT(sum == -1 && later == -1);
    return TROUPE_OK;
}
TROUPE_PROCESS(ending_process, ending_body);

START_TEST(nobody_waits_for_a_member_that_has_ended)
{
    scene_play(&(struct scene){.main = &ending_process,
                               .n_ranks = 3,
                               .seen = &seen,
                               .seen_bytes = sizeof seen,
                               .check = check_all_done});
}
END_TEST

/* ---- tasks ----------------------------------------------------------------------- */

static troupe_status busy_body(troupe_actor *self)
{
    enum { N_TASKS = 8 };
    troupe_array x = make(self, TROUPE_DOUBLE, LENGTH, 0);
    troupe_task tasks[N_TASKS], none = {0};
    double sums[N_TASKS], now;

    fill(self, x, 2);
    for (int i = 0; i < N_TASKS; i++)
        EXPECT_OK(troupe_sum(self, x, troupe_later(TROUPE_EXACT, &tasks[i]), &sums[i]));
    EXPECT_OK(troupe_sum(self, x, TROUPE_TREE, &now)); /* it need not wait for them */
    for (int i = N_TASKS - 1; i > 0; i--) {
        EXPECT_OK(troupe_task_wait(self, &tasks[i]));
        EXPECT(sums[i] == 2 * LENGTH);
        EXPECT_INT(tasks[i].bits, 0);
    }
    while (troupe_task_test(self, &tasks[0]) == TROUPE_PENDING)
        troupe_yield(self);
    EXPECT(sums[0] == 2 * LENGTH && now == 2 * LENGTH);
    EXPECT_STATUS(troupe_task_wait(self, &none), TROUPE_NOT_FOUND);
    EXPECT_OK(troupe_sum(self, x, troupe_later(TROUPE_TREE, &tasks[0]), &sums[0]));
    EXPECT_OK(troupe_sort(self, make(self, TROUPE_DOUBLE, 100 * LENGTH, 0), NULL,
                          troupe_later(TROUPE_TREE, &tasks[1])));
    seen.n_done++;
    return TROUPE_OK; /* with tasks that are not done */
}
TROUPE_PROCESS(busy_process, busy_body);

START_TEST(tasks_go_on_meanwhile)
{
    scene_play(&(struct scene){.main = &busy_process,
                               .n_ranks = 3,
                               .seen = &seen,
                               .seen_bytes = sizeof seen,
                               .check = check_all_done});
}
END_TEST

/* Other cuts have other carriers: one member's whole part, then parts that are no
 * node. */
static troupe_status cutting_body(troupe_actor *self)
{
    const int64_t whole[] = {0, 0, 64, 64}, uneven[] = {0, 11, 31, 64};
    troupe_array x = make(self, TROUPE_DOUBLE, 1024, 16);
    double sum;

    EXPECT_OK(troupe_array_cut(self, x, whole));
    fill(self, x, 1);
    EXPECT_OK(troupe_sum(self, x, TROUPE_TREE, &sum));
    EXPECT_OK(troupe_array_cut(self, x, uneven));
    EXPECT_OK(troupe_sum(self, x, TROUPE_TREE, &sum));
    EXPECT(sum == 1024);
    seen.n_done++;
    return TROUPE_OK;
}
TROUPE_PROCESS(cutting_process, cutting_body);

START_TEST(sums_go_on_after_a_cut)
{
    scene_play(&(struct scene){.main = &cutting_process,
                               .n_ranks = 3,
                               .seen = &seen,
                               .seen_bytes = sizeof seen,
                               .check = check_all_done});
}
END_TEST

static void halve(const troupe_block *block, void *result, const void *argument)
{
    double *x = block->out[0];

    (void)result;
    (void)argument;
    for (int64_t i = 0; i < block->n; i++)
        x[i] /= 2;
}
TROUPE_KERNEL(halve_kernel, halve);

static troupe_status ordered_body(troupe_actor *self)
{
    troupe_array x = make(self, TROUPE_DOUBLE, LENGTH, 0);
    troupe_task task;
    double sum;

    fill(self, x, 2);
    EXPECT_OK(troupe_map(self, &halve_kernel, &(troupe_arrays){.out = {x}}, NULL,
                         troupe_later(TROUPE_TREE, &task)));
    EXPECT_OK(troupe_sum(self, x, TROUPE_TREE, &sum));
    EXPECT(sum == LENGTH);
    EXPECT_OK(troupe_task_wait(self, &task));
    seen.n_done++;
    return TROUPE_OK;
}
TROUPE_PROCESS(ordered_process, ordered_body);

START_TEST(a_call_waits_for_what_a_task_writes)
{
    scene_play(&(struct scene){.main = &ordered_process,
                               .n_ranks = 3,
                               .seen = &seen,
                               .seen_bytes = sizeof seen,
                               .check = check_all_done});
}
END_TEST

/* One member calls directly what the others start. */
static troupe_status mixed_body(troupe_actor *self)
{
    troupe_array x = make(self, TROUPE_DOUBLE, LENGTH, 0);
    troupe_task good, tasks[2];
    double first = -1, sum = -1, later = -1;

    fill(self, x, 2);
    EXPECT_OK(troupe_sum(self, x, troupe_later(TROUPE_TREE, &good), &first));
    if (troupe_rank(self) == (int)(scene_seed() % 3)) {
        EXPECT_STATUS(troupe_sum(self, x, TROUPE_TREE, &sum), TROUPE_MISMATCH);
    } else {
        EXPECT_OK(troupe_sum(self, x, troupe_later(TROUPE_TREE, &tasks[0]), &sum));
        EXPECT_OK(troupe_sum(self, x, troupe_later(TROUPE_TREE, &tasks[1]), &later));
        if (troupe_rank(self) == 2)
            while (troupe_task_test(self, &tasks[1]) == TROUPE_PENDING)
                troupe_yield(self);
        else
            EXPECT_STATUS(troupe_task_wait(self, &tasks[1]), TROUPE_MISMATCH);
        EXPECT_STATUS(troupe_task_wait(self, &tasks[0]), TROUPE_MISMATCH);
        EXPECT_OK(troupe_sum(self, x, troupe_later(TROUPE_TREE, &tasks[0]), &sum));
        EXPECT_STATUS(troupe_task_wait(self, &tasks[0]), TROUPE_MISMATCH);
    }
    EXPECT_OK(troupe_task_wait(self, &good)); /* it was started by all */
    EXPECT(first == 2 * LENGTH && sum == -1 && later == -1);
    seen.n_done++;
    return TROUPE_OK;
}
TROUPE_PROCESS(mixed_process, mixed_body);

START_TEST(who_starts_and_who_calls_are_told)
{
    scene_play(&(struct scene){.main = &mixed_process,
                               .n_ranks = 3,
                               .seen = &seen,
                               .seen_bytes = sizeof seen,
                               .check = check_all_done});
}
END_TEST

/* The new arrays of a task are the caller's own, in its team. */
static troupe_status making_body(troupe_actor *self)
{
    troupe_array x = make(self, TROUPE_DOUBLE, LENGTH, 0), kept[2], gone;
    troupe_array_facts facts;
    troupe_task tasks[2];
    double dot;

    fill(self, x, 3);
    for (int i = 0; i < 2; i++)
        EXPECT_OK(troupe_filter(self, &all_filter, &(troupe_arrays){.in = {x}}, NULL,
                                troupe_later(TROUPE_TREE, &tasks[i]), &kept[i]));
    for (int i = 0; i < 2; i++)
        EXPECT_OK(troupe_task_wait(self, &tasks[i]));
    facts = troupe_array_describe(self, kept[0]);
    EXPECT(facts.team == troupe_rank_team(self));
    EXPECT_INT(facts.length, LENGTH);
    EXPECT(kept[0].bits != kept[1].bits);
    EXPECT_OK(troupe_dot(self, x, kept[0], TROUPE_TREE, &dot));
    EXPECT(dot == 9.0 * LENGTH);
    troupe_array_destroy(self, &kept[1]);
    EXPECT_OK(troupe_filter(self, &all_filter, &(troupe_arrays){.in = {x}}, NULL,
                            troupe_later(TROUPE_TREE, &tasks[0]), &gone));
    seen.n_done++;
    return TROUPE_OK; /* and nobody asks for the last one */
}
TROUPE_PROCESS(making_process, making_body);

START_TEST(what_a_task_makes_is_the_callers)
{
    scene_play(&(struct scene){.main = &making_process,
                               .n_ranks = 3,
                               .seen = &seen,
                               .seen_bytes = sizeof seen,
                               .check = check_all_done});
}
END_TEST

/* ---- turns ----------------------------------------------------------------------- */

static troupe_status counting_body(troupe_actor *self)
{
    while (seen.n_done == 0) {
        seen.n_turns++;
        troupe_yield(self);
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(counting_process, counting_body);

static troupe_status sorting_body(troupe_actor *self)
{
    enum { N = 1 << 21 };
    troupe_array keys = make(self, TROUPE_INT64, N, 0);
    troupe_array along = make(self, TROUPE_INT64, N, 0);
    troupe_address address;

    EXPECT_OK(
        troupe_fill_integers(self, keys, (troupe_random){1, 1}, 0, N, TROUPE_TREE));
    EXPECT_OK(troupe_spawn(self, &counting_process, NULL, &address));
    EXPECT_OK(troupe_sort(self, keys, NULL, TROUPE_TREE));
    EXPECT(seen.n_turns > 10);
    seen.n_turns = 0;
    EXPECT_OK(troupe_sort(self, keys, &(troupe_arrays){.out = {along}}, TROUPE_TREE));
    EXPECT(seen.n_turns > 10);
    seen.n_done = 1;
    return TROUPE_OK;
}
TROUPE_PROCESS(sorting_process, sorting_body, TROUPE_SPAWNS(&counting_process));

START_TEST(others_get_turns_while_one_sorts)
{
    scene_play(&(struct scene){.main = &sorting_process,
                               .n_ranks = 1,
                               .seen = &seen,
                               .seen_bytes = sizeof seen});
}
END_TEST

/* ---- the check ------------------------------------------------------------------- */

static void impure(const troupe_block *block, void *result, const void *argument)
{
    static int n_calls; /* what no kernel may have */
    double *to = block->out[0];

    (void)result;
    (void)argument;
    n_calls++;
    for (int64_t i = 0; i < block->n; i++)
        to[i] = n_calls;
}
TROUPE_KERNEL(impure_kernel, impure);

static void
keep_by_turns(const troupe_block *block, unsigned char *keep, const void *argument)
{
    static int n_calls;

    (void)argument;
    memset(keep, ++n_calls & 1, (size_t)block->n);
}
TROUPE_FILTER(turns_filter, keep_by_turns);

static troupe_status checked_body(troupe_actor *self)
{
    troupe_array kept[2];
    troupe_array x = make(self, TROUPE_DOUBLE, LENGTH, 16);
    troupe_array y = make(self, TROUPE_DOUBLE, LENGTH, 16);

    EXPECT_OK(troupe_map(self, &copy_kernel, &(troupe_arrays){.in = {x}, .out = {y}},
                         NULL, TROUPE_TREE));
    EXPECT_OK(troupe_filter(self, &all_filter, &(troupe_arrays){.in = {y, x}}, NULL,
                            TROUPE_TREE, kept));
    EXPECT_INT(troupe_array_describe(self, kept[1]).length, LENGTH);
    EXPECT_STATUS(troupe_filter(self, &turns_filter, &(troupe_arrays){.in = {x}}, NULL,
                                TROUPE_TREE, kept),
                  TROUPE_FAILED);
    EXPECT_STATUS(troupe_map(self, &impure_kernel, &(troupe_arrays){.out = {x}}, NULL,
                             TROUPE_TREE),
                  TROUPE_FAILED);
    return TROUPE_OK;
}
TROUPE_PROCESS(checked_process, checked_body);

START_TEST(the_check_names_who_changes_its_bits)
{
    struct child_end end;

    setenv("TROUPE_CHECK", "1", 1);
    scene_listen(&(struct scene){.main = &checked_process, .n_ranks = 2}, &end);
    unsetenv("TROUPE_CHECK");
    ck_assert_ptr_nonnull(strstr(end.text, "what impure_kernel writes has other bits"));
    ck_assert_ptr_nonnull(strstr(end.text, "what turns_filter writes has other bits"));
    ck_assert_ptr_null(strstr(end.text, "copy_kernel"));
    ck_assert_ptr_null(strstr(end.text, "all_filter"));
}
END_TEST

/* It gives each block what would have been its number in the usual order. */
static void in_turn(const troupe_block *block, void *result, const void *argument)
{
    static int n_calls;
    double *to = block->out[0];

    (void)result;
    (void)argument;
    for (int64_t i = 0; i < block->n; i++)
        to[i] = n_calls % 4;
    n_calls++;
}
TROUPE_KERNEL(in_turn_kernel, in_turn);

static troupe_status shuffled_body(troupe_actor *self)
{
    troupe_array x = make(self, TROUPE_DOUBLE, 64, 16);

    EXPECT_STATUS(troupe_map(self, &in_turn_kernel, &(troupe_arrays){.out = {x}}, NULL,
                             TROUPE_TREE),
                  TROUPE_FAILED);
    return TROUPE_OK;
}
TROUPE_PROCESS(shuffled_process, shuffled_body);

START_TEST(the_check_shuffles_few_blocks_too)
{
    struct child_end end;

    setenv("TROUPE_CHECK", "1", 1);
    scene_listen(&(struct scene){.main = &shuffled_process, .n_ranks = 1}, &end);
    unsetenv("TROUPE_CHECK");
    ck_assert_ptr_nonnull(
        strstr(end.text, "what in_turn_kernel writes has other bits"));
}
END_TEST

CHECK_MAIN("kernel rules",
           what_cannot_be_is_refused_on_all_members,
           members_that_differ_are_told,
           nobody_waits_for_a_member_that_has_ended,
           tasks_go_on_meanwhile,
           sums_go_on_after_a_cut,
           a_call_waits_for_what_a_task_writes,
           who_starts_and_who_calls_are_told,
           what_a_task_makes_is_the_callers,
           others_get_turns_while_one_sorts,
           the_check_names_who_changes_its_bits,
           the_check_shuffles_few_blocks_too)
