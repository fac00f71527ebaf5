/* SPDX-License-Identifier: BSD-3-Clause */
#include "actor/loopback.h"

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

/* A copy has mailboxes, and no waits. */
static void hand_back_all(struct actor_rank *home)
{
    for (troupe_actor *actor = home->ready.head; actor; actor = actor->next_ready)
        if (actor->process && actor->process->wait)
            actor_handed_back(actor, actor->process->wait);
}

/* Payloads also beyond the capacity: one that stays with its sender is in no copy. */
void actor_freeze(struct actor_rank *home)
{
    home->is_frozen = home->is_halted = true;
    actor_loopback_settle(home);
    hand_back_all(home);
    (void)actor_payloads_fetch(home->rank);
}

void actor_thaw(struct actor_rank *home)
{
    home->is_frozen = false;
    home->is_halted = home->is_ending;
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
    return (struct comm_step){.result = COMM_STEP_IDLE,
                              .wake_ns = actor_cut_of(home)->wake_ns};
}

void actor_addresses_renew(struct actor_rank *home, uint32_t n_slots)
{
    actor_addresses_fini(home);
    actor_addresses_init(home, n_slots);
    home->next_slot = 0;
}
