/* SPDX-License-Identifier: BSD-3-Clause */
/* seeds: 5 */
#include "base/alloc.h"
#include "comm/internal.h"
#include "support/check_main.h"
#include "support/require.h"
#include "support/scene.h"
#include "team/internal.h"
#include "troupe/exchange.h"
#include <string.h>

/*
 * Teams without memory: a call that says so has started nothing, and can be made again
 * while the others wait for it; a split for which one member has no room fails on all.
 */

static void run_all(const troupe_behavior *main_behavior, int min_ranks, int max_ranks)
{
    for (int n_ranks = min_ranks; n_ranks <= max_ranks; n_ranks++)
        scene_play(&(struct scene){
            .main = main_behavior, .n_ranks = n_ranks, .is_exact = true});
}

/* ---- a rank without memory ---- */

/* A block that was taken away. */
struct taken {
    struct taken *next;
    uint8_t size_class;
};

/* What the pool has of some classes is taken, and it gets nothing more, until
 * relieve(). */
static struct taken *starve_of(struct message_pool *pool, uint32_t first, uint32_t n)
{
    struct taken *all = NULL;

    (void)base_alloc_fail_every(1);
    for (uint32_t i = first; i < first + n; i++) {
        size_t size = message_class_bytes(i);
        struct taken *block;
        uint8_t size_class;

        while ((block = message_block_take(pool, size, &size_class)) != NULL) {
            *block = (struct taken){all, size_class};
            all = block;
        }
    }
    return all;
}

static struct taken *starve(struct message_pool *pool)
{
    return starve_of(pool, 0, MESSAGE_N_CLASSES);
}

static void relieve(struct message_pool *pool, struct taken *all)
{
    while (all) {
        struct taken *block = all;

        all = block->next;
        message_block_give(pool, block, block->size_class);
    }
    (void)base_alloc_fail_every(0);
}

/* ---- starts ---- */

enum { N_LARGE = 1 << 18 };

static int64_t large[N_LARGE]; /* zeros; on its way only within this process */

/* What a member gives and gets. */
struct values {
    int64_t mine, result, all[8];
    troupe_outgoing out;
    troupe_incoming in;
    troupe_exchange_lists lists;
    troupe_reduction reduction;
};

enum way { BARRIER, BROADCAST, GATHER, REDUCE, EXSCAN, EXCHANGE, LARGE, N_WAYS };

static void set_values(const troupe_team *team, struct values *values)
{
    int n = troupe_team_size(team), me = troupe_team_index(team);

    memset(values, 0, sizeof *values);
    values->mine = me + 1;
    values->out = (troupe_outgoing){
        .peer = (me + 1) % n, .data = &values->mine, .size_bytes = sizeof values->mine};
    values->in = (troupe_incoming){.peer = (me + n - 1) % n,
                                   .data = &values->result,
                                   .size_bytes = sizeof values->result};
    values->lists = (troupe_exchange_lists){&values->out, 1, &values->in, 1};
    values->reduction = (troupe_reduction){.mine = &values->mine,
                                           .result = &values->result,
                                           .element = TROUPE_INT64,
                                           .combine = TROUPE_SUM,
                                           .n_items = 1};
}

static troupe_status start(troupe_actor *self,
                           enum way way,
                           struct values *values,
                           troupe_operation *operation)
{
    troupe_team *team = troupe_rank_team(self);
    const troupe_reduction many = {.mine = large,
                                   .result = large,
                                   .element = TROUPE_INT64,
                                   .combine = TROUPE_SUM,
                                   .n_items = N_LARGE};

    switch (way) {
    case BARRIER:
        return troupe_barrier_start(self, team, operation);
    case BROADCAST:
        return troupe_broadcast_start(self, team, 0, &values->mine, 8, operation);
    case GATHER:
        return troupe_gather_start(self, team, -1, &values->mine, 8, values->all,
                                   operation);
    case REDUCE:
        return troupe_reduce_start(self, team, -1, &values->reduction, operation);
    case EXSCAN:
        return troupe_exscan_start(self, team, &values->reduction, operation);
    case EXCHANGE:
        return troupe_exchange_start(self, team, &values->lists, operation);
    default: /* there is room for the operation, not for its values */
        return troupe_reduce_start(self, team, -1, &many, operation);
    }
}

static void check_values(troupe_actor *self, enum way way, const struct values *values)
{
    int64_t n = troupe_n_ranks(self), me = troupe_rank(self);

    if (way == BROADCAST)
        REQUIRE(values->mine == 1);
    for (int64_t i = 0; i < n && way == GATHER; i++)
        REQUIRE(values->all[i] == i + 1);
    if (way == REDUCE)
        REQUIRE(values->result == n * (n + 1) / 2);
    if (way == EXSCAN)
        REQUIRE(values->result == me * (me + 1) / 2);
    if (way == EXCHANGE)
        REQUIRE(values->result == (me + n - 1) % n + 1);
}

static troupe_status starting_body(troupe_actor *self)
{
    struct message_pool *pool = self->home->pool;
    troupe_team *team = troupe_rank_team(self);

    for (enum way way = 0; way < N_WAYS; way++) {
        struct values values;
        troupe_operation operation;
        uint8_t size_class;
        void *room =
            message_block_take(pool, sizeof(struct team_operation), &size_class);
        struct taken *all = starve(pool);
        uint64_t next = team->next;
        troupe_status status;

        set_values(team, &values);
        if (way == LARGE)
            message_block_give(pool, room, size_class);
        status = start(self, way, &values, &operation);
        relieve(pool, all);
        if (way != LARGE)
            message_block_give(pool, room, size_class);
        REQUIRE(status == TROUPE_NO_MEMORY && team->next == next);
        REQUIRE_OK(start(self, way, &values, &operation));
        REQUIRE(team->next == next + 1);
        REQUIRE_OK(troupe_team_wait(self, team, operation));
        check_values(self, way, &values);
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(starting, starting_body);

START_TEST(no_memory_starts_nothing)
{
    run_all(&starting, 2, 4);
}
END_TEST

/* ---- splits ---- */

/* All that the child's members need: they are as many as the team's. */
static void use_child(troupe_actor *self, troupe_team *child)
{
    double sum;

    REQUIRE(child && troupe_team_size(child) == troupe_n_ranks(self));
    REQUIRE_OK(troupe_sum_double(self, child, 1, &sum));
    REQUIRE(sum == troupe_n_ranks(self));
}

/* It has not begun, and the others wait for it. */
static troupe_status splitting_body(troupe_actor *self)
{
    troupe_team *team = troupe_rank_team(self), *child = NULL;
    bool is_poor = troupe_rank(self) == troupe_n_ranks(self) / 2;
    uint64_t next = team->next;

    if (is_poor) {
        struct taken *all = starve(self->home->pool);
        troupe_status status = troupe_team_split(self, team, 0, 0, &child);

        relieve(self->home->pool, all);
        REQUIRE(status == TROUPE_NO_MEMORY && team->next == next && !child);
    }
    REQUIRE_OK(troupe_team_split(self, team, 0, 0, &child));
    use_child(self, child);
    return TROUPE_OK;
}
TROUPE_PROCESS(splitting, splitting_body);

START_TEST(a_split_that_has_not_begun_can_be_made_again)
{
    run_all(&splitting, 1, 5);
}
END_TEST

static struct {
    struct message_pool *pool;
    struct taken *all;
} poor;

TROUPE_SIGNAL(relief);
static troupe_status on_relief(troupe_actor *self)
{
    (void)self;
    relieve(poor.pool, poor.all);
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(reliever, troupe_no_state, TROUPE_ON(relief, on_relief));

/* Of all small classes there is a block. */
static void fill_pool(struct message_pool *pool)
{
    for (uint32_t i = 0; i < MESSAGE_N_CARVED; i++) {
        uint8_t size_class;
        void *block = message_block_take(pool, message_class_bytes(i), &size_class);

        message_block_give(pool, block, size_class);
    }
}

/* There is none for what a split prepares, until it waits. */
static void become_poor(troupe_actor *self)
{
    enum { BIRTH_BYTES = 16 };
    struct message_pool *pool = self->home->pool;
    troupe_address helper;

    REQUIRE_OK(troupe_spawn(self, &reliever, NULL, &helper));
    troupe_sleep_until(self, troupe_after_s(self, 1e-6)); /* there are timers, too */
    REQUIRE(comm_frame_reserve(self->home->comm, 8));
    REQUIRE_OK(troupe_send(self, helper, relief));
    fill_pool(pool);
    poor.pool = pool;
    poor.all = starve_of(pool, message_class_of(BIRTH_BYTES), 1);
}

static troupe_status failing_body(troupe_actor *self)
{
    troupe_team *team = troupe_rank_team(self), *child = NULL;
    uint64_t next;

    REQUIRE_OK(troupe_barrier(self, team)); /* streams are there */
    next = team->next;
    if (troupe_rank(self) == troupe_n_ranks(self) / 2)
        become_poor(self);
    REQUIRE(troupe_team_split(self, team, 0, 0, &child) == TROUPE_NO_MEMORY);
    REQUIRE(!child && team->next == next + 1);
    troupe_yield(self); /* it may not have had to wait */
    REQUIRE_OK(troupe_team_split(self, team, 0, 0, &child));
    use_child(self, child);
    return TROUPE_OK;
}
TROUPE_PROCESS(failing, failing_body, TROUPE_SENDS(relief), TROUPE_SPAWNS(&reliever));

START_TEST(one_member_without_memory_fails_all)
{
    run_all(&failing, 2, 5);
}
END_TEST

CHECK_MAIN("team no memory",
           no_memory_starts_nothing,
           a_split_that_has_not_begun_can_be_made_again,
           one_member_without_memory_fails_all)
