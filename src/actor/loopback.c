/* SPDX-License-Identifier: BSD-3-Clause */
#include "actor/loopback.h"
#include "actor/deliver.h"
#include "base/alloc.h"
#include <string.h>

static const bool never;

enum { TRIES = 64 }; /* of what may lack memory for a moment */

/* Sending begins anew in the frame that is not being read. */
static void open_frame(struct actor_loopback *loopback)
{
    loopback->stream.at = loopback->frame[loopback->is_second];
    loopback->stream.end = loopback->stream.at + ACTOR_LOOPBACK_BYTES;
    loopback->stream.run.plain = 0;
    loopback->unread = loopback->stream.at;
}

void actor_loopback_init(struct actor_rank *home)
{
    struct actor_loopback *loopback = &home->loopback;

    loopback->frame[0] = base_new_array(unsigned char, 2 * ACTOR_LOOPBACK_BYTES);
    loopback->frame[1] = loopback->frame[0] + ACTOR_LOOPBACK_BYTES;
    loopback->stream.is_congested = &never;
    loopback->reader.state = &loopback->state;
    loopback->reader.source = home->me;
    open_frame(loopback);
}

void actor_loopback_fini(struct actor_rank *home)
{
    base_free(home->loopback.frame[0]);
}

void actor_loopback_turn(struct actor_rank *home)
{
    struct actor_loopback *loopback = &home->loopback;

    base_assert(loopback->reader.at == loopback->reader.end);
    loopback->reader.at = loopback->unread;
    loopback->reader.end = loopback->stream.at;
    loopback->is_second = !loopback->is_second;
    open_frame(loopback);
}

/* It was let in when it was sent. */
static bool into_mailbox(struct actor_rank *home, const struct comm_record *record)
{
    troupe_actor *actor = actor_find(home, record->header.to);
    struct message_envelope *envelope = message_take(home->pool, record->size_bytes);

    base_assert(actor && !actor->process);
    if (!envelope)
        return false;
    envelope->sender = record->header.from;
    envelope->type = record->header.type;
    if (record->size_bytes)
        memcpy(envelope->inline_payload, record->payload, record->size_bytes);
    actor->n_queued--;
    actor_append(actor, envelope);
    return true;
}

void actor_loopback_deliver(struct actor_rank *home, const struct comm_record *record)
{
    for (int i = 0; i < TRIES; i++)
        if (into_mailbox(home, record))
            return;
    base_require_memory(false, "no memory for mail that has been sent");
}

/* The next record; false: there is no memory for it, and it has not been read. */
static bool move_next(struct actor_rank *home, struct comm_reader *reader)
{
    const struct comm_reader before = *reader;
    const struct comm_wire_state state = *reader->state;
    struct comm_record record;

    if (comm_read_whole(home->comm, reader, &record) && into_mailbox(home, &record))
        return true;
    *reader = before;
    *reader->state = state;
    return false;
}

/* Also in the middle of a frame that is being read, where a handler of its mail does
 * what needs this; the frame itself stays, its message is in hand. */
bool actor_loopback_move(struct actor_rank *home)
{
    struct actor_loopback *loopback = &home->loopback;
    struct comm_reader written = loopback->reader;

    while (loopback->reader.at != loopback->reader.end)
        if (!move_next(home, &loopback->reader))
            return false;
    written.at = loopback->unread;
    written.end = loopback->stream.at;
    loopback->stream.run.plain = 0; /* how long that run is has been read */
    while (written.at != written.end) {
        if (!move_next(home, &written))
            return false;
        loopback->unread = written.at;
    }
    open_frame(loopback);
    return true;
}

void actor_loopback_must_move(struct actor_rank *home)
{
    for (int i = 0; i < TRIES; i++)
        if (actor_loopback_move(home))
            return;
    base_require_memory(false, "no memory for mail that has been sent");
}
