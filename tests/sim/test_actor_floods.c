/* SPDX-License-Identifier: BSD-3-Clause */
/* seeds: 5 */
#include "actor/actor.h"
#include "comm/internal.h"
#include "comm/sim.h"
#include "support/check_main.h"
#include "support/scene.h"

/* Ranks that get mail without end while their own actors have something to do: neither
 * keeps the other from running, and nobody waits long for the rank. */

struct item {
    int64_t number;
};
TROUPE_TYPE(item, number);
TROUPE_SIGNAL(ball);
TROUPE_SIGNAL(enough);

enum { N_BALLS = 1000, N_WARM = 50, US = 1000 };

static struct {
    troupe_address sink, player[2];
    int64_t item_ns, ball_ns; /* how long each takes */
    int64_t n_balls, n_at_whole_turns, n_items, n_in_step;
    bool is_enough;
} seen;

static void spend(troupe_actor *self, int64_t time_ns)
{
    sim_rank_of(self->home->comm)->clock_ns += time_ns;
}

/* ---- two processes that play ball ---- */

static troupe_status player_body(troupe_actor *self)
{
    for (;;) {
        EXPECT_OK(troupe_receive(self, ball, TROUPE_FOREVER, NULL));
        spend(self, seen.ball_ns);
        if (++seen.n_balls > N_WARM)
            seen.n_at_whole_turns += self->home->turn == ACTOR_TURN;
        if (seen.n_balls == N_BALLS)
            return troupe_send(self, troupe_rank_process(self, 0), enough);
        bool is_first = troupe_self(self).bits == seen.player[0].bits;
        EXPECT_OK(troupe_send(self, seen.player[is_first], ball));
    }
}
TROUPE_PROCESS(player, player_body, TROUPE_ACCEPTS(ball), TROUPE_SENDS(ball, enough));

static troupe_status take_item(troupe_actor *self, const struct item *item)
{
    spend(self, item->number);
    seen.n_items++;
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(sink,
                troupe_no_state,
                TROUPE_ON(item, take_item),
                .capacity = TROUPE_UNBOUNDED);

/* How long they play, on simulated time. */
static int64_t play_ball(troupe_actor *self)
{
    EXPECT_OK(troupe_spawn(self, &sink, NULL, &seen.sink));
    for (int i = 0; i < 2; i++)
        EXPECT_OK(troupe_spawn(self, &player, NULL, &seen.player[i]));
    for (int rank = 1; rank < troupe_n_ranks(self); rank++)
        EXPECT_OK(troupe_send(self, troupe_rank_process(self, rank), enough));
    if (seen.item_ns > 0) /* until the flood is there */
        troupe_sleep_until(self, troupe_after_s(self, 1e-3));
    int64_t begin_ns = troupe_now_ns(self);
    EXPECT_OK(troupe_send(self, seen.player[0], ball));
    EXPECT_OK(troupe_receive(self, enough, TROUPE_FOREVER, NULL));
    seen.is_enough = true;
    for (int i = 0; i < 2; i++)
        EXPECT_OK(troupe_stop_actor(self, seen.player[i], TROUPE_EXIT_SHUTDOWN));
    return troupe_now_ns(self) - begin_ns;
}

static void play(const troupe_behavior *main, int n_ranks, void (*begin)(void))
{
    scene_play(&(struct scene){.main = main,
                               .n_ranks = n_ranks,
                               .begin = begin,
                               .seen = &seen,
                               .seen_bytes = sizeof seen});
}

/* ---- beside mail without end ---- */

static troupe_status flood_body(troupe_actor *self)
{
    enum { AT_ONCE = 200, LEAST_PART = 20 };

    if (troupe_rank(self) == 0) {
        int64_t took_ns = play_ball(self);
        if (scene_is_hostile()) /* where hardly anything is under way at once */
            return TROUPE_OK;
        EXPECT(seen.n_items > N_BALLS);
        EXPECT(seen.n_balls * seen.ball_ns * LEAST_PART > took_ns);
        return TROUPE_OK;
    }
    EXPECT_OK(troupe_receive(self, enough, TROUPE_FOREVER, NULL));
    while (!seen.is_enough) {
        for (int i = 0; i < AT_ONCE; i++)
            EXPECT_OK(troupe_send(self, seen.sink, item, .number = seen.item_ns));
        troupe_yield(self);
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(flood_main,
               flood_body,
               TROUPE_ACCEPTS(enough),
               TROUPE_SENDS(item, ball, enough),
               TROUPE_SPAWNS(&sink, &player));

static void begin_flood(void)
{
    seen.item_ns = seen.ball_ns = US;
}

START_TEST(flood)
{
    play(&flood_main, 4, begin_flood);
}
END_TEST

/* ---- long turns, and small frames from others ---- */

static troupe_status drip_body(troupe_actor *self)
{
    enum { FEW = N_BALLS / 10 };

    if (troupe_rank(self) == 0) {
        (void)play_ball(self);
        EXPECT(seen.n_at_whole_turns < FEW || scene_is_hostile());
        return TROUPE_OK;
    }
    EXPECT_OK(troupe_receive(self, enough, TROUPE_FOREVER, NULL));
    while (!seen.is_enough) {
        EXPECT_OK(troupe_send(self, seen.sink, item, .number = US / 10));
        troupe_sleep_until(self, troupe_after_s(self, 30e-6));
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(drip_main,
               drip_body,
               TROUPE_ACCEPTS(enough),
               TROUPE_SENDS(item, ball, enough),
               TROUPE_SPAWNS(&sink, &player));

static void begin_drip(void)
{
    seen.ball_ns = 100 * US;
}

START_TEST(small_frames)
{
    play(&drip_main, 4, begin_drip);
}
END_TEST

/* ---- mail that is quick at first, for a process that computes ---- */

enum { N_QUICK = 1100, N_SLOW = 500, MOST_IN_STEP = 24 };

static troupe_status take_slower(troupe_actor *self, const struct item *item)
{
    seen.n_items++;
    if (item->number < N_QUICK)
        return TROUPE_OK;
    spend(self, (int64_t)100 * US);
    EXPECT(++seen.n_in_step <= MOST_IN_STEP);
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(slower,
                troupe_no_state,
                TROUPE_ON(item, take_slower),
                .capacity = TROUPE_UNBOUNDED);

static void compute(troupe_actor *self)
{
    spend(self, (int64_t)1000 * US);
    seen.n_in_step = 0;
    troupe_yield(self);
}

static troupe_status slower_body(troupe_actor *self)
{
    if (troupe_rank(self) > 1)
        return TROUPE_OK;
    if (troupe_rank(self) == 1) {
        EXPECT_OK(troupe_receive(self, enough, TROUPE_FOREVER, NULL));
        for (int64_t i = 0; i < N_QUICK + N_SLOW; i++)
            EXPECT_OK(troupe_send(self, seen.sink, item, .number = i));
        return TROUPE_OK;
    }
    EXPECT_OK(troupe_spawn(self, &slower, NULL, &seen.sink));
    for (int i = 0; i < N_WARM; i++)
        compute(self);
    EXPECT_OK(troupe_send(self, troupe_rank_process(self, 1), enough));
    while (seen.n_items < N_QUICK + N_SLOW)
        compute(self);
    return TROUPE_OK;
}
TROUPE_PROCESS(slower_main,
               slower_body,
               TROUPE_ACCEPTS(enough),
               TROUPE_SENDS(item, enough),
               TROUPE_SPAWNS(&slower));

START_TEST(mail_that_becomes_slow)
{
    play(&slower_main, 2, NULL);
}
END_TEST

CHECK_MAIN("actor floods", flood, small_frames, mail_that_becomes_slow)
