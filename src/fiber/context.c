/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/require.h"
#include "fiber/stack.h"

static void enter(struct fiber_transfer from)
{
    struct fiber *fiber = from.data;
#ifdef __aarch64__
    fiber_set_modes(fiber->modes);
#endif
    fiber_sanitizers_arrive(&fiber->sanitizers);
    fiber->resumer = from.context;
    fiber->run(fiber->argument);
    fiber_end(fiber);
}

struct fiber *fiber_create(struct fiber_pool *pool,
                           size_t stack_bytes,
                           void (*run)(void *argument),
                           void *argument)
{
    struct fiber *fiber = fiber_stack_take(pool, stack_bytes);
    if (!fiber)
        return NULL;
    char *low = fiber_stack_low(fiber);
    size_t room = (size_t)((char *)fiber - low);
    fiber_sanitizers_begin(&fiber->sanitizers, low, room);
    fiber->context = make_fcontext(fiber, room, enter);
    fiber->resumer = NULL;
#ifdef __aarch64__
    fiber->modes = fiber_modes();
#endif
    fiber->run = run;
    fiber->argument = argument;
    return fiber;
}

void fiber_destroy(struct fiber_pool *pool, struct fiber *fiber)
{
    bool was_abandoned = !fiber->context && fiber->resumer;
    if (was_abandoned)
        fiber_sanitizers_abandon(&fiber->sanitizers);
    else if (fiber_sanitizers_doom(&fiber->sanitizers))
        fiber_resume(fiber);
    fiber_sanitizers_over(&fiber->sanitizers, FIBER_ASAN ? fiber_stack_used(fiber) : 0);
    fiber_stack_give(pool, fiber);
}

void fiber_end(struct fiber *fiber)
{
    base_assert(!fiber->context && fiber->resumer);
    fiber_sanitizers_leave(&fiber->sanitizers, true);
    void *to = fiber->resumer;
    fiber->resumer = NULL;
    fiber_jump(to, fiber);
    base_die(__FILE__, __LINE__, "a fiber was resumed after its end");
}

void fiber_canary_check(const struct fiber *fiber)
{
    const struct fiber_options *options = &fiber->slab->pool->options;
    base_require(fiber_canary_holds(fiber->canary),
                 "the stack of '%s' (%zu KiB) overflowed: %s",
                 options->name ? options->name(fiber->argument) : "a fiber",
                 fiber_stack_size(fiber) / 1024, fiber_stack_advice(fiber));
}
