/* SPDX-License-Identifier: BSD-3-Clause */
#include "actor/actor.h"
#include <string.h>

/*
 * Messages that an actor owns: made to be filled in place, or kept. Each stands on its
 * actor's list and goes with it; sending one hands it over without a copy.
 */

static struct actor_owned *owned_of(troupe_message *message)
{
    return (struct actor_owned *)(void *)message;
}

static troupe_status own(troupe_actor *self,
                         const troupe_type *type,
                         struct message_envelope *envelope,
                         troupe_message **message)
{
    uint8_t block_class;
    struct actor_owned *owned;

    if (!actor_extra_try(self))
        return TROUPE_NO_MEMORY;
    owned = message_block_take(self->home->pool, sizeof *owned, &block_class);
    if (!owned)
        return TROUPE_NO_MEMORY;
    owned->envelope = envelope;
    owned->type = type;
    owned->owner = self;
    owned->held = 0;
    owned->block_class = block_class;
    base_list_append(&self->extra->owned, &owned->node);
    *message = (troupe_message *)(void *)owned;
    return TROUPE_OK;
}

bool actor_held_hang(troupe_actor *self,
                     struct message_envelope *envelope,
                     uint64_t held)
{
    troupe_message *message;

    if (own(self, message_table_type(self->home->table, envelope->type), envelope,
            &message) != TROUPE_OK)
        return false;
    owned_of(message)->held = held;
    return true;
}

static void disown(struct actor_owned *owned)
{
    struct message_pool *pool = owned->owner->home->pool;

    base_list_remove(&owned->node);
    owned->owner = NULL;
    message_block_give(pool, owned, owned->block_class);
}

void actor_owned_free_all(troupe_actor *actor)
{
    BASE_LIST_EACH(node, &actor->extra->owned)
    {
        struct actor_owned *owned = CONTAINER_OF(node, struct actor_owned, node);

        if (owned->envelope) /* else it was being sent when the actor was stopped */
            message_give(actor->home->pool, owned->envelope);
        disown(owned);
    }
}

static void set_count(const troupe_type *type, unsigned char *body, size_t n_tail)
{
    uint32_t narrow = (uint32_t)n_tail;
    uint64_t wide = n_tail;

    if (type->count_bytes == 4)
        memcpy(body + type->count_offset, &narrow, sizeof narrow);
    else if (type->count_bytes == 8)
        memcpy(body + type->count_offset, &wide, sizeof wide);
}

/* An uncleared envelope for n_tail elements; NULL: *status says why. */
static struct message_envelope *
sized(troupe_actor *self, const troupe_type *type, size_t n_tail, troupe_status *status)
{
    uint16_t id = actor_type_listed(self, type);
    size_t size_bytes = message_size(type, n_tail);
    struct message_envelope *envelope;

    if (size_bytes == SIZE_MAX || (type->count_bytes == 4 && n_tail > INT32_MAX)) {
        *status = TROUPE_INVALID;
        return NULL;
    }
    envelope = message_take(self->home->pool, size_bytes);
    if (!envelope) {
        *status = TROUPE_NO_MEMORY;
        return NULL;
    }
    envelope->type = id;
    envelope->sender = self->address;
    return envelope;
}

struct message_envelope *actor_compose(troupe_actor *self,
                                       const troupe_type *type,
                                       const void *head,
                                       const void *tail,
                                       size_t n_tail,
                                       troupe_status *status)
{
    struct message_envelope *envelope;

    (void)actor_type_listed(self, type);
    actor_require(self, type->tail_item_bytes, "type '%s' has no tail", type->name);
    actor_require(self, head, "a message of type '%s' without its fields", type->name);
    envelope = sized(self, type, n_tail, status);
    if (!envelope)
        return NULL;
    if (UNLIKELY(n_tail && !tail)) {
        message_give(self->home->pool, envelope);
        actor_require(self, false, "a message of type '%s' without its tail",
                      type->name);
    }
    if (type->size_bytes)
        memcpy(envelope->inline_payload, head, type->size_bytes);
    if (n_tail)
        memcpy(envelope->inline_payload + type->size_bytes, tail,
               n_tail * type->tail_item_bytes);
    set_count(type, envelope->inline_payload, n_tail);
    return envelope;
}

troupe_status troupe_send_with_tail(troupe_actor *self,
                                    troupe_address to,
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
    status = actor_send(self, to.bits, &envelope);
    if (envelope)
        message_give(self->home->pool, envelope);
    return status;
}

troupe_status troupe_message_create(troupe_actor *self,
                                    const troupe_type *type,
                                    size_t n_tail,
                                    troupe_message **message)
{
    troupe_status status = TROUPE_OK;
    struct message_envelope *envelope;

    (void)actor_type_listed(self, type);
    actor_require(self, n_tail == 0 || type->tail_item_bytes, "type '%s' has no tail",
                  type->name);
    actor_require(self, message, "no place for the message");
    envelope = sized(self, type, n_tail, &status);
    if (!envelope)
        return status;
    memset(envelope->inline_payload, 0, type->size_bytes);
    set_count(type, envelope->inline_payload, n_tail);
    status = own(self, type, envelope, message);
    if (status != TROUPE_OK)
        message_give(self->home->pool, envelope);
    return status;
}

void *troupe_message_body(troupe_message *message)
{
    return owned_of(message)->envelope->inline_payload;
}

troupe_status
troupe_send_message(troupe_actor *self, troupe_address to, troupe_message **message)
{
    struct actor_owned *owned = message ? owned_of(*message) : NULL;
    troupe_status status;

    actor_require(self, owned && owned->owner == self,
                  "the message is not this actor's: sent already, or another's");
    actor_require(
        self,
        troupe_value_size(owned->type, owned->envelope->inline_payload) ==
            owned->envelope->size_bytes,
        "the counting field of this '%s' was changed: it must fit the tail the "
        "message was made with",
        owned->type->name);
    owned->envelope->sender = self->address;
    status = actor_send(self, to.bits, &owned->envelope);
    if (owned->envelope)
        return status;
    disown(owned);
    *message = NULL;
    return status;
}

troupe_status actor_shared_create(troupe_actor *self,
                                  const troupe_type *type,
                                  const void *body,
                                  size_t size_bytes,
                                  troupe_message **message)
{
    struct message_pool *pool = self->home->pool;
    struct message_shared *shared = message_shared_take(pool, size_bytes);
    struct message_envelope *envelope = shared ? message_share(pool, shared) : NULL;
    troupe_status status;

    if (shared) {
        memcpy(shared->payload, body, size_bytes);
        message_shared_give(pool, shared); /* the envelope holds it, if there is one */
    }
    if (!envelope)
        return TROUPE_NO_MEMORY;
    envelope->type = actor_type_listed(self, type);
    status = own(self, type, envelope, message);
    if (status != TROUPE_OK)
        message_give(pool, envelope);
    return status;
}

troupe_status
actor_shared_send(troupe_actor *self, uint64_t to, const troupe_message *message)
{
    const struct actor_owned *owned = (const void *)message;
    struct message_pool *pool = self->home->pool;
    struct message_envelope *envelope =
        message_share(pool, message_shared_of(owned->envelope));
    troupe_status status;

    if (!envelope)
        return TROUPE_NO_MEMORY;
    envelope->type = owned->envelope->type;
    envelope->sender = self->address;
    status = actor_send(self, to, &envelope);
    if (envelope)
        message_give(pool, envelope);
    return status;
}

troupe_status troupe_keep(troupe_actor *self, troupe_message **message)
{
    struct actor_current *current = actor_current(self);
    struct message_envelope *envelope = current->envelope;
    const troupe_type *type;
    troupe_status status;

    actor_require(self, message, "no place for the message");
    if (current->type == 0 || current->is_kept)
        return TROUPE_NOT_FOUND;
    type = message_table_type(self->home->table, current->type);
    if (!envelope || (envelope->flags & MESSAGE_APART)) {
        envelope = message_take(self->home->pool, current->size_bytes);
        if (!envelope)
            return TROUPE_NO_MEMORY;
        memcpy(envelope->inline_payload, current->body, current->size_bytes);
    }
    envelope->type = current->type;
    status = own(self, type, envelope, message);
    if (status == TROUPE_OK) {
        envelope->flags = 0;
        envelope->reference = 0;
        current->is_kept = true;
        if (envelope == current->envelope)
            current->envelope = NULL;
    } else if (envelope != current->envelope) {
        message_give(self->home->pool, envelope);
    }
    return status;
}

void troupe_release(troupe_actor *self, troupe_message **message)
{
    struct actor_owned *owned = message ? owned_of(*message) : NULL;

    if (!owned)
        return;
    actor_require(self, owned->owner == self, "the message is not this actor's");
    message_give(self->home->pool, owned->envelope);
    disown(owned);
    *message = NULL;
}

troupe_held troupe_hold(troupe_actor *self, troupe_message **message)
{
    struct actor_owned *owned = message ? owned_of(*message) : NULL;

    if (!owned)
        return (troupe_held){0};
    actor_require(self, owned->owner == self, "the message is not this actor's");
    owned->held = ++self->home->next_held;
    *message = NULL;
    return (troupe_held){owned->held};
}

static struct actor_owned *find_held(troupe_actor *self, troupe_held held)
{
    if (!self->extra || held.bits == 0)
        return NULL;
    BASE_LIST_EACH(node, &self->extra->owned)
    {
        struct actor_owned *owned = CONTAINER_OF(node, struct actor_owned, node);

        if (owned->held == held.bits)
            return owned;
    }
    return NULL;
}

void *troupe_held_body(troupe_actor *self, troupe_held held)
{
    struct actor_owned *owned = find_held(self, held);

    return owned ? owned->envelope->inline_payload : NULL;
}

troupe_status
troupe_unhold(troupe_actor *self, troupe_held held, troupe_message **message)
{
    struct actor_owned *owned = find_held(self, held);

    actor_require(self, message, "no place for the message");
    if (!owned)
        return TROUPE_NOT_FOUND;
    owned->held = 0;
    *message = (troupe_message *)(void *)owned;
    return TROUPE_OK;
}

troupe_address troupe_sender(const troupe_actor *self)
{
    const struct actor_current *current = actor_current(self);

    return (troupe_address){current->type ? current->sender : 0};
}

troupe_reference troupe_mail_reference(const troupe_actor *self)
{
    const struct actor_current *current = actor_current(self);

    return (troupe_reference){current->type ? current->reference : 0};
}

size_t troupe_n_waiting(const troupe_actor *self)
{
    return self->n_queued;
}

const void *troupe_mail_body(const troupe_mail *mail, const troupe_type *type)
{
    if (mail->type == type)
        return mail->body;
    /* The same type may have another descriptor in the file that asks. */
    if (mail->types && message_table_id(mail->types, type) == mail->type_id)
        return mail->body;
    return NULL;
}
