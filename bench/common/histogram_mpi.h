/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BENCH_HISTOGRAM_MPI_H
#define BENCH_HISTOGRAM_MPI_H

/* The histogram in plain MPI, and what the variants share. */

#include <mpi.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    HISTOGRAM_SIZE = 10000, /* counters of a rank */
    HISTOGRAM_MAX_RANKS = 64,
    HISTOGRAM_BUFFER = 1024 /* updates in a hand-written buffer */
};

struct histogram_sums {
    int64_t n_updates;
    int64_t weighted; /* each count times its place */
};

struct histogram_mpi {
    MPI_Comm communicator;
    int rank, n_ranks;
    int64_t n_updates;  /* of this rank */
    bool is_own_direct; /* histogram_mpi_single: no message to the own rank */
    int64_t counts[HISTOGRAM_SIZE];
};

struct histogram_sums histogram_reckon(const int64_t *counts);

/* A message for each update: sends at once, receives ready beforehand. */
void histogram_mpi_single(struct histogram_mpi *histogram);

/* Buffers of 1024 for each other rank; own updates are applied at once. */
void histogram_mpi_buffered(struct histogram_mpi *histogram);

static inline uint64_t histogram_seed(int rank)
{
    return 0x9e3779b97f4a7c15u * (uint64_t)(rank + 1);
}

/* A number below `limit`, which has 32 bits (xorshift64). */
static inline uint64_t histogram_draw(uint64_t *random, uint64_t limit)
{
    uint64_t x = *random;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    *random = x;
    return ((x >> 32) * limit) >> 32;
}

#endif
