/* SPDX-License-Identifier: BSD-3-Clause */
#include "team/sound.h"
#include "team/tree.h"

static bool is_child(const troupe_team *team, int rank)
{
    int top = tree_top(team->index, 0, team->n_levels);

    for (int level = 0; level < top; level++) {
        int child = tree_child(team->index, 0, level, team->size);

        if (child >= 0 && team_rank_at(team, child) == rank)
            return true;
    }
    return false;
}

static bool is_parent(const troupe_team *team, int rank)
{
    return team->index > 0 && team_rank_at(team, team->parent) == rank;
}

static bool ends_wave(uint64_t number)
{
    return number % TEAM_WAVE == TEAM_WAVE - 1;
}

/* Nobody is further ahead of the slowest member, which this one may be. Waves are
 * about what has been entered, and breaks come from anywhere. */
static bool is_near(const troupe_team *team, uint8_t kind, uint64_t number)
{
    if (kind == TEAM_KIND_ACK_DOWN)
        return number < team->next;
    if (kind == TEAM_KIND_FAIL || kind == TEAM_KIND_BREAK || kind == TEAM_KIND_NEVER ||
        kind == TEAM_KIND_LEFT || kind == TEAM_KIND_FREE)
        return true;
    return number < team->next || number >= team->broken_from ||
           number - team->next < TEAM_WINDOW;
}

static bool
is_sound(const troupe_team *team, const struct comm_record *record, uint64_t number)
{
    uint16_t type = record->header.type;

    switch (record->header.kind) {
    case TEAM_KIND_DATA:
        return type <= TEAM_DOWN;
    case TEAM_KIND_ACK_UP:
        return is_child(team, record->source) && ends_wave(number);
    case TEAM_KIND_ACK_DOWN:
        return is_parent(team, record->source) && ends_wave(number);
    case TEAM_KIND_FAIL:
    case TEAM_KIND_BREAK:
    case TEAM_KIND_PART_OVER:
        return type == TROUPE_PEER_GONE || type == TROUPE_MISMATCH;
    case TEAM_KIND_LEFT:
        return is_child(team, record->source) && team->n_left < team->n_children;
    case TEAM_KIND_FREE:
        return is_parent(team, record->source) && team->has_left;
    default:
        return true;
    }
}

void team_record_check(const troupe_team *team,
                       const struct comm_record *record,
                       uint64_t number)
{
    const struct comm *comm = team->here->home->comm;

    comm_require(comm, record, is_near(team, record->header.kind, number),
                 "nobody can have entered that operation of the team");
    comm_require(comm, record, is_sound(team, record, number),
                 "that member of the team does not say this");
}

void team_data_check(const struct team_operation *op, const struct comm_record *record)
{
    const struct comm *comm = op->team->here->home->comm;

    comm_require(comm, record, !op->trade, "the members exchange parts");
    comm_require(comm, record,
                 team_data_bytes(op, record->header.type) == record->size_bytes,
                 "the operation of the team has values of another size");
}
