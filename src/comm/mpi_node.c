/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
#include "base/require.h"
#include "comm/mpi_port.h"
#include "comm/node.h"
#include <limits.h>

int comm_node_rank(const struct comm *comm)
{
    int rank;

    MPI_Comm_rank(mpi_port_of(comm)->node, &rank);
    return rank;
}

int comm_node_size(const struct comm *comm)
{
    int size;

    MPI_Comm_size(mpi_port_of(comm)->node, &size);
    return size;
}

void comm_node_gather(const struct comm *comm,
                      const void *mine,
                      size_t size_bytes,
                      void *all)
{
    mpi_port_check(MPI_Allgather(mine, (int)size_bytes, MPI_BYTE, all, (int)size_bytes,
                                 MPI_BYTE, mpi_port_of(comm)->node),
                   "MPI_Allgather");
}

void comm_node_share(const struct comm *comm, struct base_bytes *bytes)
{
    MPI_Comm node = mpi_port_of(comm)->node;
    uint64_t size = bytes->size;
    bool is_first = comm_node_rank(comm) == 0;
    unsigned char *piece = bytes->data;

    mpi_port_check(MPI_Bcast(&size, 1, MPI_UINT64_T, 0, node), "MPI_Bcast");
    base_require(size <= INT_MAX, "too much to share in a node");
    if (!is_first)
        piece = base_new_bytes(size + 1, "what the node's first rank shares");
    mpi_port_check(MPI_Bcast(piece, (int)size, MPI_BYTE, 0, node), "MPI_Bcast");
    if (is_first)
        return;
    base_bytes_append(bytes, piece, size);
    base_free(piece);
}

void comm_world_least(const struct comm *comm, int *numbers, int n_numbers)
{
    mpi_port_check(MPI_Allreduce(MPI_IN_PLACE, numbers, n_numbers, MPI_INT, MPI_MIN,
                                 mpi_port_of(comm)->communicator[MPI_PORT_DATA]),
                   "MPI_Allreduce");
}

void comm_world_collect(const struct comm *comm,
                        const struct base_bytes *mine,
                        struct base_bytes *all)
{
    MPI_Comm world = mpi_port_of(comm)->communicator[MPI_PORT_DATA];
    int n_ranks = comm_size(comm), size = (int)mine->size, total = 0;
    int *sizes = base_new_array(int, 2 * (size_t)n_ranks), *places = sizes + n_ranks;
    unsigned char *joined;

    mpi_port_check(MPI_Gather(&size, 1, MPI_INT, sizes, 1, MPI_INT, 0, world),
                   "MPI_Gather");
    for (int i = 0; i < n_ranks; i++) {
        places[i] = total;
        total += sizes[i];
    }
    joined = base_new_bytes((size_t)total + 1, "what all ranks have sent");
    mpi_port_check(MPI_Gatherv(mine->data, size, MPI_BYTE, joined, sizes, places,
                               MPI_BYTE, 0, world),
                   "MPI_Gatherv");
    if (comm_rank(comm) == 0)
        base_bytes_append(all, joined, (size_t)total);
    base_free(joined);
    base_free(sizes);
}
