/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BENCH_PINGPONG_MPI_H
#define BENCH_PINGPONG_MPI_H

/* The ball game in plain MPI, and its rules, which hold for all variants. */

#include "common/measure.h"

#include <mpi.h>

/*
 * Rounds before the clock starts, so that nobody sleeps any more; medians of this many
 * blocks where one side is measured alone.
 */
enum { PINGPONG_MAX_WORDS = 512, PINGPONG_WARM_ROUNDS = 10, PINGPONG_N_ALONE = 31 };

struct pingpong_size {
    int bytes;
    int n_rounds; /* of a block: about a millisecond */
};

struct pingpong_balls {
    int64_t out[PINGPONG_MAX_WORDS], in[PINGPONG_MAX_WORDS];
};

/* The next number goes into the first and the last word of a ball. */
static inline void pingpong_number(struct pingpong_size size, int64_t *out)
{
    out[0]++;
    out[size.bytes / 8 - 1] = out[0];
}

/* The ball that went out has to come back. */
static inline void
pingpong_check(struct pingpong_size size, const int64_t *in, const int64_t *out)
{
    int last = size.bytes / 8 - 1;
    if (in[0] != out[0] || in[last] != out[last])
        bench_die("%d B: another ball came back", size.bytes);
}

static inline double pingpong_one_way_ns(struct pingpong_size size, double seconds)
{
    return 1e9 * seconds / size.n_rounds / 2;
}

/* One block between ranks 0 and 1; nanoseconds one way. */
double pingpong_mpi(MPI_Comm communicator,
                    int rank,
                    struct pingpong_size size,
                    struct pingpong_balls *balls);

#endif
