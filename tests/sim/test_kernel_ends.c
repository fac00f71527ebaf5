/* SPDX-License-Identifier: BSD-3-Clause */
/* seeds: 5 */
#include "sim/test_later_calls.h"
#include "support/check_main.h"
#include <stdlib.h>
#include <string.h>

/* A member is stopped in the middle of a call: all others hear the same of it, those
 * too that needed nothing of the one that is gone, and have no result. */

enum {
    LENGTH = 512,
    BLOCK = 16,
    N_RANKS = 4,
    VICTIM = 1,
    N_BINS = 3,
    MANY = 60000,
    MANY_BINS = 40000
};

struct arrays {
    troupe_array x, to, heads, counts, many;
    troupe_grid in, out;
    troupe_matrix matrix;
    int n_calls;
    struct later_props on;
};

typedef troupe_status call_fn(troupe_actor *self, struct arrays *a);

static struct {
    call_fn *call; /* set before the ranks start, as the delay is */
    int which;     /* of what is started */
    double delay_s;
    troupe_address workers[N_RANKS];
} play;

static struct {
    int n_ready;
    int n_calls[N_RANKS]; /* that were well done */
    troupe_status statuses[N_RANKS];
} seen;

/* ---- calls ----------------------------------------------------------------------- */

static troupe_array
make(troupe_actor *self, troupe_team *team, enum troupe_element element, int64_t length)
{
    const troupe_array_options shape = {
        .element = element, .length = length, .block_length = BLOCK};
    troupe_array array;

    EXPECT_OK(troupe_array_create(self, team, &shape, &array));
    return array;
}

/* What is kept of the first half has to move far. */
static void
keep_third(const troupe_block *block, unsigned char *keep, const void *argument)
{
    (void)argument;
    for (int64_t i = 0; i < block->n; i++)
        keep[i] = (block->first + i) % 3 == 0 || block->first > LENGTH / 2;
}
TROUPE_FILTER(third_filter, keep_third);

static void copy_strip(const troupe_strip *strip, const void *argument)
{
    (void)argument;
    memcpy(strip->out, troupe_strip_row(strip, 0, 0),
           (size_t)strip->n * sizeof *strip->out);
}
TROUPE_STENCIL(copy_stencil, copy_strip);

static troupe_status
take_made(troupe_actor *self, troupe_status status, troupe_array made)
{
    if (status == TROUPE_OK)
        troupe_array_destroy(self, &made);
    EXPECT_INT(made.bits, 0);
    return status;
}

static troupe_status filter(troupe_actor *self, struct arrays *a)
{
    troupe_array kept = {0};
    troupe_status status = troupe_filter(
        self, &third_filter, &(troupe_arrays){.in = {a->x}}, NULL, TROUPE_TREE, &kept);

    return take_made(self, status, kept);
}

static troupe_status segments(troupe_actor *self, struct arrays *a)
{
    troupe_array sums = {0};
    troupe_status status =
        troupe_reduce_segments(self, a->x, a->heads, TROUPE_SUM, TROUPE_EXACT, &sums);

    return take_made(self, status, sums);
}

static troupe_status segments_dd(troupe_actor *self, struct arrays *a)
{
    troupe_array sums = {0};
    troupe_status status =
        troupe_reduce_segments(self, a->x, a->heads, TROUPE_SUM, TROUPE_TREE_DD, &sums);

    return take_made(self, status, sums);
}

static troupe_status extremes(troupe_actor *self, struct arrays *a)
{
    troupe_array made[2] = {{0}, {0}};
    troupe_status status = troupe_extremes_of_segments(self, a->x, a->heads, TROUPE_MIN,
                                                       TROUPE_TREE, made);

    TROUPE_TRY(take_made(self, status, made[0]));
    return take_made(self, status, made[1]);
}

static troupe_status scan(troupe_actor *self, struct arrays *a)
{
    return troupe_scan(self, a->x, a->to, TROUPE_SUM, TROUPE_EXACT);
}

static troupe_status weigh(troupe_actor *self, struct arrays *a)
{
    double sums[N_BINS + TROUPE_BINS_EXTRA] = {-1};
    troupe_status status = troupe_histogram_weighted(
        self, a->x, a->x, (troupe_bins){0, 1, N_BINS}, TROUPE_EXACT, sums);

    EXPECT(status == TROUPE_OK || sums[0] == -1);
    return status;
}

static troupe_status multiply(troupe_actor *self, struct arrays *a)
{
    double dot = -1;
    troupe_status status =
        troupe_multiply_dot(self, a->matrix, a->x, a->to, TROUPE_EXACT, &dot);

    EXPECT(status == TROUPE_OK || dot == -1);
    return status;
}

static troupe_status stencil(troupe_actor *self, struct arrays *a)
{
    return troupe_stencil(self, &copy_stencil, a->in, a->out, NULL, TROUPE_TREE);
}

/* So many bins that members add up a share of them each. */
static troupe_status count(troupe_actor *self, struct arrays *a)
{
    static uint64_t counts[N_RANKS][MANY_BINS + TROUPE_BINS_EXTRA];
    uint64_t *mine = counts[troupe_rank(self)];
    troupe_status status;

    mine[0] = UINT64_MAX;
    status =
        troupe_histogram(self, a->x, (troupe_bins){0, 1, MANY_BINS}, TROUPE_TREE, mine);
    EXPECT(status == TROUPE_OK || mine[0] == UINT64_MAX);
    return status;
}

static troupe_status count_apart(troupe_actor *self, struct arrays *a)
{
    return troupe_histogram_spread(self, a->x,
                                   (troupe_bins){0, 1, LENGTH - TROUPE_BINS_EXTRA},
                                   TROUPE_TREE, a->counts);
}

/* Parts are so long that they do not outlive who sends them. */
static troupe_status sort(troupe_actor *self, struct arrays *a)
{
    TROUPE_TRY(
        troupe_fill_uniform(self, a->many, (troupe_random){.seed = 1}, TROUPE_TREE));
    return troupe_sort(self, a->many, NULL, TROUPE_TREE);
}

/* To and fro between neighbours. */
static troupe_status cut(troupe_actor *self, struct arrays *a)
{
    static const int64_t cuts[2][N_RANKS + 1] = {{0, 8, 16, 24, 32},
                                                 {0, 6, 14, 26, 32}};
    int64_t first = troupe_array_mine(self, a->x).first;
    troupe_status status = troupe_array_cut(self, a->x, cuts[a->n_calls++ % 2]);

    if (status != TROUPE_OK)
        EXPECT_INT(troupe_array_mine(self, a->x).first, first);
    return status;
}

/* One that is started, and another that is called meanwhile. */
static troupe_status started(troupe_actor *self, struct arrays *a)
{
    struct later_made made = LATER_NOTHING;
    troupe_status status;
    troupe_task task;
    double sum = -1;

    EXPECT_OK(later_calls[play.which].call(self, &a->on, &made, &task));
    status = troupe_sum(self, a->x, TROUPE_TREE, &sum);
    EXPECT(status == TROUPE_OK || sum == -1);
    status = troupe_task_wait(self, &task);
    if (status != TROUPE_OK)
        EXPECT(made.array.bits + made.matrix.bits + made.grid.bits == 0);
    later_made_free(self, &made);
    return status;
}

/* ---- processes ------------------------------------------------------------------- */

static void make_all(troupe_actor *self, troupe_team *team, struct arrays *a)
{
    const troupe_grid_options plate = {.n_dimensions = 2, .size = {20, 30}};
    const troupe_matrix_options shape = {.block_length = BLOCK};
    troupe_array_part heads;

    *a = (struct arrays){.x = make(self, team, TROUPE_DOUBLE, LENGTH),
                         .to = make(self, team, TROUPE_DOUBLE, LENGTH),
                         .heads = make(self, team, TROUPE_UINT8, LENGTH),
                         .counts = make(self, team, TROUPE_UINT64, LENGTH),
                         .many = make(self, team, TROUPE_DOUBLE, MANY)};
    heads = troupe_array_mine(self, a->heads);
    for (int64_t i = 0; i < heads.n_elements; i += 70)
        ((uint8_t *)heads.data)[i] = 1;
    EXPECT_OK(troupe_fill_uniform(self, a->x, (troupe_random){.seed = 1}, TROUPE_TREE));
    EXPECT_OK(troupe_grid_create(self, team, &plate, &a->in));
    EXPECT_OK(troupe_grid_create(self, team, &plate, &a->out));
    EXPECT_OK(troupe_matrix_poisson(self, team, 8, 7, &shape, &a->matrix));
    if (play.call == started)
        later_begin(self, team, &a->on);
}

struct go {
    int32_t nothing;
};
TROUPE_TYPE(go, nothing);

static troupe_status worker_body(troupe_actor *self)
{
    int me = troupe_rank(self);
    troupe_team *team;
    struct arrays a;

    TROUPE_TRY(troupe_receive_any(self, TROUPE_FOREVER, NULL));
    EXPECT_OK(troupe_team_create(self, play.workers, N_RANKS, &team));
    make_all(self, team, &a);
    seen.n_ready++;
    while ((seen.statuses[me] = play.call(self, &a)) == TROUPE_OK)
        seen.n_calls[me]++;
    return TROUPE_OK;
}
TROUPE_PROCESS(worker_process, worker_body, TROUPE_ACCEPTS(go));

static troupe_status body(troupe_actor *self)
{
    if (troupe_rank(self) > 0)
        return TROUPE_OK;
    for (int i = 0; i < N_RANKS; i++) {
        const troupe_spawn_options options = {.place = TROUPE_ON_RANK(i)};

        EXPECT_OK(troupe_spawn(self, &worker_process, &options, &play.workers[i]));
    }
    for (int i = 0; i < N_RANKS; i++)
        EXPECT_OK(troupe_send(self, play.workers[i], go, .nothing = 0));
    while (seen.n_ready < N_RANKS)
        troupe_sleep_until(self, troupe_after_s(self, 1e-6));
    troupe_sleep_until(self, troupe_after_s(self, play.delay_s));
    return troupe_stop_actor(self, play.workers[VICTIM], TROUPE_EXIT_KILLED);
}
TROUPE_PROCESS(main_process, body, TROUPE_SPAWNS(&worker_process));

/* ---- */

static void check_alike(void)
{
    for (int rank = 0; rank < N_RANKS; rank++)
        if (rank != VICTIM) {
            EXPECT_STATUS(seen.statuses[rank], TROUPE_PEER_GONE);
            EXPECT_INT(seen.n_calls[rank], seen.n_calls[0]);
        }
}

static void stop_whenever(call_fn *call, int n_times, double step_s)
{
    play.call = call;
    for (int i = 0; i < n_times; i++) {
        play.delay_s = i * step_s;
        scene_play(&(struct scene){.main = &main_process,
                                   .n_ranks = N_RANKS,
                                   .is_exact = true,
                                   .seen = &seen,
                                   .seen_bytes = sizeof seen,
                                   .check = check_alike});
    }
}

static void stop_in_each(int n_times, double step_s)
{
    static call_fn *const calls[] = {filter, segments,   segments_dd, extremes,
                                     scan,   weigh,      multiply,    stencil,
                                     cut,    count_apart};

    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        stop_whenever(calls[i], n_times, step_s);
}

START_TEST(all_others_hear_the_same_of_what_is_started)
{
    later_files_begin();
    for (play.which = 0; play.which < N_LATER_CALLS; play.which++)
        if (later_calls[play.which].status == TROUPE_OK)
            stop_whenever(started, 14, 17e-6);
    later_files_end();
}
END_TEST

START_TEST(all_others_hear_the_same)
{
    stop_in_each(100, 1.7e-6);
    stop_whenever(sort, 100, 23e-6);
    stop_whenever(count, 100, 1.7e-6);
}
END_TEST

START_TEST(all_others_hear_the_same_of_a_check)
{
    setenv("TROUPE_CHECK", "1", 1);
    stop_in_each(20, 8.3e-6);
    unsetenv("TROUPE_CHECK");
}
END_TEST

CHECK_MAIN("kernel ends",
           all_others_hear_the_same,
           all_others_hear_the_same_of_a_check,
           all_others_hear_the_same_of_what_is_started)
