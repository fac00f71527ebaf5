/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMM_QUIET_H
#define COMM_QUIET_H

/*
 * The detector of quiescence as a state machine of one rank, without comm: who drives
 * it tells it what came from parent and children and passes on what it has to say.
 *
 * Waves run over a binary tree from rank 0: `down` announces a wave, `up` answers with
 * the sums of a subtree. A rank answers only while it is passive and has read all that
 * arrived, so a wave waits where there is work, and costs nothing there.
 */

#include "comm/comm.h"

struct comm_quiet {
    int rank, parent; /* parent -1: the root */
    int n_children, child[2];

    bool is_offered, is_eager;
    uint32_t n_offers; /* begun so far: while it stays, nothing ran on the rank */
    uint32_t any, all;
    struct comm_wave_down down;   /* newest; told to the children */
    struct comm_wave_up answer;   /* newest; told to the parent */
    struct comm_wave_up heard[2]; /* newest of each child */
    bool tell_parent, tell_children;
    bool has_verdict; /* not yet taken by comm_quiet_verdict() */

    /* The root alone. */
    bool has_before;   /* the wave before found as many taken as posted: */
    uint64_t n_before; /* so many */
    int64_t next_ns;   /* not before this time */
    int64_t retry_ns, backoff_ns;
};

void comm_quiet_init(struct comm_quiet *quiet, int rank, int n_ranks);

void comm_quiet_set(
    struct comm_quiet *quiet, uint32_t any, uint32_t all, bool eager, int64_t now_ns);
void comm_quiet_clear(struct comm_quiet *quiet);

void comm_quiet_hear_down(struct comm_quiet *quiet, const struct comm_wave_down *down);
/* False: `child` is no child of this rank. */
bool comm_quiet_hear_up(struct comm_quiet *quiet,
                        int child,
                        const struct comm_wave_up *up);

/* The rank may be asked to answer now; the caller then counts and calls answer(). */
bool comm_quiet_is_due(const struct comm_quiet *quiet, int64_t now_ns);
/*
 * The rank's share of the wave. MUST be called only while all that arrived has been
 * read, with counts taken at this moment.
 */
void comm_quiet_answer(struct comm_quiet *quiet,
                       uint64_t n_posted,
                       uint64_t n_taken,
                       int64_t now_ns);
/* True once for every verdict. */
bool comm_quiet_verdict(struct comm_quiet *quiet, uint32_t *any, uint32_t *all);
/* When is_due() may become true by itself; INT64_MAX: never. */
int64_t comm_quiet_wake_ns(const struct comm_quiet *quiet);

#endif
