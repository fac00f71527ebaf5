/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TEST_CHAOS_MAIL_H
#define TEST_CHAOS_MAIL_H

/* Mail and calls of the actors of test_chaos.c. */

#include "sim/test_chaos_oracle.h"

/* ---- mail ---- */

static void send_small(troupe_actor *self, struct player *player, struct player *to)
{
    int64_t number;

    if (!may_wait_for(player, to))
        return;
    number = send_begins(player, to);
    send_ends(
        player, to,
        troupe_send(self, to->address, small, .from = id_of(player), .number = number));
}

static uint8_t bytes[MOST_BYTES];

static void send_load(troupe_actor *self, struct player *player, struct player *to)
{
    uint64_t n = some_size(player);
    int64_t number;

    if (!may_wait_for(player, to))
        return;
    number = send_begins(player, to);
    data_fill(bytes, n, number);
    send_ends(player, to,
              troupe_send_tail(self, to->address, load, data, bytes, n,
                               .from = id_of(player), .number = number));
}

static void send_owned(troupe_actor *self, struct player *player, struct player *to)
{
    uint64_t n = some_size(player);
    troupe_message *message = NULL;
    struct load *load = NULL;

    if (!may_wait_for(player, to))
        return;
    EXPECT(troupe_new_message(self, load, n, &message, &load) == TROUPE_OK);
    load->from = id_of(player);
    load->number = send_begins(player, to);
    data_fill(load->data, n, load->number);
    send_ends(player, to, troupe_send_message(self, to->address, &message));
    if (one_in(player, 2))
        troupe_release(self, &message);
}

/* To members that make nobody wait. */
static void shout(troupe_actor *self, struct player *player)
{
    uint32_t which = below(player, N_GROUPS);
    troupe_status status;

    player->n_to_self += player->joined & (1u << which) ? 1 : 0;
    status = troupe_group_send(self, group_names[which], shout, .from = id_of(player),
                               .number = ++player->n_sent);
    EXPECT(status == TROUPE_OK || status == TROUPE_NOT_FOUND || status == TROUPE_FULL);
    world.n_shouts++;
}

/* ---- calls ---- */

static troupe_deadline some_deadline(troupe_actor *self, struct player *player)
{
    static const double spans_s[] = {0, 1e-6, 2e-5, 2e-4, 2e-3, 2e-2, 0.2};

    return troupe_after_s(self, spans_s[below(player, 7)]);
}

static void
call_and_wait(troupe_actor *self, struct player *player, const struct player *server)
{
    troupe_deadline deadline = some_deadline(self, player);
    const struct answer *answer = NULL;
    troupe_status status;

    if (server == player)
        return;
    status = troupe_call(self, server->address, answer, &answer, deadline, ask,
                         .from = id_of(player), .number = ++player->n_sent,
                         .style = below(player, 8));
    if (status == TROUPE_OK) {
        EXPECT(troupe_sender(self).bits == server->address.bits);
        EXPECT(answer->from == id_of(server));
        data_is_whole(answer->data, answer->n_data, answer->number);
        world.n_replies++;
    } else if (status != TROUPE_INVALID) { /* that is a riddle */
        failure_is_legal(self, server, status, deadline.at_ns);
    }
}

static void
call_async(troupe_actor *self, struct player *player, const struct player *server)
{
    troupe_deadline deadline = some_deadline(self, player);
    troupe_reference reference = {0};
    troupe_status status;

    if (!may_wait_for(player, server) || world.n_calls == MOST_CALLS)
        return;
    status = troupe_call_async(self, server->address, deadline, &reference, ask,
                               .from = id_of(player), .number = ++player->n_sent,
                               .style = below(player, 8));
    player->n_to_self += server == player;
    if (status == TROUPE_OK)
        call_note(player, server, reference, deadline);
    else if (status != TROUPE_FULL || self->process)
        failure_is_legal(self, server, status, INT64_MAX);
}

static void call(troupe_actor *self, struct player *player, struct player *other)
{
    if (self->process && one_in(player, 2))
        call_and_wait(self, player, other);
    else
        call_async(self, player, other);
}

static troupe_status
answer_to(troupe_actor *self, struct player *player, const troupe_caller *caller)
{
    const struct answer answer = {.from = id_of(player), .number = ++player->n_sent};

    return troupe_reply_to_bytes(self, caller, TROUPE_TYPE_OF(answer), &answer,
                                 sizeof answer);
}

/* Of the styles two have no answer: never, and with the next thing that comes. */
static void reply(troupe_actor *self, struct player *player, const struct ask *ask)
{
    uint64_t n = ask->style < 5 ? some_size(player) : 0;
    troupe_status status = TROUPE_OK;

    if (ask->style == 0)
        return;
    if (ask->style == 1 && player->debt.address.bits == 0) {
        player->debt = troupe_caller_of(self);
        return;
    }
    if (ask->style == 2) {
        status = troupe_reply(self, ask, riddle, .from = id_of(player));
    } else {
        data_fill(bytes, n, ++player->n_sent);
        status = troupe_reply_tail(self, ask, answer, data, bytes, n,
                                   .from = id_of(player), .number = player->n_sent);
    }
    EXPECT(status == TROUPE_OK);
    EXPECT(troupe_reply(self, ask, riddle, .from = 0) == TROUPE_NOT_FOUND);
}

static void pay_debt(troupe_actor *self, struct player *player)
{
    troupe_caller caller = player->debt;

    if (caller.address.bits == 0)
        return;
    player->debt = (troupe_caller){0};
    EXPECT(answer_to(self, player, &caller) == TROUPE_OK);
}

#endif
