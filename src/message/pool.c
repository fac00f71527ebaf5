/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
#include "message/envelope.h"
#include <string.h>

#define PAGE_BYTES ((size_t)64 * 1024)
#define PAGE_HEAD  64 /* keeps blocks of 64 bytes on a cache line */
#ifdef TROUPE_HOSTILE
#define CACHE_BYTES ((uint64_t)256 * 1024)
#else
#define CACHE_BYTES ((uint64_t)64 * 1024 * 1024)
#endif

/* In front of each block that is an allocation of its own; keeps it on a cache line. */
struct whole {
    struct base_list node;
    size_t size_bytes; /* with this head */
    unsigned char unused[64 - sizeof(struct base_list) - sizeof(size_t)];
};
_Static_assert(sizeof(struct whole) == 64, "the block behind it is aligned");
_Static_assert(MESSAGE_CARVED_BYTES * 4 <= PAGE_BYTES, "several blocks a page");

static void *heap_take(void *context, size_t size_bytes)
{
    (void)context;
    return base_try_alloc_aligned(64, size_bytes);
}

static void heap_give(void *context, void *memory, size_t size_bytes)
{
    (void)context;
    (void)size_bytes;
    base_free(memory);
}

struct message_pool *message_pool_create(void)
{
    struct message_pool *pool = base_new(struct message_pool);

    base_assert(message_class_of(MESSAGE_CARVED_BYTES) == MESSAGE_N_CARVED - 1);
    base_list_init(&pool->pages);
    base_list_init(&pool->whole);
    pool->cache_limit_bytes = CACHE_BYTES;
    pool->source = (struct message_source){NULL, heap_take, heap_give};
    return pool;
}

static void source_give(struct message_pool *pool, void *memory, size_t size_bytes)
{
    MESSAGE_UNPOISON(memory, size_bytes);
    pool->resident_bytes -= size_bytes;
    pool->source.give(pool->source.context, memory, size_bytes);
}

static void *source_take(struct message_pool *pool, size_t size_bytes)
{
    void *memory = pool->source.take(pool->source.context, size_bytes);

    if (memory)
        pool->resident_bytes += size_bytes;
    return memory;
}

/* ---- blocks that are allocations of their own
 * ---------------------------------------- */

static struct whole *whole_of(void *block)
{
    return (struct whole *)block - 1;
}

static void whole_free(struct message_pool *pool, struct whole *whole)
{
    base_list_remove(&whole->node);
    source_give(pool, whole, whole->size_bytes);
}

/* Takes a cached block out of its class; the class must have one. */
static void *cache_pop(struct message_pool *pool, uint32_t size_class)
{
    struct message_free *block = pool->free[size_class];

    MESSAGE_UNPOISON(block, message_class_bytes(size_class));
    pool->free[size_class] = block->next;
    pool->cached_bytes -= message_class_bytes(size_class);
    return block;
}

/* Frees one cached block, of each class in turn; never of `keep`. False: there is none.
 */
static bool cache_evict(struct message_pool *pool, uint32_t keep)
{
    const uint32_t n_whole = MESSAGE_N_CLASSES - MESSAGE_N_CARVED;

    for (uint32_t n = 0; n < n_whole; n++) {
        uint32_t size_class = MESSAGE_N_CARVED + pool->evict_class;

        pool->evict_class = (pool->evict_class + 1) % n_whole;
        if (size_class == keep || !pool->free[size_class])
            continue;
        whole_free(pool, whole_of(cache_pop(pool, size_class)));
        return true;
    }
    return false;
}

static bool cache_has_room(struct message_pool *pool, uint32_t size_class)
{
    size_t size_bytes = message_class_bytes(size_class);

    if (size_bytes > pool->cache_limit_bytes)
        return false;
    while (pool->cached_bytes + size_bytes > pool->cache_limit_bytes)
        if (!cache_evict(pool, size_class))
            return false;
    return true;
}

static void *whole_take(struct message_pool *pool, uint32_t size_class)
{
    size_t size_bytes = sizeof(struct whole) + message_class_bytes(size_class);
    struct whole *whole;

    if (pool->free[size_class])
        return cache_pop(pool, size_class);
    whole = source_take(pool, size_bytes);
    if (!whole)
        return NULL;
    whole->size_bytes = size_bytes;
    base_list_init(&whole->node);
    base_list_append(&pool->whole, &whole->node);
    return whole + 1;
}

void message_block_retire(struct message_pool *pool, void *block, uint32_t size_class)
{
    struct message_free *freed = block;

    pool->n_live_blocks--;
    if (!cache_has_room(pool, size_class)) {
        whole_free(pool, whole_of(block));
        return;
    }
    freed->next = pool->free[size_class];
    pool->free[size_class] = freed;
    pool->cached_bytes += message_class_bytes(size_class);
    MESSAGE_POISON(block, message_class_bytes(size_class));
}

/* ---- blocks carved from pages
 * -------------------------------------------------------- */

static bool page_take(struct message_pool *pool, uint32_t size_class)
{
    struct base_list *page = source_take(pool, PAGE_BYTES);

    if (!page)
        return false;
    base_list_init(page);
    base_list_append(&pool->pages, page);
    pool->page[size_class].next = (unsigned char *)page + PAGE_HEAD;
    pool->page[size_class].end = (unsigned char *)page + PAGE_BYTES;
    MESSAGE_POISON(pool->page[size_class].next, PAGE_BYTES - PAGE_HEAD);
    return true;
}

static void *carve(struct message_pool *pool, uint32_t size_class)
{
    size_t size_bytes = message_class_bytes(size_class);
    unsigned char *block;

    if ((size_t)(pool->page[size_class].end - pool->page[size_class].next) <
            size_bytes &&
        !page_take(pool, size_class))
        return NULL;
    block = pool->page[size_class].next;
    pool->page[size_class].next += size_bytes;
    MESSAGE_UNPOISON(block, size_bytes);
    return block;
}

void *message_block_refill(struct message_pool *pool, uint32_t size_class)
{
    void *block;

    if (size_class >= MESSAGE_N_CLASSES)
        return NULL;
    if (size_class < MESSAGE_N_CARVED)
        block = carve(pool, size_class);
    else
        block = whole_take(pool, size_class);
    if (block)
        pool->n_live_blocks++;
    return block;
}

/* ---- the interface of envelope.h
 * ----------------------------------------------------- */

void message_pool_destroy(struct message_pool *pool)
{
    if (!pool)
        return;
    BASE_LIST_EACH(whole, &pool->whole)
    whole_free(pool, CONTAINER_OF(whole, struct whole, node));
    BASE_LIST_EACH(page, &pool->pages)
    source_give(pool, page, PAGE_BYTES);
    base_free(pool);
}

void message_pool_set_source(struct message_pool *pool,
                             const struct message_source *source)
{
    base_assert(pool->resident_bytes == 0);
    pool->source = *source;
}

void message_pool_set_cache(struct message_pool *pool, uint64_t limit_bytes)
{
    pool->cache_limit_bytes = limit_bytes;
    while (pool->cached_bytes > limit_bytes && cache_evict(pool, MESSAGE_N_CLASSES))
        ;
}

void message_pool_count(const struct message_pool *pool,
                        struct message_pool_counts *counts)
{
    *counts = (struct message_pool_counts){
        .n_live_blocks = pool->n_live_blocks,
        .resident_bytes = pool->resident_bytes,
        .cached_bytes = pool->cached_bytes,
    };
}

void *
message_block_take(struct message_pool *pool, size_t size_bytes, uint8_t *size_class)
{
    uint32_t found;

    if (size_bytes > SIZE_MAX / 2)
        return NULL;
    found = message_class_of(size_bytes ? size_bytes : 1);
    *size_class = (uint8_t)found;
    return message_block_pop(pool, found);
}

void message_block_give(struct message_pool *pool, void *block, uint8_t size_class)
{
    base_assert(size_class < MESSAGE_N_CLASSES);
    message_block_push(pool, block, size_class);
}

/* ---- payloads apart
 * ------------------------------------------------------------------ */

struct message_shared *message_shared_take(struct message_pool *pool, size_t size_bytes)
{
    struct message_shared *shared;
    uint8_t size_class;

    if (size_bytes > SIZE_MAX / 2)
        return NULL;
    shared = message_block_take(pool, sizeof *shared + size_bytes, &size_class);
    if (!shared)
        return NULL;
    shared->size_bytes = size_bytes;
    shared->n_holders = 1;
    shared->size_class = size_class;
    return shared;
}

struct message_envelope *message_share(struct message_pool *pool,
                                       struct message_shared *shared)
{
    struct message_envelope *envelope = message_take(pool, sizeof shared);

    if (!envelope)
        return NULL;
    envelope->size_bytes = shared->size_bytes;
    envelope->flags = MESSAGE_APART;
    memcpy(envelope->inline_payload, &shared, sizeof shared);
    shared->n_holders++;
    return envelope;
}

void message_shared_give(struct message_pool *pool, struct message_shared *shared)
{
    base_assert(shared->n_holders > 0);
    if (--shared->n_holders == 0)
        message_block_push(pool, shared, shared->size_class);
}

void message_let_go(struct message_pool *pool, struct message_envelope *envelope)
{
    message_shared_give(pool, message_shared_of(envelope));
}
