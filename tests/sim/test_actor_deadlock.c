/* SPDX-License-Identifier: BSD-3-Clause */
/* seeds: 10 */
#include "sim/test_actor_bundle.h"
#include "support/check_main.h"
#include "support/scene.h"
#include <stdio.h>
#include <string.h>

/* Deadlocks end the job with 71 and name who waits for whom; what only looks like one
 * does not. */

struct note {
    int64_t number;
};
TROUPE_TYPE(note, number);
TROUPE_SIGNAL(go);

static troupe_address to_be_filled;

static void listen(const troupe_behavior *main, int n_ranks, struct child_end *end)
{
    const struct scene scene = {
        .main = main, .n_ranks = n_ranks, .exit_code = TROUPE_CODE_DEADLOCK};

    scene_play(&scene);
    scene_listen(&scene, end);
    ck_assert_msg(strstr(end->text, "deadlock") != NULL, "it said: %s", end->text);
    ck_assert_ptr_nonnull(strstr(end->text, "exit code 71"));
}

static void expect_words(const struct child_end *end, const char *words)
{
    ck_assert_msg(strstr(end->text, words) != NULL, "'%s' is not in: %s", words,
                  end->text);
}

/* ---- rank processes that wait for each other's mail
 * ------------------------------------ */

static troupe_status mutual_body(troupe_actor *self)
{
    return troupe_receive(self, note, TROUPE_FOREVER, NULL);
}
TROUPE_PROCESS(mutual, mutual_body, TROUPE_ACCEPTS(note));

START_TEST(receives)
{
    struct child_end end;

    listen(&mutual, 3, &end);
    for (int rank = 0; rank < 3; rank++) {
        char words[80];

        snprintf(words, sizeof words,
                 "rank %d: the process of rank %d waits to receive note; unread: 0",
                 rank, rank);
        expect_words(&end, words);
    }
}
END_TEST

/* ---- a server that calls its client
 * ------------------------------------------------------- */

static troupe_status server_body(troupe_actor *self)
{
    EXPECT_OK(troupe_receive(self, note, TROUPE_FOREVER, NULL));
    return troupe_call(self, troupe_sender(self), note, NULL, TROUPE_FOREVER, note,
                       .number = 1);
}
TROUPE_PROCESS(server, server_body, TROUPE_ACCEPTS(note));

static troupe_status client_body(troupe_actor *self)
{
    const troupe_spawn_options last = {.place =
                                           TROUPE_ON_RANK(troupe_n_ranks(self) - 1)};
    troupe_address address;

    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    EXPECT_OK(troupe_spawn(self, &server, &last, &address));
    return troupe_call(self, address, note, NULL, TROUPE_FOREVER, note, .number = 1);
}
TROUPE_PROCESS(client, client_body, TROUPE_ACCEPTS(note), TROUPE_SPAWNS(&server));

START_TEST(calls)
{
    struct child_end end;

    for (int n_ranks = 1; n_ranks <= 2; n_ranks++) {
        listen(&client, n_ranks, &end);
        expect_words(&end,
                     "the process of rank 0 waits for the answer to 'note' from ");
        expect_words(&end, "server ");
        expect_words(&end, "waits for the answer to 'note' from the process of rank 0");
    }
}
END_TEST

/* ---- full mailboxes
 * --------------------------------------------------------------------------- */

static troupe_status deaf_body(troupe_actor *self)
{
    return troupe_receive(self, go, TROUPE_FOREVER, NULL);
}
TROUPE_PROCESS(deaf, deaf_body, TROUPE_ACCEPTS(note, go), .capacity = 1);

static troupe_status on_go(troupe_actor *self)
{
    for (int64_t i = 0; i < 3; i++)
        EXPECT_OK(troupe_send(self, to_be_filled, note, .number = i));
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(pusher, troupe_no_state, TROUPE_ON(go, on_go), TROUPE_SENDS(note));

static troupe_status full_body(troupe_actor *self)
{
    const troupe_spawn_options last = {.place =
                                           TROUPE_ON_RANK(troupe_n_ranks(self) - 1)};
    troupe_address handler;

    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    EXPECT_OK(troupe_spawn(self, &deaf, &last, &to_be_filled));
    EXPECT_OK(troupe_spawn(self, &pusher, NULL, &handler));
    EXPECT_OK(troupe_send(self, to_be_filled, note, .number = 9));
    EXPECT_OK(troupe_send(self, to_be_filled, note, .number = 9));
    troupe_sleep_until(self, troupe_after_s(self, 0.1));
    EXPECT_OK(troupe_send(self, handler, go));
    return troupe_send(self, to_be_filled, note, .number = 10);
}
TROUPE_PROCESS(full, full_body, TROUPE_SENDS(note), TROUPE_SPAWNS(&deaf, &pusher));

START_TEST(full_mailboxes)
{
    struct child_end end;

    listen(&full, 2, &end);
    expect_words(&end, "the process of rank 0 waits to send to ");
    expect_words(&end, "pusher ");
    expect_words(&end, "is held until 3 of its messages are delivered, the first to ");
    expect_words(&end, "which has no room");
}
END_TEST

/* ---- a full mailbox whose last messages are large
 * --------------------------------------------- */

static troupe_status laden_body(troupe_actor *self)
{
    return troupe_receive(self, go, TROUPE_FOREVER, NULL);
}
TROUPE_PROCESS(laden, laden_body, TROUPE_ACCEPTS(bundle, go), .capacity = 1);

static troupe_status lading_body(troupe_actor *self)
{
    return send_bundles(self, &laden, INT64_MAX);
}
TROUPE_PROCESS(lading, lading_body, TROUPE_SENDS(bundle), TROUPE_SPAWNS(&laden));

START_TEST(large_messages)
{
    struct child_end end;

    for (int n_ranks = 1; n_ranks <= 3; n_ranks++) {
        listen(&lading, n_ranks, &end);
        expect_words(&end, "the process of rank 0 waits to send to ");
    }
}
END_TEST

/* ---- ticks that nobody can read
 * --------------------------------------------------------------- */

TROUPE_SIGNAL(tick);

static troupe_status start_ticking(troupe_actor *self)
{
    return troupe_send_every(self, troupe_self(self), 0.001, NULL, tick);
}

static troupe_status push_one(troupe_actor *self)
{
    return troupe_send(self, to_be_filled, note, .number = 1);
}
TROUPE_BEHAVIOR(ticking,
                troupe_no_state,
                TROUPE_INIT(troupe_no_arguments, start_ticking),
                TROUPE_ON(tick, push_one),
                TROUPE_SENDS(note));

static troupe_status vain_body(troupe_actor *self)
{
    const troupe_spawn_options last = {.place =
                                           TROUPE_ON_RANK(troupe_n_ranks(self) - 1)};
    troupe_address pushing;

    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    EXPECT_OK(troupe_spawn(self, &deaf, &last, &to_be_filled));
    for (int i = 0; i < 3; i++)
        EXPECT_OK(troupe_spawn(self, &ticking, NULL, &pushing));
    troupe_sleep_until(self, troupe_after_s(self, 0.1)); /* ticks hold no job */
    return TROUPE_OK;
}
TROUPE_PROCESS(vain, vain_body, TROUPE_SPAWNS(&deaf, &ticking));

START_TEST(vain_ticks)
{
    struct child_end end;

    for (int n_ranks = 1; n_ranks <= 3; n_ranks++) {
        listen(&vain, n_ranks, &end);
        expect_words(&end, "ticking ");
        expect_words(&end, "is held until 1 of its messages are delivered");
    }
}
END_TEST

/* ---- names that nobody takes
 * ----------------------------------------------------------------- */

static troupe_status name_body(troupe_actor *self)
{
    troupe_address who;

    if (troupe_rank(self) == 0)
        return TROUPE_OK;
    return troupe_whereis(self, troupe_rank(self) == 1 ? TROUPE_GLOBAL : TROUPE_LOCAL,
                          "nobody", TROUPE_FOREVER, &who);
}
TROUPE_PROCESS(namer, name_body);

START_TEST(names)
{
    struct child_end end;

    listen(&namer, 3, &end);
    expect_words(&end, "the process of rank 1 waits for a name");
    expect_words(&end, "the process of rank 2 waits for a local name");
}
END_TEST

/* ---- long reports come in whole, from all ranks
 * ---------------------------------------------- */

static troupe_status crowd_body(troupe_actor *self)
{
    troupe_address address;

    for (int i = 0; i < 40; i++)
        EXPECT_OK(troupe_spawn(self, &client, NULL, &address));
    return TROUPE_OK;
}
TROUPE_PROCESS(crowd, crowd_body, TROUPE_SPAWNS(&client));

START_TEST(many_wait)
{
    struct child_end end;

    listen(&crowd, 1, &end);
}
END_TEST

/* ---- no deadlock
 * ---------------------------------------------------------------------------------- */

/* While it slept ticks were dropped; the next one is not. */
static troupe_status late_body(troupe_actor *self)
{
    if (troupe_rank(self) != troupe_n_ranks(self) - 1)
        return TROUPE_OK;
    EXPECT_OK(troupe_send_every(self, troupe_self(self), 0.05, NULL, tick));
    for (int i = 0; i < 3; i++) {
        troupe_sleep_until(self, troupe_after_s(self, 0.21));
        EXPECT_OK(troupe_receive(self, tick, TROUPE_FOREVER, NULL));
        EXPECT_OK(troupe_receive(self, tick, TROUPE_FOREVER, NULL));
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(late, late_body, TROUPE_ACCEPTS(tick));

START_TEST(ticks_that_come_again)
{
    for (int n_ranks = 1; n_ranks <= 3; n_ranks++)
        scene_play(&(struct scene){.main = &late, .n_ranks = n_ranks});
}
END_TEST

/* Rank 0 waits for what a chain of sleepers on the others brings. */
static troupe_status chain_body(troupe_actor *self)
{
    int next = (troupe_rank(self) + 1) % troupe_n_ranks(self);
    const struct note *note;

    if (troupe_rank(self) == 0)
        EXPECT_OK(
            troupe_send(self, troupe_rank_process(self, next), note, .number = 0));
    EXPECT_OK(troupe_receive(self, note, TROUPE_FOREVER, &note));
    troupe_sleep_until(self, troupe_after_s(self, 0.2));
    if (troupe_rank(self) != 0)
        EXPECT_OK(
            troupe_send(self, troupe_rank_process(self, next), note, .number = 0));
    return TROUPE_OK;
}
TROUPE_PROCESS(chain, chain_body, TROUPE_ACCEPTS(note));

START_TEST(slow_is_not_dead)
{
    for (int n_ranks = 2; n_ranks <= 6; n_ranks += 2)
        scene_play(&(struct scene){.main = &chain, .n_ranks = n_ranks});
}
END_TEST

CHECK_MAIN("actor deadlock",
           receives,
           calls,
           full_mailboxes,
           large_messages,
           vain_ticks,
           names,
           many_wait,
           ticks_that_come_again,
           slow_is_not_dead)
