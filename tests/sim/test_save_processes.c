/* SPDX-License-Identifier: BSD-3-Clause */
/* seeds: 60 */
#include "actor/actor.h"
#include "base/random.h"
#include "support/check_main.h"
#include "support/scene.h"
#include "support/still.h"
#include <string.h>

/*
 * Processes through checkpoints: they begin again from the top, with their state and
 * their unread mail, those without a state with their arguments; and what happens to
 * those of ranks that are no more.
 */

/* ---- processes that are fed --------------------------------------------------- */

enum { N_FED = 6, N_ITEMS = 300 };

struct item {
    int64_t number;
};
TROUPE_TYPE(item, number);
struct taken {
    int64_t who, number;
};
TROUPE_TYPE(taken, who, number);
struct fed {
    int64_t number, n_items, n_lives;
    troupe_address collector;
    int64_t filling[4000]; /* a state that is large */
};
TROUPE_TYPE(fed, number, n_items, n_lives, collector, filling);
struct fed_arguments {
    int64_t number;
    troupe_address collector;
};
TROUPE_TYPE(fed_arguments, number, collector);
struct feeder {
    int64_t n_sent;
    troupe_address to;
};
TROUPE_TYPE(feeder, n_sent, to);
struct collector {
    int64_t n_taken[N_FED];
};
TROUPE_TYPE(collector, n_taken);
TROUPE_SIGNAL(feed);

static struct {
    int64_t n_taken[N_FED], n_lives[N_FED];
} seen;

static troupe_status
on_taken(troupe_actor *self, struct collector *collector, const struct taken *taken)
{
    (void)self;
    EXPECT_INT(taken->number, collector->n_taken[taken->who]);
    collector->n_taken[taken->who]++;
    return TROUPE_OK;
}
static void collector_fini(troupe_actor *self, struct collector *collector)
{
    (void)self;
    memcpy(seen.n_taken, collector->n_taken, sizeof seen.n_taken);
}
TROUPE_BEHAVIOR(collector_behavior,
                collector,
                TROUPE_FINI(collector_fini),
                TROUPE_ON(taken, on_taken));

/* Knows by its state how far it was. */
static troupe_status fed_body(troupe_actor *self)
{
    struct fed *state = troupe_state(self);
    const struct fed_arguments *arguments = troupe_arguments(self, fed_arguments);
    const struct item *item;

    EXPECT_INT(state->n_lives > 0, (self->flags & ACTOR_RESTORED) != 0);
    state->number = arguments->number;
    state->collector = arguments->collector;
    state->n_lives++;
    seen.n_lives[state->number] = state->n_lives;
    for (;;) {
        TROUPE_TRY(troupe_receive(self, item, TROUPE_FOREVER, &item));
        EXPECT_INT(item->number, state->n_items);
        EXPECT_INT(state->filling[state->n_items % 4000], 0);
        state->filling[state->n_items % 4000] = 1;
        TROUPE_TRY(troupe_send(self, state->collector, taken, .who = state->number,
                               .number = state->n_items++));
    }
}
TROUPE_PROCESS(fed_process,
               fed_body,
               TROUPE_STATE(fed),
               TROUPE_ARGUMENTS(fed_arguments),
               TROUPE_ACCEPTS(item),
               TROUPE_SENDS(taken));

/* Knows nothing but its arguments; whatever it has read it has passed on. */
static troupe_status plain_body(troupe_actor *self)
{
    const struct fed_arguments *arguments = troupe_arguments(self, fed_arguments);
    const struct item *item;

    for (;;) {
        TROUPE_TRY(troupe_receive(self, item, TROUPE_FOREVER, &item));
        TROUPE_TRY(troupe_send(self, arguments->collector, taken,
                               .who = arguments->number, .number = item->number));
    }
}
TROUPE_PROCESS(plain_process,
               plain_body,
               TROUPE_ARGUMENTS(fed_arguments),
               TROUPE_ACCEPTS(item),
               TROUPE_SENDS(taken),
               .stack_size = 65536);

static troupe_status
feeder_init(troupe_actor *self, struct feeder *feeder, const struct item *to)
{
    feeder->to.bits = (uint64_t)to->number;
    return troupe_send_after(self, troupe_self(self), 2e-5, NULL, feed);
}
static troupe_status on_feed(troupe_actor *self, struct feeder *feeder)
{
    for (int i = 0; i < 2; i++)
        TROUPE_TRY(troupe_send(self, feeder->to, item, .number = feeder->n_sent++));
    if (feeder->n_sent % 3 == 0)
        self->home->wants_poll = true; /* the receiver has it, and runs a step later */
    return feeder->n_sent < N_ITEMS
               ? troupe_send_after(self, troupe_self(self), 2e-5, NULL, feed)
               : TROUPE_OK;
}
TROUPE_BEHAVIOR(feeder_behavior,
                feeder,
                TROUPE_INIT(item, feeder_init),
                TROUPE_ON(feed, on_feed),
                TROUPE_SENDS(item));

static troupe_status set_up_fed(troupe_actor *self)
{
    int n = troupe_n_ranks(self);
    troupe_address collector, fed;

    TROUPE_TRY(troupe_spawn(self, &collector_behavior, NULL, &collector));
    for (int i = 0; i < N_FED; i++) {
        TROUPE_TRY(
            troupe_spawn(self, i % 2 ? &fed_process : &plain_process,
                         &(troupe_spawn_options){.place = TROUPE_ON_RANK(i % n),
                                                 TROUPE_WITH(fed_arguments, .number = i,
                                                             .collector = collector)},
                         &fed));
        TROUPE_TRY(troupe_spawn(
            self, &feeder_behavior,
            &(troupe_spawn_options){.place = TROUPE_ON_RANK((i + 1) % n),
                                    TROUPE_WITH(item, .number = (int64_t)fed.bits)},
            NULL));
    }
    return TROUPE_OK;
}

static troupe_status fed_main_body(troupe_actor *self)
{
    if (troupe_rank(self) == 0 && !(self->flags & ACTOR_RESTORED))
        return set_up_fed(self);
    return TROUPE_OK;
}
TROUPE_PROCESS(
    fed_main,
    fed_main_body,
    TROUPE_SPAWNS(&collector_behavior, &fed_process, &plain_process, &feeder_behavior),
    .flags = TROUPE_RESTARTABLE_FROM_TOP);
static const troupe_program fed_program = {.main = &fed_main};

static uint64_t some_steps(struct base_random *random)
{
    return base_random_below(random, 32u << base_random_below(random, 6));
}

static void resume_fed(int n_ranks, struct still_store *store, int64_t n_lives)
{
    memset(&seen, 0, sizeof seen);
    EXPECT_INT(still_resume(&fed_program, n_ranks, scene_seed(), store), 0);
    for (int i = 0; i < N_FED; i++) {
        EXPECT_INT(seen.n_taken[i], N_ITEMS);
        EXPECT_INT(i % 2 == 0 || (seen.n_lives[i] > 0 && seen.n_lives[i] <= n_lives),
                   1);
    }
}

static bool play_fed(uint64_t seed)
{
    struct base_random random = {seed};
    struct still_store store = {.n_ranks = 0};
    int64_t n_lives = 2;
    enum still_end end;

    end = still_save(&fed_program, 1 + (int)base_random_below(&random, 4), seed,
                     some_steps(&random), &store);
    if (end == STILL_SAVED && base_random_below(&random, 2)) {
        end =
            still_resume_and_save(&fed_program, 1 + (int)base_random_below(&random, 4),
                                  seed, some_steps(&random), &store);
        n_lives++;
    }
    EXPECT_INT(store.status, TROUPE_OK);
    if (end == STILL_SAVED)
        resume_fed(1 + (int)base_random_below(&random, 4), &store, n_lives);
    still_free(&store);
    return end == STILL_SAVED;
}

START_TEST(processes_go_on_with_state_and_mail)
{
    scene_play_seeds(play_fed, 8); /* of about 1 in 3; the others ended before */
}
END_TEST

/* Stopped after so many steps. */
static bool play_handed_over(uint64_t n_steps)
{
    struct still_store store = {.n_ranks = 0};
    enum still_end end = still_save(&fed_program, 1, n_steps, n_steps, &store);

    EXPECT_INT(store.status, TROUPE_OK);
    if (end == STILL_SAVED)
        resume_fed(1, &store, 2);
    still_free(&store);
    return end == STILL_SAVED;
}

/* Its feeder has ended the step: what a process waited for has been handed to it, and
 * it has not run yet. */
START_TEST(what_was_handed_over_is_saved)
{
    scene_play_seeds(play_handed_over, 5);
}
END_TEST

/* ---- ranks that are no more --------------------------------------------------- */

TROUPE_SIGNAL(wake);
struct ask {
    int64_t number;
};
TROUPE_TYPE(ask, number);
struct watcher {
    int64_t n_downs, n_failed, n_items, down_kind, failed_status;
};
TROUPE_TYPE(watcher, n_downs, n_failed, n_items, down_kind, failed_status);
static struct watcher watched;
static int64_t n_unread, n_dead;

/* Has taken the request, and has no state to know it by. */
static troupe_status forgetful_body(troupe_actor *self)
{
    TROUPE_TRY(troupe_receive(self, ask, TROUPE_FOREVER, NULL));
    return troupe_receive(self, wake, TROUPE_FOREVER, NULL);
}
TROUPE_PROCESS(forgetful, forgetful_body, TROUPE_ACCEPTS(ask, wake));

static troupe_status call_forgetful(troupe_actor *self)
{
    troupe_address forgets;

    TROUPE_TRY(troupe_spawn(self, &forgetful, NULL, &forgets));
    return troupe_call_async(self, forgets, TROUPE_FOREVER, NULL, ask, .number = 8);
}

static troupe_status watcher_init(troupe_actor *self, struct watcher *watcher)
{
    troupe_address last = troupe_rank_process(self, troupe_n_ranks(self) - 1);
    troupe_reference monitor;

    (void)watcher;
    TROUPE_TRY(call_forgetful(self));
    TROUPE_TRY(troupe_monitor(self, last, &monitor));
    for (int i = 0; i < 3; i++)
        TROUPE_TRY(troupe_send(self, last, item, .number = i));
    return troupe_call_async(self, last, TROUPE_FOREVER, NULL, ask, .number = 7);
}
static troupe_status
on_down(troupe_actor *self, struct watcher *watcher, const struct troupe_down *down)
{
    (void)self;
    watcher->n_downs++;
    watcher->down_kind = down->kind;
    return TROUPE_OK;
}
static troupe_status on_failed(troupe_actor *self,
                               struct watcher *watcher,
                               const struct troupe_call_failed *failed)
{
    (void)self;
    watcher->n_failed++;
    watcher->failed_status = failed->status;
    return TROUPE_OK;
}
static troupe_status
on_answer(troupe_actor *self, struct watcher *watcher, const struct item *item)
{
    (void)self;
    watcher->n_items += item->number;
    return TROUPE_OK;
}
static void watcher_fini(troupe_actor *self, struct watcher *watcher)
{
    watched = *watcher;
    for (int i = 0; i < ACTOR_N_DEAD_REASONS; i++)
        n_dead += (int64_t)self->home->counts.n_dead[i];
}
TROUPE_BEHAVIOR(watcher_behavior,
                watcher,
                TROUPE_INIT(troupe_no_arguments, watcher_init),
                TROUPE_FINI(watcher_fini),
                TROUPE_ON(troupe_down, on_down),
                TROUPE_ON(troupe_call_failed, on_failed),
                TROUPE_ON(item, on_answer),
                TROUPE_SENDS(ask),
                TROUPE_SPAWNS(&forgetful));

/* The last rank's process reads nothing until it has been restarted. */
static troupe_status waiting_body(troupe_actor *self)
{
    const struct item *item;
    const struct ask *ask;

    if (!(self->flags & ACTOR_RESTORED)) {
        if (troupe_rank(self) == 0)
            TROUPE_TRY(troupe_spawn(self, &watcher_behavior, NULL, NULL));
        (void)troupe_receive(self, wake, troupe_after_s(self, 1000), NULL);
    }
    while (troupe_receive(self, item, TROUPE_NOW, &item) == TROUPE_OK)
        n_unread++;
    if (troupe_receive(self, ask, TROUPE_NOW, &ask) == TROUPE_OK)
        TROUPE_TRY(troupe_reply(self, ask, item, .number = ask->number));
    return TROUPE_OK;
}
TROUPE_PROCESS(waiting_main,
               waiting_body,
               TROUPE_ACCEPTS(wake, item, ask),
               TROUPE_SPAWNS(&watcher_behavior),
               .flags = TROUPE_RESTARTABLE_FROM_TOP);
static const troupe_program waiting_program = {.main = &waiting_main};

static void play_waiting(int n_ranks)
{
    struct still_store store = {.n_ranks = 0};

    n_unread = n_dead = 0;
    ck_assert_int_eq(still_save(&waiting_program, 3, 1, 300, &store), STILL_SAVED);
    ck_assert_int_eq(still_resume(&waiting_program, n_ranks, 1, &store), 0);
    still_free(&store);
}

START_TEST(rank_processes_keep_their_mail)
{
    for (int n_ranks = 3; n_ranks <= 5; n_ranks++) {
        play_waiting(n_ranks);
        ck_assert_int_eq(n_unread, 3);
        ck_assert_int_eq(watched.n_items, 7);
        ck_assert_int_eq(watched.n_downs, 1);
        ck_assert_int_eq(watched.down_kind, TROUPE_EXIT_NORMAL);
        ck_assert_int_eq(watched.n_failed, 1); /* the forgotten call */
        ck_assert_int_eq(watched.failed_status, TROUPE_DOWN);
        ck_assert_int_eq(n_dead, 0);
    }
}
END_TEST

START_TEST(a_rank_that_is_no_more_is_answered_for)
{
    for (int n_ranks = 1; n_ranks <= 2; n_ranks++) {
        play_waiting(n_ranks);
        ck_assert_int_eq(n_unread, 0);
        ck_assert_int_eq(watched.n_items, 0);
        ck_assert_int_eq(watched.n_downs, 1);
        ck_assert_int_eq(watched.down_kind, TROUPE_EXIT_NO_ACTOR);
        ck_assert_int_eq(watched.n_failed, 2);
        ck_assert_int_eq(watched.failed_status, TROUPE_DOWN);
        ck_assert_int_eq(n_dead, 4);
    }
}
END_TEST

/* ---- addresses ---------------------------------------------------------------- */

enum { N_BRIEF = 1500 };

static uint64_t given[4 * N_BRIEF];
static int n_given;

static troupe_status brief_init(troupe_actor *self)
{
    troupe_exit(self);
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(brief, troupe_no_state, TROUPE_INIT(troupe_no_arguments, brief_init));

/* Here and on the other rank, whose leases are not used up. */
static troupe_status spawn_brief(troupe_actor *self)
{
    for (int i = 0; i < N_BRIEF; i++) {
        troupe_address address;

        TROUPE_TRY(troupe_spawn(self, &brief,
                                &(troupe_spawn_options){.place = TROUPE_ON_RANK(i % 2)},
                                &address));
        given[n_given++] = address.bits;
    }
    return TROUPE_OK;
}

static troupe_status addresses_body(troupe_actor *self)
{
    TROUPE_TRY(spawn_brief(self));
    if (!(self->flags & ACTOR_RESTORED))
        (void)troupe_receive(self, wake, troupe_after_s(self, 1000), NULL);
    return TROUPE_OK;
}
TROUPE_PROCESS(addresses_main,
               addresses_body,
               TROUPE_ACCEPTS(wake),
               TROUPE_SPAWNS(&brief),
               .flags = TROUPE_RESTARTABLE_FROM_TOP);
static const troupe_program addresses_program = {.main = &addresses_main};

static int by_number(const void *a, const void *b)
{
    const uint64_t *left = a, *right = b;

    return *left < *right ? -1 : *left > *right;
}

START_TEST(no_address_is_given_twice)
{
    struct still_store store = {.n_ranks = 0};

    n_given = 0;
    ck_assert_int_eq(still_save(&addresses_program, 2, 1, 20000, &store), STILL_SAVED);
    ck_assert_int_eq(n_given, 2 * N_BRIEF);
    ck_assert_int_eq(still_resume(&addresses_program, 2, 2, &store), 0);
    ck_assert_int_eq(n_given, 4 * N_BRIEF);
    qsort(given, 4 * N_BRIEF, sizeof *given, by_number);
    for (int i = 1; i < n_given; i++)
        ck_assert_uint_ne(given[i], given[i - 1]);
    still_free(&store);
}
END_TEST

CHECK_MAIN("save processes",
           no_address_is_given_twice,
           processes_go_on_with_state_and_mail,
           what_was_handed_over_is_saved,
           rank_processes_keep_their_mail,
           a_rank_that_is_no_more_is_answered_for)
