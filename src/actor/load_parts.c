/* SPDX-License-Identifier: BSD-3-Clause */
#include "actor/deliver.h"
#include "actor/saved.h"
#include <string.h>

/* What hangs on an actor beside its state comes back, in the order of save_parts.c. */

/* ---- mail ---- */

static troupe_status load_envelope(const struct saved_loading *loading,
                                   struct base_cursor *cursor,
                                   struct message_envelope **loaded)
{
    uint64_t then = saved_number(cursor);
    uint8_t flags = (uint8_t)saved_number(cursor);
    uint64_t sender = base_cursor_u64(cursor), reference = saved_number(cursor);
    uint32_t incarnation = (uint32_t)saved_number(cursor);
    uint64_t size_bytes = saved_number(cursor);
    const void *payload = base_cursor_take(cursor, size_bytes);
    struct message_envelope *envelope;

    if (cursor->failed)
        return TROUPE_INVALID;
    envelope = message_take(loading->home->pool, size_bytes);
    if (!envelope)
        return TROUPE_NO_MEMORY;
    envelope->type = saved_type_now(loading, then);
    if (envelope->type == 0) {
        message_give(loading->home->pool, envelope);
        return TROUPE_SCHEMA;
    }
    if (size_bytes)
        memcpy(envelope->inline_payload, payload, size_bytes);
    envelope->flags |= flags & SAVED_MAIL_FLAGS;
    envelope->sender = sender;
    envelope->reference = reference;
    envelope->incarnation = incarnation;
    *loaded = envelope;
    return TROUPE_OK;
}

static void
note_failed(struct saved_loading *loading, uint64_t caller, uint64_t reference)
{
    base_bytes_append_u64(&loading->failed, caller);
    base_bytes_append_u64(&loading->failed, reference);
}

/* Its behavior takes this type no more. */
static void refuse(struct saved_loading *loading,
                   const troupe_actor *actor,
                   struct message_envelope *envelope)
{
    if (envelope->flags & MESSAGE_REQUEST)
        note_failed(loading, envelope->sender, envelope->reference);
    actor_dead_letter(loading->home, ACTOR_DEAD_REFUSED, envelope->sender,
                      actor->address, envelope->type);
    message_give(loading->home->pool, envelope);
}

static void put_aside(troupe_actor *actor, struct message_envelope *envelope)
{
    struct actor_extra *extra = actor_extra(actor);

    *extra->stash_tail = envelope;
    extra->stash_tail = &envelope->next;
    actor->n_queued++;
    actor->n_exempt += (envelope->flags & MESSAGE_EXEMPT) != 0;
    actor->home->queued_bytes += envelope->size_bytes;
    actor->flags |= ACTOR_HAS_STASH;
}

static troupe_status load_mail(struct saved_loading *loading,
                               troupe_actor *actor,
                               struct base_cursor *cursor,
                               void (*append)(troupe_actor *actor,
                                              struct message_envelope *envelope))
{
    for (uint64_t n = saved_number(cursor); n > 0; n--) {
        struct message_envelope *envelope;

        TROUPE_TRY(load_envelope(loading, cursor, &envelope));
        if (actor_accepts(actor, envelope->type))
            append(actor, envelope);
        else
            refuse(loading, actor, envelope);
    }
    return TROUPE_OK;
}

static void append_mail(troupe_actor *actor, struct message_envelope *envelope)
{
    actor_append(actor, envelope);
}

/* ---- what is watched, called, timed ---- */

static troupe_status load_watches(troupe_actor *actor, struct base_cursor *cursor)
{
    for (uint64_t n = saved_number(cursor); n > 0; n--) {
        uint64_t watcher = base_cursor_u64(cursor), reference = saved_number(cursor);

        if (cursor->failed)
            return TROUPE_INVALID;
        if (!actor_monitor_hang(actor, watcher, reference))
            return TROUPE_NO_MEMORY;
    }
    for (uint64_t n = saved_number(cursor); n > 0; n--) {
        uint64_t target = base_cursor_u64(cursor), reference = saved_number(cursor);

        if (cursor->failed)
            return TROUPE_INVALID;
        if (!actor_watch_hang(actor, target, reference))
            return TROUPE_NO_MEMORY;
    }
    return TROUPE_OK;
}

/* What was put is the time left, and one; 0: for ever. */
static int64_t time_of(const struct saved_loading *loading, uint64_t left_ns)
{
    uint64_t most_ns = (uint64_t)(INT64_MAX - 1 - loading->now_ns);

    if (left_ns == 0)
        return INT64_MAX;
    return loading->now_ns + (int64_t)(left_ns - 1 < most_ns ? left_ns - 1 : most_ns);
}

static troupe_status load_calls(const struct saved_loading *loading,
                                troupe_actor *actor,
                                struct base_cursor *cursor)
{
    for (uint64_t n = saved_number(cursor); n > 0; n--) {
        uint64_t server = base_cursor_u64(cursor), reference = saved_number(cursor);
        int64_t at_ns = time_of(loading, saved_number(cursor));
        uint64_t order = saved_number(cursor);

        if (cursor->failed)
            return TROUPE_INVALID;
        if (!actor_call_hang(actor, server, reference, at_ns, order))
            return TROUPE_NO_MEMORY;
    }
    return TROUPE_OK;
}

static troupe_status load_requests(struct saved_loading *loading,
                                   troupe_actor *actor,
                                   struct base_cursor *cursor)
{
    for (uint64_t n = saved_number(cursor); n > 0; n--) {
        struct actor_current request = {.sender = base_cursor_u64(cursor)};

        request.reference = saved_number(cursor);
        request.incarnation = (uint32_t)saved_number(cursor);
        if (cursor->failed)
            return TROUPE_INVALID;
        if (actor_knows_restarts(actor->behavior))
            actor_request_note(actor, &request);
        else
            note_failed(loading, request.sender, request.reference);
    }
    return TROUPE_OK;
}

static troupe_status load_timers(const struct saved_loading *loading,
                                 troupe_actor *actor,
                                 struct base_cursor *cursor)
{
    for (uint64_t n = saved_number(cursor); n > 0; n--) {
        struct actor_timer model = {.owner = actor};
        const void *body;

        model.kind = (enum actor_timer_kind)saved_number(cursor);
        model.to = base_cursor_u64(cursor);
        model.reference = saved_number(cursor);
        model.period_ns = (int64_t)saved_number(cursor);
        model.heap.at_ns = time_of(loading, saved_number(cursor));
        model.heap.order = saved_number(cursor);
        model.type = saved_type_now(loading, saved_number(cursor));
        model.size_bytes = saved_number(cursor);
        body = base_cursor_take(cursor, model.size_bytes);
        if (cursor->failed || model.kind > ACTOR_TIMER_HOLDING ||
            (model.kind != ACTOR_TIMER_AFTER && model.period_ns <= 0))
            return TROUPE_INVALID;
        if (model.type == 0)
            return TROUPE_SCHEMA;
        if (!actor_timer_hang(actor, &model, body))
            return TROUPE_NO_MEMORY;
    }
    return TROUPE_OK;
}

static troupe_status load_held(const struct saved_loading *loading,
                               troupe_actor *actor,
                               struct base_cursor *cursor)
{
    for (uint64_t n = saved_number(cursor); n > 0; n--) {
        uint64_t held = saved_number(cursor);
        struct message_envelope *envelope;

        TROUPE_TRY(load_envelope(loading, cursor, &envelope));
        if (!actor_held_hang(actor, envelope, held)) {
            message_give(loading->home->pool, envelope);
            return TROUPE_NO_MEMORY;
        }
    }
    return TROUPE_OK;
}

/* They wait here until all actors are there, then go their way. */
static troupe_status load_reserved(const struct saved_loading *loading,
                                   troupe_actor *actor,
                                   struct base_cursor *cursor)
{
    struct actor_rank *home = loading->home;

    for (uint64_t n = saved_number(cursor); n > 0; n--) {
        uint64_t to = base_cursor_u64(cursor);
        struct message_envelope *envelope;

        TROUPE_TRY(load_envelope(loading, cursor, &envelope));
        if (!actor_parcel_hang(actor, to, envelope, &home->peers[home->me].gate)) {
            message_give(home->pool, envelope);
            return TROUPE_NO_MEMORY;
        }
    }
    return TROUPE_OK;
}

static troupe_status load_arguments(const struct saved_loading *loading,
                                    troupe_actor *actor,
                                    struct base_cursor *cursor)
{
    uint64_t stack_bytes = saved_number(cursor), type = saved_number(cursor);
    uint64_t size_bytes = type ? saved_number(cursor) : 0;
    const void *bytes = base_cursor_take(cursor, size_bytes);
    struct actor_extra *extra;

    if (cursor->failed)
        return TROUPE_INVALID;
    extra = actor_extra_try(actor);
    if (!extra)
        return TROUPE_NO_MEMORY;
    extra->stack_bytes = stack_bytes;
    if (type == 0)
        return TROUPE_OK;
    extra->arguments_type = saved_type_now(loading, type);
    if (extra->arguments_type == 0)
        return TROUPE_SCHEMA;
    extra->arguments = message_block_take(
        actor->home->pool, size_bytes ? size_bytes : 1, &extra->arguments_class);
    if (!extra->arguments)
        return TROUPE_NO_MEMORY;
    if (size_bytes)
        memcpy(extra->arguments, bytes, size_bytes);
    return TROUPE_OK;
}

static troupe_status load_extra(struct saved_loading *loading,
                                troupe_actor *actor,
                                struct base_cursor *cursor)
{
    TROUPE_TRY(load_arguments(loading, actor, cursor));
    TROUPE_TRY(load_watches(actor, cursor));
    TROUPE_TRY(load_calls(loading, actor, cursor));
    TROUPE_TRY(load_requests(loading, actor, cursor));
    TROUPE_TRY(load_timers(loading, actor, cursor));
    TROUPE_TRY(load_held(loading, actor, cursor));
    return load_reserved(loading, actor, cursor);
}

static troupe_status load_exit(troupe_actor *actor, struct base_cursor *cursor)
{
    enum troupe_exit_kind kind = (enum troupe_exit_kind)saved_number(cursor);
    troupe_status status = (troupe_status)saved_number(cursor);
    char text[TROUPE_TEXT_BYTES];

    base_cursor_text(cursor, text, sizeof text);
    if (cursor->failed)
        return TROUPE_INVALID;
    actor_end_with(actor, kind, status, "%s", text);
    return TROUPE_OK;
}

troupe_status saved_parts_load(struct saved_loading *loading,
                               troupe_actor *actor,
                               struct base_cursor *cursor,
                               uint32_t bits)
{
    if (bits & SAVED_INCARNATION)
        actor->incarnation = (uint32_t)saved_number(cursor);
    if (bits & SAVED_LIMITS) {
        actor->capacity = (uint32_t)saved_number(cursor);
        actor->overflow = (uint8_t)saved_number(cursor);
    }
    if (bits & SAVED_ENDING)
        TROUPE_TRY(load_exit(actor, cursor));
    if (bits & SAVED_EXTRA)
        TROUPE_TRY(load_extra(loading, actor, cursor));
    if (bits & SAVED_PUT_ASIDE)
        TROUPE_TRY(load_mail(loading, actor, cursor, put_aside));
    if (bits & SAVED_MAIL)
        TROUPE_TRY(load_mail(loading, actor, cursor, append_mail));
    return cursor->failed ? TROUPE_INVALID : TROUPE_OK;
}
