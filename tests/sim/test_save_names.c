/* SPDX-License-Identifier: BSD-3-Clause */
#include "actor/actor.h"
#include "support/check_main.h"
#include "support/scene.h"
#include "support/still.h"
#include <stdio.h>
#include <string.h>

/*
 * Names and groups through checkpoints: who was found by a name is found by it on any
 * number of ranks, it can be had by no other until it is given up, and what is sent to
 * a group comes to each of its members once.
 */

enum { N_SINGERS = 12, N_RANKS = 4, PAUSE_S = 1000 };

TROUPE_SIGNAL(wake);
TROUPE_SIGNAL(quit);
struct note {
    int64_t number;
};
TROUPE_TYPE(note, number);
struct singer {
    int64_t number, n_notes;
};
TROUPE_TYPE(singer, number, n_notes);
struct named {
    int64_t number;
    char name[32];
};
TROUPE_TYPE(named, number, name);

static struct {
    troupe_address singers[N_SINGERS];
    int64_t n_notes, n_main_notes, n_checked;
} seen;

static void name_of(int64_t number, char *text, size_t capacity)
{
    snprintf(text, capacity, "singer %lld", (long long)number);
}

/* ---- singers ------------------------------------------------------------------ */

static troupe_status
singer_init(troupe_actor *self, struct singer *singer, const struct named *named)
{
    troupe_reference reference;

    singer->number = named->number;
    TROUPE_TRY(troupe_join(self, "choir"));
    if (named->number % 2)
        TROUPE_TRY(troupe_join(self, "odd ones"));
    return troupe_register_async(self, named->name, troupe_self(self), &reference);
}

static troupe_status on_result(troupe_actor *self,
                               struct singer *singer,
                               const struct troupe_name_result *result)
{
    (void)self;
    (void)singer;
    EXPECT_INT(result->status, TROUPE_OK);
    return TROUPE_OK;
}

static troupe_status
on_note(troupe_actor *self, struct singer *singer, const struct note *note)
{
    (void)self;
    EXPECT_INT(note->number, singer->n_notes++);
    seen.n_notes++;
    return TROUPE_OK;
}

static troupe_status on_quit(troupe_actor *self, struct singer *singer)
{
    (void)singer;
    troupe_exit(self);
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(singer_behavior,
                singer,
                TROUPE_INIT(named, singer_init),
                TROUPE_ON(troupe_name_result, on_result),
                TROUPE_ON(note, on_note),
                TROUPE_ON(quit, on_quit));

/* ---- the rank processes ------------------------------------------------------- */

static troupe_status begin(troupe_actor *self)
{
    char name[32];

    TROUPE_TRY(troupe_join(self, "mains"));
    snprintf(name, sizeof name, "main %d", troupe_rank(self));
    TROUPE_TRY(troupe_register(self, TROUPE_GLOBAL, name, troupe_self(self)));
    for (int i = troupe_rank(self); i < N_SINGERS; i += N_RANKS) {
        struct named named = {.number = i};

        name_of(i, named.name, sizeof named.name);
        TROUPE_TRY(troupe_spawn(
            self, &singer_behavior,
            &(troupe_spawn_options){.arguments = &named,
                                    .arguments_type = TROUPE_TYPE_OF(named)},
            &seen.singers[i]));
    }
    (void)troupe_receive(self, wake, troupe_after_s(self, PAUSE_S), NULL);
    return TROUPE_OK;
}

static troupe_status find(troupe_actor *self, const char *name, troupe_address *who)
{
    return troupe_whereis(self, TROUPE_GLOBAL, name, TROUPE_NOW, who);
}

static void check_names(troupe_actor *self)
{
    char name[32];
    troupe_address who;

    for (int i = 0; i < N_SINGERS; i++) {
        name_of(i, name, sizeof name);
        EXPECT_OK(find(self, name, &who));
        EXPECT(who.bits == seen.singers[i].bits);
        EXPECT_STATUS(troupe_register(self, TROUPE_GLOBAL, name, troupe_self(self)),
                      TROUPE_EXISTS);
    }
    for (int i = 0; i < N_RANKS; i++) {
        snprintf(name, sizeof name, "main %d", i);
        if (i < troupe_n_ranks(self))
            EXPECT_OK(find(self, name, &who));
        else
            EXPECT_STATUS(find(self, name, &who), TROUPE_NOT_FOUND);
        EXPECT(i >= troupe_n_ranks(self) ||
               who.bits == troupe_rank_process(self, i).bits);
    }
    seen.n_checked++;
}

/* A name that is given up after the restart can be had by another. */
static void check_given_up(troupe_actor *self)
{
    troupe_address who;

    EXPECT_OK(troupe_send(self, seen.singers[3], quit));
    do
        troupe_yield(self);
    while (find(self, "singer 3", &who) == TROUPE_OK);
    EXPECT_OK(troupe_register(self, TROUPE_GLOBAL, "singer 3", troupe_self(self)));
    EXPECT_INT((int64_t)troupe_members(self, "odd ones", NULL, 0), N_SINGERS / 2 - 1);
    EXPECT_INT((int64_t)troupe_members(self, "mains", NULL, 0),
               N_RANKS < troupe_n_ranks(self) ? N_RANKS : troupe_n_ranks(self));
}

/* Rank 0 sings alone; all wait until it is through. */
static troupe_status go_on(troupe_actor *self)
{
    const struct note *note;

    check_names(self);
    if (troupe_rank(self) == 0) {
        for (int i = 0; i < 5; i++)
            EXPECT_OK(troupe_group_send(self, "choir", note, .number = i));
        troupe_sleep_until(self, troupe_after_s(self, 1));
        check_given_up(self);
        EXPECT_OK(troupe_group_send(self, "mains", note, .number = 9));
    } else if (troupe_rank(self) >= N_RANKS) {
        return TROUPE_OK; /* it has never joined */
    }
    EXPECT_OK(troupe_receive(self, note, TROUPE_FOREVER, &note));
    seen.n_main_notes += note->number;
    return TROUPE_OK;
}

static troupe_status body(troupe_actor *self)
{
    return self->flags & ACTOR_RESTORED ? go_on(self) : begin(self);
}
TROUPE_PROCESS(main_process,
               body,
               TROUPE_ACCEPTS(wake, note),
               TROUPE_SENDS(quit),
               TROUPE_SPAWNS(&singer_behavior),
               .flags = TROUPE_RESTARTABLE_FROM_TOP);
static const troupe_program program = {.main = &main_process};

static void play(int n_ranks, bool is_twice)
{
    int n_mains = n_ranks < N_RANKS ? n_ranks : N_RANKS;
    struct still_store store = {.n_ranks = 0};

    memset(&seen, 0, sizeof seen);
    ck_assert_int_eq(still_save(&program, N_RANKS, 1, 2000, &store), STILL_SAVED);
    if (is_twice) /* frozen before anybody has run again */
        ck_assert_int_eq(still_resume_and_save(&program, 5, 1, 0, &store), STILL_SAVED);
    ck_assert_int_eq(store.status, TROUPE_OK);
    ck_assert_int_eq(still_resume(&program, n_ranks, 1, &store), 0);
    ck_assert_int_eq(seen.n_checked, n_ranks);
    ck_assert_int_eq(seen.n_notes, 5 * N_SINGERS);
    ck_assert_int_eq(seen.n_main_notes, 9 * n_mains);
    still_free(&store);
}

START_TEST(names_and_groups_are_found_again)
{
    for (int n_ranks = 1; n_ranks <= 7; n_ranks++) {
        play(n_ranks, false);
        play(n_ranks, true);
    }
}
END_TEST

CHECK_MAIN("save names", names_and_groups_are_found_again)
