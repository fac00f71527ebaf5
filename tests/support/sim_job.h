/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SUPPORT_SIM_JOB_H
#define SUPPORT_SIM_JOB_H

/*
 * Whole jobs on simulated time, many seeds each. A test gives a program and what to do
 * before and after a run; a seed that fails is printed with the command that runs it
 * alone.
 */

#include "troupe/troupe.h"

struct sim_job {
    const troupe_program *program;
    int max_ranks; /* a seed runs on 1 to so many */
    void (*begin)(uint64_t seed, int n_ranks);
    /* NULL: all well; else what is wrong. */
    const char *(*check)(uint64_t seed, int n_ranks, int exit_code);
};

/* Runs n seeds (TROUPE_TEST_SEEDS, or the default given; TROUPE_TEST_SEED: just that
 * one); the number of failures. */
int sim_job_run(const struct sim_job *job, int default_seeds);

/* One run; the exit code. */
int sim_job_once(const troupe_program *program, int n_ranks, uint64_t seed);

/* For the end of a check: the seed once more, on one rank alone. NULL: it leaves the
 * same bits in `found` as there are now. */
const char *sim_job_alone(const troupe_program *program,
                          uint64_t seed,
                          void (*begin)(uint64_t seed, int n_ranks),
                          const void *found,
                          size_t size_bytes);

#endif
