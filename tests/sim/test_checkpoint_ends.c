/* seeds: 10 */
/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "support/child.h"
#include "test_checkpoint_world.h"

/* How cuts end that do not end well, and how the job ends meanwhile. */

enum { N_STEPS = 40 };

/* ---- given up ------------------------------------------------------------------ */

/* Rank 1 has better things to do. */
static troupe_status busy(troupe_actor *self)
{
    if (troupe_rank(self) == 1) {
        troupe_sleep_until(self, troupe_after_s(self, 1));
    } else if (troupe_rank(self) == 0) {
        TROUPE_TRY(troupe_checkpoint_request(self));
        for (int i = 0; i < 300; i++) {
            troupe_safepoint(self);
            troupe_sleep_until(self, troupe_after_s(self, 1e-3));
        }
    }
    look(self);
    return meet(self);
}
TROUPE_PROCESS(busy_process, busy, TROUPE_STATE(toy));

START_TEST(who_never_gets_ready_is_named)
{
    open_world();
    world.options.patience_ns = 50 * 1000 * 1000;
    ck_assert_int_eq(run_to_end(&busy_process, 3), 0);
    ck_assert_uint_eq(world.statistics.n_given_up, 1);
    ck_assert_uint_eq(world.statistics.n_published, 0);
    ck_assert_ptr_nonnull(strstr(world.statistics.held_up_by, "rank 1"));
    ck_assert_int_eq(count_folders(), 0);
    quick_disk_close(&world.disk);
}
END_TEST

/* The disk is full for a while. */
static troupe_status stepping(troupe_actor *self)
{
    struct toy *toy;

    (void)troupe_restored(self, &toy);
    for (; toy->step < N_STEPS; toy->step++) {
        if (troupe_rank(self) == 0) {
            bool is_bad = toy->step < N_STEPS / 2;

            world.disk.error = is_bad && toy->step % 2 ? ENOSPC : 0;
            world.disk.refuses_folders = is_bad && toy->step % 2 == 0;
            TROUPE_TRY(troupe_checkpoint_request(self));
        }
        troupe_safepoint(self);
        TROUPE_TRY(meet(self));
        troupe_sleep_until(self, troupe_after_s(self, 2e-3));
    }
    look(self);
    return TROUPE_OK;
}
TROUPE_PROCESS(stepping_process, stepping, TROUPE_STATE(toy));

START_TEST(disk_that_fails_holds_up_nothing)
{
    open_world();
    ck_assert_int_eq(run_to_end(&stepping_process, 3), 0);
    ck_assert_uint_gt(world.statistics.n_given_up, 0);
    ck_assert_uint_gt(world.statistics.n_published, 2);
    ck_assert_int_eq(count_folders(), 2);
    quick_disk_close(&world.disk);
}
END_TEST

static troupe_status on_full_disk(troupe_actor *self)
{
    world.disk.error = ENOSPC;
    for (int i = 0; i < 10; i++) {
        TROUPE_TRY(troupe_checkpoint_request(self));
        troupe_safepoint(self);
        TROUPE_TRY(meet(self));
        troupe_sleep_until(self, troupe_after_s(self, 3e-3));
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(full_process, on_full_disk, TROUPE_STATE(toy));

static void run_on_full_disk(void *argument)
{
    struct attempt attempt = attempt_of(&full_process, 2);

    (void)argument;
    setenv("TROUPE_LOG", "warning", 1);
    exit(attempt_run(&attempt));
}

START_TEST(one_cause_is_said_once)
{
    struct child_end end;
    const char *line;

    open_world();
    child_run(run_on_full_disk, NULL, &end);
    ck_assert_int_eq(end.exit_code, 0);
    line = strstr(end.text, "given up");
    ck_assert_ptr_nonnull(line);
    ck_assert_ptr_nonnull(strstr(line, "No space left"));
    ck_assert_ptr_null(strstr(line + 1, "given up"));
    quick_disk_close(&world.disk);
}
END_TEST

/* Who has asked gets it, when there is room again. */
static troupe_status asking_once(troupe_actor *self)
{
    if (troupe_rank(self) == 0)
        TROUPE_TRY(troupe_checkpoint_request(self));
    for (int i = 0; i < 300; i++) {
        world.disk.error = i < 100 ? ENOSPC : 0;
        troupe_safepoint(self);
        troupe_sleep_until(self, troupe_after_s(self, 0.1));
    }
    look(self);
    return TROUPE_OK;
}
TROUPE_PROCESS(asking_process, asking_once, TROUPE_STATE(toy));

START_TEST(what_was_asked_for_is_tried_again)
{
    open_world();
    ck_assert_int_eq(run_to_end(&asking_process, 1), 0);
    ck_assert_uint_gt(world.statistics.n_given_up, 1);
    ck_assert_uint_lt(world.statistics.n_given_up, 6); /* ever more seldom */
    ck_assert_uint_eq(world.statistics.n_published, 1);
    quick_disk_close(&world.disk);
}
END_TEST

/* What stands in the outbox at the end waits until there is room again. */
struct effect {
    int64_t number;
};
TROUPE_TYPE(effect, number);
TROUPE_SIGNAL(room);

static troupe_status
on_effect(troupe_actor *self, struct toy *toy, const struct effect *effect)
{
    (void)self;
    (void)toy;
    ck_assert_int_eq(world.disk.error, 0);
    world.n_finished += (int)effect->number;
    return TROUPE_OK;
}

static troupe_status
begin(troupe_actor *self, struct toy *toy, const struct effect *arguments)
{
    (void)toy;
    (void)arguments;
    world.disk.error = ENOSPC;
    return troupe_send_after(self, troupe_self(self), 10, NULL, room);
}

static troupe_status on_room(troupe_actor *self, struct toy *toy)
{
    (void)self;
    (void)toy;
    ck_assert_int_eq(world.n_finished, 0);
    world.disk.error = 0;
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(outside,
                toy,
                TROUPE_INIT(effect, begin),
                TROUPE_ON(effect, on_effect),
                TROUPE_ON(room, on_room));

static troupe_status sending_out(troupe_actor *self)
{
    troupe_address address;

    if (troupe_rank(self) > 0)
        return TROUPE_OK;
    const troupe_spawn_options options = {TROUPE_WITH(effect, .number = 0)};

    TROUPE_TRY(troupe_spawn(self, &outside, &options, &address));
    return troupe_outbox_send(self, address, effect, .number = 1);
}
TROUPE_PROCESS(sending_process,
               sending_out,
               TROUPE_STATE(toy),
               TROUPE_SENDS(effect),
               TROUPE_SPAWNS(&outside));

START_TEST(outbox_waits_for_a_disk_that_works)
{
    open_world();
    ck_assert_int_eq(run_to_end(&sending_process, 2), 0);
    ck_assert_int_eq(world.n_finished, 1);
    quick_disk_close(&world.disk);
}
END_TEST

/* ---- the job ends meanwhile ---------------------------------------------------- */

static troupe_status failing(troupe_actor *self)
{
    struct base_random random = {world.seed + (uint64_t)troupe_rank(self)};
    int64_t last = 1 + base_random_below(&random, N_STEPS);

    for (int64_t step = 0; step < N_STEPS; step++) {
        if (base_random_below(&random, 3) == 0)
            TROUPE_TRY(troupe_checkpoint_request(self));
        troupe_safepoint(self);
        if (step == last && world.seed % 3 == (uint64_t)troupe_rank(self))
            return TROUPE_FAILED;
        if (base_random_below(&random, 3) == 0)
            troupe_sleep_until(self, troupe_after_s(self, 1e-4));
        if (world.seed % 2)
            (void)meet(self);
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(failing_process, failing, TROUPE_STATE(toy));

START_TEST(job_that_fails_ends)
{
    for (uint64_t seed = attempt_first_seed(); seed <= attempt_last_seed(20); seed++) {
        struct attempt attempt;

        open_world();
        world.seed = seed;
        attempt = attempt_of(&failing_process, 3);
        attempt.seed = seed;
        ck_assert_msg(attempt_run(&attempt) <= 1, "TROUPE_TEST_SEED=%llu",
                      (unsigned long long)seed);
        ck_assert_int_eq(attempt.result.end, COMM_SIM_DONE);
        quick_disk_close(&world.disk);
    }
}
END_TEST

/* Has a state and waits for ever, where it is not safe. */
static troupe_status idling(troupe_actor *self)
{
    return troupe_receive_any(self, TROUPE_FOREVER, NULL);
}
TROUPE_PROCESS(idle_process, idling, TROUPE_STATE(toy));

/* And so do the rank processes if it is to be a deadlock. */
static troupe_status spawning(troupe_actor *self)
{
    TROUPE_TRY(troupe_spawn(self, &idle_process, NULL, NULL));
    TROUPE_TRY(troupe_checkpoint_request(self));
    troupe_sleep_until(self, troupe_after_s(self, 1e-3));
    return world.seed ? idling(self) : TROUPE_OK;
}
TROUPE_PROCESS(spawning_process,
               spawning,
               TROUPE_STATE(toy),
               TROUPE_SPAWNS(&idle_process));

START_TEST(cut_does_not_put_off_the_end)
{
    static const int codes[] = {TROUPE_CODE_OK, TROUPE_CODE_DEADLOCK};

    for (uint64_t i = 0; i < 2; i++) {
        struct attempt attempt;

        open_world();
        world.seed = i;
        world.options.every_ns = 1000;
        attempt = attempt_of(&spawning_process, 2);
        ck_assert_int_eq(attempt_run(&attempt), codes[i]);
        ck_assert_int_eq(attempt.result.end, COMM_SIM_DONE);
        ck_assert_int_lt(attempt.result.virtual_ns, INT64_C(1000) * 1000 * 1000);
        quick_disk_close(&world.disk);
    }
}
END_TEST

CHECK_MAIN("checkpoint_ends",
           who_never_gets_ready_is_named,
           disk_that_fails_holds_up_nothing,
           one_cause_is_said_once,
           what_was_asked_for_is_tried_again,
           outbox_waits_for_a_disk_that_works,
           job_that_fails_ends,
           cut_does_not_put_off_the_end)
