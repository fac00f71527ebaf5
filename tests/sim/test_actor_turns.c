/* SPDX-License-Identifier: BSD-3-Clause */
/* seeds: 20 */
#include "actor/actor.h"
#include "actor/loopback.h"
#include "comm/internal.h"
#include "comm/sim.h"
#include "support/check_main.h"
#include "support/scene.h"

/* Where turns take long, a rank does few of them between two polls, whoever takes
 * them; and all of its mail is still taken, in order. */

struct item {
    int64_t number;
};
TROUPE_TYPE(item, number);
TROUPE_SIGNAL(ball);
TROUPE_SIGNAL(enough);

enum { TURN_NS = 100 * 1000, N_ITEMS = 2000, N_BALLS = 500, N_YIELDS = 40, FEW = 4 };

static struct {
    troupe_address worker, player[2], feeder[2];
    int64_t n_turns, n_in_row, looked_ns, n_items, n_balls;
    bool has_begun, is_enough;
} seen;

static void compute(troupe_actor *self)
{
    struct comm *comm = self->home->comm;

    seen.n_in_row = comm->now_ns == seen.looked_ns ? seen.n_in_row + 1 : 1;
    seen.looked_ns = comm->now_ns;
    seen.n_turns++;
    if (seen.has_begun)
        EXPECT(seen.n_in_row <= FEW);
    sim_rank_of(comm)->clock_ns += TURN_NS;
}

/* It takes a while until the rank knows. */
static void begin(troupe_actor *self)
{
    for (int i = 0; i < N_YIELDS; i++) {
        compute(self);
        troupe_yield(self);
    }
    seen.has_begun = true;
}

static troupe_status take_item(troupe_actor *self, const struct item *item)
{
    EXPECT_INT(item->number, seen.n_items++);
    compute(self);
    if (item->number == N_ITEMS - 1)
        return troupe_send(self, troupe_rank_process(self, 0), enough);
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(worker,
                troupe_no_state,
                TROUPE_ON(item, take_item),
                TROUPE_SENDS(enough),
                .capacity = TROUPE_UNBOUNDED);

static troupe_status send_items(troupe_actor *self)
{
    for (int64_t i = 0; i < N_ITEMS; i++)
        TROUPE_TRY(troupe_send(self, seen.worker, item, .number = i));
    return TROUPE_OK;
}

static void play(const troupe_behavior *main)
{
    scene_play(&(struct scene){
        .main = main, .n_ranks = 2, .seen = &seen, .seen_bytes = sizeof seen});
}

/* ---- mail from this rank ---- */

static troupe_status near_body(troupe_actor *self)
{
    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    EXPECT_OK(troupe_spawn(self, &worker, NULL, &seen.worker));
    begin(self);
    EXPECT_OK(send_items(self));
    EXPECT_OK(troupe_receive(self, enough, TROUPE_FOREVER, NULL));
    return TROUPE_OK;
}
TROUPE_PROCESS(near_main,
               near_body,
               TROUPE_ACCEPTS(enough),
               TROUPE_SENDS(item),
               TROUPE_SPAWNS(&worker));

START_TEST(mail_from_here)
{
    play(&near_main);
}
END_TEST

/* ---- mail from another ---- */

static troupe_status far_body(troupe_actor *self)
{
    if (troupe_rank(self) > 1) /* only on the way */
        return TROUPE_OK;
    if (troupe_rank(self) == 1) {
        EXPECT_OK(troupe_receive(self, enough, TROUPE_FOREVER, NULL));
        return send_items(self);
    }
    EXPECT_OK(troupe_spawn(self, &worker, NULL, &seen.worker));
    begin(self);
    EXPECT_OK(troupe_send(self, troupe_rank_process(self, 1), enough));
    while (seen.n_items == 0) { /* or it would forget */
        compute(self);
        troupe_yield(self);
    }
    EXPECT_OK(troupe_receive(self, enough, TROUPE_FOREVER, NULL));
    return TROUPE_OK;
}
TROUPE_PROCESS(far_main,
               far_body,
               TROUPE_ACCEPTS(enough),
               TROUPE_SENDS(item, enough),
               TROUPE_SPAWNS(&worker));

START_TEST(mail_from_afar)
{
    play(&far_main);
}
END_TEST

/* ---- mail that stands in the mailbox ---- */

static troupe_status late_body(troupe_actor *self)
{
    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    EXPECT_OK(troupe_spawn(self, &worker, NULL, &seen.worker));
    begin(self);
    EXPECT_OK(send_items(self));
    actor_loopback_settle(self->home);
    EXPECT_OK(troupe_receive(self, enough, TROUPE_FOREVER, NULL));
    return TROUPE_OK;
}
TROUPE_PROCESS(late_main,
               late_body,
               TROUPE_ACCEPTS(enough),
               TROUPE_SENDS(item),
               TROUPE_SPAWNS(&worker));

START_TEST(mail_that_waits)
{
    play(&late_main);
}
END_TEST

/* ---- processes that play ball ---- */

static troupe_status player_body(troupe_actor *self)
{
    for (;;) {
        EXPECT_OK(troupe_receive(self, ball, TROUPE_FOREVER, NULL));
        compute(self);
        if (++seen.n_balls == N_BALLS)
            return troupe_send(self, troupe_rank_process(self, 0), enough);
        bool is_first = troupe_self(self).bits == seen.player[0].bits;
        EXPECT_OK(troupe_send(self, seen.player[is_first], ball));
    }
}
TROUPE_PROCESS(player, player_body, TROUPE_ACCEPTS(ball), TROUPE_SENDS(ball, enough));

static troupe_status match_body(troupe_actor *self)
{
    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    for (int i = 0; i < 2; i++)
        EXPECT_OK(troupe_spawn(self, &player, NULL, &seen.player[i]));
    begin(self);
    EXPECT_OK(troupe_send(self, seen.player[0], ball));
    EXPECT_OK(troupe_receive(self, enough, TROUPE_FOREVER, NULL));
    for (int i = 0; i < 2; i++)
        EXPECT_OK(troupe_stop_actor(self, seen.player[i], TROUPE_EXIT_SHUTDOWN));
    return TROUPE_OK;
}
TROUPE_PROCESS(match_main,
               match_body,
               TROUPE_ACCEPTS(enough),
               TROUPE_SENDS(ball),
               TROUPE_SPAWNS(&player));

START_TEST(processes)
{
    play(&match_main);
}
END_TEST

/* ---- handlers that keep each other in mail, and a process ---- */

static troupe_status take_fed(troupe_actor *self, const struct item *item)
{
    bool is_first = troupe_self(self).bits == seen.feeder[0].bits;

    if (seen.n_turns > 0)
        compute(self);
    else
        troupe_yield(self); /* a handler's keeps nobody else from running */
    EXPECT(item->number < N_ITEMS);
    if (seen.is_enough)
        return TROUPE_OK;
    return troupe_send(self, seen.feeder[is_first], item, .number = item->number + 1);
}
TROUPE_BEHAVIOR(feeder,
                troupe_no_state,
                TROUPE_ON(item, take_fed),
                TROUPE_SENDS(item),
                .capacity = TROUPE_UNBOUNDED);

static troupe_status feed(troupe_actor *self, bool is_long, int n_items)
{
    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    for (int i = 0; i < 2; i++)
        EXPECT_OK(troupe_spawn(self, &feeder, NULL, &seen.feeder[i]));
    if (is_long)
        begin(self);
    for (int i = 0; i < n_items; i++)
        TROUPE_TRY(troupe_send(self, seen.feeder[i % 2], item, .number = 0));
    for (int i = 0; i < N_YIELDS; i++)
        troupe_yield(self);
    seen.is_enough = true;
    return TROUPE_OK;
}

static troupe_status beside_body(troupe_actor *self)
{
    return feed(self, true, 1);
}
TROUPE_PROCESS(beside_main, beside_body, TROUPE_SENDS(item), TROUPE_SPAWNS(&feeder));

START_TEST(process_beside_long_turns)
{
    play(&beside_main);
}
END_TEST

/* As many as a whole step reads. */
static troupe_status quick_body(troupe_actor *self)
{
    return feed(self, false, ACTOR_TURN);
}
TROUPE_PROCESS(quick_main, quick_body, TROUPE_SENDS(item), TROUPE_SPAWNS(&feeder));

START_TEST(process_beside_short_turns)
{
    play(&quick_main);
}
END_TEST

/* ---- how much a rank does between two polls ---- */

/* Steps that take so long, until the rank knows; how much it may do then: the clock of
 * a rank that was stopped is ahead once. */
static uint32_t share_after(troupe_actor *self, int64_t step_ns)
{
    struct comm *comm = self->home->comm;
    uint32_t share = 0;

    for (int i = 0; i < N_YIELDS; i++) {
        sim_rank_of(comm)->clock_ns += step_ns;
        troupe_yield(self);
        if (i >= N_YIELDS / 2 && comm_share(comm) > share)
            share = comm_share(comm);
    }
    return share;
}

static troupe_status shares_body(troupe_actor *self)
{
    enum { USUAL_NS = 40 * 1000, LONG_NS = 400 * 1000 };

    EXPECT_INT(share_after(self, USUAL_NS), COMM_WHOLE_SHARE);
    EXPECT(share_after(self, LONG_NS) <= COMM_WHOLE_SHARE / 8);
    EXPECT_INT(share_after(self, 0), COMM_WHOLE_SHARE);
    return TROUPE_OK;
}
TROUPE_PROCESS(shares_main, shares_body);

START_TEST(share_of_a_step)
{
    play(&shares_main);
}
END_TEST

/* ---- a handler that is busy becomes idle again ---- */

enum { N_BEFORE = 2000, N_MEANWHILE = 20000, SMALL_SHARE = 1 };

static troupe_status take_while_busy(troupe_actor *self, const struct item *item)
{
    (void)item;
    self->home->comm->share = SMALL_SHARE;
    if (++seen.n_items < N_BEFORE + N_MEANWHILE)
        return TROUPE_OK;
    EXPECT(self->home->current.envelope == NULL); /* it comes straight from a frame */
    return troupe_send(self, troupe_rank_process(self, 0), enough);
}
TROUPE_BEHAVIOR(busy,
                troupe_no_state,
                TROUPE_ON(item, take_while_busy),
                TROUPE_SENDS(enough),
                .capacity = TROUPE_UNBOUNDED);

static troupe_status send_many(troupe_actor *self, int64_t n_items)
{
    for (int64_t i = 0; i < n_items; i++)
        TROUPE_TRY(troupe_send(self, seen.worker, item, .number = i));
    return TROUPE_OK;
}

static troupe_status busy_body(troupe_actor *self)
{
    if (troupe_rank(self) > 1)
        return TROUPE_OK;
    if (troupe_rank(self) == 1) {
        EXPECT_OK(troupe_receive(self, enough, TROUPE_FOREVER, NULL));
        return send_many(self, N_MEANWHILE);
    }
    EXPECT_OK(troupe_spawn(self, &busy, NULL, &seen.worker));
    EXPECT_OK(troupe_send(self, troupe_rank_process(self, 1), enough));
    EXPECT_OK(send_many(self, N_BEFORE));
    actor_loopback_settle(self->home);
    EXPECT_OK(troupe_receive(self, enough, TROUPE_FOREVER, NULL));
    return TROUPE_OK;
}
TROUPE_PROCESS(busy_main,
               busy_body,
               TROUPE_ACCEPTS(enough),
               TROUPE_SENDS(item, enough),
               TROUPE_SPAWNS(&busy));

START_TEST(busy_handler)
{
    play(&busy_main);
}
END_TEST

/* ---- a process that computes for long, and mail that takes no time ---- */

static troupe_status take_quickly(troupe_actor *self, const struct item *item)
{
    (void)self;
    EXPECT_INT(item->number, seen.n_items++);
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(quick,
                troupe_no_state,
                TROUPE_ON(item, take_quickly),
                .capacity = TROUPE_UNBOUNDED);

/* So many yields at most until all have been taken. */
static void compute_until_taken(troupe_actor *self, int64_t n_items, int n_yields)
{
    for (int i = 0; seen.n_items < n_items; i++) {
        EXPECT(i < n_yields);
        sim_rank_of(self->home->comm)->clock_ns += 10 * TURN_NS;
        troupe_yield(self);
    }
}

static troupe_status compute_body(troupe_actor *self)
{
    if (troupe_rank(self) > 1)
        return TROUPE_OK;
    if (troupe_rank(self) == 1) {
        EXPECT_OK(troupe_receive(self, enough, TROUPE_FOREVER, NULL));
        return send_many(self, N_MEANWHILE);
    }
    EXPECT_OK(troupe_spawn(self, &quick, NULL, &seen.worker));
    begin(self);
    EXPECT_OK(troupe_send(self, troupe_rank_process(self, 1), enough));
    compute_until_taken(self, N_MEANWHILE, scene_is_hostile() ? N_MEANWHILE : 20);
    seen.n_items = 0;
    EXPECT_OK(send_many(self, N_ITEMS));
    actor_loopback_settle(self->home);
    compute_until_taken(self, N_ITEMS, N_ITEMS / ACTOR_TURN + N_YIELDS);
    return TROUPE_OK;
}
TROUPE_PROCESS(compute_main,
               compute_body,
               TROUPE_ACCEPTS(enough),
               TROUPE_SENDS(item, enough),
               TROUPE_SPAWNS(&quick));

START_TEST(mail_beside_computing)
{
    play(&compute_main);
}
END_TEST

CHECK_MAIN("actor turns",
           mail_from_here,
           mail_from_afar,
           mail_that_waits,
           processes,
           process_beside_long_turns,
           process_beside_short_turns,
           share_of_a_step,
           busy_handler,
           mail_beside_computing)
