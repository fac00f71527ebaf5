/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMM_BACKENDS_H
#define COMM_BACKENDS_H

/* Opening and driving the two back ends; for runtime and for tests. */

#include "comm/comm.h"

/* ---- mpi: this process is one rank ---- */

struct comm_mpi_options {
    int *argc;
    char ***argv;
    void *communicator; /* MPI_Comm * of a user who has called MPI_Init; NULL: world */
};

/*
 * Step one of the start: MPI (initialised here unless the user did, finalised here only
 * then), our own communicators; no buffers yet. Writes what is wrong to `why`: another
 * MPI than the one built with, a thread level below FUNNELED, a size that contradicts
 * the launcher.
 */
troupe_status comm_mpi_open(const struct comm_mpi_options *mpi,
                            struct troupe *rank,
                            struct comm **comm,
                            char *why,
                            size_t why_capacity);

/* Step two, once the rank is bound: ring, frames. The same for both back ends. */
troupe_status comm_start(struct comm *comm,
                         const struct comm_options *options,
                         struct message_pool *pool,
                         const struct comm_upper *upper);

/* Calls step until it says done, and idles for it in between: spin, then sleep. */
void comm_mpi_drive(struct comm *comm, comm_step_fn *step);

/*
 * The end, after every rank's step has said done: agree that all are there, complete
 * the posted receives with messages to oneself, free the buffers. comm_close then frees
 * the communicators, and MPI_Finalize()s if comm_mpi_open initialised.
 */
void comm_stop(struct comm *comm);
void comm_close(struct comm *comm);

/* ---- sim: all ranks in this process ---- */

struct comm_sim;

struct comm_sim_options {
    int n_ranks;
    uint64_t seed;
    int64_t min_delay_ns, max_delay_ns; /* of a frame; 0, 0: 300 ns to 30 us */
    uint32_t slow_percent;              /* of the ranks run 2 to 30 times slower */
    uint32_t stop_percent; /* chance per ms of a rank to stop for up to 5 ms */
    int64_t step_cost_ns;  /* of one step; 0: 200 */
    int64_t time_limit_ns; /* virtual; 0: none. Beyond: the driver gives up */
    uint64_t step_limit;   /* 0: none */
};

struct comm_sim *comm_sim_create(const struct comm_sim_options *options);
void comm_sim_destroy(struct comm_sim *sim);
/* A rank's end; comm_start, comm_stop and comm_close as above. */
struct comm *comm_sim_open(struct comm_sim *sim, int rank, struct troupe *troupe);

enum comm_sim_end {
    COMM_SIM_DONE,    /* every rank said done */
    COMM_SIM_ABORTED, /* comm_abort: exit_code */
    COMM_SIM_STUCK,   /* nobody has anything to do, nothing is on its way */
    COMM_SIM_LIMIT    /* time or steps */
};
struct comm_sim_result {
    enum comm_sim_end end;
    int exit_code;
    int64_t virtual_ns;
    uint64_t n_steps, n_deliveries;
    uint64_t trace_hash; /* over every delivery: time, source, destination, bytes */
};
/* Steps ranks in the order of their virtual clocks until the end. */
struct comm_sim_result comm_sim_drive(struct comm_sim *sim, comm_step_fn *step);

/* A rank may die: its step is never called again, what it sent still arrives. */
void comm_sim_kill(struct comm_sim *sim, int rank);

/* Two hops where there is a third rank; a comm_options.route for tests. */
int comm_route_two_hops(int here, int destination, int n_ranks);

#endif
