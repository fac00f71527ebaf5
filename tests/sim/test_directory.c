/* SPDX-License-Identifier: BSD-3-Clause */
/* seeds: 40 */
#include "actor/actor.h"
#include "support/check_main.h"
#include "support/scene.h"
#include <string.h>

/*
 * Names: of all who want one at once exactly one gets it; who has got an actor's
 * troupe_down never finds it by name; a name that is given up can be had by another.
 */

enum { MOST_RANKS = 12 };

TROUPE_SIGNAL(quit);
struct note {
    int64_t number;
};
TROUPE_TYPE(note, number);

static struct {
    int n_granted, n_refused, n_found_dead;
    troupe_address winner, found[MOST_RANKS];
    int n_got[MOST_RANKS];
} seen;

/* ---- one name, many who want it ---- */

static troupe_status race_body(troupe_actor *self)
{
    troupe_status status =
        troupe_register(self, TROUPE_GLOBAL, "leader", troupe_self(self));
    troupe_address who;

    if (status == TROUPE_OK) {
        seen.n_granted++;
        seen.winner = troupe_self(self);
    } else {
        EXPECT_STATUS(status, TROUPE_EXISTS);
        seen.n_refused++;
    }
    EXPECT_OK(troupe_barrier(self, troupe_rank_team(self)));
    EXPECT_OK(troupe_whereis(self, TROUPE_GLOBAL, "leader", TROUPE_NOW, &who));
    EXPECT(who.bits == seen.winner.bits);
    /* Twice by the one who has it is once. */
    if (who.bits == troupe_self(self).bits)
        EXPECT_OK(troupe_register(self, TROUPE_GLOBAL, "leader", who));
    EXPECT_OK(troupe_barrier(self, troupe_rank_team(self)));
    return TROUPE_OK;
}
TROUPE_PROCESS(race_main, race_body);

static void check_race(void)
{
    EXPECT_INT(seen.n_granted, 1);
    EXPECT_INT(seen.n_refused, MOST_RANKS - 1);
}

START_TEST(exactly_one_wins)
{
    scene_play(&(struct scene){.main = &race_main,
                               .n_ranks = MOST_RANKS,
                               .seen = &seen,
                               .seen_bytes = sizeof seen,
                               .check = check_race});
}
END_TEST

/* ---- a name goes with its actor ---- */

static troupe_status on_quit(troupe_actor *self)
{
    troupe_exit(self);
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(holder, troupe_no_state, TROUPE_ON(quit, on_quit));

/* Rank 0 spawns the holder and names it; every rank watches it and looks afterwards. */
static troupe_status watch_body(troupe_actor *self)
{
    const struct troupe_down *down;
    troupe_reference monitor;
    troupe_address who;

    if (troupe_rank(self) == 0) {
        EXPECT_OK(troupe_spawn(self, &holder, NULL, &who));
        EXPECT_OK(troupe_register(self, TROUPE_GLOBAL, "holder", who));
    }
    EXPECT_OK(troupe_whereis(self, TROUPE_GLOBAL, "holder", TROUPE_FOREVER, &who));
    EXPECT_OK(troupe_monitor(self, who, &monitor));
    EXPECT_OK(troupe_barrier(self, troupe_rank_team(self)));
    if (troupe_rank(self) == 1)
        EXPECT_OK(troupe_send(self, who, quit));
    EXPECT_OK(troupe_receive(self, troupe_down, TROUPE_FOREVER, &down));
    EXPECT(down->who.bits == who.bits && down->monitor.bits == monitor.bits);
    EXPECT_STATUS(troupe_whereis(self, TROUPE_GLOBAL, "holder", TROUPE_NOW, &who),
                  TROUPE_NOT_FOUND);
    EXPECT_OK(troupe_barrier(self, troupe_rank_team(self)));
    return TROUPE_OK;
}
TROUPE_PROCESS(watch_main,
               watch_body,
               TROUPE_ACCEPTS(troupe_down),
               TROUPE_SENDS(quit),
               TROUPE_SPAWNS(&holder));

START_TEST(a_name_goes_before_the_down)
{
    scene_play(&(struct scene){.main = &watch_main, .n_ranks = MOST_RANKS});
}
END_TEST

/* ---- the dead one's name can be had at once ---- */

static troupe_status heir_body(troupe_actor *self)
{
    const struct troupe_down *down;
    troupe_reference monitor;
    troupe_address who;

    if (troupe_rank(self) == 0) {
        EXPECT_OK(troupe_spawn(self, &holder, NULL, &who));
        EXPECT_OK(troupe_register(self, TROUPE_GLOBAL, "crown", who));
    }
    EXPECT_OK(troupe_whereis(self, TROUPE_GLOBAL, "crown", TROUPE_FOREVER, &who));
    EXPECT_OK(troupe_barrier(self, troupe_rank_team(self)));
    if (troupe_rank(self) != troupe_n_ranks(self) - 1)
        return TROUPE_OK;
    EXPECT_OK(troupe_monitor(self, who, &monitor));
    EXPECT_STATUS(troupe_register(self, TROUPE_GLOBAL, "crown", troupe_self(self)),
                  TROUPE_EXISTS);
    EXPECT_OK(troupe_send(self, who, quit));
    EXPECT_OK(troupe_receive(self, troupe_down, TROUPE_FOREVER, &down));
    EXPECT_OK(troupe_register(self, TROUPE_GLOBAL, "crown", troupe_self(self)));
    EXPECT_OK(troupe_unregister(self, TROUPE_GLOBAL, "crown"));
    EXPECT_STATUS(troupe_unregister(self, TROUPE_GLOBAL, "crown"), TROUPE_NOT_FOUND);
    return TROUPE_OK;
}
TROUPE_PROCESS(heir_main,
               heir_body,
               TROUPE_ACCEPTS(troupe_down),
               TROUPE_SENDS(quit),
               TROUPE_SPAWNS(&holder));

START_TEST(a_dead_one_has_no_name)
{
    for (int n_ranks = 1; n_ranks <= 7; n_ranks += 2)
        scene_play(&(struct scene){.main = &heir_main, .n_ranks = n_ranks});
}
END_TEST

/* ---- waiting, wrong names, local names ---- */

static troupe_status wait_body(troupe_actor *self)
{
    char long_name[80];
    troupe_address who, other = troupe_rank_process(self, 1 - troupe_rank(self));
    int64_t before_ns = troupe_now_ns(self);

    memset(long_name, 'x', sizeof long_name);
    long_name[sizeof long_name - 1] = '\0';
    EXPECT_STATUS(troupe_register(self, TROUPE_GLOBAL, "", troupe_self(self)),
                  TROUPE_INVALID);
    EXPECT_STATUS(troupe_register(self, TROUPE_LOCAL, long_name, troupe_self(self)),
                  TROUPE_INVALID);
    EXPECT_STATUS(troupe_register(self, TROUPE_GLOBAL, "other", other), TROUPE_INVALID);
    EXPECT_STATUS(
        troupe_whereis(self, TROUPE_GLOBAL, "nobody", troupe_after_s(self, 0.5), &who),
        TROUPE_TIMEOUT);
    EXPECT(troupe_now_ns(self) - before_ns >= 500000000);
    EXPECT_STATUS(troupe_whereis(self, TROUPE_LOCAL, "nobody", TROUPE_NOW, &who),
                  TROUPE_NOT_FOUND);
    EXPECT_OK(troupe_register(self, TROUPE_LOCAL, "me", troupe_self(self)));
    EXPECT_OK(troupe_whereis(self, TROUPE_LOCAL, "me", TROUPE_NOW, &who));
    EXPECT(who.bits == troupe_self(self).bits); /* each rank has its own */
    EXPECT_OK(troupe_unregister(self, TROUPE_LOCAL, "me"));
    EXPECT_STATUS(
        troupe_whereis(self, TROUPE_LOCAL, "me", troupe_after_s(self, 0.1), &who),
        TROUPE_TIMEOUT);
    return TROUPE_OK;
}
TROUPE_PROCESS(wait_main, wait_body);

START_TEST(waiting_and_wrong_names)
{
    scene_play(&(struct scene){.main = &wait_main, .n_ranks = 2});
}
END_TEST

/* ---- handlers ask without waiting ---- */

struct asker {
    troupe_reference registering, looking;
};
TROUPE_TYPE(asker, registering, looking);

static troupe_status begin_asking(troupe_actor *self, struct asker *asker)
{
    return troupe_register_async(self, "async", troupe_self(self), &asker->registering);
}

static troupe_status on_name(troupe_actor *self,
                             struct asker *asker,
                             const struct troupe_name_result *result)
{
    EXPECT_INT(result->status, TROUPE_OK);
    EXPECT(result->who.bits == troupe_self(self).bits);
    if (result->reference.bits == asker->registering.bits)
        return troupe_whereis_async(self, "async", &asker->looking);
    EXPECT(result->reference.bits == asker->looking.bits);
    seen.n_granted++;
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(asking,
                asker,
                TROUPE_INIT(troupe_no_arguments, begin_asking),
                TROUPE_ON(troupe_name_result, on_name));

static troupe_status async_body(troupe_actor *self)
{
    const troupe_spawn_options there = {.place = TROUPE_ON_RANK(2)};
    troupe_address who, found;

    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    EXPECT_OK(troupe_spawn(self, &asking, &there, &who));
    EXPECT_OK(troupe_whereis(self, TROUPE_GLOBAL, "async", TROUPE_FOREVER, &found));
    EXPECT(found.bits == who.bits);
    return TROUPE_OK;
}
TROUPE_PROCESS(async_main, async_body, TROUPE_SPAWNS(&asking));

static void check_async(void)
{
    EXPECT_INT(seen.n_granted, 1);
}

START_TEST(handlers_ask_too)
{
    scene_play(&(struct scene){.main = &async_main,
                               .n_ranks = 4,
                               .seen = &seen,
                               .seen_bytes = sizeof seen,
                               .check = check_async});
}
END_TEST

CHECK_MAIN("directory",
           exactly_one_wins,
           a_name_goes_before_the_down,
           a_dead_one_has_no_name,
           waiting_and_wrong_names,
           handlers_ask_too)
