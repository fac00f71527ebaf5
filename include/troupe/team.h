/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_TEAM_H
#define TROUPE_TEAM_H

/*
 * Teams: ordered sets of processes, at most one per rank, that call collectives
 * together. The rank processes are the first team. Members call the same operations in
 * the same order; a member may be up to 16 operations ahead of the slowest.
 *
 * A member that ends takes part no more: operations in which each depends on all
 * (barrier, all-reduce, all-gather) then return TROUPE_PEER_GONE on every member alike;
 * others may return TROUPE_OK where they did not need it. Members that disagree on
 * operation or shape get TROUPE_MISMATCH by the same rule. Results do not depend on
 * timing: values combine in the order of the members.
 *
 * Each operation has a form that starts and a troupe_team_wait() that ends it; buffers
 * must stay until then. Other actors run while a member waits.
 */

#include "troupe/behavior.h"
#include "troupe/element.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A team as one member sees it; the actor's, until it ends. */
typedef struct troupe_team troupe_team;

/** An operation in progress. Zero is none. */
typedef struct troupe_operation {
    uint64_t bits;
} troupe_operation;

enum troupe_combine {
    TROUPE_SUM,
    TROUPE_MIN,
    TROUPE_MAX,
    TROUPE_PRODUCT,
    TROUPE_AND,
    TROUPE_OR
};

/** Room for what a fold has to know beside the values. */
#define TROUPE_FOLD_CONTEXT_BYTES 64

/** Folds \p from into \p into, both of the operation's size; members in rising order.
 * \p context is the calling member's. */
typedef void
troupe_fold_fn(void *into, const void *from, size_t size_bytes, const void *context);

/**
 * The team of the rank processes. NULL in any other actor.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   none
 */
TROUPE_API troupe_team *troupe_rank_team(troupe_actor *self);

/**
 * The caller's place in the team, from 0.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   none
 */
TROUPE_API int troupe_team_index(const troupe_team *team);

/**
 * How many members the team has.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   none
 */
TROUPE_API int troupe_team_size(const troupe_team *team);

/**
 * A new team out of members of this one: those with the same colour, in the order of
 * key, then of their place here. A negative colour takes part and joins none (*child is
 * NULL).
 *
 * \call     collective over the team
 * \blocks   until all members have called it
 * \threads  the runtime's thread
 * \errors   TROUPE_PEER_GONE, TROUPE_MISMATCH, TROUPE_NO_MEMORY: on every member alike;
 *           TROUPE_NO_MEMORY also on this one alone where it could not begin: the
 *           others wait for it to call again
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_team_split(
    troupe_actor *self, troupe_team *team, int colour, int key, troupe_team **child);

/**
 * A team of processes that need not have one yet: each of \p members calls this with
 * the same list, which names at most one process per rank and the caller too.
 *
 * \call     collective over \p members
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   TROUPE_INVALID the caller is not in the list, or two are on one rank
 *           TROUPE_NO_MEMORY no room
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_team_create(troupe_actor *self,
                   const troupe_address *members,
                   int n_members,
                   troupe_team **team);

/**
 * Starts a barrier; troupe_barrier() also waits.
 *
 * \call     collective over the team
 * \blocks   until the slowest member is less than 16 operations behind
 * \threads  the runtime's thread
 * \errors   TROUPE_NO_MEMORY nothing was started
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_barrier_start(
    troupe_actor *self, troupe_team *team, troupe_operation *operation);

/**
 * Starts a broadcast: root's bytes come to all. The size is the same on all.
 *
 * \call     collective over the team
 * \blocks   until the slowest member is less than 16 operations behind
 * \threads  the runtime's thread
 * \owns     the buffer is lent until the wait
 * \errors   TROUPE_NO_MEMORY nothing was started; TROUPE_INVALID no such root
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_broadcast_start(troupe_actor *self,
                       troupe_team *team,
                       int root,
                       void *data,
                       size_t size_bytes,
                       troupe_operation *operation);

/**
 * Starts a gather: size_bytes of each come to root, or with root -1 to all, in the
 * order of the members. \p all is used where the result comes to.
 *
 * \call     collective over the team
 * \blocks   until the slowest member is less than 16 operations behind
 * \threads  the runtime's thread
 * \owns     \p mine is copied, \p all is lent until the wait
 * \errors   TROUPE_NO_MEMORY nothing was started; TROUPE_INVALID no such root
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_gather_start(troupe_actor *self,
                    troupe_team *team,
                    int root,
                    const void *mine,
                    size_t size_bytes,
                    void *all,
                    troupe_operation *operation);

/**
 * What a reduction combines: n_items elements by combine, or size_bytes by fold.
 * Elements by combine are TROUPE_INT64, TROUPE_UINT64 or TROUPE_DOUBLE. Sums and
 * products of integers wrap around. Members combine in one tree, so that doubles have
 * the same bits each time. MIN and MAX are those of IEEE 754-2019, in which -0 is less
 * than +0 and a NaN wins; a NaN that comes of two members or more is always the same
 * one.
 */
typedef struct troupe_reduction {
    const void *mine; /**< copied */
    void *result;     /**< lent until the wait; may equal mine */
    enum troupe_element element;
    enum troupe_combine combine;
    size_t n_items;
    troupe_fold_fn *fold; /**< not NULL: used instead, on size_bytes */
    size_t size_bytes;
    const void *context; /**< of fold; copied, for a fold may outlive the member */
    size_t context_bytes;
} troupe_reduction;

/**
 * Starts a reduction whose result comes to root, or with root -1 to all.
 *
 * \call     collective over the team
 * \blocks   until the slowest member is less than 16 operations behind
 * \threads  the runtime's thread
 * \errors   TROUPE_NO_MEMORY nothing was started; TROUPE_INVALID root or operation
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_reduce_start(troupe_actor *self,
                    troupe_team *team,
                    int root,
                    const troupe_reduction *reduction,
                    troupe_operation *operation);

/**
 * Starts an exclusive scan: member i gets the fold of members 0 to i - 1; the result of
 * member 0 is left as it was.
 *
 * \call     collective over the team
 * \blocks   until the slowest member is less than 16 operations behind
 * \threads  the runtime's thread
 * \errors   TROUPE_NO_MEMORY nothing was started; TROUPE_INVALID operation
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_exscan_start(troupe_actor *self,
                    troupe_team *team,
                    const troupe_reduction *reduction,
                    troupe_operation *operation);

/**
 * Waits for an operation of the caller's.
 *
 * \call     local
 * \blocks   until the operation is done here
 * \threads  the runtime's thread
 * \errors   TROUPE_PEER_GONE, TROUPE_MISMATCH: see above; TROUPE_NOT_FOUND: no such
 * operation
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_team_wait(troupe_actor *self,
                                                          troupe_team *team,
                                                          troupe_operation operation);

/**
 * Is an operation done? TROUPE_PENDING if not; else as troupe_team_wait(). A loop on it
 * must call troupe_yield(), for nothing moves while a process runs.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   as troupe_team_wait
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_team_test(troupe_actor *self,
                                                          troupe_team *team,
                                                          troupe_operation operation);

#include "troupe/team_inline.h" /* the forms that start and wait */

#ifdef __cplusplus
}
#endif
#endif
