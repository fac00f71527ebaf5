/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ACTOR_DELIVER_H
#define ACTOR_DELIVER_H

/* The hot path of mail for a mailbox, inline: 10 ns from the sender's struct. */

#include "actor/actor.h"

/* Ends the rank: unread mail takes more than the limit. */
COLD void actor_mail_limit_passed(troupe_actor *actor);

/* The process waits for just this, or will decide for itself. */
static inline bool actor_is_awaited(const troupe_actor *actor,
                                    const struct message_envelope *envelope)
{
    const struct actor_wait *wait = actor->process->wait;

    return wait && wait->kind == ACTOR_WAIT_RECEIVE &&
           (wait->type == 0 || wait->type == envelope->type);
}

/* Nothing unread comes before a message of this type, which wakes the process. Other
 * policies than to wait count what is in the mailbox, so all goes there. */
static inline bool actor_waits_for(const troupe_actor *actor, uint16_t type)
{
    enum {
        MATTERS = ACTOR_STARTED | ACTOR_IN_READY | ACTOR_RUNNING | ACTOR_HELD |
                  ACTOR_ENDING | ACTOR_EMBRYO
    };
    const struct actor_wait *wait = actor->process->wait;

    return wait && wait->kind == ACTOR_WAIT_RECEIVE && wait->type == type &&
           !actor->head && actor->overflow == TROUPE_PARK &&
           (actor->flags & MATTERS) == ACTOR_STARTED;
}

/*
 * Past the mailbox: the message counts as received. Until the process runs, which is
 * next in its turn, only its end and a cut may come between; actor_handed_back().
 */
static inline void actor_hand(troupe_actor *actor, struct message_envelope *envelope)
{
    struct actor_wait *wait = actor->process->wait;

    wait->envelope = envelope;
    wait->is_done = true;
    actor->home->counts.n_delivered++;
    actor_make_ready(actor);
}

static inline void actor_announce(troupe_actor *actor,
                                  const struct message_envelope *envelope)
{
    if (!actor->process || !(actor->flags & ACTOR_STARTED))
        actor_make_ready(actor);
    else if (actor_is_awaited(actor, envelope))
        actor_wake(actor);
}

static inline void actor_append(troupe_actor *actor, struct message_envelope *envelope)
{
    struct actor_rank *home = actor->home;
    uint32_t n_queued = actor->n_queued + 1;
    uint64_t queued_bytes = home->queued_bytes + envelope->size_bytes;

    envelope->next = NULL;
    *actor->tail = envelope;
    actor->tail = &envelope->next;
    actor->n_queued = n_queued;
    actor->n_exempt += (envelope->flags & MESSAGE_EXEMPT) != 0;
    home->counts.n_delivered++;
    home->queued_bytes = queued_bytes;
    if (UNLIKELY(n_queued > home->counts.most_queued))
        home->counts.most_queued = n_queued;
    if (UNLIKELY(queued_bytes > home->queued_limit_bytes))
        actor_mail_limit_passed(actor);
    actor_announce(actor, envelope);
}

/* A copy of the bytes, into the mailbox of a process that takes the type. False: it is
 * full, or there is no memory. */
static inline bool actor_deliver_copy(const troupe_actor *sender,
                                      troupe_actor *actor,
                                      uint16_t type,
                                      const void *body,
                                      size_t size_bytes)
{
    struct actor_rank *home = sender->home;
    bool is_handed = actor_waits_for(actor, type);
    struct message_envelope *envelope;

    if (UNLIKELY(!is_handed && actor_n_counted(actor) >= actor->capacity))
        return false;
    envelope = message_take_for(home->pool, size_bytes, sender->address, type);
    if (UNLIKELY(!envelope))
        return false;
    comm_wire_copy(envelope->inline_payload, body, size_bytes);
    if (is_handed)
        actor_hand(actor, envelope);
    else
        actor_append(actor, envelope);
    home->counts.n_sent_local++;
    return true;
}

/* The same type was sent there before: nothing needs to be looked at again. */
static inline bool actor_was_sent(const struct actor_found *found,
                                  uint64_t to,
                                  const troupe_type *type,
                                  const void *body,
                                  size_t size_bytes)
{
    return !((found->address ^ to) | ((uintptr_t)found->type ^ (uintptr_t)type) |
             (found->size_bytes ^ size_bytes) | (!body & (size_bytes > 0)));
}

/* Where a message of a type that has been checked goes, which is remembered; NULL:
 * there is nobody who takes it, or not yet. */
static inline const struct actor_found *actor_find_taker(struct actor_rank *home,
                                                         uint64_t to,
                                                         const troupe_type *type,
                                                         uint16_t type_id,
                                                         size_t size_bytes)
{
    struct actor_found *found = actor_find_again(home, to);

    if (UNLIKELY(found->address != to || (!found->actor && !found->stream) ||
                 (found->actor && ((found->actor->flags & ACTOR_EMBRYO) ||
                                   !actor_accepts(found->actor, type_id)))))
        return NULL;
    if (type->tail_item_bytes == 0) { /* else the size says nothing of the count */
        found->type = type;
        found->type_id = type_id;
        found->size_bytes = (uint32_t)size_bytes;
    }
    return found;
}

#endif
