/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMM_NODE_H
#define COMM_NODE_H

/*
 * The ranks of one machine among themselves, and all ranks, before the streams run:
 * between comm_mpi_open and comm_start, on mpi alone. These block.
 */

#include "comm/comm.h"

/* This rank among those of its machine, and how many they are. */
int comm_node_rank(const struct comm *comm);
int comm_node_size(const struct comm *comm);

/* The same number of bytes of each rank of the machine, to all of them, in order. */
void comm_node_gather(const struct comm *comm,
                      const void *mine,
                      size_t size_bytes,
                      void *all);
/* The bytes of the machine's first rank, to all of its ranks. */
void comm_node_share(const struct comm *comm, struct base_bytes *bytes);
/* The least of each number over all ranks of the job, to all. */
void comm_world_least(const struct comm *comm, int *numbers, int n_numbers);
/* Bytes of each rank one after the other, to rank 0; the others get none. */
void comm_world_collect(const struct comm *comm,
                        const struct base_bytes *mine,
                        struct base_bytes *all);

#endif
