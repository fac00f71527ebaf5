/* SPDX-License-Identifier: BSD-3-Clause */
#include "sim/test_comm_sides.h"
#include "support/check_main.h"

/* The simulator itself: its clock, its ends, and death on it. */

/* ---- time ---- */

static struct comm_step sleep_step(struct troupe *rank)
{
    struct side *me = side_of(rank);
    enum { WAIT_NS = 1000 * 1000 };
    int64_t now_ns = comm_now_ns(me->comm);
    if (me->n_steps++ == 10) {
        ck_assert_int_ge(now_ns, 10 * WAIT_NS);
        ck_assert_int_lt(now_ns, 11 * WAIT_NS);
        return done;
    }
    ck_assert_int_gt(comm_now_ns(me->comm), now_ns);
    return (struct comm_step){COMM_STEP_IDLE, now_ns + WAIT_NS};
}

START_TEST(time_is_virtual)
{
    setup(&plain);
    struct comm_sim_result result = comm_sim_drive(sim, sleep_step);
    ck_assert_int_eq(result.end, COMM_SIM_DONE);
    ck_assert_str_eq(comm_backend_name(sides[0].comm), "sim");
    ck_assert_ptr_null(comm_communicator(sides[0].comm));
    teardown();
}
END_TEST

/* ---- ends ---- */

static struct comm_step idle_step(struct troupe *rank)
{
    turn(side_of(rank));
    return idle;
}

static struct comm_step offering_step(struct troupe *rank)
{
    turn(side_of(rank));
    comm_quiet_offer(side_of(rank)->comm, 1, 1, false);
    return idle;
}

static struct comm_step busy_step(struct troupe *rank)
{
    turn(side_of(rank));
    return busy;
}

START_TEST(stuck)
{
    setup(&plain);
    ck_assert_int_eq(comm_sim_drive(sim, idle_step).end, COMM_SIM_STUCK);
    teardown();
    /* The detector's own traffic is no sign of life. */
    setup(&plain);
    ck_assert_int_eq(comm_sim_drive(sim, offering_step).end, COMM_SIM_STUCK);
    teardown();
}
END_TEST

START_TEST(limits)
{
    struct comm_sim_options options = plain;
    options.step_limit = 1000;
    setup(&options);
    struct comm_sim_result result = comm_sim_drive(sim, busy_step);
    ck_assert_int_eq(result.end, COMM_SIM_LIMIT);
    ck_assert_uint_eq(result.n_steps, 1000);
    teardown();
    options.step_limit = 0;
    options.time_limit_ns = 1000000;
    setup(&options);
    ck_assert_int_eq(comm_sim_drive(sim, busy_step).end, COMM_SIM_LIMIT);
    teardown();
}
END_TEST

/* ---- death ---- */

static struct comm_step aborting_step(struct troupe *rank)
{
    struct side *me = side_of(rank);
    turn(me);
    if (!me->is_said)
        say(me, (comm_rank(me->comm) + 1) % N_RANKS);
    if (me->n_steps++ == 20 && comm_rank(me->comm) == 2)
        comm_abort(me->comm, 42);
    return busy;
}

static struct comm_step dying_step(struct troupe *rank)
{
    struct side *me = side_of(rank);
    turn(me);
    base_require(me->n_steps++ < 20, "as it should be in this test");
    return busy;
}

START_TEST(abort_comes_back_to_the_driver)
{
    setup(&plain);
    struct comm_sim_result result = comm_sim_drive(sim, aborting_step);
    ck_assert_int_eq(result.end, COMM_SIM_ABORTED);
    ck_assert_int_eq(result.exit_code, 42);
    teardown();
    setup(&plain);
    result = comm_sim_drive(sim, dying_step);
    ck_assert_int_eq(result.end, COMM_SIM_ABORTED);
    ck_assert_int_ne(result.exit_code, 0);
    teardown();
}
END_TEST

/* Rank 1 posts and dies at once; rank 2 still gets it, and goes on without it. */
static struct comm_step killed_step(struct troupe *rank)
{
    struct side *me = side_of(rank);
    if (comm_rank(me->comm) == 1) {
        ck_assert(!me->is_said);
        say(me, 2);
        comm_flush(me->comm, COMM_FLUSH_IDLE);
        comm_sim_kill(sim, 1);
        return busy;
    }
    turn(me);
    if (comm_rank(me->comm) != 2)
        return done;
    if (!me->is_said)
        say(me, 1); /* to nobody */
    return me->n_taken ? done : idle;
}

START_TEST(a_rank_may_die)
{
    setup(&plain);
    ck_assert_int_eq(comm_sim_drive(sim, killed_step).end, COMM_SIM_DONE);
    ck_assert_uint_eq(sides[2].n_taken, 1);
    teardown();
}
END_TEST

/* ---- age ---- */

/* Nobody flushes, yet it comes, when it is 50 us old. */
static struct comm_step lazy_step(struct troupe *rank)
{
    struct side *me = side_of(rank);
    struct comm_record record;
    comm_poll(me->comm);
    while (comm_next(me->comm, &record))
        take(rank, &record);
    if (comm_rank(me->comm) == 0 && !me->is_said)
        say(me, 3);
    return me->n_taken || comm_rank(me->comm) != 3 ? done : idle;
}

static struct comm_step lazy_until_step(struct troupe *rank)
{
    struct side *me = side_of(rank);
    struct comm_step result = lazy_step(rank);
    /* Done ranks are flushed by the end, so the sender stays. */
    return comm_rank(me->comm) == 0 && !sides[3].n_taken
               ? (struct comm_step){COMM_STEP_IDLE, comm_now_ns(me->comm) + 1000}
               : result;
}

START_TEST(old_frames_leave)
{
    setup(&plain);
    ck_assert_int_eq(comm_sim_drive(sim, lazy_until_step).end, COMM_SIM_DONE);
    ck_assert_int_gt(sides[3].took_ns, 50 * 1000);
    ck_assert_int_lt(sides[3].took_ns, 100 * 1000);
    struct comm_counts counts;
    comm_count(sides[0].comm, &counts);
    ck_assert_uint_eq(counts.n_flushes[COMM_FLUSH_AGE], 1);
    teardown();
}
END_TEST

/* ---- frames that are in a hurry ---- */

/* As many as leave while the peer does not look. */
static uint64_t hurry(struct side *me)
{
    enum { N_TRIES = 32 };
    struct comm_counts before, after;

    comm_count(me->comm, &before);
    for (int i = 0; i < N_TRIES; i++) {
        say(me, 3);
        comm_flush_rank(me->comm, 3, COMM_FLUSH_URGENT);
    }
    comm_count(me->comm, &after);
    return after.n_frames_sent - before.n_frames_sent;
}

static struct {
    uint64_t n_left[3];
    int n_rounds;
    int64_t next_ns; /* all credits are back by then */
} hurries;

static struct comm_step hurried_step(struct troupe *rank)
{
    struct side *me = side_of(rank);
    int64_t now_ns = comm_now_ns(me->comm);

    turn(me);
    if (comm_rank(me->comm) == 0 && hurries.n_rounds < 3 && now_ns >= hurries.next_ns) {
        hurries.n_left[hurries.n_rounds++] = hurry(me);
        hurries.next_ns = now_ns + 10 * 1000 * 1000;
    }
    if (hurries.n_rounds == 3 && now_ns >= hurries.next_ns)
        return done;
    return (struct comm_step){COMM_STEP_IDLE, now_ns + 1000};
}

/* Who must wait for a credit with them gets more, of which he need not have heard of
 * some at any one time. */
START_TEST(hurried_frames_earn_credits)
{
    memset(&hurries, 0, sizeof hurries);
    setup(&plain);
    ck_assert_int_eq(comm_sim_drive(sim, hurried_step).end, COMM_SIM_DONE);
    ck_assert_uint_gt(hurries.n_left[1], hurries.n_left[0]);
    ck_assert_uint_gt(hurries.n_left[2], hurries.n_left[0]);
    teardown();
}
END_TEST

START_TEST(two_hops)
{
    for (int n = 1; n < 70; n++) {
        for (int here = 0; here < n; here++) {
            for (int there = 0; there < n; there++) {
                if (here == there)
                    continue;
                int hop = comm_route_two_hops(here, there, n);
                ck_assert(hop >= 0 && hop < n && hop != here);
                ck_assert(hop == there || comm_route_two_hops(hop, there, n) == there);
            }
        }
    }
}
END_TEST

CHECK_MAIN("comm_sim",
           time_is_virtual,
           stuck,
           limits,
           abort_comes_back_to_the_driver,
           a_rank_may_die,
           old_frames_leave,
           hurried_frames_earn_credits,
           two_hops)
