/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TEST_CHAOS_WORLD_H
#define TEST_CHAOS_WORLD_H

/*
 * What test_chaos.c knows of its actors, beside the library: all ranks of a simulation
 * live in one process, so one ledger sees every send, receipt, dead letter and end in
 * the order in which they happen.
 */

#include "actor/actor.h"
#include "base/random.h"
#include "runtime/sim.h"
#include "support/scene.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    MOST_RANKS = 64,
    MOST_PLAYERS = 320,
    MOST_CALLS = 3000,
    MOST_WATCHES = 1500,
    MOST_ASIDE = 64,
    N_NAMES = 3,
    N_GROUPS = 2,
    MOST_BYTES = 200 << 10
};

/* ---- messages ---- */

/* Of one sender and of all its kinds of mail, by `number`: a receiver sees it rise. */
struct small {
    int64_t from, number;
};
TROUPE_TYPE(small, from, number);
struct load {
    int64_t from, number;
    uint64_t n_data;
    uint8_t data[];
};
TROUPE_TYPE(load, from, number, n_data, TROUPE_TAIL(data, n_data));
struct shout {
    int64_t from, number;
};
TROUPE_TYPE(shout, from, number);
struct ask {
    int64_t from, number, style;
};
TROUPE_TYPE(ask, from, number, style);
struct answer {
    int64_t from, number;
    uint64_t n_data;
    uint8_t data[];
};
TROUPE_TYPE(answer, from, number, n_data, TROUPE_TAIL(data, n_data));
struct riddle { /* a reply that nobody accepts */
    int64_t from;
};
TROUPE_TYPE(riddle, from);
struct alarm_bell {
    int64_t from;
};
TROUPE_TYPE(alarm_bell, from);
struct tick {
    int64_t from;
};
TROUPE_TYPE(tick, from);
TROUPE_SIGNAL(never_sent);
struct birth {
    int64_t id;
};
TROUPE_TYPE(birth, id);

/* ---- the ledger ---- */

/* How a rank process ends the job before its time. */
enum ending {
    END_WELL,
    END_RETURNS,
    END_FAILS,
    END_MISUSES,
    END_WAITS,
    END_IS_KILLED,
    N_ENDINGS
};

struct player {
    troupe_address address;
    troupe_actor *self;
    int level; /* who waits for room waits for a higher one */
    uint32_t capacity;
    enum troupe_overflow overflow;
    bool is_born, has_begun;
    bool has_ended;       /* before the job's end */
    bool is_over;         /* in any way; its last calls have run */
    bool was_mute;        /* has become one that takes no questions and no loads */
    int64_t n_sent;       /* also the number of its last message */
    int sending_to;       /* a send that has not returned; -1: none */
    int own_kind;         /* what it ends itself with, -1: nothing yet */
    uint32_t asked_kinds; /* bits: what others have asked it to end with */
    uint32_t n_at_begin;  /* mail that came before it */
    int32_t n_to_self;
    uint32_t n_defers;            /* registered and not yet run */
    uint32_t joined, ever_joined; /* bits: groups */
    troupe_reference watch, timer, ticker, asked[N_NAMES];
    int timer_to;
    struct troupe_caller debt;
    troupe_held held;
    struct base_random random;
};

struct watch {
    int watcher, target;
    bool is_given_up;
    int n_downs;
    uint64_t reference;
};

struct call {
    int caller, server;
    int n_ends;
    int64_t until_ns;
};

struct name {
    int holder; /* -1: nobody */
    bool is_leaving;
};

/* A message that a handler has put aside: it is seen twice, and late. */
struct aside {
    int who, from;
    int64_t number;
};

/* What is known by an address or a reference. Not base's map: what that allocates
 * during a run would count as the library's. */
enum { BOOK_SIZE = 8192 };
struct book {
    uint64_t key[BOOK_SIZE]; /* 0: free */
    void *value[BOOK_SIZE];
};

static void *book_find(const struct book *book, uint64_t key)
{
    uint64_t i = base_hash_u64(key) % BOOK_SIZE;

    while (book->key[i] && book->key[i] != key)
        i = (i + 1) % BOOK_SIZE;
    return book->value[i];
}

static void book_enter(struct book *book, uint64_t key, void *value)
{
    uint64_t i = base_hash_u64(key) % BOOK_SIZE;

    while (book->key[i])
        i = (i + 1) % BOOK_SIZE;
    book->key[i] = key;
    book->value[i] = value;
}

static struct {
    uint64_t seed;
    int n_ranks, n_rounds, ending_rank, ending_round;
    enum ending ending;
    bool may_tick;
    int64_t budget; /* acts left */
    int n_returned;

    struct player player[MOST_PLAYERS];
    int n_players;
    struct book by_address;
    /* The number of the last message of [receiver][sender]. */
    int32_t last[MOST_PLAYERS][MOST_PLAYERS];
    /* [sender][receiver]: sent and neither taken nor a dead letter. */
    int16_t open[MOST_PLAYERS][MOST_PLAYERS];
    int16_t bells[MOST_PLAYERS][MOST_PLAYERS];

    struct watch watch[MOST_WATCHES];
    int n_watches;
    struct book watch_by_reference;
    struct call call[MOST_CALLS];
    int n_calls;
    struct book call_by_reference;
    struct name global[N_NAMES], local[MOST_RANKS][N_NAMES];
    bool has_tried[N_NAMES][MOST_PLAYERS];
    struct aside aside[MOST_ASIDE];
    int n_aside;
    int64_t n_taken, n_letters, n_replies, n_downs, n_shouts;
} world;

static const char *const global_names[N_NAMES] = {"sun", "moon", "earth"};
static const char *const local_names[N_NAMES] = {"red", "green", "blue"};
static const char *const group_names[N_GROUPS] = {"odd", "even"};

/* ---- failing ---- */

static void world_fail(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: not so: %s\n", file, line, what);
    _exit(EXIT_FAILURE);
}

#undef EXPECT
#define EXPECT(condition)                                                              \
    do {                                                                               \
        if (!(condition))                                                              \
            world_fail(__FILE__, __LINE__, #condition);                                \
    } while (0)

/* ---- who is who ---- */

static int id_of(const struct player *player)
{
    return (int)(player - world.player);
}

static struct player *player_at(troupe_address address)
{
    return book_find(&world.by_address, address.bits);
}

static struct player *me(const troupe_actor *self)
{
    struct player *player = player_at(troupe_self(self));

    EXPECT(player != NULL);
    return player;
}

static uint32_t below(struct player *player, uint32_t bound)
{
    return base_random_below(&player->random, bound);
}

static bool one_in(struct player *player, uint32_t n)
{
    return below(player, n) == 0;
}

/* Not yet known to the library, so not yet to be named to anybody. */
static struct player *player_add(void)
{
    struct player *player = &world.player[world.n_players];

    player->sending_to = player->own_kind = -1;
    player->level = world.n_players;
    player->random.state = world.seed * 1000003 + (uint64_t)world.n_players;
    world.n_players++;
    return player;
}

static void player_born(struct player *player, troupe_address address)
{
    book_enter(&world.by_address, address.bits, player);
    player->address = address;
    player->is_born = true;
}

static struct player *somebody(struct player *self)
{
    for (int i = 0; i < 20; i++) {
        struct player *other = &world.player[below(self, (uint32_t)world.n_players)];

        if (other->is_born && (i > 2 || !other->is_over))
            return other;
    }
    return self;
}

/* Who waits for room must not be waited for by the one who has to make it. */
static bool may_wait_for(const struct player *sender, const struct player *receiver)
{
    return receiver->overflow != TROUPE_PARK ||
           receiver->capacity == TROUPE_UNBOUNDED || receiver->level > sender->level ||
           receiver == sender;
}

/* What a player that has gone may look like to others: also one that was told to stop
 * before it had begun, of whose end nobody takes a note. */
static bool may_be_gone(const struct player *player)
{
    return player->is_over || (!player->has_begun && player->asked_kinds);
}

/* ---- a new world ---- */

static void world_begin(uint64_t seed)
{
    memset(&world, 0, sizeof world);
    world.seed = seed;
    for (int i = 0; i < N_NAMES; i++) {
        world.global[i].holder = -1;
        for (int rank = 0; rank < MOST_RANKS; rank++)
            world.local[rank][i].holder = -1;
    }
}

#endif
