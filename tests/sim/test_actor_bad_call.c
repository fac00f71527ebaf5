/* SPDX-License-Identifier: BSD-3-Clause */
/* seeds: 2 */
#include "sim/test_actor_bad_call.h"
#include "sim/test_actor_bad_team.h"
#include "support/check_main.h"
#include <string.h>

/*
 * Every wrong use of the API ends the actor with the reason bad_call, whose text has
 * file, line and what was wrong; where no actor can end, the job.
 */

enum form { BOTH, HANDLER, PROCESS };

static const struct {
    void (*call)(troupe_actor *self);
    enum form form;
    const char *words;
} cases[] = {
    {spawn_unlisted, BOTH, "does not list behavior 'unlisted'"},
    {spawn_with_too_much, BOTH, "'plain' takes no arguments"},
    {spawn_without_arguments, BOTH, "'wrong_handler' wants arguments"},
    {spawn_with_wrong_arguments, BOTH, "of type 'index_of_case', not 'note'"},
    {spawn_with_null_arguments, BOTH, "no arguments"},
    {spawn_with_no_bool, BOTH, "a bool of 'doubt' is neither true nor false"},
    {spawn_monitored, BOTH, "must accept troupe_down"},
    {spawn_with_no_policy, BOTH, "no policy 9"},
    {spawn_with_much, BOTH, "9 MiB of arguments: send so much as a message"},
    {become_unlisted, BOTH, "does not list behavior 'unlisted'"},
    {become_process, BOTH, "only another handler"},
    {become_other_state, HANDLER, "another state type than 'wrong_handler'"},
    {become_other_state, PROCESS, "only a handler"},
    {send_unlisted, BOTH, "does not list message type 'stranger'"},
    {send_unlisted_tail, BOTH, "does not list message type 'stranger'"},
    {send_wrong_size, BOTH, "'note' has 8 bytes, not 3"},
    {send_wrong_count, BOTH, "'chunk' with this count in its tail does not have 8"},
    {send_no_tail, BOTH, "'note' has no tail"},
    {change_count, BOTH, "counting field of this 'chunk' was changed"},
    {send_null_type, BOTH, "does not list message type 'NULL'"},
    {send_null_body, BOTH, "'note' without its fields"},
    {send_null_head, BOTH, "'chunk' without its fields"},
    {send_null_tail, BOTH, "'chunk' without its tail"},
    {send_null_message, BOTH, "not this actor's"},
    {send_anothers_message, BOTH, "not this actor's: sent already, or another's"},
    {release_anothers_message, BOTH, "the message is not this actor's"},
    {hold_anothers_message, BOTH, "the message is not this actor's"},
    {create_null_type, BOTH, "does not list message type 'NULL'"},
    {create_nowhere, BOTH, "no place for the message"},
    {keep_nowhere, BOTH, "no place for the message"},
    {spawn_null, BOTH, "does not list behavior 'NULL'"},
    {become_null, BOTH, "does not list behavior 'NULL'"},
    {receive_null_type, BOTH, "does not list message type 'NULL'"},
    {match_with_null, PROCESS, "nothing that decides"},
    {reply_to_null, BOTH, "nobody to reply to"},
    {whereis_nowhere, BOTH, "no place for the address"},
    {name_no_type, BOTH, "a type without a name"},
    {timer_null_type, BOTH, "does not list message type 'NULL'"},
    {wait_for_mpi, HANDLER, "a handler actor cannot"},
    {wait_for_mpi, PROCESS, "no MPI on the simulator"},
    {ask_for_mpi, BOTH, "no MPI on the simulator"},
    {receive_in_handler, HANDLER, "a handler actor cannot"},
    {receive_unaccepted, BOTH, "does not accept 'chunk'"},
    {receive_any, HANDLER, "a handler actor cannot"},
    {receive_match, HANDLER, "a handler actor cannot"},
    {defer_in_process, PROCESS, "handler has in hand"},
    {defer_answered, HANDLER, "answered or kept"},
    {call_in_handler, HANDLER, "a handler actor cannot"},
    {call_oneself, PROCESS, "cannot call itself"},
    {call_async, BOTH, "must accept troupe_call_failed"},
    {reply_unlisted, BOTH, "does not list message type 'stranger'"},
    {sleep_in_handler, HANDLER, "a handler actor cannot"},
    {monitor_deaf, BOTH, "must accept troupe_down"},
    {defer_nothing, BOTH, "nothing to defer"},
    {timer_unlisted, BOTH, "does not list message type 'stranger'"},
    {register_in_handler, HANDLER, "a handler actor cannot"},
    {unregister_in_handler, HANDLER, "a handler actor cannot"},
    {whereis_in_handler, HANDLER, "a handler actor cannot"},
    {wait_for_local_name, HANDLER, "a handler actor cannot"},
    {register_async, BOTH, "must accept troupe_name_result"},
    {whereis_async, BOTH, "must accept troupe_name_result"},
    {team_in_handler, HANDLER, "troupe_team_create waits, and a handler actor cannot"},
    {split_anothers, HANDLER, "troupe_team_split waits, and a handler actor cannot"},
    {barrier_of_anothers, HANDLER, "troupe_barrier_start waits, and a handler"},
    {wait_for_anothers, HANDLER, "troupe_team_wait waits, and a handler actor cannot"},
    {team_without_list, PROCESS, "troupe_team_create: no list, or no place"},
    {team_nowhere, PROCESS, "troupe_team_create: no list, or no place"},
    {split_anothers, PROCESS, "troupe_team_split: not the caller's team, or no place"},
    {split_nowhere, PROCESS, "troupe_team_split: not the caller's team, or no place"},
    {barrier_of_null, PROCESS, "troupe_barrier_start: it is not the caller's team"},
    {barrier_of_anothers, PROCESS, "troupe_barrier_start: it is not the caller's team"},
    {barrier_nowhere, PROCESS, "troupe_barrier_start: no place for the operation"},
    {wait_for_anothers, PROCESS, "troupe_team_wait: it is not the caller's team"},
    {test_anothers, PROCESS, "troupe_team_test: it is not the caller's team"},
    {broadcast_nothing, PROCESS, "troupe_broadcast_start: no data"},
    {gather_nothing, PROCESS, "troupe_gather_start: nothing to give"},
    {gather_nowhere, PROCESS, "troupe_gather_start: nothing to give, or no place"},
    {reduce_null, PROCESS, "troupe_reduce_start: no reduction"},
    {reduce_nothing, PROCESS, "troupe_reduce_start: no value"},
    {reduce_nowhere, PROCESS, "troupe_reduce_start: no place for the result"},
    {exscan_nothing, PROCESS, "troupe_exscan_start: no value"},
    {reduce_with_much_context, PROCESS, "a context of more than 64 bytes"},
    {reduce_without_context, PROCESS, "troupe_reduce_start: no context"},
    {exchange_null, PROCESS, "troupe_exchange_start: no lists"},
    {exchange_no_list, PROCESS, "troupe_exchange_start: no lists"},
    {exchange_nowhere, PROCESS, "or no place for what comes"},
};
enum { N_CASES = sizeof cases / sizeof cases[0] };

static void on_defer(void *argument)
{
    (*(int *)argument)++;
}

static int n_deferred;

/* What an actor has goes with it, however it ends. */
static troupe_status make_wrong_call(troupe_actor *self, int64_t index)
{
    troupe_message *message;

    EXPECT(troupe_alloc(self, 100) != NULL);
    EXPECT_OK(troupe_defer(self, on_defer, &n_deferred));
    EXPECT_OK(troupe_message_create(self, TROUPE_TYPE_OF(note), 0, &message));
    cases[index].call(self);
    scene_fail(__FILE__, __LINE__, "case %d did not end its actor", (int)index);
    return TROUPE_OK;
}

static troupe_status on_init(troupe_actor *self, const struct index_of_case *unused)
{
    (void)self;
    EXPECT(unused != NULL);
    return TROUPE_OK;
}

static troupe_status on_case(troupe_actor *self, const struct index_of_case *index)
{
    return make_wrong_call(self, index->index);
}
TROUPE_BEHAVIOR(wrong_handler,
                troupe_no_state,
                TROUPE_INIT(index_of_case, on_init),
                TROUPE_ON(index_of_case, on_case),
                TROUPE_SENDS(note, chunk),
                .capacity = 4);

static troupe_status wrong_body(troupe_actor *self)
{
    const struct index_of_case *index;

    EXPECT_OK(troupe_receive(self, index_of_case, TROUPE_FOREVER, &index));
    return make_wrong_call(self, index->index);
}
TROUPE_PROCESS(wrong_process,
               wrong_body,
               TROUPE_ARGUMENTS(index_of_case),
               TROUPE_ACCEPTS(index_of_case),
               TROUPE_SENDS(note, chunk),
               .capacity = 4);

static void try_case(troupe_actor *self, const troupe_behavior *behavior, int64_t index)
{
    const struct troupe_down *down;
    troupe_reference monitor, call;
    const troupe_spawn_options with = {TROUPE_WITH(index_of_case, .index = index),
                                       .monitor = &monitor};
    troupe_address who;

    n_deferred = 0;
    EXPECT_OK(troupe_spawn(self, behavior, &with, &who));
    EXPECT_OK(troupe_call_async(self, who, TROUPE_FOREVER, &call, index_of_case,
                                .index = index));
    EXPECT_OK(troupe_receive(self, troupe_down, TROUPE_FOREVER, &down));
    if (down->kind != TROUPE_EXIT_BAD_CALL || !strstr(down->text, cases[index].words))
        scene_fail(__FILE__, __LINE__, "case '%s' ends with %s: %s", cases[index].words,
                   troupe_exit_kind_text(down->kind), down->text);
    EXPECT_INT(down->status, TROUPE_INVALID);
    EXPECT(strstr(down->text, ".c:") != NULL);
    EXPECT_INT(n_deferred, 1);
    if (cases[index].call != defer_answered)
        EXPECT_OK(troupe_receive(self, troupe_call_failed, TROUPE_NOW, NULL));
}

static troupe_status all_body(troupe_actor *self)
{
    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    team_of_another = troupe_rank_team(self);
    EXPECT_OK(
        troupe_message_create(self, TROUPE_TYPE_OF(note), 0, &message_of_another));
    for (int64_t i = 0; i < N_CASES; i++) {
        if (cases[i].form != PROCESS)
            try_case(self, &wrong_handler, i);
        if (cases[i].form != HANDLER)
            try_case(self, &wrong_process, i);
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(all_cases,
               all_body,
               TROUPE_ACCEPTS(troupe_down, troupe_call_failed, note),
               TROUPE_SPAWNS(&plain,
                             &other_stateful,
                             &returning,
                             &doubting,
                             &wrong_handler,
                             &wrong_process),
               .capacity = 8);

START_TEST(ends_the_actor)
{
    scene_play(&(struct scene){.main = &all_cases, .n_ranks = 1});
    scene_play(&(struct scene){.main = &all_cases, .n_ranks = 2});
}
END_TEST

/* ---- in a rank's process: the job ends, and says where
 * ------------------------------------- */

static troupe_status rank_body(troupe_actor *self)
{
    if (troupe_rank(self) == 1)
        send_wrong_size(self);
    return TROUPE_OK;
}
TROUPE_PROCESS(wrong_rank, rank_body, TROUPE_ACCEPTS(note));

START_TEST(ends_the_job)
{
    struct child_end end;

    scene_listen(&(struct scene){.main = &wrong_rank,
                                 .n_ranks = 2,
                                 .exit_code = TROUPE_CODE_MISUSE},
                 &end);
    ck_assert_ptr_nonnull(strstr(end.text, "bad call"));
    ck_assert_ptr_nonnull(strstr(end.text, "troupe[1] error: "));
    ck_assert_ptr_nonnull(strstr(end.text, "send.c:"));
    ck_assert_ptr_nonnull(strstr(end.text, "'note' has 8 bytes, not 3"));
    ck_assert_ptr_nonnull(strstr(end.text, "exit code 78"));
}
END_TEST

/* ---- where no actor can end: the job dies
 * ---------------------------------------------------- */

static bool failing_match(void *context, const troupe_mail *mail)
{
    if (mail->type)
        troupe_fail(context, TROUPE_FAILED, "from a predicate");
    return true;
}

static bool waiting_match(void *context, const troupe_mail *mail)
{
    (void)troupe_receive_any(context, TROUPE_FOREVER, NULL);
    return mail->type != NULL;
}

static bool leaving_match(void *context, const troupe_mail *mail)
{
    troupe_exit(context);
    return mail->type != NULL;
}

static troupe_match_fn *match_used;

static troupe_status match_body(troupe_actor *self)
{
    EXPECT_OK(troupe_send(self, troupe_self(self), note, .number = 1));
    return troupe_receive_match(self, TROUPE_FOREVER, match_used, self, NULL);
}
TROUPE_PROCESS(matching, match_body, TROUPE_ACCEPTS(note));

static void expect_death(const troupe_behavior *main, const char *words)
{
    struct child_end end;

    scene_listen(&(struct scene){.main = main,
                                 .n_ranks = 1,
                                 .exit_code = TROUPE_CODE_MISUSE,
                                 .may_leak = true},
                 &end);
    ck_assert_ptr_nonnull(strstr(end.text, "troupe[0] fatal: src/actor/"));
    ck_assert_msg(strstr(end.text, words) != NULL, "it said: %s", end.text);
}

START_TEST(in_a_predicate)
{
    match_used = failing_match;
    expect_death(&matching, "from a predicate");
    match_used = waiting_match;
    expect_death(&matching, "predicate");
    match_used = leaving_match;
    expect_death(&matching, "predicate");
}
END_TEST

static troupe_actor *another;

static troupe_status thief_body(troupe_actor *self)
{
    (void)self;
    troupe_fail(another, TROUPE_FAILED, "in another's name");
}
TROUPE_PROCESS(thief, thief_body);

static troupe_status robbed_body(troupe_actor *self)
{
    troupe_address address;

    another = self;
    EXPECT_OK(troupe_spawn(self, &thief, NULL, &address));
    troupe_sleep_until(self, TROUPE_FOREVER);
    return TROUPE_OK;
}
TROUPE_PROCESS(robbed, robbed_body, TROUPE_SPAWNS(&thief));

START_TEST(with_another_actor)
{
    expect_death(&robbed, "not the one that runs");
}
END_TEST

CHECK_MAIN(
    "actor bad call", ends_the_actor, ends_the_job, in_a_predicate, with_another_actor)
