/* SPDX-License-Identifier: BSD-3-Clause */
/* seeds: 5 */
#include "actor/actor.h"
#include "support/check_main.h"
#include "support/scene.h"

/* Local mail by frames, at its limits: no memory for what has to wait, and handlers
 * that feed each other while the rank has other things to do. */

struct item {
    int64_t number;
};
TROUPE_TYPE(item, number);
TROUPE_SIGNAL(go);

enum { N_BLOCKS = 20000, A_FEW = 4, MANY = 1000, MOST_BETWEEN_POLLS = 20 * ACTOR_TURN };

static struct {
    troupe_address handler, sink;
    int64_t n_taken, n_runs;
} seen;

static void play(const troupe_behavior *main, int n_ranks)
{
    scene_play(&(struct scene){
        .main = main, .n_ranks = n_ranks, .seen = &seen, .seen_bytes = sizeof seen});
}

static troupe_status take_in_order(troupe_actor *self, const struct item *item)
{
    (void)self;
    EXPECT_INT(item->number, seen.n_taken);
    seen.n_taken++;
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(sink,
                troupe_no_state,
                TROUPE_ON(item, take_in_order),
                .capacity = TROUPE_UNBOUNDED);

/* ---- a pool that has nothing left ---- */

static struct {
    struct message_envelope *block[N_BLOCKS];
    int n;
    void *(*take)(void *context, size_t size_bytes);
} hoard;

static void *take_nothing(void *context, size_t size_bytes)
{
    (void)context;
    (void)size_bytes;
    return NULL;
}

/* All but n_left of the blocks that an item waits in. */
static void hoard_begin(struct message_pool *pool, int n_left)
{
    hoard.n = 0;
    hoard.block[hoard.n++] = message_take(pool, sizeof(struct item)); /* of a page */
    hoard.take = pool->source.take;
    pool->source.take = take_nothing;
    while ((hoard.block[hoard.n] = message_take(pool, sizeof(struct item))))
        EXPECT(++hoard.n < N_BLOCKS);
    while (n_left-- > 0)
        message_give(pool, hoard.block[--hoard.n]);
}

static void hoard_end(struct message_pool *pool)
{
    while (hoard.n > 0)
        message_give(pool, hoard.block[--hoard.n]);
    pool->source.take = hoard.take;
}

/* One of the four finds room in the mailbox: the others stay where they are. */
static troupe_status part_of_a_run(troupe_actor *self)
{
    troupe_message *message;
    struct item *item = NULL;

    TROUPE_TRY(troupe_new_message(self, item, 0, &message, &item));
    for (int64_t i = 0; i < A_FEW; i++)
        EXPECT_OK(troupe_send(self, seen.sink, item, .number = i));
    hoard_begin(self->home->pool, 1);
    EXPECT_STATUS(troupe_send_message(self, seen.sink, &message), TROUPE_NO_MEMORY);
    hoard_end(self->home->pool);
    seen.n_runs++;
    troupe_release(self, &message);
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(parts_a_run, troupe_no_state, TROUPE_ON(go, part_of_a_run));

static troupe_status fill_the_frame(troupe_actor *self)
{
    troupe_status status = TROUPE_OK;
    int64_t n_sent = 0;

    hoard_begin(self->home->pool, 0);
    while (n_sent < MANY &&
           (status = troupe_send(self, seen.sink, item, .number = n_sent)) == TROUPE_OK)
        n_sent++;
    hoard_end(self->home->pool);
    EXPECT_STATUS(status, TROUPE_NO_MEMORY);
    seen.n_runs++;
    return troupe_send(self, seen.sink, item, .number = n_sent);
}
TROUPE_BEHAVIOR(fills_the_frame, troupe_no_state, TROUPE_ON(go, fill_the_frame));

static troupe_status hungry_body(troupe_actor *self)
{
    const troupe_behavior *const behaviors[] = {&parts_a_run, &fills_the_frame};

    EXPECT_OK(troupe_spawn(self, &sink, NULL, &seen.sink));
    for (int i = 0; i < 2; i++) {
        seen.n_taken = 0;
        EXPECT_OK(troupe_spawn(self, behaviors[i], NULL, &seen.handler));
        troupe_sleep_until(self, troupe_after_s(self, 1));
        EXPECT_OK(troupe_send(self, seen.handler, go));
        troupe_sleep_until(self, troupe_after_s(self, 1));
        EXPECT_INT(seen.n_runs, i + 1);
        EXPECT(seen.n_taken >= A_FEW);
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(hungry,
               hungry_body,
               TROUPE_SENDS(go),
               TROUPE_SPAWNS(&sink, &parts_a_run, &fills_the_frame));

START_TEST(no_memory)
{
    play(&hungry, 1);
}
END_TEST

/* ---- who feeds itself ---- */

static troupe_status pass_on(troupe_actor *self, const struct item *item)
{
    seen.n_runs++;
    return troupe_send(
        self, troupe_self(self).bits == seen.handler.bits ? seen.sink : seen.handler,
        item, .number = item->number);
}
TROUPE_BEHAVIOR(passes_on, troupe_no_state, TROUPE_ON(item, pass_on));

static troupe_status go_on(troupe_actor *self)
{
    seen.n_runs++;
    return troupe_send(self, troupe_self(self), go);
}
TROUPE_BEHAVIOR(goes_on, troupe_no_state, TROUPE_ON(go, go_on));

/* While this process sleeps for a microsecond of the simulator, some steps long. */
static void expect_turns(troupe_actor *self)
{
    for (int i = 0; i < 10; i++) {
        seen.n_runs = 0;
        troupe_sleep_until(self, (troupe_deadline){troupe_now_ns(self) + 1000});
        EXPECT(seen.n_runs > 0 && seen.n_runs < MOST_BETWEEN_POLLS);
    }
}

static troupe_status busy_body(troupe_actor *self)
{
    EXPECT_OK(troupe_spawn(self, &passes_on, NULL, &seen.handler));
    EXPECT_OK(troupe_spawn(self, &passes_on, NULL, &seen.sink));
    EXPECT_OK(troupe_send(self, seen.handler, item, .number = 1));
    expect_turns(self);
    EXPECT_OK(troupe_stop_actor(self, seen.handler, TROUPE_EXIT_KILLED));
    EXPECT_OK(troupe_stop_actor(self, seen.sink, TROUPE_EXIT_KILLED));
    EXPECT_OK(troupe_spawn(self, &goes_on, NULL, &seen.handler));
    EXPECT_OK(troupe_send(self, seen.handler, go));
    expect_turns(self);
    return troupe_stop_actor(self, seen.handler, TROUPE_EXIT_KILLED);
}
TROUPE_PROCESS(busy,
               busy_body,
               TROUPE_SENDS(item, go),
               TROUPE_SPAWNS(&passes_on, &goes_on));

START_TEST(others_have_their_turn)
{
    play(&busy, 1);
}
END_TEST

/* ---- what is sent to other ranks is counted, and never full ---- */

static troupe_status far_body(troupe_actor *self)
{
    const troupe_spawn_options there = {.place = TROUPE_ON_RANK(1)};
    struct actor_rank *home = self->home;
    uint64_t n_before;

    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    EXPECT_OK(troupe_spawn(self, &sink, &there, &seen.sink));
    home->abroad.n_queued = UINT32_MAX - A_FEW;
    n_before = actor_n_sent_remote(home);
    for (int64_t i = 0; i < MANY; i++)
        EXPECT_OK(troupe_send(self, seen.sink, item, .number = i));
    EXPECT(actor_n_sent_remote(home) - n_before == MANY);
    EXPECT(home->abroad.n_queued <= MANY);
    home->counts.n_sent_remote -=
        UINT32_MAX - A_FEW; /* the statistics are right, too */
    troupe_sleep_until(self, troupe_after_s(self, 1));
    EXPECT_INT(seen.n_taken, MANY);
    return TROUPE_OK;
}
TROUPE_PROCESS(far, far_body, TROUPE_SENDS(item), TROUPE_SPAWNS(&sink));

START_TEST(counts_what_goes_far)
{
    play(&far, 2);
}
END_TEST

CHECK_MAIN("actor loopback limits",
           no_memory,
           others_have_their_turn,
           counts_what_goes_far)
