/* SPDX-License-Identifier: BSD-3-Clause */
/* seeds: 5 */
#include "actor/actor.h"
#include "support/check_main.h"
#include "support/scene.h"

/*
 * Small mail between actors of one rank goes by frames that are read later. Nobody may
 * notice: not in the order beside mail that goes other ways, nor in what a mailbox
 * holds, nor when a handler ends, fails or becomes another while its mail stands in the
 * frame that is being read.
 */

struct item {
    int64_t number;
};
TROUPE_TYPE(item, number);
struct parcel {
    int64_t number;
    uint64_t n_data;
    uint8_t data[];
};
TROUPE_TYPE(parcel, number, n_data, TROUPE_TAIL(data, n_data));
TROUPE_SIGNAL(done);

enum { N_ITEMS = 5000, N_FEW = 40, PLACE = 7, CAPACITY = 5 };

static const uint8_t zeros[8000];

static struct {
    int64_t next, n_dead;
    troupe_address taker;
} seen;

static void play(const troupe_behavior *main, int n_ranks)
{
    scene_play(&(struct scene){
        .main = main, .n_ranks = n_ranks, .seen = &seen, .seen_bytes = sizeof seen});
}

static void count_dead(void *context, const troupe_dead_letter *letter)
{
    (void)context;
    (void)letter;
    seen.n_dead++;
}

static void take(int64_t number)
{
    EXPECT_INT(number, seen.next);
    seen.next++;
}

/* ---- order beside mail that goes other ways ---- */

static troupe_status take_item(troupe_actor *self, const struct item *item)
{
    EXPECT(troupe_sender(self).bits != 0);
    take(item->number);
    return TROUPE_OK;
}

static troupe_status take_parcel(troupe_actor *self, const struct parcel *parcel)
{
    (void)self;
    take(parcel->number);
    return TROUPE_OK;
}

static troupe_status answer_done(troupe_actor *self)
{
    return troupe_send(self, troupe_sender(self), done);
}
TROUPE_BEHAVIOR(taker,
                troupe_no_state,
                TROUPE_ON(item, take_item),
                TROUPE_ON(parcel, take_parcel),
                TROUPE_ON(done, answer_done),
                .capacity = TROUPE_UNBOUNDED);

static troupe_status send_by_some_way(troupe_actor *self, troupe_address to, int64_t i)
{
    uint64_t way = (uint64_t)i * UINT64_C(0x9e3779b97f4a7c15) >> 58;
    troupe_message *message;
    struct item *made = NULL;

    if (way > 3) /* mostly */
        return troupe_send(self, to, item, .number = i);
    if (way > 1)
        return troupe_send_tail(self, to, parcel, data, zeros, way == 2 ? 30 : 7000,
                                .number = i);
    TROUPE_TRY(troupe_new_message(self, item, 0, &message, &made));
    made->number = i;
    return troupe_send_message(self, to, &message);
}

/* From a handler, so that nothing is read in between. */
static troupe_status send_all(troupe_actor *self)
{
    for (int64_t i = 0; i < N_ITEMS; i++)
        EXPECT_OK(send_by_some_way(self, seen.taker, i));
    return troupe_send(self, troupe_sender(self), done);
}
TROUPE_BEHAVIOR(sender, troupe_no_state, TROUPE_ON(done, send_all));

/* Behind all that `from` has sent. */
static void wait_for_all(troupe_actor *self)
{
    EXPECT_OK(troupe_send(self, seen.taker, done));
    EXPECT_OK(troupe_receive(self, done, TROUPE_FOREVER, NULL));
    EXPECT_INT(seen.next, N_ITEMS);
    seen.next = 0;
}

static troupe_status order_body(troupe_actor *self)
{
    troupe_address handler;

    EXPECT_OK(troupe_spawn(self, &taker, NULL, &seen.taker));
    EXPECT_OK(troupe_spawn(self, &sender, NULL, &handler));
    for (int64_t i = 0; i < N_ITEMS; i++)
        EXPECT_OK(send_by_some_way(self, seen.taker, i));
    wait_for_all(self);
    EXPECT_OK(troupe_send(self, handler, done));
    EXPECT_OK(troupe_receive(self, done, TROUPE_FOREVER, NULL));
    troupe_sleep_until(self, troupe_after_s(self, 1));
    wait_for_all(self);
    return TROUPE_OK;
}
TROUPE_PROCESS(order, order_body, TROUPE_ACCEPTS(done), TROUPE_SPAWNS(&taker, &sender));

START_TEST(keeps_the_order)
{
    play(&order, 1);
}
END_TEST

/* ---- who ends, fails, becomes another or puts aside, its mail being read ---- */

TROUPE_BEHAVIOR_DECLARE(other);

static troupe_status leave(troupe_actor *self, const struct item *item)
{
    take(item->number);
    if (item->number == PLACE)
        troupe_exit(self);
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(leaver, troupe_no_state, TROUPE_ON(item, leave), .capacity = N_FEW);

static troupe_status give_up(troupe_actor *self, const struct item *item)
{
    take(item->number);
    if (item->number == PLACE)
        troupe_fail(self, TROUPE_INVALID, "it is number %d", PLACE);
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(failer, troupe_no_state, TROUPE_ON(item, give_up), .capacity = N_FEW);

static troupe_status change(troupe_actor *self, const struct item *item)
{
    take(item->number);
    if (item->number == PLACE)
        troupe_become(self, &other);
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(changer, troupe_no_state, TROUPE_ON(item, change), .capacity = N_FEW);
TROUPE_BEHAVIOR(other, troupe_no_state, TROUPE_ON(done, answer_done));

/* `n_taken` are; what is left is counted as dead. */
static void few(troupe_actor *self, const troupe_behavior *behavior, int64_t n_taken)
{
    const troupe_spawn_options last = {.place =
                                           TROUPE_ON_RANK(troupe_n_ranks(self) - 1)};

    seen.next = seen.n_dead = 0;
    EXPECT_OK(troupe_spawn(self, behavior, &last, &seen.taker));
    troupe_sleep_until(self, troupe_after_s(self, 1)); /* it is there, and idle */
    for (int64_t i = 0; i < N_FEW; i++)
        EXPECT_OK(troupe_send(self, seen.taker, item, .number = i));
    troupe_sleep_until(self, troupe_after_s(self, 1));
    EXPECT_INT(seen.next, n_taken);
    EXPECT_INT(seen.n_dead, N_FEW - n_taken);
}

static troupe_status stop_body(troupe_actor *self)
{
    const int64_t n = PLACE + 1;

    troupe_on_dead_letter(self, count_dead, NULL);
    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    for (int i = 0; i < 2; i++) { /* it is found again, where another one was */
        few(self, &taker, N_FEW);
        few(self, &leaver, n);
        few(self, &failer, n);
        few(self, &changer, n);
        EXPECT_OK(troupe_send(self, seen.taker, done));
        EXPECT_OK(troupe_receive(self, done, TROUPE_FOREVER, NULL));
        if (troupe_n_ranks(self) == 1)
            EXPECT_STATUS(troupe_send(self, seen.taker, item, .number = 0),
                          TROUPE_REFUSED);
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(stop,
               stop_body,
               TROUPE_ACCEPTS(done),
               TROUPE_SENDS(item),
               TROUPE_SPAWNS(&taker, &leaver, &failer, &changer, &other));

START_TEST(a_handler_stops_taking_it)
{
    play(&stop, 1);
    play(&stop, 2); /* and a run from another rank */
}
END_TEST

/* ---- what it holds counts in the mailbox ---- */

static troupe_status take_few(troupe_actor *self, const struct item *item)
{
    EXPECT(troupe_n_waiting(self) < CAPACITY);
    take(item->number);
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(refuses,
                troupe_no_state,
                TROUPE_ON(item, take_few),
                .capacity = CAPACITY,
                .overflow = TROUPE_REFUSE);
TROUPE_BEHAVIOR(keeps_oldest,
                troupe_no_state,
                TROUPE_ON(item, take_few),
                .capacity = CAPACITY,
                .overflow = TROUPE_DROP_NEWEST);
TROUPE_BEHAVIOR(keeps_newest,
                troupe_no_state,
                TROUPE_ON(item, take_few),
                .capacity = CAPACITY,
                .overflow = TROUPE_DROP_OLDEST);
TROUPE_BEHAVIOR(makes_wait,
                troupe_no_state,
                TROUPE_ON(item, take_few),
                .capacity = CAPACITY);

static troupe_status take_other(troupe_actor *self, const struct item *item)
{
    (void)self;
    EXPECT(item->number < 0);
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(bystander, troupe_no_state, TROUPE_ON(item, take_other));

/* Sends at once, where nobody can take in between, and waits until all is taken. */
static void fill(troupe_actor *self,
                 const troupe_behavior *behavior,
                 troupe_status beyond,
                 int64_t first,
                 int64_t n_dead)
{
    troupe_address other_taker;

    seen.next = first;
    seen.n_dead = 0;
    EXPECT_OK(troupe_spawn(self, behavior, NULL, &seen.taker));
    EXPECT_OK(troupe_spawn(self, &bystander, NULL, &other_taker));
    for (int64_t i = 0; i < CAPACITY + 3; i++) {
        /* So that they do not stand side by side. */
        EXPECT_OK(troupe_send(self, other_taker, item, .number = -1));
        EXPECT_STATUS(troupe_send(self, seen.taker, item, .number = i),
                      i < CAPACITY ? TROUPE_OK : beyond);
    }
    troupe_sleep_until(self, troupe_after_s(self, 1));
    EXPECT_INT(seen.next, first + CAPACITY + (n_dead == 0 && !beyond ? 3 : 0));
    EXPECT_INT(seen.n_dead, n_dead);
}

static troupe_status capacity_body(troupe_actor *self)
{
    troupe_on_dead_letter(self, count_dead, NULL);
    if (scene_is_hostile())
        return TROUPE_OK; /* so many sends are a turn for others there */
    fill(self, &refuses, TROUPE_FULL, 0, 0);
    fill(self, &keeps_oldest, TROUPE_OK, 0, 3);
    fill(self, &keeps_newest, TROUPE_OK, 3, 3);
    fill(self, &makes_wait, TROUPE_OK, 0, 0);
    return TROUPE_OK;
}
TROUPE_PROCESS(
    capacity,
    capacity_body,
    TROUPE_SENDS(item),
    TROUPE_SPAWNS(&refuses, &keeps_oldest, &keeps_newest, &makes_wait, &bystander));

START_TEST(counts_towards_the_capacity)
{
    play(&capacity, 1);
}
END_TEST

CHECK_MAIN("actor loopback",
           keeps_the_order,
           a_handler_stops_taking_it,
           counts_towards_the_capacity)
