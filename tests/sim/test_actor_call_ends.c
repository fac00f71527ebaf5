/* SPDX-License-Identifier: BSD-3-Clause */
/* seeds: 10 */
#include "actor/actor.h"
#include "support/check_main.h"
#include "support/scene.h"
#include <string.h>

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
struct post {
    int64_t number;
};
TROUPE_TYPE(post, number);

static struct {
    troupe_address server;
    int64_t n_dead, n_left;
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

/* ---- callers that end
 * ---------------------------------------------------------------------------- */

static void count_dead(void *context, const troupe_dead_letter *letter)
{
    (void)context;
    EXPECT(strcmp(letter->reason, "late reply") == 0);
    seen.n_dead++;
}

static troupe_status tardy_body(troupe_actor *self)
{
    for (;;) {
        const struct ask *ask;

        TROUPE_TRY(troupe_receive(self, ask, TROUPE_FOREVER, &ask));
        troupe_sleep_until(self, troupe_after_s(self, 0.1));
        EXPECT_OK(troupe_reply(self, ask, answer, .number = 0));
    }
}
TROUPE_PROCESS(
    tardy, tardy_body, TROUPE_ACCEPTS(ask), TROUPE_SENDS(answer), .capacity = 8);

static troupe_status impatient_body(troupe_actor *self)
{
    troupe_reference call;

    EXPECT_OK(
        troupe_call_async(self, seen.server, TROUPE_FOREVER, &call, ask, .number = 0));
    if (seen.n_left++ == 0)
        return TROUPE_OK;
    EXPECT_OK(
        troupe_call(self, seen.server, answer, NULL, TROUPE_FOREVER, ask, .number = 0));
    return TROUPE_OK; /* not reached: it is stopped in the call */
}
TROUPE_PROCESS(impatient,
               impatient_body,
               TROUPE_ACCEPTS(answer, troupe_call_failed),
               TROUPE_SENDS(ask));

static troupe_status leaving_body(troupe_actor *self)
{
    troupe_spawn_options where = elsewhere(self);
    troupe_address caller[2];

    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    troupe_on_dead_letter(self, count_dead, NULL);
    EXPECT_OK(troupe_spawn(self, &tardy, &where, &seen.server));
    for (int i = 0; i < 2; i++)
        EXPECT_OK(troupe_spawn(self, &impatient, NULL, &caller[i]));
    troupe_sleep_until(self, troupe_after_s(self, 0.05));
    EXPECT_OK(troupe_stop_actor(self, caller[1], TROUPE_EXIT_SHUTDOWN));
    troupe_sleep_until(self, troupe_after_s(self, 1));
    EXPECT(seen.n_dead == 3);
    EXPECT_OK(troupe_stop_actor(self, seen.server, TROUPE_EXIT_SHUTDOWN));
    return TROUPE_OK;
}
TROUPE_PROCESS(leaving_main, leaving_body, TROUPE_SPAWNS(&tardy, &impatient));

START_TEST(callers_that_end)
{
    play(&leaving_main);
}
END_TEST

/* ---- requests that are dropped; mail that is answered like a request
 * ------------------------------- */

static int n_dropped; /* in all runs */

/* The second request may come when the first has been taken: then both are answered.
 * Each call returns once all the same. */
static void
take_both(troupe_actor *self, troupe_reference dropped, troupe_reference other)
{
    uint64_t returned[2];

    for (int i = 0; i < 2; i++) {
        troupe_mail mail;
        const struct troupe_call_failed *failed;

        EXPECT_OK(troupe_receive_any(self, TROUPE_FOREVER, &mail));
        failed = troupe_as(&mail, troupe_call_failed);
        returned[i] = failed ? failed->reference.bits : mail.reference.bits;
        if (!failed)
            continue;
        EXPECT(failed->reference.bits == dropped.bits);
        EXPECT_INT(failed->status, TROUPE_FULL);
        n_dropped++;
    }
    EXPECT((returned[0] == dropped.bits && returned[1] == other.bits) ||
           (returned[0] == other.bits && returned[1] == dropped.bits));
}

/* Whatever the policy does with it, the call returns. */
static troupe_status dropping_body(troupe_actor *self)
{
    for (int overflow = TROUPE_REFUSE; overflow <= TROUPE_DROP_OLDEST; overflow++) {
        troupe_spawn_options where = elsewhere(self);
        troupe_reference first, second;
        bool drops_first = overflow == TROUPE_DROP_OLDEST;
        troupe_status status;

        if (troupe_rank(self) != 0)
            return TROUPE_OK;
        where.overflow = (enum troupe_overflow)overflow;
        where.capacity = 1;
        EXPECT_OK(troupe_spawn(self, &tardy, &where, &seen.server));
        EXPECT_OK(troupe_call_async(self, seen.server, TROUPE_FOREVER, &first, ask,
                                    .number = 0));
        status = troupe_call_async(self, seen.server, TROUPE_FOREVER, &second, ask,
                                   .number = 1);
        EXPECT(status == TROUPE_OK || status == TROUPE_FULL);
        if (status == TROUPE_FULL)
            EXPECT_OK(troupe_receive(self, answer, TROUPE_FOREVER, NULL));
        else if (drops_first)
            take_both(self, first, second);
        else
            take_both(self, second, first);
        EXPECT_OK(troupe_stop_actor(self, seen.server, TROUPE_EXIT_KILLED));
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(dropping,
               dropping_body,
               TROUPE_ACCEPTS(answer, troupe_call_failed),
               TROUPE_SENDS(ask),
               TROUPE_SPAWNS(&tardy),
               .capacity = 8);

START_TEST(requests_dropped)
{
    play(&dropping);
    ck_assert(scene_is_hostile() || n_dropped > 0);
}
END_TEST

static troupe_status on_post(troupe_actor *self, const struct post *post)
{
    return troupe_reply(self, post, answer, .number = post->number + 1);
}
TROUPE_BEHAVIOR(postman,
                troupe_no_state,
                TROUPE_ON(post, on_post),
                TROUPE_SENDS(answer));

static troupe_status posting_body(troupe_actor *self)
{
    troupe_spawn_options where = elsewhere(self);
    const struct answer *answer;

    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    EXPECT_STATUS(troupe_reply(self, post, answer, .number = 0), TROUPE_NOT_FOUND);
    EXPECT_OK(troupe_spawn(self, &postman, &where, &seen.server));
    EXPECT_OK(troupe_send(self, seen.server, post, .number = 1));
    EXPECT_OK(troupe_receive(self, answer, TROUPE_FOREVER, &answer));
    EXPECT_INT(answer->number, 2);
    EXPECT_INT(troupe_mail_reference(self).bits, 0);
    EXPECT(troupe_sender(self).bits == seen.server.bits);
    return TROUPE_OK;
}
TROUPE_PROCESS(posting,
               posting_body,
               TROUPE_ACCEPTS(answer),
               TROUPE_SENDS(post),
               TROUPE_SPAWNS(&postman));

START_TEST(mail_is_answered_like_a_request)
{
    play(&posting);
}
END_TEST

CHECK_MAIN("actor call ends",
           callers_that_end,
           requests_dropped,
           mail_is_answered_like_a_request)
