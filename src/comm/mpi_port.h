/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMM_MPI_PORT_H
#define COMM_MPI_PORT_H

/* What the MPI files share. They are the only ones that see mpi.h. */

#include "comm/internal.h"
#include <mpi.h>

enum mpi_port_communicator {
    MPI_PORT_DATA,
    MPI_PORT_CONTROL,
    MPI_PORT_BULK,
    MPI_PORT_N
};

struct mpi_port {
    MPI_Comm communicator[MPI_PORT_N]; /* ours, one a class */
    MPI_Comm user;                     /* the user's, or MPI_COMM_WORLD */
    MPI_Comm node;                     /* of the ranks on this machine */
    bool must_finalize;
    bool is_crowded; /* more ranks than cores: who waits must let others run */
    uint64_t tag_mask;
    uint64_t random_state;
    int64_t waited_ns;       /* how long the rank had waited when it woke last, */
    uint32_t waited_offer;   /* and during which offer to the detector: quiet.h */
    bool is_turn_of_ring;    /* to be asked before the pipes, the last time */
    bool is_alone;           /* all ranks are on this machine, and joined by pipes */
    struct mpi_pipes *pipes; /* to ranks on this machine; NULL: none */
    struct comm_frame *posted[COMM_N_CLASSES], **posted_end[COMM_N_CLASSES];
    MPI_Request exchange;
};

static inline struct mpi_port *mpi_port_of(const struct comm *comm)
{
    return comm->port;
}

extern const struct comm_backend comm_mpi_backend;
/* Ends the rank with what MPI says when the call has failed. */
void mpi_port_check(int code, const char *call);
/* Whether more ranks than cores share this machine. Collective over the machine. */
bool mpi_port_is_crowded(const struct mpi_port *port);
/* The largest message that MPI sends without asking the receiver. */
uint32_t mpi_port_eager_limit(void);
/* Before MPI_Init: what programs are started with, unless somebody has set it. */
void mpi_port_raise_eager_limit(void);
/* Waits until `until_ns`, or until comm_poll() moved something. */
void mpi_port_idle(struct comm *comm, int64_t until_ns);

#endif
