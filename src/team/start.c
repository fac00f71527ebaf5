/* SPDX-License-Identifier: BSD-3-Clause */
#include "team/team.h"

/* The calls that start operations: arguments checked, then all the same way. */

static void check(troupe_actor *self,
                  const troupe_team *team,
                  const troupe_operation *operation,
                  const char *call)
{
    actor_require_process(self, call);
    actor_require(self, team && team->member == self, "%s: it is not the caller's team",
                  call);
    actor_require(self, operation != NULL, "%s: no place for the operation", call);
}

static bool is_member(const troupe_team *team, int index)
{
    return index >= 0 && index < team->size;
}

troupe_status
troupe_barrier_start(troupe_actor *self, troupe_team *team, troupe_operation *operation)
{
    const struct team_request request = {.form = TEAM_BARRIER, .root = -1};

    check(self, team, operation, "troupe_barrier_start");
    return team_enter(team, &request, operation);
}

troupe_status troupe_broadcast_start(troupe_actor *self,
                                     troupe_team *team,
                                     int root,
                                     void *data,
                                     size_t size_bytes,
                                     troupe_operation *operation)
{
    struct team_request request = {
        .form = TEAM_BROADCAST, .root = root, .result = data, .size_bytes = size_bytes};

    check(self, team, operation, "troupe_broadcast_start");
    actor_require(self, data || size_bytes == 0, "troupe_broadcast_start: no data");
    if (!is_member(team, root))
        return TROUPE_INVALID;
    if (team->index == root)
        request.mine = data;
    return team_enter(team, &request, operation);
}

troupe_status troupe_gather_start(troupe_actor *self,
                                  troupe_team *team,
                                  int root,
                                  const void *mine,
                                  size_t size_bytes,
                                  void *all,
                                  troupe_operation *operation)
{
    struct team_request request = {
        .form = TEAM_GATHER, .root = root, .mine = mine, .size_bytes = size_bytes};
    bool gets_all;

    check(self, team, operation, "troupe_gather_start");
    if (root != -1 && !is_member(team, root))
        return TROUPE_INVALID;
    gets_all = root == -1 || root == team->index;
    actor_require(self, size_bytes == 0 || (mine && (all || !gets_all)),
                  "troupe_gather_start: nothing to give, or no place for all");
    request.result = gets_all ? all : NULL;
    return team_enter(team, &request, operation);
}

/* How the values combine, and how large they are. */
static troupe_status fill_reduction(troupe_actor *self,
                                    const troupe_reduction *reduction,
                                    struct team_request *request,
                                    const char *call)
{
    actor_require(self, reduction != NULL, "%s: no reduction", call);
    request->mine = reduction->mine;
    request->size_bytes = reduction->size_bytes;
    request->fold = reduction->fold;
    if (!reduction->fold) {
        request->combine = team_combine_find(reduction->element, reduction->combine);
        request->shape = (uint64_t)reduction->combine + 1;
        request->shape |= (uint64_t)reduction->element << 8;
        if (!request->combine || reduction->n_items > SIZE_MAX / sizeof(uint64_t))
            return TROUPE_INVALID;
        request->size_bytes = reduction->n_items * sizeof(uint64_t);
    }
    actor_require(self, reduction->mine || request->size_bytes == 0, "%s: no value",
                  call);
    return TROUPE_OK;
}

static void set_result(troupe_actor *self,
                       const troupe_reduction *reduction,
                       struct team_request *request,
                       const char *call)
{
    actor_require(self, reduction->result || request->size_bytes == 0,
                  "%s: no place for the result", call);
    request->result = reduction->result;
}

troupe_status troupe_reduce_start(troupe_actor *self,
                                  troupe_team *team,
                                  int root,
                                  const troupe_reduction *reduction,
                                  troupe_operation *operation)
{
    struct team_request request = {.form = TEAM_REDUCE, .root = root};

    check(self, team, operation, "troupe_reduce_start");
    if (root != -1 && !is_member(team, root))
        return TROUPE_INVALID;
    TROUPE_TRY(fill_reduction(self, reduction, &request, "troupe_reduce_start"));
    if (root == -1 || root == team->index)
        set_result(self, reduction, &request, "troupe_reduce_start");
    return team_enter(team, &request, operation);
}

troupe_status troupe_exscan_start(troupe_actor *self,
                                  troupe_team *team,
                                  const troupe_reduction *reduction,
                                  troupe_operation *operation)
{
    struct team_request request = {.form = TEAM_EXSCAN, .root = -1};

    check(self, team, operation, "troupe_exscan_start");
    TROUPE_TRY(fill_reduction(self, reduction, &request, "troupe_exscan_start"));
    if (team->index > 0)
        set_result(self, reduction, &request, "troupe_exscan_start");
    return team_enter(team, &request, operation);
}
