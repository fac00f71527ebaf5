/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_ARRAY_RANGE_H
#define TROUPE_ARRAY_RANGE_H

/* Elements in a row that come from an array or go to it. Part of array.h. */

#include "troupe/array.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Elements of an array in a row. */
typedef struct troupe_array_range {
    int64_t first, n_elements;
} troupe_array_range;

/**
 * Brings a range of elements to a member, or with root -1 to all.
 *
 * \call     collective over the team
 * \blocks   until the elements are here
 * \threads  the runtime's thread
 *
 * \param      self  the caller
 * \param      array the array
 * \param      root  a member, or -1
 * \param      range which elements
 * \param[out] to    room for all of them, where they come to
 *
 * \errors   TROUPE_INVALID no such member or elements, on every member alike;
 *           TROUPE_MISMATCH, TROUPE_PEER_GONE
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_array_gather(troupe_actor *self,
                                                             troupe_array array,
                                                             int root,
                                                             troupe_array_range range,
                                                             void *to);

/**
 * Starts the same: the elements are there when troupe_team_wait() in the array's team
 * has given TROUPE_OK. Where members name other roots or ranges than each other, the
 * team is broken with TROUPE_MISMATCH; who has all that it waits for may hear of it no
 * sooner than in the next operation.
 *
 * \call     collective over the team
 * \blocks   until what stays on this member is copied, and as troupe_exchange_start
 * \threads  the runtime's thread
 * \owns     the array and \p to stay as they are until troupe_team_wait()
 * \errors   TROUPE_INVALID no such member or elements; TROUPE_NO_MEMORY: nothing was
 *           started
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_array_gather_start(troupe_actor *self,
                          troupe_array array,
                          int root,
                          troupe_array_range range,
                          void *to,
                          troupe_operation *operation);

/**
 * Overwrites a range of elements with those that a member has.
 *
 * \call     collective over the team
 * \blocks   until the caller's elements are here
 * \threads  the runtime's thread
 *
 * \param self  the caller
 * \param array the array
 * \param root  the member
 * \param range which elements
 * \param from  at root: all of them
 *
 * \errors   as troupe_array_gather
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_array_scatter(troupe_actor *self,
                                                              troupe_array array,
                                                              int root,
                                                              troupe_array_range range,
                                                              const void *from);

/**
 * Starts the same, as troupe_array_gather_start() does.
 *
 * \call     collective over the team
 * \blocks   until what stays on this member is copied, and as troupe_exchange_start
 * \threads  the runtime's thread
 * \owns     the array and \p from stay as they are until troupe_team_wait()
 * \errors   as troupe_array_gather_start
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_array_scatter_start(troupe_actor *self,
                           troupe_array array,
                           int root,
                           troupe_array_range range,
                           const void *from,
                           troupe_operation *operation);

/** Brings one element to all members. Collective, as troupe_array_gather(). */
static inline TROUPE_MUST_USE troupe_status troupe_array_get(troupe_actor *self,
                                                             troupe_array array,
                                                             int64_t index,
                                                             void *element)
{
    troupe_array_range range;

    range.first = index;
    range.n_elements = 1;
    return troupe_array_gather(self, array, -1, range, element);
}

/** Overwrites one element with that of member 0. Collective, as the others. */
static inline TROUPE_MUST_USE troupe_status troupe_array_set(troupe_actor *self,
                                                             troupe_array array,
                                                             int64_t index,
                                                             const void *element)
{
    troupe_array_range range;

    range.first = index;
    range.n_elements = 1;
    return troupe_array_scatter(self, array, 0, range, element);
}

#ifdef __cplusplus
}
#endif
#endif
