/* SPDX-License-Identifier: BSD-3-Clause */
#include "team/internal.h"
#include <stdlib.h>
#include <string.h>

/*
 * Splitting a team is a gather to all of colours and keys, from which each rank works
 * out its part. It does so when they are here, even if its member has ended meanwhile:
 * the others then have a team with a member that has ended, and somebody must say so.
 *
 * The name of the new team follows from the old team's, the number of the split and the
 * colour, so it needs no agreement of its own.
 */

struct team_colour {
    int32_t colour, key;
    uint32_t has_no_memory;
};

struct team_birth {
    troupe_team *team; /* room for the child */
    uint8_t block_class;
};

void team_birth_take(struct team_operation *op)
{
    struct team_rank *here = op->team->here;
    size_t at = (size_t)(op->team->index - op->first) * sizeof(struct team_colour);
    const uint32_t yes = 1;
    uint8_t block_class;

    op->birth = message_block_take(here->home->pool, sizeof *op->birth, &block_class);
    if (op->birth) {
        op->birth->block_class = block_class;
        op->birth->team = team_take(here, op->team->size);
        if (op->birth->team && !team_room(op->birth->team, op->team->member)) {
            team_give(op->birth->team);
            op->birth->team = NULL;
        }
    }
    if (!op->birth || !op->birth->team)
        memcpy(op->value.bytes + at + offsetof(struct team_colour, has_no_memory), &yes,
               sizeof yes);
}

void team_birth_give(struct team_rank *here, struct team_birth *birth)
{
    if (birth->team)
        team_give(birth->team);
    message_block_give(here->home->pool, birth, birth->block_class);
}

static struct team_colour colour_at(const void *bytes, int index)
{
    struct team_colour colour;

    memcpy(&colour, (const unsigned char *)bytes + (size_t)index * sizeof colour,
           sizeof colour);
    return colour;
}

static int compare(const void *a, const void *b)
{
    uint64_t left, right;

    memcpy(&left, a, sizeof left);
    memcpy(&right, b, sizeof right);
    return left < right ? -1 : left > right;
}

/* Key and place in the old team as one number, in rising order. */
static int
sort_members(const struct team_operation *op, const void *bytes, troupe_team *child)
{
    const troupe_team *team = op->team;
    int32_t own = colour_at(bytes, team->index).colour;
    int n = 0;

    for (int i = 0; i < team->size; i++) {
        struct team_colour it = colour_at(bytes, i);
        uint64_t key = (uint32_t)it.key ^ UINT32_C(0x80000000);

        if (it.colour == own)
            child->addresses[n++] = key << 32 | (uint32_t)i;
    }
    qsort(child->addresses, (size_t)n, sizeof *child->addresses, compare);
    return n;
}

static void make_child(struct team_operation *op, const void *bytes)
{
    const troupe_team *team = op->team;
    troupe_team *child = op->birth->team;
    uint32_t colour = (uint32_t)colour_at(bytes, team->index).colour;
    uint64_t id = team_mix(team_mix(team->id, op->number), colour) | 1;

    child->size = sort_members(op, bytes, child);
    for (int i = 0; i < child->size; i++) {
        int index = (int)(uint32_t)child->addresses[i];

        if (index == team->index)
            child->index = i;
        child->addresses[i] = team_address_at(team, index);
        child->ranks[i] = team_rank_at(team, index);
    }
    op->birth->team = NULL;
    if (op->what.result)
        memcpy(op->what.result, &child, sizeof child);
    team_begin(child, id, team->member);
    if (!team->member)
        (void)team_settle(child);
}

void team_split_done(struct team_operation *op, const void *bytes)
{
    bool has_memory = op->birth && op->birth->team;

    for (int i = 0; i < op->team->size; i++)
        has_memory = has_memory && !colour_at(bytes, i).has_no_memory;
    if (!has_memory)
        team_operation_done(op, TROUPE_NO_MEMORY);
    else if (colour_at(bytes, op->team->index).colour >= 0)
        make_child(op, bytes);
}

/* A team of one, out of a team of one. */
static troupe_status
split_alone(troupe_actor *self, troupe_team *team, int colour, troupe_team **child)
{
    troupe_team *made = NULL;

    if (colour >= 0) {
        made = team_take(team->here, 1);
        if (!made || !team_room(made, self)) {
            if (made)
                team_give(made);
            return TROUPE_NO_MEMORY;
        }
        made->addresses[0] = self->address;
        made->ranks[0] = team_rank_at(team, 0);
        team_begin(made, team_mix(team_mix(team->id, team->next), (uint32_t)colour) | 1,
                   self);
    }
    team->next++;
    *child = made;
    return TROUPE_OK;
}

troupe_status troupe_team_split(
    troupe_actor *self, troupe_team *team, int colour, int key, troupe_team **child)
{
    const struct team_colour mine = {.colour = colour, .key = key};
    troupe_team *made = NULL;
    const struct team_request request = {.form = TEAM_SPLIT,
                                         .root = -1,
                                         .mine = &mine,
                                         .result = &made,
                                         .size_bytes = sizeof mine};
    troupe_operation operation;

    actor_require_process(self, "troupe_team_split");
    actor_require(
        self, team && team->member == self && child,
        "troupe_team_split: not the caller's team, or no place for the new one");
    if (team->size == 1)
        return split_alone(self, team, colour, child);
    TROUPE_TRY(team_enter(team, &request, &operation));
    TROUPE_TRY(troupe_team_wait(self, team, operation));
    *child = made;
    return TROUPE_OK;
}
