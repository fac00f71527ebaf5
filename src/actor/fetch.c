/* SPDX-License-Identifier: BSD-3-Clause */
#include "actor/actor.h"
#include <string.h>

/*
 * Payloads of what comes from other ranks. A large one travels apart: in its place
 * stands a ticket, and it is asked for when that stands within the mailbox's capacity.
 */

struct ticket {
    uint64_t number, size_bytes;
    int32_t source, reserved;
};

static struct message_envelope *ticket_envelope(struct actor_rank *home,
                                                const struct comm_record *record)
{
    struct ticket ticket = {.number = record->ticket,
                            .size_bytes = record->size_bytes,
                            .source = record->source};
    struct message_envelope *envelope = message_take(home->pool, sizeof ticket);

    base_require_memory(envelope != NULL, "no memory for mail that has come");
    memcpy(envelope->inline_payload, &ticket, sizeof ticket);
    envelope->flags = MESSAGE_TICKET | MESSAGE_PENDING;
    home->n_tickets++;
    return envelope;
}

struct message_envelope *actor_record_envelope(struct actor_rank *home,
                                               struct comm_record *record)
{
    struct message_envelope *envelope = record->envelope;

    if (record->ticket) {
        envelope = ticket_envelope(home, record);
    } else if (!envelope) {
        envelope = message_take(home->pool, record->size_bytes);
        base_require_memory(envelope != NULL, "no memory for mail that has come");
        if (record->size_bytes)
            memcpy(envelope->inline_payload, record->payload, record->size_bytes);
    }
    record->envelope = NULL;
    envelope->sender = record->header.from;
    envelope->reference = record->header.reference;
    envelope->incarnation = record->header.incarnation;
    envelope->type = record->header.type;
    envelope->flags |= record->header.flags;
    return envelope;
}

/* Starts the transfer of what `ticket_box` stands for; NULL: no memory for it. */
static struct message_envelope *
fetch(struct actor_rank *home, uint64_t to, struct message_envelope *ticket_box)
{
    struct message_envelope *envelope;
    struct ticket ticket;

    memcpy(&ticket, ticket_box->inline_payload, sizeof ticket);
    envelope = message_take(home->pool, ticket.size_bytes);
    if (!envelope ||
        !base_map_put(&home->fetching, (uintptr_t)envelope, (void *)(uintptr_t)to)) {
        if (envelope)
            message_give(home->pool, envelope);
        return NULL;
    }
    envelope->next = ticket_box->next;
    envelope->sender = ticket_box->sender;
    envelope->reference = ticket_box->reference;
    envelope->incarnation = ticket_box->incarnation;
    envelope->type = ticket_box->type;
    envelope->flags = (uint8_t)(ticket_box->flags & ~MESSAGE_TICKET);
    comm_fetch(home->comm, ticket.source, ticket.number, envelope);
    home->n_tickets--;
    message_give(home->pool, ticket_box);
    return envelope;
}

void actor_fetch_start(troupe_actor *actor, struct message_envelope **link)
{
    struct actor_rank *home = actor->home;
    struct message_envelope *ticket_box = *link;
    uint64_t old_bytes = ticket_box->size_bytes;
    bool is_last = actor->tail == &ticket_box->next;
    bool is_seen = actor->process && actor->process->seen_link == &ticket_box->next;
    struct message_envelope *envelope = fetch(home, actor->address, ticket_box);

    base_require_memory(envelope != NULL,
                        "no memory for a large message that has come");
    *link = envelope;
    home->queued_bytes += envelope->size_bytes - old_bytes;
    if (is_last)
        actor->tail = &envelope->next;
    if (is_seen)
        actor->process->seen_link = &envelope->next;
}

void actor_fetch_reply(struct actor_rank *home,
                       uint64_t to,
                       struct message_envelope *ticket_box)
{
    base_require_memory(fetch(home, to, ticket_box) != NULL,
                        "no memory for a large reply that has come");
}

void actor_envelope_discard(struct actor_rank *home, struct message_envelope *envelope)
{
    struct ticket ticket;

    if (envelope->flags & MESSAGE_TICKET) {
        memcpy(&ticket, envelope->inline_payload, sizeof ticket);
        comm_fetch_discard(home->comm, ticket.source, ticket.number);
        home->n_tickets--;
    } else if (envelope->flags & MESSAGE_PENDING) {
        (void)base_map_remove(&home->fetching, (uintptr_t)envelope);
        return; /* comm still writes into it: actor_fetched frees it */
    }
    message_give(home->pool, envelope);
}

static bool is_well_formed(struct actor_rank *home,
                           const struct message_envelope *envelope)
{
    return message_is_well_formed(message_table_type(home->table, envelope->type),
                                  message_payload(envelope), envelope->size_bytes);
}

static void remove_malformed(struct actor_rank *home,
                             troupe_actor *actor,
                             struct message_envelope *envelope)
{
    struct message_envelope **link = &actor->head;

    while (*link && *link != envelope)
        link = &(*link)->next;
    base_assert(*link == envelope);
    (void)actor_mailbox_unlink(actor, link);
    if (envelope->flags & MESSAGE_REPLY)
        actor_call_tell(home, actor->address, envelope->reference, TROUPE_INVALID,
                        TROUPE_EXIT_NORMAL);
    actor_refuse(home, actor->address, envelope, ACTOR_DEAD_MALFORMED,
                 TROUPE_REFUSAL_MALFORMED);
    actor_mailbox_drained(actor);
}

static void
reply_fetched(struct actor_rank *home, uint64_t to, struct message_envelope *envelope)
{
    uint64_t reference = envelope->reference;

    if (is_well_formed(home, envelope)) {
        actor_call_end(home, to, reference, envelope, TROUPE_OK, TROUPE_EXIT_NORMAL);
        return;
    }
    actor_dead_letter(home, ACTOR_DEAD_MALFORMED, envelope->sender, to, envelope->type);
    message_give(home->pool, envelope);
    actor_call_end(home, to, reference, NULL, TROUPE_INVALID, TROUPE_EXIT_NORMAL);
}

void actor_fetched(struct troupe *rank, struct message_envelope *envelope)
{
    struct actor_rank *home = actor_of(rank);
    uint64_t to = (uintptr_t)base_map_remove(&home->fetching, (uintptr_t)envelope);
    troupe_actor *actor = to ? actor_find(home, to) : NULL;

    if (!to && home->fetched_other && home->fetched_other(rank, envelope))
        return;
    if (actor_record_fetched(home, envelope))
        return;
    if ((envelope->flags & (MESSAGE_REPLY | MESSAGE_EXEMPT)) == MESSAGE_REPLY) {
        reply_fetched(home, to, envelope);
        return;
    }
    if (!actor) {
        message_give(home->pool, envelope);
        return;
    }
    if (!is_well_formed(home, envelope))
        remove_malformed(home, actor, envelope);
    if (!actor->process || !(actor->flags & ACTOR_STARTED))
        actor_make_ready(actor);
    else if (actor->process->wait && actor->process->wait->kind == ACTOR_WAIT_RECEIVE)
        actor_wake(actor);
}
