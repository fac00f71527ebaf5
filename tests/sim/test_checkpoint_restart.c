/* seeds: 10 */
/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "support/child.h"
#include "test_checkpoint_world.h"

/* What a restart needs, and what is refused. */

enum { N_STEPS = 40 };

/* ---- other numbers of ranks ---------------------------------------------------- */

/* Dropped in the middle, behind a checkpoint. */
static void run_half(const troupe_behavior *main, int n_ranks)
{
    struct attempt attempt = attempt_of(main, n_ranks);
    uint64_t n_steps;

    ck_assert_int_eq(attempt_run(&attempt), 0);
    n_steps = attempt.result.n_steps;
    quick_disk_close(&world.disk);
    open_world();
    attempt = attempt_of(main, n_ranks);
    attempt.step_limit = n_steps / 2;
    (void)attempt_run(&attempt);
    ck_assert_int_eq(attempt.result.end, COMM_SIM_LIMIT);
    ck_assert_int_gt(count_folders(), 0);
    world.n_restored = world.sum = 0;
    world.n_finished = 0;
}

static troupe_status sharing(troupe_actor *self)
{
    struct toy *toy;

    if (troupe_restored(self, &toy))
        world.n_restored++;
    else
        toy->share = 1000 + troupe_rank(self);
    for (; toy->step < N_STEPS; toy->step++) {
        if (troupe_rank(self) == 0)
            TROUPE_TRY(troupe_checkpoint_request(self));
        troupe_safepoint(self);
        TROUPE_TRY(meet(self));
        troupe_sleep_until(self, troupe_after_s(self, 1e-3));
    }
    world.sum += toy->share;
    world.n_finished++;
    return TROUPE_OK;
}
TROUPE_PROCESS(sharing_process, sharing, TROUPE_STATE(toy));

static void merge(struct toy *whole, const struct toy *part)
{
    whole->share += part->share;
}

static void split(const struct toy *whole, struct toy *part, int rank, int n_ranks)
{
    part->step = whole->step;
    part->share = whole->share / n_ranks + (rank < whole->share % n_ranks);
}
TROUPE_PROCESS(parting_process, sharing, TROUPE_PARTS(toy, merge, split));

START_TEST(parts_are_parted_anew)
{
    static const int sizes[] = {1, 2, 3, 5};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        open_world();
        run_half(&parting_process, 3);
        ck_assert_int_eq(run_to_end(&parting_process, sizes[i]), 0);
        ck_assert_int_eq(world.n_restored, sizes[i]);
        ck_assert_int_eq(world.sum, 3003);
        quick_disk_close(&world.disk);
    }
}
END_TEST

START_TEST(states_without_parts_stay_on_their_number)
{
    open_world();
    run_half(&sharing_process, 3);
    ck_assert_int_eq(run_to_end(&sharing_process, 2), 78);
    ck_assert_int_eq(world.n_finished, 0);
    ck_assert_int_eq(run_to_end(&sharing_process, 3), 0);
    ck_assert_int_eq(world.n_restored, 3);
    ck_assert_int_eq(world.sum, 3003);
    quick_disk_close(&world.disk);
}
END_TEST

/* ---- from where ---------------------------------------------------------------- */

START_TEST(another_program_is_refused)
{
    open_world();
    run_half(&sharing_process, 2);
    world.options.program = "other";
    ck_assert_int_eq(run_to_end(&sharing_process, 2), 78);
    world.options.program = "test";
    ck_assert_int_eq(run_to_end(&parting_process, 2), 78); /* other behaviors */
    ck_assert_int_eq(world.n_finished, 0);
    ck_assert_int_eq(run_to_end(&sharing_process, 2), 0);
    quick_disk_close(&world.disk);
}
END_TEST

START_TEST(from_the_beginning_on_request)
{
    open_world();
    run_half(&sharing_process, 2);
    world.options.from = "9999";
    ck_assert_int_eq(run_to_end(&sharing_process, 2), 74);
    world.options.from = "none";
    ck_assert_int_eq(run_to_end(&sharing_process, 2), 0);
    ck_assert_int_eq(world.n_restored, 0);
    ck_assert_int_eq(world.sum, 2001);
    quick_disk_close(&world.disk);
}
END_TEST

/* ---- without a state ----------------------------------------------------------- */

static troupe_status stateless(troupe_actor *self)
{
    ck_assert_int_eq(troupe_checkpoint_request(self), TROUPE_REFUSED);
    troupe_safepoint(self);
    world.n_finished++;
    return TROUPE_OK;
}
TROUPE_PROCESS(stateless_process, stateless);

static void run_stateless(void *argument)
{
    struct attempt attempt = attempt_of(&stateless_process, 2);
    int exit_code;

    (void)argument;
    setenv("TROUPE_LOG", "warning", 1);
    exit_code = attempt_run(&attempt);
    exit(world.n_finished == 2 ? exit_code : 99);
}

START_TEST(program_without_states_is_told)
{
    struct child_end end;

    open_world();
    child_run(run_stateless, NULL, &end);
    ck_assert_int_eq(end.exit_code, 0);
    ck_assert_ptr_nonnull(strstr(end.text, "no checkpoints: 'stateless_process'"));
    quick_disk_close(&world.disk);
}
END_TEST

CHECK_MAIN("checkpoint_restart",
           parts_are_parted_anew,
           states_without_parts_stay_on_their_number,
           another_program_is_refused,
           from_the_beginning_on_request,
           program_without_states_is_told)
