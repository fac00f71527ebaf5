/* SPDX-License-Identifier: BSD-3-Clause */
#include "actor/actor.h"
#include "actor/deliver.h"
#include "actor/loopback.h"
#include <string.h>

/*
 * Sending: what is checked, and the usual case, in which a message goes straight into a
 * frame or into the mailbox of a process. All else is in gate.c.
 */

void actor_type_unlisted(troupe_actor *self, const troupe_type *type)
{
    actor_require(
        self, false,
        "the program does not list message type '%s': name it in a behavior or in "
        "troupe_program.types",
        type ? type->name : "NULL");
}

uint16_t actor_type_checked(troupe_actor *self,
                            const troupe_type *type,
                            const void *body,
                            size_t size_bytes)
{
    uint16_t id = actor_type_listed(self, type);

    if (LIKELY(type->tail_item_bytes == 0))
        actor_require(self, size_bytes == type->size_bytes,
                      "a message of type '%s' has %u bytes, not %zu", type->name,
                      type->size_bytes, size_bytes);
    else
        actor_require(
            self,
            body && size_bytes >= type->size_bytes &&
                troupe_value_size(type, body) == size_bytes,
            "a message of type '%s' with this count in its tail does not have "
            "%zu bytes",
            type->name, size_bytes);
    actor_require(self, body || size_bytes == 0,
                  "a message of type '%s' without its fields", type->name);
    return id;
}

/* ---- copies ---- */

/* The usual remote case: nobody waits, so the bytes go from the caller into the frame.
 */
static bool post_directly(troupe_actor *sender,
                          uint64_t to,
                          int peer,
                          const struct comm_header *header,
                          const void *body,
                          size_t size_bytes,
                          troupe_status *status)
{
    struct actor_rank *home = sender->home;

    if (UNLIKELY(peer < 0 || home->is_ending || sender->n_reserved > 0))
        return false;
    if (UNLIKELY(actor_remote_gate(home, to, peer) != NULL))
        return false;
    *status = comm_post(home->comm, peer, header, body, size_bytes);
    home->counts.n_sent_remote++;
    return true;
}

troupe_status actor_send_copy(troupe_actor *sender,
                              uint64_t to,
                              uint16_t type,
                              const void *body,
                              size_t size_bytes,
                              uint8_t flags,
                              uint64_t reference)
{
    struct actor_rank *home = sender->home;
    struct message_envelope *envelope;
    troupe_status status;

    if (!actor_is_local(home, to)) {
        struct comm_header header = {.to = to,
                                     .from = sender->address,
                                     .reference = reference,
                                     .type = type,
                                     .kind = ACTOR_KIND_MAIL,
                                     .flags = flags};

        if (LIKELY(post_directly(sender, to, actor_rank_of(home, to), &header, body,
                                 size_bytes, &status)))
            return status;
    }
    envelope = message_take(home->pool, size_bytes);
    if (UNLIKELY(!envelope))
        return TROUPE_NO_MEMORY;
    if (size_bytes)
        memcpy(envelope->inline_payload, body, size_bytes);
    envelope->sender = sender->address;
    envelope->reference = reference;
    envelope->type = type;
    envelope->flags = flags;
    status = actor_send(sender, to, &envelope);
    if (UNLIKELY(envelope != NULL))
        message_give(home->pool, envelope);
    return status;
}

/* ---- the usual case ---- */

static inline struct comm_header
header_of(const troupe_actor *sender, const struct actor_found *found, uint16_t type)
{
    return (struct comm_header){.to = found->address,
                                .from = sender->address,
                                .type = type,
                                .kind = ACTOR_KIND_MAIL};
}

/* Some messages wait, or are refused. */
static inline bool must_look(const troupe_actor *sender,
                             const struct actor_found *found)
{
    const struct actor_rank *home = sender->home;

    return sender->n_reserved | home->is_halted |
           ((home->xoff.n_items > 0) & (found->peer >= 0)) |
           *found->stream->is_congested;
}

/* Nobody waits, and there is room. False: nothing is done. There is no branch on where
 * the receiver lives. */
static inline bool post_plainly(const troupe_actor *sender,
                                const struct actor_found *found,
                                uint16_t type,
                                const void *body,
                                size_t size_bytes)
{
    troupe_actor *counted = found->counted;
    const struct comm_header header = header_of(sender, found, type);

    if (UNLIKELY(must_look(sender, found) ||
                 actor_n_counted(counted) >= counted->capacity))
        return false;
    if (UNLIKELY(!comm_stream_put(found->stream, &header, body, size_bytes)))
        return false;
    counted->n_queued++;
    return true;
}

/* At once, that is: into a frame, or the mailbox of a process. */
static inline bool send_at_once(const troupe_actor *sender,
                                const struct actor_found *found,
                                uint16_t type,
                                const void *body,
                                size_t size_bytes)
{
    if (LIKELY(found->stream != NULL))
        return post_plainly(sender, found, type, body, size_bytes);
    return !(sender->n_reserved | sender->home->is_ending) &&
           actor_deliver_copy(sender, found->actor, type, body, size_bytes);
}

/*
 * What the loopback holds is handled first: a process waits its turn for that, which
 * also gives the rank a chance to poll; a handler's mail goes into the mailboxes.
 * False: there is no memory for that.
 */
static bool make_room(troupe_actor *self)
{
    struct actor_wait wait = {.kind = ACTOR_WAIT_YIELD};

    if (!actor_can_park(self))
        return actor_loopback_move(self->home);
    self->home->wants_poll = true;
    actor_park(self, &wait, TROUPE_FOREVER);
    return true;
}

/* What was sent there last was not like this. */
static NOINLINE troupe_status send_first(troupe_actor *sender,
                                         uint64_t to,
                                         const troupe_type *type,
                                         const void *body,
                                         size_t size_bytes)
{
    uint16_t id = actor_type_checked(sender, type, body, size_bytes);
    const struct actor_found *found =
        actor_find_taker(sender->home, to, type, id, size_bytes);

    if (found && send_at_once(sender, found, id, body, size_bytes))
        return TROUPE_OK;
    return actor_send_copy(sender, to, id, body, size_bytes, 0, 0);
}

/* To another rank: into a frame of its own, or what becomes the next one. */
static troupe_status post_into_next(const troupe_actor *sender,
                                    const struct actor_found *found,
                                    const void *body,
                                    size_t size_bytes)
{
    struct actor_rank *home = sender->home;
    const struct comm_header header = header_of(sender, found, found->type_id);

    home->counts.n_sent_remote += UINT64_C(1) + home->abroad.n_queued;
    home->abroad.n_queued = 0; /* before it has gone round */
    return comm_post_parts(home->comm, found->peer, &header, body, size_bytes, NULL, 0);
}

/* It was, but there is no room, or somebody waits. */
static NOINLINE troupe_status send_again(troupe_actor *self,
                                         const struct actor_found *found,
                                         const void *body,
                                         size_t size_bytes)
{
    struct actor_rank *home = self->home;
    uint64_t to = found->address;
    const troupe_type *type = found->type;

    if (found->counted == &home->abroad && !must_look(self, found))
        return post_into_next(self, found, body, size_bytes);
    if (found->stream != &home->loopback.stream ||
        !actor_loopback_is_filled(home, size_bytes))
        return actor_send_copy(self, to, found->type_id, body, size_bytes, 0, 0);
    if (!make_room(self))
        return TROUPE_NO_MEMORY;
    return send_first(self, to, type, body, size_bytes);
}

troupe_status troupe_send_bytes(troupe_actor *self,
                                troupe_address to,
                                const troupe_type *type,
                                const void *body,
                                size_t size_bytes)
{
    const struct actor_found *found = actor_found_at(self->home, to.bits);

    if (UNLIKELY(!actor_was_sent(found, to.bits, type, body, size_bytes)))
        return send_first(self, to.bits, type, body, size_bytes);
    if (LIKELY(send_at_once(self, found, found->type_id, body, size_bytes)))
        return TROUPE_OK;
    return send_again(self, found, body, size_bytes);
}

uint64_t actor_n_sent_remote(const struct actor_rank *home)
{
    return home->counts.n_sent_remote + home->abroad.n_queued;
}

uint64_t actor_n_sent_local(const struct actor_rank *home)
{
    return home->counts.n_sent_local + home->loopback.stream.n_posted;
}
