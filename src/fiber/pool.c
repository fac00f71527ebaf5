/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "base/alloc.h"
#include "base/require.h"
#include "fiber/overflow.h"
#include <sys/mman.h>

#ifdef TROUPE_HOSTILE
enum { MAX_WARM_BYTES = 4 * 4096 };
#else
enum { MAX_WARM_BYTES = 64 << 20 };
#endif

/* A guard, and at least as much again three times. */
enum { FEWEST_PAGES = 4 };

static const struct fiber_pool_rules usual_rules = {
    .best_guard = FIBER_GUARD_MADVISE,
    .max_warm_bytes = MAX_WARM_BYTES,
};

struct fiber_pool *fiber_pool_create(const struct fiber_options *options)
{
    return fiber_pool_create_with(options, &usual_rules);
}

struct fiber_pool *fiber_pool_create_with(const struct fiber_options *options,
                                          const struct fiber_pool_rules *rules)
{
    struct fiber_pool *pool = base_new(struct fiber_pool);
    fiber_guards_init(&pool->guards, rules->best_guard, rules->max_mappings);
    pool->max_warm_bytes = rules->max_warm_bytes;
    if (options)
        pool->options = *options;
    base_list_init(&pool->slabs);
    size_t fewest_bytes = FEWEST_PAGES * pool->guards.page_bytes;
    size_t default_bytes = options && options->stack_bytes ? options->stack_bytes
                                                           : FIBER_STACK_DEFAULT_BYTES;
    for (uint32_t i = 0; i < FIBER_STACK_N_CLASSES; i++) {
        struct fiber_stack_class *class = &pool->classes[i];
        base_list_init(&class->free_slabs);
        class->stack_bytes = (size_t)1 << (FIBER_STACK_LOG_MIN + i);
        if (class->stack_bytes < fewest_bytes)
            class->stack_bytes = fewest_bytes;
        if (class->stack_bytes < default_bytes)
            pool->default_class = i + 1;
    }
    base_require(pool->default_class < FIBER_STACK_N_CLASSES,
                 "a stack of %zu bytes is larger than the largest", default_bytes);
    fiber_overflow_watch(pool);
    return pool;
}

void fiber_pool_destroy(struct fiber_pool *pool)
{
    base_assert(pool->n_live == 0);
    fiber_overflow_forget(pool);
    BASE_LIST_EACH(node, &pool->slabs)
    {
        struct fiber_slab *slab = CONTAINER_OF(node, struct fiber_slab, link);
        munmap(slab->base, slab->n_stacks * slab->stack_bytes);
        base_free(slab);
    }
    for (uint32_t i = 0; i < FIBER_STACK_N_CLASSES; i++)
        base_free(pool->classes[i].warm);
    base_free(pool);
}

static void count_slab(const struct fiber_slab *slab, struct fiber_pool_counts *counts)
{
    uint64_t *const by_guard[] = {
        [FIBER_GUARD_NONE] = &counts->n_unguarded,
        [FIBER_GUARD_MPROTECT] = &counts->n_guarded_by_mprotect,
        [FIBER_GUARD_MADVISE] = &counts->n_guarded_by_madvise,
    };
    for (uint32_t i = 0; i < slab->n_stacks; i++) {
        if (!(slab->decided >> i & 1))
            continue;
        ++*by_guard[slab->guard[i]];
        counts->n_pooled += !(slab->live >> i & 1);
        uint64_t used = fiber_slab_stack_used(slab, i);
        if (used > counts->largest_stack_used)
            counts->largest_stack_used = used;
    }
}

void fiber_pool_count(const struct fiber_pool *pool, struct fiber_pool_counts *counts)
{
    *counts = (struct fiber_pool_counts){
        .n_live = pool->n_live,
        .mapped_bytes = pool->mapped_bytes,
    };
    BASE_LIST_EACH(node, &pool->slabs)
    count_slab(CONTAINER_OF(node, struct fiber_slab, link), counts);
}
