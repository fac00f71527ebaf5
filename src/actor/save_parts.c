/* SPDX-License-Identifier: BSD-3-Clause */
#include "actor/saved.h"

/* What hangs on an actor beside its state. */

uint32_t saved_bits_of(const troupe_actor *actor)
{
    const struct actor_behavior *behavior = actor->behavior;
    bool has_begun = (actor->flags & (ACTOR_STARTED | ACTOR_RESTORED)) != 0;
    uint32_t bits = has_begun ? SAVED_STARTED : 0;

    if (has_begun && behavior->state_bytes >= SAVED_LARGE_BYTES &&
        !behavior->source->save)
        bits |= SAVED_STATE_APART;
    if (UNLIKELY(actor->incarnation))
        bits |= SAVED_INCARNATION;
    if (UNLIKELY(actor->capacity != behavior->capacity ||
                 actor->overflow != (uint8_t)behavior->overflow))
        bits |= SAVED_LIMITS;
    if (UNLIKELY(actor->flags & ACTOR_ENDING))
        bits |= SAVED_ENDING;
    if (actor->extra || (actor->process && actor->process->current.type))
        bits |= SAVED_EXTRA;
    if (UNLIKELY(actor->flags & ACTOR_HAS_STASH))
        bits |= SAVED_PUT_ASIDE;
    if (actor->head)
        bits |= SAVED_MAIL;
    return bits;
}

/* ---- mail ---- */

static void put_envelope(struct saving *saving, const struct message_envelope *envelope)
{
    struct base_bytes *bytes = &saving->page;

    if (UNLIKELY(envelope->flags & MESSAGE_PENDING)) {
        saving->status = TROUPE_PENDING;
        return;
    }
    saved_number_put(bytes, envelope->type);
    saved_number_put(bytes, envelope->flags & SAVED_MAIL_FLAGS);
    base_bytes_append_u64(bytes, envelope->sender);
    saved_number_put(bytes, envelope->reference);
    saved_number_put(bytes, envelope->incarnation);
    saved_number_put(bytes, envelope->size_bytes);
    base_bytes_append(bytes, message_payload(envelope), envelope->size_bytes);
}

static void put_mail(struct saving *saving, const struct message_envelope *first)
{
    uint64_t n = 0;

    for (const struct message_envelope *mail = first; mail; mail = mail->next)
        n++;
    saved_number_put(&saving->page, n);
    for (const struct message_envelope *mail = first; mail; mail = mail->next)
        put_envelope(saving, mail);
}

/* ---- what is watched, called, timed ---- */

/* How many of a list follow; none if it is not to be kept. */
static bool put_count(struct saving *saving,
                      const struct base_list *list,
                      bool keeps,
                      uint64_t more)
{
    uint64_t n = 0;

    for (const struct base_list *node = list->next; keeps && node != list;
         node = node->next)
        n++;
    saved_number_put(&saving->page, n + more);
    return n > 0;
}

#define EACH_KEPT(node, list, keeps)                                                   \
    if (put_count(saving, (list), (keeps), 0))                                         \
    BASE_LIST_EACH(node, list)

static void
put_watches(struct saving *saving, const struct actor_extra *extra, bool keeps)
{
    struct base_bytes *bytes = &saving->page;

    EACH_KEPT(node, &extra->monitors, true)
    {
        const struct actor_monitor *monitor =
            CONTAINER_OF(node, struct actor_monitor, node);

        base_bytes_append_u64(bytes, monitor->watcher);
        saved_number_put(bytes, monitor->reference);
    }
    EACH_KEPT(node, &extra->watching, keeps)
    {
        const struct actor_watch *watch = CONTAINER_OF(node, struct actor_watch, node);

        base_bytes_append_u64(bytes, watch->target);
        saved_number_put(bytes, watch->reference);
    }
}

/* The time left, and one; 0: it waits for ever. */
static uint64_t time_left(const struct saving *saving, const struct heap_node *node)
{
    if (node->place == 0)
        return 0;
    return node->at_ns > saving->now_ns ? (uint64_t)(node->at_ns - saving->now_ns) + 1
                                        : 1;
}

static void
put_calls(struct saving *saving, const struct actor_extra *extra, bool keeps)
{
    struct base_bytes *bytes = &saving->page;

    EACH_KEPT(node, &extra->calls, keeps)
    {
        const struct actor_pending_call *call =
            CONTAINER_OF(node, struct actor_pending_call, node);

        base_bytes_append_u64(bytes, call->server);
        saved_number_put(bytes, call->reference);
        saved_number_put(bytes, time_left(saving, &call->deadline));
        saved_number_put(bytes, call->deadline.order);
    }
}

static void put_request(struct saving *saving,
                        uint64_t caller,
                        uint64_t reference,
                        uint32_t incarnation)
{
    base_bytes_append_u64(&saving->page, caller);
    saved_number_put(&saving->page, reference);
    saved_number_put(&saving->page, incarnation);
}

/* With the one in hand, which a process loses with its stack. */
static void put_requests(struct saving *saving,
                         const troupe_actor *actor,
                         const struct actor_extra *extra)
{
    const struct actor_current *hand = actor->process ? &actor->process->current : NULL;
    bool has_one =
        hand && hand->type && (hand->flags & MESSAGE_REQUEST) && !hand->is_answered;

    put_count(saving, &extra->requests, true, has_one);
    BASE_LIST_EACH(node, &extra->requests)
    {
        const struct actor_request *request =
            CONTAINER_OF(node, struct actor_request, node);

        put_request(saving, request->caller, request->reference, request->incarnation);
    }
    if (has_one)
        put_request(saving, hand->sender, hand->reference, hand->incarnation);
}

static void
put_timers(struct saving *saving, const struct actor_extra *extra, bool keeps)
{
    struct base_bytes *bytes = &saving->page;

    EACH_KEPT(node, &extra->timers, keeps)
    {
        const struct actor_timer *timer = CONTAINER_OF(node, struct actor_timer, node);

        saved_number_put(bytes, timer->kind);
        base_bytes_append_u64(bytes, timer->to);
        saved_number_put(bytes, timer->reference);
        saved_number_put(bytes, (uint64_t)timer->period_ns);
        saved_number_put(bytes, time_left(saving, &timer->heap));
        saved_number_put(bytes, timer->heap.order);
        saved_number_put(bytes, timer->type);
        saved_number_put(bytes, timer->size_bytes);
        base_bytes_append(bytes, timer->body, timer->size_bytes);
    }
}

/* Messages that the state names; any other is known by a pointer only. */
static void put_held(struct saving *saving, const struct actor_extra *extra, bool keeps)
{
    uint64_t n = 0;

    BASE_LIST_EACH(node, &extra->owned)
    {
        n += keeps && CONTAINER_OF(node, struct actor_owned, node)->held != 0;
    }
    saved_number_put(&saving->page, n);
    if (n == 0)
        return;
    BASE_LIST_EACH(node, &extra->owned)
    {
        const struct actor_owned *owned = CONTAINER_OF(node, struct actor_owned, node);

        if (owned->held == 0)
            continue;
        saved_number_put(&saving->page, owned->held);
        put_envelope(saving, owned->envelope);
    }
}

static void
put_reserved(struct saving *saving, const struct actor_extra *extra, bool keeps)
{
    EACH_KEPT(node, &extra->reserved, keeps)
    {
        const struct actor_parcel *parcel =
            CONTAINER_OF(node, struct actor_parcel, by_sender);

        base_bytes_append_u64(&saving->page, parcel->to);
        put_envelope(saving, parcel->envelope);
    }
}

static void put_arguments(struct saving *saving, const struct actor_extra *extra)
{
    struct base_bytes *bytes = &saving->page;
    size_t size_bytes = 0;

    saved_number_put(bytes, extra->stack_bytes);
    saved_number_put(bytes, extra->arguments_type);
    if (extra->arguments_type == 0)
        return;
    size_bytes = troupe_value_size(
        message_table_type(saving->home->table, extra->arguments_type),
        extra->arguments);
    saved_number_put(bytes, size_bytes);
    base_bytes_append(bytes, extra->arguments, size_bytes);
}

static void put_extra(struct saving *saving, const troupe_actor *actor)
{
    bool keeps = actor_knows_restarts(actor->behavior);
    struct actor_extra empty = {.stash_head = NULL};
    const struct actor_extra *extra = actor->extra;

    if (!extra) {
        base_list_init(&empty.monitors);
        base_list_init(&empty.watching);
        base_list_init(&empty.calls);
        base_list_init(&empty.requests);
        base_list_init(&empty.timers);
        base_list_init(&empty.owned);
        base_list_init(&empty.reserved);
        extra = &empty;
    }
    put_arguments(saving, extra);
    put_watches(saving, extra, keeps);
    put_calls(saving, extra, keeps);
    put_requests(saving, actor, extra);
    put_timers(saving, extra, keeps);
    put_held(saving, extra, keeps);
    put_reserved(saving, extra, keeps);
}

static void put_exit(struct saving *saving, const troupe_actor *actor)
{
    static const struct actor_exit normal = {.kind = TROUPE_EXIT_NORMAL};
    const struct actor_exit *exit = actor->extra ? &actor->extra->exit : &normal;

    saved_number_put(&saving->page, exit->kind);
    saved_number_put(&saving->page, exit->status);
    base_bytes_append_text(&saving->page, exit->text);
}

void saved_parts_put(struct saving *saving, const troupe_actor *actor, uint32_t bits)
{
    if (bits & SAVED_INCARNATION)
        saved_number_put(&saving->page, actor->incarnation);
    if (bits & SAVED_LIMITS) {
        saved_number_put(&saving->page, actor->capacity);
        saved_number_put(&saving->page, actor->overflow);
    }
    if (bits & SAVED_ENDING)
        put_exit(saving, actor);
    if (bits & SAVED_EXTRA)
        put_extra(saving, actor);
    if (bits & SAVED_PUT_ASIDE)
        put_mail(saving, actor->extra->stash_head);
    if (bits & SAVED_MAIL)
        put_mail(saving, actor->head);
}
