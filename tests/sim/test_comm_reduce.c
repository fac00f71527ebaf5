/* seeds: 100 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "sim/test_comm_world.h"
#include "support/check_main.h"

/*
 * Reductions one after the other, begun by the ranks at any time: the merge gets values
 * of neighbouring ranges of ranks, in the order of ranks, and every rank gets the same
 * result.
 */

enum { MAX_RANKS = 70, N_ROUNDS = 12 };

struct range { /* of ranks whose values have been merged */
    int32_t first, last;
    uint64_t sum;
    unsigned char filler[COMM_FRAME_MIN_BYTES * 3]; /* so that it may need chunks */
};

struct side {
    struct troupe troupe;
    struct comm *comm;
    struct message_pool *pool;
    struct base_random random;
    bool is_running;
    uint32_t n_done;
};

static struct side sides[MAX_RANKS];
static int n_ranks;
static size_t value_bytes;
static bool failed;

#define EXPECT(condition)                                                              \
    do {                                                                               \
        if (!(condition)) {                                                            \
            failed = true;                                                             \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);            \
        }                                                                              \
    } while (0)

static void merge(void *into, const void *from)
{
    struct range *left = into;
    const struct range *right = from;
    EXPECT(left->last + 1 == right->first);
    left->last = right->last;
    left->sum += right->sum;
}

static void done(struct troupe *rank, const void *result, size_t size_bytes)
{
    struct side *me = CONTAINER_OF(rank, struct side, troupe);
    struct range range = {0};
    EXPECT(size_bytes == value_bytes);
    memcpy(&range, result, size_bytes);
    uint64_t n = (uint64_t)n_ranks;
    EXPECT(range.first == 0 && range.last == n_ranks - 1);
    EXPECT(range.sum == n * (n - 1) / 2 + n * me->n_done * 1000);
    me->is_running = false;
    me->n_done++;
}

static void begin(struct side *me)
{
    static const struct comm_reduce reduce = {merge, done};
    int rank = comm_rank(me->comm);
    struct range mine = {rank, rank, (uint64_t)rank + me->n_done * UINT64_C(1000), {0}};
    me->is_running = true;
    comm_reduce_start(me->comm, &reduce, &mine, value_bytes);
}

static struct comm_step step(struct troupe *rank)
{
    struct side *me = CONTAINER_OF(rank, struct side, troupe);
    struct comm_record record;
    enum { PAUSE_NS = 100 * 1000 };

    if (failed)
        comm_abort(me->comm, 1);
    comm_poll(me->comm);
    while (comm_next(me->comm, &record))
        EXPECT(false); /* a record that is not comm's own */
    if (!me->is_running && me->n_done == N_ROUNDS)
        return (struct comm_step){COMM_STEP_DONE, 0};
    if (!me->is_running && base_random_below(&me->random, 3) == 0)
        begin(me);
    if (me->is_running)
        return (struct comm_step){COMM_STEP_IDLE, INT64_MAX};
    return (struct comm_step){COMM_STEP_IDLE, comm_now_ns(me->comm) + PAUSE_NS};
}

static bool run(uint64_t seed)
{
    struct base_random random = {seed};
    struct comm_sim_options options = {.seed = seed};
    options.n_ranks = (int)(1 + base_random_below(&random, MAX_RANKS));
    options.slow_percent = TEST_PICK(&random, 0, 20);
    options.max_delay_ns = TEST_PICK(&random, 500, 1000000);
    options.time_limit_ns = INT64_C(10) * 1000 * 1000 * 1000;
    const struct comm_options comm_options = {
        .frame_bytes = TEST_PICK(&random, 0, 64),
        .route = seed % 2 ? comm_route_two_hops : NULL,
    };
    value_bytes = seed % 3 ? sizeof(struct range) : offsetof(struct range, filler);
    n_ranks = options.n_ranks;
    failed = false;
    memset(sides, 0, sizeof sides);
    struct comm_sim *sim = comm_sim_create(&options);
    for (int i = 0; i < n_ranks; i++) {
        sides[i].pool = message_pool_create();
        sides[i].random.state = seed * 100 + (uint64_t)i;
        sides[i].comm = comm_sim_open(sim, i, &sides[i].troupe);
        EXPECT(comm_start(sides[i].comm, &comm_options, sides[i].pool, NULL) ==
               TROUPE_OK);
    }
    struct comm_sim_result result = comm_sim_drive(sim, step);
    EXPECT(result.end == COMM_SIM_DONE);
    for (int i = 0; i < n_ranks; i++) {
        EXPECT(failed || sides[i].n_done == N_ROUNDS);
        comm_stop(sides[i].comm);
        comm_close(sides[i].comm);
        message_pool_destroy(sides[i].pool);
    }
    comm_sim_destroy(sim);
    return !failed;
}

START_TEST(in_order_of_ranks)
{
    ck_assert(test_seeds("build/bin/tests/sim_comm_reduce", 100, run));
}
END_TEST

CHECK_MAIN("comm_reduce", in_order_of_ranks)
