/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TEST_ACTOR_BAD_TEAM_H
#define TEST_ACTOR_BAD_TEAM_H

/* The wrong calls about teams of test_actor_bad_call.c, one function each. */

#include "support/scene.h"

static troupe_team *team_of_another;

/* A team of the caller alone. */
static troupe_team *own_team(troupe_actor *self)
{
    const troupe_address members[] = {troupe_self(self)};
    troupe_team *team;

    EXPECT_OK(troupe_team_create(self, members, 1, &team));
    return team;
}

static void team_in_handler(troupe_actor *self)
{
    const troupe_address members[] = {troupe_self(self)};
    troupe_team *team;

    (void)!troupe_team_create(self, members, 1, &team);
}

static void team_without_list(troupe_actor *self)
{
    troupe_team *team;

    (void)!troupe_team_create(self, NULL, 1, &team);
}

static void team_nowhere(troupe_actor *self)
{
    const troupe_address members[] = {troupe_self(self)};

    (void)!troupe_team_create(self, members, 1, NULL);
}

static void split_anothers(troupe_actor *self)
{
    troupe_team *team;

    (void)!troupe_team_split(self, team_of_another, 0, 0, &team);
}

static void split_nowhere(troupe_actor *self)
{
    (void)!troupe_team_split(self, own_team(self), 0, 0, NULL);
}

static void barrier_of_null(troupe_actor *self)
{
    (void)!troupe_barrier(self, NULL);
}

static void barrier_of_anothers(troupe_actor *self)
{
    (void)!troupe_barrier(self, team_of_another);
}

static void barrier_nowhere(troupe_actor *self)
{
    (void)!troupe_barrier_start(self, own_team(self), NULL);
}

static void wait_for_anothers(troupe_actor *self)
{
    (void)!troupe_team_wait(self, team_of_another, (troupe_operation){1});
}

static void test_anothers(troupe_actor *self)
{
    (void)!troupe_team_test(self, team_of_another, (troupe_operation){1});
}

static void broadcast_nothing(troupe_actor *self)
{
    (void)!troupe_broadcast(self, own_team(self), 0, NULL, 8);
}

static void gather_nothing(troupe_actor *self)
{
    int64_t all;

    (void)!troupe_gather(self, own_team(self), 0, NULL, 8, &all);
}

static void gather_nowhere(troupe_actor *self)
{
    int64_t mine = 1;

    (void)!troupe_gather(self, own_team(self), -1, &mine, 8, NULL);
}

static void reduce_null(troupe_actor *self)
{
    (void)!troupe_reduce(self, own_team(self), 0, NULL);
}

static void reduce_nothing(troupe_actor *self)
{
    int64_t result;
    const troupe_reduction reduction = {
        .result = &result, .element = TROUPE_INT64, .n_items = 1};

    (void)!troupe_reduce(self, own_team(self), 0, &reduction);
}

static void reduce_nowhere(troupe_actor *self)
{
    int64_t mine = 1;
    const troupe_reduction reduction = {
        .mine = &mine, .element = TROUPE_INT64, .n_items = 1};

    (void)!troupe_reduce(self, own_team(self), 0, &reduction);
}

static void exscan_nothing(troupe_actor *self)
{
    const troupe_reduction reduction = {.element = TROUPE_INT64, .n_items = 1};

    (void)!troupe_exscan(self, own_team(self), &reduction);
}

static void
fold_nothing(void *into, const void *from, size_t size_bytes, const void *context)
{
    (void)into;
    (void)from;
    (void)size_bytes;
    (void)context;
}

static void reduce_with_much_context(troupe_actor *self)
{
    static const unsigned char context[TROUPE_FOLD_CONTEXT_BYTES + 1];
    int64_t value = 1;
    const troupe_reduction reduction = {.mine = &value,
                                        .result = &value,
                                        .fold = fold_nothing,
                                        .size_bytes = sizeof value,
                                        .context = context,
                                        .context_bytes = sizeof context};

    (void)!troupe_reduce(self, own_team(self), 0, &reduction);
}

static void reduce_without_context(troupe_actor *self)
{
    int64_t value = 1;
    const troupe_reduction reduction = {.mine = &value,
                                        .result = &value,
                                        .fold = fold_nothing,
                                        .size_bytes = sizeof value,
                                        .context_bytes = 8};

    (void)!troupe_reduce(self, own_team(self), 0, &reduction);
}

static void exchange_null(troupe_actor *self)
{
    (void)!troupe_exchange(self, own_team(self), NULL);
}

static void exchange_no_list(troupe_actor *self)
{
    const troupe_exchange_lists lists = {.n_receives = 1};

    (void)!troupe_exchange(self, own_team(self), &lists);
}

static void exchange_nowhere(troupe_actor *self)
{
    const troupe_incoming incoming = {.size_bytes = 8};
    const troupe_exchange_lists lists = {.receives = &incoming, .n_receives = 1};

    (void)!troupe_exchange(self, own_team(self), &lists);
}

#endif
