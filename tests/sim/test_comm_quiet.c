/* seeds: 200 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
#include "sim/test_comm_world.h"
#include "support/check_main.h"

/*
 * The detector against an oracle that shares nothing with it: Safra's algorithm (E. W.
 * Dijkstra, "Shmuel Safra's version of termination detection", EWD998, 1987), a ring
 * with one token, which here passes from rank to rank outside of comm. Ranks do work
 * that makes more work elsewhere, as small records, chunks and payloads apart, and by
 * timers. In some runs they chat all the while: that is no work, is disregarded at both
 * ends, and must neither keep the verdict away nor bring it on. Nor does a ticket keep
 * it away that is asked for when there is other work to do, or never.
 *
 * Never early: when a rank hears that all is quiet, nobody has work or a timer and
 * nothing is on its way; nothing happens afterwards, and Safra agrees. Exactly once: a
 * rank that acts on the verdict hears no second one. In the end: it comes.
 */

enum {
    KIND = BASE_KIND(BASE_SLOT_ACTOR, 1),
    CHAT = BASE_KIND(BASE_SLOT_ACTOR, 2),
    MAX_RANKS = 40,
    HOLD = 1,           /* offered while a timer is set */
    BULK_BYTES = 400000 /* is on its way for longer than several waves take */
};

struct side {
    struct troupe troupe;
    struct comm *comm;
    struct message_pool *pool;
    struct base_random random;
    uint32_t n_work;  /* pieces to be done */
    int64_t timer_ns; /* 0: none; becomes a piece of work */
    uint32_t n_fetching;
    uint64_t kept; /* a ticket that is not asked for yet; 0: none */
    uint64_t kept_bytes;
    int kept_source;
    bool is_final; /* heard a verdict without holds */
    uint32_t n_final;
    /* Safra's */
    int64_t count; /* sent less received */
    bool is_black;
};

static struct {
    struct side side[MAX_RANKS];
    int n_ranks;
    int64_t n_on_way;   /* records and payloads */
    uint32_t n_to_make; /* pieces of work that may still be made */
    uint32_t n_held;    /* verdicts that came with a hold */
    bool failed;
    bool has_chat;
    bool is_final; /* some rank has heard */
    int64_t quiet_since_ns, final_ns;
    struct {
        int at; /* -1: the oracle has not begun a round */
        int64_t sum;
        bool is_black, found;
    } token;
} world;

#define EXPECT(condition)                                                              \
    do {                                                                               \
        if (!(condition)) {                                                            \
            world.failed = true;                                                       \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);            \
        }                                                                              \
    } while (0)

static struct side *side_of(struct troupe *rank)
{
    return CONTAINER_OF(rank, struct side, troupe);
}

static bool is_passive(const struct side *side)
{
    return side->n_work == 0 && side->timer_ns == 0;
}

/* ---- work ---- */

static void give_work(struct side *me)
{
    const struct comm_header header = {.kind = KIND};
    static const unsigned char payload[BULK_BYTES];
    uint32_t n_ranks = (uint32_t)world.n_ranks;
    int peer = (int)base_random_below(&me->random, n_ranks);

    if (peer == comm_rank(me->comm)) {
        me->n_work++;
        return;
    }
    size_t size = TEST_PICK(&me->random, 0, 8, 8, 100, 5000, BULK_BYTES);
    EXPECT(comm_post(me->comm, peer, &header, payload, size) == TROUPE_OK);
    me->count++;
    world.n_on_way++;
}

/* Not so much that a slow rank would do nothing but read it. */
static void chat(struct side *me)
{
    const struct comm_header header = {.kind = CHAT};
    int peer = (int)base_random_below(&me->random, (uint32_t)world.n_ranks);

    if (!world.has_chat || base_random_below(&me->random, 40) > 0 ||
        peer == comm_rank(me->comm) || comm_is_congested(me->comm, peer))
        return;
    EXPECT(comm_post(me->comm, peer, &header, NULL, 0) == TROUPE_OK);
    comm_quiet_disregard_posted(me->comm);
}

static void take_chat(struct troupe *rank, struct comm_record *record)
{
    EXPECT(record->size_bytes == 0);
    comm_quiet_disregard_taken(side_of(rank)->comm);
}

static void fetch(struct side *me, int source, uint64_t ticket, uint64_t size_bytes)
{
    struct message_envelope *envelope = message_take(me->pool, size_bytes);

    envelope->flags |= MESSAGE_PENDING;
    me->n_fetching++;
    comm_fetch(me->comm, source, ticket, envelope);
}

/* To the oracle the ticket has come; the payload is one more that the rank sends. */
static void fetch_kept(struct side *me)
{
    me->count++;
    world.n_on_way++;
    fetch(me, me->kept_source, me->kept, me->kept_bytes);
    me->kept = 0;
}

static void do_work(struct side *me)
{
    me->n_work--;
    if (me->kept && base_random_below(&me->random, 4) == 0)
        fetch_kept(me);
    EXPECT(!world.is_final);
    for (uint32_t n = base_random_below(&me->random, 4); n > 0 && world.n_to_make > 0;
         n--) {
        world.n_to_make--;
        give_work(me);
    }
    if (me->timer_ns == 0 && base_random_below(&me->random, 20) == 0)
        me->timer_ns =
            comm_now_ns(me->comm) + base_random_below(&me->random, 2 * 1000 * 1000);
}

static void receive_work(struct side *me)
{
    EXPECT(!world.is_final);
    me->n_work++;
    me->count--;
    me->is_black = true;
    world.n_on_way--;
}

static void take(struct troupe *rank, struct comm_record *record)
{
    struct side *me = side_of(rank);
    if (!record->ticket) {
        receive_work(me);
        return;
    }
    if (base_random_below(&me->random, 3) == 0) {
        receive_work(me);
        comm_fetch_discard(me->comm, record->source, record->ticket);
    } else if (!me->kept && base_random_below(&me->random, 2)) {
        receive_work(me);
        me->kept = record->ticket;
        me->kept_bytes = record->size_bytes;
        me->kept_source = record->source;
    } else {
        fetch(me, record->source, record->ticket, record->size_bytes);
    }
}

static void fetched(struct troupe *rank, struct message_envelope *envelope)
{
    struct side *me = side_of(rank);
    message_give(me->pool, envelope);
    me->n_fetching--;
    receive_work(me);
}

/* ---- the verdict ---- */

static void quiet(struct troupe *rank, uint32_t any, uint32_t all)
{
    struct side *me = side_of(rank);
    EXPECT(all == 6);
    if (any & HOLD) {
        world.n_held++;
        return;
    }
    EXPECT(world.n_on_way == 0);
    for (int i = 0; i < world.n_ranks; i++)
        EXPECT(is_passive(&world.side[i]) && world.side[i].n_fetching == 0);
    me->is_final = true;
    me->n_final++;
    if (!world.is_final)
        world.final_ns = comm_now_ns(me->comm);
    world.is_final = true;
}

/* ---- the oracle ---- */

/* The token goes 0, n - 1, ..., 1, 0. A rank sends it on while it is passive. */
static void oracle_turn(struct side *me)
{
    int rank = comm_rank(me->comm);
    if (world.token.found || !is_passive(me) || me->n_fetching > 0)
        return;
    if (rank == 0 && world.token.at == 0) {
        world.token.found =
            !world.token.is_black && !me->is_black && world.token.sum + me->count == 0;
        world.token.at = -1;
        if (world.token.found)
            return;
    }
    if (rank == 0 && world.token.at < 0) {
        world.token.sum = 0;
        world.token.is_black = me->is_black = false;
        world.token.at = world.n_ranks - 1;
    } else if (rank > 0 && world.token.at == rank) {
        world.token.sum += me->count;
        world.token.is_black |= me->is_black;
        me->is_black = false;
        world.token.at = rank - 1;
    }
}

/* ---- a run ---- */

static struct comm_step step(struct troupe *rank)
{
    enum { WAIT_NS = 3000 };
    struct side *me = side_of(rank);
    struct comm_record record;

    if (world.failed)
        comm_abort(me->comm, 1);
    comm_poll(me->comm);
    if (base_random_below(&me->random, 4) > 0) {
        while (comm_next(me->comm, &record))
            comm_kind(me->comm, record.header.kind)->take(rank, &record);
    }
    int64_t now_ns = comm_now_ns(me->comm);
    if (me->timer_ns > 0 && now_ns >= me->timer_ns) {
        me->timer_ns = 0;
        me->n_work++;
    }
    oracle_turn(me);
    chat(me);
    if (me->is_final && world.token.found) {
        if (me->kept)
            comm_fetch_discard(me->comm, me->kept_source, me->kept);
        return (struct comm_step){COMM_STEP_DONE, 0};
    }
    if (me->n_work > 0) {
        comm_quiet_withdraw(me->comm);
        do_work(me);
        return (struct comm_step){COMM_STEP_BUSY, 0};
    }
    if (comm_has_frame(me->comm))
        return (struct comm_step){COMM_STEP_BUSY, 0};
    comm_flush(me->comm, COMM_FLUSH_IDLE);
    if (base_random_below(&me->random, 50) == 0)
        comm_quiet_withdraw(me->comm);
    if (!me->is_final)
        comm_quiet_offer(me->comm, me->timer_ns ? HOLD : 0, 6, me->random.state & 1);
    return (struct comm_step){COMM_STEP_IDLE, now_ns + WAIT_NS};
}

static const struct base_frame_kind kind = {KIND, false, "work", take};
static const struct base_frame_kind chat_kind = {CHAT, true, "chat", take_chat};
static const struct comm_upper upper = {.fetched = fetched, .quiet = quiet};

static struct comm_sim_options plan_sim(uint64_t seed)
{
    struct base_random random = {seed};
    struct comm_sim_options options = {.seed = seed};
    options.n_ranks = (int)TEST_PICK(&random, 1, 2, 2, 3, 4, 5, 8, 13, 40);
    options.slow_percent = TEST_PICK(&random, 0, 0, 30);
    options.stop_percent = TEST_PICK(&random, 0, 0, 30);
    options.max_delay_ns = TEST_PICK(&random, 0, 500, 100000, 1000000);
    options.time_limit_ns = INT64_C(20) * 1000 * 1000 * 1000;
    world.has_chat = base_random_below(&random, 2);
    world.n_to_make = TEST_PICK(&random, 0, 1, 20, 300);
    return options;
}

static bool run(uint64_t seed)
{
    memset(&world, 0, sizeof world);
    world.token.at = -1;
    struct comm_sim_options options = plan_sim(seed);
    struct comm_options comm_options = {.spin_ns = -1,
                                        .route = seed % 3 ? NULL : comm_route_two_hops};
    world.n_ranks = options.n_ranks;
    struct comm_sim *sim = comm_sim_create(&options);
    for (int i = 0; i < world.n_ranks; i++) {
        struct side *side = &world.side[i];
        base_log_init(&side->troupe.log);
        side->pool = message_pool_create();
        side->random.state = seed * 1000 + (uint64_t)i;
        side->n_work = base_random_below(&side->random, 3);
        side->comm = comm_sim_open(sim, i, &side->troupe);
        comm_kind_add(side->comm, &kind);
        comm_kind_add(side->comm, &chat_kind);
        EXPECT(comm_start(side->comm, &comm_options, side->pool, &upper) == TROUPE_OK);
    }
    struct comm_sim_result result = comm_sim_drive(sim, step);
    EXPECT(result.end == COMM_SIM_DONE);
    for (int i = 0; i < world.n_ranks; i++) {
        struct side *side = &world.side[i];
        EXPECT(world.failed || side->n_final == 1);
        comm_stop(side->comm);
        comm_close(side->comm);
        message_pool_destroy(side->pool);
    }
    comm_sim_destroy(sim);
    return !world.failed;
}

START_TEST(never_early_exactly_once)
{
    ck_assert(test_seeds("build/bin/tests/sim_comm_quiet", 200, run));
}
END_TEST

CHECK_MAIN("comm_quiet", never_early_exactly_once)
