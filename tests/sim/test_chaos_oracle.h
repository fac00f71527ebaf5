/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TEST_CHAOS_ORACLE_H
#define TEST_CHAOS_ORACLE_H

/* What must be true of all that the actors of test_chaos.c do. */

#include "sim/test_chaos_world.h"

/* ---- sending ---- */

static int64_t send_begins(struct player *sender, const struct player *receiver)
{
    sender->sending_to = id_of(receiver);
    return ++sender->n_sent;
}

/* A status that comes with a dead letter leaves one open until that is counted, which
 * has happened already: so the sums meet. */
static void
send_ends(struct player *sender, const struct player *receiver, troupe_status status)
{
    bool is_ending = sender->self->home->is_ending;

    sender->sending_to = -1;
    switch (status) {
    case TROUPE_OK:
        break;
    case TROUPE_DOWN:
        EXPECT(may_be_gone(receiver));
        break;
    case TROUPE_REFUSED:
        EXPECT(receiver->was_mute);
        break;
    case TROUPE_CLOSED:
        EXPECT(is_ending);
        break;
    default:
        EXPECT(status == TROUPE_FULL);
        EXPECT(receiver->overflow == TROUPE_REFUSE || !sender->self->process);
        return;
    }
    world.open[id_of(sender)][id_of(receiver)]++;
    if (sender == receiver && status == TROUPE_OK)
        sender->n_to_self++;
}

/* The hook for dead letters. */
static void letter_comes(void *context, const troupe_dead_letter *letter)
{
    const struct player *from = player_at(letter->sender), *to = player_at(letter->to);

    EXPECT(context == &world);
    world.n_letters++;
    if (!from || !to)
        return;
    if (strcmp(letter->type_name, "small") == 0 ||
        strcmp(letter->type_name, "load") == 0)
        world.open[id_of(from)][id_of(to)]--;
    if (strcmp(letter->type_name, "alarm_bell") == 0)
        world.bells[id_of(from)][id_of(to)]--;
}

/* ---- receiving ---- */

static bool was_aside(int who, int64_t from, int64_t number)
{
    for (int i = 0; i < world.n_aside; i++) {
        const struct aside *aside = &world.aside[i];

        if (aside->who != who || aside->from != from || aside->number != number)
            continue;
        world.aside[i] = world.aside[--world.n_aside];
        return true;
    }
    return false;
}

/* Each sender's mail comes in the order it was sent, and none after its troupe_down. */
static void in_order(troupe_actor *self, int64_t from, int64_t number)
{
    int who = id_of(me(self));

    EXPECT(from >= 0 && from < world.n_players);
    EXPECT(troupe_sender(self).bits == world.player[from].address.bits);
    EXPECT(number > world.last[who][from]);
    EXPECT(number <= world.player[from].n_sent);
    world.last[who][from] = (int32_t)number;
}

/* The same for what counts towards the capacity. */
static void counted_in_order(troupe_actor *self, int64_t from, int64_t number)
{
    in_order(self, from, number);
    me(self)->n_to_self -= from == id_of(me(self));
}

/*
 * No mailbox that drops or refuses has more than its capacity, but what came before its
 * actor, and what the actor sends to itself.
 */
static void within_capacity(const troupe_actor *self, const struct player *player)
{
    uint32_t bound =
        player->capacity > player->n_at_begin ? player->capacity : player->n_at_begin;

    if (player->overflow != TROUPE_PARK && player->capacity != TROUPE_UNBOUNDED)
        EXPECT(actor_n_counted(self) <= bound + (uint32_t)player->n_to_self);
}

static void mail_taken(troupe_actor *self, int64_t from, int64_t number)
{
    int who = id_of(me(self));

    if (!was_aside(who, from, number))
        counted_in_order(self, from, number);
    world.open[from][who]--;
    world.n_taken++;
}

static uint8_t byte_of(int64_t number, uint64_t i)
{
    return (uint8_t)((uint64_t)number * 31 + i);
}

static void data_is_whole(const uint8_t *data, uint64_t n, int64_t number)
{
    for (uint64_t i = 0; i < n; i += i < 64 ? 1 : 997)
        EXPECT(data[i] == byte_of(number, i));
    EXPECT(n == 0 || data[n - 1] == byte_of(number, n - 1));
}

static void data_fill(uint8_t *data, uint64_t n, int64_t number)
{
    for (uint64_t i = 0; i < n; i++)
        data[i] = byte_of(number, i);
}

static uint64_t some_size(struct player *player)
{
    uint32_t limit = scene_is_hostile() ? 2000 : MOST_BYTES;

    switch (below(player, 12)) {
    case 0:
        return below(player, limit);
    case 1:
        return below(player, limit / 10);
    case 2:
        return 0;
    case 3:
        return below(player, 5000);
    default:
        return below(player, 200);
    }
}

/* ---- ends ---- */

/* A defer of every actor's. Of two reasons the first wins: both must be remembered. */
static void life_ends(void *argument)
{
    struct player *player = argument;
    const struct actor_rank *home = player->self->home;

    EXPECT(!player->is_over);
    player->is_over = true;
    player->has_ended = !home->is_ending;
    player->n_defers--;
    EXPECT(player->n_defers == 0); /* this one was registered first */
    if (home->is_ending && world.ending == END_WELL)
        EXPECT(world.n_returned == world.n_ranks);
}

static struct player *life_begins(troupe_actor *self)
{
    struct player *player = me(self);

    EXPECT(!player->has_begun);
    player->has_begun = true;
    player->self = self;
    player->n_at_begin = actor_n_counted(self);
    player->n_defers = 1;
    EXPECT(troupe_defer(self, life_ends, player) == TROUPE_OK);
    return player;
}

/* ---- monitors and calls ---- */

static void watch_note(struct player *watcher,
                       const struct player *target,
                       troupe_reference reference)
{
    struct watch *watch = &world.watch[world.n_watches++];

    *watch = (struct watch){.watcher = id_of(watcher),
                            .target = id_of(target),
                            .reference = reference.bits};
    EXPECT(reference.bits && !book_find(&world.watch_by_reference, reference.bits));
    book_enter(&world.watch_by_reference, reference.bits, watch);
    watcher->watch = reference;
}

static bool is_legal_kind(const struct player *target, const struct troupe_down *down)
{
    if (down->kind == TROUPE_EXIT_NO_ACTOR)
        return may_be_gone(target);
    if ((int)down->kind == target->own_kind)
        return (down->kind == TROUPE_EXIT_FAILED) == (down->status == TROUPE_FAILED);
    return (target->asked_kinds >> down->kind) & 1;
}

static void down_taken(troupe_actor *self, const struct troupe_down *down)
{
    struct watch *watch = book_find(&world.watch_by_reference, down->monitor.bits);
    struct player *target;

    EXPECT(watch != NULL && watch->watcher == id_of(me(self)));
    EXPECT(watch->n_downs++ == 0 && !watch->is_given_up);
    target = &world.player[watch->target];
    EXPECT(down->who.bits == target->address.bits);
    EXPECT(may_be_gone(target));
    EXPECT(is_legal_kind(target, down));
    EXPECT(troupe_mail_reference(self).bits == down->monitor.bits);
    world.last[watch->watcher][watch->target] = INT32_MAX;
    world.n_downs++;
}

static void call_note(const struct player *caller,
                      const struct player *server,
                      troupe_reference reference,
                      troupe_deadline deadline)
{
    struct call *call = &world.call[world.n_calls++];

    *call = (struct call){
        .caller = id_of(caller), .server = id_of(server), .until_ns = deadline.at_ns};
    EXPECT(reference.bits && !book_find(&world.call_by_reference, reference.bits));
    book_enter(&world.call_by_reference, reference.bits, call);
}

/* Once for each. */
static const struct call *call_ended(troupe_actor *self, troupe_reference reference)
{
    struct call *call = book_find(&world.call_by_reference, reference.bits);

    EXPECT(call != NULL && call->caller == id_of(me(self)));
    EXPECT(call->n_ends++ == 0);
    return call;
}

static void failure_is_legal(const troupe_actor *self,
                             const struct player *server,
                             troupe_status status,
                             int64_t until_ns)
{
    switch (status) {
    case TROUPE_TIMEOUT:
        EXPECT(troupe_now_ns(self) >= until_ns);
        break;
    case TROUPE_DOWN:
        EXPECT(may_be_gone(server));
        break;
    case TROUPE_FULL:
        EXPECT(server->overflow != TROUPE_PARK);
        break;
    default: /* the server is mute, or has answered with a riddle */
        EXPECT(status == TROUPE_REFUSED);
    }
}

/* ---- after a run ---- */

/* What is open between two who talked to each other. */
static void check_pair(const struct player *from, const struct player *to)
{
    int open = world.open[id_of(from)][id_of(to)];
    bool was_sending = from->sending_to == id_of(to);

    /* Whoever was stopped in a send may have sent. */
    EXPECT(open >= (was_sending ? -1 : 0));
    if (world.ending == END_WELL)
        EXPECT(open <= 0);
    EXPECT(world.bells[id_of(from)][id_of(to)] >= 0);
    if (world.ending == END_WELL && from->is_over && !from->has_ended)
        EXPECT(world.bells[id_of(from)][id_of(to)] == 0);
}

static bool has_lived_to_the_end(const struct player *player)
{
    return player->is_over && !player->has_ended;
}

static void check_watches_and_calls(void)
{
    for (int i = 0; i < world.n_watches; i++) {
        const struct watch *watch = &world.watch[i];
        const struct player *target = &world.player[watch->target];

        if (watch->is_given_up || !has_lived_to_the_end(&world.player[watch->watcher]))
            continue;
        EXPECT(watch->n_downs == (has_lived_to_the_end(target) ? 0 : 1));
    }
    for (int i = 0; i < world.n_calls; i++)
        if (has_lived_to_the_end(&world.player[world.call[i].caller]))
            EXPECT(world.call[i].n_ends == 1);
}

static void world_check(void)
{
    for (int i = 0; i < world.n_players; i++) {
        const struct player *player = &world.player[i];

        EXPECT(player->is_over == player->has_begun);
        EXPECT(player->n_defers == 0);
        for (int k = 0; k < world.n_players; k++)
            check_pair(player, &world.player[k]);
    }
    if (world.ending == END_WELL) {
        EXPECT(world.n_returned == world.n_ranks);
        check_watches_and_calls();
    }
}

#endif
