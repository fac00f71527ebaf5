/* SPDX-License-Identifier: BSD-3-Clause */
#include "actor/actor.h"
#include <string.h>

/*
 * Calls, the caller's side. The request carries the caller's reference. A reply goes
 * past the mailbox of a process that waits for it, and is exempt mail for an
 * asynchronous call. The server's side is in reply.c.
 */

/* Rank 20 bits, counter 44: unique in the job, so that ranks can keep foreign ones. */
uint64_t actor_reference_make(struct actor_rank *home)
{
    return ((uint64_t)home->me << 44) | ++home->next_reference;
}

static void pending_free(struct actor_rank *home, struct actor_pending_call *call)
{
    if (call->deadline.place) {
        heap_remove(&home->timers, &call->deadline);
        home->n_holding--;
    }
    (void)base_map_remove(&home->calls, call->reference);
    base_list_remove(&call->node);
    message_block_give(home->pool, call, call->block_class);
}

void actor_calls_free(troupe_actor *actor)
{
    BASE_LIST_EACH(node, &actor->extra->calls)
    {
        pending_free(actor->home, CONTAINER_OF(node, struct actor_pending_call, node));
    }
}

void actor_call_tell(struct actor_rank *home,
                     uint64_t caller,
                     uint64_t reference,
                     troupe_status status,
                     enum troupe_exit_kind kind)
{
    struct message_envelope *envelope =
        message_take(home->pool, sizeof(struct troupe_call_failed));
    struct troupe_call_failed result = {
        .reference = {reference}, .status = status, .kind = kind};

    base_require_memory(envelope != NULL, "no memory to tell of a failed call");
    memcpy(envelope->inline_payload, &result, sizeof result);
    envelope->type = home->call_result_type;
    envelope->reference = reference;
    actor_send_exempt(home, caller, envelope);
}

static void
late(struct actor_rank *home, uint64_t caller, struct message_envelope *reply)
{
    if (!reply)
        return;
    actor_dead_letter(home, ACTOR_DEAD_LATE_REPLY, reply->sender, caller, reply->type);
    actor_envelope_discard(home, reply);
}

/*
 * A process that waits for just this: the reply is handed to it. It may come while the
 * process still stands where its request had to wait to be sent.
 */
static bool hand_over(troupe_actor *actor,
                      uint64_t reference,
                      struct message_envelope *reply,
                      troupe_status status)
{
    struct actor_wait *call = actor->process ? actor->process->calling : NULL;

    if (!call || call->reference != reference || call->is_done)
        return false;
    call->envelope = reply;
    call->status = status;
    call->is_done = true;
    if (actor->process->wait == call)
        actor_wake(actor);
    return true;
}

void actor_call_end(struct actor_rank *home,
                    uint64_t caller,
                    uint64_t reference,
                    struct message_envelope *reply,
                    troupe_status status,
                    enum troupe_exit_kind kind)
{
    troupe_actor *actor =
        actor_is_local(home, caller) ? actor_find(home, caller) : NULL;
    struct actor_pending_call *call;

    if (!actor) {
        late(home, caller, reply);
        return;
    }
    if (hand_over(actor, reference, reply, status))
        return;
    call = base_map_get(&home->calls, reference);
    if (!call || call->caller != actor) {
        late(home, caller, reply);
        return;
    }
    pending_free(home, call);
    if (reply && actor_accepts(actor, reply->type)) {
        reply->flags |= MESSAGE_EXEMPT;
        (void)actor_deliver_local(actor, reply, true);
        return;
    }
    if (reply) {
        late(home, caller, reply);
        status = TROUPE_REFUSED;
    }
    actor_call_tell(home, caller, reference, status, kind);
}

bool actor_call_end_apart(struct actor_rank *home,
                          uint64_t caller,
                          struct message_envelope *reply)
{
    troupe_actor *actor =
        actor_is_local(home, caller) ? actor_find(home, caller) : NULL;
    struct actor_pending_call *call = base_map_get(&home->calls, reply->reference);
    struct message_envelope **link;

    if (!actor || !call || call->caller != actor || !actor_accepts(actor, reply->type))
        return false;
    pending_free(home, call);
    reply->flags |= MESSAGE_EXEMPT;
    link = actor->tail;
    (void)actor_deliver(actor, reply, true);
    actor_fetch_start(actor, link);
    return true;
}

static void give_up(struct actor_rank *home, uint64_t server, uint64_t reference)
{
    struct comm_header header = {
        .kind = ACTOR_KIND_CALL_CANCEL, .to = server, .reference = reference};
    int peer = actor_rank_of(home, server);

    if (peer == home->me)
        actor_request_forget(home, server, reference);
    else if (peer >= 0)
        comm_post_must(home->comm, peer, &header, NULL, 0);
}

/* The reply that a wait has brought becomes the message in hand. */
static troupe_status take_reply(troupe_actor *self,
                                struct actor_wait *wait,
                                const troupe_type *reply_type,
                                const void **reply)
{
    struct message_envelope *envelope = wait->envelope;

    if (wait->status != TROUPE_OK)
        return wait->status;
    if (envelope->type != actor_type_listed(self, reply_type)) {
        message_give(self->home->pool, envelope);
        return TROUPE_INVALID;
    }
    actor_hold_current(self, envelope);
    if (reply)
        *reply = self->process->current.body;
    return TROUPE_OK;
}

troupe_status troupe_call_bytes(troupe_actor *self,
                                troupe_address to,
                                const troupe_type *reply_type,
                                const void **reply,
                                troupe_deadline deadline,
                                const troupe_type *type,
                                const void *body,
                                size_t size_bytes)
{
    struct actor_rank *home = self->home;
    uint16_t id = actor_type_checked(self, type, body, size_bytes);
    struct actor_wait wait = {.kind = ACTOR_WAIT_CALL,
                              .address = to.bits,
                              .reference = actor_reference_make(home),
                              .until = deadline,
                              .what = type->name};
    troupe_status status;

    actor_require_process(self, "troupe_call");
    actor_require(self, to.bits != self->address, "an actor cannot call itself");
    (void)actor_type_listed(self, reply_type);
    actor_release_current(self);
    self->process->calling = &wait;
    status = actor_send_copy(self, to.bits, id, body, size_bytes, MESSAGE_REQUEST,
                             wait.reference);
    if (status == TROUPE_OK && !wait.is_done)
        actor_park(self, &wait, deadline);
    self->process->calling = NULL;
    if (status != TROUPE_OK)
        return status;
    if (wait.is_done)
        return take_reply(self, &wait, reply_type, reply);
    give_up(home, to.bits, wait.reference);
    return TROUPE_TIMEOUT;
}

static void call_times_out(struct heap_node *node)
{
    struct actor_pending_call *call =
        CONTAINER_OF(node, struct actor_pending_call, deadline);
    struct actor_rank *home = call->caller->home;
    uint64_t caller = call->caller->address, reference = call->reference;

    home->n_holding--;
    give_up(home, call->server, reference);
    pending_free(home, call);
    actor_call_tell(home, caller, reference, TROUPE_TIMEOUT, TROUPE_EXIT_NORMAL);
}

bool actor_call_hang(troupe_actor *self,
                     uint64_t server,
                     uint64_t reference,
                     int64_t at_ns,
                     uint64_t order)
{
    struct actor_rank *home = self->home;
    uint8_t block_class;
    struct actor_pending_call *call;

    if (!actor_extra_try(self))
        return false;
    call = message_block_take(home->pool, sizeof *call, &block_class);
    if (!call)
        return false;
    *call = (struct actor_pending_call){.server = server,
                                        .reference = reference,
                                        .caller = self,
                                        .block_class = block_class};
    base_list_append(&self->extra->calls, &call->node);
    if (base_map_put(&home->calls, call->reference, call) &&
        (at_ns == INT64_MAX ||
         actor_heap_put(home, &call->deadline, at_ns, order, call_times_out))) {
        home->n_holding += at_ns != INT64_MAX;
        return true;
    }
    pending_free(home, call);
    return false;
}

troupe_status troupe_call_async_bytes(troupe_actor *self,
                                      troupe_address to,
                                      const troupe_type *type,
                                      const void *body,
                                      size_t size_bytes,
                                      troupe_deadline deadline,
                                      troupe_reference *reference)
{
    uint16_t id = actor_type_checked(self, type, body, size_bytes);
    struct actor_pending_call *call;
    uint64_t bits = actor_reference_make(self->home);
    troupe_status status;

    actor_require(self, self->behavior->accepts_call_result,
                  "who calls without waiting must accept troupe_call_failed");
    if (!actor_call_hang(self, to.bits, bits, deadline.at_ns, ++self->home->next_order))
        return TROUPE_NO_MEMORY;
    status =
        actor_send_copy(self, to.bits, id, body, size_bytes, MESSAGE_REQUEST, bits);
    call = status == TROUPE_OK ? NULL : base_map_get(&self->home->calls, bits);
    if (call) {
        pending_free(self->home, call);
        return status;
    }
    /* Sent; or ended while the request waited to be sent, and the mail is there. */
    if (reference)
        reference->bits = bits;
    return TROUPE_OK;
}
