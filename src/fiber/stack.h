/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FIBER_STACK_H
#define FIBER_STACK_H

/*
 * Where stacks come from and go. A stack of a size class (a power of two) is one of up
 * to 64 of a slab, which is one mapping:
 *
 *     low                                                               low + size
 *     | guard page or canary | ... free ... | frames <- grow | struct fiber | colour |
 *
 * The fiber itself lies at the top of its stack, so that a fiber that does little costs
 * one page in all. A stack is
 *     fresh   never used; its guard is not decided yet
 *     live    somebody's
 *     warm    given back and still with its pages; the last one goes out first
 *     cold    given back, pages returned to the kernel: what is warm has a limit
 */

#include "base/list.h"
#include "fiber/fiber.h"
#include "fiber/guard.h"

enum {
    FIBER_STACK_LOG_MIN = 14, /* 16 KiB; more where pages are large */
    FIBER_STACK_LOG_MAX = 30, /* 1 GiB */
    FIBER_STACK_N_CLASSES = FIBER_STACK_LOG_MAX - FIBER_STACK_LOG_MIN + 1,
    FIBER_STACK_DEFAULT_BYTES = 256 * 1024,
    FIBER_STACK_PER_SLAB = 64, /* the bits of a word */
    FIBER_CANARY_WORDS = 8
};

struct fiber_slab {
    struct base_list link;      /* among all slabs of the pool */
    struct base_list free_link; /* in the class while it has fresh or cold stacks */
    struct fiber_pool *pool;
    char *base;
    size_t stack_bytes;
    uint32_t n_stacks;
    uint64_t free;    /* bit i: stack i is fresh or cold */
    uint64_t live;    /* bit i: stack i is live */
    uint64_t decided; /* bit i: guard[i] holds */
    uint8_t guard[FIBER_STACK_PER_SLAB];
};

struct fiber_stack_class {
    size_t stack_bytes;
    struct base_list free_slabs;
    /* Ring of the warm ones: [first] is the oldest. */
    struct fiber **warm;
    uint32_t first_warm, n_warm, warm_mask;
};

/* What only tests set otherwise. */
struct fiber_pool_rules {
    enum fiber_guard_kind best_guard;
    uint64_t max_mappings; /* of the process; 0: ask the kernel */
    size_t max_warm_bytes;
};

#define FIBER_OVERFLOW_ADVICE "give it more by .stack_size, or all by TROUPE_STACK_KIB"

struct fiber_pool {
    struct fiber_options options;
    struct fiber_guards guards;
    struct base_list slabs;
    struct fiber_stack_class classes[FIBER_STACK_N_CLASSES];
    uint32_t default_class;
    size_t warm_bytes, max_warm_bytes;
    uint64_t n_live, mapped_bytes;
    struct base_list watch_link; /* overflow.c */
    void *alternate_stack;       /* for the thread's handlers; NULL: not ours */
};

struct fiber_pool *fiber_pool_create_with(const struct fiber_options *options,
                                          const struct fiber_pool_rules *rules);

/* Sets slab, index, canary, n_pages, n_gives; the rest is the caller's. NULL: no
 * memory. */
struct fiber *fiber_stack_take(struct fiber_pool *pool, size_t stack_bytes);
void fiber_stack_give(struct fiber_pool *pool, struct fiber *fiber);

/* The lowest byte that may be written; the highest lies below the fiber itself. */
char *fiber_stack_low(const struct fiber *fiber);
bool fiber_canary_holds(const uint64_t *canary);

/* What a user does about its overflow. */
const char *fiber_stack_advice(const struct fiber *fiber);

/* The live fiber whose guard page has this address; NULL: none has. Only reads. */
const struct fiber *fiber_guard_owner(const struct fiber_pool *pool,
                                      const void *address);

/* As fiber_stack_used, of a stack that need not be live. */
size_t fiber_slab_stack_used(const struct fiber_slab *slab, uint32_t index);

#endif
