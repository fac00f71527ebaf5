/* SPDX-License-Identifier: BSD-3-Clause */
/* seeds: 10 */
#include "actor/actor.h"
#include "support/check_main.h"
#include "support/scene.h"

/* Calls that cross: actors that call each other, callers that end, requests that find
 * no room and are dropped. */

struct ask {
    int64_t number;
};
TROUPE_TYPE(ask, number);
struct answer {
    int64_t number;
};
TROUPE_TYPE(answer, number);
TROUPE_SIGNAL(go);

enum { N_ROUNDS = 25 };

static struct {
    troupe_address a, b, front[2];
    int64_t n_answers, n_failed;
} seen;

static troupe_spawn_options elsewhere(const troupe_actor *self)
{
    return (troupe_spawn_options){.place = TROUPE_ON_RANK(troupe_n_ranks(self) - 1)};
}

static void play(const troupe_behavior *main, void (*check)(void))
{
    for (int n_ranks = 1; n_ranks <= 2; n_ranks++)
        scene_play(&(struct scene){.main = main,
                                   .n_ranks = n_ranks,
                                   .seen = &seen,
                                   .seen_bytes = sizeof seen,
                                   .check = check});
}

static troupe_status on_ask(troupe_actor *self, const struct ask *ask)
{
    return troupe_reply(self, ask, answer, .number = ask->number + 1);
}

/* ---- two processes behind handlers
 * -------------------------------------------------------- */

TROUPE_BEHAVIOR(front, troupe_no_state, TROUPE_ON(ask, on_ask), TROUPE_SENDS(answer));

struct side {
    int64_t index;
};
TROUPE_TYPE(side, index);

/* Calls the other's handler, while the other calls ours. */
static troupe_status cross_body(troupe_actor *self)
{
    int64_t index = troupe_arguments(self, side)->index;

    EXPECT_OK(troupe_spawn(self, &front, NULL, &seen.front[index]));
    while (seen.front[1 - index].bits == 0)
        troupe_sleep_until(self, troupe_after_s(self, 0.001));
    for (int64_t i = 0; i < N_ROUNDS; i++) {
        const struct answer *answer;

        EXPECT_OK(troupe_call(self, seen.front[1 - index], answer, &answer,
                              TROUPE_FOREVER, ask, .number = i));
        EXPECT_INT(answer->number, i + 1);
        seen.n_answers++;
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(crossing,
               cross_body,
               TROUPE_ARGUMENTS(side),
               TROUPE_ACCEPTS(answer),
               TROUPE_SENDS(ask),
               TROUPE_SPAWNS(&front));

static troupe_status two_body(troupe_actor *self)
{
    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    for (int i = 0; i < 2; i++) {
        const troupe_spawn_options where = {
            TROUPE_WITH(side, .index = i),
            .place = TROUPE_ON_RANK(i % troupe_n_ranks(self))};
        troupe_address unused;

        EXPECT_OK(troupe_spawn(self, &crossing, &where, &unused));
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(two_main, two_body, TROUPE_SPAWNS(&crossing));

static void check_two(void)
{
    EXPECT_INT(seen.n_answers, 2 * N_ROUNDS);
}

START_TEST(each_other_through_handlers)
{
    play(&two_main, check_two);
}
END_TEST

/* ---- handlers that call each other, mailboxes of one
 * ------------------------------------------ */

static troupe_status on_go(troupe_actor *self)
{
    troupe_address other = troupe_self(self).bits == seen.a.bits ? seen.b : seen.a;
    troupe_reference call;

    for (int64_t i = 0; i < N_ROUNDS; i++)
        EXPECT_OK(
            troupe_call_async(self, other, TROUPE_FOREVER, &call, ask, .number = i));
    /* Oneself, too, as nobody waits. */
    return troupe_call_async(self, troupe_self(self), TROUPE_FOREVER, &call, ask,
                             .number = 77);
}

static troupe_status on_answer(troupe_actor *self, const struct answer *answer)
{
    EXPECT(troupe_mail_reference(self).bits != 0 && answer->number > 0);
    seen.n_answers++;
    return TROUPE_OK;
}

static troupe_status on_failed(troupe_actor *self,
                               const struct troupe_call_failed *failed)
{
    EXPECT(troupe_sender(self).bits == 0);
    EXPECT_INT(failed->status, TROUPE_DOWN);
    seen.n_failed++;
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(peer,
                troupe_no_state,
                TROUPE_ON(go, on_go),
                TROUPE_ON(ask, on_ask),
                TROUPE_ON(answer, on_answer),
                TROUPE_ON(troupe_call_failed, on_failed),
                .capacity = 2 * N_ROUNDS);

static troupe_status peers_body(troupe_actor *self)
{
    troupe_spawn_options where = elsewhere(self);

    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    EXPECT_OK(troupe_spawn(self, &peer, NULL, &seen.a));
    EXPECT_OK(troupe_spawn(self, &peer, &where, &seen.b));
    EXPECT_OK(troupe_send(self, seen.a, go));
    EXPECT_OK(troupe_send(self, seen.b, go));
    return TROUPE_OK;
}
TROUPE_PROCESS(peers_main, peers_body, TROUPE_SPAWNS(&peer));

static void check_peers(void)
{
    EXPECT_INT(seen.n_answers, 2 * N_ROUNDS + 2);
    EXPECT_INT(seen.n_failed, 0);
}

START_TEST(handlers_call_each_other)
{
    play(&peers_main, check_peers);
}
END_TEST

/* Requests that wait in the reserve for one that ends fail as well. */
static troupe_status deaf_body(troupe_actor *self)
{
    troupe_sleep_until(self, troupe_after_s(self, 0.2));
    return TROUPE_OK;
}
TROUPE_PROCESS(deaf, deaf_body, TROUPE_ACCEPTS(ask), .capacity = 1);

static troupe_status reserved_body(troupe_actor *self)
{
    troupe_spawn_options where = elsewhere(self);

    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    EXPECT_OK(troupe_spawn(self, &peer, NULL, &seen.a));
    EXPECT_OK(troupe_spawn(self, &deaf, &where, &seen.b));
    EXPECT_OK(troupe_send(self, seen.a, go));
    return TROUPE_OK;
}
TROUPE_PROCESS(reserved_main, reserved_body, TROUPE_SPAWNS(&peer, &deaf));

static void check_reserved(void)
{
    EXPECT_INT(seen.n_answers, 1);
    EXPECT_INT(seen.n_failed, N_ROUNDS);
}

START_TEST(requests_in_the_reserve)
{
    play(&reserved_main, check_reserved);
}
END_TEST

CHECK_MAIN("actor call cross",
           each_other_through_handlers,
           handlers_call_each_other,
           requests_in_the_reserve)
