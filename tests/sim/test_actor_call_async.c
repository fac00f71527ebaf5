/* SPDX-License-Identifier: BSD-3-Clause */
/* seeds: 10 */
#include "actor/actor.h"
#include "support/check_main.h"
#include "support/scene.h"
#include <string.h>

/* Calls with deadlines and calls that do not wait; answers given later or too late. */

struct ask {
    int64_t number;
};
TROUPE_TYPE(ask, number);
struct answer {
    int64_t number;
};
TROUPE_TYPE(answer, number);
TROUPE_SIGNAL(unknown);
TROUPE_SIGNAL(answer_all);

static const int64_t MS = 1000 * 1000;

static struct {
    troupe_address server, front[2];
    int64_t n_late, n_answers, n_failed, n_rounds;
} seen;

static troupe_spawn_options elsewhere(const troupe_actor *self)
{
    return (troupe_spawn_options){.place = TROUPE_ON_RANK(troupe_n_ranks(self) - 1)};
}

static void play(const troupe_behavior *main)
{
    for (int n_ranks = 1; n_ranks <= 2; n_ranks++)
        scene_play(&(struct scene){.main = main,
                                   .n_ranks = n_ranks,
                                   .seen = &seen,
                                   .seen_bytes = sizeof seen});
}

static troupe_status call_until(troupe_actor *self,
                                troupe_address to,
                                int64_t number,
                                troupe_deadline deadline)
{
    const struct answer *answer;

    TROUPE_TRY(troupe_call(self, to, answer, &answer, deadline, ask, .number = number));
    EXPECT_INT(answer->number, number + 1);
    return TROUPE_OK;
}

/* ---- too late
 * ------------------------------------------------------------------------------ */

/* Takes a tenth of a second for each. */
static troupe_status slow_body(troupe_actor *self)
{
    const struct ask *ask;

    for (;;) {
        int64_t number;

        TROUPE_TRY(troupe_receive(self, ask, TROUPE_FOREVER, &ask));
        number = ask->number;
        troupe_sleep_until(self, troupe_after_s(self, 0.1));
        TROUPE_TRY(troupe_reply(self, ask, answer, .number = number + 1));
    }
}
TROUPE_PROCESS(
    slow, slow_body, TROUPE_ACCEPTS(ask), TROUPE_SENDS(answer), .capacity = 1);

static void count_late(void *context, const troupe_dead_letter *letter)
{
    (void)context;
    EXPECT(strcmp(letter->reason, "late reply") == 0);
    EXPECT(strcmp(letter->type_name, "answer") == 0);
    EXPECT(letter->sender.bits == seen.server.bits);
    seen.n_late++;
}

static troupe_status late_body(troupe_actor *self)
{
    troupe_spawn_options where = elsewhere(self);
    int64_t begin_ns = troupe_now_ns(self);

    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    troupe_on_dead_letter(self, count_late, NULL);
    EXPECT_OK(troupe_spawn(self, &slow, &where, &seen.server));
    EXPECT_STATUS(call_until(self, seen.server, 1, troupe_after_s(self, 0.05)),
                  TROUPE_TIMEOUT);
    EXPECT(troupe_now_ns(self) - begin_ns >= 50 * MS);
    EXPECT(troupe_now_ns(self) - begin_ns < 60 * MS);
    EXPECT_OK(call_until(self, seen.server, 2, troupe_after_s(self, 1)));
    EXPECT_INT(seen.n_late, 1);
    EXPECT_STATUS(call_until(self, seen.server, 3, TROUPE_NOW), TROUPE_TIMEOUT);
    EXPECT_OK(call_until(self, seen.server, 4, TROUPE_FOREVER));
    EXPECT_INT(seen.n_late, 2);
    return TROUPE_OK;
}
TROUPE_PROCESS(late, late_body, TROUPE_ACCEPTS(answer), TROUPE_SPAWNS(&slow));

START_TEST(late_replies)
{
    play(&late);
}
END_TEST

/* The deadline is also that of a request which finds no room. */
static troupe_status busy_body(troupe_actor *self)
{
    troupe_sleep_until(self, TROUPE_FOREVER);
    return TROUPE_OK;
}
TROUPE_PROCESS(busy, busy_body, TROUPE_ACCEPTS(ask), .capacity = 1);

static troupe_status no_room_body(troupe_actor *self)
{
    troupe_spawn_options where = elsewhere(self);

    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    EXPECT_OK(troupe_spawn(self, &busy, &where, &seen.server));
    for (int64_t i = 0; i < 4; i++) {
        int64_t begin_ns = troupe_now_ns(self);

        EXPECT_STATUS(call_until(self, seen.server, i, troupe_after_s(self, 0.1)),
                      TROUPE_TIMEOUT);
        EXPECT(troupe_now_ns(self) - begin_ns >= 100 * MS);
        EXPECT(troupe_now_ns(self) - begin_ns < 110 * MS);
    }
    EXPECT_OK(troupe_stop_actor(self, seen.server, TROUPE_EXIT_KILLED));
    return TROUPE_OK;
}
TROUPE_PROCESS(no_room, no_room_body, TROUPE_ACCEPTS(answer), TROUPE_SPAWNS(&busy));

START_TEST(deadline_without_room)
{
    play(&no_room);
}
END_TEST

/* ---- answered later
 * ---------------------------------------------------------------------------- */

struct waiting {
    int64_t n, number[8];
    uint64_t address[8], reference[8];
};
TROUPE_TYPE(waiting, n, number, address, reference);

static troupe_status
on_ask_note(troupe_actor *self, struct waiting *waiting, const struct ask *ask)
{
    troupe_caller caller = troupe_caller_of(self);

    EXPECT(caller.address.bits == troupe_sender(self).bits);
    EXPECT(caller.reference.bits == troupe_mail_reference(self).bits);
    waiting->number[waiting->n] = ask->number;
    waiting->address[waiting->n] = caller.address.bits;
    waiting->reference[waiting->n++] = caller.reference.bits;
    return TROUPE_OK;
}

/* Last come, first served. */
static troupe_status on_answer_all(troupe_actor *self, struct waiting *waiting)
{
    const troupe_caller nobody = {0};

    EXPECT_INT(troupe_caller_of(self).reference.bits, 0);
    EXPECT_STATUS(troupe_reply_to(self, &nobody, answer, .number = 0),
                  TROUPE_NOT_FOUND);
    while (waiting->n-- > 0) {
        troupe_caller caller = {.address = {waiting->address[waiting->n]},
                                .reference = {waiting->reference[waiting->n]}};

        EXPECT_OK(troupe_reply_to(self, &caller, answer,
                                  .number = waiting->number[waiting->n] + 1));
    }
    waiting->n = 0;
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(patient,
                waiting,
                TROUPE_ON(ask, on_ask_note),
                TROUPE_ON(answer_all, on_answer_all),
                TROUPE_SENDS(answer),
                .capacity = 16);

static troupe_status later_body(troupe_actor *self)
{
    troupe_spawn_options where = elsewhere(self);
    troupe_reference reference[8], timer;
    const struct answer *answer;

    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    EXPECT_OK(troupe_spawn(self, &patient, &where, &seen.server));
    for (int64_t i = 0; i < 4; i++)
        EXPECT_OK(troupe_call_async(self, seen.server, TROUPE_FOREVER, &reference[i],
                                    ask, .number = i));
    EXPECT_OK(troupe_send(self, seen.server, answer_all));
    for (int64_t i = 3; i >= 0; i--) {
        EXPECT_OK(troupe_receive(self, answer, TROUPE_FOREVER, &answer));
        EXPECT_INT(answer->number, i + 1);
        EXPECT(troupe_mail_reference(self).bits == reference[i].bits);
    }
    EXPECT_OK(troupe_send_after(self, seen.server, 0.1, &timer, answer_all));
    EXPECT_OK(call_until(self, seen.server, 7, TROUPE_FOREVER));
    return TROUPE_OK;
}
TROUPE_PROCESS(later,
               later_body,
               TROUPE_ACCEPTS(answer, troupe_call_failed),
               TROUPE_SENDS(ask, answer_all),
               TROUPE_SPAWNS(&patient),
               .capacity = 8);

START_TEST(answered_later)
{
    play(&later);
}
END_TEST

/* ---- failures by mail
 * ------------------------------------------------------------------------------- */

static void expect_failure(troupe_actor *self,
                           troupe_reference reference,
                           troupe_status status,
                           enum troupe_exit_kind kind)
{
    const struct troupe_call_failed *failed;

    EXPECT_OK(troupe_receive(self, troupe_call_failed, TROUPE_FOREVER, &failed));
    EXPECT(failed->reference.bits == reference.bits);
    EXPECT(troupe_mail_reference(self).bits == reference.bits);
    EXPECT(troupe_sender(self).bits == 0);
    EXPECT_INT(failed->status, status);
    EXPECT_INT(failed->kind, kind);
}

static troupe_status failures_body(troupe_actor *self)
{
    troupe_spawn_options where = elsewhere(self);
    troupe_deadline soon = troupe_after_s(self, 0.05);
    troupe_reference call;
    troupe_address server;

    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    EXPECT_OK(troupe_spawn(self, &busy, &where, &server));
    EXPECT_OK(troupe_call_async(self, server, soon, &call, ask, .number = 1));
    expect_failure(self, call, TROUPE_TIMEOUT, TROUPE_EXIT_NORMAL);
    EXPECT(troupe_now_ns(self) >= soon.at_ns);
    EXPECT(troupe_now_ns(self) < soon.at_ns + 10 * MS); /* ranks stop for 5 at times */
    EXPECT_OK(troupe_stop_actor(self, server, TROUPE_EXIT_KILLED));
    EXPECT_OK(troupe_spawn(self, &patient, &where, &server));
    EXPECT_OK(troupe_call_async(self, server, TROUPE_FOREVER, &call, ask, .number = 1));
    EXPECT_OK(troupe_stop_actor(self, server, TROUPE_EXIT_KILLED));
    expect_failure(self, call, TROUPE_DOWN, TROUPE_EXIT_KILLED);
    if (troupe_n_ranks(self) == 1) {
        EXPECT_STATUS(
            troupe_call_async(self, server, TROUPE_FOREVER, &call, ask, .number = 1),
            TROUPE_DOWN);
        return TROUPE_OK;
    }
    EXPECT_OK(troupe_call_async(self, server, TROUPE_FOREVER, &call, ask, .number = 1));
    expect_failure(self, call, TROUPE_DOWN, TROUPE_EXIT_NO_ACTOR);
    EXPECT_OK(troupe_spawn(self, &patient, &where, &server));
    EXPECT_OK(troupe_call_async(self, server, TROUPE_FOREVER, &call, unknown));
    expect_failure(self, call, TROUPE_REFUSED, TROUPE_EXIT_NORMAL);
    return TROUPE_OK;
}
TROUPE_PROCESS(failures,
               failures_body,
               TROUPE_ACCEPTS(answer, troupe_call_failed),
               TROUPE_SENDS(ask, unknown),
               TROUPE_SPAWNS(&patient, &busy),
               .capacity = 8);

START_TEST(failures_by_mail)
{
    play(&failures);
}
END_TEST

/* ---- a request that waits to be sent ---- */

static troupe_status hog_body(troupe_actor *self)
{
    troupe_sleep_until(self, troupe_after_s(self, 0.1));
    return TROUPE_OK;
}
TROUPE_PROCESS(hog, hog_body, TROUPE_ACCEPTS(ask), .capacity = 1);

/* The call ends by its deadline while the caller is parked; that wait ends with the
 * receiver. The mail is about this call. */
static troupe_status parked_body(troupe_actor *self)
{
    troupe_deadline soon = troupe_after_s(self, 0.05);
    troupe_reference call = {0};
    troupe_address server;

    EXPECT_OK(troupe_spawn(self, &hog, NULL, &server));
    EXPECT_OK(troupe_send(self, server, ask, .number = 0));
    EXPECT_OK(troupe_call_async(self, server, soon, &call, ask, .number = 1));
    EXPECT(troupe_now_ns(self) >= soon.at_ns + 10 * MS);
    expect_failure(self, call, TROUPE_TIMEOUT, TROUPE_EXIT_NORMAL);
    return TROUPE_OK;
}
TROUPE_PROCESS(parked,
               parked_body,
               TROUPE_ACCEPTS(troupe_call_failed),
               TROUPE_SENDS(ask),
               TROUPE_SPAWNS(&hog));

START_TEST(named_though_it_waited)
{
    scene_play(&(struct scene){.main = &parked, .n_ranks = 1});
}
END_TEST

/* ---- large replies keep their place ---- */

struct tome {
    int64_t number;
    uint64_t n_data;
    uint8_t data[];
};
TROUPE_TYPE(tome, number, n_data, TROUPE_TAIL(data, n_data));

static uint8_t pages[150000];

/* Between two small messages; then it ends. */
static troupe_status on_ask_tome(troupe_actor *self, const struct ask *ask)
{
    troupe_address caller = troupe_sender(self);

    EXPECT_OK(troupe_send(self, caller, answer, .number = 0));
    EXPECT_OK(troupe_reply_tail(self, ask, tome, data, pages, sizeof pages,
                                .number = ask->number));
    EXPECT_OK(troupe_send(self, caller, answer, .number = 1));
    troupe_exit(self);
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(author,
                troupe_no_state,
                TROUPE_ON(ask, on_ask_tome),
                TROUPE_SENDS(answer, tome));

static void expect_answer(troupe_actor *self, int64_t number)
{
    troupe_mail mail;

    EXPECT_OK(troupe_receive_any(self, TROUPE_FOREVER, &mail));
    EXPECT(troupe_as(&mail, answer) && troupe_as(&mail, answer)->number == number);
}

static troupe_status reader_body(troupe_actor *self)
{
    troupe_reference monitor, call;
    troupe_spawn_options where = elsewhere(self);
    troupe_address server;
    troupe_mail mail;

    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    where.monitor = &monitor;
    EXPECT_OK(troupe_spawn(self, &author, &where, &server));
    EXPECT_OK(troupe_call_async(self, server, TROUPE_FOREVER, &call, ask, .number = 7));
    expect_answer(self, 0);
    EXPECT_OK(troupe_receive_any(self, TROUPE_FOREVER, &mail));
    EXPECT(troupe_as(&mail, tome) && troupe_as(&mail, tome)->n_data == sizeof pages);
    EXPECT(mail.reference.bits == call.bits);
    expect_answer(self, 1);
    EXPECT_OK(troupe_receive_any(self, TROUPE_FOREVER, &mail));
    EXPECT(troupe_as(&mail, troupe_down) != NULL);
    return TROUPE_OK;
}
TROUPE_PROCESS(reader,
               reader_body,
               TROUPE_ACCEPTS(answer, tome, troupe_down, troupe_call_failed),
               TROUPE_SENDS(ask),
               TROUPE_SPAWNS(&author));

START_TEST(large_replies_in_order)
{
    play(&reader);
}
END_TEST

CHECK_MAIN("actor call async",
           late_replies,
           deadline_without_room,
           answered_later,
           failures_by_mail,
           named_though_it_waited,
           large_replies_in_order)
