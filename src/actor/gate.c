/* SPDX-License-Identifier: BSD-3-Clause */
#include "actor/actor.h"
#include "actor/loopback.h"
#include "base/alloc.h"

/*
 * Where there is no room for a message it becomes a parcel in a gate: of the local
 * receiver, of a remote receiver that has sent XOFF, or of a congested link. A process
 * waits for its parcel; a handler's stands in the rank's reserve and the handler is
 * held.
 *
 * FIFO per pair: a gate is tried in order, a parcel moves from gate to gate only in
 * that order, and a sender with parcels for a receiver puts further ones behind its
 * last.
 */

/* ---- one attempt ---- */

struct base_list *actor_remote_gate(struct actor_rank *home, uint64_t to, int peer)
{
    if (UNLIKELY(home->xoff.n_items)) {
        struct actor_xoff *xoff = base_map_get(&home->xoff, to);

        if (xoff)
            return &xoff->gate;
    }
    if (UNLIKELY(comm_is_congested(home->comm, peer)))
        return &home->peers[peer].gate;
    return NULL;
}

static troupe_status post_envelope(struct actor_rank *home,
                                   int peer,
                                   uint64_t to,
                                   struct message_envelope **envelope)
{
    struct comm_header header = {
        .to = to,
        .from = (*envelope)->sender,
        .reference = (*envelope)->reference,
        .incarnation = (*envelope)->incarnation,
        .type = (*envelope)->type,
        .kind = ACTOR_KIND_MAIL,
        .flags = (*envelope)->flags &
                 (MESSAGE_REQUEST | MESSAGE_REPLY | MESSAGE_EXEMPT | MESSAGE_TICK),
    };
    bool is_passing =
        (header.flags & MESSAGE_TICK) &&
        !comm_goes_apart(home->comm, header.kind, (*envelope)->size_bytes);
    troupe_status status = comm_post_envelope(home->comm, peer, &header, envelope);

    if (status != TROUPE_OK)
        return status;
    home->counts.n_sent_remote++;
    if (UNLIKELY(is_passing)) /* there is always one of those on its way */
        comm_quiet_disregard_posted(home->comm);
    return TROUPE_OK;
}

static troupe_status
no_actor(struct actor_rank *home, uint64_t to, uint64_t from, uint16_t type)
{
    actor_dead_letter(home, ACTOR_DEAD_NO_ACTOR, from, to, type);
    return TROUPE_DOWN;
}

/* TROUPE_PENDING: has to wait in *gate. Takes the envelope on TROUPE_OK only. What the
 * same sender sent before is in the mailbox, see is_in_order(); who has a parcel at a
 * gate sends nothing past it. */
static troupe_status try_local(struct actor_rank *home,
                               uint64_t to,
                               struct message_envelope **envelope,
                               struct base_list **gate)
{
    troupe_actor *actor = actor_find(home, to);
    /* A parcel whose message has gone is in no gate; the analyser cannot see that. */
    uint16_t type = (*envelope)->type; /* NOLINT(clang-analyzer-core.NullDereference) */

    if (UNLIKELY(!actor))
        actor = actor_find_or_embryo(home, to);
    if (UNLIKELY(!actor))
        return no_actor(home, to, (*envelope)->sender, type);
    if (UNLIKELY(!actor_accepts(actor, type))) {
        actor_dead_letter(home, ACTOR_DEAD_REFUSED, (*envelope)->sender, to, type);
        return TROUPE_REFUSED;
    }
    switch (actor_deliver(actor, *envelope, (*envelope)->sender == to)) {
    case ACTOR_IS_FULL:
        *gate = &actor_extra(actor)->gate;
        return TROUPE_PENDING;
    case ACTOR_IS_REFUSED:
        return TROUPE_FULL;
    default:
        *envelope = NULL;
        home->counts.n_sent_local++;
        return TROUPE_OK;
    }
}

static troupe_status try_anywhere(struct actor_rank *home,
                                  uint64_t to,
                                  struct message_envelope **envelope,
                                  struct base_list **gate)
{
    int peer;

    if (LIKELY(actor_is_local(home, to)))
        return try_local(home, to, envelope, gate);
    peer = actor_rank_of(home, to);
    if (UNLIKELY(peer < 0 || peer == home->me))
        return no_actor(home, to, (*envelope)->sender, (*envelope)->type);
    *gate = actor_remote_gate(home, to, peer);
    return *gate ? TROUPE_PENDING : post_envelope(home, peer, to, envelope);
}

/* ---- parcels -----------------------------------------------------------------------
 */

static void unhold(troupe_actor *sender)
{
    if (--sender->n_reserved > 0)
        return;
    sender->flags &= (uint16_t)~ACTOR_HELD;
    sender->home->n_blocked--;
    if (sender->head || (sender->flags & (ACTOR_ENDING | ACTOR_HAS_STASH)))
        actor_make_ready(sender);
}

/* The parcel has left its gate, with or without success. */
static void parcel_done(struct actor_parcel *parcel, troupe_status status)
{
    struct actor_rank *home = parcel->sender->home;
    troupe_actor *sender = parcel->sender;

    base_list_remove(&parcel->node);
    if (parcel->wait) {
        parcel->wait->status = status;
        parcel->wait->is_done = true;
        actor_wake(sender);
        return;
    }
    if (parcel->envelope && (parcel->envelope->flags & MESSAGE_REQUEST))
        actor_call_fail(home, sender->address, parcel->envelope->reference, status,
                        status == TROUPE_DOWN ? TROUPE_EXIT_NO_ACTOR
                                              : TROUPE_EXIT_NORMAL);
    if (parcel->envelope)
        actor_envelope_discard(home, parcel->envelope);
    base_list_remove(&parcel->by_sender);
    home->n_parcels_reserved--;
    message_block_give(home->pool, parcel, parcel->block_class);
    unhold(sender);
}

void actor_parcel_cancel(struct actor_parcel *parcel)
{
    base_list_remove(&parcel->node);
    if (parcel->envelope)
        actor_envelope_discard(parcel->sender->home, parcel->envelope);
    parcel->envelope = NULL;
}

void actor_gate_retry(struct actor_rank *home, struct base_list *gate)
{
    while (!base_list_is_empty(gate)) {
        struct actor_parcel *parcel =
            CONTAINER_OF(gate->next, struct actor_parcel, node);
        struct base_list *next_gate = NULL;
        troupe_status status =
            try_anywhere(home, parcel->to, &parcel->envelope, &next_gate);

        if (status == TROUPE_PENDING) {
            if (next_gate == gate)
                return;
            base_list_remove(&parcel->node);
            base_list_append(next_gate, &parcel->node);
            continue;
        }
        parcel_done(parcel, status);
    }
}

void actor_link_open(struct troupe *rank, int peer)
{
    struct actor_rank *home = actor_of(rank);

    actor_gate_retry(home, &home->peers[peer].gate);
}

static void
deliver_now(struct actor_rank *home, uint64_t to, struct message_envelope *envelope)
{
    int peer = actor_rank_of(home, to);

    if (UNLIKELY(home->is_ending)) {
        actor_dead_letter(home, ACTOR_DEAD_ENDING, envelope->sender, to,
                          envelope->type);
        actor_envelope_discard(home, envelope);
        return;
    }
    if (peer >= 0 && peer != home->me) {
        base_require_memory(post_envelope(home, peer, to, &envelope) == TROUPE_OK,
                            "no memory for mail that must not wait");
        return;
    }
    troupe_actor *actor = peer < 0 ? NULL : actor_find_or_embryo(home, to);
    if (actor && (envelope->flags & MESSAGE_TICK) &&
        actor_has_tick(actor, envelope->reference)) {
        home->counts.n_dropped_ticks++;
        message_give(home->pool, envelope);
        return;
    }
    if (actor && actor_accepts(actor, envelope->type)) {
        (void)actor_deliver_local(actor, envelope, true);
        return;
    }
    actor_dead_letter(home, actor ? ACTOR_DEAD_REFUSED : ACTOR_DEAD_NO_ACTOR,
                      envelope->sender, to, envelope->type);
    if (envelope->flags & MESSAGE_REQUEST)
        actor_call_fail(home, envelope->sender, envelope->reference,
                        actor ? TROUPE_REFUSED : TROUPE_DOWN,
                        actor ? TROUPE_EXIT_NORMAL : TROUPE_EXIT_NO_ACTOR);
    actor_envelope_discard(home, envelope);
}

void actor_reserve_force(troupe_actor *sender, uint64_t to)
{
    if (LIKELY(sender->n_reserved == 0))
        return;
    BASE_LIST_EACH(node, &sender->extra->reserved)
    {
        struct actor_parcel *parcel =
            CONTAINER_OF(node, struct actor_parcel, by_sender);

        if (to != 0 && parcel->to != to)
            continue;
        deliver_now(sender->home, parcel->to, parcel->envelope);
        parcel->envelope = NULL;
        parcel_done(parcel, TROUPE_OK);
    }
}

void actor_earlier_force(troupe_actor *sender, uint64_t to)
{
    struct actor_wait *wait = sender->process ? sender->process->wait : NULL;
    struct actor_parcel *parcel = wait ? wait->parcel : NULL;

    actor_reserve_force(sender, to);
    if (!parcel || wait->is_done || parcel->to != to)
        return;
    deliver_now(sender->home, to, parcel->envelope);
    parcel->envelope = NULL;
    parcel_done(parcel, TROUPE_OK);
}

/* The gate at which the sender's last parcel for `to` waits; NULL: none does. */
static struct base_list *gate_of_last(troupe_actor *sender, uint64_t to)
{
    struct base_list *node = sender->extra->reserved.previous;

    for (; node != &sender->extra->reserved; node = node->previous) {
        struct actor_parcel *parcel =
            CONTAINER_OF(node, struct actor_parcel, by_sender);

        if (parcel->to == to)
            return &parcel->node;
    }
    return NULL;
}

bool actor_parcel_hang(troupe_actor *sender,
                       uint64_t to,
                       struct message_envelope *envelope,
                       struct base_list *gate)
{
    struct actor_rank *home = sender->home;
    struct actor_parcel *parcel;
    uint8_t block_class;

    if (!actor_extra_try(sender))
        return false;
    parcel = message_block_take(home->pool, sizeof *parcel, &block_class);
    if (!parcel)
        return false;
    *parcel = (struct actor_parcel){
        .sender = sender, .envelope = envelope, .to = to, .block_class = block_class};
    base_list_append(gate, &parcel->node);
    base_list_append(&sender->extra->reserved, &parcel->by_sender);
    home->n_parcels_reserved++;
    if (sender->n_reserved++ == 0) {
        sender->flags |= ACTOR_HELD;
        home->n_blocked++;
    }
    return true;
}

/* In front of `before`: of a gate, at its end. */
static troupe_status reserve(troupe_actor *sender,
                             uint64_t to,
                             struct message_envelope **envelope,
                             struct base_list *before)
{
    struct actor_rank *home = sender->home;

    if (home->n_parcels_reserved >= home->reserve_limit)
        return TROUPE_FULL;
    if (!actor_parcel_hang(sender, to, *envelope, before))
        return TROUPE_NO_MEMORY;
    home->counts.n_reserved++;
    *envelope = NULL;
    return TROUPE_OK;
}

static troupe_status park_with(troupe_actor *sender,
                               uint64_t to,
                               struct message_envelope **envelope,
                               struct base_list *gate)
{
    const struct actor_wait *call = sender->process->calling;
    struct actor_wait wait = {
        .kind = ACTOR_WAIT_SEND, .status = TROUPE_TIMEOUT, .address = to};
    struct actor_parcel parcel = {
        .sender = sender, .wait = &wait, .envelope = *envelope, .to = to};

    base_list_init(&parcel.by_sender);
    base_list_append(gate, &parcel.node);
    wait.parcel = &parcel;
    *envelope = NULL; /* the parcel's: who stops the process frees it there */
    sender->home->counts.n_parked_sends++;
    actor_park(sender, &wait, call ? call->until : TROUPE_FOREVER);
    base_list_remove(
        &parcel.node); /* where it still stands after the deadline of a call */
    *envelope = parcel.envelope;
    return wait.status;
}

/* Nothing that was sent before stands in the loopback; false: no memory for that. */
static bool is_in_order(struct actor_rank *home, uint64_t to)
{
    const troupe_actor *actor;

    if (LIKELY(actor_loopback_is_settled(home)) || !actor_is_local(home, to))
        return true;
    actor = actor_find(home, to);
    return !actor || actor->process || actor_loopback_move(home);
}

troupe_status
actor_send(troupe_actor *sender, uint64_t to, struct message_envelope **envelope)
{
    struct actor_rank *home = sender->home;
    struct base_list *gate = NULL;
    troupe_status status;

    if (UNLIKELY(home->is_ending)) {
        actor_dead_letter(home, ACTOR_DEAD_ENDING, sender->address, to,
                          (*envelope)->type);
        return TROUPE_CLOSED;
    }
    if (UNLIKELY(sender->n_reserved > 0)) {
        gate = gate_of_last(sender, to);
        if (gate)
            return reserve(sender, to, envelope, gate->next); /* behind our last */
    }
    if (UNLIKELY(!is_in_order(home, to)))
        return TROUPE_NO_MEMORY;
    status = try_anywhere(home, to, envelope, &gate);
    if (LIKELY(status != TROUPE_PENDING))
        return status;
    if (UNLIKELY(home->is_in_fini)) {
        deliver_now(home, to, *envelope);
        *envelope = NULL;
        return TROUPE_OK;
    }
    if (actor_can_park(sender))
        return park_with(sender, to, envelope, gate);
    return reserve(sender, to, envelope, gate);
}

void actor_send_exempt(struct actor_rank *home,
                       uint64_t to,
                       struct message_envelope *envelope)
{
    envelope->flags |= MESSAGE_EXEMPT;
    deliver_now(home, to, envelope);
}

/* ---- XOFF and XON ---- */

void actor_xoff_arrived(struct actor_rank *home, uint64_t address)
{
    struct actor_xoff *xoff;

    if (base_map_get(&home->xoff, address))
        return;
    xoff = base_new(struct actor_xoff);
    xoff->address = address;
    base_list_init(&xoff->gate);
    base_require_memory(base_map_put(&home->xoff, address, xoff),
                        "no memory to note a full mailbox");
}

void actor_xon_arrived(struct actor_rank *home, uint64_t address)
{
    struct actor_xoff *xoff = base_map_remove(&home->xoff, address);

    if (!xoff)
        return;
    actor_gate_retry(home, &xoff->gate);
    base_assert(base_list_is_empty(&xoff->gate));
    base_free(xoff);
}
