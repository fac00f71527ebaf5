/* SPDX-License-Identifier: BSD-3-Clause */
#include "actor/actor.h"
#include <stdio.h>
#include <string.h>

/*
 * What comes from other ranks. Everything addressed to an actor comes in one stream per
 * pair of ranks, so the order between two actors holds for mail, replies, downs and
 * spawns alike.
 */

/* ---- refusing ---- */

static void refused_deliver(struct actor_rank *home,
                            uint64_t sender,
                            const struct troupe_refused *refused)
{
    troupe_actor *actor =
        actor_is_local(home, sender) ? actor_find(home, sender) : NULL;
    struct message_envelope *envelope;

    if (!actor || (actor->flags & ACTOR_EMBRYO) || !actor->behavior->accepts_refused ||
        actor_n_counted(actor) >= actor->capacity)
        return;
    envelope = message_take(home->pool, sizeof *refused);
    if (!envelope)
        return;
    memcpy(envelope->inline_payload, refused, sizeof *refused);
    envelope->type = home->refused_type;
    envelope->sender = refused->to.bits;
    (void)actor_deliver(actor, envelope, false);
}

static bool is_refusal(uint32_t reason)
{
    return reason >= TROUPE_REFUSAL_TYPE && reason <= TROUPE_REFUSAL_MALFORMED;
}

static void refused_arrived(struct troupe *rank, struct comm_record *record)
{
    struct comm *comm = actor_of(rank)->comm;
    struct troupe_refused refused;

    comm_require(comm, record, record->size_bytes == sizeof refused, "its size");
    memcpy(&refused, record->payload, sizeof refused);
    comm_require(comm, record, is_refusal((uint32_t)refused.reason), "its reason");
    refused.type_name[sizeof refused.type_name - 1] = '\0';
    refused_deliver(actor_of(rank), record->header.to, &refused);
}

static void tell_sender(struct actor_rank *home,
                        uint64_t to,
                        uint64_t sender,
                        uint16_t type,
                        enum troupe_refusal reason)
{
    struct troupe_refused refused = {.to = {to}, .reason = reason};
    struct comm_header header = {.kind = ACTOR_KIND_REFUSED, .to = sender, .from = to};
    int peer = actor_rank_of(home, sender);

    if (type >= 1 && type <= message_table_size(home->table)) {
        refused.type_hash = message_table_type_hash(home->table, type);
        snprintf(refused.type_name, sizeof refused.type_name, "%s",
                 message_table_type(home->table, type)->name);
    }
    if (peer == home->me)
        refused_deliver(home, sender, &refused);
    else if (peer >= 0)
        comm_post_must(home->comm, peer, &header, &refused, sizeof refused);
}

/* What the caller of a request that is not taken gets. */
static troupe_status status_of(enum troupe_refusal refusal)
{
    if (refusal == TROUPE_REFUSAL_NO_ACTOR)
        return TROUPE_DOWN;
    return refusal == TROUPE_REFUSAL_FULL ? TROUPE_FULL : TROUPE_REFUSED;
}

/* Mail that nobody takes: counted, and who sent it is told as far as it listens. */
static void reject(struct actor_rank *home,
                   const struct comm_header *header,
                   enum actor_dead_reason reason,
                   enum troupe_refusal refusal)
{
    actor_dead_letter(home, reason, header->from, header->to, header->type);
    if (header->flags & MESSAGE_REQUEST)
        actor_call_fail(home, header->from, header->reference, status_of(refusal),
                        refusal == TROUPE_REFUSAL_NO_ACTOR ? TROUPE_EXIT_NO_ACTOR
                                                           : TROUPE_EXIT_NORMAL);
    else if (header->from && !(header->flags & (MESSAGE_EXEMPT | MESSAGE_TICK)))
        tell_sender(home, header->to, header->from, header->type, refusal);
}

void actor_refuse(struct actor_rank *home,
                  uint64_t to,
                  struct message_envelope *envelope,
                  enum actor_dead_reason reason,
                  enum troupe_refusal refusal)
{
    struct comm_header header = {.to = to,
                                 .from = envelope->sender,
                                 .reference = envelope->reference,
                                 .type = envelope->type,
                                 .flags = envelope->flags};

    reject(home, &header, reason, refusal);
    actor_envelope_discard(home, envelope);
}

/* ---- mail ---- */

static void send_xoff(troupe_actor *actor, int source)
{
    struct actor_rank *home = actor->home;
    struct comm_header header = {.kind = ACTOR_KIND_XOFF, .to = actor->address};
    struct base_map *ranks = &actor_extra(actor)->xoff_ranks;
    uint64_t key = (uint64_t)source + 1;

    if (base_map_get(ranks, key))
        return;
    base_require_memory(base_map_put(ranks, key, actor),
                        "no memory to hold back a rank");
    actor->flags |= ACTOR_XOFF_SENT;
    comm_post_must(home->comm, source, &header, NULL, 0);
    comm_flush_rank(home->comm, source, COMM_FLUSH_URGENT);
    home->counts.n_xoff_sent++;
}

/* An unread tick of the same timer makes this one superfluous. */
static bool is_superfluous(const troupe_actor *actor, const struct comm_header *header)
{
    return (header->flags & MESSAGE_TICK) && actor_has_tick(actor, header->reference);
}

/* Where the newest message hangs; dropping the oldest may have moved it. */
static struct message_envelope **last_link(troupe_actor *actor)
{
    struct message_envelope **link = &actor->head;

    while (actor->tail != &(*link)->next)
        link = &(*link)->next;
    return link;
}

static void enqueue(troupe_actor *actor, struct comm_record *record)
{
    struct actor_rank *home = actor->home;
    struct message_envelope *envelope = actor_record_envelope(home, record);
    struct message_envelope **link = actor->tail;
    struct comm_header header = record->header;
    bool is_exempt = (header.flags & MESSAGE_EXEMPT) != 0;

    switch (actor_deliver(actor, envelope, is_exempt)) {
    case ACTOR_IS_FULL:
        (void)actor_deliver(actor, envelope, true);
        send_xoff(actor, record->source);
        break;
    case ACTOR_IS_REFUSED:
        reject(home, &header, ACTOR_DEAD_DROPPED, TROUPE_REFUSAL_FULL);
        actor_envelope_discard(home, envelope);
        return;
    case ACTOR_IS_DROPPED:
        return;
    case ACTOR_DELIVERED:
        break;
    }
    if (UNLIKELY(record->ticket &&
                 (actor_is_frozen(home) || (actor_n_counted(actor) <= actor->capacity &&
                                            !(actor->flags & ACTOR_EMBRYO)))))
        actor_fetch_start(
            actor, actor->overflow == TROUPE_DROP_OLDEST ? last_link(actor) : link);
}

static void reply_arrived(struct actor_rank *home, struct comm_record *record)
{
    struct message_envelope *envelope = actor_record_envelope(home, record);

    if (envelope->flags & MESSAGE_TICKET) {
        if (actor_call_end_apart(home, record->header.to, envelope))
            return;
        actor_fetch_reply(home, record->header.to, envelope);
        return;
    }
    actor_call_end(home, record->header.to, record->header.reference, envelope,
                   TROUPE_OK, TROUPE_EXIT_NORMAL);
}

static void discard_payload(struct actor_rank *home, struct comm_record *record)
{
    if (record->ticket)
        comm_fetch_discard(home->comm, record->source, record->ticket);
}

/* The type is known and the bytes are a value of it (a ticket's are checked later). The
 * flags of an envelope that say where its payload is never travel. */
static bool is_sound(struct actor_rank *home, const struct comm_record *record)
{
    enum { TRAVEL = MESSAGE_EXEMPT | MESSAGE_REPLY | MESSAGE_REQUEST | MESSAGE_TICK };

    if (UNLIKELY(record->header.type == 0 || record->header.type > home->n_types ||
                 (record->header.flags & ~TRAVEL)))
        return false;
    if (LIKELY(home->plain_bytes[record->header.type] == record->size_bytes))
        return true;
    if (record->ticket)
        return true;
    return message_is_well_formed(message_table_type(home->table, record->header.type),
                                  record->payload, record->size_bytes);
}

COLD static void take_stray(struct actor_rank *home,
                            struct comm_record *record,
                            enum actor_dead_reason reason,
                            enum troupe_refusal refusal)
{
    reject(home, &record->header, reason, refusal);
    discard_payload(home, record);
}

void actor_take_mail(struct actor_rank *home, struct comm_record *record)
{
    troupe_actor *actor;

    if (UNLIKELY((record->header.flags & MESSAGE_TICK) && !record->ticket))
        comm_quiet_disregard_taken(home->comm);
    if (UNLIKELY(home->is_ending)) {
        discard_payload(home, record);
        return;
    }
    if (UNLIKELY(!is_sound(home, record))) {
        take_stray(home, record, ACTOR_DEAD_MALFORMED, TROUPE_REFUSAL_MALFORMED);
        return;
    }
    if (record->header.flags & MESSAGE_REPLY) {
        reply_arrived(home, record);
        return;
    }
    actor = actor_is_local(home, record->header.to)
                ? actor_find(home, record->header.to)
                : NULL;
    if (UNLIKELY(!actor))
        actor = actor_find_or_embryo(home, record->header.to);
    if (UNLIKELY(!actor)) {
        take_stray(home, record, ACTOR_DEAD_NO_ACTOR, TROUPE_REFUSAL_NO_ACTOR);
        return;
    }
    if (UNLIKELY(!actor_accepts(actor, record->header.type))) {
        take_stray(home, record, ACTOR_DEAD_REFUSED, TROUPE_REFUSAL_TYPE);
        return;
    }
    if (LIKELY(home->may_dispatch && actor_is_idle_handler(actor) && !record->ticket)) {
        actor_dispatch_record(actor, record);
        return;
    }
    if (UNLIKELY(is_superfluous(actor, &record->header)))
        home->counts.n_dropped_ticks++;
    else
        enqueue(actor, record);
}

/* ---- the other records ---- */

static void mail_arrived(struct troupe *rank, struct comm_record *record)
{
    actor_take_mail(actor_of(rank), record);
}

/* A full mailbox of the rank that says so. */
static void require_mailbox(struct actor_rank *home, const struct comm_record *record)
{
    comm_require(home->comm, record,
                 actor_is_of_source(home, record->header.to, record),
                 "the mailbox is elsewhere");
}

static void xoff_arrived(struct troupe *rank, struct comm_record *record)
{
    require_mailbox(actor_of(rank), record);
    actor_xoff_arrived(actor_of(rank), record->header.to);
}

static void xon_arrived(struct troupe *rank, struct comm_record *record)
{
    require_mailbox(actor_of(rank), record);
    actor_xon_arrived(actor_of(rank), record->header.to);
}

static void spawn_arrived(struct troupe *rank, struct comm_record *record)
{
    if (!actor_record_await(actor_of(rank), record) && !actor_of(rank)->is_ending)
        actor_spawn_arrived(actor_of(rank), record);
}

static void lease_asked(struct troupe *rank, struct comm_record *record)
{
    if (!actor_of(rank)->is_ending)
        actor_lease_asked(actor_of(rank), record);
}

static void lease_given(struct troupe *rank, struct comm_record *record)
{
    actor_lease_given(actor_of(rank), record);
}

static void monitor_arrived(struct troupe *rank, struct comm_record *record)
{
    if (!actor_of(rank)->is_ending)
        actor_monitor_arrived(actor_of(rank), record);
}

static void demonitor_arrived(struct troupe *rank, struct comm_record *record)
{
    actor_monitor_remove(actor_of(rank), record->header.reference);
}

static void down_arrived(struct troupe *rank, struct comm_record *record)
{
    actor_down_arrived(actor_of(rank), record);
}

static void call_failed(struct troupe *rank, struct comm_record *record)
{
    const struct comm_header *header = &record->header;

    comm_require(actor_of(rank)->comm, record,
                 header->type != TROUPE_OK && header->type != TROUPE_PENDING &&
                     header->type < TROUPE_N_STATUS &&
                     header->incarnation <= TROUPE_EXIT_NO_ACTOR,
                 "a call does not fail like this");
    actor_call_end(actor_of(rank), header->to, header->reference, NULL,
                   (troupe_status)header->type,
                   (enum troupe_exit_kind)header->incarnation);
}

static void call_cancelled(struct troupe *rank, struct comm_record *record)
{
    actor_request_forget(actor_of(rank), record->header.to, record->header.reference);
}

static void stop_arrived(struct troupe *rank, struct comm_record *record)
{
    comm_require(actor_of(rank)->comm, record,
                 record->header.type == TROUPE_EXIT_SHUTDOWN ||
                     record->header.type == TROUPE_EXIT_KILLED,
                 "nobody is stopped like this");
    if (!actor_of(rank)->is_ending) /* all have ended; none is made to be stopped */
        actor_stop_at(actor_of(rank), record->header.to,
                      (enum troupe_exit_kind)record->header.type);
}

static void end_arrived(struct troupe *rank, struct comm_record *record)
{
    actor_end_arrived(actor_of(rank), record);
}

static void report_arrived(struct troupe *rank, struct comm_record *record)
{
    if (!actor_record_await(actor_of(rank), record))
        actor_report_arrived(actor_of(rank), record);
}

const struct base_frame_kind actor_kinds[] = {
    {ACTOR_KIND_MAIL, false, "mail", mail_arrived},
    {ACTOR_KIND_XOFF, true, "xoff", xoff_arrived},
    {ACTOR_KIND_XON, true, "xon", xon_arrived},
    {ACTOR_KIND_SPAWN, true, "spawn", spawn_arrived},
    {ACTOR_KIND_LEASE_ASK, true, "lease ask", lease_asked},
    {ACTOR_KIND_LEASE_GIVE, true, "lease give", lease_given},
    {ACTOR_KIND_MONITOR, true, "monitor", monitor_arrived},
    {ACTOR_KIND_DEMONITOR, true, "demonitor", demonitor_arrived},
    {ACTOR_KIND_DOWN, true, "down", down_arrived},
    {ACTOR_KIND_CALL_FAILED, true, "call failed", call_failed},
    {ACTOR_KIND_CALL_CANCEL, true, "call cancel", call_cancelled},
    {ACTOR_KIND_STOP, true, "stop", stop_arrived},
    {ACTOR_KIND_END, true, "end", end_arrived},
    {ACTOR_KIND_REPORT, true, "report", report_arrived},
    {ACTOR_KIND_REFUSED, true, "refused", refused_arrived},
};
const uint32_t actor_n_kinds = ARRAY_LENGTH(actor_kinds);
