/* SPDX-License-Identifier: BSD-3-Clause */
/* seeds: 50 */
#include "sim/test_comm_sides.h"
#include "support/check_main.h"

/*
 * What the simulator makes of chance: ranks that are slow, ranks that stop, delays that
 * put messages of different pairs in another order and never those of one. Each must
 * happen, and all of it again with the same seed.
 */

enum { FEW_SEEDS = 20 }; /* need not show what chance brings */

static const int64_t us = 1000, ms = 1000 * 1000;

static void
run(const struct comm_sim_options *options, uint64_t seed, comm_step_fn *step)
{
    struct comm_sim_options seeded = *options;

    seeded.seed = seed;
    setup(&seeded);
    ck_assert_int_eq(comm_sim_drive(sim, step).end, COMM_SIM_DONE);
    teardown();
}

/* ---- slow ranks ---- */

enum { N_STEPS = 200, STEP_NS = 1000 };

static int64_t began_ns[N_RANKS], per_step_ns[N_RANKS];

static struct comm_step counting_step(struct troupe *rank)
{
    struct side *me = side_of(rank);
    int self = comm_rank(me->comm);
    int64_t now_ns = comm_now_ns(me->comm);

    if (me->n_steps++ == 0)
        began_ns[self] = now_ns;
    per_step_ns[self] = (now_ns - began_ns[self]) / N_STEPS;
    return me->n_steps > N_STEPS ? done : busy;
}

/* Of all ranks of all seeds: how many times the normal a step takes, rounded. */
struct slowness {
    uint64_t n_ranks, n_slow;
    int64_t most;
};

static struct slowness see_slowness(uint32_t slow_percent)
{
    const struct comm_sim_options options = {
        .n_ranks = N_RANKS, .slow_percent = slow_percent, .step_cost_ns = STEP_NS};
    struct slowness seen = {0};

    for (uint64_t seed = 1; seed <= test_n_seeds(50); seed++) {
        run(&options, seed, counting_step);
        for (int i = 0; i < N_RANKS; i++) {
            /* A step takes once to twice its cost. */
            int64_t times = (per_step_ns[i] + STEP_NS / 2) / (STEP_NS * 3 / 2);

            ck_assert_int_ge(times, 1);
            seen.n_ranks++;
            seen.n_slow += times > 1;
            seen.most = times > seen.most ? times : seen.most;
        }
    }
    return seen;
}

START_TEST(some_ranks_are_slow)
{
    struct slowness none = see_slowness(0), half = see_slowness(50),
                    all = see_slowness(100);

    ck_assert_uint_eq(none.n_slow, 0);
    ck_assert_uint_eq(all.n_slow, all.n_ranks);
    ck_assert_int_le(all.most, 31);
    if (test_n_seeds(50) < FEW_SEEDS)
        return;
    ck_assert_uint_gt(half.n_slow, half.n_ranks / 4);
    ck_assert_uint_lt(half.n_slow, half.n_ranks * 3 / 4);
    ck_assert_int_gt(all.most, 20);
}
END_TEST

/* ---- ranks that stop ---- */

enum { N_BINS = 200, BIN_NS = 100 * 1000 }; /* 20 ms */

static bool has_stepped[N_RANKS][N_BINS];
static int64_t stepped_ns[N_RANKS], longest_gap_ns[N_RANKS];
static int64_t went_on_ns[N_RANKS]; /* after its last stop */

static struct comm_step stepping_step(struct troupe *rank)
{
    struct side *me = side_of(rank);
    int self = comm_rank(me->comm);
    int64_t now_ns = comm_now_ns(me->comm), gap_ns = now_ns - stepped_ns[self];

    turn(me);
    if (gap_ns > 2 * us) {
        /* Chance is asked once a millisecond. */
        ck_assert_int_gt(stepped_ns[self] - went_on_ns[self], ms - 2 * us);
        went_on_ns[self] = now_ns;
    }
    stepped_ns[self] = now_ns;
    if (now_ns >= (int64_t)N_BINS * BIN_NS)
        return done;
    longest_gap_ns[self] =
        gap_ns > longest_gap_ns[self] ? gap_ns : longest_gap_ns[self];
    has_stepped[self][now_ns / BIN_NS] = true;
    return busy;
}

/* In how many tenths of a millisecond one rank does nothing while another goes on. */
static int see_stops(uint32_t stop_percent, uint64_t seed)
{
    const struct comm_sim_options options = {.n_ranks = N_RANKS,
                                             .stop_percent = stop_percent};
    int n_stopped = 0;

    memset(has_stepped, 0, sizeof has_stepped);
    memset(stepped_ns, 0, sizeof stepped_ns);
    memset(longest_gap_ns, 0, sizeof longest_gap_ns);
    memset(went_on_ns, 0, sizeof went_on_ns);
    run(&options, seed, stepping_step);
    for (int i = 0; i < N_BINS; i++)
        n_stopped += !has_stepped[0][i] && has_stepped[1][i];
    return n_stopped;
}

START_TEST(some_ranks_stop)
{
    int n_stopped = 0;
    int64_t most_ns = 0;

    for (uint64_t seed = 1; seed <= test_n_seeds(50) / 5; seed++) {
        ck_assert_int_eq(see_stops(0, seed), 0);
        ck_assert_int_lt(longest_gap_ns[0], 2 * us);
        n_stopped += see_stops(30, seed);
        ck_assert_int_lt(longest_gap_ns[0], 5 * ms + 2 * us);
        most_ns = longest_gap_ns[0] > most_ns ? longest_gap_ns[0] : most_ns;
    }
    if (test_n_seeds(50) < FEW_SEEDS)
        return;
    ck_assert_int_gt(n_stopped, 0);
    ck_assert_int_gt(most_ns, 3 * ms);
}
END_TEST

/* ---- delays and order ---- */

enum { N_SAID = 3, DELAY_NS = 20 * 1000, MORE_NS = 30 * 1000 };

static struct {
    int n_heard, order[2 * N_SAID]; /* by whom, as rank 3 hears it */
    uint32_t n_from[N_RANKS];
    int64_t shortest_ns, longest_ns; /* of the first records of both */
} heard;

static void hear(struct side *me, const struct comm_record *record)
{
    int64_t took_ns = comm_now_ns(me->comm) - (int64_t)record->header.to;

    /* Within a pair nothing overtakes. */
    ck_assert_uint_eq(record->header.reference, ++heard.n_from[record->source]);
    heard.order[heard.n_heard++] = record->source;
    ck_assert_int_ge(took_ns, DELAY_NS);
    if (record->header.reference > 1) /* has waited for the one before, or a credit */
        return;
    ck_assert_int_le(took_ns, DELAY_NS + MORE_NS + 2 * us);
    if (heard.shortest_ns == 0 || took_ns < heard.shortest_ns)
        heard.shortest_ns = took_ns;
    heard.longest_ns = took_ns > heard.longest_ns ? took_ns : heard.longest_ns;
}

/* Each in a frame of its own. */
static void tell(struct side *me)
{
    for (uint64_t i = 1; i <= N_SAID; i++) {
        const struct comm_header header = {
            .kind = KIND, .to = (uint64_t)comm_now_ns(me->comm), .reference = i};

        ck_assert(comm_post(me->comm, 3, &header, NULL, 0) == TROUPE_OK);
        comm_flush_rank(me->comm, 3, COMM_FLUSH_URGENT);
    }
    me->is_said = true;
}

/* Ranks 0 and 1 speak to rank 3 at the same time. */
static struct comm_step telling_step(struct troupe *rank)
{
    struct side *me = side_of(rank);
    int self = comm_rank(me->comm);
    struct comm_record record;

    comm_poll(me->comm);
    while (comm_next(me->comm, &record))
        hear(me, &record);
    if (self < 2 && !me->is_said)
        tell(me);
    return self != 3 || heard.n_heard == 2 * N_SAID ? done : idle;
}

START_TEST(messages_of_pairs_change_places)
{
    const struct comm_sim_options options = {.n_ranks = N_RANKS,
                                             .min_delay_ns = DELAY_NS,
                                             .max_delay_ns = DELAY_NS + MORE_NS};
    int n_first[N_RANKS] = {0};
    int64_t shortest_ns = INT64_MAX, longest_ns = 0;

    for (uint64_t seed = 1; seed <= test_n_seeds(50); seed++) {
        memset(&heard, 0, sizeof heard);
        run(&options, seed, telling_step);
        n_first[heard.order[0]]++;
        if (heard.shortest_ns < shortest_ns)
            shortest_ns = heard.shortest_ns;
        longest_ns = heard.longest_ns > longest_ns ? heard.longest_ns : longest_ns;
    }
    if (test_n_seeds(50) < FEW_SEEDS)
        return;
    ck_assert_int_gt(n_first[0], 0);
    ck_assert_int_gt(n_first[1], 0);
    ck_assert_int_lt(shortest_ns, DELAY_NS + MORE_NS / 4);
    ck_assert_int_gt(longest_ns, DELAY_NS + MORE_NS * 3 / 4);
}
END_TEST

/* ---- one seed, one run ---- */

/* All speak to all, and hear it. */
static struct comm_step chatting_step(struct troupe *rank)
{
    enum { N_ROUNDS = 50 };
    struct side *me = side_of(rank);

    turn(me);
    if (me->n_steps++ < N_ROUNDS)
        for (int i = 0; i < N_RANKS; i++)
            if (i != comm_rank(me->comm))
                say(me, i);
    return me->n_steps < N_ROUNDS || me->n_taken < N_ROUNDS * (N_RANKS - 1) ? busy
                                                                            : done;
}

static struct comm_sim_result chat(uint64_t seed)
{
    const struct comm_sim_options options = {.n_ranks = N_RANKS,
                                             .seed = seed,
                                             .slow_percent = 50,
                                             .stop_percent = 50,
                                             .time_limit_ns = 1000 * ms};
    struct comm_sim_result result;

    setup(&options);
    result = comm_sim_drive(sim, chatting_step);
    ck_assert_int_eq(result.end, COMM_SIM_DONE);
    teardown();
    return result;
}

START_TEST(one_seed_is_one_run)
{
    enum { N_SEEDS = 10 };
    struct comm_sim_result seen[N_SEEDS];

    for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
        struct comm_sim_result one = chat(seed), again = chat(seed);

        ck_assert_uint_gt(one.n_deliveries, 0);
        ck_assert_uint_eq(one.trace_hash, again.trace_hash);
        ck_assert_uint_eq(one.n_steps, again.n_steps);
        ck_assert_uint_eq(one.n_deliveries, again.n_deliveries);
        ck_assert_int_eq(one.virtual_ns, again.virtual_ns);
        seen[seed] = one;
        for (uint64_t other = 0; other < seed; other++) {
            ck_assert_uint_ne(seen[other].trace_hash, one.trace_hash);
            ck_assert_int_ne(seen[other].virtual_ns, one.virtual_ns);
        }
    }
}
END_TEST

CHECK_MAIN("comm_chance",
           some_ranks_are_slow,
           some_ranks_stop,
           messages_of_pairs_change_places,
           one_seed_is_one_run)
