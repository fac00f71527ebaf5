/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The peer of pingpong alone, so that it can be run with other settings of MPI. Prints
 * the median of its blocks in nanoseconds one way.
 *
 *   bench_pingpong_peer BYTES ROUNDS
 */
#include "common/pingpong_mpi.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    if (argc != 3)
        bench_die("usage: bench_pingpong_peer BYTES ROUNDS");
    struct pingpong_size size = {.bytes = atoi(argv[1]), .n_rounds = atoi(argv[2])};
    if (size.bytes < 8 || size.bytes > 8 * PINGPONG_MAX_WORDS || size.n_rounds < 1)
        bench_die("8 to %d bytes, at least one round", 8 * PINGPONG_MAX_WORDS);

    double values[PINGPONG_N_ALONE] = {0};
    struct pingpong_balls balls = {{0}, {0}};
    int rank;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    for (int i = -3; i < PINGPONG_N_ALONE; i++)
        values[i < 0 ? 0 : i] = pingpong_mpi(MPI_COMM_WORLD, rank, size, &balls);
    if (rank == 0)
        printf("%.6g\n", bench_median(values, PINGPONG_N_ALONE));
    MPI_Finalize();
    return 0;
}
