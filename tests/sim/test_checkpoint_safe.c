/* seeds: 10 */
/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "test_checkpoint_world.h"

/* Where a process is safe, and who has to wait for it. */

enum { N_STEPS = 40, MOST_RANKS = 5 };

struct note {
    int64_t number;
};
TROUPE_TYPE(note, number);

/* Rank 0 waits for notes; the others send one after a while. */
static troupe_status serve(troupe_actor *self, bool is_safe)
{
    const struct note *note;

    if (troupe_rank(self) == 0) {
        TROUPE_TRY(troupe_safe_receives(self, is_safe));
        for (int i = 1; i < troupe_n_ranks(self); i++)
            TROUPE_TRY(troupe_receive(self, note, TROUPE_FOREVER, &note));
        TROUPE_TRY(troupe_safe_receives(self, false));
        look(self);
        return TROUPE_OK;
    }
    TROUPE_TRY(troupe_checkpoint_request(self));
    for (int i = 0; i < 100; i++) {
        troupe_safepoint(self);
        troupe_sleep_until(self, troupe_after_s(self, 1e-3));
    }
    return troupe_send(self, troupe_rank_process(self, 0), note, .number = 1);
}

static troupe_status serve_safely(troupe_actor *self)
{
    return serve(self, true);
}
TROUPE_PROCESS(safe_server, serve_safely, TROUPE_STATE(toy), TROUPE_ACCEPTS(note));

static troupe_status serve_plainly(troupe_actor *self)
{
    return serve(self, false);
}
TROUPE_PROCESS(plain_server, serve_plainly, TROUPE_STATE(toy), TROUPE_ACCEPTS(note));

START_TEST(receives_are_safe_when_marked)
{
    open_world();
    world.options.patience_ns = 30 * 1000 * 1000;
    ck_assert_int_eq(run_to_end(&safe_server, 3), 0);
    ck_assert_uint_gt(world.statistics.n_published, 0);
    ck_assert_int_eq(run_to_end(&plain_server, 3), 78);
    quick_disk_close(&world.disk);
    open_world();
    world.options.patience_ns = 30 * 1000 * 1000;
    ck_assert_int_eq(run_to_end(&plain_server, 3), 0);
    ck_assert_uint_eq(world.statistics.n_published, 0);
    ck_assert_uint_gt(world.statistics.n_given_up, 0);
    quick_disk_close(&world.disk);
}
END_TEST

/* Rank 0 sends much between its safe points, or calls; rank 1 has little room for mail,
 * and rank 2 has somebody who is never still. */
struct question {
    int64_t number;
};
TROUPE_TYPE(question, number);

enum { N_WANTED = 400 };

static troupe_status be_wanted(troupe_actor *self)
{
    TROUPE_TRY(troupe_safe_receives(self, true));
    for (int i = 0; i < N_WANTED; i++) {
        troupe_mail mail;

        TROUPE_TRY(troupe_receive_any(self, TROUPE_FOREVER, &mail));
        if (troupe_as(&mail, question))
            TROUPE_TRY(troupe_reply(self, question, note, .number = i));
    }
    return troupe_safe_receives(self, false);
}

static troupe_status want(troupe_actor *self, int64_t i)
{
    troupe_address other = troupe_rank_process(self, 1);
    const struct note *answer;

    if (world.seed == 0)
        return troupe_send(self, other, note, .number = i);
    return troupe_call(self, other, note, &answer, TROUPE_FOREVER, question,
                       .number = i);
}

static troupe_status be_restless(troupe_actor *self)
{
    while (!world.is_over)
        troupe_yield(self);
    return TROUPE_OK;
}
TROUPE_PROCESS(restless, be_restless);

static troupe_status wanting(troupe_actor *self)
{
    if (troupe_rank(self) == 1)
        return be_wanted(self);
    if (troupe_rank(self) == 2)
        return troupe_spawn(self, &restless, NULL, NULL);
    TROUPE_TRY(troupe_checkpoint_request(self));
    for (int64_t i = 0; i < N_WANTED; i++) {
        TROUPE_TRY(want(self, i));
        troupe_sleep_until(self,
                           troupe_after_s(self, 1e-5)); /* and may be told to wait */
    }
    for (int i = 0; i < 100; i++) {
        troupe_safepoint(self);
        troupe_sleep_until(self, troupe_after_s(self, 1e-3));
    }
    world.is_over = true;
    look(self);
    return TROUPE_OK;
}
TROUPE_PROCESS(wanting_process,
               wanting,
               TROUPE_STATE(toy),
               TROUPE_ACCEPTS(note, question),
               TROUPE_SPAWNS(&restless),
               .capacity = 4);

START_TEST(who_is_wanted_is_let_go)
{
    for (uint64_t calls = 0; calls < 2; calls++) {
        open_world();
        world.seed = calls;
        world.options.patience_ns = 200 * 1000 * 1000;
        ck_assert_int_eq(run_to_end(&wanting_process, 3), 0);
        ck_assert_uint_eq(world.statistics.n_given_up, 0);
        ck_assert_uint_gt(world.statistics.n_published, 0);
        quick_disk_close(&world.disk);
    }
}
END_TEST

/* What is under way for a process would come to nobody after a restart. */
static troupe_status in_the_middle(troupe_actor *self)
{
    struct toy *toy;

    (void)troupe_restored(self, &toy);
    TROUPE_TRY(troupe_checkpoint_request(self));
    for (; toy->step < N_STEPS; toy->step++) {
        troupe_operation barrier;

        TROUPE_TRY(troupe_barrier_start(self, troupe_rank_team(self), &barrier));
        troupe_safepoint(self);
        look(self);
        ck_assert_uint_eq(world.statistics.n_published, 0);
        TROUPE_TRY(troupe_team_wait(self, troupe_rank_team(self), barrier));
        troupe_sleep_until(self, troupe_after_s(self, 1e-3));
    }
    TROUPE_TRY(meet(self));
    for (int i = 0; i < 20; i++) {
        troupe_safepoint(self);
        troupe_sleep_until(self, troupe_after_s(self, 1e-3));
    }
    look(self);
    return TROUPE_OK;
}
TROUPE_PROCESS(middle_process, in_the_middle, TROUPE_STATE(toy));

START_TEST(operations_under_way_are_waited_for)
{
    open_world();
    ck_assert_int_eq(run_to_end(&middle_process, 3), 0);
    ck_assert_uint_gt(world.statistics.n_published, 0);
    quick_disk_close(&world.disk);
}
END_TEST

/* The sum, and an array, are made by another process meanwhile; what they are to be
 * part of has no place in a checkpoint. */
static troupe_status with_task(troupe_actor *self)
{
    static double sums[MOST_RANKS];
    const troupe_array_options options = {.element = TROUPE_DOUBLE, .length = 1 << 20};
    double *sum = &sums[troupe_rank(self)];
    troupe_array_options saved = options;
    troupe_array array, made;
    troupe_task task, making;
    troupe_status status;
    int n_pending = 0;

    TROUPE_TRY(troupe_array_create(self, troupe_rank_team(self), &options, &array));
    TROUPE_TRY(troupe_checkpoint_request(self));
    TROUPE_TRY(troupe_sum(self, array, troupe_later(TROUPE_EXACT, &task), sum));
    saved.saved_as = "made";
    TROUPE_TRY(troupe_array_create_later(self, troupe_rank_team(self), &saved, &made,
                                         &making));
    TROUPE_TRY(meet(self)); /* all have started them */
    while ((status = troupe_task_test(self, &making)) == TROUPE_PENDING) {
        n_pending++;
        troupe_safepoint(self);
        look(self);
        if (troupe_rank(self) == 0)
            ck_assert_str_eq(world.statistics.doing, "preparing");
        troupe_yield(self);
    }
    TROUPE_TRY(troupe_task_wait(self, &task));
    for (int i = 0; i < 20; i++) {
        troupe_safepoint(self);
        troupe_sleep_until(self, troupe_after_s(self, 1e-3));
    }
    look(self);
    ck_assert_int_gt(n_pending, 1);
    ck_assert(!troupe_array_describe(self, made).is_restored);
    return status;
}
TROUPE_PROCESS(task_process, with_task, TROUPE_STATE(toy));

START_TEST(tasks_under_way_are_waited_for)
{
    open_world();
    ck_assert_int_eq(run_to_end(&task_process, 3), 0);
    ck_assert_uint_gt(world.statistics.n_published, 0);
    quick_disk_close(&world.disk);
}
END_TEST

CHECK_MAIN("checkpoint_safe",
           receives_are_safe_when_marked,
           who_is_wanted_is_let_go,
           operations_under_way_are_waited_for,
           tasks_under_way_are_waited_for)
