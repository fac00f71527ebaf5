/* SPDX-License-Identifier: BSD-3-Clause */
/* seeds: 10 */
#include "actor/actor.h"
#include "support/check_main.h"
#include "support/scene.h"

/*
 * Who sends to a full mailbox: handlers and their reserve, actors that send to
 * themselves, mail that no capacity holds up, and how much a full mailbox can have at
 * most.
 */

struct note {
    int64_t number;
};
TROUPE_TYPE(note, number);
TROUPE_SIGNAL(go);
struct ask {
    int64_t number;
};
TROUPE_TYPE(ask, number);

enum { N_NOTES = 6 };

static struct {
    int place;
    troupe_address late, handler;
    int64_t n_taken, n_after, woke_ns;
    bool was_held;
} seen;

static int place; /* of the receiver */

static void set_place(void)
{
    seen.place = place;
}

static void play(const troupe_behavior *main)
{
    for (place = 0; place < 2; place++)
        scene_play(&(struct scene){.main = main,
                                   .n_ranks = 2,
                                   .seen = &seen,
                                   .seen_bytes = sizeof seen,
                                   .begin = set_place});
}

/* ---- the reserve
 * ----------------------------------------------------------------------- */

/* Full for half a second; then everything comes in the order it was sent. */
static troupe_status late_body(troupe_actor *self)
{
    const struct note *note;

    troupe_sleep_until(self, troupe_after_s(self, 0.5));
    seen.woke_ns = troupe_now_ns(self);
    while (troupe_receive(self, note, troupe_after_s(self, 0.5), &note) == TROUPE_OK)
        EXPECT_INT(note->number, seen.n_taken++);
    return TROUPE_OK;
}
TROUPE_PROCESS(late, late_body, TROUPE_ACCEPTS(note), .capacity = 1);

/* Sends more than there is room for; the handler after it runs when all is delivered.
 */
static troupe_status on_go(troupe_actor *self)
{
    for (int64_t i = 0; i < N_NOTES; i++)
        EXPECT_OK(troupe_send(self, seen.late, note, .number = i));
    seen.was_held = (self->flags & ACTOR_HELD) != 0;
    return TROUPE_OK;
}

static troupe_status on_ask(troupe_actor *self, const struct ask *ask)
{
    if (seen.was_held)
        EXPECT(seen.woke_ns > 0);
    EXPECT_INT(self->n_reserved, 0);
    seen.n_after++;
    EXPECT_OK(troupe_send(self, seen.late, note, .number = N_NOTES));
    return troupe_reply(self, ask, ask, .number = ask->number + 1);
}
TROUPE_BEHAVIOR(holder,
                troupe_no_state,
                TROUPE_ON(go, on_go),
                TROUPE_ON(ask, on_ask),
                TROUPE_SENDS(note),
                .capacity = 4);

static troupe_status hold_body(troupe_actor *self)
{
    const troupe_spawn_options there = {.place = TROUPE_ON_RANK(seen.place)};
    const struct ask *answer;

    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    EXPECT_OK(troupe_spawn(self, &late, &there, &seen.late));
    EXPECT_OK(troupe_spawn(self, &holder, NULL, &seen.handler));
    /* It comes to a mailbox that is full, wherever that is. */
    EXPECT_OK(troupe_send(self, seen.handler, go));
    troupe_sleep_until(self, troupe_after_s(self, 0.1));
    EXPECT_OK(troupe_call(self, seen.handler, ask, &answer, TROUPE_FOREVER, ask,
                          .number = 1));
    EXPECT_INT(answer->number, 2);
    EXPECT_INT(seen.n_after, 1);
    EXPECT(seen.was_held || seen.place != 0);
    troupe_sleep_until(self, troupe_after_s(self, 2));
    EXPECT_INT(seen.n_taken, N_NOTES + 1);
    return TROUPE_OK;
}
TROUPE_PROCESS(hold_main,
               hold_body,
               TROUPE_ACCEPTS(ask),
               TROUPE_SPAWNS(&late, &holder));

START_TEST(a_handler_is_held)
{
    play(&hold_main);
}
END_TEST

/* A reply is never held up, and what was sent to the caller before comes before it. */
static troupe_status on_first_ask(troupe_actor *self, const struct ask *ask)
{
    for (int64_t i = 0; i < N_NOTES; i++)
        EXPECT_OK(troupe_send(self, troupe_sender(self), note, .number = i));
    return troupe_reply(self, ask, ask, .number = ask->number);
}
TROUPE_BEHAVIOR(replier,
                troupe_no_state,
                TROUPE_ON(ask, on_first_ask),
                TROUPE_SENDS(note));

static troupe_status reply_body(troupe_actor *self)
{
    const troupe_spawn_options there = {.place = TROUPE_ON_RANK(seen.place)};
    const struct note *note;
    troupe_address server;

    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    EXPECT_OK(troupe_spawn(self, &replier, &there, &server));
    EXPECT_OK(troupe_call(self, server, ask, NULL, TROUPE_FOREVER, ask, .number = 0));
    EXPECT_INT(troupe_n_waiting(self), N_NOTES);
    for (int64_t i = 0; i < N_NOTES; i++) {
        EXPECT_OK(troupe_receive(self, note, TROUPE_NOW, &note));
        EXPECT_INT(note->number, i);
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(reply_main,
               reply_body,
               TROUPE_ACCEPTS(ask, note),
               TROUPE_SPAWNS(&replier),
               .capacity = 1);

START_TEST(a_reply_pulls_the_reserve_along)
{
    play(&reply_main);
}
END_TEST

/* Beyond the reserve the message stays the caller's; the copy was not sent. */
static troupe_status on_too_many(troupe_actor *self)
{
    troupe_message *message;
    struct note *body = NULL;
    troupe_status status;

    self->home->reserve_limit = 2;
    EXPECT_OK(troupe_send(self, seen.late, note, .number = 0));
    EXPECT_OK(troupe_send(self, seen.late, note, .number = 1));
    EXPECT_OK(troupe_send(self, seen.late, note, .number = 2));
    EXPECT_STATUS(troupe_send(self, seen.late, note, .number = 3), TROUPE_FULL);
    EXPECT_OK(troupe_new_message(self, note, 0, &message, &body));
    body->number = 3;
    EXPECT_STATUS(troupe_send_message(self, seen.late, &message), TROUPE_FULL);
    EXPECT(message != NULL && body->number == 3);
    troupe_release(self, &message);
    status = troupe_send(self, troupe_self(self), note, .number = 3);
    EXPECT_OK(status); /* to itself always */
    return TROUPE_OK;
}

static troupe_status on_own_note(troupe_actor *self, const struct note *note)
{
    EXPECT_INT(self->n_reserved, 0);
    return troupe_send(self, seen.late, note, .number = note->number);
}
TROUPE_BEHAVIOR(greedy,
                troupe_no_state,
                TROUPE_ON(go, on_too_many),
                TROUPE_ON(note, on_own_note),
                .capacity = 1);

static troupe_status greedy_body(troupe_actor *self)
{
    troupe_address handler;

    EXPECT_OK(troupe_spawn(self, &late, NULL, &seen.late));
    EXPECT_OK(troupe_spawn(self, &greedy, NULL, &handler));
    EXPECT_OK(troupe_send(self, handler, go));
    troupe_sleep_until(self, troupe_after_s(self, 2));
    EXPECT_INT(seen.n_taken, 4);
    return TROUPE_OK;
}
TROUPE_PROCESS(greedy_main, greedy_body, TROUPE_SPAWNS(&late, &greedy));

START_TEST(the_reserve_is_bounded)
{
    scene_play(&(struct scene){
        .main = &greedy_main, .n_ranks = 1, .seen = &seen, .seen_bytes = sizeof seen});
}
END_TEST

/* ---- to oneself
 * -------------------------------------------------------------------------- */

static troupe_status own_body(troupe_actor *self)
{
    const struct note *note;

    for (int64_t i = 0; i < N_NOTES; i++)
        EXPECT_OK(troupe_send(self, troupe_self(self), note, .number = i));
    EXPECT_INT(troupe_n_waiting(self), N_NOTES);
    for (int64_t i = 0; i < N_NOTES; i++) {
        EXPECT_OK(troupe_receive(self, note, TROUPE_NOW, &note));
        EXPECT_INT(note->number, i);
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(own_main, own_body, TROUPE_ACCEPTS(note), .capacity = 1);

START_TEST(to_oneself_never_parks)
{
    scene_play(&(struct scene){.main = &own_main, .n_ranks = 1});
}
END_TEST

/* ---- a ring of mailboxes that hold one
 * --------------------------------------------------- */

enum { N_RING = 12, N_ROUNDS = 20 };
static troupe_address ring[N_RING];

static troupe_status on_ring_note(troupe_actor *self, const struct note *note)
{
    int place_in_ring = 0;

    while (ring[place_in_ring].bits != troupe_self(self).bits)
        place_in_ring++;
    seen.n_taken++;
    if (note->number == 0)
        return TROUPE_OK;
    return troupe_send(self, ring[(place_in_ring + 1) % N_RING], note,
                       .number = note->number - 1);
}
TROUPE_BEHAVIOR(link_of_ring,
                troupe_no_state,
                TROUPE_ON(note, on_ring_note),
                .capacity = 1);

static troupe_status ring_body(troupe_actor *self)
{
    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    for (int i = 0; i < N_RING; i++) {
        troupe_spawn_options where = {.place =
                                          TROUPE_ON_RANK(i % troupe_n_ranks(self))};

        EXPECT_OK(troupe_spawn(self, &link_of_ring, &where, &ring[i]));
    }
    for (int i = 0; i < N_RING; i++)
        EXPECT_OK(troupe_send(self, ring[i], note, .number = N_ROUNDS - 1));
    return TROUPE_OK;
}
TROUPE_PROCESS(ring_main, ring_body, TROUPE_SPAWNS(&link_of_ring));

static void check_ring(void)
{
    EXPECT_INT(seen.n_taken, N_RING * N_ROUNDS);
}

START_TEST(ring_of_full_mailboxes)
{
    for (int n_ranks = 1; n_ranks <= 5; n_ranks += 2)
        scene_play(&(struct scene){.main = &ring_main,
                                   .n_ranks = n_ranks,
                                   .seen = &seen,
                                   .seen_bytes = sizeof seen,
                                   .check = check_ring});
}
END_TEST

CHECK_MAIN("actor reserve",
           a_handler_is_held,
           a_reply_pulls_the_reserve_along,
           the_reserve_is_bounded,
           to_oneself_never_parks,
           ring_of_full_mailboxes)
