/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_MAIL_H
#define TROUPE_MAIL_H

/*
 * Sending and receiving. The typed verbs of verbs.h (troupe_send, troupe_receive,
 * troupe_call ...) are made of these functions, which C++ and computed types call
 * directly.
 *
 * Order: mail from one actor to one other arrives in the order it was sent, small,
 * large and moved messages, replies and downs alike. Nothing is lost or doubled while
 * the receiver lives; mail for an actor that has ended becomes a dead letter. A send to
 * a full mailbox makes a process wait; a handler's message goes to a reserve, and the
 * handler runs on when it has been delivered.
 *
 * What a receive or a handler lends is good until the actor's next receive or call, or
 * until the handler returns; troupe_keep() of owned.h makes it the actor's own.
 */

#include "troupe/behavior.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A message in hand: \p troupe_receive_any gives it, troupe_as(mail, tag) reads it. */
typedef struct troupe_mail {
    const troupe_type *type;
    const void *body;
    size_t size_bytes;
    troupe_address sender;
    troupe_reference reference;
    void *types; /**< the runtime's, for troupe_as() */
    uint64_t type_id;
} troupe_mail;

/**
 * The message type of that name which the program lists, for calls from C++ or by types
 * known only at run time; valid as long as the program.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   NULL when there is none
 * \aborts   the actor: there is no name
 */
TROUPE_API const troupe_type *troupe_find_type(troupe_actor *self, const char *name);

/**
 * Sends a copy of a struct.
 *
 * \call     local; the receiver may be remote
 * \blocks   until the receiver's mailbox has room, in a process, which also lets others
 *           run after each few hundred messages to actors of its rank; never in a
 *           handler
 * \threads  the runtime's thread
 * \errors   TROUPE_FULL      a local mailbox refuses, or the handler's reserve is full
 *           TROUPE_REFUSED   a local receiver does not accept the type
 *           TROUPE_DOWN      a local receiver has ended
 *           TROUPE_NO_MEMORY nothing was sent
 *           TROUPE_CLOSED    the job is ending, and this one of its last calls
 * \aborts   the actor: the type is not listed by the program, the size is not the
 *           type's, or there is no body
 */
TROUPE_API troupe_status troupe_send_bytes(troupe_actor *self,
                                           troupe_address to,
                                           const troupe_type *type,
                                           const void *body,
                                           size_t size_bytes);

/**
 * Sends a struct with a tail: the fixed part from \p head, n_tail elements from \p
 * tail. The field that counts them is set here.
 *
 * \call     local; the receiver may be remote
 * \blocks   until the receiver's mailbox has room, in a process; never in a handler
 * \threads  the runtime's thread
 * \errors   as troupe_send_bytes; TROUPE_INVALID: n_tail does not fit the counting
 * field
 */
TROUPE_API troupe_status troupe_send_with_tail(troupe_actor *self,
                                               troupe_address to,
                                               const troupe_type *type,
                                               const void *head,
                                               const void *tail,
                                               size_t n_tail);

/**
 * Who sent the message last received or being handled.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   TROUPE_NOBODY when there is none, or the runtime sent it
 */
TROUPE_API troupe_address troupe_sender(const troupe_actor *self);

/**
 * The reference the message last received or being handled carries: of the call, timer
 * or monitor.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   zero when it carries none
 */
TROUPE_API troupe_reference troupe_mail_reference(const troupe_actor *self);

/**
 * Receives the next message of one type; others keep their place.
 *
 * \call     local
 * \blocks   until such a message is there or the deadline
 * \threads  the runtime's thread
 * \owns     lent, see above
 * \errors   TROUPE_TIMEOUT the deadline passed
 * \aborts   the actor: it is a handler, or does not accept the type
 */
TROUPE_API troupe_status troupe_receive_bytes(troupe_actor *self,
                                              const troupe_type *type,
                                              troupe_deadline deadline,
                                              const void **body);

/**
 * Receives the next message, whatever its type.
 *
 * \call     local
 * \blocks   until a message is there or the deadline
 * \threads  the runtime's thread
 * \owns     lent, see above
 * \errors   TROUPE_TIMEOUT the deadline passed
 * \aborts   the actor: it is a handler
 */
TROUPE_API troupe_status troupe_receive_any(troupe_actor *self,
                                            troupe_deadline deadline,
                                            troupe_mail *mail);

/** Decides whether a receive takes a message; must not call the API. */
typedef bool troupe_match_fn(void *context, const troupe_mail *mail);

/**
 * Receives the first message that \p match takes; others keep their place and are not
 * shown to it again within this call.
 *
 * \call     local
 * \blocks   until such a message is there or the deadline
 * \threads  the runtime's thread
 * \owns     lent, see above
 * \errors   TROUPE_TIMEOUT the deadline passed
 * \aborts   the actor: it is a handler
 */
TROUPE_API troupe_status troupe_receive_match(troupe_actor *self,
                                              troupe_deadline deadline,
                                              troupe_match_fn *match,
                                              void *context,
                                              troupe_mail *mail);

/**
 * The body if the mail is of that type, else NULL. Use troupe_as(mail, tag).
 *
 * \call     local
 * \blocks   never
 * \threads  any
 * \errors   none
 */
TROUPE_API const void *troupe_mail_body(const troupe_mail *mail,
                                        const troupe_type *type);

/**
 * How many messages wait in the caller's mailbox.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   none
 */
TROUPE_API size_t troupe_n_waiting(const troupe_actor *self);

/**
 * Puts the message being handled aside: it comes again, first, after the next message
 * that is handled and not put aside, or after troupe_become(). It counts towards the
 * capacity.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   none
 * \aborts   the actor: it is a process, or handles nothing
 */
TROUPE_API void troupe_defer_message(troupe_actor *self);

#ifdef __cplusplus
}
#endif
#endif
