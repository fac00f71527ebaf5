/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMM_MPI_FACTS_H
#define COMM_MPI_FACTS_H

/* What can be said of MPI without initialising it, for `troupe info`. No MPI in here.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct comm_mpi_facts {
    char built[64];     /* "Open MPI 4.1.4" */
    char running[256];  /* what the library says of itself, its first line */
    char standard[16];  /* "3.1", of the library that runs */
    char mismatch[256]; /* why the two do not fit together; empty when they do */
    uint32_t
        eager_bytes; /* the largest message that is sent without asking, as we use it */
};

void comm_mpi_describe(struct comm_mpi_facts *facts);

/* Sizes of MPI's handles, for who copies them without knowing their types. */
size_t comm_mpi_request_bytes(void);
size_t comm_mpi_communicator_bytes(void);

#endif
