/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MESSAGE_ENVELOPE_H
#define MESSAGE_ENVELOPE_H

/*
 * What a mailbox queues: an envelope, its payload right behind it or apart. An envelope
 * belongs to exactly one holder; a payload apart is counted and constant while its
 * count is above one. Both come from the rank's pool and never from an actor's arena,
 * so messages outlive actors.
 */

#include "base/compiler.h"
#include "troupe/base.h"

enum message_flags {
    MESSAGE_APART = 1,    /* the payload is a struct message_shared of its own */
    MESSAGE_EXEMPT = 2,   /* exit, down, reply, one-shot timer: no capacity, no drops */
    MESSAGE_PENDING = 4,  /* bulk: the payload has not been fetched yet */
    MESSAGE_REPLY = 8,    /* answers the call named by `reference` */
    MESSAGE_REQUEST = 16, /* a call: `reference` is to be given back with the reply */
    MESSAGE_TICK = 64,    /* of send_every: dropped while the one before is unread */
    MESSAGE_TICKET = 32,  /* bulk: not even asked for yet; the payload is the ticket */
};

struct message_envelope {
    struct message_envelope *next; /* in a mailbox, a pending list or a free list */
    uint64_t sender;               /* address bits; 0: the runtime */
    uint64_t reference;
    uint64_t size_bytes; /* of the payload */
    uint32_t incarnation;
    uint16_t type; /* wire id; 0: none */
    uint8_t flags; /* enum message_flags */
    uint8_t size_class;
    /* The payload, or with MESSAGE_APART the pointer to the shared block. */
    unsigned char inline_payload[] __attribute__((aligned(8)));
};
_Static_assert(sizeof(struct message_envelope) == 40, "the budget of a queued message");

/* A payload of its own, shared by several envelopes of one rank. */
struct message_shared {
    uint64_t size_bytes;
    uint32_t n_holders;
    uint8_t size_class;
    unsigned char payload[] __attribute__((aligned(16)));
};

struct message_pool;

/* The pool of a rank. Blocks are recycled by size class, large ones too. */
struct message_pool *message_pool_create(void);
void message_pool_destroy(struct message_pool *pool); /* tolerates NULL */

/* Where a pool's memory comes from; without one the process's heap. */
struct message_source {
    void *context;
    /* Aligned to 64; NULL: there is none. */
    void *(*take)(void *context, size_t size_bytes);
    void (*give)(void *context, void *memory, size_t size_bytes);
};

/* MUST come before the first block is taken. */
void message_pool_set_source(struct message_pool *pool,
                             const struct message_source *source);
/* How many bytes of large free blocks are kept to be used again; 64 MiB by default. */
void message_pool_set_cache(struct message_pool *pool, uint64_t limit_bytes);

/*
 * Raw blocks from the pool, for whoever needs recycled memory (frames, actors): aligned
 * to 16, not cleared, at least one byte; NULL: no memory. To be given back with its
 * class.
 */
void *
message_block_take(struct message_pool *pool, size_t size_bytes, uint8_t *size_class);
void message_block_give(struct message_pool *pool, void *block, uint8_t size_class);

/*
 * A fresh envelope with room for size_bytes of inline payload: next, sender, reference,
 * incarnation, flags zero, type zero, size set, payload not cleared. NULL: no memory.
 */
static inline struct message_envelope *message_take(struct message_pool *pool,
                                                    size_t size_bytes);
/* Frees the envelope and lets go of its payload. */
static inline void message_give(struct message_pool *pool,
                                struct message_envelope *envelope);

/* A shared payload with one holder, not cleared; NULL: no memory. */
struct message_shared *message_shared_take(struct message_pool *pool,
                                           size_t size_bytes);
/* A new envelope holding `shared` (its count goes up); NULL: no memory. */
struct message_envelope *message_share(struct message_pool *pool,
                                       struct message_shared *shared);
void message_shared_give(struct message_pool *pool, struct message_shared *shared);

static inline struct message_shared *
message_shared_of(const struct message_envelope *envelope)
{
    struct message_shared *shared;
    __builtin_memcpy(&shared, envelope->inline_payload, sizeof shared);
    return shared;
}

static inline const void *message_payload(const struct message_envelope *envelope)
{
    if (UNLIKELY(envelope->flags & MESSAGE_APART))
        return message_shared_of(envelope)->payload;
    return envelope->inline_payload;
}

/* Counts for the audit and the statistics. */
struct message_pool_counts {
    uint64_t n_live_blocks;  /* taken and not given back */
    uint64_t resident_bytes; /* taken from the source */
    uint64_t cached_bytes;   /* of them in large free blocks */
};
void message_pool_count(const struct message_pool *pool,
                        struct message_pool_counts *counts);

#include "message/pool_inline.h" /* the two hot functions above */

#endif
