/* SPDX-License-Identifier: BSD-3-Clause */
#include "actor/actor.h"
#include <string.h>

/*
 * Monitors. The watched actor's rank keeps who watches, the watcher's rank keeps whom:
 * a troupe_down is delivered only while the watch stands, so there is exactly one.
 */

static void watch_free(struct actor_rank *home, struct actor_watch *watch)
{
    (void)base_map_remove(&home->watches, watch->reference);
    base_list_remove(&watch->node);
    message_block_give(home->pool, watch, watch->block_class);
}

static void monitor_free(struct actor_rank *home, struct actor_monitor *monitor)
{
    (void)base_map_remove(&home->monitors, monitor->reference);
    base_list_remove(&monitor->node);
    message_block_give(home->pool, monitor, monitor->block_class);
}

/* A watched actor has ended: its troupe_down, if the watch still stands here. */
static void deliver_down(struct actor_rank *home,
                         uint64_t reference,
                         uint64_t target,
                         uint32_t incarnation,
                         const struct actor_exit *exit)
{
    struct actor_watch *watch = base_map_get(&home->watches, reference);
    struct message_envelope *envelope;
    struct troupe_down *down;
    uint64_t watcher;

    if (!watch)
        return;
    watcher = watch->watcher->address;
    watch_free(home, watch);
    envelope = message_take(home->pool, sizeof *down);
    base_require_memory(envelope != NULL, "no memory to tell of an actor's end");
    down = (struct troupe_down *)(void *)envelope->inline_payload;
    memset(down, 0, sizeof *down);
    down->who.bits = target;
    down->monitor.bits = reference;
    down->incarnation = incarnation;
    down->kind = exit->kind;
    down->status = exit->status;
    memcpy(down->text, exit->text, sizeof down->text);
    envelope->type = home->down_type;
    envelope->sender = target;
    envelope->reference = reference;
    actor_send_exempt(home, watcher, envelope);
}

static void send_down(struct actor_rank *home,
                      const struct actor_monitor *monitor,
                      uint64_t target,
                      uint32_t incarnation,
                      const struct actor_exit *exit)
{
    struct comm_header header = {.kind = ACTOR_KIND_DOWN,
                                 .to = monitor->watcher,
                                 .from = target,
                                 .reference = monitor->reference,
                                 .incarnation = incarnation};
    int peer = actor_rank_of(home, monitor->watcher);

    if (home->is_ending)
        return;
    if (peer == home->me)
        deliver_down(home, monitor->reference, target, incarnation, exit);
    else
        comm_post_must(home->comm, peer, &header, exit, sizeof *exit);
}

void actor_down_arrived(struct actor_rank *home, struct comm_record *record)
{
    struct actor_exit exit;

    comm_require(home->comm, record, record->size_bytes == sizeof exit, "its size");
    memcpy(&exit, record->payload, sizeof exit);
    /* The status is whatever the program returned, also a number of its own. */
    comm_require(home->comm, record,
                 (uint32_t)exit.kind <= TROUPE_EXIT_NO_ACTOR &&
                     actor_is_of_source(home, record->header.from, record),
                 "nobody ends like this");
    exit.text[sizeof exit.text - 1] = '\0';
    deliver_down(home, record->header.reference, record->header.from,
                 record->header.incarnation, &exit);
}

void actor_monitors_fire(troupe_actor *actor, const struct actor_exit *exit)
{
    BASE_LIST_EACH(node, &actor->extra->monitors)
    {
        struct actor_monitor *monitor = CONTAINER_OF(node, struct actor_monitor, node);

        send_down(actor->home, monitor, actor->address, actor->incarnation, exit);
        monitor_free(actor->home, monitor);
    }
}

bool actor_monitor_hang(troupe_actor *actor, uint64_t watcher, uint64_t reference)
{
    struct actor_rank *home = actor->home;
    uint8_t block_class;
    struct actor_monitor *kept =
        message_block_take(home->pool, sizeof *kept, &block_class);

    if (!kept)
        return false;
    *kept = (struct actor_monitor){
        .watcher = watcher, .reference = reference, .block_class = block_class};
    if (!actor_extra_try(actor) || !base_map_put(&home->monitors, reference, kept)) {
        message_block_give(home->pool, kept, block_class);
        return false;
    }
    base_list_append(&actor->extra->monitors, &kept->node);
    return true;
}

/* Keeps who watches, or says at once that there is nobody. False: no memory. */
static bool monitor_add(struct actor_rank *home,
                        uint64_t target,
                        uint64_t watcher,
                        uint64_t reference)
{
    static const struct actor_exit no_actor = {
        .kind = TROUPE_EXIT_NO_ACTOR, .text = "there is no actor at this address"};
    const struct actor_monitor monitor = {.watcher = watcher, .reference = reference};
    troupe_actor *actor = actor_find_or_embryo(home, target);

    if (actor)
        return actor_monitor_hang(actor, watcher, reference);
    send_down(home, &monitor, target, 0, &no_actor);
    return true;
}

void actor_monitor_add(struct actor_rank *home,
                       uint64_t target,
                       uint64_t watcher,
                       uint64_t reference)
{
    base_require_memory(monitor_add(home, target, watcher, reference),
                        "no memory to note who watches an actor");
}

void actor_monitor_arrived(struct actor_rank *home, const struct comm_record *record)
{
    const struct comm_header *header = &record->header;

    comm_require(home->comm, record,
                 header->reference != 0 &&
                     actor_is_of_source(home, header->from, record) &&
                     actor_rank_of(home, header->to) == home->me,
                 "whom it watches, or who does, is elsewhere");
    actor_monitor_add(home, header->to, header->from, header->reference);
}

void actor_monitor_remove(struct actor_rank *home, uint64_t reference)
{
    struct actor_monitor *monitor = base_map_get(&home->monitors, reference);

    if (monitor)
        monitor_free(home, monitor);
}

static void tell_watched(struct actor_rank *home, const struct actor_watch *watch)
{
    struct comm_header header = {.kind = ACTOR_KIND_DEMONITOR,
                                 .to = watch->target,
                                 .reference = watch->reference};
    int peer = actor_rank_of(home, watch->target);

    if (peer == home->me)
        actor_monitor_remove(home, watch->reference);
    else if (peer >= 0 && !home->is_ending)
        comm_post_must(home->comm, peer, &header, NULL, 0);
}

void actor_watches_free(troupe_actor *actor)
{
    BASE_LIST_EACH(node, &actor->extra->watching)
    {
        struct actor_watch *watch = CONTAINER_OF(node, struct actor_watch, node);

        tell_watched(actor->home, watch);
        watch_free(actor->home, watch);
    }
}

bool actor_watch_hang(troupe_actor *self, uint64_t target, uint64_t reference)
{
    struct actor_rank *home = self->home;
    uint8_t block_class;
    struct actor_watch *watch;

    if (!actor_extra_try(self))
        return false;
    watch = message_block_take(home->pool, sizeof *watch, &block_class);
    if (!watch)
        return false;
    watch->target = target;
    watch->reference = reference;
    watch->watcher = self;
    watch->block_class = block_class;
    if (!base_map_put(&home->watches, watch->reference, watch)) {
        message_block_give(home->pool, watch, block_class);
        return false;
    }
    base_list_append(&self->extra->watching, &watch->node);
    return true;
}

troupe_status
actor_watch_begin(troupe_actor *self, uint64_t target, uint64_t *reference)
{
    uint64_t bits = actor_reference_make(self->home);

    if (!actor_watch_hang(self, target, bits))
        return TROUPE_NO_MEMORY;
    *reference = bits;
    return TROUPE_OK;
}

void actor_watch_cancel(struct actor_rank *home, uint64_t reference)
{
    if (reference)
        watch_free(home, base_map_get(&home->watches, reference));
}

troupe_status
troupe_monitor(troupe_actor *self, troupe_address who, troupe_reference *monitor)
{
    struct actor_rank *home = self->home;
    struct comm_header header = {
        .kind = ACTOR_KIND_MONITOR, .to = who.bits, .from = self->address};
    int peer = actor_rank_of(home, who.bits);

    actor_require(self, self->behavior->accepts_down,
                  "who monitors must accept troupe_down");
    actor_require(self, peer >= 0, "there is no such address to monitor");
    actor_require(self, monitor, "no place for the monitor's reference");
    TROUPE_TRY(actor_watch_begin(self, who.bits, &header.reference));
    if (peer != home->me) {
        comm_post_must(home->comm, peer, &header, NULL, 0);
    } else if (!monitor_add(home, who.bits, self->address, header.reference)) {
        actor_watch_cancel(home, header.reference);
        return TROUPE_NO_MEMORY;
    }
    monitor->bits = header.reference;
    return TROUPE_OK;
}

troupe_status troupe_demonitor(troupe_actor *self, troupe_reference monitor)
{
    struct actor_rank *home = self->home;
    struct actor_watch *watch =
        monitor.bits ? base_map_get(&home->watches, monitor.bits) : NULL;

    if (watch && watch->watcher == self) {
        tell_watched(home, watch);
        watch_free(home, watch);
        return TROUPE_OK;
    }
    if (monitor.bits == 0 ||
        !actor_mailbox_remove_reference(self, home->down_type, monitor.bits))
        return TROUPE_NOT_FOUND;
    actor_mailbox_drained(self);
    return TROUPE_OK;
}
