/* SPDX-License-Identifier: BSD-3-Clause */
/* seeds: 10 */
#include "actor/actor.h"
#include "sim/test_actor_bundle.h"
#include "support/check_main.h"
#include "support/scene.h"
#include <string.h>

/* How jobs end: when nobody has anything left to do, by a failure, by a deadlock. */

struct note {
    int64_t number;
};
TROUPE_TYPE(note, number);
TROUPE_SIGNAL(tick);
TROUPE_SIGNAL(tock);

static struct {
    int64_t n_fini, n_defers, n_ticks, n_handled, last_ns, end_ns;
    int64_t n_after_end;
    bool has_ended;
} seen;

static void
play(const troupe_behavior *main, int from, int to, int exit_code, void (*check)(void))
{
    for (int n_ranks = from; n_ranks <= to; n_ranks++)
        scene_play(&(struct scene){.main = main,
                                   .n_ranks = n_ranks,
                                   .is_exact = true,
                                   .exit_code = exit_code,
                                   .seen = &seen,
                                   .seen_bytes = sizeof seen,
                                   .check = check});
}

/* ---- idle actors, timers that hold and ticks that do not
 * ---------------------------------- */

static void on_defer(void *argument)
{
    (void)argument;
    seen.n_defers++;
}

static troupe_status on_init(troupe_actor *self)
{
    EXPECT_OK(troupe_defer(self, on_defer, NULL));
    return troupe_send_every(self, troupe_self(self), 0.001, NULL, tick);
}

static troupe_status on_tick(troupe_actor *self)
{
    seen.n_ticks++;
    seen.last_ns = troupe_now_ns(self);
    return TROUPE_OK;
}

static troupe_status on_tock(troupe_actor *self)
{
    EXPECT(!seen.has_ended);
    seen.n_handled++;
    seen.end_ns = troupe_now_ns(self);
    return TROUPE_OK;
}

/* What it does now reaches nobody. */
static void on_fini(troupe_actor *self)
{
    troupe_address address;

    seen.has_ended = true;
    seen.n_fini++;
    EXPECT_STATUS(troupe_send(self, troupe_self(self), tick), TROUPE_CLOSED);
    EXPECT_STATUS(troupe_send(self, troupe_rank_process(self, 0), tick), TROUPE_CLOSED);
    EXPECT_STATUS(troupe_spawn(self, self->behavior->source, NULL, &address),
                  TROUPE_CLOSED);
}
TROUPE_BEHAVIOR(ticking,
                troupe_no_state,
                TROUPE_INIT(troupe_no_arguments, on_init),
                TROUPE_ON(tick, on_tick),
                TROUPE_ON(tock, on_tock),
                TROUPE_FINI(on_fini));

static troupe_status waiting_body(troupe_actor *self)
{
    EXPECT_OK(troupe_defer(self, on_defer, NULL));
    (void)troupe_receive(self, note, TROUPE_FOREVER, NULL);
    scene_fail(__FILE__, __LINE__, "it goes on after the end");
    return TROUPE_OK;
}
TROUPE_PROCESS(waiting, waiting_body, TROUPE_ACCEPTS(note));

enum { N_OF_EACH = 5 };

static troupe_status idle_body(troupe_actor *self)
{
    for (int i = 0; i < N_OF_EACH; i++) {
        troupe_spawn_options where = {.place =
                                          TROUPE_ON_RANK(i % troupe_n_ranks(self))};
        troupe_address address;

        EXPECT_OK(troupe_spawn(self, &ticking, &where, &address));
        if (i == 0 && troupe_rank(self) == 0)
            EXPECT_OK(troupe_send_after(self, address, 0, NULL, tock));
        EXPECT_OK(troupe_spawn(self, &waiting, &where, &address));
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(idle_main,
               idle_body,
               TROUPE_SENDS(tock),
               TROUPE_SPAWNS(&ticking, &waiting));

static int ranks_now;

static void check_idle(void)
{
    EXPECT_INT(seen.n_fini, N_OF_EACH * ranks_now);
    EXPECT_INT(seen.n_defers, 2 * N_OF_EACH * ranks_now);
}

START_TEST(idle_actors_and_ticks_do_not_hold)
{
    for (ranks_now = 1; ranks_now <= 4; ranks_now++)
        play(&idle_main, ranks_now, ranks_now, 0, check_idle);
}
END_TEST

/* The rank process has returned long ago; its actor's alarm goes off all the same. */
static troupe_status on_begin(troupe_actor *self)
{
    return troupe_send_after(self, troupe_self(self), 3, NULL, tock);
}
TROUPE_BEHAVIOR(alarmed,
                troupe_no_state,
                TROUPE_INIT(troupe_no_arguments, on_begin),
                TROUPE_ON(tock, on_tock));

static troupe_status sleeper_body(troupe_actor *self)
{
    troupe_sleep_until(self, troupe_after_s(self, 2));
    seen.n_ticks++;
    return TROUPE_OK;
}
TROUPE_PROCESS(sleeper, sleeper_body);

static troupe_status alarm_body(troupe_actor *self)
{
    const troupe_spawn_options last = {.place =
                                           TROUPE_ON_RANK(troupe_n_ranks(self) - 1)};
    troupe_address address;

    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    EXPECT_OK(troupe_spawn(self, &alarmed, &last, &address));
    return troupe_spawn(self, &sleeper, &last, &address);
}
TROUPE_PROCESS(alarm_main, alarm_body, TROUPE_SPAWNS(&alarmed, &sleeper));

static void check_alarm(void)
{
    EXPECT_INT(seen.n_handled, 1);
    EXPECT_INT(seen.n_ticks, 1);
    EXPECT(seen.end_ns >= 3000000000);
}

START_TEST(alarms_and_sleep_hold)
{
    play(&alarm_main, 1, 3, 0, check_alarm);
}
END_TEST

/* ---- ticks that hold until they are cancelled, or who asked for them has ended
 * ------------------ */

enum { N_HELD = 4 };

struct holder {
    troupe_reference timer;
};
TROUPE_PRIVATE(holder);

static troupe_status hold_on(troupe_actor *self, struct holder *holder)
{
    return troupe_send_every_holding(self, troupe_self(self), 0.5, &holder->timer,
                                     tick);
}

static troupe_status on_held(troupe_actor *self, struct holder *holder)
{
    return ++seen.n_ticks == N_HELD ? troupe_cancel(self, holder->timer) : TROUPE_OK;
}
TROUPE_BEHAVIOR(holding,
                holder,
                TROUPE_INIT(troupe_no_arguments, hold_on),
                TROUPE_ON(tick, on_held));

static troupe_status spawn_holding(troupe_actor *self)
{
    const troupe_spawn_options last = {.place =
                                           TROUPE_ON_RANK(troupe_n_ranks(self) - 1)};

    return troupe_rank(self) == 0 ? troupe_spawn(self, &holding, &last, NULL)
                                  : TROUPE_OK;
}

static troupe_status holding_body(troupe_actor *self)
{
    EXPECT_OK(troupe_send_every_holding(self, troupe_self(self), 0.5, NULL, tick));
    return spawn_holding(self);
}
TROUPE_PROCESS(holding_main,
               holding_body,
               TROUPE_ACCEPTS(tick),
               TROUPE_SPAWNS(&holding));

static troupe_status held_up_body(troupe_actor *self)
{
    EXPECT_OK(spawn_holding(self));
    return troupe_receive(self, note, TROUPE_FOREVER, NULL);
}
TROUPE_PROCESS(held_up, held_up_body, TROUPE_ACCEPTS(note), TROUPE_SPAWNS(&holding));

static void check_held(void)
{
    EXPECT_INT(seen.n_ticks, N_HELD);
}

START_TEST(ticks_hold_if_told_to)
{
    play(&holding_main, 1, 3, TROUPE_CODE_OK, check_held);
    play(&held_up, 1, 3, TROUPE_CODE_DEADLOCK, check_held);
}
END_TEST

/* ---- who waits for ticks is not deadlocked
 * --------------------------------------------------- */

static troupe_status metronome_body(troupe_actor *self)
{
    troupe_reference timer;

    if (troupe_rank(self) != troupe_n_ranks(self) - 1)
        return TROUPE_OK;
    EXPECT_OK(troupe_send_every(self, troupe_self(self), 0.5, &timer, tick));
    for (int i = 0; i < 4; i++)
        EXPECT_OK(troupe_receive(self, tick, TROUPE_FOREVER, NULL));
    EXPECT_OK(troupe_cancel(self, timer));
    seen.n_ticks = 4;
    return TROUPE_OK;
}
TROUPE_PROCESS(metronome, metronome_body, TROUPE_ACCEPTS(tick));

static void check_metronome(void)
{
    EXPECT_INT(seen.n_ticks, 4);
}

START_TEST(waiting_for_ticks)
{
    play(&metronome, 1, 3, 0, check_metronome);
}
END_TEST

/* ---- large messages that nobody reads
 * ---------------------------------------------------------- */

static troupe_status laden_body(troupe_actor *self)
{
    return troupe_receive(self, note, TROUPE_FOREVER, NULL);
}
TROUPE_PROCESS(laden, laden_body, TROUPE_ACCEPTS(bundle, note), .capacity = 1);

/* The second is on its way before the receiver can say that it is full. */
static troupe_status lading_body(troupe_actor *self)
{
    return send_bundles(self, &laden, 2);
}
TROUPE_PROCESS(lading, lading_body, TROUPE_SENDS(bundle), TROUPE_SPAWNS(&laden));

START_TEST(large_messages_do_not_hold)
{
    play(&lading, 2, 3, TROUPE_CODE_OK, NULL);
}
END_TEST

/* ---- failures ---- */

static troupe_status failing_body(troupe_actor *self)
{
    troupe_address address;

    EXPECT_OK(troupe_spawn(self, &waiting, NULL, &address));
    if (troupe_rank(self) != troupe_n_ranks(self) - 1)
        return troupe_receive(self, note, TROUPE_FOREVER, NULL);
    troupe_sleep_until(self, troupe_after_s(self, 0.01));
    troupe_fail(self, TROUPE_IO, "disk %d is full", 3);
}
TROUPE_PROCESS(failing, failing_body, TROUPE_ACCEPTS(note), TROUPE_SPAWNS(&waiting));

START_TEST(a_rank_process_fails)
{
    struct child_end end;
    const struct scene scene = {
        .main = &failing, .n_ranks = 3, .exit_code = TROUPE_CODE_RANK_FAILED};

    scene_play(&scene);
    scene_listen(&scene, &end);
    ck_assert_ptr_nonnull(strstr(end.text, "troupe[2] error: "));
    ck_assert_ptr_nonnull(strstr(end.text, "disk 3 is full"));
    ck_assert_ptr_nonnull(strstr(end.text, "TROUPE_IO"));
}
END_TEST

/* An actor that fails is nobody's business but its monitors'. */
static troupe_status hopeless_body(troupe_actor *self)
{
    troupe_fail(self, TROUPE_FAILED, "hopeless");
}
TROUPE_PROCESS(hopeless, hopeless_body);

static troupe_status careless_body(troupe_actor *self)
{
    troupe_address address;

    return troupe_spawn(self, &hopeless, NULL, &address);
}
TROUPE_PROCESS(careless, careless_body, TROUPE_SPAWNS(&hopeless));

START_TEST(another_actor_fails)
{
    play(&careless, 1, 2, TROUPE_CODE_OK, NULL);
}
END_TEST

CHECK_MAIN("actor end",
           idle_actors_and_ticks_do_not_hold,
           alarms_and_sleep_hold,
           ticks_hold_if_told_to,
           waiting_for_ticks,
           large_messages_do_not_hold,
           a_rank_process_fails,
           another_actor_fails)
