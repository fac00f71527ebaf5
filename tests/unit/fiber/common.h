/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef UNIT_FIBER_COMMON_H
#define UNIT_FIBER_COMMON_H

/* What the tests of fibers share. */

#include "fiber/stack.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PLAIN_BUILD (!FIBER_ASAN && !FIBER_TSAN)

/* Valgrind has resident pages and mappings of its own. */
static inline bool is_under_valgrind(void)
{
#if FIBER_VALGRIND
    return RUNNING_ON_VALGRIND;
#else
    return false;
#endif
}

static inline struct fiber_pool *pool_with_guard(enum fiber_guard_kind best)
{
    struct fiber_pool_rules rules = {.best_guard = best, .max_warm_bytes = 64 << 20};
    return fiber_pool_create_with(NULL, &rules);
}

static inline size_t resident_bytes(void)
{
    unsigned long size = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%lu %lu", &size, &resident) != 2)
        abort();
    fclose(file);
    return resident * (size_t)sysconf(_SC_PAGESIZE);
}

/* Writes to at least n_bytes of stack in frames smaller than a guard page. */
static NOINLINE unsigned dig(size_t n_bytes)
{
    volatile unsigned char block[512];
    for (size_t i = 0; i < sizeof(block); i++)
        block[i] = (unsigned char)n_bytes;
    unsigned below = n_bytes > sizeof(block) ? dig(n_bytes - sizeof(block)) : 0;
    return below + block[n_bytes % sizeof(block)];
}

struct digger {
    struct fiber *fiber;
    size_t n_bytes;
    unsigned result;
};

/* A fiber's function: digs, parks, ends. */
static inline void dig_and_park(void *argument)
{
    struct digger *digger = argument;
    digger->result = dig(digger->n_bytes);
    fiber_park(digger->fiber);
}

/* Created and resumed up to its park. */
static inline void
digger_start(struct digger *digger, struct fiber_pool *pool, size_t stack_bytes)
{
    digger->fiber = fiber_create(pool, stack_bytes, dig_and_park, digger);
    if (!digger->fiber)
        abort();
    fiber_resume(digger->fiber);
}

#endif
