/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ACTOR_PARK_H
#define ACTOR_PARK_H

/*
 * Parking, inline: after a switch the processor has forgotten where functions return
 * to, so each frame between the switch and the user's code costs a mispredicted return.
 */

#include "actor/actor.h"

/*
 * Which waits hold up which verdict (protocols 14, 15). Those of any process are
 * counted. A rank process is blocked in others, too, which would cost each of its
 * receives four changes of a count: they are looked at when the rank idles.
 */
static inline bool actor_kind_blocks(enum actor_wait_kind kind)
{
    enum {
        ALWAYS = 1u << ACTOR_WAIT_SEND | 1u << ACTOR_WAIT_CALL |
                 1u << ACTOR_WAIT_LEASE | 1u << ACTOR_WAIT_TEAM | 1u << ACTOR_WAIT_NAME
    };
    return (ALWAYS >> kind) & 1;
}

static inline bool actor_is_blocked(const troupe_actor *actor)
{
    const struct actor_wait *wait = actor->process ? actor->process->wait : NULL;

    return wait && (wait->is_blocking || ((actor->flags & ACTOR_IS_RANK_PROCESS) &&
                                          (wait->kind == ACTOR_WAIT_RECEIVE ||
                                           wait->kind == ACTOR_WAIT_SLEEP)));
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

static inline void actor_unpark(troupe_actor *self,
                                struct actor_wait *wait,
                                bool is_blocking,
                                bool is_holding)
{
    struct actor_rank *home = self->home;

    if (UNLIKELY(wait->deadline.place))
        heap_remove(&home->timers, &wait->deadline);
    if (is_blocking)
        home->n_blocked--;
    if (UNLIKELY(is_holding))
        home->n_holding--;
    self->process->wait = NULL;
}

/*
 * The next process that is ready, if it may go on at once: there and back by way of the
 * scheduler would be two jumps more. It says how often that may be (run_ready), and has
 * to see who is done waiting already, or yields.
 */
static inline troupe_actor *actor_heir(const troupe_actor *self,
                                       const struct actor_wait *wait)
{
    const struct actor_rank *home = self->home;
    troupe_actor *next = home->ready.head;

    if (home->n_hand_overs == 0 || home->wants_poll || !next || !next->process ||
        wait->is_done || wait->kind == ACTOR_WAIT_YIELD ||
        ((self->flags | next->flags) & ACTOR_ENDING))
        return NULL;
    return next->process->fiber && fiber_is_parked(next->process->fiber) ? next : NULL;
}

static inline void actor_hand_over(troupe_actor *self, troupe_actor *next)
{
    struct actor_rank *home = self->home;

    home->n_hand_overs--;
    actor_ready_pop(home);
    self->flags &= (uint16_t)~ACTOR_RUNNING;
    actor_now_runs(next);
    fiber_hand_over(self->process->fiber, next->process->fiber);
}

static inline __attribute__((always_inline)) void
actor_park_here(troupe_actor *self, struct actor_wait *wait, troupe_deadline deadline)
{
    struct actor_rank *home = self->home;

    /* Known to the compiler, if the kind is. */
    bool is_blocking = actor_kind_blocks(wait->kind);
    bool is_holding = wait->kind == ACTOR_WAIT_FOREIGN || deadline.at_ns != INT64_MAX;

    base_assert(home->running == self && self->process);
    wait->owner = self;
    wait->is_blocking = is_blocking;
    wait->is_holding = is_holding;
    if (UNLIKELY(deadline.at_ns != INT64_MAX))
        base_require_memory(
            actor_heap_add(home, &wait->deadline, deadline.at_ns, actor_deadline_fires),
            "no memory for a deadline");
    if (is_blocking)
        home->n_blocked++;
    if (UNLIKELY(is_holding))
        home->n_holding++;
    self->process->wait = wait;
    troupe_actor *next = actor_heir(self, wait);
    if (next)
        actor_hand_over(self, next);
    else
        fiber_park(self->process->fiber);
    actor_unpark(self, wait, is_blocking, is_holding);
    base_assert(!(self->flags & ACTOR_ENDING)); /* such are not resumed */
}

#endif
