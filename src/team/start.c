/* SPDX-License-Identifier: BSD-3-Clause */
#include "team/internal.h"
#include <string.h>

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
    actor_require(self, reduction->context_bytes <= sizeof request->context,
                  "%s: a context of more than %d bytes", call,
                  TROUPE_FOLD_CONTEXT_BYTES);
    actor_require(self, reduction->context || reduction->context_bytes == 0,
                  "%s: no context", call);
    if (reduction->context_bytes > 0)
        memcpy(request->context, reduction->context, reduction->context_bytes);
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

/* ---- the exchange ------------------------------------------------------------- */

/* Notes a peer in a set of bits; false: there is no such member, or it stands there, or
 * it is too much. */
static bool
note_peer(const troupe_team *team, unsigned char *seen, int peer, size_t size_bytes)
{
    unsigned char bit = (unsigned char)(1u << (unsigned)peer % 8);

    if (!is_member(team, peer) || seen[peer / 8] & bit ||
        size_bytes / TEAM_PIECE_BYTES >= TEAM_MOST_PIECES)
        return false;
    seen[peer / 8] |= bit;
    return true;
}

static bool are_peers(const troupe_team *team,
                      const troupe_exchange_lists *lists,
                      unsigned char *seen)
{
    size_t n_bytes = (size_t)team->size / 8 + 1;

    memset(seen, 0, n_bytes);
    for (int i = 0; i < lists->n_sends; i++)
        if (!note_peer(team, seen, lists->sends[i].peer, lists->sends[i].size_bytes))
            return false;
    memset(seen, 0, n_bytes);
    for (int i = 0; i < lists->n_receives; i++)
        if (!note_peer(team, seen, lists->receives[i].peer,
                       lists->receives[i].size_bytes))
            return false;
    return true;
}

static troupe_status check_peers(const troupe_team *team,
                                 const troupe_exchange_lists *lists)
{
    struct message_pool *pool = team->here->home->pool;
    uint8_t block_class;
    unsigned char *seen =
        message_block_take(pool, (size_t)team->size / 8 + 1, &block_class);
    bool is_good;

    if (!seen)
        return TROUPE_NO_MEMORY;
    is_good = are_peers(team, lists, seen);
    message_block_give(pool, seen, block_class);
    return is_good ? TROUPE_OK : TROUPE_INVALID;
}

static bool has_places(const troupe_exchange_lists *lists)
{
    for (int i = 0; i < lists->n_sends; i++)
        if (!lists->sends[i].data && lists->sends[i].size_bytes > 0)
            return false;
    for (int i = 0; i < lists->n_receives; i++)
        if (!lists->receives[i].data && lists->receives[i].size_bytes > 0)
            return false;
    return true;
}

troupe_status team_exchange_start(troupe_actor *self,
                                  troupe_team *team,
                                  const troupe_exchange_lists *lists,
                                  uint64_t shape,
                                  troupe_operation *operation)
{
    const struct team_request request = {
        .form = TEAM_TRADE, .root = -1, .lists = lists, .shape = shape};

    check(self, team, operation, "troupe_exchange_start");
    actor_require(self,
                  lists && (lists->sends || lists->n_sends <= 0) &&
                      (lists->receives || lists->n_receives <= 0),
                  "troupe_exchange_start: no lists");
    actor_require(self, has_places(lists),
                  "troupe_exchange_start: nothing to send, or no place for what comes");
    if (lists->n_sends < 0 || lists->n_receives < 0)
        return TROUPE_INVALID;
    TROUPE_TRY(check_peers(team, lists));
    return team_enter(team, &request, operation);
}

troupe_status troupe_exchange_start(troupe_actor *self,
                                    troupe_team *team,
                                    const troupe_exchange_lists *lists,
                                    troupe_operation *operation)
{
    return team_exchange_start(self, team, lists, 0, operation);
}
