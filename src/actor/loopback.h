/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ACTOR_LOOPBACK_H
#define ACTOR_LOOPBACK_H

/*
 * Mail from actors of this rank to its handlers goes the way of mail for other ranks:
 * as records into a frame, which the scheduler reads when it is next at leisure. So a
 * sender need not branch on where a receiver lives, which nobody can predict where
 * updates are scattered (half of what a message cost), and mail that need not wait
 * needs no envelope.
 *
 * What stands in the frame counts as queued in the receiver's mailbox. Order per pair:
 * whoever puts mail for a handler into its mailbox by another way settles the frame
 * first, and so does what ends a handler or changes what it takes; a record's receiver
 * is alive and takes it. What comes from other ranks is of other pairs and settles
 * nothing. A process that waits for room has not sent yet: its timers may come first. A
 * send that succeeds has promised memory that is only asked for when the mail has to
 * wait: where there is none then, the rank ends, as with mail from elsewhere.
 */

#include "actor/actor.h"

#ifdef TROUPE_HOSTILE
enum { ACTOR_LOOPBACK_BYTES = 512 };
#else
enum { ACTOR_LOOPBACK_BYTES = 4096 }; /* two of them leave much of the first cache */
#endif

void actor_loopback_init(struct actor_rank *home);
void actor_loopback_fini(struct actor_rank *home);

/* Has nothing been sent since the frame that is being read? */
static inline bool actor_loopback_is_empty(const struct actor_rank *home)
{
    const struct actor_loopback *loopback = &home->loopback;

    return loopback->stream.at == loopback->unread;
}

/* No room for another of this size, and it is small enough to wait for room. */
static inline bool actor_loopback_is_filled(const struct actor_rank *home,
                                            size_t size_bytes)
{
    const struct comm_stream *stream = &home->loopback.stream;

    return size_bytes <= ACTOR_LOOPBACK_BYTES / 4 &&
           !comm_stream_has_room(stream, size_bytes);
}

/* Nothing at all is unread. */
static inline bool actor_loopback_is_settled(const struct actor_rank *home)
{
    return actor_loopback_is_empty(home) &&
           home->loopback.reader.at == home->loopback.reader.end;
}

/* Somebody could run now, frames from other ranks aside. */
static inline bool actor_has_work(const struct actor_rank *home)
{
    return home->n_ready > 0 || !actor_loopback_is_settled(home);
}

/* What has been sent becomes what is being read. */
void actor_loopback_turn(struct actor_rank *home);
/* A record that has been read, into its mailbox. */
void actor_loopback_deliver(struct actor_rank *home, const struct comm_record *record);
/* Everything unread goes into the mailboxes; false: no memory, it waits on. */
bool actor_loopback_move(struct actor_rank *home);
void actor_loopback_must_move(struct actor_rank *home); /* or ends the rank */
static inline void actor_loopback_settle(struct actor_rank *home)
{
    if (UNLIKELY(!actor_loopback_is_settled(home)))
        actor_loopback_must_move(home);
}

#endif
