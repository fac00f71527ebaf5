/* SPDX-License-Identifier: BSD-3-Clause */
#include "comm/launch.h"
#include <stdio.h>
#include <stdlib.h>

/* The number in a variable, -1 if it is not set or no number. */
static long number(comm_environment_fn *environment, const char *name)
{
    const char *text = environment(name);
    char *end;
    if (!text || !*text)
        return -1;
    long value = strtol(text, &end, 10);
    return *end == '\0' && value >= 0 ? value : -1;
}

/*
 * Slurm sets most of its variables in a batch script too, where one process alone is
 * right. Only srun's tasks know the number of their step.
 */
static long slurm_tasks(comm_environment_fn *environment, const char **name)
{
    if (!environment("SLURM_STEP_ID") || !environment("SLURM_PROCID"))
        return -1;
    *name = "SLURM_STEP_NUM_TASKS";
    long n = number(environment, *name);
    if (n >= 0)
        return n;
    *name = "SLURM_NTASKS";
    return number(environment, *name);
}

bool comm_launch_is_sane(int n_ranks,
                         comm_environment_fn *environment,
                         char *why,
                         size_t why_capacity)
{
    static const char *const advice_mpirun =
        "start it with the mpirun of the MPI it was built with";
    static const char *const advice_srun =
        "try srun --mpi=pmix (srun --mpi=list shows what there is), or mpirun";
    const char *name = "OMPI_COMM_WORLD_SIZE";
    const char *advice = advice_mpirun;

    if (n_ranks > 1)
        return true;
    long n_started = number(environment, name);
    if (n_started == 1)
        return true; /* Open MPI's own launcher says the same */
    if (n_started < 0) {
        name = "PMI_SIZE"; /* mpiexec of MPICH and its kin, or srun --mpi=pmi2 */
        n_started = number(environment, name);
    }
    if (n_started <= 1) {
        advice = advice_srun;
        n_started = slurm_tasks(environment, &name);
    }
    if (n_started > 1) {
        snprintf(
            why, why_capacity,
            "MPI knows of 1 rank, but %s=%ld: the launcher and this MPI do not know "
            "each other, and each rank would do the whole work; %s",
            name, n_started, advice);
        return false;
    }
    if (number(environment, "PMIX_RANK") > 0) {
        snprintf(
            why, why_capacity,
            "MPI knows of 1 rank, but PMIX_RANK=%ld: the launcher and this MPI do not "
            "know each other; %s",
            number(environment, "PMIX_RANK"), advice_mpirun);
        return false;
    }
    return true;
}

bool comm_library_is_ours(
    const char *text, int built_major, int built_minor, char *why, size_t why_capacity)
{
    int major = 0, minor = 0;
    if (sscanf(text, "Open MPI v%d.%d", &major, &minor) == 2 && major == built_major &&
        minor == built_minor)
        return true;
    snprintf(why, why_capacity,
             "built with Open MPI %d.%d, but running with \"%.60s\"; look at "
             "LD_LIBRARY_PATH and the loaded modules",
             built_major, built_minor, text);
    return false;
}
