/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "support/sim_job.h"
#include "base/random.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int sim_job_once(const troupe_program *program, int n_ranks, uint64_t seed)
{
    char *argv[] = {"test", NULL};
    troupe_options options = {.program = program,
                              .argc = 1,
                              .argv = argv,
                              .sim_ranks = n_ranks,
                              .sim_seed = seed};
    troupe *runtime;
    int exit_code;

    if (troupe_start(&options, &runtime) != TROUPE_OK)
        return -1;
    exit_code = troupe_run(runtime);
    troupe_stop(runtime);
    return exit_code;
}

const char *sim_job_alone(const troupe_program *program,
                          uint64_t seed,
                          void (*begin)(uint64_t seed, int n_ranks),
                          const void *found,
                          size_t size_bytes)
{
    void *many = malloc(size_bytes);
    const char *wrong = NULL;

    if (!many)
        abort();
    memcpy(many, found, size_bytes);
    begin(seed, 1);
    if (sim_job_once(program, 1, seed) != 0)
        wrong = "one rank alone failed";
    else if (memcmp(many, found, size_bytes) != 0)
        wrong = "bits differ from those of one rank";
    free(many);
    return wrong;
}

static int run_seed(const struct sim_job *job, uint64_t seed)
{
    struct base_random random = {seed};
    int n_ranks = 1 + (int)base_random_below(&random, (uint32_t)job->max_ranks);
    const char *wrong;
    int exit_code;

    job->begin(seed, n_ranks);
    exit_code = sim_job_once(job->program, n_ranks, seed);
    wrong = job->check(seed, n_ranks, exit_code);
    if (!wrong)
        return 0;
    fprintf(
        stderr,
        "seed %llu, %d ranks, exit code %d: %s\n  again: TROUPE_TEST_SEED=%llu %s\n",
        (unsigned long long)seed, n_ranks, exit_code, wrong, (unsigned long long)seed,
        program_invocation_name);
    return 1;
}

int sim_job_run(const struct sim_job *job, int default_seeds)
{
    const char *one = getenv("TROUPE_TEST_SEED");
    const char *many = getenv("TROUPE_TEST_SEEDS");
    int n_seeds = many && *many ? atoi(many) : default_seeds;
    int n_failed = 0;

    if (one && *one)
        return run_seed(job, strtoull(one, NULL, 10));
    for (int i = 0; i < n_seeds && n_failed < 5; i++)
        n_failed += run_seed(job, (uint64_t)i + 1);
    return n_failed;
}
