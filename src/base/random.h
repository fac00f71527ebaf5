/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

/* SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): for schedules and tests, not for
 * science. */

#include <stdint.h>

struct base_random {
    uint64_t state;
};

static inline uint64_t base_random_next(struct base_random *random)
{
    uint64_t z = (random->state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Uniform in [0, bound), bound > 0; the bias of the product method is below 2^-32. */
static inline uint32_t base_random_below(struct base_random *random, uint32_t bound)
{
    return (uint32_t)(((base_random_next(random) >> 32) * bound) >> 32);
}

#endif
