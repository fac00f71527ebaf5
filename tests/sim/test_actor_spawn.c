/* SPDX-License-Identifier: BSD-3-Clause */
/* seeds: 10 */
#include "actor/actor.h"
#include "support/check_main.h"
#include "support/scene.h"
#include <string.h>

/* Where actors begin: places, arguments, addresses that are good before the actor is.
 */

struct number {
    int64_t value;
};
TROUPE_TYPE(number, value);
struct where {
    int64_t rank, n_mail;
};
TROUPE_TYPE(where, rank, n_mail);
struct introduce {
    troupe_address who;
    int64_t n;
};
TROUPE_TYPE(introduce, who, n);
TROUPE_SIGNAL(ask_where);

enum { N_MANY = 300 };

static struct {
    int64_t n_begun, n_ended, n_counted;
    int64_t by_rank[16];
    troupe_address address[N_MANY];
} seen;

static void play(const troupe_behavior *main, int from, int to)
{
    for (int n_ranks = from; n_ranks <= to; n_ranks++)
        scene_play(&(struct scene){.main = main,
                                   .n_ranks = n_ranks,
                                   .seen = &seen,
                                   .seen_bytes = sizeof seen});
}

/* ---- one that says where it is
 * ---------------------------------------------------------- */

static troupe_status on_init(troupe_actor *self, struct where *where)
{
    EXPECT(where->rank == 0 && where->n_mail == 0); /* zeroed */
    EXPECT_INT(troupe_sender(self).bits, 0);
    EXPECT_INT(troupe_mail_reference(self).bits, 0);
    EXPECT_INT(troupe_stack_used(self), 0);
    where->rank = troupe_rank(self);
    seen.by_rank[where->rank]++;
    seen.n_begun++;
    return TROUPE_OK;
}

static troupe_status
on_number(troupe_actor *self, struct where *where, const struct number *n)
{
    EXPECT(troupe_rank_of(self, troupe_self(self)) == troupe_rank(self));
    EXPECT_INT(n->value, where->n_mail++);
    return TROUPE_OK;
}

static troupe_status on_where(troupe_actor *self, struct where *where)
{
    return troupe_reply_bytes(self, TROUPE_TYPE_OF(where), where, sizeof *where);
}
TROUPE_BEHAVIOR(located,
                where,
                TROUPE_INIT(troupe_no_arguments, on_init),
                TROUPE_ON(number, on_number),
                TROUPE_ON(ask_where, on_where),
                .capacity = 64);

static int64_t rank_of_new(troupe_actor *self, troupe_spawn_options options)
{
    const struct where *where;
    troupe_address address;

    EXPECT_OK(troupe_spawn(self, &located, &options, &address));
    EXPECT_OK(troupe_call(self, address, where, &where, TROUPE_FOREVER, ask_where));
    EXPECT_INT(where->rank, troupe_rank_of(self, address));
    return where->rank;
}

static troupe_status places_body(troupe_actor *self)
{
    int n_ranks = troupe_n_ranks(self);
    troupe_address address = TROUPE_NOBODY;

    if (troupe_rank(self) != n_ranks / 2)
        return TROUPE_OK;
    EXPECT_INT(rank_of_new(self, (troupe_spawn_options){0}), troupe_rank(self));
    for (int i = 0; i < n_ranks; i++) {
        troupe_address near = troupe_rank_process(self, i);

        EXPECT_INT(
            rank_of_new(self, (troupe_spawn_options){.place = TROUPE_ON_RANK(i)}), i);
        EXPECT_INT(
            rank_of_new(self, (troupe_spawn_options){.place = TROUPE_NEAR(near)}), i);
    }
    EXPECT_STATUS(
        troupe_spawn(self, &located,
                     &(troupe_spawn_options){.place = TROUPE_ON_RANK(n_ranks)},
                     &address),
        TROUPE_NOT_FOUND);
    EXPECT_STATUS(troupe_spawn(self, &located,
                               &(troupe_spawn_options){.place = TROUPE_ON_RANK(-1)},
                               &address),
                  TROUPE_NOT_FOUND);
    EXPECT_STATUS(
        troupe_spawn(self, &located,
                     &(troupe_spawn_options){.place = TROUPE_NEAR(TROUPE_NOBODY)},
                     &address),
        TROUPE_NOT_FOUND);
    EXPECT_INT(address.bits, 0);
    EXPECT_INT(troupe_rank_process(self, n_ranks).bits, 0);
    EXPECT_INT(troupe_rank_process(self, -1).bits, 0);
    EXPECT_INT(troupe_rank_of(self, TROUPE_NOBODY), -1);
    return TROUPE_OK;
}
TROUPE_PROCESS(places, places_body, TROUPE_ACCEPTS(where), TROUPE_SPAWNS(&located));

START_TEST(all_places)
{
    play(&places, 1, 5);
}
END_TEST

/* Anywhere spreads them evenly, from one rank too. */
static troupe_status anywhere_body(troupe_actor *self)
{
    const troupe_spawn_options anywhere = {.place = TROUPE_ANYWHERE};

    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    for (int i = 0; i < 100; i++)
        EXPECT_OK(troupe_spawn(self, &located, &anywhere, &seen.address[i]));
    for (int i = 0; i < 100; i++)
        EXPECT_OK(
            troupe_call(self, seen.address[i], where, NULL, TROUPE_FOREVER, ask_where));
    for (int i = 0; i < troupe_n_ranks(self); i++)
        EXPECT(seen.by_rank[i] >= 100 / troupe_n_ranks(self) / 2);
    return TROUPE_OK;
}
TROUPE_PROCESS(spread, anywhere_body, TROUPE_ACCEPTS(where), TROUPE_SPAWNS(&located));

START_TEST(anywhere)
{
    play(&spread, 1, 5);
}
END_TEST

/* ---- many, and mail right behind
 * -------------------------------------------------------------- */

static troupe_status many_body(troupe_actor *self)
{
    const troupe_spawn_options there = {.place =
                                            TROUPE_ON_RANK(troupe_n_ranks(self) - 1)};

    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    for (int i = 0; i < N_MANY; i++) {
        EXPECT_OK(troupe_spawn(self, &located, &there, &seen.address[i]));
        for (int64_t k = 0; k < 3; k++)
            EXPECT_OK(troupe_send(self, seen.address[i], number, .value = k));
    }
    for (int i = 0; i < N_MANY; i++) {
        const struct where *where;

        EXPECT_OK(troupe_call(self, seen.address[i], where, &where, TROUPE_FOREVER,
                              ask_where));
        EXPECT_INT(where->n_mail, 3);
    }
    EXPECT_INT(seen.n_begun, N_MANY);
    return TROUPE_OK;
}
TROUPE_PROCESS(many, many_body, TROUPE_ACCEPTS(where, number), TROUPE_SPAWNS(&located));

START_TEST(hundreds)
{
    play(&many, 2, 3);
}
END_TEST

/* A handler has no stack to wait for leases on: TROUPE_FULL at first, soon no more. */
static troupe_status on_first_try(troupe_actor *self)
{
    const troupe_spawn_options there = {.place = TROUPE_ON_RANK(1)};
    troupe_address address = TROUPE_NOBODY;
    troupe_status status = troupe_spawn(self, &located, &there, &address);

    EXPECT(status == TROUPE_FULL || seen.n_counted > 0);
    seen.n_counted++;
    if (status == TROUPE_OK)
        return TROUPE_OK;
    EXPECT_INT(address.bits, 0);
    return troupe_send_after(self, troupe_self(self), 0.01, NULL, ask_where);
}
TROUPE_BEHAVIOR(eager, troupe_no_state, TROUPE_ON(ask_where, on_first_try));

static troupe_status eager_body(troupe_actor *self)
{
    troupe_address address;

    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    EXPECT_OK(troupe_spawn(self, &eager, NULL, &address));
    EXPECT_OK(troupe_send(self, address, ask_where));
    troupe_sleep_until(self, troupe_after_s(self, 1));
    EXPECT_INT(seen.n_begun, 1);
    EXPECT(seen.n_counted > 1);
    return TROUPE_OK;
}
TROUPE_PROCESS(eager_main, eager_body, TROUPE_SPAWNS(&eager, &located));

START_TEST(handlers_do_not_wait_for_leases)
{
    play(&eager_main, 2, 2);
}
END_TEST

/* ---- mail from a third rank that comes before the spawn
 * ------------------------------------------ */

/* Rank 2 writes to an actor of rank 1 that rank 0 has told it of: its word often comes
 * first. */
static troupe_status overtake_body(troupe_actor *self)
{
    troupe_spawn_options there = {.place = TROUPE_ON_RANK(1)};
    const struct introduce *introduced;
    troupe_address third = troupe_rank_process(self, 2), address;
    const struct where *where;

    if (troupe_rank(self) == 0) {
        for (int i = 0; i < 20; i++) {
            EXPECT_OK(troupe_spawn(self, &located, &there, &address));
            EXPECT_OK(troupe_send(self, third, introduce, .who = address, .n = i));
        }
        return TROUPE_OK;
    }
    for (int i = 0; troupe_rank(self) == 2 && i < 20; i++) {
        EXPECT_OK(troupe_receive(self, introduce, TROUPE_FOREVER, &introduced));
        address = introduced->who;
        EXPECT_OK(
            troupe_send(self, address, introduce, .n = 1)); /* a type it refuses */
        for (int64_t k = 0; k < 4; k++)
            EXPECT_OK(troupe_send(self, address, number, .value = k));
        EXPECT_OK(troupe_call(self, address, where, &where, TROUPE_FOREVER, ask_where));
        EXPECT_INT(where->n_mail, 4);
        EXPECT_OK(troupe_receive(self, troupe_refused, TROUPE_FOREVER, NULL));
        EXPECT(troupe_sender(self).bits == address.bits);
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(overtake,
               overtake_body,
               TROUPE_ACCEPTS(introduce, where, troupe_refused),
               TROUPE_SPAWNS(&located),
               .capacity = 64);

START_TEST(mail_overtakes_the_spawn)
{
    play(&overtake, 3, 4);
}
END_TEST

CHECK_MAIN("actor spawn",
           all_places,
           anywhere,
           hundreds,
           handlers_do_not_wait_for_leases,
           mail_overtakes_the_spawn)
