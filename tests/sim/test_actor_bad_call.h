/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TEST_ACTOR_BAD_CALL_H
#define TEST_ACTOR_BAD_CALL_H

/* The wrong calls of test_actor_bad_call.c, one function each. */

#include "support/scene.h"
#include "troupe/foreign.h"

struct note {
    int64_t number;
};
TROUPE_TYPE(note, number);
struct stranger {
    int64_t number;
};
TROUPE_TYPE(stranger, number);
struct chunk {
    uint64_t n_data;
    uint8_t data[];
};
TROUPE_TYPE(chunk, n_data, TROUPE_TAIL(data, n_data));
struct index_of_case {
    int64_t index;
};
TROUPE_TYPE(index_of_case, index);
struct other_state {
    int64_t number;
};
TROUPE_TYPE(other_state, number);
struct doubt {
    bool is_sure;
};
TROUPE_TYPE(doubt, is_sure);
TROUPE_SIGNAL(ping);

static troupe_status on_ping(troupe_actor *self)
{
    (void)self;
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(plain, troupe_no_state, TROUPE_ON(ping, on_ping));
TROUPE_BEHAVIOR(unlisted, troupe_no_state, TROUPE_ON(ping, on_ping));

static troupe_status on_ping_other(troupe_actor *self, struct other_state *state)
{
    (void)self;
    (void)state;
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(other_stateful, other_state, TROUPE_ON(ping, on_ping_other));

static troupe_status return_body(troupe_actor *self)
{
    (void)self;
    return TROUPE_OK;
}
TROUPE_PROCESS(returning, return_body);
TROUPE_PROCESS(doubting, return_body, TROUPE_ARGUMENTS(doubt));

/* ---- the wrong calls
 * --------------------------------------------------------------------- */

static const struct note a_note;

static void spawn_unlisted(troupe_actor *self)
{
    (void)!troupe_spawn(self, &unlisted, NULL, NULL);
}

static void spawn_with_too_much(troupe_actor *self)
{
    (void)!troupe_spawn(self, &plain,
                        &(troupe_spawn_options){TROUPE_WITH(note, .number = 1)}, NULL);
}

TROUPE_BEHAVIOR_DECLARE(wrong_handler);

static void spawn_without_arguments(troupe_actor *self)
{
    (void)!troupe_spawn(self, &wrong_handler, NULL, NULL);
}

static void spawn_with_wrong_arguments(troupe_actor *self)
{
    (void)!troupe_spawn(self, &wrong_handler,
                        &(troupe_spawn_options){TROUPE_WITH(note, .number = 1)}, NULL);
}

static void spawn_with_null_arguments(troupe_actor *self)
{
    const troupe_spawn_options options = {.arguments_type =
                                              TROUPE_TYPE_OF(index_of_case)};

    (void)!troupe_spawn(self, &wrong_handler, &options, NULL);
}

static void spawn_with_no_bool(troupe_actor *self)
{
    static const unsigned char two = 2;
    const troupe_spawn_options options = {.place =
                                              TROUPE_ON_RANK(troupe_n_ranks(self) - 1),
                                          .arguments = &two,
                                          .arguments_type = TROUPE_TYPE_OF(doubt)};

    (void)!troupe_spawn(self, &doubting, &options, NULL);
}

static void spawn_monitored(troupe_actor *self)
{
    troupe_reference monitor;

    (void)!troupe_spawn(self, &plain, &(troupe_spawn_options){.monitor = &monitor},
                        NULL);
}

static void spawn_with_no_policy(troupe_actor *self)
{
    const troupe_spawn_options options = {.overflow = (enum troupe_overflow)9};

    (void)!troupe_spawn(self, &plain, &options, NULL);
}

static void spawn_with_much(troupe_actor *self)
{
    const size_t n_bytes = 9 << 20;
    struct chunk *chunk = troupe_alloc(self, sizeof *chunk + n_bytes);
    const troupe_spawn_options options = {.arguments = chunk,
                                          .arguments_type = TROUPE_TYPE_OF(chunk)};

    EXPECT(chunk != NULL);
    chunk->n_data = n_bytes;
    (void)!troupe_spawn(self, &wrong_handler, &options, NULL);
}

static void become_unlisted(troupe_actor *self)
{
    troupe_become(self, &unlisted);
}

static void become_process(troupe_actor *self)
{
    troupe_become(self, &returning);
}

static void become_other_state(troupe_actor *self)
{
    troupe_become(self, &other_stateful);
}

static void send_unlisted(troupe_actor *self)
{
    (void)troupe_send(self, troupe_self(self), stranger, .number = 1);
}

static void send_unlisted_tail(troupe_actor *self)
{
    troupe_message *message;

    (void)!troupe_message_create(self, TROUPE_TYPE_OF(stranger), 0, &message);
}

static void send_wrong_size(troupe_actor *self)
{
    (void)troupe_send_bytes(self, troupe_self(self), TROUPE_TYPE_OF(note), &a_note, 3);
}

static void send_wrong_count(troupe_actor *self)
{
    const struct chunk chunk = {.n_data = 100};

    (void)troupe_send_bytes(self, troupe_self(self), TROUPE_TYPE_OF(chunk), &chunk,
                            sizeof chunk);
}

static void send_no_tail(troupe_actor *self)
{
    (void)troupe_send_with_tail(self, troupe_self(self), TROUPE_TYPE_OF(note), &a_note,
                                "x", 1);
}

static void change_count(troupe_actor *self)
{
    troupe_message *message = NULL;
    struct chunk *chunk = NULL;

    EXPECT_OK(troupe_new_message(self, chunk, 10, &message, &chunk));
    chunk->n_data = 11;
    (void)troupe_send_message(self, troupe_self(self), &message);
}

static void send_null_type(troupe_actor *self)
{
    (void)troupe_send_bytes(self, troupe_self(self), NULL, &a_note, sizeof a_note);
}

static void send_null_body(troupe_actor *self)
{
    (void)troupe_send_bytes(self, troupe_self(self), TROUPE_TYPE_OF(note), NULL,
                            sizeof a_note);
}

static void send_null_tail(troupe_actor *self)
{
    const struct chunk chunk = {0};

    (void)troupe_send_with_tail(self, troupe_self(self), TROUPE_TYPE_OF(chunk), &chunk,
                                NULL, 5);
}

static void send_null_head(troupe_actor *self)
{
    (void)troupe_send_with_tail(self, troupe_self(self), TROUPE_TYPE_OF(chunk), NULL,
                                "x", 1);
}

static void send_null_message(troupe_actor *self)
{
    troupe_message *message = NULL;

    (void)troupe_send_message(self, troupe_self(self), &message);
}

static troupe_message *message_of_another;

static void send_anothers_message(troupe_actor *self)
{
    (void)troupe_send_message(self, troupe_self(self), &message_of_another);
}

static void release_anothers_message(troupe_actor *self)
{
    troupe_release(self, &message_of_another);
}

static void hold_anothers_message(troupe_actor *self)
{
    (void)troupe_hold(self, &message_of_another);
}

static void create_null_type(troupe_actor *self)
{
    troupe_message *message;

    (void)!troupe_message_create(self, NULL, 0, &message);
}

static void create_nowhere(troupe_actor *self)
{
    (void)!troupe_message_create(self, TROUPE_TYPE_OF(note), 0, NULL);
}

static void keep_nowhere(troupe_actor *self)
{
    (void)!troupe_keep(self, NULL);
}

static void spawn_null(troupe_actor *self)
{
    (void)!troupe_spawn(self, NULL, NULL, NULL);
}

static void become_null(troupe_actor *self)
{
    troupe_become(self, NULL);
}

static void receive_null_type(troupe_actor *self)
{
    (void)troupe_receive_bytes(self, NULL, TROUPE_NOW, NULL);
}

static void match_with_null(troupe_actor *self)
{
    (void)troupe_receive_match(self, TROUPE_NOW, NULL, NULL, NULL);
}

static void reply_to_null(troupe_actor *self)
{
    (void)troupe_reply_to(self, NULL, note, .number = 1);
}

static void whereis_nowhere(troupe_actor *self)
{
    (void)!troupe_whereis(self, TROUPE_LOCAL, "name", TROUPE_NOW, NULL);
}

static void name_no_type(troupe_actor *self)
{
    (void)troupe_find_type(self, NULL);
}

static void timer_null_type(troupe_actor *self)
{
    (void)!troupe_send_every_bytes(self, troupe_self(self), 1, NULL, NULL, 0, NULL);
}

static void wait_for_mpi(troupe_actor *self)
{
    troupe_mpi_wait_pointer(self, NULL);
}

static void ask_for_mpi(troupe_actor *self)
{
    troupe_mpi_communicator_pointer(self, NULL);
}

static void receive_in_handler(troupe_actor *self)
{
    (void)troupe_receive(self, index_of_case, TROUPE_FOREVER, NULL);
}

static void receive_unaccepted(troupe_actor *self)
{
    (void)troupe_receive(self, chunk, TROUPE_FOREVER, NULL);
}

static void receive_any(troupe_actor *self)
{
    (void)troupe_receive_any(self, TROUPE_NOW, NULL);
}

static bool take_all(void *context, const troupe_mail *mail)
{
    return context == mail;
}

static void receive_match(troupe_actor *self)
{
    (void)troupe_receive_match(self, TROUPE_NOW, take_all, NULL, NULL);
}

static void defer_in_process(troupe_actor *self)
{
    troupe_defer_message(self);
}

static void defer_answered(troupe_actor *self)
{
    EXPECT_OK(troupe_reply(self, index_of_case, note, .number = 1));
    troupe_defer_message(self);
}

static void call_in_handler(troupe_actor *self)
{
    (void)!troupe_call(self, troupe_rank_process(self, 0), note, NULL, TROUPE_FOREVER,
                       note, .number = 1);
}

static void call_oneself(troupe_actor *self)
{
    (void)!troupe_call(self, troupe_self(self), note, NULL, TROUPE_FOREVER, note,
                       .number = 1);
}

static void call_async(troupe_actor *self)
{
    (void)!troupe_call_async(self, troupe_self(self), TROUPE_FOREVER, NULL, note,
                             .number = 1);
}

static void reply_unlisted(troupe_actor *self)
{
    (void)troupe_reply(self, index_of_case, stranger, .number = 1);
}

static void sleep_in_handler(troupe_actor *self)
{
    troupe_sleep_until(self, TROUPE_NOW);
}

static void monitor_deaf(troupe_actor *self)
{
    troupe_reference monitor;

    (void)!troupe_monitor(self, troupe_self(self), &monitor);
}

static void defer_nothing(troupe_actor *self)
{
    (void)!troupe_defer(self, NULL, NULL);
}

static void timer_unlisted(troupe_actor *self)
{
    (void)!troupe_send_after(self, troupe_self(self), 1, NULL, stranger, .number = 1);
}

static void register_in_handler(troupe_actor *self)
{
    (void)!troupe_register(self, TROUPE_GLOBAL, "name", troupe_self(self));
}

static void unregister_in_handler(troupe_actor *self)
{
    (void)troupe_unregister(self, TROUPE_GLOBAL, "name");
}

static void whereis_in_handler(troupe_actor *self)
{
    troupe_address who;

    (void)!troupe_whereis(self, TROUPE_GLOBAL, "name", TROUPE_NOW, &who);
}

static void wait_for_local_name(troupe_actor *self)
{
    troupe_address who;

    (void)!troupe_whereis(self, TROUPE_LOCAL, "name", TROUPE_FOREVER, &who);
}

static void register_async(troupe_actor *self)
{
    (void)!troupe_register_async(self, "name", troupe_self(self), NULL);
}

static void whereis_async(troupe_actor *self)
{
    (void)!troupe_whereis_async(self, "name", NULL);
}

#endif
