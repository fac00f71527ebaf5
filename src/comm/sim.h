/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMM_SIM_H
#define COMM_SIM_H

/* What the two halves of the simulator share: sim.c carries, sim_drive.c steps. */

#include "base/random.h"
#include "comm/internal.h"

enum sim_event_kind {
    SIM_FRAME,    /* a frame reaches a rank */
    SIM_SENT,     /* a frame's bytes have left its sender */
    SIM_FETCHED,  /* a payload apart reaches the rank that fetched it */
    SIM_DELIVERED /* ... and its sender knows */
};

struct sim_event {
    int64_t time_ns;
    uint64_t sequence; /* makes the order of equal times the order of their making */
    enum sim_event_kind kind;
    int source;
    struct comm_frame *frame; /* whose bytes still stand with the sender, or NULL */
    struct comm_transfer *transfer; /* the receiver's, or the sender's own */
    struct comm_transfer *other;
    uint32_t size_bytes;
    unsigned char bytes[];
};

/* A heap, the earliest on top. */
struct sim_queue {
    struct sim_event **items;
    uint32_t n_items, capacity;
};

/* Data frames, control frames, all else. */
enum { SIM_OTHER = COMM_N_CLASSES, SIM_N_QUEUES };

struct sim_rank {
    struct comm_sim *sim;
    struct comm *comm;
    struct troupe *troupe;
    int rank;
    int64_t clock_ns;
    int64_t slowness;     /* its steps take so many times the normal */
    int64_t wake_ns;      /* of the last step; INT64_MIN: it was busy */
    int64_t next_stop_ns; /* when chance decides again whether it stops */
    bool is_done, is_through, is_dead;
    struct base_random random;
    struct sim_queue queue[SIM_N_QUEUES];
    struct comm_frame *posted[COMM_N_CLASSES], **posted_end[COMM_N_CLASSES];
    uint32_t n_posted[COMM_N_CLASSES], n_on_way[COMM_N_CLASSES];
    uint64_t n_exchanges;
    const uint64_t *to_each;
    uint64_t *from_each;
};

struct comm_sim {
    struct comm_sim_options options;
    struct base_random random; /* delays */
    struct sim_rank *rank;
    uint64_t n_events, n_deliveries, n_checks, trace_hash;
    int64_t *last_arrival_ns; /* by class, source, destination */
    uint8_t *n_control;       /* control frames on their way, by source, destination */
    uint64_t n_exchanges;     /* complete ones */
    int n_exchanging;
    int64_t *next_ns; /* by rank: when it will next do something */
    int *winner;      /* of a knockout by next_ns: at 1 whose moment comes first */
    int n_leaves;     /* a power of two; rank r begins at n_leaves + r */
    bool has_changed; /* some rank is done, through or dead that was not */
    int64_t last_activity_ns; /* anything but the detector talking to itself */
    bool is_killing;          /* some rank was killed: no agreed end */
    bool is_driving, is_aborted;
    int current, exit_code;
    void *abort_target; /* jmp_buf of the driver */
};

static inline struct sim_rank *sim_rank_of(const struct comm *comm)
{
    return comm->port;
}

extern const struct comm_backend comm_sim_backend;

/* Of equal times the lower rank wins. */
static inline void sim_set_next(struct comm_sim *sim, int rank, int64_t time_ns)
{
    sim->next_ns[rank] = time_ns;
    for (int at = (sim->n_leaves + rank) / 2; at > 0; at /= 2) {
        int left = sim->winner[2 * at], right = sim->winner[2 * at + 1];
        sim->winner[at] = sim->next_ns[left] <= sim->next_ns[right] ? left : right;
    }
}

/* A rank's next moment is not later than this. */
static inline void sim_wake(struct comm_sim *sim, int rank, int64_t time_ns)
{
    const struct sim_rank *woken = &sim->rank[rank];
    if (woken->is_dead || woken->is_through)
        return;
    if (time_ns < woken->clock_ns)
        time_ns = woken->clock_ns;
    if (time_ns < sim->next_ns[rank])
        sim_set_next(sim, rank, time_ns);
}

/* When the next event of the rank is due, INT64_MAX: none. */
int64_t sim_next_event_ns(const struct sim_rank *rank);
void sim_queues_fini(struct sim_rank *rank);
TROUPE_NORETURN void sim_abort(struct comm_sim *sim, int exit_code);

#endif
