/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMM_MPI_PIPES_H
#define COMM_MPI_PIPES_H

/*
 * Data frames between ranks of one machine go through pipes in a shared window of MPI
 * and not through its messages, which takes half to two thirds of the time. A rank has
 * one pipe from each of its neighbours on the machine and one to each.
 *
 * A slot holds a frame however it came. What comes by pipe is copied to a slot that is
 * in no ring of MPI's: to one of the posted ones, where all ranks are on one machine
 * and no slot is MPI's; else to one made for that, since each of the posted ones is
 * promised to somebody, who may be elsewhere.
 */

#include "comm/mpi_port.h"
#include "comm/pipe.h"

struct mpi_pipe_out {
    struct comm_pipe pipe;
    /* Frames that found no room, in order; linked by their `send`. */
    struct comm_frame *first, *last;
    struct mpi_pipe_out *next; /* in `blocked` */
};

struct mpi_pipe_in {
    struct comm_pipe pipe;
    int rank;
};

struct mpi_pipes {
    MPI_Comm machine; /* the ranks that are joined */
    MPI_Win window;
    int n_peers;
    int at; /* the peer to be looked at next */
    struct mpi_pipe_in *in;
    struct mpi_pipe_out *out;
    struct mpi_pipe_out **to; /* by rank; NULL: elsewhere */
    struct mpi_pipe_out *blocked;
    struct comm_frame *free; /* slots without a frame */
};

/* Collective, once, before slots are made: builds the pipes where there can be any. */
void mpi_pipes_connect(struct comm *comm);
void mpi_pipes_close(struct mpi_port *port);

/* The pipe to the rank; NULL: there is none. */
static inline struct mpi_pipe_out *mpi_pipe_to(const struct mpi_port *port, int rank)
{
    return port->pipes ? port->pipes->to[rank] : NULL;
}

/* The back end's send, send_is_done and slot_take for what goes by pipe. */
bool mpi_pipe_send(struct mpi_port *port,
                   struct mpi_pipe_out *out,
                   struct comm_frame *frame);
bool mpi_pipe_send_is_done(const struct comm_frame *frame);
/* Also sends what waited and has room now. Looks into some pipes only where there are
 * many: after mpi_pipes_n_takes() calls it has looked into all. */
struct comm_frame *mpi_pipes_take(struct comm *comm);
int mpi_pipes_n_takes(const struct mpi_port *port);
/* Takes a slot back that is not MPI's. */
void mpi_pipes_post(struct mpi_port *port, struct comm_frame *slot);

#endif
