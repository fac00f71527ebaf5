/* SPDX-License-Identifier: BSD-3-Clause */
#include "team/internal.h"
#include "team/tree.h"

/*
 * How far members run apart, and what a member does while it waits. Every all-to-all
 * operation that is complete shows that all have entered it. Where eight go by without
 * one, a wave over the tree of member 0 shows it: up when a subtree has entered the
 * eighth, down when all have.
 */

enum {
    LOOK_NS = 1000 * 1000
}; /* a process that waits longer than one to two of these asks */

/* ---- waves -------------------------------------------------------------------- */

static bool has_wave(const troupe_team *team, uint64_t number)
{
    return number % TEAM_WAVE == TEAM_WAVE - 1 &&
           team->last_for_all + TEAM_WAVE <= number + 1;
}

static void advance_wave(troupe_team *team, uint64_t number)
{
    uint32_t *heard =
        &team->wave_heard[number / TEAM_WAVE % ARRAY_LENGTH(team->wave_heard)];

    if (*heard < (uint32_t)team->n_children)
        return;
    *heard = 0;
    if (team->index == 0)
        team_take_ack_down(team, number);
    else
        team_post(team, team->parent, TEAM_KIND_ACK_UP, number, 0);
}

void team_wave_enter(troupe_team *team, uint64_t number)
{
    if (has_wave(team, number))
        advance_wave(team, number);
}

void team_take_ack_up(troupe_team *team, uint64_t number)
{
    team->wave_heard[number / TEAM_WAVE % ARRAY_LENGTH(team->wave_heard)]++;
    advance_wave(team, number);
}

void team_take_ack_down(troupe_team *team, uint64_t number)
{
    for (int level = team->n_levels; level-- > 0;) {
        int child = level < tree_top(team->index, 0, team->n_levels)
                        ? tree_child(team->index, 0, level, team->size)
                        : -1;

        if (child >= 0)
            team_post(team, child, TEAM_KIND_ACK_DOWN, number, 0);
    }
    team_acknowledge(team, number + 1);
}

void team_acknowledge(troupe_team *team, uint64_t below)
{
    if (below <= team->acknowledged)
        return;
    team->acknowledged = below;
    if (team->is_parked && !team->awaited)
        team_wake(team);
}

/* ---- waiting ------------------------------------------------------------------ */

static void arm(struct team_rank *here);

/* Asks for whoever waits since before the last look, once for each operation. */
static void look(struct heap_node *node)
{
    struct team_rank *here = CONTAINER_OF(node, struct team_rank, look);
    bool is_again = false;

    here->is_looking = false;
    BASE_LIST_EACH(parked, &here->parked)
    {
        troupe_team *team = CONTAINER_OF(parked, troupe_team, parked);

        if (team->is_looked_at) {
            team_take_ask(team, team->parked_number);
            if (team->awaited && team->awaited->trade)
                team_trade_ask(team->awaited);
            continue;
        }
        team->is_looked_at = true;
        is_again = true;
    }
    if (is_again)
        arm(here);
}

/* Until it has looked, this rank may yet do something by itself: see is_still(). */
static void arm(struct team_rank *here)
{
    struct actor_rank *home = here->home;

    here->is_looking = true;
    base_require_memory(
        actor_heap_add(home, &here->look, comm_now_ns(home->comm) + LOOK_NS, look),
        "no memory for a timer");
}

void team_look_stop(struct team_rank *here)
{
    heap_remove(&here->home->timers, &here->look);
    here->is_looking = false;
}

/*
 * A process that is stopped meanwhile does not come back here; actor_ended() tidies up,
 * and no record is taken before that.
 */
void team_park(troupe_team *team, const char *what, uint64_t number)
{
    struct team_rank *here = team->here;
    struct actor_wait wait = {.kind = ACTOR_WAIT_TEAM, .what = what};

    team->is_parked = true;
    team->is_looked_at = false;
    team->parked_number = number;
    base_list_append(&here->parked, &team->parked);
    if (!here->is_looking)
        arm(here);
    actor_park(team->member, &wait, TROUPE_FOREVER);
    team->is_parked = false;
    base_list_remove(&team->parked);
}

void team_wake(troupe_team *team)
{
    if (team->is_parked)
        actor_wake(team->member);
}
