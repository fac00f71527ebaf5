/* seeds: 30 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/compiler.h"
#include "base/random.h"
#include "support/check_main.h"
#include "support/cuts.h"
#include "support/levels.h"
#include "support/require.h"
#include "support/scene.h"
#include "support/sim_job.h"
#include "test_linear_rows.h"
#include "unit/numeric/data.h"
#include <stdlib.h>
#include <string.h>

/*
 * Products of rows of all lengths around the edges of pieces, with numbers that cancel,
 * overflow and vanish, at each level: what linear.h says, on any number of ranks. And
 * how near the levels come.
 */

enum { N_COLUMNS = 1600, MOST_RANKS = 8, BLOCK = 16 };

static const int lengths[] = {0,   1,   2,   15,   16,   17,   31,   32,  33,
                              47,  48,  49,  64,   511,  512,  513,  527, 528,
                              529, 700, 992, 1023, 1024, 1025, 1537, 1600};

enum { N_ROWS = 2 * ARRAY_LENGTH(lengths) };

/* All ranks live in this process. */
static struct {
    uint64_t seed;
    bool is_cancelling;
    double x[N_COLUMNS];
    int64_t places[N_COLUMNS]; /* of columns in another order */
    double y[N_LEVELS][N_ROWS];
    int n_done;
} now;

/* The first columns; or of the second half of the rows the last. */
static int64_t column_of(int64_t row, int64_t k)
{
    int n = lengths[row % (int64_t)ARRAY_LENGTH(lengths)];

    return row < (int64_t)ARRAY_LENGTH(lengths) ? k : N_COLUMNS - n + k;
}

/* Of very different sizes, and each comes back with the other sign: what is left in the
 * end is what the order of the sums has lost. */
static double cancelling(int64_t row, int64_t column)
{
    struct base_random random = {(uint64_t)(row * 7919 + (column & ~INT64_C(8)))};
    double size =
        ldexp(1 + data_unit(&random), 50 * (int)base_random_below(&random, 6));

    return column & 8 ? -size : size;
}

static double value_of(int64_t row, int64_t column)
{
    struct base_random random = {now.seed * 1000003 + (uint64_t)(row * 7919 + column)};
    enum data_kind kind = (enum data_kind)((now.seed + (uint64_t)row) % DATA_N_KINDS);
    double value = data_value(kind, column, &random);

    if (now.is_cancelling)
        return cancelling(row, column);
    if (now.seed % 11 == 0 && base_random_below(&random, 500) == 0)
        return column % 2 ? INFINITY : NAN;
    return value;
}

/* With the argument columns stand in the other order. */
static int row_of(int64_t row, int64_t *columns, double *values, const void *argument)
{
    int n = lengths[row % (int64_t)ARRAY_LENGTH(lengths)];

    for (int k = 0; k < n; k++) {
        int64_t column = column_of(row, k);

        columns[k] = argument ? now.places[column] : column;
        values[k] = value_of(row, column);
    }
    return n;
}
TROUPE_ROW_KERNEL(row_kernel, row_of);

static double expected(int64_t row, troupe_how how)
{
    static struct rows_terms terms;

    terms.n = lengths[row % (int64_t)ARRAY_LENGTH(lengths)];
    for (int64_t k = 0; k < terms.n; k++) {
        terms.values[k] = value_of(row, column_of(row, k));
        terms.x[k] = now.x[column_of(row, k)];
    }
    return numeric_canonical(rows_at_level(&terms, how));
}

struct job {
    troupe_actor *self;
    int64_t cuts[MOST_RANKS + 1], column_cuts[MOST_RANKS + 1];
};

static troupe_array make(const struct job *job, bool is_row)
{
    const troupe_array_options options = {.element = TROUPE_DOUBLE,
                                          .length = is_row ? N_ROWS : N_COLUMNS,
                                          .block_length = BLOCK,
                                          .cuts =
                                              is_row ? job->cuts : job->column_cuts};
    troupe_actor *self = job->self;
    troupe_array array;

    REQUIRE(troupe_array_create(self, troupe_rank_team(self), &options, &array) ==
            TROUPE_OK);
    return array;
}

static troupe_matrix make_matrix(const struct job *job, bool is_moved)
{
    const troupe_matrix_options options = {.n_rows = N_ROWS,
                                           .n_columns = N_COLUMNS,
                                           .block_length = BLOCK,
                                           .cuts = job->cuts,
                                           .column_cuts = job->column_cuts};
    troupe_actor *self = job->self;
    troupe_matrix matrix;

    REQUIRE(troupe_matrix_generate(self, troupe_rank_team(self), &options, N_COLUMNS,
                                   &row_kernel, is_moved ? &now : NULL, &matrix,
                                   NULL) == TROUPE_OK);
    return matrix;
}

static void
fill(const struct job *job, troupe_array array, const double *all, bool is_moved)
{
    troupe_array_part part = troupe_array_mine(job->self, array);

    for (int64_t i = 0; i < N_COLUMNS; i++) {
        int64_t place = (is_moved ? now.places[i] : i) - part.first;

        if (place >= 0 && place < part.n_elements)
            ((double *)part.data)[place] = all[i];
    }
}

static void in_order(const struct job *job)
{
    troupe_actor *self = job->self;
    troupe_array x = make(job, false), y = make(job, true);
    troupe_matrix matrix = make_matrix(job, false);
    troupe_array_part part = troupe_array_mine(self, y);

    fill(job, x, now.x, false);
    for (int level = 0; level < N_LEVELS; level++) {
        REQUIRE(troupe_multiply(self, matrix, x, y, levels[level]) == TROUPE_OK);
        for (int64_t i = 0; i < part.n_elements; i++) {
            double wanted = expected(part.first + i, levels[level]);

            now.y[level][part.first + i] = ((const double *)part.data)[i];
            REQUIRE(memcmp(&wanted, (double *)part.data + i, sizeof wanted) == 0);
        }
    }
}

/* At EXACT it does not matter where the columns stand. */
static void in_another_order(const struct job *job)
{
    troupe_actor *self = job->self;
    troupe_array x = make(job, false), y = make(job, true);
    troupe_matrix matrix = make_matrix(job, true);
    troupe_array_part part = troupe_array_mine(self, y);

    fill(job, x, now.x, true);
    REQUIRE(troupe_multiply(self, matrix, x, y, TROUPE_EXACT) == TROUPE_OK);
    REQUIRE(part.n_elements == 0 ||
            memcmp(part.data, now.y[TROUPE_LEVEL_EXACT] + part.first,
                   (size_t)part.n_elements * sizeof(double)) == 0);
}

static troupe_status body(troupe_actor *self)
{
    struct base_random random = {now.seed + 3};
    struct job job = {.self = self};
    int n_ranks = troupe_n_ranks(self);

    cuts_draw(&random, n_ranks, (N_ROWS + BLOCK - 1) / BLOCK, job.cuts);
    cuts_draw(&random, n_ranks, N_COLUMNS / BLOCK, job.column_cuts);
    in_order(&job);
    in_another_order(&job);
    now.n_done++;
    return TROUPE_OK;
}
TROUPE_PROCESS(main_process, body);

static const troupe_program program = {.main = &main_process};

static void begin(uint64_t seed, int n_ranks)
{
    struct base_random random = {seed * 77};
    const struct numeric_isa *list[4];
    int n_listed = numeric_isa_list(list);

    memset(&now, 0, sizeof now);
    now.seed = seed;
    data_fill(now.x, N_COLUMNS, (enum data_kind)(seed / 5 % DATA_N_KINDS), &random);
    now.is_cancelling = seed % 3 == 0;
    for (int64_t i = 0; i < N_COLUMNS; i++) {
        int64_t k = base_random_below(&random, (uint32_t)i + 1);

        now.x[i] = now.is_cancelling ? 1 : now.x[i];
        now.places[i] = now.places[k];
        now.places[k] = i;
    }
    setenv("TROUPE_ISA", n_ranks == 1 ? "" : list[seed % (uint64_t)n_listed]->name, 1);
}

static const char *check(uint64_t seed, int n_ranks, int exit_code)
{
    if (exit_code != 0 || now.n_done != n_ranks)
        return "not all were done";
    return sim_job_alone(&program, seed, begin, now.y, sizeof now.y);
}

START_TEST(rows_of_all_lengths)
{
    static const struct sim_job job = {&program, MOST_RANKS, begin, check};

    ck_assert_int_eq(sim_job_run(&job, 30), 0);
}
END_TEST

/* ---- how near the levels come ------------------------------------------------------
 */

/* 1 between two large ones, and the square of 1 + 2^-30 less what a double has of it.
 */
static int ill_row(int64_t row, int64_t *columns, double *values, const void *argument)
{
    int64_t n = *(const int64_t *)argument;

    for (int64_t k = 0; k < n; k++) {
        columns[k] = k;
        values[k] = k == 0 ? 0x1p70 : k == n - 1 ? -0x1p70 : 1;
    }
    if (row == 0)
        return (int)n;
    columns[0] = n;
    values[0] = 1 + 0x1p-30;
    columns[1] = n + 1;
    values[1] = -1;
    return 2;
}
TROUPE_ROW_KERNEL(ill_kernel, ill_row);

static void near(troupe_actor *self, int64_t n, troupe_how how, double y[2])
{
    const troupe_matrix_options options = {
        .n_rows = 2, .n_columns = n + 2, .block_length = BLOCK};
    troupe_array_options shape = {
        .element = TROUPE_DOUBLE, .length = n + 2, .block_length = BLOCK};
    troupe_array_range both = {.n_elements = 2};
    troupe_array x, products;
    troupe_matrix matrix;
    troupe_array_part part;

    EXPECT_OK(troupe_array_create(self, troupe_rank_team(self), &shape, &x));
    shape.length = 2;
    EXPECT_OK(troupe_array_create(self, troupe_rank_team(self), &shape, &products));
    part = troupe_array_mine(self, x);
    for (int64_t i = 0; i < part.n_elements; i++)
        ((double *)part.data)[i] = part.first + i == n       ? 1 + 0x1p-30
                                   : part.first + i == n + 1 ? 1 + 0x1p-29
                                                             : 1;
    EXPECT_OK(troupe_matrix_generate(self, troupe_rank_team(self), &options, (int)n,
                                     &ill_kernel, &n, &matrix, NULL));
    EXPECT_OK(troupe_multiply(self, matrix, x, products, how));
    EXPECT_OK(troupe_array_gather(self, products, -1, both, y));
    troupe_matrix_destroy(self, &matrix);
    troupe_array_destroy(self, &x);
    troupe_array_destroy(self, &products);
}

static troupe_status near_body(troupe_actor *self)
{
    static const int64_t n[] = {5, 32, 33, 1000};
    double y[2];

    for (size_t i = 0; i < ARRAY_LENGTH(n); i++) {
        near(self, n[i], TROUPE_TREE, y);
        EXPECT(fabs(y[0] - (double)(n[i] - 2)) >= 1);
        EXPECT(y[1] == 0);
        near(self, n[i], TROUPE_TREE_DD, y);
        EXPECT(y[0] == (double)(n[i] - 2));
        EXPECT(y[1] == 0x1p-60);
        near(self, n[i], TROUPE_EXACT, y);
        EXPECT(y[0] == (double)(n[i] - 2));
        EXPECT(y[1] == 0x1p-60);
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(near_process, near_body);

START_TEST(levels_come_nearer)
{
    scene_play(&(struct scene){.main = &near_process, .n_ranks = 3});
}
END_TEST

CHECK_MAIN("linear levels", rows_of_all_lengths, levels_come_nearer)
