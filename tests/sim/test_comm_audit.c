/* SPDX-License-Identifier: BSD-3-Clause */
#include "comm/internal.h"
#include "sim/test_comm_sides.h"
#include "support/check_main.h"

/*
 * What comm counts, and what its audit says of counts that do not fit: of a stopped job
 * one is altered, named, and put right again.
 */

/* What the audit says of rank 3, which is all well when that is nothing. */
static void expect_audit(const char *wanted)
{
    struct base_bytes text;

    base_bytes_init(&text);
    ck_assert_int_eq(comm_audit(sides[3].comm, &text), wanted[0] == '\0');
    base_bytes_append(&text, "", 1);
    ck_assert_str_eq((const char *)text.data, wanted);
    base_bytes_fini(&text);
}

/* ---- faults ---- */

enum { N_SAID = 8 };

/* Rank 3 takes what rank 0 says, each in a frame, and tells it of its credits. */
static struct comm_step listening_step(struct troupe *rank)
{
    struct side *me = side_of(rank);

    turn(me);
    if (comm_rank(me->comm) == 0 && !me->is_said) {
        for (int i = 0; i < N_SAID; i++) {
            say(me, 3);
            comm_flush(me->comm, COMM_FLUSH_IDLE);
        }
    }
    return comm_rank(me->comm) != 3 || me->n_taken == N_SAID ? done : idle;
}

static struct comm *stop_listeners(void)
{
    setup(&plain);
    expect_audit("comm: rank 3 was not stopped\n");
    ck_assert_int_eq(comm_sim_drive(sim, listening_step).end, COMM_SIM_DONE);
    expect_audit("");
    return sides[3].comm;
}

START_TEST(records_that_were_lost)
{
    struct comm_origin *origin = stop_listeners()->origins[0];
    struct message_envelope half = {0};

    origin->n_taken--;
    expect_audit("comm: rank 0 posted 8 records to rank 3, which took 7\n");
    origin->n_taken += 2;
    expect_audit("comm: rank 0 posted 8 records to rank 3, which took 9\n");
    origin->n_taken--;
    origin->partial = &half;
    expect_audit("comm: half a record from rank 0 is left\n");
    origin->partial = NULL;
    sides[3].comm->n_kept_live++;
    expect_audit("comm: 1 payloads of rank 3 were never fetched\n");
    sides[3].comm->n_kept_live--;
    expect_audit("");
    teardown();
}
END_TEST

/* One credit is not home, or one frame: of each place where it may be. */
static void lose(uint32_t *count, const char *format, uint32_t there, uint32_t known)
{
    char wanted[200];

    (*count)--;
    snprintf(wanted, sizeof wanted, format, there, known - 1);
    expect_audit(wanted);
    *count += 2;
    snprintf(wanted, sizeof wanted, format, there, known + 1);
    expect_audit(wanted);
    (*count)--;
    expect_audit("");
}

START_TEST(credits_that_are_not_home)
{
    static const char format[] =
        "comm: rank 3 has %u slots, and %u credits are out or spare\n";
    struct comm *comm = stop_listeners();
    uint32_t n = comm->n_slots;

    lose(&comm->n_spare, format, n, n);
    lose(&comm->links[0]->in[COMM_LAST_HOP].allowed, format, n, n);
    lose(&comm->links[0]->in[COMM_FIRST_HOP].allowed, format, n, n);
    teardown();
}
END_TEST

START_TEST(frames_that_nobody_knows_of)
{
    static const char format[] = "comm: rank 3 made %u frames and knows of %u\n";
    struct comm *comm = stop_listeners();
    struct comm_frame *control = comm->links[0]->control;
    uint32_t n = 0;
    char wanted[200];

    BASE_LIST_EACH(node, &comm->frames)
    n++;
    lose(&comm->n_free, format, n, n);
    lose(&comm->n_control_slots, format, n, n);
    lose(&comm->n_pipe_slots, format, n, n);
    ck_assert_ptr_nonnull(control);
    comm->links[0]->control = NULL;
    snprintf(wanted, sizeof wanted, format, n, n - 1);
    expect_audit(wanted);
    comm->links[0]->control = control;
    expect_audit("");
    teardown();
}
END_TEST

static struct comm_step careless_step(struct troupe *rank)
{
    struct side *me = side_of(rank);

    comm_poll(me->comm);
    if (comm_rank(me->comm) == 0 && !me->is_said) {
        say(me, 3);
        comm_flush(me->comm, COMM_FLUSH_IDLE);
    }
    return done; /* rank 3 does not look */
}

START_TEST(records_after_the_end)
{
    setup(&plain);
    ck_assert_int_eq(comm_sim_drive(sim, careless_step).end, COMM_SIM_DONE);
    expect_audit("comm: 1 records came to rank 3 after its end\n");
    teardown();
}
END_TEST

/* ---- counts ---- */

enum { BIG = COMM_N_FLUSH_CAUSES };

/* What rank 0 does, once a millisecond, when all credits are back. */
static const uint8_t script[] = {
    BIG,
    BIG,
    COMM_FLUSH_IDLE,
    COMM_FLUSH_AGE,
    COMM_FLUSH_AGE,
    COMM_FLUSH_AGE,
    COMM_FLUSH_AGE,
    COMM_FLUSH_BLOCK,
    COMM_FLUSH_URGENT,
    COMM_FLUSH_URGENT,
    COMM_FLUSH_URGENT,
    COMM_FLUSH_URGENT,
    COMM_FLUSH_URGENT,
};
/* A big record fills its frame, so that the next one makes it leave. */
enum {
    N_SCRIPT = sizeof script,
    N_FULL = 2,
    N_IDLE = 3,
    N_AGE = 4,
    N_BLOCK = 1,
    N_URGENT = 5,
    N_FRAMES = N_FULL + N_IDLE + N_AGE + N_BLOCK + N_URGENT,
};
static struct comm_counts counted;

static void say_big(struct side *me)
{
    static const unsigned char payload[8192];
    const struct comm_header header = {.kind = KIND};
    size_t size_bytes = me->comm->options.frame_bytes / 2;

    ck_assert_uint_le(size_bytes, sizeof payload);
    ck_assert(comm_post(me->comm, 3, &header, payload, size_bytes) == TROUPE_OK);
}

static void act(struct side *me, uint8_t action)
{
    if (action == BIG) {
        say_big(me);
        say_big(me);
        comm_flush(me->comm, COMM_FLUSH_IDLE);
        return;
    }
    say(me, 3);
    if (action != COMM_FLUSH_AGE) /* by itself */
        comm_flush_rank(me->comm, 3, (enum comm_flush_cause)action);
}

static struct comm_step acting_step(struct troupe *rank)
{
    enum { PAUSE_NS = 1000 * 1000 };
    struct side *me = side_of(rank);

    if (comm_rank(me->comm) != 0) {
        turn(me);
        return comm_rank(me->comm) != 3 || me->n_taken == N_FRAMES ? done : idle;
    }
    comm_poll(me->comm);
    if (comm_now_ns(me->comm) < me->n_steps * (int64_t)PAUSE_NS)
        return (struct comm_step){COMM_STEP_IDLE, me->n_steps * (int64_t)PAUSE_NS};
    if (me->n_steps < N_SCRIPT) {
        act(me, script[me->n_steps++]);
        return (struct comm_step){COMM_STEP_IDLE, me->n_steps * (int64_t)PAUSE_NS};
    }
    comm_count(me->comm, &counted);
    return done;
}

START_TEST(frames_are_counted_by_cause)
{
    static const uint64_t wanted[] = {N_FULL, N_IDLE, N_AGE, N_BLOCK, N_URGENT};
    struct comm_counts taken;

    setup(&plain);
    ck_assert_int_eq(comm_sim_drive(sim, acting_step).end, COMM_SIM_DONE);
    for (int i = 0; i < COMM_N_FLUSH_CAUSES; i++)
        ck_assert_msg(counted.n_flushes[i] == wanted[i], "cause %d: %llu", i,
                      (unsigned long long)counted.n_flushes[i]);
    ck_assert_uint_eq(counted.n_records_posted, N_FRAMES); /* one in each */
    ck_assert_uint_eq(counted.n_frames_sent, N_FRAMES);
    ck_assert_uint_eq(counted.n_filled_bytes, counted.n_bytes_sent);
    ck_assert_uint_gt(counted.n_bytes_sent,
                      2 * N_FULL * (sides[0].comm->options.frame_bytes / 2));
    ck_assert_uint_eq(counted.n_credit_stalls, 0);
    comm_count(sides[3].comm, &taken);
    ck_assert_uint_ge(taken.n_frames_received, N_FRAMES);
    ck_assert_uint_ge(taken.n_bytes_received, counted.n_bytes_sent);
    teardown();
}
END_TEST

enum { N_STALLS = 3 };

/* Frames that fill up while nobody polls, some more than there are credits. */
static struct comm_step stalling_step(struct troupe *rank)
{
    struct side *me = side_of(rank);

    if (comm_rank(me->comm) == 0 && !me->is_said) {
        uint32_t n_credits = me->comm->options.initial_credits;

        for (uint32_t i = 0; i < n_credits + N_STALLS + 1; i++)
            say_big(me);
        me->is_said = true;
        comm_count(me->comm, &counted);
        ck_assert_uint_eq(counted.n_frames_sent, n_credits);
        ck_assert_uint_eq(counted.n_flushes[COMM_FLUSH_FULL], n_credits + N_STALLS);
    }
    turn(me);
    return comm_rank(me->comm) != 3 || me->n_taken ? done : idle;
}

START_TEST(frames_without_credits_are_counted)
{
    setup(&plain);
    ck_assert_int_eq(comm_sim_drive(sim, stalling_step).end, COMM_SIM_DONE);
    ck_assert_uint_eq(counted.n_credit_stalls, N_STALLS);
    teardown();
}
END_TEST

/* Rank 1 does not poll for a while; a sleep is no such while. */
static struct comm_step long_step(struct troupe *rank)
{
    enum { LONG_NS = 2000 * 1000, N_STEPS = 1000 };
    struct side *me = side_of(rank);
    int64_t now_ns = comm_now_ns(me->comm);

    turn(me);
    if (me->n_steps++ == 0 && comm_rank(me->comm) == 1)
        while (comm_now_ns(me->comm) < now_ns + LONG_NS)
            continue;
    if (me->n_steps == N_STEPS / 2)
        return (struct comm_step){COMM_STEP_IDLE, now_ns + 10 * LONG_NS};
    return me->n_steps < N_STEPS ? busy : done;
}

START_TEST(the_longest_gap_is_counted)
{
    struct comm_counts late, other;

    setup(&plain);
    ck_assert_int_eq(comm_sim_drive(sim, long_step).end, COMM_SIM_DONE);
    comm_count(sides[1].comm, &late);
    comm_count(sides[2].comm, &other);
    ck_assert_int_ge(late.longest_poll_gap_ns, 2000 * 1000);
    ck_assert_int_lt(late.longest_poll_gap_ns, 3000 * 1000);
    ck_assert_int_gt(other.longest_poll_gap_ns, 0);
    ck_assert_int_lt(other.longest_poll_gap_ns, 1000 * 1000);
    teardown();
}
END_TEST

CHECK_MAIN("comm_audit",
           records_that_were_lost,
           credits_that_are_not_home,
           frames_that_nobody_knows_of,
           records_after_the_end,
           frames_are_counted_by_cause,
           frames_without_credits_are_counted,
           the_longest_gap_is_counted)
