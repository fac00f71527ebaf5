/* SPDX-License-Identifier: BSD-3-Clause */
/* seeds: 10 */
#include "actor/actor.h"
#include "support/check_main.h"
#include "support/scene.h"
#include <string.h>

/* Calls that wait: every one returns exactly once, whatever becomes of the server. */

struct ask {
    int64_t number;
};
TROUPE_TYPE(ask, number);
struct answer {
    int64_t number;
};
TROUPE_TYPE(answer, number);
struct blob {
    uint64_t n_bytes;
    uint8_t bytes[];
};
TROUPE_TYPE(blob, n_bytes, TROUPE_TAIL(bytes, n_bytes));
TROUPE_SIGNAL(stray);
TROUPE_SIGNAL(unknown);

enum { N_CALLERS = 12, N_CALLS = 20, BLOB = 70000 };

static struct {
    troupe_address server;
    int64_t n_answered, n_returned, n_late;
} seen;

static troupe_status call_for(troupe_actor *self, troupe_address to, int64_t number)
{
    const struct answer *answer;

    TROUPE_TRY(
        troupe_call(self, to, answer, &answer, TROUPE_FOREVER, ask, .number = number));
    EXPECT_INT(answer->number, number + 1);
    EXPECT(troupe_sender(self).bits == to.bits);
    return TROUPE_OK;
}

static troupe_spawn_options elsewhere(const troupe_actor *self)
{
    return (troupe_spawn_options){.place = TROUPE_ON_RANK(troupe_n_ranks(self) - 1)};
}

static void play(const troupe_behavior *main)
{
    for (int n_ranks = 1; n_ranks <= 3; n_ranks++)
        scene_play(&(struct scene){.main = main,
                                   .n_ranks = n_ranks,
                                   .seen = &seen,
                                   .seen_bytes = sizeof seen});
}

/* ---- servers
 * ------------------------------------------------------------------------- */

static uint8_t bytes[BLOB];

/* Odd numbers get their answer, 100 a large one, 102 one of a wrong type, 104 two. */
static troupe_status on_ask(troupe_actor *self, const struct ask *ask)
{
    switch (ask->number) {
    case 100:
        return troupe_reply_tail(self, ask, blob, bytes, bytes, BLOB);
    case 102:
        return troupe_reply(self, ask, stray);
    case 104:
        EXPECT_OK(troupe_reply(self, ask, answer, .number = 105));
        EXPECT_STATUS(troupe_reply(self, ask, answer, .number = 0), TROUPE_NOT_FOUND);
        EXPECT_STATUS(troupe_reply_tail(self, ask, blob, bytes, bytes, 1),
                      TROUPE_NOT_FOUND);
        return TROUPE_OK;
    case 106:
        troupe_exit(self);
        return TROUPE_OK;
    case 108:
        return TROUPE_FAILED;
    default:
        return troupe_reply(self, ask, answer, .number = ask->number + 1);
    }
}
TROUPE_BEHAVIOR(handler_server,
                troupe_no_state,
                TROUPE_ON(ask, on_ask),
                TROUPE_SENDS(answer, blob, stray));

/* The same as a process, which does not park between two of a batch. */
static troupe_status server_body(troupe_actor *self)
{
    const struct ask *ask;

    for (;;) {
        troupe_status status = troupe_receive(self, ask, TROUPE_FOREVER, &ask);

        if (status != TROUPE_OK || ask->number == 106)
            return status;
        TROUPE_TRY(on_ask(self, ask));
    }
}
TROUPE_PROCESS(process_server,
               server_body,
               TROUPE_ACCEPTS(ask),
               TROUPE_SENDS(answer, blob, stray),
               .capacity = 1);

/* ---- answers of all kinds
 * ------------------------------------------------------------------ */

static void expect_answers(troupe_actor *self, troupe_address server)
{
    const struct answer *answer;
    const struct blob *blob;

    for (int64_t i = 1; i < 10; i += 2)
        EXPECT_OK(call_for(self, server, i));
    EXPECT_OK(
        troupe_call(self, server, blob, &blob, TROUPE_FOREVER, ask, .number = 100));
    EXPECT_INT(blob->n_bytes, BLOB);
    EXPECT_STATUS(
        troupe_call(self, server, answer, &answer, TROUPE_FOREVER, ask, .number = 102),
        TROUPE_INVALID);
    EXPECT_OK(
        troupe_call(self, server, answer, NULL, TROUPE_FOREVER, ask, .number = 104));
    EXPECT_STATUS(troupe_call(self, server, answer, &answer, TROUPE_FOREVER, unknown),
                  TROUPE_REFUSED);
    EXPECT_OK(call_for(self, server, 11));
    EXPECT_INT(troupe_n_waiting(self), 0);
}

/* Ends with the call: without an answer, or failing. */
static void expect_down(troupe_actor *self, troupe_address server, int64_t number)
{
    EXPECT_STATUS(call_for(self, server, number), TROUPE_DOWN);
    EXPECT_STATUS(call_for(self, server, 1), TROUPE_DOWN); /* dead already */
}

static troupe_status answers_body(troupe_actor *self)
{
    const troupe_behavior *const servers[] = {&handler_server, &process_server};
    troupe_spawn_options where = elsewhere(self);

    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    for (int i = 0; i < 2; i++)
        for (int64_t last = 106; last <= 108; last += 2) {
            troupe_address server;

            EXPECT_OK(troupe_spawn(self, servers[i], &where, &server));
            expect_answers(self, server);
            expect_down(self, server, last);
        }
    EXPECT_STATUS(call_for(self, TROUPE_NOBODY, 1), TROUPE_DOWN);
    return TROUPE_OK;
}
TROUPE_PROCESS(answers,
               answers_body,
               TROUPE_ACCEPTS(answer, blob, stray),
               TROUPE_SENDS(ask, unknown),
               TROUPE_SPAWNS(&handler_server, &process_server));

START_TEST(answers_of_all_kinds)
{
    play(&answers);
}
END_TEST

/* ---- servers that end
 * ------------------------------------------------------------------------- */

/* Never reads, or reads and thinks; somebody kills it. */
static troupe_status sleeper_body(troupe_actor *self)
{
    troupe_sleep_until(self, TROUPE_FOREVER);
    return TROUPE_OK;
}
TROUPE_PROCESS(sleeper, sleeper_body, TROUPE_ACCEPTS(ask));

static troupe_status thinker_body(troupe_actor *self)
{
    EXPECT_OK(troupe_receive(self, ask, TROUPE_FOREVER, NULL));
    troupe_sleep_until(self, TROUPE_FOREVER);
    return TROUPE_OK;
}
TROUPE_PROCESS(thinker, thinker_body, TROUPE_ACCEPTS(ask));

/* Has read it, and something else since. */
static troupe_status forgetful_body(troupe_actor *self)
{
    EXPECT_OK(troupe_receive(self, ask, TROUPE_FOREVER, NULL));
    EXPECT_STATUS(troupe_receive(self, ask, TROUPE_NOW, NULL), TROUPE_TIMEOUT);
    troupe_sleep_until(self, TROUPE_FOREVER);
    return TROUPE_OK;
}
TROUPE_PROCESS(forgetful, forgetful_body, TROUPE_ACCEPTS(ask));

static troupe_status mute(troupe_actor *self, const struct ask *ask)
{
    EXPECT(troupe_caller_of(self).reference.bits != 0 && ask->number == 1);
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(mute_handler, troupe_no_state, TROUPE_ON(ask, mute));

static troupe_status killer_body(troupe_actor *self)
{
    troupe_sleep_until(self, troupe_after_s(self, 0.2));
    return troupe_stop_actor(self, seen.server, TROUPE_EXIT_KILLED);
}
TROUPE_PROCESS(killer, killer_body);

static troupe_status ending_body(troupe_actor *self)
{
    const troupe_behavior *const servers[] = {&sleeper, &thinker, &forgetful,
                                              &mute_handler};
    troupe_spawn_options where = elsewhere(self);

    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    for (int i = 0; i < 4; i++) {
        troupe_address unused;
        int64_t begin_ns = troupe_now_ns(self);

        EXPECT_OK(troupe_spawn(self, servers[i], &where, &seen.server));
        EXPECT_OK(troupe_spawn(self, &killer, NULL, &unused));
        EXPECT_STATUS(call_for(self, seen.server, 1), TROUPE_DOWN);
        EXPECT(troupe_now_ns(self) - begin_ns >= 200 * 1000 * 1000);
        EXPECT_STATUS(call_for(self, seen.server, 1), TROUPE_DOWN);
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(ending,
               ending_body,
               TROUPE_ACCEPTS(answer),
               TROUPE_SPAWNS(&sleeper, &thinker, &forgetful, &mute_handler, &killer));

START_TEST(servers_that_end)
{
    play(&ending);
}
END_TEST

/* ---- many callers, a mailbox that holds one
 * ------------------------------------------------------ */

static troupe_status caller_body(troupe_actor *self)
{
    for (int64_t i = 0; i < N_CALLS; i++) {
        EXPECT_OK(call_for(self, seen.server, 2 * i + 1));
        seen.n_returned++;
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(caller, caller_body, TROUPE_ACCEPTS(answer), TROUPE_SENDS(ask));

static troupe_status full_body(troupe_actor *self)
{
    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    EXPECT_OK(troupe_spawn(self, &process_server, NULL, &seen.server));
    for (int i = 0; i < N_CALLERS; i++) {
        const troupe_spawn_options where = {
            .place = TROUPE_ON_RANK(i % troupe_n_ranks(self))};
        troupe_address unused;

        EXPECT_OK(troupe_spawn(self, &caller, &where, &unused));
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(full, full_body, TROUPE_SPAWNS(&process_server, &caller));

static void check_full(void)
{
    EXPECT_INT(seen.n_returned, N_CALLERS * N_CALLS);
}

START_TEST(through_a_full_mailbox)
{
    for (int n_ranks = 1; n_ranks <= 3; n_ranks++)
        scene_play(&(struct scene){.main = &full,
                                   .n_ranks = n_ranks,
                                   .seen = &seen,
                                   .seen_bytes = sizeof seen,
                                   .check = check_full});
}
END_TEST

CHECK_MAIN("actor call", answers_of_all_kinds, servers_that_end, through_a_full_mailbox)
