/* SPDX-License-Identifier: BSD-3-Clause */
/* seeds: 10 */
#include "actor/actor.h"
#include "runtime/sim.h"
#include "support/check_main.h"
#include "support/scene.h"
#include <math.h>

/*
 * Timers: when they fire and in which order, what stops them, and that ticks are never
 * more than one, hold no job and fill no link.
 */

struct note {
    int64_t number;
};
TROUPE_TYPE(note, number);
TROUPE_SIGNAL(tick);
TROUPE_SIGNAL(quit);

static struct {
    int64_t n_ticks, n_dropped;
} seen;

static void play(const troupe_behavior *main, int n_ranks)
{
    scene_play(&(struct scene){
        .main = main, .n_ranks = n_ranks, .seen = &seen, .seen_bytes = sizeof seen});
}

/* ---- order ---- */

enum { N_TIMERS = 50 };

/* In tenths of a second: many at the same time. */
static int64_t tenths(int64_t number)
{
    return number * 7 % 9;
}

static troupe_status order_body(troupe_actor *self)
{
    int64_t begin_ns = troupe_now_ns(self), last_number = -1, last_tenths = 0;
    const struct note *note;

    for (int64_t number = 0; number < N_TIMERS; number++)
        EXPECT_OK(troupe_send_after_bytes(
            self, troupe_self(self),
            begin_ns + tenths(number) * 100000000 - troupe_now_ns(self),
            TROUPE_TYPE_OF(note), &(struct note){number}, sizeof *note, NULL));
    for (int i = 0; i < N_TIMERS; i++) {
        int64_t after_ns;

        EXPECT_OK(troupe_receive(self, note, TROUPE_FOREVER, &note));
        EXPECT(troupe_sender(self).bits == troupe_self(self).bits);
        after_ns = troupe_now_ns(self) - begin_ns;
        EXPECT(after_ns >= tenths(note->number) * 100000000);
        EXPECT(tenths(note->number) >= last_tenths);
        if (tenths(note->number) == last_tenths && last_tenths > 0)
            EXPECT(note->number > last_number); /* set earlier, fired earlier */
        last_tenths = tenths(note->number);
        last_number = note->number;
    }
    EXPECT_STATUS(troupe_receive(self, note, TROUPE_NOW, NULL), TROUPE_TIMEOUT);
    return TROUPE_OK;
}
TROUPE_PROCESS(order, order_body, TROUPE_ACCEPTS(note), .capacity = 1);

START_TEST(in_order)
{
    play(&order, 1);
}
END_TEST

/* ---- cancelling ---- */

static troupe_reference stolen;

static troupe_status thief_body(troupe_actor *self)
{
    EXPECT_STATUS(troupe_cancel(self, stolen), TROUPE_NOT_FOUND);
    return TROUPE_OK;
}
TROUPE_PROCESS(thief, thief_body);

static troupe_status cancel_body(troupe_actor *self)
{
    troupe_address me = troupe_self(self);
    troupe_reference first, second, ticker;

    EXPECT_OK(troupe_send_after(self, me, 0.1, &first, note, .number = 1));
    EXPECT_OK(troupe_send_after(self, me, 0.2, &second, note, .number = 2));
    stolen = second;
    EXPECT_OK(troupe_spawn(self, &thief, NULL, NULL));
    EXPECT_OK(troupe_cancel(self, first));
    EXPECT_STATUS(troupe_cancel(self, first), TROUPE_NOT_FOUND);
    EXPECT_STATUS(troupe_cancel(self, (troupe_reference){0}), TROUPE_NOT_FOUND);
    EXPECT_STATUS(troupe_cancel(self, (troupe_reference){~UINT64_C(0)}),
                  TROUPE_NOT_FOUND);
    troupe_sleep_until(self, troupe_after_s(self, 0.3));
    /* It has fired; what it sent arrives. */
    EXPECT_STATUS(troupe_cancel(self, second), TROUPE_NOT_FOUND);
    EXPECT_OK(troupe_receive(self, note, TROUPE_NOW, NULL));
    EXPECT(troupe_mail_reference(self).bits == second.bits);
    EXPECT_STATUS(troupe_receive(self, note, TROUPE_NOW, NULL), TROUPE_TIMEOUT);

    EXPECT_OK(troupe_send_every(self, me, 0.01, &ticker, tick));
    EXPECT_OK(troupe_receive(self, tick, TROUPE_FOREVER, NULL));
    EXPECT(troupe_mail_reference(self).bits == ticker.bits);
    EXPECT_OK(troupe_cancel(self, ticker));
    EXPECT_STATUS(troupe_receive(self, tick, troupe_after_s(self, 1), NULL),
                  TROUPE_TIMEOUT);
    EXPECT_STATUS(troupe_cancel(self, ticker), TROUPE_NOT_FOUND);
    return TROUPE_OK;
}
TROUPE_PROCESS(cancelling,
               cancel_body,
               TROUPE_ACCEPTS(note, tick),
               TROUPE_SPAWNS(&thief));

START_TEST(cancelled)
{
    play(&cancelling, 1);
}
END_TEST

/* ---- they go with who set them ---- */

static troupe_status short_body(troupe_actor *self)
{
    troupe_address main = troupe_rank_process(self, 0);

    EXPECT_OK(troupe_send_after(self, main, 0.1, NULL, note, .number = 1));
    EXPECT_OK(troupe_send_every(self, main, 0.1, NULL, tick));
    return TROUPE_OK;
}
TROUPE_PROCESS(short_lived, short_body, TROUPE_SENDS(note, tick));

static troupe_status inherit_body(troupe_actor *self)
{
    const troupe_spawn_options last = {.place =
                                           TROUPE_ON_RANK(troupe_n_ranks(self) - 1)};

    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    EXPECT_OK(troupe_spawn(self, &short_lived, &last, NULL));
    EXPECT_STATUS(troupe_receive_any(self, troupe_after_s(self, 1), NULL),
                  TROUPE_TIMEOUT);
    return TROUPE_OK;
}
TROUPE_PROCESS(inheriting,
               inherit_body,
               TROUPE_ACCEPTS(note, tick),
               TROUPE_SPAWNS(&short_lived));

START_TEST(gone_with_the_owner)
{
    play(&inheriting, 1);
    play(&inheriting, 2);
}
END_TEST

/* ---- ticks coalesce ---- */

static troupe_status coalesce_body(troupe_actor *self)
{
    const troupe_reference none = {0};
    troupe_reference ticker = none, other;
    int64_t before_ns;

    EXPECT_STATUS(troupe_send_every(self, troupe_self(self), 0, &ticker, tick),
                  TROUPE_INVALID);
    EXPECT_STATUS(troupe_send_every(self, troupe_self(self), -1, &ticker, tick),
                  TROUPE_INVALID);
    EXPECT_STATUS(troupe_send_every_holding(self, troupe_self(self), 0, &ticker, tick),
                  TROUPE_INVALID);
    EXPECT(ticker.bits == 0);
    EXPECT_OK(troupe_send_every(self, troupe_self(self), 0.001, &ticker, tick));
    EXPECT_OK(troupe_send_every(self, troupe_self(self), 0.001, &other, tick));
    for (int i = 0; i < 5; i++) {
        troupe_sleep_until(self, troupe_after_s(self, 0.1));
        EXPECT_INT(troupe_n_waiting(self), 2); /* one of each */
        EXPECT_OK(troupe_receive(self, tick, TROUPE_NOW, NULL));
        EXPECT_OK(troupe_receive(self, tick, TROUPE_NOW, NULL));
    }
    EXPECT_OK(troupe_cancel(self, other));
    /* Missed ones are not made up for: the next comes in its own time. */
    EXPECT_OK(troupe_receive(self, tick, TROUPE_FOREVER, NULL));
    before_ns = troupe_now_ns(self);
    for (int i = 0; i < 10; i++)
        EXPECT_OK(troupe_receive(self, tick, TROUPE_FOREVER, NULL));
    EXPECT(troupe_now_ns(self) - before_ns > 8 * 1000 * 1000);
    return troupe_cancel(self, ticker);
}
TROUPE_PROCESS(coalescing, coalesce_body, TROUPE_ACCEPTS(tick), .capacity = 1);

START_TEST(one_tick_at_a_time)
{
    play(&coalescing, 1);
}
END_TEST

/* ---- deadlines of all kinds ---- */

static troupe_status deadline_body(troupe_actor *self)
{
    troupe_address me = troupe_self(self);
    troupe_deadline past = {troupe_now_ns(self) - 1}, before_all = {-5};
    int64_t now_ns = troupe_now_ns(self);
    troupe_reference far[3];

    EXPECT_INT(troupe_after_s(self, -1).at_ns, 0);
    EXPECT_INT(troupe_after_s(self, 0).at_ns, 0);
    EXPECT_INT(troupe_after_s(self, (double)NAN).at_ns, 0);
    EXPECT_INT(troupe_after_s(self, (double)INFINITY).at_ns, INT64_MAX);
    EXPECT_INT(troupe_after_s(self, 1e300).at_ns, INT64_MAX);
    EXPECT(troupe_after_s(self, 1e9).at_ns > now_ns);
    EXPECT_STATUS(troupe_receive(self, note, past, NULL), TROUPE_TIMEOUT);
    EXPECT_STATUS(troupe_receive(self, note, before_all, NULL), TROUPE_TIMEOUT);
    troupe_sleep_until(self, past);
    troupe_sleep_until(self, TROUPE_NOW);
    EXPECT(troupe_now_ns(self) - now_ns < 1000000);
    /* At once, in the order set. */
    EXPECT_OK(troupe_send_after(self, me, -3, NULL, note, .number = 0));
    EXPECT_OK(troupe_send_after(self, me, 0, NULL, note, .number = 1));
    for (int64_t i = 0; i < 2; i++) {
        const struct note *note;

        EXPECT_OK(troupe_receive(self, note, TROUPE_FOREVER, &note));
        EXPECT_INT(note->number, i);
    }
    /* Later than any job lasts. */
    EXPECT_OK(troupe_send_after(self, me, 1e300, &far[0], note, .number = 2));
    EXPECT_OK(troupe_send_after_bytes(self, me, INT64_MAX, TROUPE_TYPE_OF(tick), NULL,
                                      0, &far[1]));
    EXPECT_OK(troupe_send_every_bytes(self, me, INT64_MAX, TROUPE_TYPE_OF(tick), NULL,
                                      0, &far[2]));
    EXPECT_STATUS(troupe_receive_any(self, troupe_after_s(self, 1), NULL),
                  TROUPE_TIMEOUT);
    for (int i = 0; i < 3; i++)
        EXPECT_OK(troupe_cancel(self, far[i]));
    return TROUPE_OK;
}
TROUPE_PROCESS(deadlines, deadline_body, TROUPE_ACCEPTS(note, tick));

START_TEST(deadlines_of_all_kinds)
{
    play(&deadlines, 1);
}
END_TEST

/* ---- ticks to another rank ---- */

static troupe_status on_tick(troupe_actor *self)
{
    (void)self;
    seen.n_ticks++;
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(counter, troupe_no_state, TROUPE_ON(tick, on_tick));

static void on_end(troupe_actor *self)
{
    seen.n_dropped += (int64_t)self->home->counts.n_dropped_ticks;
}

/* Handlers, which live on when their rank's process has returned. */
static troupe_status on_note(troupe_actor *self, const struct note *note)
{
    const troupe_spawn_options there = {.place = TROUPE_ON_RANK(1)};
    troupe_address who;
    troupe_status status = troupe_spawn(self, &counter, &there, &who);

    if (status == TROUPE_FULL) /* no lease yet */
        return troupe_send_after(self, troupe_self(self), 1e-4, NULL, note,
                                 .number = note->number);
    EXPECT_OK(status);
    EXPECT_OK(troupe_send_every(self, who, (double)note->number * 1e-9, NULL, tick));
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(ticker,
                troupe_no_state,
                TROUPE_ON(note, on_note),
                TROUPE_FINI(on_end),
                TROUPE_SENDS(tick),
                TROUPE_SPAWNS(&counter));

enum { SHORT_PERIOD_NS = 20000 };

static troupe_status ticking_body(troupe_actor *self)
{
    troupe_address who;

    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    EXPECT_OK(troupe_spawn(self, &ticker, NULL, &who));
    EXPECT_OK(troupe_send(self, who, note, .number = SHORT_PERIOD_NS));
    troupe_sleep_until(self, troupe_after_s(self, 0.05));
    return TROUPE_OK;
}
TROUPE_PROCESS(ticking, ticking_body, TROUPE_SENDS(note), TROUPE_SPAWNS(&ticker));

static struct comm_sim_result run_ticking(int64_t delay_ns, uint64_t seed)
{
    const troupe_program program = {.main = &ticking};
    const troupe_options options = {.program = &program};
    const struct runtime_sim sim = {.sim = {.n_ranks = 3,
                                            .seed = seed,
                                            .min_delay_ns = delay_ns,
                                            .max_delay_ns = delay_ns,
                                            .time_limit_ns = INT64_C(1000000000)},
                                    .comm = {.spin_ns = -1,
                                             .frame_bytes = 64,
                                             .initial_credits = 1,
                                             .receive_budget_bytes = 1,
                                             .pending_limit_bytes = 500}};
    struct comm_sim_result result;
    troupe *runtime;

    seen.n_ticks = seen.n_dropped = 0;
    ck_assert_int_eq(runtime_start_sim(&options, &sim, &runtime), TROUPE_OK);
    ck_assert_int_eq(troupe_run(runtime), TROUPE_CODE_OK);
    result = runtime_sim_result(runtime);
    troupe_stop(runtime);
    return result;
}

/* With a tick on its way at every moment the job ends all the same; where they come
 * faster than the link carries, they are dropped and do not pile up. */
START_TEST(ticks_hold_nothing_up)
{
    static const int64_t delays_ns[] = {1000, 30000, 1000000};

    for (int i = 0; i < 3; i++) {
        struct comm_sim_result result = run_ticking(delays_ns[i], (uint64_t)i + 1);

        ck_assert_int_eq(result.end, COMM_SIM_DONE);
        ck_assert_int_gt(seen.n_ticks, 10);
    }
    ck_assert_int_gt(seen.n_dropped, 1000);
    ck_assert_int_lt(seen.n_ticks, 1000);
}
END_TEST

CHECK_MAIN("actor timer",
           in_order,
           cancelled,
           gone_with_the_owner,
           one_tick_at_a_time,
           deadlines_of_all_kinds,
           ticks_hold_nothing_up)
