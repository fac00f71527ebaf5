/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ACTOR_DELIVER_H
#define ACTOR_DELIVER_H

/* The hot path of mail, inline: 10 ns from the sender's struct to the mailbox, 5 to the
 * frame for another rank. */

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

    envelope->next = NULL;
    *actor->tail = envelope;
    actor->tail = &envelope->next;
    actor->n_queued++;
    actor->n_exempt += (envelope->flags & MESSAGE_EXEMPT) != 0;
    home->counts.n_delivered++;
    home->queued_bytes += envelope->size_bytes;
    if (UNLIKELY(actor->n_queued > home->counts.most_queued))
        home->counts.most_queued = actor->n_queued;
    if (UNLIKELY(home->queued_bytes > home->queued_limit_bytes))
        actor_mail_limit_passed(actor);
    actor_announce(actor, envelope);
}

static inline bool actor_deliver_copy(const troupe_actor *sender,
                                      troupe_actor *actor,
                                      uint16_t type,
                                      const void *body,
                                      size_t size_bytes)
{
    struct actor_rank *home = sender->home;
    struct message_envelope *envelope;

    if (UNLIKELY(!actor_accepts(actor, type) ||
                 actor_n_counted(actor) >= actor->capacity))
        return false;
    envelope = message_take(home->pool, size_bytes);
    if (UNLIKELY(!envelope))
        return false;
    comm_wire_copy(envelope->inline_payload, body, size_bytes);
    envelope->sender = sender->address;
    envelope->type = type;
    actor_append(actor, envelope);
    home->counts.n_sent_local++;
    return true;
}

/* The usual case of sending a copy: nobody waits, here or there. False: nothing is
 * done, go the long way. */
static inline bool actor_send_plainly(troupe_actor *sender,
                                      uint64_t to,
                                      uint16_t type,
                                      const void *body,
                                      size_t size_bytes,
                                      troupe_status *status)
{
    struct actor_rank *home = sender->home;
    const struct actor_found *found = actor_find_again(home, to);

    if (UNLIKELY(sender->n_reserved > 0 || home->is_ending))
        return false;
    *status = TROUPE_OK;
    if (found->actor)
        return actor_deliver_copy(sender, found->actor, type, body, size_bytes);
    if (UNLIKELY(found->peer < 0 || home->xoff.n_items > 0 ||
                 comm_is_congested(home->comm, found->peer)))
        return false;
    struct comm_header header = {
        .to = to, .from = sender->address, .type = type, .kind = ACTOR_KIND_MAIL};
    *status = comm_post(home->comm, found->peer, &header, body, size_bytes);
    home->counts.n_sent_remote++;
    return true;
}

#endif
