/* SPDX-License-Identifier: BSD-3-Clause */
/* seeds: 3 */
#include "support/check_main.h"
#include "support/scene.h"
#include <string.h>

/*
 * The errors that the headers name and no other scene provokes; those for want of
 * memory are in test_actor_no_memory.c, wrong calls in test_actor_bad_call.c.
 */

struct note {
    int64_t number;
};
TROUPE_TYPE(note, number);
struct chunk {
    uint32_t n_data, pad;
    uint8_t data[];
};
TROUPE_TYPE(chunk, n_data, pad, TROUPE_TAIL(data, n_data));
struct other_note {
    int64_t number;
};
TROUPE_TYPE(other_note, number);
TROUPE_SIGNAL(quit);

static char long_name[80];

static troupe_status on_quit(troupe_actor *self)
{
    troupe_exit(self);
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(guest, troupe_no_state, TROUPE_ON(quit, on_quit));

static void play(const troupe_behavior *main, int n_ranks)
{
    scene_play(&(struct scene){.main = main, .n_ranks = n_ranks});
}

/* One that has ended, and whose end the caller knows. */
static troupe_address a_dead_one(troupe_actor *self)
{
    troupe_reference monitor;
    const troupe_spawn_options watched = {.monitor = &monitor};
    troupe_address who;

    EXPECT_OK(troupe_spawn(self, &guest, &watched, &who));
    EXPECT_OK(troupe_send(self, who, quit));
    EXPECT_OK(troupe_receive(self, troupe_down, TROUPE_FOREVER, NULL));
    return who;
}

/* ---- nothing in hand, nobody there ---- */

static troupe_status empty_body(troupe_actor *self)
{
    const troupe_caller nobody = {0};
    troupe_message *message = NULL;
    troupe_reference monitor;
    const troupe_type *type = TROUPE_TYPE_OF(note);

    EXPECT(troupe_rank_process(self, -1).bits == 0);
    EXPECT(troupe_rank_process(self, troupe_n_ranks(self)).bits == 0);
    EXPECT_INT(troupe_rank_of(self, TROUPE_NOBODY), -1);
    EXPECT(troupe_sender(self).bits == 0 && troupe_mail_reference(self).bits == 0);
    EXPECT(troupe_caller_of(self).address.bits == 0);
    EXPECT(troupe_arguments_bytes(self, type) == NULL);
    EXPECT(troupe_state(self) == NULL);
    EXPECT(troupe_alloc(self, SIZE_MAX) == NULL);
    EXPECT(troupe_alloc(self, SIZE_MAX - 64) == NULL);
    EXPECT_STATUS(troupe_reply(self, note, note, .number = 1), TROUPE_NOT_FOUND);
    EXPECT_STATUS(troupe_reply_to(self, &nobody, note, .number = 1), TROUPE_NOT_FOUND);
    EXPECT_STATUS(troupe_keep(self, &message), TROUPE_NOT_FOUND);
    EXPECT(troupe_hold(self, &message).bits == 0);
    EXPECT(troupe_held_body(self, (troupe_held){7}) == NULL);
    EXPECT_STATUS(troupe_unhold(self, (troupe_held){7}, &message), TROUPE_NOT_FOUND);
    EXPECT_STATUS(troupe_receive(self, note, TROUPE_NOW, NULL), TROUPE_TIMEOUT);
    EXPECT_STATUS(troupe_receive_any(self, troupe_after_s(self, 0.1), NULL),
                  TROUPE_TIMEOUT);
    EXPECT_OK(troupe_stop_actor(self, TROUPE_NOBODY, TROUPE_EXIT_KILLED));
    EXPECT_OK(troupe_monitor(self, a_dead_one(self), &monitor));
    EXPECT_OK(troupe_demonitor(self, monitor));
    EXPECT_STATUS(troupe_receive(self, troupe_down, TROUPE_NOW, NULL), TROUPE_TIMEOUT);
    return TROUPE_OK;
}
TROUPE_PROCESS(empty_main,
               empty_body,
               TROUPE_ACCEPTS(note, troupe_down),
               TROUPE_SENDS(chunk, quit),
               TROUPE_SPAWNS(&guest));

START_TEST(nothing_there)
{
    play(&empty_main, 1);
}
END_TEST

/* ---- sends that are not taken ---- */

static troupe_status deaf_body(troupe_actor *self)
{
    troupe_sleep_until(self, troupe_after_s(self, 1));
    return TROUPE_OK;
}
TROUPE_PROCESS(
    deaf, deaf_body, TROUPE_ACCEPTS(note), .capacity = 1, .overflow = TROUPE_REFUSE);

/* Local ones are known at once; of remote ones only that they were sent. */
static void expect_not_taken(troupe_actor *self, troupe_address full, bool is_local)
{
    troupe_status none = is_local ? TROUPE_FULL : TROUPE_OK;

    EXPECT_OK(troupe_send(self, full, note, .number = 1));
    EXPECT_STATUS(troupe_send(self, full, note, .number = 2), none);
    none = is_local ? TROUPE_REFUSED : TROUPE_OK;
    EXPECT_STATUS(troupe_send(self, full, other_note, .number = 3), none);
    EXPECT_STATUS(
        troupe_call(self, full, note, NULL, TROUPE_FOREVER, note, .number = 4),
        TROUPE_FULL);
    EXPECT_STATUS(
        troupe_call(self, full, note, NULL, TROUPE_FOREVER, other_note, .number = 5),
        TROUPE_REFUSED);
}

static troupe_status not_taken_body(troupe_actor *self)
{
    const struct chunk head = {0};
    troupe_address dead, full;
    int n_ranks = troupe_n_ranks(self);
    troupe_status status;

    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    for (int rank = 0; rank < n_ranks; rank++) {
        const troupe_spawn_options there = {.place = TROUPE_ON_RANK(rank)};

        EXPECT_OK(troupe_spawn(self, &deaf, &there, &full));
        expect_not_taken(self, full, rank == 0);
    }
    dead = a_dead_one(self);
    EXPECT_STATUS(troupe_send(self, dead, note, .number = 1), TROUPE_DOWN);
    EXPECT_STATUS(troupe_send(self, TROUPE_NOBODY, note, .number = 1), TROUPE_DOWN);
    /* Any 64 bits are an address, of nobody if need be. */
    EXPECT_STATUS(troupe_send(self, (troupe_address){UINT64_MAX}, note, .number = 1),
                  TROUPE_DOWN);
    EXPECT_STATUS(
        troupe_call(self, dead, note, NULL, TROUPE_FOREVER, note, .number = 1),
        TROUPE_DOWN);
    status = troupe_call(self, full, note, NULL, TROUPE_NOW, note, .number = 1);
    EXPECT(status == TROUPE_FULL || (n_ranks > 1 && status == TROUPE_TIMEOUT));
    EXPECT_STATUS(troupe_send_with_tail(self, dead, TROUPE_TYPE_OF(chunk), &head, "x",
                                        (size_t)1 << 32),
                  TROUPE_INVALID);
    return TROUPE_OK;
}
TROUPE_PROCESS(not_taken_main,
               not_taken_body,
               TROUPE_ACCEPTS(note, troupe_down),
               TROUPE_SENDS(chunk, quit, other_note),
               TROUPE_SPAWNS(&guest, &deaf));

START_TEST(mail_that_is_not_taken)
{
    play(&not_taken_main, 1);
    play(&not_taken_main, 2);
}
END_TEST

/* ---- replies ---- */

static troupe_status on_note(troupe_actor *self, const struct note *note)
{
    const struct chunk head = {0};

    EXPECT_INT(note->number, 1);
    EXPECT_STATUS(troupe_reply_with_tail(self, TROUPE_TYPE_OF(chunk), &head, "x",
                                         (size_t)1 << 32),
                  TROUPE_INVALID);
    EXPECT_STATUS(
        troupe_reply_with_tail(self, TROUPE_TYPE_OF(chunk), &head, "x", SIZE_MAX / 2),
        TROUPE_INVALID);
    EXPECT_OK(troupe_reply(self, note, note, .number = 2));
    EXPECT_STATUS(troupe_reply(self, note, note, .number = 3), TROUPE_NOT_FOUND);
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(server, troupe_no_state, TROUPE_ON(note, on_note), TROUPE_SENDS(chunk));

static troupe_status replies_body(troupe_actor *self)
{
    const troupe_spawn_options last = {.place =
                                           TROUPE_ON_RANK(troupe_n_ranks(self) - 1)};
    const struct chunk *chunk;
    troupe_address who;

    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    EXPECT_OK(troupe_spawn(self, &server, &last, &who));
    EXPECT_OK(troupe_call(self, who, note, NULL, TROUPE_FOREVER, note, .number = 1));
    EXPECT_STATUS(
        troupe_call(self, who, chunk, &chunk, TROUPE_FOREVER, note, .number = 1),
        TROUPE_INVALID);
    return TROUPE_OK;
}
TROUPE_PROCESS(replies_main,
               replies_body,
               TROUPE_ACCEPTS(note, chunk),
               TROUPE_SPAWNS(&server));

START_TEST(replies)
{
    play(&replies_main, 1);
    play(&replies_main, 2);
}
END_TEST

/* ---- names and groups ---- */

static void
expect_result(troupe_actor *self, troupe_reference reference, troupe_status status)
{
    const struct troupe_name_result *result;

    EXPECT_OK(troupe_receive(self, troupe_name_result, TROUPE_FOREVER, &result));
    EXPECT(result->reference.bits == reference.bits);
    EXPECT_INT(result->status, status);
}

static troupe_status names_body(troupe_actor *self)
{
    const char *const wrong[] = {"", long_name, NULL};
    troupe_address dead = a_dead_one(self), who = troupe_self(self), mate;
    troupe_reference asked;

    for (int i = 0; i < 3; i++) {
        const char *name = wrong[i];

        for (int scope = TROUPE_LOCAL; scope <= TROUPE_GLOBAL; scope++) {
            enum troupe_scope where = (enum troupe_scope)scope;

            EXPECT_STATUS(troupe_register(self, where, name, who), TROUPE_INVALID);
            EXPECT_STATUS(troupe_unregister(self, where, name), TROUPE_NOT_FOUND);
            EXPECT_STATUS(troupe_whereis(self, where, name, TROUPE_NOW, &mate),
                          TROUPE_INVALID);
        }
        EXPECT_STATUS(troupe_register_async(self, name, who, &asked), TROUPE_INVALID);
        EXPECT_STATUS(troupe_whereis_async(self, name, &asked), TROUPE_INVALID);
        EXPECT_STATUS(troupe_join(self, name), TROUPE_INVALID);
        EXPECT_STATUS(troupe_leave(self, name), TROUPE_NOT_FOUND);
        EXPECT_STATUS(troupe_group_send(self, name, quit), TROUPE_NOT_FOUND);
        EXPECT_INT(troupe_members(self, name, NULL, 0), 0);
    }
    EXPECT_STATUS(troupe_register(self, TROUPE_LOCAL, "late", dead), TROUPE_DOWN);
    EXPECT_STATUS(troupe_register(self, TROUPE_GLOBAL, "late", dead), TROUPE_DOWN);
    EXPECT_STATUS(troupe_register_async(self, "late", dead, &asked), TROUPE_DOWN);
    EXPECT_STATUS(troupe_register(self, TROUPE_LOCAL, "no", TROUPE_NOBODY),
                  TROUPE_INVALID);
    EXPECT_STATUS(
        troupe_whereis(self, TROUPE_LOCAL, "no", troupe_after_s(self, 0.1), &mate),
        TROUPE_TIMEOUT);
    EXPECT_OK(troupe_whereis_async(self, "no", &asked));
    expect_result(self, asked, TROUPE_NOT_FOUND);
    EXPECT_OK(troupe_spawn(self, &guest, NULL, &mate));
    EXPECT_OK(troupe_register(self, TROUPE_GLOBAL, "taken", mate));
    EXPECT_STATUS(troupe_register(self, TROUPE_GLOBAL, "taken", who), TROUPE_EXISTS);
    EXPECT_OK(troupe_register_async(self, "taken", who, &asked));
    expect_result(self, asked, TROUPE_EXISTS);
    EXPECT_OK(troupe_register(self, TROUPE_LOCAL, "taken", mate));
    EXPECT_STATUS(troupe_register(self, TROUPE_LOCAL, "taken", who), TROUPE_EXISTS);
    return TROUPE_OK;
}
TROUPE_PROCESS(names_main,
               names_body,
               TROUPE_ACCEPTS(troupe_down, troupe_name_result),
               TROUPE_SENDS(quit),
               TROUPE_SPAWNS(&guest));

START_TEST(names_and_groups)
{
    memset(long_name, 'x', sizeof long_name - 1);
    play(&names_main, 1);
}
END_TEST

/* ---- wrong calls of who listens ---- */

static troupe_status watch_nobody_body(troupe_actor *self)
{
    troupe_reference monitor;

    return troupe_monitor(self, TROUPE_NOBODY, &monitor);
}
TROUPE_PROCESS(watch_nobody, watch_nobody_body, TROUPE_ACCEPTS(troupe_down));

static troupe_status watch_unnamed_body(troupe_actor *self)
{
    return troupe_monitor(self, troupe_self(self), NULL);
}
TROUPE_PROCESS(watch_unnamed, watch_unnamed_body, TROUPE_ACCEPTS(troupe_down));

static void expect_words(const troupe_behavior *main, const char *words)
{
    struct child_end end;

    scene_listen(
        &(struct scene){.main = main, .n_ranks = 1, .exit_code = TROUPE_CODE_MISUSE},
        &end);
    ck_assert_msg(strstr(end.text, "monitor.c:") && strstr(end.text, words),
                  "it said: %s", end.text);
}

START_TEST(wrong_monitors)
{
    expect_words(&watch_nobody, "there is no such address to monitor");
    expect_words(&watch_unnamed, "no place for the monitor's reference");
}
END_TEST

/* ---- a job is run once ---- */

static void run_twice(void *argument)
{
    const troupe_program program = {.main = &replies_main};
    const troupe_options options = {.program = &program, .sim_ranks = 1};
    troupe *runtime;

    (void)argument;
    if (troupe_start(&options, &runtime) != TROUPE_OK || troupe_run(runtime) != 0)
        exit(EXIT_SUCCESS);
    exit(troupe_run(runtime));
}

static void start_without_program(void *argument)
{
    const troupe_options options = {.sim_ranks = 1};

    exit(troupe_start(&options, argument) == TROUPE_OK ? 0 : 1);
}

START_TEST(jobs)
{
    struct child_end end;

    child_run(run_twice, NULL, &end);
    ck_assert_msg(strstr(end.text, "troupe_run: once") != NULL, "%s", end.text);
    child_run(start_without_program, NULL, &end);
    ck_assert_msg(strstr(end.text, "needs options with a program") != NULL, "%s",
                  end.text);
}
END_TEST

CHECK_MAIN("actor errors",
           nothing_there,
           mail_that_is_not_taken,
           replies,
           names_and_groups,
           wrong_monitors,
           jobs)
