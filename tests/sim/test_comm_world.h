/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TEST_COMM_WORLD_H
#define TEST_COMM_WORLD_H

/* What the tests of comm on the simulator share: seeds. */

#include "base/random.h"
#include "comm/backends.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 0 of them: TROUPE_TEST_SEED names the only one. */
static inline uint64_t test_n_seeds(uint64_t otherwise)
{
    const char *text = getenv("TROUPE_TEST_SEEDS");
    return text ? strtoull(text, NULL, 10) : otherwise;
}

/* Runs `body` with every seed until one fails; says how to repeat that. True: none did.
 */
static inline bool
test_seeds(const char *program, uint64_t n_seeds, bool (*body)(uint64_t seed))
{
    const char *only = getenv("TROUPE_TEST_SEED");
    uint64_t first = only ? strtoull(only, NULL, 10) : 1;
    uint64_t last = only ? first : test_n_seeds(n_seeds);
    for (uint64_t seed = first; seed <= last; seed++) {
        if (body(seed))
            continue;
        fprintf(stderr, "seed %llu fails; to repeat: TROUPE_TEST_SEED=%llu %s\n",
                (unsigned long long)seed, (unsigned long long)seed, program);
        return false;
    }
    return true;
}

static inline uint32_t
test_pick(struct base_random *random, const uint32_t *values, uint32_t n)
{
    return values[base_random_below(random, n)];
}
#define TEST_PICK(random, ...)                                                         \
    test_pick((random), (const uint32_t[]){__VA_ARGS__},                               \
              (uint32_t)(sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t)))

#endif
