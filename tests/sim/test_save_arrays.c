/* SPDX-License-Identifier: BSD-3-Clause */
#include "actor/actor.h"
#include "support/check_main.h"
#include "support/scene.h"
#include "support/still.h"
#include "troupe/grid.h"
#include <string.h>

/*
 * Arrays and grids that are saved under names: made again on another number of ranks,
 * with other cuts, they have their elements; once each.
 */

enum { LONG = 300000, SHORT = 37, PAUSE_S = 1000, SIDE = 50 };

TROUPE_SIGNAL(wake);

static struct {
    int64_t n_checked;
    bool is_cut_twice, is_damaged;
} seen;

static uint64_t value(int64_t index, int64_t salt)
{
    return base_hash_u64((uint64_t)(index * 16 + salt + 1));
}

/* Short ones by a task. */
static troupe_status make(troupe_actor *self,
                          const char *name,
                          int64_t length,
                          const int64_t *cuts,
                          troupe_array *array)
{
    const troupe_array_options options = {.element = TROUPE_UINT64,
                                          .length = length,
                                          .block_length = 16,
                                          .cuts = cuts,
                                          .saved_as = name};
    troupe_team *team = troupe_rank_team(self);
    troupe_task task;

    if (length > SHORT)
        return troupe_array_create(self, team, &options, array);
    TROUPE_TRY(troupe_array_create_later(self, team, &options, array, &task));
    return troupe_task_wait(self, &task);
}

static void set(troupe_actor *self, troupe_array array, int64_t salt)
{
    troupe_array_part part = troupe_array_mine(self, array);
    uint64_t *data = part.data;

    for (int64_t i = 0; i < part.n_elements; i++)
        data[i] = value(part.first + i, salt);
}

static void check(troupe_actor *self, troupe_array array, int64_t salt)
{
    troupe_array_part part = troupe_array_mine(self, array);
    const uint64_t *data = part.data;

    EXPECT(troupe_array_describe(self, array).is_restored);
    for (int64_t i = 0; i < part.n_elements; i++)
        EXPECT(data[i] == value(part.first + i, salt));
    seen.n_checked += part.n_elements;
}

static void check_zeros(troupe_actor *self, troupe_array array)
{
    troupe_array_part part = troupe_array_mine(self, array);
    const uint64_t *data = part.data;

    EXPECT(!troupe_array_describe(self, array).is_restored);
    for (int64_t i = 0; i < part.n_elements; i++)
        EXPECT(data[i] == 0);
}

/* The last member has all blocks but one. */
static void uneven(troupe_actor *self, int64_t *cuts)
{
    for (int i = 0; i <= troupe_n_ranks(self); i++)
        cuts[i] = i == 0 ? 0 : i < troupe_n_ranks(self) ? 1 : (LONG + 15) / 16;
}

static troupe_status make_grid(troupe_actor *self, troupe_grid *grid)
{
    return troupe_grid_create(self, troupe_rank_team(self),
                              &(troupe_grid_options){.n_dimensions = 2,
                                                     .size = {SIDE, SIDE},
                                                     .saved_as = "grid"},
                              grid);
}

static void set_grid(troupe_actor *self, troupe_grid grid)
{
    troupe_grid_facts facts = troupe_grid_describe(self, grid);

    for (int64_t p = 0; p < facts.my_planes; p++)
        for (int64_t i = 0; i < SIDE; i++)
            facts.data[p * facts.plane_length + i] =
                (double)((facts.first_plane + p) * SIDE + i);
}

static void check_grid(troupe_actor *self, troupe_grid grid)
{
    troupe_grid_facts facts = troupe_grid_describe(self, grid);

    EXPECT(troupe_array_describe(self, troupe_grid_array(grid)).is_restored);
    for (int64_t p = 0; p < facts.my_planes; p++)
        for (int64_t i = 0; i < SIDE; i++)
            EXPECT(facts.data[p * facts.plane_length + i] ==
                   (double)((facts.first_plane + p) * SIDE + i));
    seen.n_checked += facts.my_planes * SIDE;
}

static troupe_status pause(troupe_actor *self)
{
    (void)troupe_receive(self, wake, troupe_after_s(self, PAUSE_S), NULL);
    return TROUPE_OK;
}

static troupe_status begin(troupe_actor *self)
{
    int64_t cuts[16];
    troupe_array large, small, unsaved, other;
    troupe_grid grid;

    uneven(self, cuts);
    EXPECT_OK(make(self, "large", LONG, cuts, &large));
    EXPECT_OK(make(self, "small", SHORT, NULL, &small));
    EXPECT_OK(make(self, NULL, SHORT, NULL, &unsaved));
    EXPECT_OK(make_grid(self, &grid));
    EXPECT_STATUS(make(self, "large", LONG, NULL, &other), TROUPE_EXISTS);
    EXPECT_STATUS(make(self, "", LONG, NULL, &other), TROUPE_INVALID);
    set(self, large, 1);
    set(self, small, 2);
    set_grid(self, grid);
    return pause(self);
}

/* What has another shape is refused; a name is used up once it has filled an array. */
static troupe_status go_on(troupe_actor *self)
{
    troupe_array large, small, again;
    troupe_grid grid;

    if (seen.is_damaged) { /* and stays so: never zeros in their place */
        EXPECT_STATUS(make(self, "large", LONG, NULL, &large), TROUPE_IO);
        EXPECT_STATUS(make(self, "large", LONG, NULL, &large), TROUPE_IO);
        return TROUPE_OK;
    }
    EXPECT_STATUS(make(self, "small", SHORT + 1, NULL, &again), TROUPE_SCHEMA);
    EXPECT_OK(make(self, "large", LONG, NULL, &large));
    check(self, large, 1);
    EXPECT_OK(make(self, "small", SHORT, NULL, &small));
    check(self, small, 2);
    EXPECT_OK(make_grid(self, &grid));
    check_grid(self, grid);
    if (seen.is_cut_twice)
        TROUPE_TRY(pause(self));
    troupe_array_destroy(self, &small);
    EXPECT_OK(make(self, "small", SHORT, NULL, &small));
    check_zeros(self, small);
    EXPECT_OK(make(self, "new", SHORT, NULL, &again));
    check_zeros(self, again);
    return TROUPE_OK;
}

static troupe_status body(troupe_actor *self)
{
    return self->flags & ACTOR_RESTORED ? go_on(self) : begin(self);
}
TROUPE_PROCESS(main_process,
               body,
               TROUPE_ACCEPTS(wake),
               .flags = TROUPE_RESTARTABLE_FROM_TOP);
static const troupe_program program = {.main = &main_process};

static void play(int n_before, int n_after)
{
    const int64_t n_all = LONG + SHORT + SIDE * SIDE;
    struct still_store store = {.n_ranks = 0};

    memset(&seen, 0, sizeof seen);
    ck_assert_int_eq(still_save(&program, n_before, 1, 3000, &store), STILL_SAVED);
    ck_assert_int_eq(store.status, TROUPE_OK);
    seen.is_cut_twice = true;
    ck_assert_int_eq(still_resume_and_save(&program, n_after, 1, 4000, &store),
                     STILL_SAVED);
    ck_assert_int_eq(seen.n_checked, n_all);
    seen.is_cut_twice = false;
    ck_assert_int_eq(still_resume(&program, n_before, 1, &store), 0);
    ck_assert_int_eq(seen.n_checked, 2 * n_all);
    still_free(&store);
}

START_TEST(arrays_are_filled_on_any_number_of_ranks)
{
    play(3, 2);
    play(1, 4);
    play(4, 1);
    play(2, 5);
}
END_TEST

/* The first run of elements is not there: only one member misses it, and all say so. */
START_TEST(missing_elements_are_noticed)
{
    struct still_store store = {.n_ranks = 0};
    size_t i = 0;

    memset(&seen, 0, sizeof seen);
    seen.is_damaged = true;
    ck_assert_int_eq(still_save(&program, 2, 1, 3000, &store), STILL_SAVED);
    while (store.records[i].kind != BASE_KIND(BASE_SLOT_ARRAY, 1))
        ck_assert_uint_lt(++i, store.n_records);
    store.records[i].kind = UINT8_MAX;
    ck_assert_int_eq(still_resume(&program, 3, 1, &store), 0);
    still_free(&store);
}
END_TEST

CHECK_MAIN("save arrays",
           missing_elements_are_noticed,
           arrays_are_filled_on_any_number_of_ranks)
