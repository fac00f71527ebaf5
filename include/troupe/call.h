/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_CALL_H
#define TROUPE_CALL_H

/*
 * Request and reply. A call is a request, a watch on the server and a deadline in one:
 * it ends with the reply, or with TROUPE_DOWN as soon as the server is known to have
 * ended, or at the deadline; a reply that comes later is dropped. Room for the reply is
 * kept, so a full mailbox never holds it up.
 */

#include "troupe/behavior.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Sends a request and waits for its reply. Use troupe_call(self, to, reply tag, &reply,
 * deadline, request tag, fields...).
 *
 * \call     local; the server may be remote
 * \blocks   until the reply is there, the server has ended, or the deadline
 * \threads  the runtime's thread
 * \owns     the reply is lent until the caller's next receive or call
 * \errors   TROUPE_TIMEOUT   the deadline passed
 *           TROUPE_DOWN      the server has ended, or ended before it replied
 *           TROUPE_REFUSED   the server does not accept the request's type
 *           TROUPE_INVALID   the reply is of another type than asked for
 *           or as troupe_send_bytes
 * \aborts   the actor: it is a handler
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_call_bytes(troupe_actor *self,
                  troupe_address to,
                  const troupe_type *reply_type,
                  const void **reply,
                  troupe_deadline deadline,
                  const troupe_type *type,
                  const void *body,
                  size_t size_bytes);

/**
 * The same without waiting: the reply comes as mail with this reference, which
 * troupe_mail_reference() gives; if there will be none, a troupe_call_failed comes
 * instead.
 *
 * \call     local; the server may be remote
 * \blocks   until the receiver's mailbox has room, in a process; never in a handler
 * \threads  the runtime's thread
 * \errors   as troupe_send_bytes; then no mail comes
 * \aborts   the actor: it does not accept troupe_call_failed
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_call_async_bytes(troupe_actor *self,
                        troupe_address to,
                        const troupe_type *type,
                        const void *body,
                        size_t size_bytes,
                        troupe_deadline deadline,
                        troupe_reference *reference);

/** Whom to answer, for a reply that is sent later than the request's handling. */
typedef struct troupe_caller {
    troupe_address address;
    troupe_reference reference;
    uint32_t incarnation;
    uint32_t reserved;
} troupe_caller;

/**
 * Notes whom to answer for the request being handled; troupe_reply_to() answers.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   all zero when the message being handled is no request
 */
TROUPE_API troupe_caller troupe_caller_of(const troupe_actor *self);

/**
 * Answers the request being handled. Use troupe_reply(self, request tag, reply tag,
 * ...). If the message was sent and not called, the reply goes to its sender as
 * ordinary mail.
 *
 * \call     local; the caller may be remote
 * \blocks   never for a call; as troupe_send_bytes for ordinary mail
 * \threads  the runtime's thread
 * \errors   TROUPE_NOT_FOUND nobody to answer
 *           TROUPE_NO_MEMORY nothing was sent
 */
TROUPE_API troupe_status troupe_reply_bytes(troupe_actor *self,
                                            const troupe_type *type,
                                            const void *body,
                                            size_t size_bytes);

/**
 * The same with a tail.
 *
 * \call     local; the caller may be remote
 * \blocks   never for a call; as troupe_send_bytes for ordinary mail
 * \threads  the runtime's thread
 * \errors   as troupe_reply_bytes and troupe_send_with_tail
 */
TROUPE_API troupe_status troupe_reply_with_tail(troupe_actor *self,
                                                const troupe_type *type,
                                                const void *head,
                                                const void *tail,
                                                size_t n_tail);

/**
 * Answers a request noted earlier.
 *
 * \call     local; the caller may be remote
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   as troupe_reply_bytes
 */
TROUPE_API troupe_status troupe_reply_to_bytes(troupe_actor *self,
                                               const troupe_caller *caller,
                                               const troupe_type *type,
                                               const void *body,
                                               size_t size_bytes);

/**
 * The runtime's clock in nanoseconds; virtual on sim.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   none
 */
TROUPE_API int64_t troupe_now_ns(const troupe_actor *self);

/**
 * A deadline that many seconds from now. Negative is now, infinite is never.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   none
 */
TROUPE_API troupe_deadline troupe_after_s(const troupe_actor *self, double seconds);

/**
 * Waits.
 *
 * \call     local
 * \blocks   until the deadline
 * \threads  the runtime's thread
 * \errors   none
 * \aborts   the actor: it is a handler
 */
TROUPE_API void troupe_sleep_until(troupe_actor *self, troupe_deadline deadline);

/**
 * Sends a message after a while, once. Use troupe_send_after(self, to, delay_s, &timer,
 * ...). It holds the job's end until it has fired.
 *
 * \call     local; the receiver may be remote
 * \blocks   never
 * \threads  the runtime's thread
 * \owns     the message is copied; the timer goes with the caller
 * \errors   TROUPE_NO_MEMORY no timer was set
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_send_after_bytes(troupe_actor *self,
                        troupe_address to,
                        int64_t delay_ns,
                        const troupe_type *type,
                        const void *body,
                        size_t size_bytes,
                        troupe_reference *timer);

/**
 * Sends a message again and again. A tick that finds the one before still unread, or
 * the way to another rank congested, is dropped. It does not hold the job's end.
 *
 * \call     local; the receiver may be remote
 * \blocks   never
 * \threads  the runtime's thread
 * \owns     the message is copied; the timer goes with the caller
 * \errors   TROUPE_NO_MEMORY no timer was set
 *           TROUPE_INVALID   the period is not positive
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_send_every_bytes(troupe_actor *self,
                        troupe_address to,
                        int64_t period_ns,
                        const troupe_type *type,
                        const void *body,
                        size_t size_bytes,
                        troupe_reference *timer);

/**
 * The same, but it holds the job's end: until it is cancelled, or its caller has ended,
 * the job neither ends nor is called deadlocked.
 *
 * \call     local; the receiver may be remote
 * \blocks   never
 * \threads  the runtime's thread
 * \owns     the message is copied; the timer goes with the caller
 * \errors   as troupe_send_every_bytes
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_send_every_holding_bytes(troupe_actor *self,
                                troupe_address to,
                                int64_t period_ns,
                                const troupe_type *type,
                                const void *body,
                                size_t size_bytes,
                                troupe_reference *timer);

/**
 * Stops a timer of the caller's. What it has sent already still arrives.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   TROUPE_NOT_FOUND it has fired, or is none of the caller's
 */
TROUPE_API troupe_status troupe_cancel(troupe_actor *self, troupe_reference timer);

#ifdef __cplusplus
}
#endif
#endif
