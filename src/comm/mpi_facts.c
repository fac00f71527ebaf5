/* SPDX-License-Identifier: BSD-3-Clause */
#include "comm/mpi_facts.h"
#include "comm/launch.h"
#include "comm/mpi_port.h"
#include <mpi.h>
#include <stdio.h>
#include <string.h>

/* The two calls are among those that MPI allows before MPI_Init. */
void comm_mpi_describe(struct comm_mpi_facts *facts)
{
    char text[MPI_MAX_LIBRARY_VERSION_STRING] = "";
    int length, version = 0, subversion = 0;

    mpi_port_raise_eager_limit(); /* as where programs begin */
    *facts = (struct comm_mpi_facts){.eager_bytes = mpi_port_eager_limit()};
    snprintf(facts->built, sizeof facts->built, "Open MPI %d.%d.%d", OMPI_MAJOR_VERSION,
             OMPI_MINOR_VERSION, OMPI_RELEASE_VERSION);
    MPI_Get_library_version(text, &length);
    snprintf(facts->running, sizeof facts->running, "%.*s", (int)strcspn(text, "\n"),
             text);
    MPI_Get_version(&version, &subversion);
    snprintf(facts->standard, sizeof facts->standard, "%d.%d", version, subversion);
    (void)comm_library_is_ours(text, OMPI_MAJOR_VERSION, OMPI_MINOR_VERSION,
                               facts->mismatch, sizeof facts->mismatch);
}

size_t comm_mpi_request_bytes(void)
{
    return sizeof(MPI_Request);
}

size_t comm_mpi_communicator_bytes(void)
{
    return sizeof(MPI_Comm);
}
