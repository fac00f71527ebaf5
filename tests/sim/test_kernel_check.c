/* seeds: 1 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/check_main.h"
#include "support/scene.h"
#include <stdlib.h>
#include <string.h>

/*
 * TROUPE_CHECK=1 and functions that are wrong only about who has what: done again by
 * the same members, in whatever order, they come to the same bits.
 */

enum { LENGTH = 1000, BLOCK = 16, N_RANKS = 3, N_CUTS = 5, SIDE = 24 };

static struct {
    int n_done;
} seen;

static int which_cut; /* set before the ranks start */

/* ---- functions ------------------------------------------------------------------- */

/* The argument is the first index of the caller's part and a number of its own, as no
 * argument may be. */
static void
count_from_part(const troupe_block *block, void *result, const void *argument)
{
    const int64_t *part_first = argument;
    double *to = block->out[0];

    (void)result;
    for (int64_t i = 0; i < block->n; i++)
        to[i] = (double)(block->first + i - *part_first);
}
TROUPE_KERNEL(part_kernel, count_from_part);

/* Weighs by the place in the part. */
static void add_by_part(const troupe_block *block, void *result, const void *argument)
{
    const int64_t *part_first = argument;
    const double *x = block->in[0];
    double *sum = result;

    for (int64_t i = 0; i < block->n; i++)
        *sum += (double)(block->first - *part_first) * x[i];
}
static void merge_sums(void *left, const void *right)
{
    *(double *)left += *(const double *)right;
}
TROUPE_REDUCTION_KERNEL(part_sum_kernel, add_by_part, merge_sums, double);

/* The argument is the caller's number: what comes of it is an array of its own. */
static void
keep_by_rank(const troupe_block *block, unsigned char *keep, const void *argument)
{
    memset(keep, *(const int *)argument == 1, (size_t)block->n);
}
TROUPE_FILTER(rank_filter, keep_by_rank);

static void smooth_by_part(const troupe_strip *strip, const void *argument)
{
    const double *here = troupe_strip_row(strip, 0, 0);
    double place = (double)(strip->at[1] - *(const int64_t *)argument);

    for (int64_t i = 0; i < strip->n; i++)
        strip->out[i] = here[i] + place * here[i - 1];
}
TROUPE_STENCIL(part_stencil, smooth_by_part);

/* And of each kind one that keeps to the rule. */
static void count(const troupe_block *block, void *result, const void *argument)
{
    double *to = block->out[0];

    (void)result;
    (void)argument;
    for (int64_t i = 0; i < block->n; i++)
        to[i] += (double)(block->first + i);
}
TROUPE_KERNEL(good_kernel, count);

static void add(const troupe_block *block, void *result, const void *argument)
{
    const double *x = block->in[0];
    double *y = block->out[0], *sum = result;

    (void)argument;
    for (int64_t i = 0; i < block->n; i++)
        *sum += y[i] = 2 * x[i] + y[i];
}
TROUPE_REDUCTION_KERNEL(good_sum_kernel, add, merge_sums, double);

static void
keep_even(const troupe_block *block, unsigned char *keep, const void *argument)
{
    (void)argument;
    for (int64_t i = 0; i < block->n; i++)
        keep[i] = (block->first + i) % 2 == 0;
}
TROUPE_FILTER(good_filter, keep_even);

static void smooth(const troupe_strip *strip, const void *argument)
{
    const double *here = troupe_strip_row(strip, 0, 0);
    const double *above = troupe_strip_row(strip, 1, 0);

    (void)argument;
    for (int64_t i = 0; i < strip->n; i++)
        strip->out[i] = here[i] + 0.1 * (above[i] + here[i - 1]);
}
TROUPE_STENCIL(good_stencil, smooth);

/* ---- calls ----------------------------------------------------------------------- */

/* Even parts, all in one, uneven ones, one of them empty. */
static troupe_array make(troupe_actor *self)
{
    static const int64_t cuts[N_CUTS][N_RANKS + 1] = {{0, 21, 42, 63},
                                                      {0, 0, 63, 63},
                                                      {0, 40, 40, 63},
                                                      {0, 0, 0, 63},
                                                      {0, 63, 63, 63}};
    const troupe_array_options shape = {.element = TROUPE_DOUBLE,
                                        .length = LENGTH,
                                        .block_length = BLOCK,
                                        .cuts = cuts[which_cut]};
    troupe_array array;
    troupe_array_part part;

    EXPECT_OK(troupe_array_create(self, troupe_rank_team(self), &shape, &array));
    part = troupe_array_mine(self, array);
    for (int64_t i = 0; i < part.n_elements; i++)
        ((double *)part.data)[i] = 0.1 * (double)(part.first + i);
    return array;
}

static troupe_grid make_grid(troupe_actor *self)
{
    const troupe_grid_options shape = {.n_dimensions = 2, .size = {SIDE, SIDE}};
    troupe_grid grid;
    troupe_grid_facts facts;

    EXPECT_OK(troupe_grid_create(self, troupe_rank_team(self), &shape, &grid));
    facts = troupe_grid_describe(self, grid);
    for (int64_t i = 0; i < facts.my_planes * facts.plane_length; i++)
        facts.data[i] = (double)(facts.first_plane * facts.plane_length + i);
    return grid;
}

/* Nothing has changed. */
static void expect_untouched(troupe_actor *self, troupe_array array)
{
    troupe_array_part part = troupe_array_mine(self, array);

    for (int64_t i = 0; i < part.n_elements; i++)
        EXPECT(((double *)part.data)[i] == 0.1 * (double)(part.first + i));
}

/* `first`: of the array's part, and the caller's. */
static void call_wrong(troupe_actor *self, troupe_array x, int64_t first)
{
    troupe_grid from = make_grid(self), to = make_grid(self);
    int64_t first_plane = troupe_grid_describe(self, from).first_plane;
    const int rank = troupe_rank(self);
    troupe_array kept = {0};
    troupe_task task;
    double sum = -1;

    EXPECT_STATUS(troupe_map(self, &part_kernel, &(troupe_arrays){.out = {x}}, &first,
                             TROUPE_TREE),
                  TROUPE_FAILED);
    EXPECT_OK(troupe_map(self, &part_kernel,
                         &(troupe_arrays){.in = {x}, .out = {make(self)}}, &first,
                         troupe_later(TROUPE_TREE, &task)));
    EXPECT_STATUS(troupe_task_wait(self, &task), TROUPE_FAILED);
    EXPECT_STATUS(troupe_reduce_blocks(self, &part_sum_kernel,
                                       &(troupe_arrays){.in = {x}}, &first, TROUPE_TREE,
                                       &sum),
                  TROUPE_FAILED);
    EXPECT_STATUS(troupe_filter(self, &rank_filter, &(troupe_arrays){.in = {x}}, &rank,
                                TROUPE_TREE, &kept),
                  TROUPE_FAILED);
    EXPECT_STATUS(
        troupe_stencil(self, &part_stencil, from, to, &first_plane, TROUPE_TREE),
        TROUPE_FAILED);
    EXPECT(sum == -1);
    EXPECT_INT(kept.bits, 0);
    expect_untouched(self, x);
}

static void call_good(troupe_actor *self, troupe_array x)
{
    troupe_array y = make(self), kept[2];
    troupe_grid from = make_grid(self), to = make_grid(self);
    troupe_task tasks[2];
    double sum;

    EXPECT_OK(troupe_map(self, &good_kernel, &(troupe_arrays){.out = {y}}, NULL,
                         troupe_later(TROUPE_TREE, &tasks[0])));
    EXPECT_OK(troupe_reduce_blocks(self, &good_sum_kernel,
                                   &(troupe_arrays){.in = {x, y}, .out = {y}}, NULL,
                                   troupe_later(TROUPE_TREE, &tasks[1]), &sum));
    for (int i = 0; i < 2; i++)
        EXPECT_OK(troupe_task_wait(self, &tasks[i]));
    EXPECT_OK(troupe_filter(self, &good_filter, &(troupe_arrays){.in = {x, x}}, NULL,
                            TROUPE_TREE, kept));
    EXPECT_OK(troupe_stencil(self, &good_stencil, from, to, NULL, TROUPE_TREE));
    expect_untouched(self, x);
}

/* ---- rows of matrices ------------------------------------------------------------ */

enum { N_ROWS = 300, MOST = 4 };

/* Neighbours, and one far away; not in order. */
static int good_row(int64_t row, int64_t *columns, double *values, const void *argument)
{
    int n = 0;

    (void)argument;
    for (int64_t column = row + 1; column >= row - 1; column--)
        if (column >= 0 && column < N_ROWS)
            columns[n++] = column;
    if ((row + N_ROWS / 2) % N_ROWS != columns[0])
        columns[n++] = (row + N_ROWS / 2) % N_ROWS;
    for (int i = 0; i < n; i++)
        values[i] = 1.0 / (double)(1 + row + 3 * columns[i]);
    return n;
}
TROUPE_ROW_KERNEL(good_rows, good_row);

/* What was asked for before shows in one value. */
static int
minding_row(int64_t row, int64_t *columns, double *values, const void *argument)
{
    static int64_t last;
    int n = good_row(row, columns, values, argument);

    if (row == N_ROWS - 7)
        values[n - 1] = (double)(last - row);
    last = row;
    return n;
}
TROUPE_ROW_KERNEL(minding_rows, minding_row);

static void make_matrices(troupe_actor *self)
{
    const troupe_matrix_options shape = {.n_rows = N_ROWS, .block_length = 16};
    troupe_team *team = troupe_rank_team(self);
    troupe_matrix_fault fault;
    troupe_matrix matrix;

    EXPECT_OK(troupe_matrix_generate(self, team, &shape, MOST, &good_rows, NULL,
                                     &matrix, &fault));
    troupe_matrix_destroy(self, &matrix);
    EXPECT_STATUS(troupe_matrix_generate(self, team, &shape, MOST, &minding_rows, NULL,
                                         &matrix, &fault),
                  TROUPE_FAILED);
    EXPECT_INT(fault.row, N_ROWS - 7);
}

static troupe_status body(troupe_actor *self)
{
    troupe_array x = make(self);

    make_matrices(self);
    call_good(self, x);
    call_wrong(self, x, troupe_array_mine(self, x).first + 2000 * troupe_rank(self));
    seen.n_done++;
    return TROUPE_OK;
}
TROUPE_PROCESS(main_process, body);

static void check_all_done(void)
{
    EXPECT_INT(seen.n_done, N_RANKS);
}

static void expect_named(const char *text, const char *what)
{
    static const char when[] = " has other bits when its arrays are cut otherwise";
    const char *at = strstr(text, what);

    ck_assert_msg(at && strncmp(at + strlen(what), when, strlen(when)) == 0,
                  "'%s%s' is not in:\n%s", what, when, text);
}

START_TEST(the_check_names_who_minds_the_cuts)
{
    struct child_end end;

    setenv("TROUPE_CHECK", "1", 1);
    for (which_cut = 0; which_cut < N_CUTS; which_cut++) {
        scene_listen(&(struct scene){.main = &main_process,
                                     .n_ranks = N_RANKS,
                                     .seen = &seen,
                                     .seen_bytes = sizeof seen,
                                     .check = check_all_done},
                     &end);
        expect_named(end.text, "what part_kernel writes");
        expect_named(end.text, "the result of part_sum_kernel");
        expect_named(end.text, "what rank_filter writes");
        expect_named(end.text, "what part_stencil writes");
        ck_assert_ptr_nonnull(strstr(end.text, "of minding_rows: row 294 had other"));
        ck_assert_ptr_null(strstr(end.text, "good_"));
        ck_assert_ptr_null(strstr(end.text, "in another order"));
    }
    unsetenv("TROUPE_CHECK");
}
END_TEST

CHECK_MAIN("kernel check", the_check_names_who_minds_the_cuts)
