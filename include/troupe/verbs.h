/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_VERBS_H
#define TROUPE_VERBS_H

/*
 * The verbs of an actor, typed. One form for all messages: the bare tag, then its
 * fields by name (those not named are zero); a signal is the tag alone. What is copied
 * is the struct, so nothing needs to outlive the call.
 *
 *     TROUPE_TRY(troupe_send(self, to, work, .low = 0, .high = 1));
 *     TROUPE_TRY(troupe_send(self, to, stop));
 *
 * Beneath each stands a plain function of mail.h, call.h or directory.h, named here; it
 * says what the verb may return and whether it waits. From C++, or for types known only
 * at run time, call that. Every argument is evaluated once.
 */

#include "troupe/actor.h"
#include "troupe/call.h"
#include "troupe/directory.h"
#include "troupe/mail.h"
#include "troupe/outbox.h"
#include "troupe/owned.h"

#ifndef __cplusplus

#include "troupe/detail/verbs.h"

/** Sends. troupe_send_bytes(). */
#define troupe_send(self, to, ...)                                                     \
    troupe_send_bytes((self), (to), TROUPE_MESSAGE(__VA_ARGS__))

/**
 * Sends a message with its tail: `n` elements from `pointer`. The counting field is set
 * by the runtime. troupe_send_with_tail().
 *
 *     troupe_send_tail(self, to, chunk, text, line, strlen(line), .index = 0)
 */
#define troupe_send_tail(self, to, tag, tail_field, pointer, ...)                      \
    troupe_send_with_tail((self), (to),                                                \
                          TROUPE_TAILED(tag, tail_field, pointer, __VA_ARGS__))

/** Sends a copy of a struct that is there already, with its tail if it has one. */
#define troupe_send_value(self, to, tag, pointer)                                      \
    troupe_send_typed((self), (to), TROUPE_TYPE_OF_VALUE(tag, pointer), (pointer))

static inline troupe_status troupe_send_typed(troupe_actor *self,
                                              troupe_address to,
                                              const troupe_type *type,
                                              const void *value)
{
    return troupe_send_bytes(self, to, type, value,
                             type->count_bytes ? troupe_value_size(type, value)
                                               : type->size_bytes);
}

/**
 * Answers the message being handled. `request_tag` says to the reader, and to the
 * compiler, what is answered: troupe_reply(self, work, area, .value = 1).
 * troupe_reply_bytes().
 */
#define troupe_reply(self, request_tag, ...)                                           \
    troupe_reply_bytes((self), 0 * sizeof TROUPE_TYPE_SENT(request_tag) +              \
                                   TROUPE_MESSAGE(__VA_ARGS__))

/** Answers with a tail: (self, request_tag, reply_tag, tail_field, pointer, n, ...). */
#define troupe_reply_tail(self, request_tag, tag, tail_field, pointer, ...)            \
    troupe_reply_with_tail((self),                                                     \
                           0 * sizeof TROUPE_TYPE_SENT(request_tag) +                  \
                               TROUPE_TAILED(tag, tail_field, pointer, __VA_ARGS__))

/** Answers a request noted with troupe_caller_of(). troupe_reply_to_bytes(). */
#define troupe_reply_to(self, caller, ...)                                             \
    troupe_reply_to_bytes((self), (caller), TROUPE_MESSAGE(__VA_ARGS__))

/**
 * Sends a request and waits for its reply, lent until the next receive or call:
 *
 *     const struct area *area;
 *     troupe_deadline deadline = troupe_after_s(self, 5);
 *     troupe_call(self, to, area, &area, deadline, work, .low = 0, .high = 1)
 *
 * NULL instead of &area where only the answer's coming matters. troupe_call_bytes().
 */
#define troupe_call(self, to, reply_tag, reply, deadline, ...)                         \
    troupe_call_bytes((self), (to), TROUPE_TYPE_INTO("troupe_call", reply_tag, reply), \
                      TROUPE_INTO(reply), (deadline), TROUPE_MESSAGE(__VA_ARGS__))

/**
 * Sends a request whose reply comes as mail with `*reference`, or troupe_call_failed if
 * it will not: troupe_call_async(self, to, deadline, &reference, work, .low = 0).
 * troupe_call_async_bytes().
 */
#define troupe_call_async(self, to, deadline, reference, ...)                          \
    troupe_call_async_bytes((self), (to), TROUPE_MESSAGE(__VA_ARGS__), (deadline),     \
                            (reference))

/**
 * Waits for the first message of a type, which is lent until the next receive or call:
 *
 *     const struct result *result;
 *     troupe_receive(self, result, TROUPE_FOREVER, &result)
 *
 * Other mail stays where it is. NULL instead of &result where only its coming matters.
 * troupe_receive_bytes().
 */
#define troupe_receive(self, tag, deadline, pointer)                                   \
    troupe_receive_bytes((self), TROUPE_TYPE_INTO("troupe_receive", tag, pointer),     \
                         (deadline), TROUPE_INTO(pointer))

/** The body of mail if it is of this type, else NULL: const struct tag *. */
#define troupe_as(mail, tag)                                                           \
    ((const struct tag *)troupe_mail_body((mail), TROUPE_TYPE_SENT(tag)))

/** The arguments a process was spawned with: const struct tag *. */
#define troupe_arguments(self, tag)                                                    \
    ((const struct tag *)troupe_arguments_bytes((self), TROUPE_TYPE_SENT(tag)))

/**
 * Sends once, after a delay in seconds: troupe_send_after(self, to, 0.5, &timer, stop).
 * NULL instead of &timer where it need not be cancelled. troupe_send_after_bytes().
 */
#define troupe_send_after(self, to, delay_s, timer, ...)                               \
    troupe_send_after_bytes((self), (to), troupe_ns_of_s(delay_s),                     \
                            TROUPE_MESSAGE(__VA_ARGS__), (timer))

/** Sends again and again, every so many seconds. troupe_send_every_bytes(). */
#define troupe_send_every(self, to, period_s, timer, ...)                              \
    troupe_send_every_bytes((self), (to), troupe_ns_of_s(period_s),                    \
                            TROUPE_MESSAGE(__VA_ARGS__), (timer))

/** The same, and the job does not end before. troupe_send_every_holding_bytes(). */
#define troupe_send_every_holding(self, to, period_s, timer, ...)                      \
    troupe_send_every_holding_bytes((self), (to), troupe_ns_of_s(period_s),            \
                                    TROUPE_MESSAGE(__VA_ARGS__), (timer))

/** Sends when a checkpoint with its cause is published. troupe_outbox_send_bytes(). */
#define troupe_outbox_send(self, to, ...)                                              \
    troupe_outbox_send_bytes((self), (to), TROUPE_MESSAGE(__VA_ARGS__))

/** Sends to all members of a group. troupe_group_send_bytes(). */
#define troupe_group_send(self, group, ...)                                            \
    troupe_group_send_bytes((self), (group), TROUPE_MESSAGE(__VA_ARGS__))

/**
 * The arguments of a spawn, among the options:
 *
 *     &(troupe_spawn_options){TROUPE_WITH(range, .low = 0, .high = 9),
 *                             .place = TROUPE_ANYWHERE}
 */
/* clang-format off */
#define TROUPE_WITH(tag, ...) \
    .arguments_type = TROUPE_TYPE_WITH_FIELDS(tag), \
    .arguments = &(const struct tag){__VA_ARGS__}
/* clang-format on */

/**
 * Makes an owned message to be filled in place, zeroed but for its tail, its counting
 * field set, and then sent without a copy by troupe_send_message():
 *
 *     troupe_message *message;
 *     struct chunk *chunk;
 *     TROUPE_TRY(troupe_new_message(self, chunk, 1 << 20, &message, &chunk));
 *
 * troupe_message_create(), troupe_message_body().
 */
#define troupe_new_message(self, tag, n_tail, message, body)                           \
    troupe_new_message_into((self), TROUPE_TYPE_OWNED(tag, body), (n_tail), (message), \
                            (void **)(body))

static inline TROUPE_MUST_USE troupe_status
troupe_new_message_into(troupe_actor *self,
                        const troupe_type *type,
                        size_t n_tail,
                        troupe_message **message,
                        void **body)
{
    troupe_status status = troupe_message_create(self, type, n_tail, message);

    if (status == TROUPE_OK)
        *body = troupe_message_body(*message);
    return status;
}

#endif
#endif
