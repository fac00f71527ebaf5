/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
#include "team/sound.h"

/* What comes from other ranks for a team. */

/* Numbers travel as their low 32 bits; what comes is never far from what is next here.
 */
static uint64_t number_of(const troupe_team *team, uint32_t low_bits)
{
    int32_t distance = (int32_t)(low_bits - (uint32_t)team->next);

    return team->next + (uint64_t)(int64_t)distance;
}

static bool has_same_chain(const troupe_team *team, uint64_t number, uint64_t chain)
{
    return number < team->acknowledged || team->chains[number % TEAM_WINDOW] == chain;
}

enum admission {
    DROPPED,
    EARLY, /* the member has not entered the operation yet */
    ADMITTED
};

/* An operation that is broken, or that the member did not live to enter, takes nothing.
 */
static enum admission admit(troupe_team *team, uint64_t number, uint64_t chain)
{
    if (UNLIKELY(number >= team->broken_from))
        return DROPPED;
    if (number >= team->next && team->member)
        return EARLY;
    if (number >= team->next) {
        team_fail(team, team->next, TROUPE_PEER_GONE);
        return DROPPED;
    }
    if (LIKELY(has_same_chain(team, number, chain)))
        return ADMITTED;
    team_fail(team, number, TROUPE_MISMATCH);
    return DROPPED;
}

static void put_early(troupe_team *team, uint64_t number, struct team_kept *kept)
{
    struct team_kept **link = &team->early;

    while (*link)
        link = &(*link)->next;
    kept->number = number;
    kept->team = team;
    kept->next = NULL;
    *link = kept;
}

static void put_aside(struct team_operation *op, struct team_kept *kept)
{
    kept->number = op->number;
    kept->team = op->team;
    kept->next = op->parts;
    op->parts = kept;
}

static void take_data(troupe_team *team, uint64_t number, struct comm_record *record)
{
    struct team_operation *op = team_operation_find(team, number);
    uint16_t level = record->header.type;
    struct team_input input = {.bytes = record->payload,
                               .size_bytes = (size_t)record->size_bytes,
                               .envelope = &record->envelope};

    if (UNLIKELY(!op || !op->is_busy)) {
        team_record_drop(team->here, record);
        return;
    }
    team_data_check(op, record);
    if (LIKELY(op->awaits == level && !record->ticket &&
               (op->what.form != TEAM_EXSCAN || level == TEAM_DOWN))) {
        team_advance(op, &input);
    } else {
        bool is_awaited = op->awaits == level && !record->ticket;

        put_aside(op, team_keep(team->here, record));
        if (is_awaited)
            team_advance(op, NULL);
    }
    team_operation_settle(op);
}

static void take_part(troupe_team *team, uint64_t number, struct comm_record *record)
{
    struct team_operation *op = team_operation_find(team, number);

    if (UNLIKELY(!team_trade_admit(team, op, &record->header, record->source,
                                   record->size_bytes)))
        team_record_drop(team->here, record);
    else if (record->ticket)
        put_aside(op, team_keep(team->here, record));
    else
        team_trade_place(op, &record->header, record->source, record->payload);
    if (op)
        team_advance(op, NULL);
}

static void
take_about_part(troupe_team *team, uint64_t number, const struct comm_record *record)
{
    struct team_operation *op = team_operation_find(team, number);

    if (record->header.kind == TEAM_KIND_PART_ASK)
        team_answer(team, record->source, TEAM_KIND_PART_SENT, number, 0);
    else if (!op || !op->is_busy || !op->trade)
        return;
    else if (record->header.kind == TEAM_KIND_PART_MORE)
        team_trade_more(op, record->source);
    else if (record->header.kind == TEAM_KIND_PART_TAKEN)
        team_trade_taken(op, record->source);
    else if (record->header.kind == TEAM_KIND_PART_OVER)
        team_trade_over(op, record->source, (troupe_status)record->header.type);
    else
        team_trade_sent(op, record->source);
    if (op)
        team_advance(op, NULL);
}

static void take_numbered(troupe_team *team, struct comm_record *record)
{
    uint64_t number = number_of(team, record->header.incarnation);
    enum admission admission = admit(team, number, record->header.reference);

    if (UNLIKELY(admission != ADMITTED)) {
        if (admission == EARLY)
            put_early(team, number, team_keep(team->here, record));
        else
            team_record_drop(team->here, record);
        return;
    }
    if (LIKELY(record->header.kind == TEAM_KIND_DATA))
        take_data(team, number, record);
    else if (record->header.kind == TEAM_KIND_ASK)
        team_take_ask(team, number);
    else if (record->header.kind == TEAM_KIND_PART)
        take_part(team, number, record);
    else if (record->header.kind == TEAM_KIND_ACK_UP)
        team_take_ack_up(team, number);
    else
        take_about_part(team, number, record);
}

static void take(troupe_team *team, struct comm_record *record)
{
    troupe_status status = (troupe_status)record->header.type;
    uint64_t number = number_of(team, record->header.incarnation);

    team_record_check(team, record, number);
    switch (record->header.kind) {
    case TEAM_KIND_ACK_DOWN:
        team_take_ack_down(team, number);
        return;
    case TEAM_KIND_FAIL:
        team_take_fail(team, number, status);
        return;
    case TEAM_KIND_BREAK:
        team_take_break(team, number, status);
        return;
    case TEAM_KIND_NEVER:
        team_take_never(team, record->source);
        return;
    case TEAM_KIND_LEFT:
        team_take_left(team);
        return;
    default:
        take_numbered(team, record);
    }
}

void team_record_arrived(struct troupe *rank, struct comm_record *record)
{
    struct team_rank *here = team_of(rank);
    troupe_team *team = here->last;

    if (UNLIKELY(here->home->is_ending)) {
        team_record_drop(here, record);
        return;
    }
    if (UNLIKELY(!team || team->id != record->header.to))
        team = team_find(here, record->header.to);
    if (UNLIKELY(!team)) {
        comm_require(here->home->comm, record, record->header.to & 1,
                     "no team is called like this");
        team_stray_keep(here, record);
        return;
    }
    here->last = team;
    if (UNLIKELY(record->header.kind == TEAM_KIND_FREE)) {
        team_record_check(team, record, 0);
        team_take_free(team);
        return;
    }
    take(team, record);
    if (UNLIKELY(!team->member))
        (void)team_settle(team);
}

/* ---- what was put aside ------------------------------------------------------- */

static void check_held(const struct team_operation *op, const struct team_kept *kept)
{
    const struct comm_record record = {
        .header = kept->header, .source = kept->source, .size_bytes = kept->size_bytes};

    if (kept->header.kind == TEAM_KIND_DATA)
        team_data_check(op, &record);
}

/* Data whose payload is still on its way. */
static void take_held(troupe_team *team, struct team_kept *kept)
{
    uint64_t number = number_of(team, kept->header.incarnation);
    enum admission admission = admit(team, number, kept->header.reference);
    struct team_operation *op =
        admission == ADMITTED ? team_operation_find(team, number) : NULL;

    if (admission == EARLY) {
        put_early(team, number, kept);
    } else if (admission == ADMITTED && kept->header.kind == TEAM_KIND_PART &&
               !team_trade_admit(team, op, &kept->header, kept->source,
                                 kept->size_bytes)) {
        team_kept_give(team->here, kept);
        if (op)
            team_advance(op, NULL);
    } else if (op && op->is_busy) {
        check_held(op, kept);
        put_aside(op, kept);
    } else {
        team_kept_give(team->here, kept);
    }
}

static void take_kept(troupe_team *team, struct team_kept *kept)
{
    struct team_rank *here = team->here;
    struct comm_record record;

    if (kept->is_held) {
        take_held(team, kept);
        return;
    }
    team_kept_record(kept, &record);
    take(team, &record);
    if (record.envelope)
        message_give(here->home->pool, record.envelope);
    team_kept_give(here, kept);
}

/* Taking one may break the team, which drops others: so each time from the first. */
void team_replay(troupe_team *team, uint64_t number)
{
    struct team_kept **link = &team->early;

    while (*link) {
        struct team_kept *kept = *link;

        if (kept->number != number) {
            link = &kept->next;
            continue;
        }
        *link = kept->next;
        take_kept(team, kept);
        link = &team->early;
    }
}

void team_adopt(troupe_team *team)
{
    struct team_rank *here = team->here;
    struct team_strays *strays = base_map_remove(&here->strays, team->id);
    struct team_kept *kept, *next;

    if (!strays)
        return;
    for (kept = strays->first; kept; kept = next) {
        next = kept->next;
        take_kept(team, kept);
    }
    base_free(strays);
}
