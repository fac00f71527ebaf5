/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ACTOR_MAIL_H
#define ACTOR_MAIL_H

/*
 * Messages of one rank's actors: how they are made, sent, kept in mailboxes, taken from
 * other ranks, and received; what the files of this folder need of each other for it.
 */

#include "actor/parts.h"

/* ---- mailbox.c ---- */

enum actor_delivery {
    ACTOR_DELIVERED,
    ACTOR_IS_FULL,    /* policy park: the envelope is still the caller's */
    ACTOR_IS_REFUSED, /* policy refuse: likewise */
    ACTOR_IS_DROPPED  /* taken and freed, counted */
};
/* Appends by the receiver's policy; `envelope->type` must be accepted. Takes the
 * envelope unless it says otherwise. over_capacity: exempt mail and spill. */
enum actor_delivery actor_deliver(troupe_actor *actor,
                                  struct message_envelope *envelope,
                                  bool over_capacity);
/* The same for what comes from this rank: behind all that was sent before. */
enum actor_delivery actor_deliver_local(troupe_actor *actor,
                                        struct message_envelope *envelope,
                                        bool over_capacity);
static inline bool actor_accepts(const troupe_actor *actor, uint16_t type)
{
    return (actor->flags & ACTOR_EMBRYO) || actor->behavior->handle[type] != NULL;
}
/* What counts towards the capacity. */
static inline uint32_t actor_n_counted(const troupe_actor *actor)
{
    return actor->n_queued - actor->n_exempt;
}
/* What was handed to a wait, if it was, is unread again, as if it had come by the
 * mailbox. */
void actor_handed_back(troupe_actor *actor, struct actor_wait *wait);
/* After messages were taken out: room for those who wait. */
void actor_mailbox_let_in(troupe_actor *actor);
static inline void actor_mailbox_drained(troupe_actor *actor)
{
    const struct actor_extra *extra = actor->extra;

    if (UNLIKELY(extra && ((actor->flags & ACTOR_XOFF_SENT) ||
                           !base_list_is_empty(&extra->gate))))
        actor_mailbox_let_in(actor);
}
/* A message with this timer's reference is unread. */
bool actor_has_tick(const troupe_actor *actor, uint64_t reference);
/* Everything unread becomes dead letters. */
void actor_mailbox_clear(troupe_actor *actor);
/* The first message of `type` (0: any), not yet unlinked; NULL: none. */
struct message_envelope **actor_mailbox_scan(troupe_actor *actor, uint16_t type);
/* The usual case of it: the oldest message is the one. */
static inline struct message_envelope **actor_mailbox_first(troupe_actor *actor,
                                                            uint16_t type)
{
    if (LIKELY(actor->head && (type == 0 || actor->head->type == type)))
        return &actor->head;
    return actor->head ? actor_mailbox_scan(actor, type) : NULL;
}
static inline struct message_envelope *
actor_mailbox_unlink(troupe_actor *actor, struct message_envelope **link)
{
    struct message_envelope *envelope = *link;

    /* There is one; the analyser cannot know what the callers have looked at. */
    *link = envelope->next; /* NOLINT(clang-analyzer-core.NullDereference) */
    if (actor->tail == &envelope->next)
        actor->tail = link;
    if (actor->process && actor->process->seen_link == &envelope->next)
        actor->process->seen_link = link;
    actor->n_queued--;
    actor->n_exempt -= (envelope->flags & MESSAGE_EXEMPT) != 0;
    actor->home->queued_bytes -= envelope->size_bytes;
    return envelope;
}
static inline void actor_current_set(struct actor_current *current,
                                     struct message_envelope *envelope)
{
    /* sender, reference, size_bytes, incarnation, type, flags, size_class */
    __builtin_memcpy(current, &envelope->sender, offsetof(struct actor_current, body));
    current->body = message_payload(envelope);
    current->envelope = envelope;
    current->is_deferred = false;
    current->is_answered = false;
    current->is_kept = false;
}
bool actor_mailbox_remove_reference(troupe_actor *actor,
                                    uint16_t type,
                                    uint64_t reference);

/* ---- gate.c: sending, also where there is no room ---- */

/* Sends the envelope from `sender` (may park it, or reserve). On OK it is taken. */
troupe_status
actor_send(troupe_actor *sender, uint64_t to, struct message_envelope **envelope);
/* Mail the runtime itself sends: never parks, over capacity; takes the envelope always.
 */
void actor_send_exempt(struct actor_rank *home,
                       uint64_t to,
                       struct message_envelope *envelope);
/* Tries all parcels of a gate again, in order. */
void actor_gate_retry(struct actor_rank *home, struct base_list *gate);
/* Delivers what `sender` has in the reserve for `to` (0: for anyone) ahead of all
 * rules. */
void actor_reserve_force(troupe_actor *sender, uint64_t to);
/* The same, and with what a process waits to send to `to`. */
void actor_earlier_force(troupe_actor *sender, uint64_t to);
/* A parked process is being stopped: its message is not sent. */
void actor_parcel_cancel(struct actor_parcel *parcel);
/* A message of a handler's in the reserve, at the end of a gate; on success taken. */
bool actor_parcel_hang(troupe_actor *sender,
                       uint64_t to,
                       struct message_envelope *envelope,
                       struct base_list *gate);
/* Where a message for this remote address has to wait; NULL: nowhere. */
struct base_list *actor_remote_gate(struct actor_rank *home, uint64_t to, int peer);
static inline bool actor_can_park(const troupe_actor *sender)
{
    return sender->process && !sender->home->is_in_fini;
}
void actor_xon_arrived(struct actor_rank *home, uint64_t address);
void actor_xoff_arrived(struct actor_rank *home, uint64_t address);
void actor_link_open(struct troupe *rank, int peer);

/* ---- send.c ---- */

/* Copies a body into a message from `sender`; flags and reference as in the envelope.
 */
troupe_status actor_send_copy(troupe_actor *sender,
                              uint64_t to,
                              uint16_t type,
                              const void *body,
                              size_t size_bytes,
                              uint8_t flags,
                              uint64_t reference);
/* The wire id of a type the caller names; ends the actor if the program lists it not,
 * or if the size is not the type's. */
uint16_t actor_type_checked(troupe_actor *self,
                            const troupe_type *type,
                            const void *body,
                            size_t size_bytes);
COLD void actor_type_unlisted(troupe_actor *self, const troupe_type *type);
static inline uint16_t actor_type_listed(troupe_actor *self, const troupe_type *type)
{
    uint16_t id = message_table_id(self->home->table, type);

    if (UNLIKELY(id == 0))
        actor_type_unlisted(self, type);
    return id;
}
/* Messages that have gone to other ranks, to actors of this one. */
uint64_t actor_n_sent_remote(const struct actor_rank *home);
uint64_t actor_n_sent_local(const struct actor_rank *home);

/* ---- receive.c ---- */

/* Frees the message in hand of a process: what it lent ends. */
COLD void actor_request_note(troupe_actor *actor, const struct actor_current *current);
static inline void actor_release_current(troupe_actor *self)
{
    struct actor_current *current = &self->process->current;

    if (UNLIKELY((current->flags & MESSAGE_REQUEST) && current->type &&
                 !current->is_answered))
        actor_request_note(self, current);
    if (current->envelope)
        message_give(self->home->pool, current->envelope);
    current->envelope = NULL;
    current->type = 0;
    current->sender = 0;
    current->reference = 0;
    current->flags = 0;
}
/* Makes an envelope the message in hand of a process. */
void actor_hold_current(troupe_actor *self, struct message_envelope *envelope);
/* Ends the actor unless it may wait here. */
void actor_require_process(troupe_actor *self, const char *call);

/* ---- arrive.c: records taken from comm ---- */

extern const struct base_frame_kind actor_kinds[];
extern const uint32_t actor_n_kinds;
/* Not accepted, or not now: counted, and the sender told if it listens. Frees it. */
void actor_refuse(struct actor_rank *home,
                  uint64_t to,
                  struct message_envelope *envelope,
                  enum actor_dead_reason reason,
                  enum troupe_refusal refusal);
void actor_take_mail(struct actor_rank *home, struct comm_record *record);

/* ---- fetch.c: payloads that have come, or travel apart ---- */

/* The record's payload, or a ticket for it, with the record's words. */
struct message_envelope *actor_record_envelope(struct actor_rank *home,
                                               struct comm_record *record);
void actor_fetched(struct troupe *rank, struct message_envelope *envelope);
/* Asks for what a ticket in the mailbox stands for, and puts its place there. */
void actor_fetch_start(troupe_actor *actor, struct message_envelope **link);
/* Likewise for a reply to somebody who waits for it: nobody holds it meanwhile. */
void actor_fetch_reply(struct actor_rank *home,
                       uint64_t to,
                       struct message_envelope *ticket_box);
/* Frees an envelope in whatever state its payload is. */
void actor_envelope_discard(struct actor_rank *home, struct message_envelope *envelope);

/* ---- owned.c ---- */

/* Copies head and tail into a fresh envelope, the count set. NULL: *status says why. */
struct message_envelope *actor_compose(troupe_actor *self,
                                       const troupe_type *type,
                                       const void *head,
                                       const void *tail,
                                       size_t n_tail,
                                       troupe_status *status);
/* One payload for several receivers: the actor's until it is released, or goes with
 * it. The type MUST be known to fit the body. */
troupe_status actor_shared_create(troupe_actor *self,
                                  const troupe_type *type,
                                  const void *body,
                                  size_t size_bytes,
                                  troupe_message **message);
/* Sends to one of them as actor_send() does. */
troupe_status
actor_shared_send(troupe_actor *self, uint64_t to, const troupe_message *message);
void actor_owned_free_all(troupe_actor *actor);
bool actor_held_hang(troupe_actor *self,
                     struct message_envelope *envelope,
                     uint64_t held);

/* ---- records.c ---- */

/* True: the payload of this record travels apart; it is taken again when that is here.
 */
bool actor_record_await(struct actor_rank *home, const struct comm_record *record);
/* True: the payload was one of those. */
bool actor_record_fetched(struct actor_rank *home, struct message_envelope *envelope);
void actor_records_fini(struct actor_rank *home);

#endif
