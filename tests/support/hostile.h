/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SUPPORT_HOSTILE_H
#define SUPPORT_HOSTILE_H

/*
 * Numbers whose sums show every change of order, by index, and lengths at which trees
 * go wrong: both after P4016R0, its appendix on tests. Made without a library's
 * functions, so that they are the same everywhere.
 */

#include "base/random.h"
#include <string.h>

enum hostile_kind {
    HOSTILE_UNIFORM,
    HOSTILE_CANCELLING,  /* +-1e15 with small ones between */
    HOSTILE_EXPONENTIAL, /* 2^-500 to 2^500 */
    HOSTILE_ABSORBED,    /* one large, many far below its last place */
    HOSTILE_SHIFTED,     /* spread far less than their mean */
    HOSTILE_EXTREME,     /* subnormals, zeros of both signs, +-1e308 */
    HOSTILE_SPECIAL, /* infinities, and NaNs of both signs with and without payload */
    HOSTILE_N_KINDS
};

static const char *const hostile_names[HOSTILE_N_KINDS] = {
    "uniform", "cancelling", "exponential", "absorbed",
    "shifted", "extreme",    "special"};

static const int64_t hostile_lengths[] = {
    1, 2, 15, 16, 17, 31, 33, 64, 97, 127, 129, 257, 1009, 1023, 4096, 4097, 10007};

/* Where each of the above has been tried, each of these adds little. */
static const int64_t hostile_more_lengths[] = {3,   7,   8,   9,    32,   63,   65,
                                               128, 255, 256, 1024, 1025, 4093, 20011};

static inline double hostile_from_bits(uint64_t bits)
{
    double value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline double hostile_extreme(uint64_t bits)
{
    static const double some[] = {0.0,       -0.0,       1e308,     -1e308,
                                  0x1p-1074, -0x1p-1074, 0x1p-1022, -0x1.8p-1023,
                                  1.0,       -1.0};

    return some[bits % (sizeof some / sizeof *some)];
}

/* One in 64; else it is small, or all would come to NaN. */
static inline double hostile_special(uint64_t bits)
{
    static const uint64_t some[] = {
        UINT64_C(0x7ff0000000000000), UINT64_C(0xfff0000000000000),
        UINT64_C(0x7ff8000000000000), UINT64_C(0xfff8000000000000),
        UINT64_C(0x7ff8000000001234), UINT64_C(0xfff800000000abcd)};

    return bits % 64 == 0 ? hostile_from_bits(some[(bits >> 8) % 6])
                          : (double)(bits >> 11) * 0x1p-53;
}

static inline double hostile_value(enum hostile_kind kind, uint64_t seed, int64_t i)
{
    struct base_random random = {seed + (uint64_t)i * UINT64_C(0xd1342543de82ef95)};
    uint64_t bits = base_random_next(&random);
    double unit = (double)(bits >> 11) * 0x1p-53;

    switch (kind) {
    case HOSTILE_CANCELLING:
        return i % 3 == 0 ? 1e15 : i % 3 == 1 ? -1e15 : unit;
    case HOSTILE_EXPONENTIAL:
        return hostile_from_bits((bits & UINT64_C(0x800fffffffffffff)) |
                                 (1023 - 500 + (bits >> 52) % 1000) << 52);
    case HOSTILE_ABSORBED:
        return i == 0 ? 1.0 : 1e-16 * (1 + unit);
    case HOSTILE_SHIFTED:
        return 1e9 + unit;
    case HOSTILE_EXTREME:
        return hostile_extreme(bits);
    case HOSTILE_SPECIAL:
        return hostile_special(bits);
    default:
        return unit - 0.5;
    }
}

#endif
