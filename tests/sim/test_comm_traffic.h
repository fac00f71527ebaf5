/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TEST_COMM_TRAFFIC_H
#define TEST_COMM_TRAFFIC_H

/*
 * Random traffic that knows what it must look like: the n-th record from one rank to
 * another is a function of (source, destination, n), so the receiver knows to the byte
 * what comes next, and nothing can be lost, doubled, overtaken or changed unseen.
 * Shared by the tests on the simulator, where one process holds all sides, and on MPI,
 * where it holds its own.
 */

#include "base/map.h"
#include "base/require.h"
#include "sim/test_comm_world.h"

enum { KIND = BASE_KIND(BASE_SLOT_ACTOR, 3), MAX_RANKS = 64, MAX_FETCHES = 8 };

struct side {
    struct troupe troupe;
    struct comm *comm;
    struct message_pool *pool;
    struct base_random random;
    uint32_t n_to_post;
    uint32_t n_posted[MAX_RANKS], n_taken[MAX_RANKS]; /* by peer */
    int favourite; /* the peer that most records go to for a while */
    uint32_t n_fetching;
    bool has_ended;
    bool is_deaf; /* for some steps it polls but does not read */
    uint32_t n_verdicts;
};

struct world {
    struct side side[MAX_RANKS];
    int n_ranks;
    uint32_t n_records; /* of each rank */
    uint32_t max_bytes;
    bool heeds_congestion, has_favourites;
    bool failed;
    uint64_t peak_bytes;
};

static struct world *world; /* the handlers have no other way to it */

#define EXPECT(condition, ...)                                                         \
    do {                                                                               \
        if (!(condition)) {                                                            \
            world->failed = true;                                                      \
            fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition);            \
            fprintf(stderr, __VA_ARGS__);                                              \
            fputc('\n', stderr);                                                       \
        }                                                                              \
    } while (0)

/* ---- what the n-th record of a pair is ---- */

struct expectation {
    struct comm_header header;
    size_t size_bytes;
    uint64_t pattern;
    bool is_discarded; /* when it comes with a ticket */
};

static size_t size_of(struct base_random *random, uint32_t max_bytes)
{
    uint32_t choice = base_random_below(random, 100);
    size_t size = choice < 5    ? 0
                  : choice < 40 ? 8
                  : choice < 60 ? 1 + base_random_below(random, 64)
                  : choice < 80 ? base_random_below(random, 1000)
                  : choice < 92 ? base_random_below(random, 5000)
                                : base_random_below(random, 40 * 1024);
    return size < max_bytes ? size : max_bytes;
}

static struct expectation expect(int source, int destination, uint32_t n)
{
    struct base_random random = {
        base_hash_u64(((uint64_t)source << 40) ^ ((uint64_t)destination << 20) ^ n)};
    struct expectation expected = {.header = {.kind = KIND}};
    uint64_t bits = base_random_next(&random);
    /* Few values, so that they often repeat; often zero. */
    expected.header.to = bits & 1 ? 0x1000 + (bits >> 8 & 1) : 0;
    expected.header.from = bits & 2 ? 0x2000 + (bits >> 9 & 1) : 0;
    expected.header.reference = bits & 12 ? 0 : bits | 1;
    expected.header.incarnation = bits & 48 ? 0 : (uint32_t)(bits >> 32) | 1;
    expected.header.type = (uint16_t)(bits >> 16);
    expected.header.flags = (uint8_t)(bits >> 24);
    expected.size_bytes = size_of(&random, world->max_bytes);
    expected.pattern = base_random_next(&random);
    expected.is_discarded = base_random_below(&random, 4) == 0;
    return expected;
}

static void fill(unsigned char *at, const struct expectation *expected)
{
    for (size_t i = 0; i < expected->size_bytes; i++)
        at[i] = (unsigned char)(expected->pattern >> (i % 8 * 8)) ^ (unsigned char)i;
}

static bool is_filled(const unsigned char *at, const struct expectation *expected)
{
    for (size_t i = 0; i < expected->size_bytes; i++) {
        if (at[i] !=
            ((unsigned char)(expected->pattern >> (i % 8 * 8)) ^ (unsigned char)i))
            return false;
    }
    return true;
}

/* ---- a rank ---- */

static struct side *side_of(struct troupe *rank)
{
    return CONTAINER_OF(rank, struct side, troupe);
}

static bool equal_headers(const struct comm_header *a, const struct comm_header *b)
{
    return a->to == b->to && a->from == b->from && a->reference == b->reference &&
           a->incarnation == b->incarnation && a->type == b->type &&
           a->kind == b->kind && a->flags == b->flags;
}

static void take(struct troupe *rank, struct comm_record *record)
{
    struct side *me = side_of(rank);
    int source = record->source, self = comm_rank(me->comm);
    uint32_t n = me->n_taken[source]++;
    struct expectation expected = expect(source, self, n);

    EXPECT(equal_headers(&record->header, &expected.header), "record %u from %d to %d",
           n, source, self);
    EXPECT(record->size_bytes == expected.size_bytes,
           "record %u from %d to %d: %llu bytes", n, source, self,
           (unsigned long long)record->size_bytes);
    if (world->failed)
        return;
    if (!record->ticket) {
        EXPECT(is_filled(record->payload, &expected), "record %u from %d to %d", n,
               source, self);
        EXPECT((uintptr_t)record->payload % 8 == 0, "alignment");
        if (record->envelope && n % 2) { /* take it, or leave it to comm */
            message_give(me->pool, record->envelope);
            record->envelope = NULL;
        }
        return;
    }
    if (expected.is_discarded) {
        comm_fetch_discard(me->comm, source, record->ticket);
        return;
    }
    struct message_envelope *envelope;
    do { /* allocations may be made to fail */
        envelope = message_take(me->pool, record->size_bytes);
    } while (!envelope);
    envelope->flags |= MESSAGE_PENDING;
    envelope->sender = (uint64_t)source;
    envelope->reference = n;
    me->n_fetching++;
    comm_fetch(me->comm, source, record->ticket, envelope);
}

static void fetched(struct troupe *rank, struct message_envelope *envelope)
{
    struct side *me = side_of(rank);
    struct expectation expected = expect((int)envelope->sender, comm_rank(me->comm),
                                         (uint32_t)envelope->reference);
    EXPECT(!(envelope->flags & MESSAGE_PENDING), "still pending");
    EXPECT(is_filled(envelope->inline_payload, &expected), "bulk from %llu",
           (unsigned long long)envelope->sender);
    message_give(me->pool, envelope);
    me->n_fetching--;
}

static void quiet(struct troupe *rank, uint32_t any, uint32_t all)
{
    struct side *me = side_of(rank);
    EXPECT(all == 7, "all %u", all);
    me->n_verdicts++;
    if (any == 0)
        me->has_ended = true;
}

static void link_open(struct troupe *rank, int peer)
{
    struct side *me = side_of(rank);
    EXPECT(!comm_is_congested(me->comm, peer), "open, yet congested");
}

static int some_peer(struct side *me)
{
    int peer = (int)base_random_below(&me->random, (uint32_t)world->n_ranks - 1);
    return peer + (peer >= comm_rank(me->comm));
}

/* Favourites come and go, so that credits are lent, lie idle and are called back. */
static int choose_peer(struct side *me)
{
    if (!world->has_favourites || base_random_below(&me->random, 8) == 0)
        return some_peer(me);
    if (me->favourite == comm_rank(me->comm) ||
        base_random_below(&me->random, 100) == 0)
        me->favourite = some_peer(me);
    return me->favourite;
}

static bool post_one(struct side *me)
{
    int self = comm_rank(me->comm);
    int peer = choose_peer(me);
    if (world->heeds_congestion && comm_is_congested(me->comm, peer))
        return false;
    struct expectation expected = expect(self, peer, me->n_posted[peer]);
    struct message_envelope *envelope = message_take(me->pool, expected.size_bytes);
    if (!envelope)
        return false;
    unsigned char *bytes = envelope->inline_payload;
    fill(bytes, &expected);
    troupe_status status;
    size_t cut = expected.size_bytes ? expected.pattern % expected.size_bytes : 0;
    switch (base_random_below(&me->random, 3)) {
    case 0:
        status =
            comm_post(me->comm, peer, &expected.header, bytes, expected.size_bytes);
        break;
    case 1:
        status = comm_post_parts(me->comm, peer, &expected.header, bytes, cut,
                                 bytes + cut, expected.size_bytes - cut);
        break;
    default:
        status = comm_post_envelope(me->comm, peer, &expected.header, &envelope);
        EXPECT((status == TROUPE_OK) == !envelope, "the envelope's owner");
    }
    if (envelope)
        message_give(me->pool, envelope);
    if (status != TROUPE_OK)
        return false; /* nothing was posted: the same record comes next */
    me->n_posted[peer]++;
    me->n_to_post--;
    return true;
}

static void read_frames(struct side *me)
{
    struct comm_record record;
    uint32_t n_frames = 1 + base_random_below(&me->random, 3);
    while (n_frames-- > 0 && comm_has_frame(me->comm)) {
        while (comm_next(me->comm, &record))
            comm_kind(me->comm, record.header.kind)->take(&me->troupe, &record);
    }
}

/* As actors do that are about to block. */
static void flush_something(struct side *me)
{
    switch (base_random_below(&me->random, 20)) {
    case 0:
        comm_flush(me->comm, COMM_FLUSH_BLOCK);
        break;
    case 1:
        comm_flush_rank(me->comm,
                        (int)base_random_below(&me->random, (uint32_t)world->n_ranks),
                        COMM_FLUSH_URGENT);
        break;
    default:
        break;
    }
}

static struct comm_step step(struct troupe *rank)
{
    struct side *me = side_of(rank);
    struct comm_counts counts;

    if (world->failed)
        comm_abort(me->comm, 1);
    bool moved = comm_poll(me->comm);
    if (me->has_ended)
        return (struct comm_step){COMM_STEP_DONE, 0};
    me->is_deaf = base_random_below(&me->random, 100) < (me->is_deaf ? 90 : 2);
    if (!me->is_deaf)
        read_frames(me);
    for (uint32_t i = base_random_below(&me->random, 6); i > 0 && me->n_to_post > 0;
         i--)
        post_one(me);
    comm_count(me->comm, &counts);
    if (counts.peak_transport_bytes > world->peak_bytes)
        world->peak_bytes = counts.peak_transport_bytes;
    if (me->n_to_post > 0 || comm_has_frame(me->comm) ||
        (moved && me->random.state & 1)) {
        comm_quiet_withdraw(me->comm);
        flush_something(me);
        return (struct comm_step){COMM_STEP_BUSY, 0};
    }
    comm_flush(me->comm, COMM_FLUSH_IDLE);
    comm_quiet_offer(me->comm, me->n_fetching > 0, 7, me->random.state & 2);
    return (struct comm_step){COMM_STEP_IDLE, INT64_MAX};
}

static const struct base_frame_kind kind = {KIND, false, "test", take};
static const struct comm_upper upper = {link_open, fetched, quiet};

#endif
