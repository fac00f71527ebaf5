/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RUNTIME_SIM_H
#define RUNTIME_SIM_H

/* Jobs on sim with more say than troupe_options gives; for tests. */

#include "checkpoint/checkpoint.h"
#include "comm/backends.h"
#include "troupe/runtime.h"

struct runtime_sim {
    struct comm_sim_options sim; /* n_ranks and seed 0: from the options */
    struct comm_options comm;    /* zero: the defaults */
    /* Not NULL: the program of each rank, to try ranks that differ. */
    const troupe_program *const *programs;
    /* Not NULL: instead of what the environment says. */
    const struct checkpoint_options *checkpoint;
};

/* As troupe_start(), always on sim. `sim` must stay until troupe_stop(). */
TROUPE_MUST_USE troupe_status runtime_start_sim(const troupe_options *options,
                                                const struct runtime_sim *sim,
                                                troupe **runtime);

/* How the run went, after troupe_run(). */
struct comm_sim_result runtime_sim_result(const troupe *runtime);

#endif
