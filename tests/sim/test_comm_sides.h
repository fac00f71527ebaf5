/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TEST_COMM_SIDES_H
#define TEST_COMM_SIDES_H

/* Four ranks on the simulator without actors, for tests that say what each step does.
 */

#include "base/require.h"
#include "sim/test_comm_world.h"
#include <check.h>

enum { KIND = BASE_KIND(BASE_SLOT_ACTOR, 1), N_RANKS = 4 };

struct side {
    struct troupe troupe;
    struct comm *comm;
    struct message_pool *pool;
    uint32_t n_steps, n_taken;
    int64_t took_ns;
    bool is_said; /* has posted what it had to */
};

static struct side sides[N_RANKS];
static struct comm_sim *sim;

static inline struct side *side_of(struct troupe *rank)
{
    return CONTAINER_OF(rank, struct side, troupe);
}

static inline void take(struct troupe *rank, struct comm_record *record)
{
    struct side *me = side_of(rank);
    (void)record;
    me->n_taken++;
    me->took_ns = comm_now_ns(me->comm);
}

static const struct base_frame_kind kind = {KIND, false, "test", take};

static inline void setup(const struct comm_sim_options *options)
{
    memset(sides, 0, sizeof sides);
    sim = comm_sim_create(options);
    for (int i = 0; i < N_RANKS; i++) {
        base_log_init(&sides[i].troupe.log);
        sides[i].pool = message_pool_create();
        sides[i].comm = comm_sim_open(sim, i, &sides[i].troupe);
        comm_kind_add(sides[i].comm, &kind);
        ck_assert(comm_start(sides[i].comm, NULL, sides[i].pool, NULL) == TROUPE_OK);
    }
}

static inline void teardown(void)
{
    for (int i = 0; i < N_RANKS; i++) {
        comm_stop(sides[i].comm);
        comm_close(sides[i].comm);
        message_pool_destroy(sides[i].pool);
    }
    comm_sim_destroy(sim);
}

static const struct comm_sim_options plain = {.n_ranks = N_RANKS, .seed = 1};
static const struct comm_step idle = {COMM_STEP_IDLE, INT64_MAX};
static const struct comm_step busy = {COMM_STEP_BUSY, 0};
static const struct comm_step done = {COMM_STEP_DONE, 0};

static inline void turn(struct side *me)
{
    struct comm_record record;
    comm_poll(me->comm);
    while (comm_next(me->comm, &record))
        comm_kind(me->comm, record.header.kind)->take(&me->troupe, &record);
    comm_flush(me->comm, COMM_FLUSH_IDLE);
}

static inline void say(struct side *me, int peer)
{
    const struct comm_header header = {.kind = KIND};
    ck_assert(comm_post(me->comm, peer, &header, NULL, 0) == TROUPE_OK);
    me->is_said = true;
}

#endif
