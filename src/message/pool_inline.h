/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MESSAGE_POOL_INLINE_H
#define MESSAGE_POOL_INLINE_H

/*
 * The hot half of the pool; included by envelope.h. Blocks come in size classes:
 * multiples of 16 up to 512 bytes, then four steps per doubling. Up to
 * MESSAGE_CARVED_BYTES they are carved from pages and never given back; above, each
 * block is an allocation of its own, recycled up to a bound. A free block is poisoned
 * under AddressSanitizer.
 */

#include "base/list.h"
#include "base/require.h"

#if defined(__SANITIZE_ADDRESS__)
#define MESSAGE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MESSAGE_ASAN 1
#endif
#endif

#ifdef MESSAGE_ASAN
#include <sanitizer/asan_interface.h>
#define MESSAGE_POISON(block, size_bytes) __asan_poison_memory_region(block, size_bytes)
#define MESSAGE_UNPOISON(block, size_bytes)                                            \
    __asan_unpoison_memory_region(block, size_bytes)
#else
#define MESSAGE_POISON(block, size_bytes)   ((void)(block), (void)(size_bytes))
#define MESSAGE_UNPOISON(block, size_bytes) ((void)(block), (void)(size_bytes))
#endif

#define MESSAGE_STEP_BYTES   16
#define MESSAGE_SMALL_BYTES  512  /* in steps of 16 up to here */
#define MESSAGE_CARVED_BYTES 8192 /* from pages up to here */
#define MESSAGE_N_SMALL      32
#define MESSAGE_N_CARVED     48
#define MESSAGE_N_CLASSES    156 /* up to 2^40 bytes */

struct message_free {
    struct message_free *next;
};

struct message_pool {
    struct message_free *free[MESSAGE_N_CLASSES];
    uint64_t n_live_blocks;
    struct {
        unsigned char *next, *end; /* the uncarved rest of the newest page */
    } page[MESSAGE_N_CARVED];
    struct base_list pages, whole; /* all memory there is, to be freed at the end */
    uint64_t resident_bytes, cached_bytes, cache_limit_bytes;
    uint32_t evict_class;
    struct message_source source;
};

static inline size_t message_class_bytes(uint32_t size_class)
{
    uint32_t step;

    if (LIKELY(size_class < MESSAGE_N_SMALL))
        return (size_t)(size_class + 1) * MESSAGE_STEP_BYTES;
    step = size_class - MESSAGE_N_SMALL;
    return ((size_t)(MESSAGE_SMALL_BYTES / 4) << (step / 4)) * (5 + step % 4);
}

/* size_bytes > 0; MESSAGE_N_CLASSES or more when it is too large. */
static inline uint32_t message_class_of(size_t size_bytes)
{
    uint32_t doubling;

    if (LIKELY(size_bytes <= MESSAGE_SMALL_BYTES))
        return (uint32_t)((size_bytes - 1) / MESSAGE_STEP_BYTES);
    doubling = 63 - (uint32_t)__builtin_clzll(size_bytes - 1);
    return MESSAGE_N_SMALL + (doubling - 9) * 4 +
           (uint32_t)((size_bytes - 1) >> (doubling - 2) & 3);
}

/* The slow halves, in pool.c. */
void *message_block_refill(struct message_pool *pool, uint32_t size_class);
void message_block_retire(struct message_pool *pool, void *block, uint32_t size_class);
void message_let_go(struct message_pool *pool, struct message_envelope *envelope);

static inline void *message_block_pop(struct message_pool *pool, uint32_t size_class)
{
    struct message_free *block;

    if (UNLIKELY(size_class >= MESSAGE_N_CARVED))
        return message_block_refill(pool, size_class);
    block = pool->free[size_class];
    if (UNLIKELY(!block))
        return message_block_refill(pool, size_class);
    MESSAGE_UNPOISON(block, message_class_bytes(size_class));
    pool->free[size_class] = block->next;
    pool->n_live_blocks++;
    return block;
}

static inline void
message_block_push(struct message_pool *pool, void *block, uint32_t size_class)
{
    struct message_free *freed = block;

    if (UNLIKELY(size_class >= MESSAGE_N_CARVED)) {
        message_block_retire(pool, block, size_class);
        return;
    }
    freed->next = pool->free[size_class];
    pool->free[size_class] = freed;
    pool->n_live_blocks--;
    MESSAGE_POISON(block, message_class_bytes(size_class));
}

/* Everything but the payload: of `sender`, no call, no flags. */
static inline struct message_envelope *message_take_for(struct message_pool *pool,
                                                        size_t size_bytes,
                                                        uint64_t sender,
                                                        uint16_t type)
{
    struct message_envelope *envelope;
    uint32_t size_class = message_class_of(sizeof *envelope + size_bytes);

    envelope = message_block_pop(pool, size_class);
    if (UNLIKELY(!envelope))
        return NULL;
    envelope->next = NULL;
    envelope->sender = sender;
    envelope->reference = 0;
    envelope->size_bytes = size_bytes;
    envelope->incarnation = 0;
    envelope->type = type;
    envelope->flags = 0;
    envelope->size_class = (uint8_t)size_class;
    return envelope;
}

static inline struct message_envelope *message_take(struct message_pool *pool,
                                                    size_t size_bytes)
{
    if (UNLIKELY(size_bytes > SIZE_MAX / 2))
        return NULL;
    return message_take_for(pool, size_bytes, 0, 0);
}

static inline void message_give(struct message_pool *pool,
                                struct message_envelope *envelope)
{
    uint32_t size_class = envelope->size_class;

    base_assert(size_class < MESSAGE_N_CLASSES); /* else it was given twice */
    if (UNLIKELY(envelope->flags & MESSAGE_APART))
        message_let_go(pool, envelope);
#ifdef TROUPE_ASSERT
    envelope->size_class = UINT8_MAX;
#endif
    message_block_push(pool, envelope, size_class);
}

#endif
