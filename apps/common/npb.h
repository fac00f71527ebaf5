/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_NPB_H
#define COMMON_NPB_H

/*
 * The random numbers of the NAS Parallel Benchmarks: x' = a x mod 2^46 with a = 5^13,
 * r = x 2^-46 (Bailey et al., RNR-94-007, section 2.3). Whole numbers throughout, so
 * the same everywhere.
 */

#include <stdint.h>

#define NPB_MULTIPLIER UINT64_C(1220703125)
#define NPB_MASK       ((UINT64_C(1) << 46) - 1)

static inline uint64_t npb_next(uint64_t x)
{
    return x * NPB_MULTIPLIER & NPB_MASK;
}

static inline double npb_real(uint64_t x)
{
    return (double)x * 0x1p-46;
}

/* The state n steps after x. */
static inline uint64_t npb_jump(uint64_t x, uint64_t n)
{
    for (uint64_t power = NPB_MULTIPLIER; n > 0; n >>= 1) {
        if (n & 1)
            x = x * power & NPB_MASK;
        power = power * power & NPB_MASK;
    }
    return x;
}

#endif
