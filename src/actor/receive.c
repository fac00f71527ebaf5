/* SPDX-License-Identifier: BSD-3-Clause */
#include "actor/actor.h"
#include "actor/park.h"
#include <string.h>

/* Receiving in processes, and what handlers do instead. */

void actor_require_process(troupe_actor *self, const char *call)
{
    actor_require(self, self->process != NULL,
                  "%s waits, and a handler actor cannot: use its asynchronous form",
                  call);
    actor_require(self,
                  self->home->running == self && !self->home->is_in_fini &&
                      self->home->no_fail_depth == 0,
                  "%s waits, and deferred functions, fini and predicates cannot", call);
    if (UNLIKELY(self->flags & ACTOR_ENDING))
        fiber_end(self->process->fiber); /* it has told itself to stop */
}

void actor_hold_current(troupe_actor *self, struct message_envelope *envelope)
{
    actor_current_set(&self->process->current, envelope);
}

static void describe_mail(const troupe_actor *self, troupe_mail *mail)
{
    const struct actor_current *current = &self->process->current;

    mail->type = message_table_type(self->home->table, current->type);
    mail->body = current->body;
    mail->size_bytes = current->size_bytes;
    mail->sender.bits = current->sender;
    mail->reference.bits = current->reference;
    mail->types = self->home->table;
    mail->type_id = current->type;
}

/* The payload is here, or on its way now. */
static bool has_payload(troupe_actor *self, struct message_envelope **link)
{
    if (LIKELY(!((*link)->flags & MESSAGE_PENDING)))
        return true;
    if ((*link)->flags & MESSAGE_TICKET)
        actor_fetch_start(self, link);
    return !((*link)->flags & MESSAGE_PENDING);
}

static bool is_past(troupe_actor *self, troupe_deadline deadline)
{
    return deadline.at_ns == 0 || (deadline.at_ns != INT64_MAX &&
                                   deadline.at_ns <= comm_now_ns(self->home->comm));
}

/* What the mailbox has not shown yet; another poll lets mail that waits outside in.
 * *handed: came past the mailbox, only where a type is named; NULL: nothing did. */
static inline __attribute__((always_inline)) troupe_status
wait_for_mail(troupe_actor *self,
              uint16_t type,
              const char *what,
              troupe_deadline deadline,
              struct message_envelope **handed)
{
    struct actor_wait wait;

    if (is_past(self, deadline))
        return TROUPE_TIMEOUT;
    actor_wait_init(&wait, ACTOR_WAIT_RECEIVE);
    wait.type = type;
    wait.what = what;
    actor_park_here(self, &wait, deadline);
    *handed = wait.envelope;
    return TROUPE_OK;
}

static inline void take(troupe_actor *self, struct message_envelope **link)
{
    actor_hold_current(self, actor_mailbox_unlink(self, link));
    actor_mailbox_drained(self);
}

static inline __attribute__((always_inline)) troupe_status
receive(troupe_actor *self, uint16_t type, const char *what, troupe_deadline deadline)
{
    struct message_envelope **link, *handed;

    actor_require_process(self, "troupe_receive");
    actor_release_current(self);
    for (;;) {
        link = actor_mailbox_first(self, type);
        if (link && has_payload(self, link)) {
            take(self, link);
            return TROUPE_OK;
        }
        TROUPE_TRY(wait_for_mail(self, type, what, deadline, &handed));
        if (handed) {
            actor_hold_current(self, handed);
            return TROUPE_OK;
        }
    }
}

troupe_status troupe_receive_bytes(troupe_actor *self,
                                   const troupe_type *type,
                                   troupe_deadline deadline,
                                   const void **body)
{
    uint16_t id = actor_type_listed(self, type);
    troupe_status status;

    actor_require(self, actor_accepts(self, id),
                  "%s does not accept '%s', so it cannot come",
                  self->behavior->source->name, type->name);
    status = receive(self, id, type->name, deadline);
    if (status == TROUPE_OK && body)
        *body = self->process->current.body;
    return status;
}

troupe_status
troupe_receive_any(troupe_actor *self, troupe_deadline deadline, troupe_mail *mail)
{
    troupe_status status = receive(self, 0, "any mail", deadline);

    if (status == TROUPE_OK && mail)
        describe_mail(self, mail);
    return status;
}

static bool is_match(troupe_actor *self,
                     const struct message_envelope *envelope,
                     troupe_match_fn *match,
                     void *context)
{
    troupe_mail mail = {.type = message_table_type(self->home->table, envelope->type),
                        .body = message_payload(envelope),
                        .size_bytes = envelope->size_bytes,
                        .sender = {envelope->sender},
                        .reference = {envelope->reference},
                        .types = self->home->table,
                        .type_id = envelope->type};
    bool is_taken;

    self->home->no_fail_depth++;
    is_taken = match(context, &mail);
    self->home->no_fail_depth--;
    return is_taken;
}

/*
 * Messages seen in this call are not shown again: `link` stands behind them. While the
 * process waits nothing is taken out before it (a troupe_demonitor is the actor's own).
 */
troupe_status troupe_receive_match(troupe_actor *self,
                                   troupe_deadline deadline,
                                   troupe_match_fn *match,
                                   void *context,
                                   troupe_mail *mail)
{
    struct message_envelope **link = &self->head, *handed;

    actor_require_process(self, "troupe_receive_match");
    actor_require(self, match, "troupe_receive_match: nothing that decides");
    actor_release_current(self);
    for (;;) {
        for (; *link && has_payload(self, link); link = &(*link)->next) {
            if (!is_match(self, *link, match, context))
                continue;
            take(self, link);
            if (mail)
                describe_mail(self, mail);
            return TROUPE_OK;
        }
        /* Dropping the oldest may take away what `link` stands in: then start over. */
        if (self->overflow == TROUPE_DROP_OLDEST)
            link = &self->head;
        TROUPE_TRY(wait_for_mail(self, 0, "mail that matches", deadline, &handed));
    }
}

void troupe_sleep_until(troupe_actor *self, troupe_deadline deadline)
{
    struct actor_wait wait = {.kind = ACTOR_WAIT_SLEEP};

    actor_require_process(self, "troupe_sleep_until");
    if (!is_past(self, deadline))
        actor_park(self, &wait, deadline);
}

void troupe_defer_message(troupe_actor *self)
{
    struct actor_current *current = actor_current(self);

    actor_require(self,
                  !self->process && current->type != 0 && self->home->running == self,
                  "only the message that a handler has in hand can be put aside");
    actor_require(self, !current->is_answered && !current->is_kept,
                  "a message that was answered or kept cannot be put aside");
    current->is_deferred = true;
}

void *troupe_state(troupe_actor *self)
{
    return self->state;
}

const void *troupe_arguments_bytes(troupe_actor *self, const troupe_type *type)
{
    const struct actor_extra *extra = self->extra;

    if (!extra || !extra->arguments)
        return NULL;
    return extra->arguments_type == message_table_id(self->home->table, type)
               ? extra->arguments
               : NULL;
}

void troupe_become(troupe_actor *self, const troupe_behavior *behavior)
{
    const struct actor_behavior *next = actor_behavior_find(self->home, behavior);

    actor_require(self, next != NULL, "the program does not list behavior '%s'",
                  behavior ? behavior->name : "NULL");
    actor_require(self, !self->process && !next->is_process,
                  "only a handler actor becomes, and only another handler");
    actor_require(self,
                  next->state_bytes == self->behavior->state_bytes &&
                      actor_state_type_equal(next, self->behavior),
                  "'%s' has another state type than '%s'", behavior->name,
                  self->behavior->source->name);
    self->behavior = next;
    actor_forget(self);
}

size_t troupe_stack_used(const troupe_actor *self)
{
    if (!self->process || !self->process->fiber)
        return 0;
    return fiber_stack_used(self->process->fiber);
}
