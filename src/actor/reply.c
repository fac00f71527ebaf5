/* SPDX-License-Identifier: BSD-3-Clause */
#include "actor/actor.h"
#include <string.h>

/*
 * Calls, the server's side. Its rank remembers every request that was received and not
 * answered, so that the server's end fails the call at once.
 */

/* ---- requests ---- */

void actor_request_note(troupe_actor *self, const struct actor_current *current)
{
    struct actor_rank *home = self->home;
    uint8_t block_class;
    struct actor_request *request =
        message_block_take(home->pool, sizeof *request, &block_class);

    base_require_memory(request != NULL, "no memory to remember a request");
    *request = (struct actor_request){.caller = current->sender,
                                      .reference = current->reference,
                                      .incarnation = current->incarnation,
                                      .block_class = block_class};
    base_list_append(&actor_extra(self)->requests, &request->node);
}

static void request_free(struct actor_rank *home, struct actor_request *request)
{
    base_list_remove(&request->node);
    message_block_give(home->pool, request, request->block_class);
}

static struct actor_request *request_find(troupe_actor *actor, uint64_t reference)
{
    if (!actor->extra)
        return NULL;
    BASE_LIST_EACH(node, &actor->extra->requests)
    {
        struct actor_request *request = CONTAINER_OF(node, struct actor_request, node);

        if (request->reference == reference)
            return request;
    }
    return NULL;
}

/* The caller has given up: its request, unread or read, is not to be failed later. */
void actor_request_forget(struct actor_rank *home, uint64_t server, uint64_t reference)
{
    troupe_actor *actor =
        actor_is_local(home, server) ? actor_find(home, server) : NULL;
    struct actor_request *request = actor ? request_find(actor, reference) : NULL;

    if (request)
        request_free(home, request);
}

void actor_requests_fail(troupe_actor *actor)
{
    BASE_LIST_EACH(node, &actor->extra->requests)
    {
        struct actor_request *request = CONTAINER_OF(node, struct actor_request, node);

        actor_call_fail(actor->home, request->caller, request->reference, TROUPE_DOWN,
                        actor_exit_kind(actor));
        request_free(actor->home, request);
    }
}

void actor_call_fail(struct actor_rank *home,
                     uint64_t caller,
                     uint64_t reference,
                     troupe_status status,
                     enum troupe_exit_kind kind)
{
    struct comm_header header = {.kind = ACTOR_KIND_CALL_FAILED,
                                 .to = caller,
                                 .reference = reference,
                                 .incarnation = kind,
                                 .type = (uint16_t)status};
    int peer = actor_rank_of(home, caller);

    if (home->is_ending)
        return; /* the caller's rank may not know yet: nobody goes on because of it */
    if (peer == home->me)
        actor_call_end(home, caller, reference, NULL, status, kind);
    else if (peer >= 0)
        comm_post_must(home->comm, peer, &header, NULL, 0);
}

/* ---- replies ---- */

troupe_caller troupe_caller_of(const troupe_actor *self)
{
    const struct actor_current *current = actor_current(self);

    if (current->type == 0 || !(current->flags & MESSAGE_REQUEST))
        return (troupe_caller){0};
    return (troupe_caller){.address = {current->sender},
                           .reference = {current->reference},
                           .incarnation = current->incarnation};
}

/* Takes the envelope on success. */
static troupe_status reply_with(troupe_actor *self,
                                uint64_t caller,
                                uint64_t reference,
                                struct message_envelope **envelope)
{
    struct actor_rank *home = self->home;
    struct comm_header header = {.to = caller,
                                 .from = self->address,
                                 .reference = reference,
                                 .type = (*envelope)->type,
                                 .kind = ACTOR_KIND_MAIL,
                                 .flags = MESSAGE_REPLY};
    int peer = actor_rank_of(home, caller);

    actor_reserve_force(self, caller);
    (*envelope)->sender = self->address;
    (*envelope)->reference = reference;
    (*envelope)->flags |= MESSAGE_REPLY;
    if (peer != home->me)
        return peer < 0 ? TROUPE_NOT_FOUND
                        : comm_post_envelope(home->comm, peer, &header, envelope);
    actor_call_end(home, caller, reference, *envelope, TROUPE_OK, TROUPE_EXIT_NORMAL);
    *envelope = NULL;
    return TROUPE_OK;
}

static troupe_status reply_envelope(troupe_actor *self,
                                    struct message_envelope **envelope)
{
    struct actor_current *current = actor_current(self);
    troupe_status status;

    if (current->type == 0 || current->sender == 0 || current->is_answered)
        return TROUPE_NOT_FOUND;
    if (!(current->flags & MESSAGE_REQUEST))
        return actor_send(self, current->sender, envelope);
    status = reply_with(self, current->sender, current->reference, envelope);
    current->is_answered = status == TROUPE_OK;
    return status;
}

static struct message_envelope *
copy(troupe_actor *self, uint16_t type, const void *body, size_t size_bytes)
{
    struct message_envelope *envelope = message_take(self->home->pool, size_bytes);

    if (!envelope)
        return NULL;
    if (size_bytes)
        memcpy(envelope->inline_payload, body, size_bytes);
    envelope->type = type;
    envelope->sender = self->address;
    return envelope;
}

static troupe_status finish_reply(troupe_actor *self,
                                  troupe_status status,
                                  struct message_envelope *envelope)
{
    if (envelope)
        message_give(self->home->pool, envelope);
    return status;
}

/* The usual remote case: from the caller's struct into the frame, no envelope. */
static bool reply_directly(troupe_actor *self,
                           uint16_t type,
                           const void *body,
                           size_t size_bytes,
                           troupe_status *status)
{
    struct actor_rank *home = self->home;
    struct actor_current *current = actor_current(self);
    struct comm_header header = {.to = current->sender,
                                 .from = self->address,
                                 .reference = current->reference,
                                 .type = type,
                                 .kind = ACTOR_KIND_MAIL,
                                 .flags = MESSAGE_REPLY};
    int peer = actor_rank_of(home, current->sender);

    if (!(current->flags & MESSAGE_REQUEST) || current->is_answered ||
        self->n_reserved || current->type == 0 || peer == home->me || peer < 0)
        return false;
    *status = comm_post(home->comm, peer, &header, body, size_bytes);
    current->is_answered = *status == TROUPE_OK;
    return true;
}

troupe_status troupe_reply_bytes(troupe_actor *self,
                                 const troupe_type *type,
                                 const void *body,
                                 size_t size_bytes)
{
    uint16_t id = actor_type_checked(self, type, body, size_bytes);
    struct message_envelope *envelope;
    troupe_status status;

    if (reply_directly(self, id, body, size_bytes, &status))
        return status;
    envelope = copy(self, id, body, size_bytes);
    if (!envelope)
        return TROUPE_NO_MEMORY;
    status = reply_envelope(self, &envelope);
    return finish_reply(self, status, envelope);
}

troupe_status troupe_reply_with_tail(troupe_actor *self,
                                     const troupe_type *type,
                                     const void *head,
                                     const void *tail,
                                     size_t n_tail)
{
    troupe_status status = TROUPE_OK;
    struct message_envelope *envelope;

    envelope = actor_compose(self, type, head, tail, n_tail, &status);
    if (!envelope)
        return status;
    status = reply_envelope(self, &envelope);
    return finish_reply(self, status, envelope);
}

troupe_status troupe_reply_to_bytes(troupe_actor *self,
                                    const troupe_caller *caller,
                                    const troupe_type *type,
                                    const void *body,
                                    size_t size_bytes)
{
    uint16_t id = actor_type_checked(self, type, body, size_bytes);
    struct actor_current *current = actor_current(self);
    struct message_envelope *envelope;
    troupe_status status;

    actor_require(self, caller, "nobody to reply to: NULL");
    if (caller->address.bits == 0 || caller->reference.bits == 0)
        return TROUPE_NOT_FOUND;
    envelope = copy(self, id, body, size_bytes);
    if (!envelope)
        return TROUPE_NO_MEMORY;
    status = reply_with(self, caller->address.bits, caller->reference.bits, &envelope);
    if (status == TROUPE_OK && current->type &&
        current->reference == caller->reference.bits)
        current->is_answered = true;
    if (status == TROUPE_OK)
        actor_request_forget(self->home, self->address, caller->reference.bits);
    return finish_reply(self, status, envelope);
}
