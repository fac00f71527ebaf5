/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_OUTBOX_H
#define TROUPE_OUTBOX_H

/*
 * Effects outside the job: a mail, a row in a database, a machine switched on. A job
 * that goes back to a checkpoint may come to another end than the one whose effects are
 * out in the world already. So what is to have an effect is sent to the actor that
 * brings it about by way of the outbox, where it waits until a checkpoint that has its
 * cause is published: then nothing takes the cause back.
 *
 * The effect itself may be wanted again, if the job dies right after it: the message
 * then comes again with the same troupe_mail_reference(), by which the receiver, or the
 * world, can tell.
 *
 * While no checkpoint can be made, as the disk is full or a process comes to no safe
 * point, the messages wait, and with them the end of the job, for as long as it takes:
 * to let them out would be to break the promise. The log says once what is in the way;
 * asked for at the end of a job, a checkpoint is tried again after 1 to 60 s each time.
 */

#include "troupe/behavior.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * As troupe_send_bytes(), once a checkpoint is published that has what the caller has
 * done until now; at once in a job without checkpoints. Such messages of one sender
 * keep their order among each other. A job does not end before they are delivered. For
 * handler actors and processes with a state; what any other process sends it sends
 * anew when it is started anew.
 *
 * \call     local; the receiver may be remote
 * \blocks   never; in a job without checkpoints as troupe_send_bytes()
 * \threads  the runtime's thread
 * \owns     the message is copied
 * \errors   TROUPE_NO_MEMORY  no room; TROUPE_CLOSED the job is ending; in a job
 * without checkpoints as troupe_send_bytes() \aborts   the actor: a type that the
 * program does not list, or a wrong size
 */
TROUPE_API troupe_status troupe_outbox_send_bytes(troupe_actor *self,
                                                  troupe_address to,
                                                  const troupe_type *type,
                                                  const void *body,
                                                  size_t size_bytes);

#ifdef __cplusplus
}
#endif
#endif
