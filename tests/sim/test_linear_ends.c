/* seeds: 8 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
#include "support/check_main.h"
#include "support/scene.h"
#include <string.h>

/* Matrices and grids when there is no memory, when a member ends, and in wrong hands.
 */

enum { N = 40, MOST_MEMBERS = 3 };

static const troupe_matrix_options shape = {.block_length = 16};
static const troupe_grid_options plate = {.n_dimensions = 2, .size = {20, 30}};

static void keep(const troupe_strip *strip, const void *argument)
{
    (void)argument;
    memcpy(strip->out, troupe_strip_row(strip, 0, 0),
           (size_t)strip->n * sizeof *strip->out);
}
TROUPE_STENCIL(keep_kernel, keep);

static troupe_array make_array(troupe_actor *self)
{
    const troupe_array_options options = {
        .element = TROUPE_DOUBLE, .length = 8 * 8 * 8, .block_length = 16};
    troupe_array array;

    EXPECT_OK(troupe_array_create(self, troupe_rank_team(self), &options, &array));
    return array;
}

/* ---- no memory ---------------------------------------------------------------- */

static struct {
    int every, kind;
    int n_refused;
} poor_now;

static troupe_status from_entries(troupe_actor *self, troupe_matrix *matrix)
{
    const troupe_matrix_options options = {.n_rows = N, .block_length = 16};
    troupe_entry entries[N];

    for (int i = 0; i < N; i++)
        entries[i] = (troupe_entry){i, N - 1 - i, 1};
    return troupe_matrix_from_entries(self, troupe_rank_team(self), &options, entries,
                                      N, matrix, NULL);
}

static troupe_status poor_call(troupe_actor *self)
{
    troupe_team *team = troupe_rank_team(self);
    troupe_matrix matrix;
    troupe_grid grid;

    switch (poor_now.kind) {
    case 0:
        return troupe_matrix_poisson(self, team, 8, 7, &shape, &matrix);
    case 1:
        return from_entries(self, &matrix);
    default:
        return troupe_grid_create(self, team, &plate, &grid);
    }
}

/* Wherever it lacks, all members say the same, and nothing is left. */
static troupe_status poor_body(troupe_actor *self)
{
    troupe_team *team = troupe_rank_team(self);
    int64_t status, all[MOST_MEMBERS];

    for (int i = 0; i < 3; i++) /* so that the pool has what the messages need */
        EXPECT_OK(poor_call(self));
    EXPECT_OK(troupe_barrier(self, team));
    if (troupe_team_index(team) == 1)
        (void)base_alloc_fail_every((uint64_t)poor_now.every);
    status = poor_call(self);
    (void)base_alloc_fail_every(0);
    EXPECT(status == TROUPE_OK || status == TROUPE_NO_MEMORY);
    poor_now.n_refused += status == TROUPE_NO_MEMORY;
    EXPECT_OK(troupe_gather(self, team, -1, &status, sizeof status, all));
    for (int i = 0; i < troupe_team_size(team); i++)
        EXPECT_INT(all[i], status);
    EXPECT_OK(poor_call(self));
    return TROUPE_OK;
}
TROUPE_PROCESS(poor, poor_body);

START_TEST(no_memory_for_all_alike)
{
    for (poor_now.kind = 0; poor_now.kind < 3; poor_now.kind++) {
        poor_now.n_refused = 0;
        for (poor_now.every = 2; poor_now.every < 14; poor_now.every++)
            scene_play(&(struct scene){.main = &poor, .n_ranks = MOST_MEMBERS});
        ck_assert_int_gt(poor_now.n_refused, 0);
    }
}
END_TEST

/* ---- a member ends ------------------------------------------------------------ */

static troupe_status gone_body(troupe_actor *self)
{
    troupe_team *team = troupe_rank_team(self);
    troupe_array x = make_array(self), y = make_array(self);
    troupe_grid in, out;
    troupe_matrix matrix;
    double dot = 7, sums[1 + TROUPE_BINS_EXTRA] = {7};

    EXPECT_OK(troupe_matrix_poisson(self, team, 8, 7, &shape, &matrix));
    EXPECT_OK(troupe_grid_create(self, team, &plate, &in));
    EXPECT_OK(troupe_grid_create(self, team, &plate, &out));
    EXPECT_OK(troupe_multiply(self, matrix, x, y, TROUPE_TREE));
    if (troupe_team_index(team) == 1)
        return TROUPE_OK;
    EXPECT_STATUS(troupe_multiply(self, matrix, x, y, TROUPE_TREE), TROUPE_PEER_GONE);
    EXPECT_STATUS(troupe_multiply_dot(self, matrix, x, y, TROUPE_TREE, &dot),
                  TROUPE_PEER_GONE);
    EXPECT(dot == 7);
    EXPECT_STATUS(troupe_histogram_weighted(self, x, y, (troupe_bins){0, 1, 1},
                                            TROUPE_EXACT, sums),
                  TROUPE_PEER_GONE);
    EXPECT(sums[0] == 7);
    EXPECT_STATUS(troupe_stencil(self, &keep_kernel, in, out, NULL, TROUPE_TREE),
                  TROUPE_PEER_GONE);
    EXPECT_STATUS(troupe_matrix_check(self, matrix, TROUPE_CHECK_ALL, NULL),
                  TROUPE_PEER_GONE);
    EXPECT_STATUS(troupe_matrix_poisson(self, team, 8, 7, &shape, &matrix),
                  TROUPE_PEER_GONE);
    return TROUPE_OK;
}
TROUPE_PROCESS(gone, gone_body);

START_TEST(a_member_ends)
{
    scene_play(&(struct scene){.main = &gone, .n_ranks = MOST_MEMBERS});
}
END_TEST

/* ---- a process is stopped ----------------------------------------------------- */

struct victim {
    troupe_address who;
    double delay_s;
};
TROUPE_TYPE(victim, who, delay_s);

static troupe_status killer_body(troupe_actor *self)
{
    const struct victim *victim = troupe_arguments(self, victim);

    troupe_sleep_until(self, troupe_after_s(self, victim->delay_s));
    return troupe_stop_actor(self, victim->who, TROUPE_EXIT_KILLED);
}
TROUPE_PROCESS(killer, killer_body, TROUPE_ARGUMENTS(victim));

static int delay_us;

/* One after the other, until the team is broken; what is in use is given back. */
static troupe_status stopped_body(troupe_actor *self)
{
    troupe_team *team = troupe_rank_team(self);
    troupe_array x = make_array(self), y = make_array(self);
    troupe_spawn_options options = {
        TROUPE_WITH(victim, .who = troupe_self(self), .delay_s = 1e-6 * delay_us)};
    troupe_address address;
    troupe_grid in, out;
    troupe_matrix matrix;
    double dot, sums[2 + TROUPE_BINS_EXTRA];

    if (troupe_team_index(team) == 1)
        EXPECT_OK(troupe_spawn(self, &killer, &options, &address));
    for (;;) {
        TROUPE_TRY(from_entries(self, &matrix));
        TROUPE_TRY(troupe_matrix_check(self, matrix, TROUPE_CHECK_ALL, NULL));
        TROUPE_TRY(troupe_matrix_poisson(self, team, 8, 7, &shape, &matrix));
        TROUPE_TRY(troupe_multiply(self, matrix, x, y, TROUPE_TREE));
        TROUPE_TRY(troupe_multiply(self, matrix, x, y, TROUPE_EXACT));
        TROUPE_TRY(troupe_multiply_dot(self, matrix, x, y, TROUPE_TREE, &dot));
        TROUPE_TRY(troupe_histogram_weighted(self, x, y, (troupe_bins){0, 1, 2},
                                             TROUPE_EXACT, sums));
        TROUPE_TRY(troupe_dot(self, x, y, TROUPE_EXACT, &dot));
        TROUPE_TRY(troupe_sort(self, y, NULL, TROUPE_TREE));
        TROUPE_TRY(troupe_scan(self, x, x, TROUPE_SUM, TROUPE_TREE));
        TROUPE_TRY(troupe_grid_create(self, team, &plate, &in));
        TROUPE_TRY(troupe_grid_create(self, team, &plate, &out));
        TROUPE_TRY(troupe_stencil(self, &keep_kernel, in, out, NULL, TROUPE_TREE));
    }
}
TROUPE_PROCESS(stopped, stopped_body, TROUPE_SPAWNS(&killer));

START_TEST(a_process_is_stopped)
{
    for (delay_us = 1; delay_us < 4000; delay_us += 37)
        scene_play(
            &(struct scene){.main = &stopped, .n_ranks = MOST_MEMBERS, .exit_code = 1});
}
END_TEST

/* ---- different calls ---------------------------------------------------------- */

static troupe_status differ_body(troupe_actor *self)
{
    troupe_team *team = troupe_rank_team(self);
    bool is_first = troupe_team_index(team) == 0;
    troupe_array x = make_array(self), y = make_array(self);
    troupe_matrix matrix;

    EXPECT_OK(troupe_matrix_poisson(self, team, 8, 7, &shape, &matrix));
    EXPECT_STATUS(
        troupe_multiply(self, matrix, is_first ? x : y, is_first ? y : x, TROUPE_TREE),
        TROUPE_MISMATCH);
    EXPECT_OK(troupe_multiply(self, matrix, x, y, TROUPE_TREE));
    return TROUPE_OK;
}
TROUPE_PROCESS(differ, differ_body);

START_TEST(members_differ)
{
    scene_play(&(struct scene){.main = &differ, .n_ranks = MOST_MEMBERS});
}
END_TEST

/* ---- in wrong hands ----------------------------------------------------------- */

static int misuse_kind;

static troupe_status misuse_body(troupe_actor *self)
{
    troupe_team *team = troupe_rank_team(self);
    troupe_array x = make_array(self), y = make_array(self);
    troupe_matrix matrix, none = {x.bits};
    troupe_grid no_grid = {x.bits};
    troupe_task task;

    EXPECT_OK(troupe_matrix_poisson(self, team, 8, 7, &shape, &matrix));
    switch (misuse_kind) {
    case 0:
        return troupe_multiply(self, none, x, y, TROUPE_TREE);
    case 1:
        return troupe_stencil(self, &keep_kernel, no_grid, no_grid, NULL, TROUPE_TREE);
    case 2:
        EXPECT_OK(
            troupe_multiply(self, matrix, x, y, troupe_later(TROUPE_TREE, &task)));
        troupe_matrix_destroy(self, &matrix);
        return TROUPE_OK;
    default:
        return troupe_matrix_generate(self, team, &shape, 1, NULL, NULL, &matrix, NULL);
    }
}
TROUPE_PROCESS(misuse, misuse_body);

START_TEST(wrong_hands)
{
    static const char *const words[] = {"none of the caller's matrices",
                                        "none of the caller's grids", "is not done",
                                        "no function"};

    for (misuse_kind = 0; misuse_kind < 4; misuse_kind++) {
        struct child_end end;

        scene_listen(&(struct scene){.main = &misuse,
                                     .n_ranks = 2,
                                     .exit_code = TROUPE_CODE_MISUSE},
                     &end);
        ck_assert_msg(strstr(end.text, words[misuse_kind]) != NULL, "%s", end.text);
    }
}
END_TEST

CHECK_MAIN("linear ends",
           no_memory_for_all_alike,
           a_member_ends,
           a_process_is_stopped,
           members_differ,
           wrong_hands)
