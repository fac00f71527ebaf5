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
    int min_ranks, max_ranks;
    void (*begin)(uint64_t seed, int n_ranks);
    /* NULL: all well; else what is wrong. */
    const char *(*check)(uint64_t seed, int n_ranks, int exit_code);
};

/* Runs n seeds (TROUPE_TEST_SEEDS, or the default given; TROUPE_TEST_SEED: just that
 * one); the number of failures. */
int sim_job_run(const struct sim_job *job, int default_seeds);

/* One run; the exit code. */
int sim_job_once(const troupe_program *program, int n_ranks, uint64_t seed);

#endif
