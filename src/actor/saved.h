/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ACTOR_SAVED_H
#define ACTOR_SAVED_H

/*
 * Actors in a checkpoint. The actors of a slot stand one behind the other in pages, so
 * that a small one costs about five bytes beside its state; a large state is a record
 * of its own, copied once. Numbers are in seven bits a byte, the lowest first; types
 * and behaviors are numbers into a table of names, schemas' hashes beside them.
 *
 *   page:  { index, less the one before; generation; body } ...
 *   body:  behavior; bits; what the bits say, in their order
 *
 * What a process has on its stack is lost: it begins anew from the top. One that knows
 * of restarts keeps all that hangs on it; of any other stay address, arguments, unread
 * mail, and who watches it.
 */

#include "actor/actor.h"

enum saved_kind {
    SAVED_TYPES = BASE_KIND(BASE_SLOT_ACTOR, 0), /* names and hashes */
    SAVED_RANK,                                  /* what goes on counting */
    SAVED_SLOT,                                  /* a slot's marks */
    SAVED_ACTORS,                                /* a page */
    SAVED_STATE,                                 /* a state that is large */
    SAVED_MAIN                                   /* a rank process, less its state */
};

/* Of a body, in this order. */
enum saved_bits {
    SAVED_STARTED = 1, /* now or in an earlier job; else it has no state yet */
    SAVED_STATE_APART = 2,
    SAVED_INCARNATION = 4,
    SAVED_LIMITS = 8, /* capacity and overflow are not the behavior's */
    SAVED_ENDING = 16,
    SAVED_EXTRA = 32,
    SAVED_PUT_ASIDE = 64,
    SAVED_MAIL = 128
};

enum {
    SAVED_PAGE_BYTES = 64 * 1024, /* fits a cache until it is copied on */
    SAVED_LARGE_BYTES = 16 * 1024,
    SAVED_NUMBER_BYTES = 10, /* at most */
    /* What an envelope keeps; all else is how its payload came here. */
    SAVED_MAIL_FLAGS = MESSAGE_EXEMPT | MESSAGE_REPLY | MESSAGE_REQUEST | MESSAGE_TICK
};

/* ---- numbers ---- */

static inline unsigned char *saved_number_write(unsigned char *at, uint64_t number)
{
    for (; number >= 0x80; number >>= 7)
        *at++ = (unsigned char)(number | 0x80);
    *at++ = (unsigned char)number;
    return at;
}

static inline void saved_number_put(struct base_bytes *bytes, uint64_t number)
{
    unsigned char *at = base_bytes_room(bytes, SAVED_NUMBER_BYTES);

    if (LIKELY(at != NULL))
        bytes->size = (size_t)(saved_number_write(at, number) - bytes->data);
}

static inline uint64_t saved_number(struct base_cursor *cursor)
{
    uint64_t number = 0;

    for (uint32_t shift = 0; shift < 64 && cursor->next < cursor->end; shift += 7) {
        unsigned char byte = *cursor->next++;

        number |= (uint64_t)(byte & 0x7f) << shift;
        if (LIKELY(byte < 0x80))
            return number;
    }
    cursor->failed = true;
    cursor->next = cursor->end;
    return 0;
}

/* ---- saving ---- */

struct saving {
    struct actor_rank *home;
    struct base_saver *saver;
    struct base_bytes page;
    uint64_t page_key; /* address of its first actor; 0: it is empty */
    uint32_t last_index;
    int64_t now_ns;
    troupe_status status; /* the first that was not TROUPE_OK */
};

/* save_parts.c: behind the state, what the bits say. */
uint32_t saved_bits_of(const troupe_actor *actor);
void saved_parts_put(struct saving *saving, const troupe_actor *actor, uint32_t bits);

/* ---- loading ---- */

struct saved_type {
    char *name;
    uint16_t id; /* now; 0: there is none of this name and schema */
};

struct saved_behavior {
    char *name;
    const struct actor_behavior *known; /* NULL: there is none of this name */
    bool has_same_state;
};

struct saved_loading {
    struct actor_rank *home;
    struct saved_type *types; /* by number then, [0] unused */
    struct saved_behavior *behaviors;
    uint32_t n_types, n_behaviors;
    int64_t now_ns;
    uint32_t n_mains; /* rank processes that had not ended */
    bool is_main_gone;
    troupe_actor *nobodies;   /* by next_ready: mail for addresses without an actor */
    struct base_bytes failed; /* calls that get no answer: caller, reference */
};

/* load_parts.c: the body of `actor` from behind its state on. */
troupe_status saved_parts_load(struct saved_loading *loading,
                               troupe_actor *actor,
                               struct base_cursor *cursor,
                               uint32_t bits);
/* load_table.c */
troupe_status saved_types_load(struct saved_loading *loading,
                               const struct base_saved *record);
void saved_types_free(struct saved_loading *loading);
/* The number of a type now; 0: there is none, said. */
uint16_t saved_type_now(const struct saved_loading *loading, uint64_t then);
/* Puts names and hashes, in the order of their numbers. */
troupe_status saved_types_save(const struct actor_rank *home, struct base_saver *saver);

#endif
