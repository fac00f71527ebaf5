/* SPDX-License-Identifier: BSD-3-Clause */
#include "comm/launch.h"
#include "support/check_main.h"
#include <string.h>

/* Environments as launchers leave them, and whether one rank is right in them. */

static const char *const *present; /* name, value, name, value, NULL */

static const char *look_up(const char *name)
{
    for (const char *const *at = present; *at; at += 2) {
        if (strcmp(at[0], name) == 0)
            return at[1];
    }
    return NULL;
}

struct row {
    const char *what;
    bool is_sane;
    const char *named; /* must stand in the reason */
    const char *environment[16];
};

static const struct row rows[] = {
    {"by hand", true, NULL, {NULL}},
    {"mpirun -n 1", true, NULL, {"OMPI_COMM_WORLD_SIZE", "1", "PMIX_RANK", "0"}},
    {"mpirun -n 4 of another Open MPI",
     false,
     "OMPI_COMM_WORLD_SIZE=4",
     {"OMPI_COMM_WORLD_SIZE", "4"}},
    {"mpiexec of MPICH", false, "PMI_SIZE=8", {"PMI_SIZE", "8", "PMI_RANK", "3"}},
    {"mpiexec -n 1 of MPICH", true, NULL, {"PMI_SIZE", "1", "PMI_RANK", "0"}},
    {"batch script of 16 tasks, run in it by hand",
     true,
     NULL,
     {"SLURM_JOB_ID", "7", "SLURM_NTASKS", "16", "SLURM_PROCID", "0"}},
    {"batch script of 16 tasks, mpirun -n 1",
     true,
     NULL,
     {"SLURM_NTASKS", "16", "SLURM_STEP_ID", "0", "SLURM_STEP_NUM_TASKS", "2",
      "SLURM_PROCID", "1", "OMPI_COMM_WORLD_SIZE", "1"}},
    {"srun -n 16 without PMI",
     false,
     "SLURM_STEP_NUM_TASKS=16",
     {"SLURM_NTASKS", "16", "SLURM_STEP_ID", "0", "SLURM_STEP_NUM_TASKS", "16",
      "SLURM_PROCID", "5"}},
    {"srun --mpi=pmi2",
     false,
     "PMI_SIZE=16",
     {"PMI_SIZE", "16", "SLURM_STEP_ID", "0", "SLURM_PROCID", "5"}},
    {"srun of an older Slurm",
     false,
     "SLURM_NTASKS=16",
     {"SLURM_NTASKS", "16", "SLURM_STEP_ID", "0", "SLURM_PROCID", "5"}},
    {"srun -n 1 in an allocation of 16",
     true,
     NULL,
     {"SLURM_NTASKS", "16", "SLURM_STEP_ID", "0", "SLURM_STEP_NUM_TASKS", "1",
      "SLURM_PROCID", "0"}},
    {"another PMIx", false, "PMIX_RANK=3", {"PMIX_RANK", "3"}},
    {"rubbish", true, NULL, {"PMI_SIZE", "many", "OMPI_COMM_WORLD_SIZE", ""}},
};

START_TEST(launchers)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char why[400] = "";
        present = rows[i].environment;
        ck_assert_msg(comm_launch_is_sane(1, look_up, why, sizeof why) ==
                          rows[i].is_sane,
                      "%s: %s", rows[i].what, why);
        ck_assert_msg(!rows[i].named || strstr(why, rows[i].named), "%s: %s",
                      rows[i].what, why);
        /* Who has company was started well. */
        ck_assert(comm_launch_is_sane(2, look_up, why, sizeof why));
    }
}
END_TEST

START_TEST(libraries)
{
    char why[400] = "";
    const char *ours = "Open MPI v4.1.4, package: Debian OpenMPI, ident: 4.1.4";
    ck_assert(comm_library_is_ours(ours, 4, 1, why, sizeof why));
    ck_assert(!comm_library_is_ours(ours, 4, 0, why, sizeof why));
    ck_assert_ptr_nonnull(strstr(why, "built with Open MPI 4.0"));
    ck_assert(!comm_library_is_ours("Open MPI v5.0.1", 4, 1, why, sizeof why));
    ck_assert(!comm_library_is_ours("MPICH Version:\t4.0.2\n", 4, 1, why, sizeof why));
    ck_assert_ptr_nonnull(strstr(why, "MPICH"));
}
END_TEST

CHECK_MAIN("comm_launch", launchers, libraries)
