/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_TEAM_INLINE_H
#define TROUPE_TEAM_INLINE_H

/*
 * The collectives that start and wait in one; included by team.h. They return what the
 * start or the wait returns.
 */

#include "troupe/team.h"

#ifdef __cplusplus
#define TROUPE_NO_OPERATION_ troupe_operation()
#else
#define TROUPE_NO_OPERATION_ ((troupe_operation){0})
#endif

/** Waits until all members have come here. */
static inline TROUPE_MUST_USE troupe_status troupe_barrier(troupe_actor *self,
                                                           troupe_team *team)
{
    troupe_operation operation = TROUPE_NO_OPERATION_;

    TROUPE_TRY(troupe_barrier_start(self, team, &operation));
    return troupe_team_wait(self, team, operation);
}

/** Brings root's bytes to all. */
static inline TROUPE_MUST_USE troupe_status troupe_broadcast(
    troupe_actor *self, troupe_team *team, int root, void *data, size_t size_bytes)
{
    troupe_operation operation = TROUPE_NO_OPERATION_;

    TROUPE_TRY(troupe_broadcast_start(self, team, root, data, size_bytes, &operation));
    return troupe_team_wait(self, team, operation);
}

/** Brings each member's bytes to root (-1: to all), in the order of the members. */
static inline TROUPE_MUST_USE troupe_status troupe_gather(troupe_actor *self,
                                                          troupe_team *team,
                                                          int root,
                                                          const void *mine,
                                                          size_t size_bytes,
                                                          void *all)
{
    troupe_operation operation = TROUPE_NO_OPERATION_;

    TROUPE_TRY(
        troupe_gather_start(self, team, root, mine, size_bytes, all, &operation));
    return troupe_team_wait(self, team, operation);
}

/** Combines the members' values at root (-1: at all). */
static inline TROUPE_MUST_USE troupe_status troupe_reduce(
    troupe_actor *self, troupe_team *team, int root, const troupe_reduction *reduction)
{
    troupe_operation operation = TROUPE_NO_OPERATION_;

    TROUPE_TRY(troupe_reduce_start(self, team, root, reduction, &operation));
    return troupe_team_wait(self, team, operation);
}

/** Combines the values of the members before the caller. */
static inline TROUPE_MUST_USE troupe_status
troupe_exscan(troupe_actor *self, troupe_team *team, const troupe_reduction *reduction)
{
    troupe_operation operation = TROUPE_NO_OPERATION_;

    TROUPE_TRY(troupe_exscan_start(self, team, reduction, &operation));
    return troupe_team_wait(self, team, operation);
}

/** The sum of one double per member, in the order of the members, at all. */
static inline TROUPE_MUST_USE troupe_status troupe_sum_double(troupe_actor *self,
                                                              troupe_team *team,
                                                              double mine,
                                                              double *sum)
{
    troupe_reduction reduction;

    reduction.mine = &mine;
    reduction.result = sum;
    reduction.element = TROUPE_DOUBLE;
    reduction.combine = TROUPE_SUM;
    reduction.n_items = 1;
    reduction.fold = NULL;
    reduction.size_bytes = 0;
    reduction.context = NULL;
    reduction.context_bytes = 0;
    return troupe_reduce(self, team, -1, &reduction);
}

#undef TROUPE_NO_OPERATION_
#endif
