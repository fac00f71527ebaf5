/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FIBER_FIBER_H
#define FIBER_FIBER_H

/*
 * Functions on stacks of their own that park in the middle and go on later. Knows
 * nothing of actors. Switching is Boost.Context's (make_fcontext, jump_fcontext);
 * sanitizers and valgrind are told of every switch. A fiber runs only inside
 * fiber_resume(); it never resumes another, but may hand over to one.
 */

#include "troupe/base.h"

struct fiber;
struct fiber_pool;

struct fiber_options {
    size_t stack_bytes; /* the default size; 0: 256 KiB of address space */
    /* For the words about a stack that overflowed: what runs there, by the fiber's
     * argument, asked for inside a signal handler; and where. NULL: not known. */
    const char *(*name)(const void *argument);
    int rank;
};

struct fiber_pool *fiber_pool_create(const struct fiber_options *options);
/* All fibers must have been destroyed. */
void fiber_pool_destroy(struct fiber_pool *pool);

/*
 * A fiber that will call run(argument) at its first resume. stack_bytes 0: the default;
 * else rounded up to a size class. NULL: no memory. The stack comes from the pool,
 * still warm if one of the size was given back.
 */
struct fiber *fiber_create(struct fiber_pool *pool,
                           size_t stack_bytes,
                           void (*run)(void *argument),
                           void *argument);
/*
 * Wherever it stands, nothing is unwound. From outside, of course; one that was left by
 * a longjmp to its resumer's stack will do as well.
 */
void fiber_destroy(struct fiber_pool *pool, struct fiber *fiber);

/*
 * Runs the fiber until it parks or ends, or another does to which it was handed over in
 * between. True: that one ended (run returned, fiber_end).
 */
static inline bool fiber_resume(struct fiber *fiber);
/* From inside: back to who resumed; returns at the next resume. */
static inline void fiber_park(struct fiber *fiber);
/* The same, but at once to another that is parked, as if our resumer had resumed it:
 * half the jumps. */
static inline void fiber_hand_over(struct fiber *fiber, struct fiber *next);
/* Has begun, and stands somewhere. */
static inline bool fiber_is_parked(const struct fiber *fiber);
/* From inside: leaves for good from any depth. */
TROUPE_NORETURN void fiber_end(struct fiber *fiber);

/*
 * The most this stack ever had touched, in whole pages, former users included; asks the
 * kernel (pages that were swapped out do not count).
 */
size_t fiber_stack_used(const struct fiber *fiber);
/* The size class: the guard page at the low end and the fiber at the high are in it. */
size_t fiber_stack_size(const struct fiber *fiber);

/* n_live and n_pooled together are the stacks ever used; so are the three by guard. */
struct fiber_pool_counts {
    uint64_t n_live, n_pooled;
    uint64_t n_guarded_by_madvise, n_guarded_by_mprotect, n_unguarded;
    uint64_t mapped_bytes;
    uint64_t largest_stack_used; /* over the stacks alive or pooled now */
};
/* Looks at every stack: half a microsecond each. */
void fiber_pool_count(const struct fiber_pool *pool, struct fiber_pool_counts *counts);

#include "fiber/switch.h"

#endif
