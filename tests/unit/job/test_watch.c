/* SPDX-License-Identifier: BSD-3-Clause */
#include "job/watch.h"
#include "support/check_main.h"

/* What a supervisor concludes from what ranks say and do not say. */

enum { N_RANKS = 3 };
static const int64_t liveness_ns = 30, progress_ns = 600;

static void hello(struct job_watch *watch, uint32_t rank, int64_t now_ns)
{
    const struct control_message message = {.kind = CONTROL_HELLO,
                                            .rank = rank,
                                            .n_ranks = N_RANKS,
                                            .process_id = 100 + rank};

    ck_assert(job_watch_hello(watch, &message, now_ns));
}

static void begin(struct job_watch *watch)
{
    job_watch_init(watch, N_RANKS);
    for (uint32_t i = 0; i < N_RANKS; i++)
        hello(watch, i, 1);
}

static void beat(struct job_watch *watch,
                 uint32_t rank,
                 enum control_activity activity,
                 uint64_t n_turns,
                 int64_t now_ns)
{
    const struct control_message message = {
        .kind = CONTROL_BEAT, .activity = activity, .n_turns = n_turns};

    job_watch_beat(watch, rank, &message, now_ns);
}

static void beat_all(struct job_watch *watch,
                     enum control_activity activity,
                     uint64_t n_turns,
                     int64_t now_ns)
{
    for (uint32_t i = 0; i < N_RANKS; i++)
        beat(watch, i, activity, n_turns, now_ns);
}

static struct job_verdict check(const struct job_watch *watch, int64_t now_ns)
{
    return job_watch_check(watch, liveness_ns, progress_ns, now_ns);
}

START_TEST(a_silent_rank_is_found_when_its_time_is_over)
{
    struct job_watch watch;

    begin(&watch);
    beat_all(&watch, CONTROL_WAITING, 1, 10);
    beat(&watch, 0, CONTROL_WAITING, 1, 30);
    beat(&watch, 2, CONTROL_WAITING, 1, 30);
    ck_assert_int_eq(check(&watch, 39).hang, JOB_NO_HANG);
    ck_assert_int_eq(check(&watch, 40).hang, JOB_HANG_SILENT);
    ck_assert_int_eq(check(&watch, 40).rank, 1);
    ck_assert_int_eq(job_watch_check(&watch, 0, 0, 40000).hang, JOB_NO_HANG);
    (void)job_watch_lose(&watch, 1); /* then it is known otherwise */
    ck_assert_int_eq(check(&watch, 40).hang, JOB_NO_HANG);
    job_watch_fini(&watch);
}
END_TEST

START_TEST(the_longest_silence_is_named)
{
    struct job_watch watch;

    begin(&watch);
    beat(&watch, 0, CONTROL_IDLE, 1, 5);
    beat(&watch, 1, CONTROL_IDLE, 1, 3);
    beat(&watch, 2, CONTROL_IDLE, 1, 4);
    ck_assert_int_eq(check(&watch, 100).rank, 1);
    ck_assert_int_eq(check(&watch, 100).since_ns, 97);
    job_watch_fini(&watch);
}
END_TEST

START_TEST(an_endless_turn_is_found_and_a_long_wait_is_not)
{
    struct job_watch watch;

    begin(&watch);
    for (int64_t now_ns = 10; now_ns < 600; now_ns += 10) {
        beat(&watch, 0, CONTROL_WAITING, 1, now_ns);
        beat(&watch, 1, CONTROL_IDLE, 1, now_ns);
        beat(&watch, 2, CONTROL_BUSY, 7, now_ns);
    }
    ck_assert_int_eq(check(&watch, 609).hang, JOB_NO_HANG);
    beat(&watch, 0, CONTROL_WAITING, 1, 609);
    beat(&watch, 1, CONTROL_IDLE, 1, 609);
    beat(&watch, 2, CONTROL_BUSY, 7, 609);
    ck_assert_int_eq(check(&watch, 610).hang, JOB_HANG_STUCK);
    ck_assert_int_eq(check(&watch, 610).rank, 2);
    beat(&watch, 2, CONTROL_BUSY, 8, 610);
    ck_assert_int_eq(check(&watch, 610).hang, JOB_NO_HANG);
    job_watch_fini(&watch);
}
END_TEST

START_TEST(all_idle_without_a_timer_is_a_hang)
{
    struct job_watch watch;

    begin(&watch);
    beat_all(&watch, CONTROL_IDLE, 1, 10);
    beat_all(&watch, CONTROL_IDLE, 1, 610);
    ck_assert_int_eq(check(&watch, 610).hang, JOB_HANG_STILL);
    ck_assert_int_eq(check(&watch, 610).rank, -1);
    beat(&watch, 1, CONTROL_WAITING, 1, 610);
    ck_assert_int_eq(check(&watch, 610).hang, JOB_NO_HANG);
    job_watch_fini(&watch);
}
END_TEST

START_TEST(the_job_is_complete_when_all_say_so)
{
    struct job_watch watch;
    int exit_code;

    begin(&watch);
    job_watch_complete(&watch, 0, 0);
    job_watch_complete(&watch, 0, 0);
    job_watch_complete(&watch, 2, 71);
    ck_assert(!job_watch_is_complete(&watch, &exit_code));
    ck_assert(job_watch_lose(&watch, 1));
    ck_assert(!job_watch_lose(&watch, 2));
    job_watch_complete(&watch, 1, 0);
    ck_assert(job_watch_is_complete(&watch, &exit_code));
    ck_assert_int_eq(exit_code, 71);
    /* The program runs a second job in the same process. */
    hello(&watch, 2, 50);
    ck_assert(!job_watch_is_complete(&watch, &exit_code));
    ck_assert_uint_eq(watch.n_here, N_RANKS);
    job_watch_fini(&watch);
}
END_TEST

START_TEST(who_was_silent_is_not_waited_for)
{
    struct job_watch watch;

    begin(&watch);
    beat_all(&watch, CONTROL_BUSY, 1, 10);
    beat(&watch, 0, CONTROL_BUSY, 1, 50);
    beat(&watch, 2, CONTROL_BUSY, 1, 60);
    job_watch_await(&watch, 50);
    ck_assert_uint_eq(watch.n_awaited, 2);
    ck_assert(!job_watch_dumped(&watch, 1)); /* wakes up after all */
    ck_assert(!job_watch_dumped(&watch, 2));
    ck_assert(!job_watch_dumped(&watch, 2));
    ck_assert(job_watch_dumped(&watch, 0));
    job_watch_fini(&watch);
}
END_TEST

START_TEST(strangers_are_not_let_in)
{
    struct control_message message = {.kind = CONTROL_HELLO, .rank = 1, .n_ranks = 4};
    struct job_watch watch;

    job_watch_init(&watch, N_RANKS);
    ck_assert(!job_watch_hello(&watch, &message, 1));
    message.n_ranks = N_RANKS;
    ck_assert(job_watch_hello(&watch, &message, 1));
    ck_assert(!job_watch_hello(&watch, &message, 1)); /* a second one of it */
    ck_assert_uint_eq(watch.n_here, 1);
    job_watch_fini(&watch);
}
END_TEST

CHECK_MAIN("job_watch",
           a_silent_rank_is_found_when_its_time_is_over,
           the_longest_silence_is_named,
           an_endless_turn_is_found_and_a_long_wait_is_not,
           all_idle_without_a_timer_is_a_hang,
           the_job_is_complete_when_all_say_so,
           who_was_silent_is_not_waited_for,
           strangers_are_not_let_in)
