/* ranks: 1 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "mpi/test_comm_mpi.h"

/* An MPI that was initialised for less than we need is refused, and left as it is. */

int main(int argc, char **argv)
{
    static struct troupe rank_state;
    const struct comm_mpi_options options = {0};
    struct comm *comm = NULL;
    char why[400] = "";
    int is_finalised, level;

    MPI_Init(&argc, &argv);
    MPI_Query_thread(&level);
    troupe_status status = comm_mpi_open(&options, &rank_state, &comm, why, sizeof why);
    if (level >= MPI_THREAD_FUNNELED) {
        MUST(status == TROUPE_OK, "%s", why); /* this MPI always gives more */
        comm_close(comm);
    } else {
        MUST(status == TROUPE_INVALID && strstr(why, "MPI_THREAD_FUNNELED"), "\"%s\"",
             why);
    }
    MPI_Finalized(&is_finalised);
    MUST(!is_finalised, "MPI was the program's to finalise");
    MPI_Finalize();
    return EXIT_SUCCESS;
}
