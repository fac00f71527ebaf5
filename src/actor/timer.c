/* SPDX-License-Identifier: BSD-3-Clause */
#include "actor/actor.h"
#include <string.h>

/* Deadlines and timers: one heap for all of a rank. */

bool actor_heap_put(struct actor_rank *home,
                    struct heap_node *node,
                    int64_t at_ns,
                    uint64_t order,
                    void (*fire)(struct heap_node *node))
{
    node->at_ns = at_ns;
    node->order = order;
    node->fire = fire;
    return heap_add(&home->timers, node);
}

bool actor_heap_add(struct actor_rank *home,
                    struct heap_node *node,
                    int64_t at_ns,
                    void (*fire)(struct heap_node *node))
{
    return actor_heap_put(home, node, at_ns, ++home->next_order, fire);
}

int64_t actor_timers_next_ns(const struct actor_rank *home)
{
    const struct heap_node *node = heap_first(&home->timers);

    return node ? node->at_ns : INT64_MAX;
}

bool actor_timers_run(struct actor_rank *home)
{
    int64_t now_ns = comm_now_ns(home->comm);
    bool has_fired = false;

    while (actor_timers_next_ns(home) <= now_ns) {
        struct heap_node *node = heap_first(&home->timers);

        heap_remove(&home->timers, node);
        node->fire(node);
        has_fired = true;
    }
    return has_fired;
}

int64_t troupe_now_ns(const troupe_actor *self)
{
    return comm_now_ns(self->home->comm);
}

troupe_deadline troupe_after_s(const troupe_actor *self, double seconds)
{
    double span_ns = seconds * 1e9;
    int64_t now_ns;

    if (!(seconds > 0))
        return TROUPE_NOW;
    now_ns = comm_now_ns(self->home->comm);
    if (span_ns >= (double)(INT64_MAX / 2))
        return TROUPE_FOREVER;
    return (troupe_deadline){now_ns + (int64_t)span_ns};
}

static bool is_periodic(const struct actor_timer *timer)
{
    return timer->kind != ACTOR_TIMER_AFTER;
}

static bool holds_end(const struct actor_timer *timer)
{
    return timer->kind != ACTOR_TIMER_EVERY;
}

static void timer_free(struct actor_rank *home, struct actor_timer *timer)
{
    if (timer->heap.place)
        heap_remove(&home->timers, &timer->heap);
    home->n_vain -= timer->is_vain;
    home->n_holding -= holds_end(timer);
    home->n_ticking -= is_periodic(timer);
    (void)base_map_remove(&home->timers_by_reference, timer->reference);
    base_list_remove(&timer->node);
    message_block_give(home->pool, timer, timer->block_class);
}

void actor_timers_free(troupe_actor *actor)
{
    BASE_LIST_EACH(node, &actor->extra->timers)
    {
        timer_free(actor->home, CONTAINER_OF(node, struct actor_timer, node));
    }
}

static void send(struct actor_rank *home, const struct actor_timer *timer)
{
    struct message_envelope *envelope = message_take(home->pool, timer->size_bytes);

    base_require_memory(envelope != NULL, "no memory for a timer's message");
    if (timer->size_bytes)
        memcpy(envelope->inline_payload, timer->body, timer->size_bytes);
    envelope->type = timer->type;
    envelope->sender = timer->owner->address;
    envelope->reference = timer->reference;
    envelope->flags = is_periodic(timer) ? MESSAGE_TICK : 0;
    if (!is_periodic(timer))
        actor_earlier_force(timer->owner, timer->to);
    actor_send_exempt(home, timer->to, envelope);
}

static void after_fires(struct heap_node *node)
{
    struct actor_timer *timer = CONTAINER_OF(node, struct actor_timer, heap);
    struct actor_rank *home = timer->owner->home;

    send(home, timer);
    timer_free(home, timer);
}

/* Where even the mail before it has not left, nobody has read the tick before. */
static bool is_way_open(const struct actor_rank *home, uint64_t to)
{
    int peer = actor_rank_of(home, to);

    return peer < 0 || peer == home->me || !comm_is_congested(home->comm, peer);
}

static void tick(struct actor_rank *home, struct actor_timer *timer)
{
    uint64_t n_dropped = home->counts.n_dropped_ticks;

    if (is_way_open(home, timer->to))
        send(home, timer);
    else
        home->counts.n_dropped_ticks++;
    home->n_vain -= timer->is_vain;
    timer->is_vain = home->counts.n_dropped_ticks != n_dropped;
    home->n_vain += timer->is_vain;
}

/* Its receiver does not run before it reads, and each further tick is dropped. */
static bool is_unread(struct actor_rank *home, const struct actor_timer *timer)
{
    troupe_actor *receiver =
        actor_is_local(home, timer->to) ? actor_find(home, timer->to) : NULL;

    return receiver && actor_has_tick(receiver, timer->reference);
}

/* Mailboxes are looked at only where each tick was dropped of late. */
bool actor_ticks_matter(struct actor_rank *home)
{
    uint32_t position = 0;
    uint64_t reference;
    void *timer;

    if (LIKELY(home->n_ticking == 0))
        return false;
    if (home->n_vain < home->n_ticking)
        return true;
    while (base_map_next(&home->timers_by_reference, &position, &reference, &timer))
        if (is_periodic(timer) && !is_unread(home, timer))
            return true;
    return false;
}

/* Periods that were missed are not made up for. */
static void every_fires(struct heap_node *node)
{
    struct actor_timer *timer = CONTAINER_OF(node, struct actor_timer, heap);
    struct actor_rank *home = timer->owner->home;
    int64_t now_ns = comm_now_ns(home->comm);
    int64_t n_periods = 1 + (now_ns - node->at_ns) / timer->period_ns;

    tick(home, timer);
    base_require_memory(actor_heap_add(home, node,
                                       node->at_ns + n_periods * timer->period_ns,
                                       every_fires),
                        "no memory for a timer");
}

bool actor_timer_hang(troupe_actor *self,
                      const struct actor_timer *model,
                      const void *body)
{
    struct actor_rank *home = self->home;
    uint8_t block_class;
    struct actor_timer *timer;

    if (!actor_extra_try(self))
        return false;
    timer =
        message_block_take(home->pool, sizeof *timer + model->size_bytes, &block_class);
    if (!timer)
        return false;
    *timer = *model;
    timer->block_class = block_class;
    if (model->size_bytes)
        memcpy(timer->body, body, model->size_bytes);
    base_list_append(&self->extra->timers, &timer->node);
    home->n_holding += holds_end(timer);
    home->n_ticking += is_periodic(timer);
    if (base_map_put(&home->timers_by_reference, timer->reference, timer) &&
        actor_heap_put(home, &timer->heap, model->heap.at_ns, model->heap.order,
                       is_periodic(timer) ? every_fires : after_fires))
        return true;
    timer_free(home, timer);
    return false;
}

static troupe_status timer_make(troupe_actor *self,
                                struct actor_timer *model,
                                const void *body,
                                int64_t delay_ns,
                                troupe_reference *reference)
{
    int64_t now_ns = comm_now_ns(self->home->comm);

    if (delay_ns > INT64_MAX - now_ns)
        delay_ns = INT64_MAX - now_ns;
    model->heap.at_ns = now_ns + delay_ns;
    model->heap.order = ++self->home->next_order;
    model->reference = actor_reference_make(self->home);
    if (!actor_timer_hang(self, model, body))
        return TROUPE_NO_MEMORY;
    if (reference)
        reference->bits = model->reference;
    return TROUPE_OK;
}

troupe_status troupe_send_after_bytes(troupe_actor *self,
                                      troupe_address to,
                                      int64_t delay_ns,
                                      const troupe_type *type,
                                      const void *body,
                                      size_t size_bytes,
                                      troupe_reference *timer)
{
    struct actor_timer model = {.kind = ACTOR_TIMER_AFTER,
                                .owner = self,
                                .to = to.bits,
                                .type =
                                    actor_type_checked(self, type, body, size_bytes),
                                .size_bytes = size_bytes};

    return timer_make(self, &model, body, delay_ns > 0 ? delay_ns : 0, timer);
}

static troupe_status every_make(troupe_actor *self,
                                struct actor_timer *model,
                                const troupe_type *type,
                                const void *body,
                                troupe_reference *timer)
{
    model->owner = self;
    model->type = actor_type_checked(self, type, body, model->size_bytes);
    if (model->period_ns <= 0)
        return TROUPE_INVALID;
    return timer_make(self, model, body, model->period_ns, timer);
}

troupe_status troupe_send_every_bytes(troupe_actor *self,
                                      troupe_address to,
                                      int64_t period_ns,
                                      const troupe_type *type,
                                      const void *body,
                                      size_t size_bytes,
                                      troupe_reference *timer)
{
    struct actor_timer model = {.kind = ACTOR_TIMER_EVERY,
                                .to = to.bits,
                                .period_ns = period_ns,
                                .size_bytes = size_bytes};

    return every_make(self, &model, type, body, timer);
}

troupe_status troupe_send_every_holding_bytes(troupe_actor *self,
                                              troupe_address to,
                                              int64_t period_ns,
                                              const troupe_type *type,
                                              const void *body,
                                              size_t size_bytes,
                                              troupe_reference *timer)
{
    struct actor_timer model = {.kind = ACTOR_TIMER_HOLDING,
                                .to = to.bits,
                                .period_ns = period_ns,
                                .size_bytes = size_bytes};

    return every_make(self, &model, type, body, timer);
}

troupe_status troupe_cancel(troupe_actor *self, troupe_reference reference)
{
    struct actor_timer *timer =
        reference.bits ? base_map_get(&self->home->timers_by_reference, reference.bits)
                       : NULL;

    if (!timer || timer->owner != self)
        return TROUPE_NOT_FOUND;
    timer_free(self->home, timer);
    return TROUPE_OK;
}
