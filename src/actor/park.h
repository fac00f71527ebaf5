/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ACTOR_PARK_H
#define ACTOR_PARK_H

/*
 * Parking, inline: after a switch the processor has forgotten where functions return
 * to, so each frame between the switch and the user's code costs a mispredicted return.
 */

#include "actor/actor.h"

/* Which waits hold up which verdict (protocols 14, 15). */
static inline bool actor_is_blocking(const troupe_actor *self,
                                     enum actor_wait_kind kind)
{
    enum {
        ALWAYS = 1u << ACTOR_WAIT_SEND | 1u << ACTOR_WAIT_CALL |
                 1u << ACTOR_WAIT_LEASE | 1u << ACTOR_WAIT_TEAM | 1u << ACTOR_WAIT_NAME,
        OF_RANK_PROCESS = 1u << ACTOR_WAIT_RECEIVE | 1u << ACTOR_WAIT_SLEEP
    };
    unsigned blocking =
        self->flags & ACTOR_IS_RANK_PROCESS ? ALWAYS | OF_RANK_PROCESS : ALWAYS;

    return (blocking >> kind) & 1;
}

/* Field by field: gcc clears a whole struct of this size by `rep stos`, 8 ns. */
static inline void actor_wait_init(struct actor_wait *wait, enum actor_wait_kind kind)
{
    wait->kind = kind;
    wait->is_done = false;
    wait->is_timed_out = false;
    wait->status = TROUPE_OK;
    wait->type = 0;
    wait->address = 0;
    wait->reference = 0;
    wait->envelope = NULL;
    wait->what = NULL;
    wait->parcel = NULL;
    wait->withdraw = NULL;
    wait->deadline.place = 0;
}

void actor_deadline_fires(struct heap_node *node);

static inline void actor_unpark(troupe_actor *self, struct actor_wait *wait)
{
    struct actor_rank *home = self->home;

    if (UNLIKELY(wait->deadline.place))
        heap_remove(&home->timers, &wait->deadline);
    home->n_blocked -= wait->is_blocking;
    home->n_holding -= wait->is_holding;
    self->process->wait = NULL;
}

static inline __attribute__((always_inline)) void
actor_park_here(troupe_actor *self, struct actor_wait *wait, troupe_deadline deadline)
{
    struct actor_rank *home = self->home;

    base_assert(home->running == self && self->process);
    wait->owner = self;
    wait->is_holding = wait->kind == ACTOR_WAIT_FOREIGN;
    wait->is_blocking = actor_is_blocking(self, wait->kind);
    if (UNLIKELY(deadline.at_ns != INT64_MAX)) {
        wait->is_holding = true;
        base_require(
            actor_heap_add(home, &wait->deadline, deadline.at_ns, actor_deadline_fires),
            "no memory for a deadline");
    }
    home->n_blocked += wait->is_blocking;
    home->n_holding += wait->is_holding;
    self->process->wait = wait;
    fiber_park(self->process->fiber);
    actor_unpark(self, wait);
    if (UNLIKELY(self->flags & ACTOR_ENDING))
        fiber_end(self->process->fiber);
}

#endif
