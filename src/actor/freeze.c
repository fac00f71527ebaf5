/* SPDX-License-Identifier: BSD-3-Clause */
#include "actor/actor.h"

/*
 * Standing still, so that what the rank has can be copied: between two steps nobody's
 * code runs. Records go on being taken, and credits given back, or what is on its way
 * would never arrive.
 */

void actor_cut_set(struct actor_rank *home, struct actor_cut *cut)
{
    home->cut = cut;
    comm_quiet_withdraw(home->comm);
    home->is_quiet_offered = false;
}

/* Also beyond the capacity: a payload that stays with its sender is in no copy. */
static void fetch_payloads(troupe_actor *actor)
{
    for (struct message_envelope **link = &actor->head; *link; link = &(*link)->next)
        if ((*link)->flags & MESSAGE_TICKET)
            actor_fetch_start(actor, link);
}

void actor_freeze(struct actor_rank *home)
{
    home->is_frozen = true;
    for (uint32_t s = 0; s < home->n_own_slots; s++)
        for (uint32_t i = 1; i < home->slots[s].n_entries; i++)
            if (home->slots[s].entries[i].actor)
                fetch_payloads(home->slots[s].entries[i].actor);
    if (home->rank_process)
        fetch_payloads(home->rank_process);
}

void actor_thaw(struct actor_rank *home)
{
    home->is_frozen = false;
}

void actor_hold(troupe_actor *actor)
{
    actor->flags |= ACTOR_HELD | ACTOR_SAFE;
}

void actor_let_go(troupe_actor *actor)
{
    struct actor_wait *wait = actor->process->wait;

    actor->flags &= (uint16_t) ~(ACTOR_HELD | ACTOR_SAFE);
    if (!wait)
        return;
    if (wait->kind == ACTOR_WAIT_SAFE)
        wait->is_done = true;
    if (wait->is_done || wait->is_timed_out)
        actor_make_ready(actor);
}

struct comm_step actor_frozen_step(struct actor_rank *home)
{
    if (comm_has_frame(home->comm))
        return (struct comm_step){.result = COMM_STEP_BUSY};
    comm_flush(home->comm, COMM_FLUSH_IDLE);
    actor_quiet_offer(home);
    return (struct comm_step){.result = COMM_STEP_IDLE, .wake_ns = home->cut->wake_ns};
}

void actor_addresses_renew(struct actor_rank *home, uint32_t n_slots)
{
    actor_addresses_fini(home);
    actor_addresses_init(home, n_slots);
    home->next_slot = 0;
}
