/* SPDX-License-Identifier: BSD-3-Clause */
#include "team/internal.h"
#include "team/tree.h"

/* How members learn that one of them has ended or does something else (see team.h). */

void team_post(
    troupe_team *team, int index, enum team_kind kind, uint64_t number, uint16_t type)
{
    struct comm *comm = team->here->home->comm;
    bool has_chain =
        kind == TEAM_KIND_ASK || kind == TEAM_KIND_ACK_UP || kind >= TEAM_KIND_PART;
    const struct comm_header header = {
        .to = team->id,
        .reference = has_chain ? team->chains[number % TEAM_WINDOW] : 0,
        .incarnation = (uint32_t)number,
        .kind = (uint8_t)kind,
        .type = type};
    uint64_t address = team_address_at(team, index);
    bool names_member = kind == TEAM_KIND_ASK || kind == TEAM_KIND_FAIL;
    int rank = team_rank_at(team, index);

    comm_post_must(comm, rank, &header, &address, names_member ? sizeof address : 0);
    if (kind != TEAM_KIND_ACK_UP && kind != TEAM_KIND_LEFT && kind != TEAM_KIND_FREE)
        comm_flush_rank(comm, rank, COMM_FLUSH_URGENT);
}

void team_answer(
    troupe_team *team, int rank, enum team_kind kind, uint64_t number, uint16_t type)
{
    int index = 0;

    while (index < team->size && team_rank_at(team, index) != rank)
        index++;
    if (index < team->size) /* who is no member is told nothing */
        team_post(team, index, kind, number, type);
}

/* ---- breaks ------------------------------------------------------------------- */

troupe_status team_break_status(const troupe_team *team, uint64_t number)
{
    const struct team_break *at = team->breaks;

    while (at && at->from > number)
        at = at->next;
    return at ? at->status : TROUPE_OK;
}

static void append_break(troupe_team *team, uint64_t from, troupe_status status)
{
    struct team_break **link = &team->breaks;
    uint8_t block_class;
    struct team_break *added =
        message_block_take(team->here->home->pool, sizeof *added, &block_class);

    base_require_memory(added != NULL, "no memory to note that a team is broken");
    *added =
        (struct team_break){.from = from, .status = status, .block_class = block_class};
    while (*link)
        link = &(*link)->next;
    *link = added;
    team->broken_from = from;
    if (team->told_from > from)
        team->told_from = from;
}

static void break_operations(troupe_team *team, uint64_t from, troupe_status status)
{
    for (uint32_t i = 0; i < TEAM_BUCKETS; i++) {
        struct team_operation *op = team->operations[i], *next;

        for (; op; op = next) {
            next = op->next;
            if (op->number < from)
                continue;
            team_operation_end(op, status);
            team_operation_settle(op);
        }
    }
}

void team_take_break(troupe_team *team, uint64_t number, troupe_status status)
{
    if (number >= team->broken_from)
        return;
    append_break(team, number, status);
    break_operations(team, number, status);
    team_kept_drop_all(team->here, &team->early, number);
    if (team->is_parked && !team->awaited)
        team_wake(team);
}

static void tell_all(troupe_team *team, uint64_t number, troupe_status status)
{
    for (int i = 0; i < team->size; i++)
        if (i != team->index)
            team_post(team, i, TEAM_KIND_BREAK, number, (uint16_t)status);
    team_take_break(team, number, status);
}

/* At member 0: its order of breaks is everybody's. */
void team_take_fail(troupe_team *team, uint64_t number, troupe_status status)
{
    if (team->index == 0 && number < team->broken_from)
        tell_all(team, number, status);
}

void team_fail(troupe_team *team, uint64_t number, troupe_status status)
{
    if (number >= team->told_from || number >= team->broken_from)
        return;
    team->told_from = number;
    if (team->index == 0)
        tell_all(team, number, status);
    else
        team_post(team, 0, TEAM_KIND_FAIL, number, (uint16_t)status);
}

void team_differ(troupe_team *team)
{
    team->chain = team_mix(team->chain, (uint64_t)team->index + 1);
    team_fail(team, team->next, TROUPE_MISMATCH);
}

/*
 * A member ended before it made the team, so nothing was ever done in it. If that is
 * member 0 nobody is there to tell the others: each who learns of it does. They all say
 * the same, and no other break can come.
 */
void team_take_never(troupe_team *team, int source)
{
    if (team->broken_from == 0)
        return;
    if (source == team_rank_at(team, 0))
        tell_all(team, 0, TROUPE_PEER_GONE);
    else
        team_fail(team, 0, TROUPE_PEER_GONE);
}

/* ---- questions ---------------------------------------------------------------- */

/*
 * Has everybody entered `number`, and the same up to there? The member here has; its
 * neighbours are asked. What all have acknowledged is the same everywhere.
 */
void team_take_ask(troupe_team *team, uint64_t number)
{
    int top = tree_top(team->index, 0, team->n_levels);

    if (number < team->acknowledged || number >= team->broken_from ||
        team->asked[number % TEAM_WINDOW] == number + 1)
        return;
    team->asked[number % TEAM_WINDOW] = number + 1;
    if (team->index > 0)
        team_post(team, team->parent, TEAM_KIND_ASK, number, 0);
    for (int level = 0; level < top; level++) {
        int child = tree_child(team->index, 0, level, team->size);

        if (child >= 0)
            team_post(team, child, TEAM_KIND_ASK, number, 0);
    }
}
