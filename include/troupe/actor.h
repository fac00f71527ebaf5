/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_ACTOR_H
#define TROUPE_ACTOR_H

/*
 * Actors: who they are and how they begin.
 *
 * An actor has an address, a mailbox and private state. A handler actor is a table of
 * functions, one per message type, each run to its end: it has no stack of its own and
 * costs a few hundred bytes. A process is a function on its own stack that may wait in
 * the middle. Every rank runs one process from the start, its rank process.
 *
 *   who calls             what runs
 *   troupe_spawn          init of the new actor, on its rank
 *   troupe_send           the receiver's handler, or its troupe_receive returns
 *   troupe_fail, return   defers last in first out, fini; monitors get troupe_down
 */

#include "troupe/behavior.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Where a new actor is to live. Zero is here. */
typedef struct troupe_place {
    uint32_t kind;
    int32_t rank;
    troupe_address near;
} troupe_place;

#define TROUPE_HERE                                                                    \
    {                                                                                  \
        0, 0,                                                                          \
        {                                                                              \
            0                                                                          \
        }                                                                              \
    }
#define TROUPE_ANYWHERE                                                                \
    {                                                                                  \
        1, 0,                                                                          \
        {                                                                              \
            0                                                                          \
        }                                                                              \
    } /**< on the least loaded rank known */
#define TROUPE_ON_RANK(rank_)                                                          \
    {                                                                                  \
        2, (rank_),                                                                    \
        {                                                                              \
            0                                                                          \
        }                                                                              \
    } /**< on that rank */
#define TROUPE_NEAR(address_)                                                          \
    {                                                                                  \
        3, 0, (address_)                                                               \
    } /**< on the rank of that actor */

/** How to spawn; zero, or NULL for the whole, means the defaults. */
typedef struct troupe_spawn_options {
    troupe_place place;
    const void *arguments; /**< for init, or for troupe_arguments(); copied */
    const troupe_type *arguments_type;
    uint32_t capacity;             /**< of the mailbox; 0: the behavior's */
    enum troupe_overflow overflow; /**< 0: the behavior's */
    size_t stack_size;             /**< of a process, bytes; 0: the behavior's */
    troupe_reference *monitor;     /**< not NULL: monitored from the start */
} troupe_spawn_options;

/**
 * Starts an actor. Its address is usable at once, also from other ranks: what arrives
 * before it has begun waits in its mailbox. If init fails there, the actor ends with
 * that reason and the mail that waited becomes dead letters.
 *
 * \call     local; the new actor may live on another rank
 * \blocks   until addresses of the other rank are at hand, in a process, seldom
 * \threads  the runtime's thread
 * \owns     the arguments are copied
 *
 * \param      self     the caller
 * \param      behavior what to run; the program must list it
 * \param      options  NULL: the defaults
 * \param[out] address  the new actor's; untouched on error
 *
 * \errors   TROUPE_FULL       a handler found no leased address of that rank; try again
 *           TROUPE_NO_MEMORY  no room for actor, stack or arguments
 *           TROUPE_NOT_FOUND  no such rank
 *           TROUPE_CLOSED     the job is ending
 * \aborts   the actor: a behavior that the program does not list, arguments of a wrong
 * type, or with a bool that is neither true nor false
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_spawn(troupe_actor *self,
             const troupe_behavior *behavior,
             const troupe_spawn_options *options,
             troupe_address *address);

/**
 * The caller's own address.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   none
 */
TROUPE_API troupe_address troupe_self(const troupe_actor *self);

/**
 * The rank this runs on, 0 to troupe_n_ranks() - 1.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   none
 */
TROUPE_API int troupe_rank(const troupe_actor *self);

/**
 * How many ranks the job has.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   none
 */
TROUPE_API int troupe_n_ranks(const troupe_actor *self);

/**
 * The address of a rank's process. It is that process's for the whole job.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   TROUPE_NOBODY for a rank that does not exist
 */
TROUPE_API troupe_address troupe_rank_process(const troupe_actor *self, int rank);

/**
 * The rank an address belongs to, whether or not an actor lives there; -1 for
 * TROUPE_NOBODY.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   none
 */
TROUPE_API int troupe_rank_of(const troupe_actor *self, troupe_address address);

/**
 * The caller's state, as its behavior names it; NULL without one.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   none
 */
TROUPE_API void *troupe_state(troupe_actor *self);

/**
 * The arguments a process was spawned with, NULL if there were none or of another type.
 * Use troupe_arguments(self, tag).
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \owns     the actor; good until it ends
 * \errors   none
 */
TROUPE_API const void *troupe_arguments_bytes(troupe_actor *self,
                                              const troupe_type *type);

/**
 * From the next message on, another behavior with the same state type (a handler
 * actor). Unread mail that it does not accept is refused.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   none
 * \aborts   the actor: the behavior is not listed, is a process or has another state
 * type
 */
TROUPE_API void troupe_become(troupe_actor *self, const troupe_behavior *behavior);

/**
 * Lets others run: a process that computes for long calls it now and then. In a handler
 * it only moves bytes.
 *
 * \call     local
 * \blocks   until the other ready actors had a turn
 * \threads  the runtime's thread
 * \errors   none
 */
TROUPE_API void troupe_yield(troupe_actor *self);

/**
 * The most of its stack that a process has touched so far, in bytes, in whole pages; 0
 * in a handler. Recycled stacks count what former users touched.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   none
 */
TROUPE_API size_t troupe_stack_used(const troupe_actor *self);

#ifdef __cplusplus
}
#endif
#endif
