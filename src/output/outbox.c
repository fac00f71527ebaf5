/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
#include "output/output.h"
#include <string.h>

/*
 * The outbox of a rank. What a checkpoint has of it is sent when that is published, and
 * when a job goes on from it, which may be again.
 */

void output_checkpoints_set(struct troupe *rank, void (*ask)(struct troupe *rank))
{
    output_of(rank)->ask = ask;
}

/* Behind all that were made before it: by their references, for one sender's rise. */
static void insert(struct output_rank *here, struct outbox_entry *entry)
{
    struct base_list *before = &here->outbox;

    while (
        before->previous != &here->outbox &&
        CONTAINER_OF(before->previous, struct outbox_entry, node)->envelope->reference >
            entry->envelope->reference)
        before = before->previous;
    base_list_append(before, &entry->node);
}

/* Takes the envelope; false: no memory, and it is the caller's. */
static bool add(struct output_rank *here,
                uint64_t sender,
                uint64_t to,
                struct message_envelope *envelope,
                bool is_saved)
{
    struct outbox_entry *entry = base_try_alloc(sizeof *entry);

    if (!entry)
        return false;
    *entry = (struct outbox_entry){
        .sender = sender, .to = to, .envelope = envelope, .is_saved = is_saved};
    insert(here, entry);
    return true;
}

static void entry_free(struct outbox_entry *entry)
{
    base_list_remove(&entry->node);
    base_free(entry);
}

void outbox_free(struct output_rank *here)
{
    BASE_LIST_EACH(node, &here->outbox)
    {
        struct outbox_entry *entry = CONTAINER_OF(node, struct outbox_entry, node);

        message_give(here->home->pool, entry->envelope);
        entry_free(entry);
    }
}

troupe_status troupe_outbox_send_bytes(troupe_actor *self,
                                       troupe_address to,
                                       const troupe_type *type,
                                       const void *body,
                                       size_t size_bytes)
{
    struct output_rank *here = output_of(self->home->rank);
    uint16_t id = actor_type_checked(self, type, body, size_bytes);
    uint64_t reference = actor_reference_make(self->home);
    struct message_envelope *envelope;

    if (!here->ask)
        return actor_send_copy(self, to.bits, id, body, size_bytes, 0, reference);
    if (self->home->is_ending)
        return TROUPE_CLOSED;
    envelope = message_take(self->home->pool, size_bytes);
    if (!envelope)
        return TROUPE_NO_MEMORY;
    envelope->type = id;
    envelope->sender = self->address;
    envelope->reference = reference;
    if (size_bytes)
        memcpy(envelope->inline_payload, body, size_bytes);
    if (add(here, self->address, to.bits, envelope, false))
        return TROUPE_OK;
    message_give(self->home->pool, envelope);
    return TROUPE_NO_MEMORY;
}

/* ---- checkpoints -------------------------------------------------------------- */

static troupe_status put(const struct outbox_entry *entry, struct base_saver *saver)
{
    const struct message_envelope *envelope = entry->envelope;
    struct base_bytes bytes;
    troupe_status status = TROUPE_NO_MEMORY;

    base_bytes_init(&bytes);
    base_bytes_append_u64(&bytes, entry->sender);
    base_bytes_append_u64(&bytes, envelope->reference);
    base_bytes_append_u64(&bytes, envelope->type);
    base_bytes_append(&bytes, message_payload(envelope), envelope->size_bytes);
    if (!bytes.failed)
        status =
            saver->put(saver, OUTPUT_SAVED_OUTBOX, entry->to, bytes.data, bytes.size);
    base_bytes_fini(&bytes);
    return status;
}

troupe_status outbox_save(struct output_rank *here, struct base_saver *saver)
{
    BASE_LIST_EACH(node, &here->outbox)
    {
        struct outbox_entry *entry = CONTAINER_OF(node, struct outbox_entry, node);

        TROUPE_TRY(put(entry, saver));
        entry->is_saved = true;
    }
    return TROUPE_OK;
}

troupe_status outbox_load(struct output_rank *here, const struct base_saved *record)
{
    struct message_pool *pool = here->home->pool;
    struct message_envelope *envelope;
    struct base_cursor cursor;
    uint64_t sender, reference;
    uint16_t type;

    base_cursor_init(&cursor, record->data, record->size_bytes);
    sender = base_cursor_u64(&cursor);
    reference = base_cursor_u64(&cursor);
    type = actor_type_now(here->home, base_cursor_u64(&cursor));
    if (cursor.failed)
        return TROUPE_INVALID;
    if (type == 0)
        return TROUPE_SCHEMA;
    envelope = message_take(pool, (size_t)(cursor.end - cursor.next));
    if (!envelope)
        return TROUPE_NO_MEMORY;
    if (envelope->size_bytes)
        memcpy(envelope->inline_payload, cursor.next, envelope->size_bytes);
    envelope->type = type;
    envelope->sender = sender;
    envelope->reference = reference;
    if (add(here, sender, record->key, envelope, true))
        return TROUPE_OK;
    message_give(pool, envelope);
    return TROUPE_NO_MEMORY;
}

void outbox_release(struct output_rank *here)
{
    here->is_asked = false;
    BASE_LIST_EACH(node, &here->outbox)
    {
        struct outbox_entry *entry = CONTAINER_OF(node, struct outbox_entry, node);

        if (!entry->is_saved)
            continue;
        actor_send_exempt(here->home, entry->to, entry->envelope);
        entry_free(entry);
    }
}

/* Asked when the rank idles. As long as the rank process runs, checkpoints come when
 * they come; afterwards the job would only wait for the next one. */
bool outbox_is_still(struct output_rank *here)
{
    if (base_list_is_empty(&here->outbox))
        return true;
    if (here->ask && !here->is_asked && !here->home->rank_process) {
        here->is_asked = true;
        here->ask(here->home->rank);
    }
    return false;
}
