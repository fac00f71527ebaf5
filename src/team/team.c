/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
#include "team/internal.h"
#include "team/tree.h"
#include <string.h>

/* Teams as a rank keeps them: made, found, left, freed. */

/* ---- memory ------------------------------------------------------------------- */

troupe_team *team_take(struct team_rank *here, int size)
{
    size_t n = (size_t)size;
    size_t size_bytes = sizeof(troupe_team) + n * (sizeof(uint64_t) + sizeof(int));
    uint8_t block_class;
    troupe_team *team = message_block_take(here->home->pool, size_bytes, &block_class);

    if (!team)
        return NULL;
    memset(team, 0, size_bytes);
    team->here = here;
    team->size = size;
    team->block_class = block_class;
    team->addresses = (uint64_t *)(void *)(team + 1);
    team->ranks = (int *)(void *)(team->addresses + n);
    return team;
}

void team_give(troupe_team *team)
{
    message_block_give(team->here->home->pool, team, team->block_class);
}

void team_forget(struct team_rank *here, uint64_t id)
{
    here->forgotten[here->n_forgotten++ % TEAM_FORGOTTEN] = id;
}

/* Some record may still come when all is over: a relic of an operation that broke. */
bool team_is_forgotten(const struct team_rank *here, uint64_t id)
{
    for (uint32_t i = 0; i < TEAM_FORGOTTEN; i++)
        if (here->forgotten[i] == id)
            return true;
    return false;
}

static void free_breaks(troupe_team *team)
{
    while (team->breaks) {
        struct team_break *first = team->breaks;

        team->breaks = first->next;
        message_block_give(team->here->home->pool, first, first->block_class);
    }
}

void team_free(troupe_team *team)
{
    struct team_rank *here = team->here;

    for (uint32_t i = 0; i < TEAM_BUCKETS; i++)
        while (team->operations[i]) {
            struct team_operation *op = team->operations[i];

            op->is_busy = op->is_user = false;
            team_operation_settle(op);
        }
    team_kept_drop_all(here, &team->early, 0);
    free_breaks(team);
    base_list_remove(&team->parked);
    (void)base_map_remove(&here->teams, team->id);
    team_forget(here, team->id);
    if (here->last == team)
        here->last = NULL;
    team_give(team);
}

/* ---- beginning ---------------------------------------------------------------- */

static void place(troupe_team *team)
{
    int top;

    team->n_levels = tree_levels(team->size);
    top = tree_top(team->index, 0, team->n_levels);
    team->parent = tree_parent(team->index, 0, top, team->n_levels);
    for (int level = 0; level < top; level++)
        team->n_children += tree_child(team->index, 0, level, team->size) >= 0;
}

bool team_room(troupe_team *team, troupe_actor *member)
{
    const uint64_t nobodys_id = 2; /* those of teams that are made are odd */

    if (!actor_extra_try(member) || !base_map_put(&team->here->teams, nobodys_id, team))
        return false;
    (void)base_map_remove(&team->here->teams, nobodys_id);
    return true;
}

void team_begin(troupe_team *team, uint64_t id, troupe_actor *member)
{
    struct team_rank *here = team->here;

    team->id = id;
    team->chain = id;
    team->broken_from = team->told_from = UINT64_MAX;
    team->member = member;
    base_list_init(&team->parked);
    place(team);
    base_require_memory(base_map_put(&here->teams, id, team),
                        "no memory to find a team again");
    if (member) {
        struct actor_extra *extra = actor_extra(member);

        team->next_of_member = extra->team;
        extra->team = team;
    }
    team_adopt(team);
}

/* It exists from the start, so it is made when somebody first speaks of it. */
static troupe_team *make_rank_team(struct team_rank *here)
{
    struct actor_rank *home = here->home;
    troupe_team *team = team_take(here, 0);

    base_require_memory(team != NULL, "no memory for the team of the rank processes");
    team->addresses = NULL;
    team->ranks = NULL;
    team->size = home->n_ranks;
    team->index = home->me;
    team_begin(team, here->rank_team_id, home->rank_process);
    return team;
}

troupe_team *team_find(struct team_rank *here, uint64_t id)
{
    troupe_team *team = id ? base_map_get(&here->teams, id) : NULL;

    if (!team && id == here->rank_team_id)
        return make_rank_team(here);
    return team;
}

troupe_team *troupe_rank_team(troupe_actor *self)
{
    struct team_rank *here = team_of(self->home->rank);

    if (!(self->flags & ACTOR_IS_RANK_PROCESS))
        return NULL;
    return team_find(here, here->rank_team_id);
}

int troupe_team_index(const troupe_team *team)
{
    return team->index;
}

int troupe_team_size(const troupe_team *team)
{
    return team->size;
}

/* ---- teams from a list -------------------------------------------------------- */

/* Fills in where the members live; false: somebody lives nowhere, or two on one rank.
 */
static bool place_members(troupe_team *team, const troupe_address *members)
{
    struct actor_rank *home = team->here->home;
    size_t n_bytes = (size_t)home->n_ranks / 8 + 1;
    uint8_t block_class;
    unsigned char *seen = message_block_take(home->pool, n_bytes, &block_class);
    bool is_good = seen != NULL;

    if (seen)
        memset(seen, 0, n_bytes);
    for (int i = 0; is_good && i < team->size; i++) {
        int rank = actor_rank_of(home, members[i].bits);

        is_good = rank >= 0 && !(seen[rank / 8] & (1u << rank % 8));
        if (is_good)
            seen[rank / 8] |= (unsigned char)(1u << rank % 8);
        team->addresses[i] = members[i].bits;
        team->ranks[i] = rank;
    }
    if (seen)
        message_block_give(home->pool, seen, block_class);
    return is_good;
}

static int
find_self(const troupe_actor *self, const troupe_address *members, int n_members)
{
    int i = 0;

    while (i < n_members && members[i].bits != self->address)
        i++;
    return i;
}

/*
 * The same list may make a team again: the how-manieth it is tells them apart. Each
 * member counts for itself, so all have to call as often with a list; the count
 * outlives the member, whose address may live again.
 */
static bool next_id(struct team_rank *here,
                    uint64_t member,
                    const troupe_address *members,
                    int n_members,
                    uint64_t *id)
{
    uint64_t list = base_hash_bytes(members, (size_t)n_members * sizeof *members, 1);
    uint64_t key = team_mix(member, list) | 1;
    uintptr_t n_made = (uintptr_t)base_map_get(&here->created, key) + 1;

    *id = team_mix(n_made, list) | 1;
    return base_map_put(&here->created, key, (void *)n_made);
}

troupe_status troupe_team_create(troupe_actor *self,
                                 const troupe_address *members,
                                 int n_members,
                                 troupe_team **team)
{
    struct team_rank *here = team_of(self->home->rank);
    troupe_team *made;
    uint64_t id;
    int index;

    actor_require_process(self, "troupe_team_create");
    actor_require(self, members && team,
                  "troupe_team_create: no list, or no place for the team");
    if (n_members < 1 || n_members > self->home->n_ranks)
        return TROUPE_INVALID;
    index = find_self(self, members, n_members);
    if (index == n_members)
        return TROUPE_INVALID;
    made = team_take(here, n_members);
    if (!made)
        return TROUPE_NO_MEMORY;
    if (!place_members(made, members)) {
        team_give(made);
        return TROUPE_INVALID;
    }
    if (!team_room(made, self) ||
        !next_id(here, self->address, members, n_members, &id)) {
        team_give(made);
        return TROUPE_NO_MEMORY;
    }
    made->index = index;
    team_begin(made, id, self);
    *team = made;
    return TROUPE_OK;
}

/* ---- shadows ------------------------------------------------------------------ */

troupe_team *team_shadow(const troupe_team *team, troupe_actor *member)
{
    const uint64_t salt = UINT64_C(0x736861646f77);
    troupe_team *shadow = team_take(team->here, team->size);

    base_require_memory(shadow != NULL, "no memory for the shadow of a team");
    for (int i = 0; i < team->size; i++) {
        shadow->addresses[i] = team_address_at(team, i);
        shadow->ranks[i] = team_rank_at(team, i);
    }
    shadow->index = team->index;
    team_begin(shadow, team_mix(salt, team->id) | 1, member);
    return shadow;
}

/* ---- the end ------------------------------------------------------------------ */

/*
 * Nobody is told: a record for an operation that it has not entered shows that it is
 * missed. Where everybody returns from the same point, nothing is sent at all.
 */
void team_member_ended(troupe_team *team)
{
    bool is_missed = team->early != NULL;

    team->member = NULL;
    team->awaited = NULL;
    team->is_parked = false;
    base_list_remove(&team->parked);
    for (uint32_t i = 0; i < TEAM_BUCKETS; i++) {
        struct team_operation *op = team->operations[i], *next;

        for (; op; op = next) {
            next = op->next;
            team_operation_detach(op);
        }
    }
    team_kept_drop_all(team->here, &team->early, 0);
    if (is_missed && !team->here->home->is_ending)
        team_fail(team, team->next, TROUPE_PEER_GONE);
}

/*
 * The rank team stays: records of it may come at any time. A team that is broken from
 * the start has nothing to do for anybody, and of some member there is no LEFT to wait
 * for.
 */
bool team_settle(troupe_team *team)
{
    if (team->member || team->id == team->here->rank_team_id)
        return false;
    if (team->broken_from == 0) {
        team_free(team);
        return true;
    }
    if (team->has_left || team->n_busy > 0 || team->n_left < team->n_children)
        return false;
    team->has_left = true;
    if (team->index > 0) {
        team_post(team, team->parent, TEAM_KIND_LEFT, 0, 0);
        return false;
    }
    team_take_free(team);
    return true;
}

void team_take_left(troupe_team *team)
{
    team->n_left++;
}

void team_take_free(troupe_team *team)
{
    int top = tree_top(team->index, 0, team->n_levels);

    for (int level = 0; level < top; level++) {
        int child = tree_child(team->index, 0, level, team->size);

        if (child >= 0)
            team_post(team, child, TEAM_KIND_FREE, 0, 0);
    }
    team_free(team);
}
