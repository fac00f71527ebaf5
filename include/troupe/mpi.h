/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_MPI_H
#define TROUPE_MPI_H

/*
 * Your own MPI beside ours; the one header that needs mpi.h, and troupe.h does not
 * include it.
 *
 * MPI stays usable in a program of actors. A call that returns at once (MPI_Isend,
 * MPI_Ialltoall) may be made anywhere on the runtime's thread; troupe_mpi_wait() then
 * parks the process, and others run meanwhile. A call that blocks stops its whole rank,
 * so it is allowed only where the processes of all ranks make it together, and where
 * none of them still needs mail from another: what waits for room over there is not
 * sent while MPI blocks here. That a gather or an exchange has returned here does not
 * mean that its data have arrived there; a troupe_barrier() makes sure. Our messages
 * travel on communicators of our own and never meet yours.
 *
 *     MPI_Comm communicator;
 *     MPI_Request request;
 *     troupe_mpi_communicator(self, &communicator);
 *     MPI_Iallreduce(&mine, &sum, 1, MPI_DOUBLE, MPI_SUM, communicator, &request);
 *     troupe_mpi_wait(self, &request);
 *
 * The functions here are inline and pass pointers on to functions without MPI's types,
 * because those differ from MPI to MPI and the library is compiled once.
 */

#include "troupe/foreign.h"
#include <mpi.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Parks the process until a request of its own is complete, as MPI_Wait() with the
 * status ignored. The rank goes on: other actors run, mail is delivered.
 *
 * \call     local
 * \blocks   until the request is complete
 * \threads  the runtime's thread
 * \owns     if the process ends meanwhile, the runtime sees the request through; its
 *           buffers must live as long
 *
 * \param self    the calling process
 * \param request set to MPI_REQUEST_NULL, or inactive when it is persistent
 *
 * \errors   none
 * \aborts   the actor: called from a handler, or on the simulator, which has no MPI;
 *           the job: MPI reports an error
 */
static inline void troupe_mpi_wait(troupe_actor *self, MPI_Request *request)
{
    troupe_mpi_wait_pointer(self, request);
}

/**
 * The communicator that the runtime was started with: yours, or MPI_COMM_WORLD. Its
 * ranks are the runtime's.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 *
 * \param      self         the caller
 * \param[out] communicator do not free it
 *
 * \errors   none
 * \aborts   the actor: called on the simulator, which has no MPI
 */
static inline void troupe_mpi_communicator(troupe_actor *self, MPI_Comm *communicator)
{
    troupe_mpi_communicator_pointer(self, communicator);
}

#ifdef __cplusplus
}
#endif
#endif
