/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/compiler.h"
#include "job/machine.h"
#include "support/check_main.h"
#include <signal.h>
#include <string.h>

/*
 * The table of states under events that a world of its own draws at random, on a clock
 * that only the test moves: whatever happens in whatever order, nothing is launched
 * beside what still runs, and there is an end.
 */

#define SECOND_NS ((int64_t)1000000000)

struct world {
    struct base_random random;
    struct job_machine machine;
    int64_t now_ns;
    bool has_launcher, has_processes; /* what an attempt has in the world */
    bool has_stopped, is_absurd;
    uint64_t newest_epoch;
    uint64_t base_epoch;
    uint32_t n_launches, n_records, n_finishes;
    int64_t launches_ns[4000]; /* since the last checkpoint */
    uint32_t n_launches_since;
    uint32_t n_same; /* failures in a row from one checkpoint */
    uint64_t same_epoch;
    bool has_published;
    bool was_here;       /* every rank had said hello */
    bool has_ended_well; /* what the launcher and all ranks said */
    uint32_t n_events;
};

static uint32_t below(struct world *world, uint32_t bound)
{
    return base_random_below(&world->random, bound);
}

/* ---- what must hold
 * ------------------------------------------------------------------- */

static void check_launch(struct world *world)
{
    const struct job_rules *rules = &world->machine.rules;
    uint32_t n_within = 0;

    ck_assert(!world->has_launcher && !world->has_processes);
    ck_assert(!world->has_stopped);
    world->launches_ns[world->n_launches_since++] = world->now_ns;
    for (uint32_t i = 0; i < world->n_launches_since; i++)
        n_within += world->now_ns - world->launches_ns[i] <= rules->window_ns;
    ck_assert_uint_le(n_within, rules->n_restarts + 1);
    if (rules->n_tries && world->base_epoch && world->same_epoch == world->base_epoch)
        ck_assert_uint_lt(world->n_same, rules->n_tries);
}

static void check_state(const struct world *world)
{
    const struct job_machine *machine = &world->machine;

    switch (machine->state) {
    case JOB_START:
    case JOB_SELECT:
    case JOB_RUN:
    case JOB_OVER:
        break;
    default: /* whatever it waits for may never come */
        ck_assert(machine->deadline_ns != INT64_MAX);
    }
    ck_assert_uint_ge(world->n_launches, world->n_records);
}

static void check_end(const struct world *world)
{
    static const int allowed[] = {0,  64, 70,           71,           74,
                                  75, 78, 128 + SIGINT, 128 + SIGTERM};
    int exit_code = world->machine.exit_code;
    bool is_allowed = false;

    for (size_t i = 0; i < ARRAY_LENGTH(allowed); i++)
        is_allowed |= exit_code == allowed[i];
    if (world->machine.attempt.cause == JOB_REFUSED) /* the program's own */
        is_allowed |= exit_code > 0 && exit_code < 128;
    ck_assert_msg(is_allowed, "exit code %d", exit_code);
    ck_assert_uint_eq(world->n_finishes, 1);
    ck_assert(exit_code != 0 || world->has_ended_well);
    ck_assert(world->machine.why[0]);
}

/* ---- what the machine asks for
 * -------------------------------------------------------- */

static void tell(struct world *world, const struct job_event *event);

static void do_select(struct world *world)
{
    uint64_t ceiling = world->machine.ceiling_epoch;
    struct job_event event = {.kind = JOB_SELECTED, .epoch = world->newest_epoch};

    if (ceiling && event.epoch >= ceiling)
        event.epoch = ceiling - 1;
    world->newest_epoch = event.epoch; /* later ones are shut out from now on */
    world->base_epoch = event.epoch;
    if ((ceiling && event.epoch == 0) || below(world, 100) == 0)
        event = (struct job_event){.kind = JOB_UNSELECTABLE,
                                   .exit_code = 74,
                                   .may_pass = below(world, 5) > 0,
                                   .why = "none"};
    tell(world, &event);
}

static void do_launch(struct world *world)
{
    check_launch(world);
    world->n_launches++;
    world->has_published = world->was_here = false;
    if (below(world, 500) == 0) {
        tell(world, &(struct job_event){.kind = JOB_NOT_LAUNCHED});
        return;
    }
    world->has_launcher = world->has_processes = true;
}

static void do_record(struct world *world)
{
    ck_assert_uint_eq(++world->n_records, world->n_launches);
    if (world->base_epoch != world->same_epoch || world->has_published)
        world->n_same = 0;
    world->same_epoch = world->base_epoch;
    world->n_same += world->was_here && !world->has_published;
}

static void tell(struct world *world, const struct job_event *event)
{
    unsigned acts = job_machine_step(&world->machine, event, world->now_ns);

    world->n_events++;
    world->was_here |= world->machine.attempt.here_ns > 0;
    world->has_stopped |= event->kind == JOB_STOP;
    if (acts & JOB_DO_RECORD)
        do_record(world);
    if (acts & JOB_DO_FINISH)
        world->n_finishes++;
    if (acts & JOB_DO_SELECT)
        do_select(world);
    if (acts & JOB_DO_LAUNCH)
        do_launch(world);
    if (acts & JOB_DO_KILL && below(world, 3) > 0 && world->has_launcher)
        tell(world, &(struct job_event){.kind = JOB_ENDED, .exit_code = 137});
    check_state(world);
}

/* ---- what happens
 * --------------------------------------------------------------------- */

static void end_launcher(struct world *world)
{
    static const int codes[] = {0, 0, 1, 3, 137, 139, 70, 71, 74, 75, 78};
    uint32_t which = below(world, below(world, 4) ? 6 : ARRAY_LENGTH(codes));

    if (!world->has_launcher)
        return;
    world->has_launcher = false;
    tell(world, &(struct job_event){.kind = JOB_ENDED, .exit_code = codes[which]});
}

static void end_processes(struct world *world)
{
    struct job_event event = {.kind = JOB_GONE, .is_complete = below(world, 8) == 0};

    if (world->has_launcher || !world->has_processes ||
        world->machine.state != JOB_CLEAN)
        return;
    world->has_processes = false;
    world->has_ended_well = event.is_complete && world->machine.ended.exit_code == 0;
    tell(world, &event);
}

static void publish(struct world *world)
{
    if (!world->has_processes || world->machine.state == JOB_LAUNCH)
        return;
    world->has_published = true;
    world->n_launches_since = 0;
    tell(world, &(struct job_event){.kind = JOB_PUBLISHED,
                                    .epoch = ++world->newest_epoch,
                                    .is_asked_for = below(world, 2)});
}

static void pass_time(struct world *world)
{
    int64_t deadline_ns = world->machine.deadline_ns;

    world->now_ns += (int64_t)below(world, 3000) * SECOND_NS / 1000;
    if (below(world, 2) && deadline_ns != INT64_MAX && deadline_ns > world->now_ns)
        world->now_ns = deadline_ns;
    tell(world, &(struct job_event){.kind = JOB_TIME});
}

/* What nobody would expect just now changes nothing. */
static void tell_absurd(struct world *world)
{
    static const enum job_event_kind kinds[] = {
        JOB_BEGIN,       JOB_ALL_HERE, JOB_RANK_LOST, JOB_HANG,
        JOB_CANNOT_SAVE, JOB_DUMPED,   JOB_TIME};
    struct job_event event = {.kind = kinds[below(world, ARRAY_LENGTH(kinds))],
                              .rank = (int)below(world, 5) - 1};

    if (event.kind == JOB_RANK_LOST && event.rank < 0)
        event.rank = 0;
    tell(world, &event);
}

static void happen(struct world *world)
{
    switch (below(world, 12)) {
    case 0:
        end_launcher(world);
        return;
    case 1:
    case 2:
        end_processes(world);
        return;
    case 3:
        publish(world);
        return;
    case 4:
    case 5:
    case 6:
        pass_time(world);
        return;
    case 7:
        if (below(world, 200) == 0)
            tell(world, &(struct job_event){.kind = JOB_STOP,
                                            .signal_number =
                                                below(world, 2) ? SIGTERM : SIGINT});
        return;
    default:
        tell_absurd(world);
    }
}

static void run_world(uint64_t seed)
{
    struct job_rules rules = job_rules_default;
    struct world world = {.random = {seed}, .now_ns = 1};

    rules.n_restarts = below(&world, 8);
    rules.n_tries = below(&world, 4);
    rules.window_ns = (1 + (int64_t)below(&world, 4000)) * SECOND_NS;
    rules.has_store = below(&world, 2);
    job_machine_init(&world.machine, &rules, seed);
    tell(&world, &(struct job_event){.kind = JOB_BEGIN});
    while (world.machine.state != JOB_OVER && world.n_launches_since < 1000 &&
           world.n_events < 20000)
        happen(&world);
    if (world.machine.state == JOB_OVER)
        check_end(&world);
    tell(&world, &(struct job_event){.kind = JOB_BEGIN});
    ck_assert_uint_le(world.n_finishes, 1);
}

START_TEST(any_order_of_events_is_survived)
{
    for (uint64_t seed = 1; seed <= 5000; seed++)
        run_world(seed);
}
END_TEST

/* Without anything from outside, time alone brings every state to an end. */
START_TEST(time_alone_ends_everything)
{
    static const enum job_event_kind first[] = {JOB_ALL_HERE, JOB_HANG, JOB_RANK_LOST,
                                                JOB_STOP};

    for (size_t i = 0; i < ARRAY_LENGTH(first); i++) {
        struct job_machine machine;
        struct job_event event = {.kind = first[i], .signal_number = SIGTERM};
        int64_t now_ns = 1;
        int n = 0;

        job_machine_init(&machine, &job_rules_default, 1);
        job_machine_step(&machine, &(struct job_event){.kind = JOB_BEGIN}, now_ns);
        job_machine_step(&machine, &(struct job_event){.kind = JOB_SELECTED}, now_ns);
        job_machine_step(&machine, &event, now_ns);
        if (first[i] == JOB_ALL_HERE) /* now it runs, and a rank is lost */
            job_machine_step(&machine, &(struct job_event){.kind = JOB_RANK_LOST}, 1);
        if (first[i] == JOB_RANK_LOST) /* before the last of them has come */
            job_machine_step(&machine, &(struct job_event){.kind = JOB_ALL_HERE}, 1);
        for (; machine.state != JOB_OVER && n < 1000; n++) {
            ck_assert(machine.deadline_ns != INT64_MAX);
            now_ns = machine.deadline_ns;
            job_machine_step(&machine, &(struct job_event){.kind = JOB_TIME}, now_ns);
        }
        ck_assert_int_eq(machine.state, JOB_OVER);
        ck_assert_int_eq(machine.exit_code, JOB_EXIT_GAVE_UP);
        ck_assert_int_lt(now_ns, 1000 * SECOND_NS);
    }
}
END_TEST

/* ---- a story step by step
 * ------------------------------------------------------------- */

struct story {
    struct job_machine machine;
    int64_t now_ns;
    unsigned acts; /* of the last step */
};

static void story_begin(struct story *story, const struct job_rules *rules)
{
    *story = (struct story){.now_ns = SECOND_NS};
    job_machine_init(&story->machine, rules, 7);
    story->acts =
        job_machine_step(&story->machine, &(struct job_event){.kind = JOB_BEGIN}, 1);
}

static void step(struct story *story, struct job_event event)
{
    story->acts = job_machine_step(&story->machine, &event, story->now_ns);
}

/* An attempt from `epoch` that ends so. */
static void
attempt(struct story *story, uint64_t epoch, int exit_code, bool is_complete)
{
    ck_assert_int_eq(story->machine.state, JOB_SELECT);
    step(story, (struct job_event){.kind = JOB_SELECTED, .epoch = epoch});
    ck_assert_uint_eq(story->acts, JOB_DO_LAUNCH);
    step(story, (struct job_event){.kind = JOB_ALL_HERE});
    step(story, (struct job_event){.kind = JOB_ENDED, .exit_code = exit_code});
    ck_assert_uint_eq(story->acts, JOB_DO_CLEAN);
    step(story, (struct job_event){.kind = JOB_GONE, .is_complete = is_complete});
}

static int64_t wait_for_next(struct story *story)
{
    int64_t waited_ns = story->machine.deadline_ns - story->now_ns;

    ck_assert_int_eq(story->machine.state, JOB_BACKOFF);
    story->now_ns = story->machine.deadline_ns;
    step(story, (struct job_event){.kind = JOB_TIME});
    return waited_ns;
}

START_TEST(a_crash_loop_ends_after_exactly_so_many_restarts)
{
    struct story story;
    double least_s = 0.8;

    story_begin(&story, &job_rules_default);
    for (uint32_t i = 0; i < job_rules_default.n_restarts; i++) {
        int64_t waited_ns;

        attempt(&story, 0, 1, false);
        waited_ns = wait_for_next(&story);
        ck_assert_double_ge((double)waited_ns * 1e-9, least_s);
        ck_assert_double_le((double)waited_ns * 1e-9, least_s * 1.5);
        least_s *= 2;
    }
    attempt(&story, 0, 1, false);
    ck_assert_uint_eq(story.acts, JOB_DO_RECORD | JOB_DO_FINISH);
    ck_assert_int_eq(story.machine.exit_code, JOB_EXIT_GAVE_UP);
    ck_assert_uint_eq(story.machine.n_attempts, 6);
}
END_TEST

START_TEST(a_new_checkpoint_begins_the_count_anew_and_spares_the_wait)
{
    struct story story;

    story_begin(&story, &job_rules_default);
    for (uint64_t epoch = 0; epoch < 100; epoch++) {
        step(&story, (struct job_event){.kind = JOB_SELECTED, .epoch = epoch});
        step(&story, (struct job_event){.kind = JOB_ALL_HERE});
        step(&story, (struct job_event){.kind = JOB_PUBLISHED, .epoch = epoch + 1});
        step(&story, (struct job_event){.kind = JOB_ENDED, .exit_code = 137});
        step(&story, (struct job_event){.kind = JOB_GONE});
        ck_assert_int_eq(wait_for_next(&story), 0);
    }
}
END_TEST

START_TEST(failures_outside_the_window_are_forgotten)
{
    struct story story;

    story_begin(&story, &job_rules_default);
    for (int i = 0; i < 100; i++) {
        attempt(&story, 0, 1, false);
        (void)wait_for_next(&story);
        story.now_ns += job_rules_default.window_ns / 5 + SECOND_NS;
    }
}
END_TEST

START_TEST(a_checkpoint_that_fails_twice_is_left_for_an_older_one)
{
    struct story story;

    story_begin(&story, &job_rules_default);
    attempt(&story, 9, 1, false);
    ck_assert_uint_eq(story.machine.ceiling_epoch, 0);
    (void)wait_for_next(&story);
    attempt(&story, 9, 139, false);
    ck_assert_uint_eq(story.machine.ceiling_epoch, 9);
    (void)wait_for_next(&story);
    /* What cannot be read is not tried twice. */
    attempt(&story, 8, 74, false);
    ck_assert_uint_eq(story.machine.ceiling_epoch, 8);
    (void)wait_for_next(&story);
    step(&story, (struct job_event){
                     .kind = JOB_UNSELECTABLE, .exit_code = 70, .why = "none left"});
    ck_assert_int_eq(story.machine.exit_code, JOB_EXIT_GAVE_UP);
    ck_assert_str_eq(story.machine.why, "none left");
}
END_TEST

/* A launcher that cannot start says nothing about a checkpoint that nobody has read. */
START_TEST(who_never_came_says_nothing_about_a_checkpoint)
{
    struct story story;

    story_begin(&story, &job_rules_default);
    for (int i = 0; i < 2; i++) {
        step(&story, (struct job_event){.kind = JOB_SELECTED, .epoch = 4});
        step(&story, (struct job_event){.kind = JOB_ENDED, .exit_code = 1});
        step(&story, (struct job_event){.kind = JOB_GONE});
        ck_assert_uint_eq(story.machine.ceiling_epoch, 0);
        (void)wait_for_next(&story);
    }
    /* But those that come count from here on, and so does what cannot be read. */
    attempt(&story, 4, 1, false);
    ck_assert_uint_eq(story.machine.ceiling_epoch, 0);
    (void)wait_for_next(&story);
    attempt(&story, 4, 1, false);
    ck_assert_uint_eq(story.machine.ceiling_epoch, 4);
    (void)wait_for_next(&story);
    step(&story, (struct job_event){.kind = JOB_SELECTED, .epoch = 3});
    step(&story, (struct job_event){.kind = JOB_ENDED, .exit_code = 74});
    step(&story, (struct job_event){.kind = JOB_GONE});
    ck_assert_uint_eq(story.machine.ceiling_epoch, 3);
}
END_TEST

static void fail_to_select(struct story *story)
{
    ck_assert_int_eq(story->machine.state, JOB_SELECT);
    step(story, (struct job_event){.kind = JOB_UNSELECTABLE,
                                   .exit_code = 74,
                                   .may_pass = true,
                                   .why = "disk full"});
}

/* A disk that is full for a moment: as long as there may be restarts, and not at once.
 */
START_TEST(who_cannot_select_for_now_tries_again)
{
    struct story story;

    story_begin(&story, &job_rules_default);
    step(&story, (struct job_event){.kind = JOB_SELECTED, .epoch = 3});
    step(&story, (struct job_event){.kind = JOB_ALL_HERE});
    step(&story, (struct job_event){.kind = JOB_PUBLISHED, .epoch = 4});
    step(&story, (struct job_event){.kind = JOB_ENDED, .exit_code = 137});
    step(&story, (struct job_event){.kind = JOB_GONE});
    ck_assert_int_eq(wait_for_next(&story), 0);
    for (uint32_t i = 1; i < job_rules_default.n_restarts; i++) {
        fail_to_select(&story);
        ck_assert_int_gt(wait_for_next(&story), 0);
    }
    attempt(&story, 4, 1, false);
    ck_assert_uint_eq(story.machine.n_attempts, 2);
    ck_assert_int_eq(story.machine.exit_code, JOB_EXIT_GAVE_UP);

    story_begin(&story, &job_rules_default);
    attempt(&story, 4, 1, false);
    for (uint32_t i = 1; i < job_rules_default.n_restarts; i++) {
        (void)wait_for_next(&story);
        fail_to_select(&story);
    }
    (void)wait_for_next(&story);
    fail_to_select(&story);
    ck_assert_uint_eq(story.acts, JOB_DO_FINISH);
    ck_assert_int_eq(story.machine.exit_code, 74);
    ck_assert_str_eq(story.machine.why, "disk full");

    story_begin(&story, &job_rules_default); /* but not at the start */
    fail_to_select(&story);
    ck_assert_int_eq(story.machine.exit_code, 74);
}
END_TEST

START_TEST(exit_codes_are_understood)
{
    static const struct {
        int exit_code;
        bool is_complete;
        enum job_cause cause;
        int expected; /* -1: another attempt */
    } rows[] = {
        {0, true, JOB_DONE, 0},        {0, false, JOB_UNFINISHED, -1},
        {1, false, JOB_CRASHED, -1},   {1, true, JOB_REFUSED, 1},
        {2, true, JOB_REFUSED, 2},     {2, false, JOB_CRASHED, -1},
        {137, false, JOB_CRASHED, -1}, {139, true, JOB_CRASHED, -1},
        {70, false, JOB_CRASHED, -1},  {64, false, JOB_REFUSED, 64},
        {71, true, JOB_REFUSED, 71},   {78, false, JOB_REFUSED, 78},
        {75, true, JOB_REQUEUED, 75},  {74, false, JOB_BAD_CHECKPOINT, 74},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct story story;

        story_begin(&story, &job_rules_default);
        attempt(&story, 0, rows[i].exit_code, rows[i].is_complete);
        ck_assert_int_eq(story.machine.attempt.cause, rows[i].cause);
        if (rows[i].expected < 0)
            ck_assert_int_eq(story.machine.state, JOB_BACKOFF);
        else
            ck_assert_int_eq(story.machine.exit_code, rows[i].expected);
    }
}
END_TEST

/* ---- asked to stop
 * -------------------------------------------------------------------- */

static void run_until_stopped(struct story *story, int signal_number, uint64_t epoch)
{
    struct job_rules rules = job_rules_default;

    rules.has_store = true;
    story_begin(story, &rules);
    step(story, (struct job_event){.kind = JOB_SELECTED, .epoch = epoch});
    step(story, (struct job_event){.kind = JOB_ALL_HERE});
    step(story, (struct job_event){.kind = JOB_STOP, .signal_number = signal_number});
}

static int end_stopped(struct story *story)
{
    ck_assert_uint_eq(story->acts, JOB_DO_TERM);
    step(story, (struct job_event){.kind = JOB_ENDED, .exit_code = 1});
    step(story, (struct job_event){.kind = JOB_GONE});
    ck_assert_int_eq(story->machine.state, JOB_OVER);
    ck_assert_int_eq(story->machine.attempt.cause, JOB_STOPPED);
    return story->machine.exit_code;
}

START_TEST(who_is_asked_to_stop_takes_a_checkpoint_first)
{
    struct story story;

    run_until_stopped(&story, SIGTERM, 0);
    ck_assert_uint_eq(story.acts, JOB_DO_ASK_SAVE);
    /* Not one that had been on its way. */
    step(&story, (struct job_event){.kind = JOB_PUBLISHED, .epoch = 1});
    ck_assert_uint_eq(story.acts, 0);
    step(&story,
         (struct job_event){.kind = JOB_PUBLISHED, .epoch = 2, .is_asked_for = true});
    ck_assert_int_eq(end_stopped(&story), JOB_EXIT_AGAIN);

    run_until_stopped(&story, SIGTERM, 0);
    step(&story, (struct job_event){.kind = JOB_CANNOT_SAVE});
    ck_assert_int_eq(end_stopped(&story), 128 + SIGTERM);

    run_until_stopped(&story, SIGUSR1, 3); /* the old one is still there */
    step(&story, (struct job_event){.kind = JOB_CANNOT_SAVE});
    ck_assert_int_eq(end_stopped(&story), JOB_EXIT_AGAIN);

    run_until_stopped(&story, SIGTERM, 3);
    step(&story, (struct job_event){.kind = JOB_STOP, .signal_number = SIGTERM});
    ck_assert_int_eq(end_stopped(&story), JOB_EXIT_AGAIN);

    run_until_stopped(&story, SIGINT, 3);
    ck_assert_int_eq(end_stopped(&story), 128 + SIGINT);
}
END_TEST

START_TEST(who_completes_while_asked_to_stop_has_completed)
{
    struct story story;

    run_until_stopped(&story, SIGTERM, 0);
    step(&story, (struct job_event){.kind = JOB_ENDED, .exit_code = 0});
    step(&story, (struct job_event){.kind = JOB_GONE, .is_complete = true});
    ck_assert_int_eq(story.machine.exit_code, 0);
}
END_TEST

CHECK_MAIN("job_machine",
           any_order_of_events_is_survived,
           time_alone_ends_everything,
           a_crash_loop_ends_after_exactly_so_many_restarts,
           a_new_checkpoint_begins_the_count_anew_and_spares_the_wait,
           failures_outside_the_window_are_forgotten,
           a_checkpoint_that_fails_twice_is_left_for_an_older_one,
           who_never_came_says_nothing_about_a_checkpoint,
           who_cannot_select_for_now_tries_again,
           exit_codes_are_understood,
           who_is_asked_to_stop_takes_a_checkpoint_first,
           who_completes_while_asked_to_stop_has_completed)
