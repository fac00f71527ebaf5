/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/pingpong_mpi.h"

double pingpong_mpi(MPI_Comm communicator,
                    int rank,
                    struct pingpong_size size,
                    struct pingpong_balls *balls)
{
    int n = size.bytes;
    double begin_s = 0;
    MPI_Barrier(communicator);
    for (int i = 0; i < PINGPONG_WARM_ROUNDS + size.n_rounds; i++) {
        if (i == PINGPONG_WARM_ROUNDS)
            begin_s = bench_now_s();
        if (rank == 0) {
            pingpong_number(size, balls->out);
            MPI_Send(balls->out, n, MPI_BYTE, 1, 0, communicator);
            MPI_Recv(balls->in, n, MPI_BYTE, 1, 0, communicator, MPI_STATUS_IGNORE);
            pingpong_check(size, balls->in, balls->out);
        } else {
            MPI_Recv(balls->in, n, MPI_BYTE, 0, 0, communicator, MPI_STATUS_IGNORE);
            MPI_Send(balls->in, n, MPI_BYTE, 0, 0, communicator);
        }
    }
    return pingpong_one_way_ns(size, bench_now_s() - begin_s);
}
