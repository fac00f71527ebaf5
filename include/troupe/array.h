/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_ARRAY_H
#define TROUPE_ARRAY_H

/*
 * Arrays over a team. The elements stand in blocks whose length has nothing to do with
 * the number of members; each member has a run of whole blocks, maybe none. So what is
 * worked out block by block is the same whoever has which.
 *
 * An array is named by an id, the same bits on every member, and belongs to the process
 * that made it: it goes with the process. A member reads and writes its own part; the
 * calls below that are collective move elements between members.
 *
 * Collective calls give every member the same status. Members that name other sizes or
 * indices than each other get TROUPE_MISMATCH. With any status but TROUPE_OK nothing
 * has changed, except that after TROUPE_PEER_GONE or TROUPE_MISMATCH elements that were
 * on their way may have arrived or not.
 */

#include "troupe/exchange.h"

#ifdef __cplusplus
extern "C" {
#endif

/** An array. Zero is none. */
typedef struct troupe_array {
    uint64_t bits;
} troupe_array;

/** What an array is to be; zero means the default. */
typedef struct troupe_array_options {
    enum troupe_element element; /**< zero is TROUPE_INT64 */
    size_t element_bytes; /**< of TROUPE_BYTES; else 0 or the element's own size */
    int64_t length;       /**< elements on all members together */
    int64_t block_length; /**< elements of a block, a multiple of 16; 0: 4096 */
    /** The numbers of the blocks that parts begin with, and of all blocks at the end:
     * one more than the team has members, never falling. NULL: even parts. */
    const int64_t *cuts;
    /**
     * Not NULL: its elements are in the job's checkpoints, under this name of at most
     * 63 bytes, which no other array has meanwhile. After a restart the first array
     * made under the name before a safe point gets them, on any number of ranks.
     */
    const char *saved_as;
} troupe_array_options;

/** What an array is. */
typedef struct troupe_array_facts {
    troupe_team *team;
    enum troupe_element element;
    size_t element_bytes;
    int64_t length, block_length, n_blocks;
    const int64_t
        *cuts;        /**< as in the options; lent until it is cut anew or destroyed */
    bool is_restored; /**< its elements came from a checkpoint when it was made */
} troupe_array_facts;

/** The caller's part of an array. */
typedef struct troupe_array_part {
    void *data;    /**< aligned to 64; NULL when there are no elements */
    int64_t first; /**< index of the first element in the whole array */
    int64_t n_elements;
} troupe_array_part;

/**
 * Makes an array whose bytes are all zero, or those that a checkpoint has under its
 * name: troupe_array_describe() says which.
 *
 * \call     collective over the team
 * \blocks   until all members have called it
 * \threads  the runtime's thread
 * \errors   TROUPE_INVALID the options are not possible; TROUPE_NO_MEMORY some member
 *           has no room; TROUPE_MISMATCH the options differ; TROUPE_PEER_GONE;
 *           TROUPE_EXISTS another array is saved under this name; TROUPE_SCHEMA what
 * the checkpoint has under it has another shape; TROUPE_IO it cannot be read
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_array_create(troupe_actor *self,
                    troupe_team *team,
                    const troupe_array_options *options,
                    troupe_array *array);

/**
 * Frees the caller's part and forgets the array, whose id becomes zero.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   none
 * \aborts   the actor: it is none of its arrays, or an operation on it is not done
 */
TROUPE_API void troupe_array_destroy(troupe_actor *self, troupe_array *array);

/**
 * What the array is.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   none
 * \aborts   the actor: it is none of its arrays
 */
TROUPE_API troupe_array_facts troupe_array_describe(troupe_actor *self,
                                                    troupe_array array);

/**
 * The caller's part, to be read and written. Its place changes only when the array is
 * cut anew.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   none
 * \aborts   the actor: it is none of its arrays
 */
TROUPE_API troupe_array_part troupe_array_mine(troupe_actor *self, troupe_array array);

/**
 * The member that has an element; -1 when the array has no such index.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   none
 * \aborts   the actor: it is none of its arrays
 */
TROUPE_API int
troupe_array_owner(troupe_actor *self, troupe_array array, int64_t index);

/**
 * Copies all elements into another array of the same team, element and length, whatever
 * the blocks and cuts of the two; troupe_array_copy() also waits.
 *
 * \call     collective over the team
 * \blocks   until what stays on this member is copied, and as troupe_exchange_start
 * \threads  the runtime's thread
 * \owns     both arrays stay as they are until troupe_team_wait() in their team
 * \errors   TROUPE_INVALID the arrays do not fit each other; TROUPE_NO_MEMORY nothing
 *           was started
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_array_copy_start(troupe_actor *self,
                        troupe_array from,
                        troupe_array to,
                        troupe_operation *operation);

/**
 * Cuts the array anew: elements move to the members that have their blocks now. There
 * is no form that goes on later: whose memory the elements are in would be unsaid
 * meanwhile. Other processes of the rank run while this one waits; and elements move
 * while it does not by troupe_array_copy_start() to an array that is cut otherwise.
 *
 * \call     collective over the team
 * \blocks   until all members have called it and the elements have moved
 * \threads  the runtime's thread
 *
 * \param self  the caller
 * \param array the array
 * \param cuts  as in troupe_array_options; NULL: even parts
 *
 * \errors   as troupe_array_create
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_array_cut(troupe_actor *self,
                                                          troupe_array array,
                                                          const int64_t *cuts);

#include "troupe/array_inline.h" /* copies that wait */
#include "troupe/array_range.h"  /* elements in a row */

#ifdef __cplusplus
}
#endif
#endif
