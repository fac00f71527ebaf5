/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NUMERIC_DATA_H
#define NUMERIC_DATA_H

/*
 * Numbers that show every change of order, and lengths at which trees go wrong. The
 * kinds and the lengths follow P4016R0, appendix on tests.
 */

#include "base/random.h"
#include "numeric/isa.h"
#include <math.h>
#include <stddef.h>
#include <stdlib.h>

enum data_kind {
    DATA_UNIFORM,
    DATA_CANCELLING,  /* +-1e15 with small ones between */
    DATA_EXPONENTIAL, /* 300 decades */
    DATA_KAHAN,       /* one large, many far below its last place */
    DATA_EXTREME,     /* subnormals, zeros of both signs, +-1e308 */
    DATA_N_KINDS
};

static const int64_t data_lengths[] = {1,    2,    3,    7,    8,    9,     15,   16,
                                       17,   31,   32,   33,   63,   64,    65,   97,
                                       127,  128,  129,  255,  256,  257,   1009, 1023,
                                       1024, 1025, 4093, 4096, 4097, 10007, 20011};

static inline double data_unit(struct base_random *random)
{
    return (double)(base_random_next(random) >> 11) * 0x1p-53;
}

static inline double data_extreme(struct base_random *random)
{
    static const double some[] = {0.0,       -0.0,       1e308,     -1e308,
                                  0x1p-1074, -0x1p-1074, 0x1p-1022, -0x1.8p-1023,
                                  1.0,       -1.0};
    return some[base_random_below(random, sizeof some / sizeof some[0])];
}

static inline double
data_value(enum data_kind kind, int64_t i, struct base_random *random)
{
    double unit = data_unit(random);
    switch (kind) {
    case DATA_CANCELLING:
        return i % 3 == 0 ? 1e15 : i % 3 == 1 ? -1e15 : unit;
    case DATA_EXPONENTIAL:
        return (unit < 0.5 ? -1 : 1) * pow(10, 300 * data_unit(random) - 150);
    case DATA_KAHAN:
        return i == 0 ? 1.0 : 1e-16 * (1 + unit);
    case DATA_EXTREME:
        return data_extreme(random);
    default:
        return unit - 0.5;
    }
}

static inline void
data_fill(double *x, int64_t n, enum data_kind kind, struct base_random *random)
{
    for (int64_t i = 0; i < n; i++)
        x[i] = data_value(kind, i, random);
}

/* The numbers that P4016R0 publishes a sum of. */
static inline void data_golden(double *x, int64_t n)
{
    uint64_t state = UINT64_C(0x243F6A8885A308D3);
    for (int64_t i = 0; i < n; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        x[i] = ((double)(state >> 11) - 0x1p52) * 0x1p-52;
    }
}

/* Room for n numbers at `offset` numbers from an address that is a multiple of 64. */
static inline void *data_room(int64_t n, int offset, void **to_free)
{
    size_t size_bytes = ((size_t)(n + offset) * 8 + 127) / 64 * 64;
    *to_free = aligned_alloc(64, size_bytes);
    return (char *)*to_free + 8 * offset;
}

static inline int data_is_full(void)
{
    const char *full = getenv("TROUPE_TEST_FULL");
    return full != NULL && full[0] == '1';
}

#endif
