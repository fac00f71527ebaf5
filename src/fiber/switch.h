/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FIBER_SWITCH_H
#define FIBER_SWITCH_H

/*
 * The switch itself, inline: the processor foretells a return by the call before it,
 * and behind a switch that call was another stack's. Each return that is saved on the
 * way is worth as much as a jump. Included by fiber.h; nothing in here is for others to
 * use.
 *
 * Switching is Boost.Context's (1.74), of which only two symbols are used; they are
 * declared here because its headers are C++. A jump keeps the callee-saved registers on
 * the stack it leaves, and on x86-64 with them MXCSR and the x87 control word; on
 * AArch64 FPCR is kept here. So rounding, flushing and trapping are each fiber's own,
 * at first as its creator had them.
 */

#include "base/compiler.h"
#include "base/require.h"
#include "fiber/sanitizers.h"
#include "troupe/base.h"
#ifdef __x86_64__
#include <xmmintrin.h>
#endif

struct fiber_transfer {
    void *context; /* who jumped here, as it stands now */
    void *data;
};
struct fiber_transfer jump_fcontext(void *to, void *data);
void *make_fcontext(void *stack_top,
                    size_t size_bytes,
                    void (*entry)(struct fiber_transfer from));

struct fiber_slab;

/*
 * What is known of its state:    context  resumer
 *     not begun                  set      NULL
 *     parked                     set      set
 *     running                    NULL     set
 *     ended                      NULL     NULL
 */
struct fiber {
    void *context;    /* where it stands */
    void *resumer;    /* where who resumed it stands */
    uint64_t *canary; /* NULL when guarded */
    void (*run)(void *argument);
    void *argument;
    struct fiber_slab *slab;
    uint32_t index;   /* in the slab */
    uint32_t n_pages; /* touched when last measured */
    uint32_t n_gives; /* how often this stack came back */
#ifdef __aarch64__
    uint64_t modes; /* its creator's FPCR */
#endif
    struct fiber_sanitizers sanitizers;
};

/* Ends the rank when the canary was overwritten. */
void fiber_canary_check(const struct fiber *fiber);

#ifdef __aarch64__
static inline uint64_t fiber_modes(void)
{
    uint64_t modes;
    __asm__ volatile("mrs %0, fpcr" : "=r"(modes));
    return modes;
}

static inline void fiber_set_modes(uint64_t modes)
{
    if (UNLIKELY(fiber_modes() != modes)) /* setting them costs more than a look */
        __asm__ volatile("msr fpcr, %0" : : "r"(modes));
}
#endif

/*
 * To load an MXCSR that differs takes sixty nanoseconds, ten times the jump, and the
 * flags of who computes and who schedules soon differ. So the flags, other than the
 * modes, are the thread's: they go along with the switch. MXCSR is a saved context's
 * first word. It is seldom another one, and what has just been stored takes longer to
 * load.
 */
static inline struct fiber_transfer fiber_jump(void *to, void *data)
{
#ifdef __x86_64__
    uint32_t *saved = to;
    uint32_t others = (*saved ^ _mm_getcsr()) & _MM_EXCEPT_MASK;
    if (UNLIKELY(others))
        *saved ^= others;
#endif
#ifdef __aarch64__
    uint64_t modes = fiber_modes();
    struct fiber_transfer back = jump_fcontext(to, data);
    fiber_set_modes(modes);
    return back;
#else
    return jump_fcontext(to, data);
#endif
}

/* All jumps bring the fiber they are about: the one resumed, or the one that leaves. */
static inline bool fiber_resume(struct fiber *fiber)
{
    base_assert(fiber->context);
    void *to = fiber->context;
    fiber->context = NULL;
    void *saved = fiber_sanitizers_resume(&fiber->sanitizers);
    struct fiber_transfer back = fiber_jump(to, fiber);
    struct fiber *leaver = back.data;
    fiber_sanitizers_resumed(saved);
    if (UNLIKELY(leaver->canary))
        fiber_canary_check(leaver);
    if (UNLIKELY(!leaver->resumer))
        return true;
    leaver->context = back.context;
    return false;
}

static inline void fiber_arrive(struct fiber *fiber, struct fiber_transfer from)
{
    struct fiber *leaver = from.data;
    if (leaver != fiber) {
        fiber_sanitizers_took_over(&fiber->sanitizers);
        leaver->context = from.context;
        return;
    }
    fiber_sanitizers_arrive(&fiber->sanitizers);
    fiber->resumer = from.context;
    if (fiber_sanitizers_is_doomed(&fiber->sanitizers))
        fiber_end(fiber);
}

static inline void fiber_park(struct fiber *fiber)
{
    base_assert(!fiber->context && fiber->resumer);
    fiber_sanitizers_leave(&fiber->sanitizers, false);
    fiber_arrive(fiber, fiber_jump(fiber->resumer, fiber));
}

static inline bool fiber_is_parked(const struct fiber *fiber)
{
    return fiber->context && fiber->resumer;
}

static inline void fiber_hand_over(struct fiber *fiber, struct fiber *next)
{
    base_assert(!fiber->context && fiber->resumer && fiber_is_parked(next));
    if (UNLIKELY(fiber->canary))
        fiber_canary_check(fiber);
    void *to = next->context;
    next->context = NULL;
    next->resumer = fiber->resumer;
    fiber_sanitizers_hand_over(&fiber->sanitizers, &next->sanitizers);
    fiber_arrive(fiber, fiber_jump(to, fiber));
}

#endif
