/* SPDX-License-Identifier: BSD-3-Clause */
#include "actor/actor.h"
#include "base/alloc.h"

/*
 * Spawns and reports that are so large that their payload travels apart. The record is
 * taken when it is there; mail that comes for a spawn meanwhile finds an embryo. All
 * other records of this layer are small.
 */

struct awaited {
    struct comm_header header;
    int source;
};

bool actor_record_await(struct actor_rank *home, const struct comm_record *record)
{
    struct message_envelope *envelope;
    struct awaited *awaited;

    if (LIKELY(record->ticket == 0))
        return false;
    awaited = base_new(struct awaited);
    awaited->header = record->header;
    awaited->source = record->source;
    envelope = message_take(home->pool, record->size_bytes);
    base_require_memory(envelope &&
                            base_map_put(&home->awaited, (uintptr_t)envelope, awaited),
                        "no memory for a large record that has come");
    envelope->flags = MESSAGE_PENDING;
    comm_fetch(home->comm, record->source, record->ticket, envelope);
    return true;
}

bool actor_record_fetched(struct actor_rank *home, struct message_envelope *envelope)
{
    struct awaited *awaited = base_map_remove(&home->awaited, (uintptr_t)envelope);
    struct comm_record record;

    if (LIKELY(!awaited))
        return false;
    record = (struct comm_record){.header = awaited->header,
                                  .source = awaited->source,
                                  .size_bytes = envelope->size_bytes,
                                  .payload = message_payload(envelope)};
    base_free(awaited);
    comm_kind(home->comm, record.header.kind)->take(home->rank, &record);
    message_give(home->pool, envelope);
    return true;
}

/* What a job that was left in the middle had under way. */
void actor_records_fini(struct actor_rank *home)
{
    uint32_t position = 0;
    uint64_t key;
    void *value;

    while (base_map_next(&home->awaited, &position, &key, &value))
        base_free(value);
    base_map_fini(&home->awaited);
}
