/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_RUNTIME_H
#define TROUPE_RUNTIME_H

/*
 * Starting and ending. troupe_main() is all that most programs need. A program that
 * owns main and MPI calls the three it is made of: troupe_start, troupe_run,
 * troupe_stop.
 *
 * The job ends when all rank processes have returned, nobody is blocked and nothing is
 * on its way. Exit codes: 0; 1 a rank process failed; 71 deadlock; 78 misuse or schema.
 */

#include "troupe/program.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Zero means the default everywhere; environment variables go before options. */
typedef struct troupe_options {
    const troupe_program *program;
    int argc; /**< for the rank process; MPI's own arguments taken out */
    char **argv;
    void *communicator; /**< an MPI_Comm * of an initialised MPI; NULL: all of the world
                         */
    int sim_ranks; /**< > 0: that many ranks inside this process, on simulated time */
    uint64_t sim_seed;
} troupe_options;

/**
 * Runs a program and returns its exit code: initialises MPI, runs every rank's process
 * and all actors to the end of the job, finalises MPI.
 *
 * \call     collective over all ranks
 * \blocks   until the job ends
 * \threads  the runtime's thread
 * \errors   none: what goes wrong is printed and gives the exit code
 */
TROUPE_API int troupe_main(int argc, char **argv, const troupe_program *program);

/**
 * Starts the runtime on an MPI that is initialised (>= MPI_THREAD_FUNNELED) or not yet.
 * On sim the handle stands for the whole job.
 *
 * \call     collective over the communicator's ranks
 * \blocks   until all of them have called it
 * \threads  the runtime's thread
 * \errors   TROUPE_INVALID   options, environment, or an MPI that does not fit; printed
 *           TROUPE_SCHEMA    ranks differ in a message type; printed
 *           TROUPE_NO_MEMORY no memory
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_start(const troupe_options *options,
                                                      troupe **runtime);

/**
 * Runs every rank's process and all actors to the end of the job; returns the exit
 * code, the same on every rank. Once per start.
 *
 * \call     collective over the ranks
 * \blocks   until the job ends
 * \threads  the runtime's thread
 * \errors   none: see enum troupe_exit_code
 */
TROUPE_API int troupe_run(troupe *runtime);

/**
 * Frees everything; finalises MPI if troupe_start initialised it. NULL is allowed.
 *
 * \call     collective over the ranks
 * \blocks   until all of them have called it
 * \threads  the runtime's thread
 * \errors   none
 */
TROUPE_API void troupe_stop(troupe *runtime);

/**
 * Prints a line to standard output, whole even when many ranks print.
 *
 * \call     local
 * \blocks   never, unless standard output does
 * \threads  the runtime's thread
 * \errors   TROUPE_IO standard output failed
 */
TROUPE_API troupe_status troupe_print(const troupe_actor *self, const char *format, ...)
    TROUPE_PRINTF(2, 3);

#ifdef __cplusplus
}
#endif
#endif
