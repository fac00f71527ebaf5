/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BENCH_INTERLEAVE_H
#define BENCH_INTERLEAVE_H

/*
 * Runs our work and a peer's in turns within one program.
 *
 * The program owns main and MPI; every rank's process calls bench_interleave() with the
 * same plan. A pair is one block of ours and one of the peer's, in changing order. The
 * peer may use blocking MPI on `communicator`, as every rank's process does it
 * together.
 */

#include "common/measure.h"

#include <mpi.h>
#include <troupe/troupe.h>

/* One block of work; all ranks call it, what rank 0 stores counts. */
typedef troupe_status bench_block_fn(troupe_actor *self, void *context, double *value);

struct bench_plan {
    struct bench_case about;
    bench_block_fn *ours, *peer;
    void *context;
    size_t n_pairs;
    size_t n_warm; /* pairs before those that count; 0: 3 */
};

/*
 * Prints the JSON line on rank 0. Between two blocks all ranks meet, and then wait a
 * moment with empty hands: a rank that went straight into blocking MPI would take along
 * what the runtime had not sent yet.
 */
troupe_status bench_interleave(troupe_actor *self, const struct bench_plan *plan);

/* The meeting alone, for set-up. */
troupe_status bench_meet(troupe_actor *self);

/*
 * The whole of a main function: MPI, the runtime, the program, their end. What the rank
 * processes get as arguments is argc and argv. MPI is started here, with its own
 * settings, so that a peer in the program has those; troupe_main() sets some.
 */
int bench_main(int argc, char **argv, const troupe_program *program);

/* A duplicate of the world for a peer's messages; collective, blocks in MPI. */
MPI_Comm bench_communicator(void);

#endif
