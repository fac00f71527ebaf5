/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TEST_CHAOS_ACTORS_H
#define TEST_CHAOS_ACTORS_H

/* The actors of test_chaos.c: a handler, the same gone mute, a process. */

#include "sim/test_chaos_acts.h"

/* ---- what comes ---- */

static troupe_status took_small(troupe_actor *self, const struct small *small)
{
    mail_taken(self, small->from, small->number);
    return TROUPE_OK;
}

static void took_load(troupe_actor *self, const struct load *load)
{
    mail_taken(self, load->from, load->number);
    data_is_whole(load->data, load->n_data, load->number);
}

static void took_ask(troupe_actor *self, const struct ask *ask)
{
    counted_in_order(self, ask->from, ask->number);
    EXPECT(troupe_caller_of(self).address.bits == troupe_sender(self).bits);
    reply(self, me(self), ask);
}

static void took_answer(troupe_actor *self, const struct answer *answer)
{
    EXPECT(call_ended(self, troupe_mail_reference(self))->server == answer->from);
    in_order(self, answer->from, answer->number);
    data_is_whole(answer->data, answer->n_data, answer->number);
    world.n_replies++;
}

static void took_failure(troupe_actor *self, const struct troupe_call_failed *failed)
{
    const struct call *call = call_ended(self, failed->reference);

    EXPECT(troupe_mail_reference(self).bits == failed->reference.bits);
    failure_is_legal(self, &world.player[call->server], failed->status, call->until_ns);
}

static void took_bell(troupe_actor *self, const struct alarm_bell *bell)
{
    EXPECT(--world.bells[bell->from][id_of(me(self))] >= 0);
}

/* Only the registrations asked for their reference. */
static void took_name(const troupe_actor *self, const struct troupe_name_result *result)
{
    struct player *player = me(self);

    EXPECT(result->status == TROUPE_OK || result->status == TROUPE_EXISTS ||
           result->status == TROUPE_NOT_FOUND);
    for (int i = 0; i < N_NAMES; i++) {
        if (player->asked[i].bits != result->reference.bits)
            continue;
        player->asked[i].bits = 0;
        if (result->status == TROUPE_OK)
            name_granted(&world.global[i], player);
    }
}

/* What the forms of actors share: before and after each message. */
static void before(troupe_actor *self)
{
    struct player *player = me(self);

    within_capacity(self, player);
    if (one_in(player, 10))
        keep_in_hand(self, player);
    if (one_in(player, 3))
        pay_debt(self, player);
}

static troupe_status after(troupe_actor *self)
{
    struct player *player = me(self);

    for (uint32_t n = below(player, 3); n > 0; n--)
        TROUPE_TRY(act(self, player));
    return TROUPE_OK;
}

/* ---- handlers ---- */

struct being {
    int64_t id;
};
TROUPE_TYPE(being, id);

static troupe_status
on_birth(troupe_actor *self, struct being *being, const struct birth *birth)
{
    struct player *player = life_begins(self);

    EXPECT(birth->id == id_of(player));
    being->id = birth->id;
    return after(self);
}

static void on_fini(troupe_actor *self, struct being *being)
{
    struct player *player = me(self);
    struct player *to = somebody(player);
    int64_t number;

    EXPECT(being->id == id_of(player));
    if (player->is_over || !one_in(player, 4))
        return;
    number = send_begins(player, to);
    send_ends(
        player, to,
        troupe_send(self, to->address, small, .from = id_of(player), .number = number));
}

/* One at a time, and while there is room for another: what has been put aside fills the
 * mailbox too, and only further mail brings it back. */
static bool put_aside(troupe_actor *self, const struct small *small)
{
    struct player *player = me(self);

    if (player->capacity < 2 || (self->flags & ACTOR_HAS_STASH))
        return false;
    for (int i = 0; i < world.n_aside; i++)
        if (world.aside[i].who == id_of(player) && world.aside[i].from == small->from &&
            world.aside[i].number == small->number)
            return false;
    if (world.n_aside == MOST_ASIDE || world.budget <= 0 || !one_in(player, 12))
        return false;
    counted_in_order(self, small->from, small->number);
    world.aside[world.n_aside++] =
        (struct aside){id_of(player), (int)small->from, small->number};
    troupe_defer_message(self);
    return true;
}

static troupe_status
on_small(troupe_actor *self, struct being *being, const struct small *small)
{
    EXPECT(being->id == id_of(me(self)));
    if (put_aside(self, small))
        return TROUPE_OK;
    (void)took_small(self, small);
    before(self);
    return after(self);
}

#define ON(type, call)                                                                 \
    static troupe_status on_##type(troupe_actor *self, struct being *being,            \
                                   const struct type *body)                            \
    {                                                                                  \
        EXPECT(being->id == id_of(me(self)));                                          \
        call;                                                                          \
        before(self);                                                                  \
        return after(self);                                                            \
    }
ON(load, took_load(self, body))
ON(ask, took_ask(self, body))
ON(answer, took_answer(self, body))
ON(shout, counted_in_order(self, body->from, body->number))
ON(alarm_bell, took_bell(self, body))
ON(troupe_down, down_taken(self, body))
ON(troupe_call_failed, took_failure(self, body))
ON(troupe_name_result, took_name(self, body))

/* Those that nobody waits for make nothing new, so that there is an end. */
static troupe_status
on_tick(troupe_actor *self, struct being *being, const struct tick *tick)
{
    struct player *player = me(self);

    EXPECT(tick->from >= 0 && tick->from < world.n_players);
    if (world.budget > 0 && one_in(player, 20)) {
        player->was_mute = true;
        troupe_become(self, &mute);
    }
    EXPECT(being->id == id_of(player));
    return TROUPE_OK;
}

static troupe_status on_refused(troupe_actor *self,
                                struct being *being,
                                const struct troupe_refused *refused)
{
    const struct player *player = player_at(refused->to);

    EXPECT(player && being->id == id_of(me(self)));
    EXPECT(refused->reason == TROUPE_REFUSAL_TYPE   ? player->was_mute
           : refused->reason == TROUPE_REFUSAL_FULL ? player->overflow != TROUPE_PARK
                                                    : may_be_gone(player));
    return TROUPE_OK;
}

TROUPE_BEHAVIOR(roamer,
                being,
                TROUPE_INIT(birth, on_birth),
                TROUPE_FINI(on_fini),
                TROUPE_ON(small, on_small),
                TROUPE_ON(load, on_load),
                TROUPE_ON(ask, on_ask),
                TROUPE_ON(answer, on_answer),
                TROUPE_ON(shout, on_shout),
                TROUPE_ON(alarm_bell, on_alarm_bell),
                TROUPE_ON(tick, on_tick),
                TROUPE_ON(troupe_down, on_troupe_down),
                TROUPE_ON(troupe_call_failed, on_troupe_call_failed),
                TROUPE_ON(troupe_name_result, on_troupe_name_result),
                TROUPE_ON(troupe_refused, on_refused),
                TROUPE_SENDS(riddle));

TROUPE_BEHAVIOR(mute,
                being,
                TROUPE_INIT(birth, on_birth),
                TROUPE_FINI(on_fini),
                TROUPE_ON(small, on_small),
                TROUPE_ON(answer, on_answer),
                TROUPE_ON(alarm_bell, on_alarm_bell),
                TROUPE_ON(tick, on_tick),
                TROUPE_ON(troupe_down, on_troupe_down),
                TROUPE_ON(troupe_call_failed, on_troupe_call_failed),
                TROUPE_ON(troupe_name_result, on_troupe_name_result),
                TROUPE_ON(troupe_refused, on_refused));

/* ---- processes ---- */

static bool took_mail(troupe_actor *self, const troupe_mail *mail)
{
    if (troupe_as(mail, small))
        (void)took_small(self, troupe_as(mail, small));
    else if (troupe_as(mail, load))
        took_load(self, troupe_as(mail, load));
    else if (troupe_as(mail, ask))
        took_ask(self, troupe_as(mail, ask));
    else if (troupe_as(mail, answer))
        took_answer(self, troupe_as(mail, answer));
    else if (troupe_as(mail, shout))
        counted_in_order(self, troupe_as(mail, shout)->from,
                         troupe_as(mail, shout)->number);
    else if (troupe_as(mail, alarm_bell))
        took_bell(self, troupe_as(mail, alarm_bell));
    else if (troupe_as(mail, troupe_down))
        down_taken(self, troupe_as(mail, troupe_down));
    else if (troupe_as(mail, troupe_call_failed))
        took_failure(self, troupe_as(mail, troupe_call_failed));
    else if (troupe_as(mail, troupe_name_result))
        took_name(self, troupe_as(mail, troupe_name_result));
    else
        return false;
    return true;
}

static troupe_status listen(troupe_actor *self, troupe_deadline deadline)
{
    troupe_mail mail;

    if (troupe_receive_any(self, deadline, &mail) != TROUPE_OK) {
        EXPECT(deadline.at_ns <= troupe_now_ns(self));
        return TROUPE_OK;
    }
    if (!took_mail(self, &mail))
        return TROUPE_OK;
    before(self);
    return one_in(me(self), 2) ? after(self) : TROUPE_OK;
}

static troupe_status walker_body(troupe_actor *self)
{
    struct player *player = life_begins(self);

    EXPECT(troupe_arguments(self, birth)->id == id_of(player));
    for (int left = 5 + (int)below(player, 60); left > 0; left--) {
        TROUPE_TRY(act(self, player));
        TROUPE_TRY(listen(self, some_deadline(self, player)));
    }
    while (one_in(player, 4) || player->ever_joined)
        TROUPE_TRY(listen(self, TROUPE_FOREVER));
    player->own_kind = TROUPE_EXIT_NORMAL;
    return TROUPE_OK;
}
TROUPE_PROCESS(walker,
               walker_body,
               TROUPE_ARGUMENTS(birth),
               TROUPE_ACCEPTS(small,
                              load,
                              ask,
                              answer,
                              shout,
                              alarm_bell,
                              tick,
                              never_sent,
                              troupe_down,
                              troupe_call_failed,
                              troupe_name_result,
                              troupe_refused),
               TROUPE_SENDS(riddle));

#endif
