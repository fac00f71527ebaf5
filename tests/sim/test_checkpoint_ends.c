/* seeds: 10 */
/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "actor/actor.h"
#include "support/child.h"
#include "test_checkpoint_job.h"
#include <dirent.h>

/* How cuts end that do not end well, what is refused, and what a restart needs. */

enum { N_STEPS = 40 };

/* Of the test, as all ranks live in this process. */
static struct world {
    struct quick_disk disk;
    struct checkpoint_options options;
    struct checkpoint_statistics statistics; /* rank 0's, when it ended */
    uint64_t seed;
    int64_t n_restored, sum;
    int n_finished;
    bool is_over;
} world;

struct toy {
    int64_t step;
    int64_t share;
};
TROUPE_TYPE(toy, step, share);

static void look(troupe_actor *self)
{
    if (troupe_rank(self) == 0)
        checkpoint_count(self->home->rank, &world.statistics);
}

static troupe_status meet(troupe_actor *self)
{
    return troupe_barrier(self, troupe_rank_team(self));
}

static int count_folders(void)
{
    char path[128];
    DIR *folder;
    int n = 0;

    snprintf(path, sizeof path, "%s/job", world.disk.path);
    folder = opendir(path);
    ck_assert_ptr_nonnull(folder);
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
        n += strncmp(entry->d_name, "ckpt-", 5) == 0;
    closedir(folder);
    return n;
}

static void open_world(void)
{
    world = (struct world){0};
    world.options = attempt_options(&world.disk);
}

static struct attempt attempt_of(const troupe_behavior *main, int n_ranks)
{
    return (struct attempt){.main = main,
                            .n_ranks = n_ranks,
                            .seed = attempt_first_seed(),
                            .checkpoint = &world.options};
}

static int run_to_end(const troupe_behavior *main, int n_ranks)
{
    struct attempt attempt = attempt_of(main, n_ranks);
    int exit_code = attempt_run(&attempt);

    ck_assert_int_eq(attempt.result.end, COMM_SIM_DONE);
    return exit_code;
}

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

/* ---- where it is safe ---------------------------------------------------------- */

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

CHECK_MAIN("checkpoint_ends",
           who_never_gets_ready_is_named,
           disk_that_fails_holds_up_nothing,
           one_cause_is_said_once,
           what_was_asked_for_is_tried_again,
           job_that_fails_ends,
           cut_does_not_put_off_the_end,
           parts_are_parted_anew,
           states_without_parts_stay_on_their_number,
           another_program_is_refused,
           from_the_beginning_on_request,
           program_without_states_is_told,
           receives_are_safe_when_marked,
           who_is_wanted_is_let_go,
           operations_under_way_are_waited_for)
