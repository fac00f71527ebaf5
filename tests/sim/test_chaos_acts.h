/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TEST_CHAOS_ACTS_H
#define TEST_CHAOS_ACTS_H

/* What the actors of test_chaos.c may do; each act checks what comes back at once. */

#include "sim/test_chaos_names.h"

/* ---- births, watches, ends ---- */

TROUPE_BEHAVIOR_DECLARE(roamer);
TROUPE_BEHAVIOR_DECLARE(mute);
TROUPE_PROCESS_DECLARE(walker);

static troupe_place some_place(troupe_actor *self, struct player *player)
{
    int rank = (int)below(player, (uint32_t)troupe_n_ranks(self));

    switch (below(player, 4)) {
    case 0:
        return (troupe_place)TROUPE_HERE;
    case 1:
        return (troupe_place)TROUPE_ANYWHERE;
    case 2:
        return (troupe_place)TROUPE_NEAR(somebody(player)->address);
    default:
        return (troupe_place)TROUPE_ON_RANK(rank);
    }
}

static void choose_mailbox(struct player *child, struct player *player)
{
    static const uint32_t capacities[] = {1, 1, 2, 4, 16, 1024, TROUPE_UNBOUNDED};

    child->capacity = capacities[below(player, 7)];
    child->overflow = (enum troupe_overflow)below(player, 4);
    child->level = 1 + (int)below(player, 1000);
}

static void spawn(troupe_actor *self, struct player *player)
{
    static const troupe_behavior *const behaviors[] = {&roamer, &roamer, &walker};
    const troupe_behavior *behavior = behaviors[below(player, 3)];
    troupe_place place = some_place(self, player);
    bool is_narrow = one_in(player, 4), is_watched = one_in(player, 2);
    troupe_reference monitor = {0};
    troupe_address address = {0};
    troupe_status status;
    struct player *child;

    if (world.n_players == MOST_PLAYERS || world.n_watches == MOST_WATCHES)
        return;
    child = player_add();
    choose_mailbox(child, player);
    status = troupe_spawn(self, behavior,
                          &(troupe_spawn_options){
                              TROUPE_WITH(birth, .id = id_of(child)), .place = place,
                              .capacity = child->capacity, .overflow = child->overflow,
                              .stack_size = is_narrow ? 64 << 10 : 0,
                              .monitor = is_watched ? &monitor : NULL},
                          &address);
    if (status == TROUPE_OK)
        player_born(child, address);
    else
        EXPECT(status == TROUPE_FULL && !self->process);
    if (monitor.bits)
        watch_note(player, child, monitor);
}

static void watch(troupe_actor *self, struct player *player, struct player *target)
{
    troupe_reference monitor;

    if (world.n_watches == MOST_WATCHES)
        return;
    EXPECT(troupe_monitor(self, target->address, &monitor) == TROUPE_OK);
    watch_note(player, target, monitor);
}

static void unwatch(troupe_actor *self, struct player *player)
{
    struct watch *watch = book_find(&world.watch_by_reference, player->watch.bits);

    if (!watch)
        return;
    /* It fails exactly when the troupe_down has been taken out. */
    EXPECT(troupe_demonitor(self, player->watch) ==
           (watch->n_downs ? TROUPE_NOT_FOUND : TROUPE_OK));
    watch->is_given_up = true;
    player->watch.bits = 0;
}

static void stop(troupe_actor *self, struct player *player, struct player *other)
{
    enum troupe_exit_kind kind =
        one_in(player, 2) ? TROUPE_EXIT_KILLED : TROUPE_EXIT_SHUTDOWN;

    if (id_of(other) < world.n_ranks) /* that would be the end of the job */
        return;
    other->asked_kinds |= 1u << kind;
    EXPECT(troupe_stop_actor(self, other->address, kind) == TROUPE_OK);
}

/* Ends the caller, if it returns at all by this status. */
static troupe_status end_oneself(troupe_actor *self, struct player *player)
{
    if (id_of(player) < world.n_ranks || player->own_kind >= 0)
        return TROUPE_OK;
    switch (below(player, 4)) {
    case 0:
        player->own_kind = TROUPE_EXIT_NORMAL;
        troupe_exit(self);
        return TROUPE_OK;
    case 1:
        player->own_kind = TROUPE_EXIT_FAILED;
        troupe_fail(self, TROUPE_FAILED, "player %d fails", id_of(player));
    case 2:
        player->own_kind = TROUPE_EXIT_FAILED;
        return TROUPE_FAILED;
    default:
        player->own_kind = TROUPE_EXIT_BAD_CALL;
        return troupe_send_bytes(self, troupe_self(self), TROUPE_TYPE_OF(small), bytes,
                                 3);
    }
}

/* ---- timers ---- */

static void set_timer(troupe_actor *self, struct player *player, struct player *to)
{
    double unit_s = one_in(player, 3) ? 1e-5 : 1e-7;
    double delay_s = unit_s * (double)below(player, 1000);

    if (one_in(player, 8) && world.may_tick && player->ticker.bits == 0) {
        EXPECT(troupe_send_every(self, to->address, 5e-4 + delay_s, &player->ticker,
                                 tick, .from = id_of(player)) == TROUPE_OK);
        return;
    }
    EXPECT(troupe_send_after(self, to->address, delay_s, &player->timer, alarm_bell,
                             .from = id_of(player)) == TROUPE_OK);
    world.bells[id_of(player)][id_of(to)]++;
    player->timer_to = id_of(to);
}

static void cancel(troupe_actor *self, struct player *player)
{
    if (one_in(player, 2) && player->ticker.bits) {
        EXPECT(troupe_cancel(self, player->ticker) == TROUPE_OK);
        player->ticker.bits = 0;
    }
    if (player->timer.bits && troupe_cancel(self, player->timer) == TROUPE_OK)
        world.bells[id_of(player)][player->timer_to]--;
    player->timer.bits = 0;
}

/* ---- what an actor has ---- */

/* The defers of an actor run last in first out. */
struct cleanup {
    struct player *player;
    uint32_t number;
};

static void clean_up(void *argument)
{
    const struct cleanup *cleanup = argument;

    EXPECT(--cleanup->player->n_defers == cleanup->number);
}

static void use_arena(troupe_actor *self, struct player *player)
{
    struct cleanup *cleanup = troupe_alloc(self, sizeof *cleanup);
    uint8_t *memory = troupe_alloc(self, 1 + below(player, 5000));

    EXPECT(cleanup && memory && memory[0] == 0);
    memory[0] = 1;
    *cleanup = (struct cleanup){player, player->n_defers++};
    EXPECT(troupe_defer(self, clean_up, cleanup) == TROUPE_OK);
}

/* Takes the message in hand into keeping, and lets go of the one kept before. */
static void keep_in_hand(troupe_actor *self, struct player *player)
{
    troupe_message *message = NULL;

    if (player->held.bits) {
        EXPECT(troupe_held_body(self, player->held) != NULL);
        EXPECT(troupe_unhold(self, player->held, &message) == TROUPE_OK);
        troupe_release(self, &message);
        player->held.bits = 0;
    }
    if (troupe_keep(self, &message) == TROUPE_OK && one_in(player, 2))
        player->held = troupe_hold(self, &message);
}

static void rest(troupe_actor *self, struct player *player)
{
    if (!self->process || one_in(player, 3))
        troupe_yield(self);
    else
        troupe_sleep_until(self, some_deadline(self, player));
}

/* ---- one act ---- */

static troupe_status act_on(troupe_actor *self, struct player *player, uint32_t what)
{
    struct player *other = somebody(player);

    if (what < 30)
        send_small(self, player, other);
    else if (what < 40)
        send_load(self, player, other);
    else if (what < 45)
        send_owned(self, player, other);
    else if (what < 57)
        call(self, player, other);
    else if (what < 65)
        spawn(self, player);
    else if (what < 71)
        watch(self, player, other);
    else if (what < 73)
        unwatch(self, player);
    else if (what < 79)
        set_timer(self, player, other);
    else if (what < 81)
        cancel(self, player);
    else if (what < 87)
        use_name(self, player);
    else if (what < 92)
        use_group(self, player);
    else if (what < 94)
        use_arena(self, player);
    else if (what < 97)
        rest(self, player);
    else if (what < 98)
        stop(self, player, other);
    else
        return end_oneself(self, player);
    return TROUPE_OK;
}

static troupe_status act(troupe_actor *self, struct player *player)
{
    if (world.budget <= 0)
        return TROUPE_OK;
    world.budget--;
    return act_on(self, player, below(player, 99));
}

#endif
