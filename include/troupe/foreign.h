/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_FOREIGN_H
#define TROUPE_FOREIGN_H

/*
 * What the inline functions of troupe/mpi.h call; without MPI's types, so that the
 * library and its headers do not depend on one MPI's. Use troupe/mpi.h.
 */

#include "troupe/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * What troupe_mpi_wait() calls.
 *
 * \call     local
 * \blocks   until the request is complete
 * \threads  the runtime's thread
 *
 * \param self    the calling process
 * \param request an MPI_Request
 *
 * \errors   none
 * \aborts   as troupe_mpi_wait()
 */
TROUPE_API void troupe_mpi_wait_pointer(troupe_actor *self, void *request);

/**
 * What troupe_mpi_communicator() calls.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 *
 * \param      self         the caller
 * \param[out] communicator an MPI_Comm
 *
 * \errors   none
 * \aborts   as troupe_mpi_communicator()
 */
TROUPE_API void troupe_mpi_communicator_pointer(troupe_actor *self, void *communicator);

#ifdef __cplusplus
}
#endif
#endif
