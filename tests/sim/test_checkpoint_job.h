/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SIM_TEST_CHECKPOINT_JOB_H
#define SIM_TEST_CHECKPOINT_JOB_H

/* One attempt of a job with checkpoints, on simulated time. */

#include "base/alloc.h"
#include "base/random.h"
#include "runtime/sim.h"
#include "support/check_main.h"
#include "test_checkpoint_disk.h"
#include "troupe/troupe.h"

struct attempt {
    const troupe_behavior *main;
    int n_ranks;
    uint64_t seed, step_limit; /* limit 0: to the end */
    const struct checkpoint_options *checkpoint;
    uint32_t slow_percent;         /* of the ranks; 0: 20 */
    int64_t step_cost_ns;          /* 0: as usual */
    struct comm_sim_result result; /* out */
};

static inline int attempt_run(struct attempt *attempt)
{
    char *argv[] = {"test", NULL};
    const troupe_program program = {.main = attempt->main};
    const troupe_options options = {.program = &program, .argc = 1, .argv = argv};
    const struct runtime_sim sim = {
        .sim = {.n_ranks = attempt->n_ranks,
                .seed = attempt->seed,
                .slow_percent = attempt->slow_percent ? attempt->slow_percent : 20,
                .step_cost_ns = attempt->step_cost_ns,
                .stop_percent = 10,
                .step_limit = attempt->step_limit},
        .comm = {.spin_ns = -1},
        .checkpoint = attempt->checkpoint};
    int64_t n_live = base_alloc_live();
    troupe *runtime;
    int exit_code;

    ck_assert_int_eq(runtime_start_sim(&options, &sim, &runtime), TROUPE_OK);
    exit_code = troupe_run(runtime);
    attempt->result = runtime_sim_result(runtime);
    troupe_stop(runtime);
    ck_assert_int_eq(base_alloc_live(), n_live);
    return exit_code;
}

static inline uint64_t attempt_number_in(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

static inline uint64_t attempt_first_seed(void)
{
    return attempt_number_in("TROUPE_TEST_SEED", 1);
}

static inline uint64_t attempt_last_seed(uint64_t otherwise)
{
    return attempt_number_in("TROUPE_TEST_SEED",
                             attempt_number_in("TROUPE_TEST_SEEDS", otherwise));
}

static inline struct checkpoint_options attempt_options(struct quick_disk *disk)
{
    return (struct checkpoint_options){.directory = quick_disk_open(disk),
                                       .job = "job",
                                       .program = "test",
                                       .from = "newest",
                                       .every_ns = -1,
                                       .files = &disk->files};
}

#endif
