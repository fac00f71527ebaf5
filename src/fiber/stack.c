/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "fiber/stack.h"
#include "base/alloc.h"
#include "base/require.h"
#include <string.h>
#include <sys/mman.h>

#ifdef TROUPE_HOSTILE
enum { STACKS_PER_SLAB = 2 };
#else
enum { STACKS_PER_SLAB = FIBER_STACK_PER_SLAB };
#endif

enum {
    MAX_SLAB_BYTES = 64 << 20, /* fewer stacks a slab when they are large */
    N_COLOURS = 8,
    CACHE_LINE_BYTES = 64,
    GIVES_PER_MEASUREMENT = 64,
    FEWEST_WARM = 64, /* first capacity of a ring; a power of two */
    PAGES_AT_ONCE = 512
};

#define CANARY UINT64_C(0x9d3f6a2be17c5048)

/* ---- places ---------------------------------------------------------------------- */

/*
 * Fibers at the same place of each page would fight for the same few lines of the first
 * level cache, hence the colours.
 */
static struct fiber *fiber_at(const struct fiber_slab *slab, uint32_t index)
{
    size_t colour_bytes = index % N_COLOURS * CACHE_LINE_BYTES;
    size_t fiber_bytes =
        (sizeof(struct fiber) + CACHE_LINE_BYTES - 1) & ~(size_t)(CACHE_LINE_BYTES - 1);
    char *end = slab->base + (index + 1) * slab->stack_bytes;
    return (struct fiber *)(void *)(end - colour_bytes - fiber_bytes);
}

static size_t page_bytes_of(const struct fiber_slab *slab)
{
    return slab->pool->guards.page_bytes;
}

char *fiber_stack_low(const struct fiber *fiber)
{
    const struct fiber_slab *slab = fiber->slab;
    char *base = slab->base + fiber->index * slab->stack_bytes;
    return base + (fiber->canary ? FIBER_CANARY_WORDS * sizeof(uint64_t)
                                 : page_bytes_of(slab));
}

size_t fiber_stack_size(const struct fiber *fiber)
{
    return fiber->slab->stack_bytes;
}

const char *fiber_stack_advice(const struct fiber *fiber)
{
    const struct fiber_pool *pool = fiber->slab->pool;
    bool is_default =
        fiber_stack_size(fiber) == pool->classes[pool->default_class].stack_bytes;
    return is_default ? "give it more by .stack_size, or all by TROUPE_STACK_KIB"
                      : "give it more by .stack_size";
}

static const struct fiber *guard_owner_in(const struct fiber_slab *slab,
                                          uintptr_t address)
{
    uintptr_t offset = address - (uintptr_t)slab->base;
    uint32_t i = (uint32_t)(offset / slab->stack_bytes);
    if (offset >= slab->n_stacks * slab->stack_bytes ||
        offset % slab->stack_bytes >= page_bytes_of(slab) || !(slab->live >> i & 1) ||
        slab->guard[i] == FIBER_GUARD_NONE)
        return NULL;
    return fiber_at(slab, i);
}

const struct fiber *fiber_guard_owner(const struct fiber_pool *pool,
                                      const void *address)
{
    BASE_LIST_EACH(node, &pool->slabs)
    {
        const struct fiber *fiber = guard_owner_in(
            CONTAINER_OF(node, struct fiber_slab, link), (uintptr_t)address);
        if (fiber)
            return fiber;
    }
    return NULL;
}

/* ---- how much was touched -------------------------------------------------------- */

/* Bytes from the lowest page in memory up to `end`. */
static size_t resident_above(char *low, const char *end, size_t page_bytes)
{
    unsigned char present[PAGES_AT_ONCE];
    for (char *at = low; at < end;) {
        size_t n_bytes = (size_t)(end - at);
        if (n_bytes > PAGES_AT_ONCE * page_bytes)
            n_bytes = PAGES_AT_ONCE * page_bytes;
        if (mincore(at, n_bytes, present))
            return 0;
        for (size_t i = 0; i < n_bytes / page_bytes; i++) {
            if (present[i] & 1)
                return (size_t)(end - at) - i * page_bytes;
        }
        at += n_bytes;
    }
    return 0;
}

/* The lowest page is the guard or holds the canary: no news in either case. */
size_t fiber_slab_stack_used(const struct fiber_slab *slab, uint32_t index)
{
    char *base = slab->base + index * slab->stack_bytes;
    return resident_above(base + page_bytes_of(slab), base + slab->stack_bytes,
                          page_bytes_of(slab));
}

size_t fiber_stack_used(const struct fiber *fiber)
{
    return fiber_slab_stack_used(fiber->slab, fiber->index);
}

static size_t touched_bytes(const struct fiber *fiber)
{
    return (fiber->n_pages + (fiber->canary ? 1 : 0)) * page_bytes_of(fiber->slab);
}

/* ---- canaries -------------------------------------------------------------------- */

static uint64_t *canary_write(char *base)
{
    uint64_t *canary = (uint64_t *)(void *)base;
    for (size_t i = 0; i < FIBER_CANARY_WORDS; i++)
        canary[i] = CANARY;
    return canary;
}

bool fiber_canary_holds(const uint64_t *canary)
{
    uint64_t difference = 0;
    for (size_t i = 0; i < FIBER_CANARY_WORDS; i++)
        difference |= canary[i] ^ CANARY;
    return difference == 0;
}

/* ---- slabs: fresh and cold stacks ------------------------------------------------ */

/* Takes what the address space grants, at the worst a single stack. */
static char *map_stacks(size_t stack_bytes, uint32_t *n_stacks)
{
    for (uint32_t n = *n_stacks; n > 0; n /= 2) {
        char *base =
            mmap(NULL, n * stack_bytes, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
        if (base == MAP_FAILED)
            continue;
        /* Else one touched page might become two megabytes; fails where there are none.
         */
        madvise(base, n * stack_bytes, MADV_NOHUGEPAGE);
        *n_stacks = n;
        return base;
    }
    return NULL;
}

static struct fiber_slab *slab_create(struct fiber_pool *pool,
                                      struct fiber_stack_class *class)
{
    size_t n_fit = MAX_SLAB_BYTES / class->stack_bytes;
    uint32_t n_stacks = n_fit < STACKS_PER_SLAB ? (uint32_t)n_fit : STACKS_PER_SLAB;
    n_stacks += n_stacks == 0;
    struct fiber_slab *slab = base_try_alloc(sizeof(*slab));
    char *base = slab ? map_stacks(class->stack_bytes, &n_stacks) : NULL;
    if (!base) {
        base_free(slab);
        return NULL;
    }
    *slab = (struct fiber_slab){
        .pool = pool,
        .base = base,
        .stack_bytes = class->stack_bytes,
        .n_stacks = n_stacks,
        .free = n_stacks == 64 ? UINT64_MAX : (UINT64_C(1) << n_stacks) - 1,
    };
    base_list_append(&pool->slabs, &slab->link);
    base_list_append(&class->free_slabs, &slab->free_link);
    pool->mapped_bytes += n_stacks * class->stack_bytes;
    return slab;
}

static uint32_t lowest_bit(uint64_t bits)
{
    uint32_t i = 0;
    while (!(bits >> i & 1))
        i++;
    return i;
}

static struct fiber *take_free(struct fiber_pool *pool, struct fiber_stack_class *class)
{
    struct fiber_slab *slab =
        base_list_is_empty(&class->free_slabs)
            ? slab_create(pool, class)
            : CONTAINER_OF(class->free_slabs.next, struct fiber_slab, free_link);
    if (!slab)
        return NULL;
    uint32_t i = lowest_bit(slab->free);
    uint64_t bit = UINT64_C(1) << i;
    char *base = slab->base + i * slab->stack_bytes;
    if (!(slab->decided & bit)) {
        slab->guard[i] = (uint8_t)fiber_guard_install(&pool->guards, base);
        slab->decided |= bit;
    }
    slab->free &= ~bit;
    if (slab->free == 0)
        base_list_remove(&slab->free_link);
    struct fiber *fiber = fiber_at(slab, i);
    fiber->slab = slab;
    fiber->index = i;
    fiber->canary = slab->guard[i] == FIBER_GUARD_NONE ? canary_write(base) : NULL;
    fiber->n_pages = 0;
    fiber->n_gives = 0;
    return fiber;
}

/* Gives the pages back; the guard stays. */
static void make_cold(struct fiber_stack_class *class, struct fiber *fiber)
{
    struct fiber_slab *slab = fiber->slab;
    uint32_t i = fiber->index;
    size_t page_bytes = page_bytes_of(slab);
    size_t first_page = fiber->canary ? 0 : page_bytes;
    char *base = slab->base + i * slab->stack_bytes;
    /* It cannot fail on memory of our own, and no promise hangs on it. */
    madvise(base + first_page, slab->stack_bytes - first_page, MADV_DONTNEED);
    if (slab->free == 0)
        base_list_append(&class->free_slabs, &slab->free_link);
    slab->free |= UINT64_C(1) << i;
}

/* ---- warm stacks ----------------------------------------------------------------- */

/* Of a ring that is full. */
static bool grow_ring(struct fiber_stack_class *class)
{
    uint32_t old_capacity = class->warm ? class->warm_mask + 1 : 0;
    uint32_t capacity = old_capacity ? old_capacity * 2 : FEWEST_WARM;
    struct fiber **ring = base_try_alloc(capacity * sizeof(struct fiber *));
    if (!ring)
        return false;
    for (uint32_t i = 0; i < old_capacity; i++)
        ring[i] = class->warm[(class->first_warm + i) & class->warm_mask];
    base_free(class->warm);
    class->warm = ring;
    class->first_warm = 0;
    class->warm_mask = capacity - 1;
    return true;
}

static struct fiber *take_warm(struct fiber_pool *pool, struct fiber_stack_class *class)
{
    uint32_t last = --class->n_warm;
    struct fiber *fiber = class->warm[(class->first_warm + last) & class->warm_mask];
    pool->warm_bytes -= touched_bytes(fiber);
    return fiber;
}

static void cool_oldest(struct fiber_pool *pool, struct fiber_stack_class *class)
{
    struct fiber *fiber = class->warm[class->first_warm];
    class->first_warm = (class->first_warm + 1) & class->warm_mask;
    class->n_warm--;
    pool->warm_bytes -= touched_bytes(fiber);
    make_cold(class, fiber);
}

/* From the class that has most of them. */
static void cool_some(struct fiber_pool *pool)
{
    while (pool->warm_bytes > pool->max_warm_bytes) {
        struct fiber_stack_class *most = &pool->classes[0];
        for (uint32_t i = 1; i < FIBER_STACK_N_CLASSES; i++) {
            if (pool->classes[i].n_warm > most->n_warm)
                most = &pool->classes[i];
        }
        cool_oldest(pool, most);
    }
}

/* ---- take and give --------------------------------------------------------------- */

/* NULL: larger than the largest. */
static struct fiber_stack_class *class_of(struct fiber_pool *pool, size_t stack_bytes)
{
    uint32_t i = pool->default_class;
    if (stack_bytes == 0 || stack_bytes == pool->classes[i].stack_bytes)
        return &pool->classes[i];
    for (i = 0; i < FIBER_STACK_N_CLASSES; i++) {
        if (pool->classes[i].stack_bytes >= stack_bytes)
            return &pool->classes[i];
    }
    return NULL;
}

struct fiber *fiber_stack_take(struct fiber_pool *pool, size_t stack_bytes)
{
    struct fiber_stack_class *class = class_of(pool, stack_bytes);
    if (!class)
        return NULL;
    struct fiber *fiber =
        class->n_warm ? take_warm(pool, class) : take_free(pool, class);
    if (!fiber)
        return NULL;
    fiber->slab->live |= UINT64_C(1) << fiber->index;
    pool->n_live++;
    return fiber;
}

/* To ask the kernel costs more than all the rest, so it is not done each time. */
static void measure_now_and_then(struct fiber *fiber)
{
    if (fiber->n_gives++ % GIVES_PER_MEASUREMENT == 0)
        fiber->n_pages =
            (uint32_t)(fiber_stack_used(fiber) / page_bytes_of(fiber->slab));
}

void fiber_stack_give(struct fiber_pool *pool, struct fiber *fiber)
{
    struct fiber_stack_class *class = class_of(pool, fiber->slab->stack_bytes);
    fiber->slab->live &= ~(UINT64_C(1) << fiber->index);
    pool->n_live--;
    measure_now_and_then(fiber);
    bool is_full = !class->warm || class->n_warm > class->warm_mask;
    if (is_full && !grow_ring(class)) {
        make_cold(class, fiber);
        return;
    }
    class->warm[(class->first_warm + class->n_warm++) & class->warm_mask] = fiber;
    pool->warm_bytes += touched_bytes(fiber);
    if (UNLIKELY(pool->warm_bytes > pool->max_warm_bytes))
        cool_some(pool);
}
