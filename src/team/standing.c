/* SPDX-License-Identifier: BSD-3-Clause */
#include "team/internal.h"

/* How far a process is in its teams. */

static bool has_outstanding(const troupe_team *team)
{
    for (int i = 0; i < TEAM_BUCKETS; i++)
        for (const struct team_operation *op = team->operations[i]; op; op = op->next)
            if (op->is_user)
                return true;
    return false;
}

/*
 * Member 0 takes off what the others add, so that the sum over the team is 0 where all
 * have the same number; else it is a random word. So nobody has to know who is in
 * which team. What a broken team's members do differs anyway.
 */
static uint64_t weigh(const troupe_team *team)
{
    uint64_t word = team_mix(team->id, team->next);

    if (team->broken_from != UINT64_MAX)
        return 0;
    return team->index == 0 ? word * (1 - (uint64_t)team->size) : word;
}

void team_standing_of(const troupe_actor *actor, struct team_standing *standing)
{
    const troupe_team *team = actor->extra ? actor->extra->team : NULL;

    *standing = (struct team_standing){0};
    for (; team; team = team->next_of_member) {
        standing->is_outstanding |= has_outstanding(team);
        if (team->id == team->here->rank_team_id)
            standing->number = team->next;
        else
            standing->balance += weigh(team);
    }
}

bool team_rank_number(struct troupe *rank, uint64_t *number)
{
    const struct team_rank *here = team_of(rank);
    const troupe_team *team = base_map_get(&here->teams, here->rank_team_id);

    *number = team ? team->next : 0;
    return !team || team->broken_from == UINT64_MAX;
}
