/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FIBER_SANITIZERS_H
#define FIBER_SANITIZERS_H

/*
 * What AddressSanitizer, LeakSanitizer, ThreadSanitizer and valgrind must be told of
 * stacks and switches. Nothing is left of it in other builds but valgrind's requests,
 * two per life of a fiber, where its headers are installed.
 */

#include "troupe/base.h"

#ifdef __has_feature
#define FIBER_HAS_FEATURE(feature) __has_feature(feature)
#else
#define FIBER_HAS_FEATURE(feature) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || FIBER_HAS_FEATURE(address_sanitizer)
#define FIBER_ASAN 1
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
#else
#define FIBER_ASAN 0
#endif

#if defined(__SANITIZE_THREAD__) || FIBER_HAS_FEATURE(thread_sanitizer)
#define FIBER_TSAN 1
#include <sanitizer/tsan_interface.h>
#else
#define FIBER_TSAN 0
#endif

#if __has_include(<valgrind/valgrind.h>)
#define FIBER_VALGRIND 1
#include <valgrind/valgrind.h>
#else
#define FIBER_VALGRIND 0
#endif

struct fiber_sanitizers {
#if FIBER_ASAN
    void *fake_stack; /* of the parked fiber */
    bool doomed;      /* resumed for the last time, to drop its fake stack */
    void *low;        /* its own stack and that of who resumed it */
    size_t size_bytes;
    const void *resumer_low;
    size_t resumer_bytes;
#endif
#if FIBER_TSAN
    void *self, *resumer;
#endif
    unsigned valgrind_id;
};

/* A fiber begins on the stack [low, low + size_bytes). */
static inline void
fiber_sanitizers_begin(struct fiber_sanitizers *state, void *low, size_t size_bytes)
{
    *state = (struct fiber_sanitizers){0};
#if FIBER_ASAN
    state->low = low;
    state->size_bytes = size_bytes;
    /* What only a parked fiber points to is not lost. */
    __lsan_register_root_region(low, size_bytes);
#endif
#if FIBER_TSAN
    state->self = __tsan_create_fiber(0);
#endif
#if FIBER_VALGRIND
    char *bytes = low;
    state->valgrind_id = VALGRIND_STACK_REGISTER(bytes, bytes + size_bytes);
#endif
    (void)low;
    (void)size_bytes;
}

/* It is over; no byte more than touched_bytes below its end was written to. */
static inline void fiber_sanitizers_over(struct fiber_sanitizers *state,
                                         size_t touched_bytes)
{
#if FIBER_ASAN
    __lsan_unregister_root_region(state->low, state->size_bytes);
    /* Frames that were left without a return are still fenced off. */
    if (touched_bytes > state->size_bytes)
        touched_bytes = state->size_bytes;
    __asan_unpoison_memory_region(
        (char *)state->low + state->size_bytes - touched_bytes, touched_bytes);
#endif
#if FIBER_TSAN
    __tsan_destroy_fiber(state->self);
#endif
#if FIBER_VALGRIND
    VALGRIND_STACK_DEREGISTER(state->valgrind_id);
#endif
    (void)state;
    (void)touched_bytes;
}

/* On the resumer's stack, right before and right after. */
static inline void *fiber_sanitizers_resume(struct fiber_sanitizers *state)
{
    void *fake_stack = NULL;
#if FIBER_ASAN
    __sanitizer_start_switch_fiber(&fake_stack, state->low, state->size_bytes);
#endif
#if FIBER_TSAN
    state->resumer = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(state->self, 0);
#endif
    (void)state;
    return fake_stack;
}

static inline void fiber_sanitizers_resumed(void *fake_stack)
{
#if FIBER_ASAN
    __sanitizer_finish_switch_fiber(fake_stack, NULL, NULL);
#endif
    (void)fake_stack;
}

/* On the fiber's own stack: right before it leaves, and when it is there (again). */
static inline void fiber_sanitizers_leave(struct fiber_sanitizers *state, bool for_good)
{
#if FIBER_ASAN
    __sanitizer_start_switch_fiber(for_good ? NULL : &state->fake_stack,
                                   state->resumer_low, state->resumer_bytes);
    if (for_good)
        state->fake_stack = NULL;
#endif
#if FIBER_TSAN
    __tsan_switch_to_fiber(state->resumer, 0);
#endif
    (void)state;
    (void)for_good;
}

static inline void fiber_sanitizers_arrive(struct fiber_sanitizers *state)
{
#if FIBER_ASAN
    __sanitizer_finish_switch_fiber(state->fake_stack, &state->resumer_low,
                                    &state->resumer_bytes);
#endif
    (void)state;
}

/* From one fiber's stack to that of another, which inherits who resumed it. */
static inline void fiber_sanitizers_hand_over(struct fiber_sanitizers *state,
                                              struct fiber_sanitizers *next)
{
#if FIBER_ASAN
    next->resumer_low = state->resumer_low;
    next->resumer_bytes = state->resumer_bytes;
    __sanitizer_start_switch_fiber(&state->fake_stack, next->low, next->size_bytes);
#endif
#if FIBER_TSAN
    next->resumer = state->resumer;
    __tsan_switch_to_fiber(next->self, 0);
#endif
    (void)state;
    (void)next;
}

static inline void fiber_sanitizers_took_over(struct fiber_sanitizers *state)
{
#if FIBER_ASAN
    __sanitizer_finish_switch_fiber(state->fake_stack, NULL, NULL);
#endif
    (void)state;
}

/*
 * A longjmp took us from the fiber's stack to that of who resumed it. ThreadSanitizer
 * does not survive such a jump, so there is nothing to tell it.
 */
static inline void fiber_sanitizers_abandon(struct fiber_sanitizers *state)
{
#if FIBER_ASAN
    __sanitizer_start_switch_fiber(NULL, state->resumer_low, state->resumer_bytes);
    __sanitizer_finish_switch_fiber(NULL, NULL, NULL);
#endif
    (void)state;
}

/*
 * AddressSanitizer may keep locals on a fake stack, which only the fiber itself can
 * drop: one that is destroyed while parked is told to and resumed once more.
 */
static inline bool fiber_sanitizers_doom(struct fiber_sanitizers *state)
{
#if FIBER_ASAN
    state->doomed = state->fake_stack;
    return state->doomed;
#else
    (void)state;
    return false;
#endif
}

static inline bool fiber_sanitizers_is_doomed(const struct fiber_sanitizers *state)
{
#if FIBER_ASAN
    return state->doomed;
#else
    (void)state;
    return false;
#endif
}

#endif
