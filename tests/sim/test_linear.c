/* seeds: 60 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/compiler.h"
#include "base/random.h"
#include "support/check_main.h"
#include "support/cuts.h"
#include "support/require.h"
#include "support/sim_job.h"
#include "test_linear_rows.h"
#include "unit/numeric/data.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Matrices of some hundred rows, with parts that are uneven or empty, empty and full
 * rows, and hostile values. Each rank works its rows out again by the expression that
 * linear.h gives, element by element.
 */

enum { MOST = 300, MOST_RANKS = 8 };

struct shape {
    uint64_t seed;
    int64_t n_rows, n_columns, block_length;
    int64_t cuts[MOST_RANKS + 1], column_cuts[MOST_RANKS + 1];
    bool is_square, is_hostile, is_symmetric;
    int64_t bad_row, bad_column; /* an entry that differs; -1: none */
};

/* What the run under way found; all ranks live in this process. */
static struct {
    uint64_t seed;
    struct {
        double dot[4];
        char fault[TROUPE_TEXT_BYTES];
    } found;
    int n_done;
} now;

static uint64_t hash(uint64_t seed, int64_t i, int64_t j)
{
    struct base_random random = {seed + (uint64_t)i * 1000003 + (uint64_t)j * 7919};

    (void)base_random_next(&random);
    return base_random_next(&random);
}

static double number(const struct shape *shape, uint64_t word)
{
    struct base_random random = {word};

    if (shape->is_hostile)
        return data_value((enum data_kind)(shape->seed % DATA_N_KINDS), (int64_t)word,
                          &random);
    return (double)(int64_t)word * 0x1p-63;
}

/* False: there is no such entry. */
static bool entry_at(const struct shape *shape, int64_t i, int64_t j, double *value)
{
    bool is_mirrored = shape->is_symmetric && j < i;
    uint64_t word = hash(shape->seed, is_mirrored ? j : i, is_mirrored ? i : j);
    uint64_t kind = hash(shape->seed + 1, i, 0) % 40;
    uint64_t density = shape->is_symmetric || kind > 1 ? 20 : kind == 0 ? 0 : 1000;

    *value = number(shape, word);
    if (i == shape->bad_row && j == shape->bad_column)
        *value = 1.25;
    return word % 1000 < density || (shape->is_symmetric && i == j) ||
           (i == shape->bad_row && j == shape->bad_column);
}

static int row_of(int64_t row, int64_t *columns, double *values, const void *argument)
{
    const struct shape *shape = argument;
    bool is_backward = row % 3 == 0;
    int n = 0;

    for (int64_t k = 0; k < shape->n_columns; k++) {
        int64_t j = is_backward ? shape->n_columns - 1 - k : k;

        columns[n] = j;
        n += entry_at(shape, row, j, &values[n]);
    }
    return n;
}
TROUPE_ROW_KERNEL(row_kernel, row_of);

_Static_assert((int)MOST < (int)ROWS_MOST, "room for a row");

static double
expected(const struct shape *shape, int64_t row, const double *x, troupe_how how)
{
    static struct rows_terms terms; /* nobody waits in here */

    terms.n = 0;
    for (int64_t j = 0; j < shape->n_columns; j++)
        if (entry_at(shape, row, j, &terms.values[terms.n]))
            terms.x[terms.n++] = x[j];
    return rows_at_level(&terms, how);
}

/* ---- shapes ------------------------------------------------------------------- */

static struct shape draw_shape(uint64_t seed, int n_ranks)
{
    static const int64_t awkward[] = {1, 2, 15, 16, 17, 32, 33, 255, 256, 257};
    struct base_random random = {seed};
    struct shape shape = {.seed = seed, .bad_row = -1, .bad_column = -1};
    int64_t b;

    shape.n_rows = base_random_below(&random, 2)
                       ? awkward[base_random_below(&random, ARRAY_LENGTH(awkward))]
                       : 1 + base_random_below(&random, MOST);
    shape.is_square = base_random_below(&random, 3) > 0;
    shape.n_columns =
        shape.is_square ? shape.n_rows : 1 + base_random_below(&random, MOST);
    shape.is_hostile = base_random_below(&random, 2);
    b = shape.block_length = 16 * (int64_t)(1 + base_random_below(&random, 4));
    cuts_draw(&random, n_ranks, (shape.n_rows + b - 1) / b, shape.cuts);
    cuts_draw(&random, n_ranks, (shape.n_columns + b - 1) / b, shape.column_cuts);
    if (shape.is_square)
        memcpy(shape.column_cuts, shape.cuts, sizeof shape.cuts);
    return shape;
}

static troupe_matrix_options options_of(const struct shape *shape)
{
    return (troupe_matrix_options){.n_rows = shape->n_rows,
                                   .n_columns = shape->n_columns,
                                   .block_length = shape->block_length,
                                   .cuts = shape->cuts,
                                   .column_cuts = shape->column_cuts};
}

static troupe_array
make_array(troupe_actor *self, const struct shape *shape, bool is_row, double *all)
{
    const troupe_array_options options = {
        .element = TROUPE_DOUBLE,
        .length = is_row ? shape->n_rows : shape->n_columns,
        .block_length = shape->block_length,
        .cuts = is_row ? shape->cuts : shape->column_cuts};
    troupe_array array;
    troupe_array_part part;

    REQUIRE(troupe_array_create(self, troupe_rank_team(self), &options, &array) ==
            TROUPE_OK);
    part = troupe_array_mine(self, array);
    for (int64_t i = 0; all && i < options.length; i++)
        all[i] = number(shape, hash(shape->seed + 2, i, 0));
    if (all && part.n_elements > 0)
        memcpy(part.data, all + part.first, (size_t)part.n_elements * sizeof *all);
    return array;
}

static bool is_same(double a, double b)
{
    return (a != a && b != b) || memcmp(&a, &b, sizeof a) == 0;
}

static void check_product(troupe_actor *self,
                          const struct shape *shape,
                          const double *x,
                          troupe_how how,
                          troupe_array y)
{
    troupe_array_part part = troupe_array_mine(self, y);

    for (int64_t i = 0; i < part.n_elements; i++)
        REQUIRE(is_same(((const double *)part.data)[i],
                        expected(shape, part.first + i, x, how)));
}

/* ---- products ----------------------------------------------------------------- */

static void with_dot(troupe_actor *self,
                     troupe_matrix matrix,
                     troupe_array x,
                     troupe_array y,
                     troupe_how how)
{
    double dot, *mine = &now.found.dot[how.level];

    REQUIRE(troupe_multiply_dot(self, matrix, x, y, how, mine) == TROUPE_OK);
    REQUIRE(troupe_dot(self, x, y, how, &dot) == TROUPE_OK);
    REQUIRE(memcmp(&dot, mine, sizeof dot) == 0);
}

static void
with_dot_later(troupe_actor *self, troupe_matrix matrix, troupe_array x, troupe_array y)
{
    double later = 0, dot;
    troupe_task task;

    REQUIRE(troupe_multiply_dot(self, matrix, x, y, troupe_later(TROUPE_TREE, &task),
                                &later) == TROUPE_OK);
    REQUIRE(troupe_multiply_dot(self, matrix, x, y, TROUPE_TREE, &dot) == TROUPE_OK);
    REQUIRE(troupe_task_wait(self, &task) == TROUPE_OK);
    REQUIRE(memcmp(&later, &dot, sizeof dot) == 0);
}

/* y is what each level says, with the dot product and without. */
static void each_level(troupe_actor *self,
                       const struct shape *shape,
                       troupe_matrix matrix,
                       const double *all,
                       troupe_array x,
                       troupe_array y)
{
    static const troupe_how levels[] = {{.level = TROUPE_LEVEL_TREE},
                                        {.level = TROUPE_LEVEL_TREE_DD},
                                        {.level = TROUPE_LEVEL_EXACT},
                                        {.level = TROUPE_LEVEL_FAST}};

    for (int i = 0; i < 4; i++) {
        REQUIRE(troupe_multiply(self, matrix, x, y, levels[i]) == TROUPE_OK);
        check_product(self, shape, all, levels[i], y);
    }
    for (int i = 0; i < 3 && shape->is_square; i++) {
        with_dot(self, matrix, x, y, levels[i]);
        check_product(self, shape, all, levels[i], y);
    }
    if (shape->is_square)
        with_dot_later(self, matrix, x, y);
}

static void
refusals(troupe_actor *self, troupe_matrix matrix, troupe_array x, troupe_array y)
{
    double dot = 7;

    REQUIRE(troupe_multiply(self, matrix, x, x, TROUPE_TREE) == TROUPE_INVALID);
    REQUIRE(troupe_multiply(self, matrix, x, y,
                            (troupe_how){.level = (enum troupe_level)9}) ==
            TROUPE_INVALID);
    REQUIRE(troupe_multiply_dot(self, matrix, y, y, TROUPE_TREE, &dot) ==
            TROUPE_INVALID);
    REQUIRE(dot == 7);
}

static void diagonal(troupe_actor *self,
                     const struct shape *shape,
                     troupe_matrix matrix,
                     troupe_array y)
{
    troupe_array_part part = troupe_array_mine(self, y);

    REQUIRE(troupe_matrix_diagonal(self, matrix, y, TROUPE_TREE) == TROUPE_OK);
    for (int64_t i = 0; i < part.n_elements; i++) {
        int64_t row = part.first + i;
        double value;

        if (row >= shape->n_columns || !entry_at(shape, row, row, &value))
            value = 0;
        REQUIRE(is_same(((const double *)part.data)[i], value));
    }
}

static void products(troupe_actor *self, const struct shape *shape)
{
    troupe_matrix_options options = options_of(shape);
    double all[MOST + 1];
    troupe_array x = make_array(self, shape, false, all);
    troupe_array y = make_array(self, shape, true, NULL);
    troupe_row_kernel bare = row_kernel;
    troupe_matrix matrix;

    bare.kernel.probe = NULL;
    REQUIRE(troupe_matrix_generate(self, troupe_rank_team(self), &options, MOST + 1,
                                   &bare, shape, &matrix, NULL) == TROUPE_INVALID);
    REQUIRE(troupe_matrix_generate(self, troupe_rank_team(self), &options, MOST + 1,
                                   &row_kernel, shape, &matrix, NULL) == TROUPE_OK);
    refusals(self, matrix, x, y);
    each_level(self, shape, matrix, all, x, y);
    diagonal(self, shape, matrix, y);
    troupe_matrix_destroy(self, &matrix);
    REQUIRE(matrix.bits == 0);
    troupe_array_destroy(self, &x);
    troupe_array_destroy(self, &y);
}

/* ---- entries ------------------------------------------------------------------ */

enum { MOST_ENTRIES = (MOST + 1) * (MOST + 1) };

/* All entries in an order of no meaning; of some a part of the value follows apart. */
static int64_t list_entries(const struct shape *shape, troupe_entry *entries)
{
    struct base_random random = {shape->seed + 3};
    int64_t n = 0;
    double value;

    for (int64_t i = 0; i < shape->n_rows; i++)
        for (int64_t j = 0; j < shape->n_columns; j++)
            if (entry_at(shape, i, j, &value))
                entries[n++] = (troupe_entry){i, j, value};
    for (int64_t i = n - 1; i > 0; i--) {
        int64_t k = base_random_below(&random, (uint32_t)i + 1);
        troupe_entry other = entries[i];

        entries[i] = entries[k];
        entries[k] = other;
    }
    return n;
}

static void from_entries(troupe_actor *self, const struct shape *shape)
{
    static troupe_entry entries[MOST_ENTRIES];
    struct base_random random = {shape->seed + 4};
    int n_ranks = troupe_n_ranks(self), me = troupe_rank(self);
    int64_t n = list_entries(shape, entries), cuts[MOST_RANKS + 1];
    troupe_matrix_options options = options_of(shape);
    double all[MOST + 1];
    troupe_array x, y;
    troupe_matrix matrix;
    troupe_matrix_fault fault;

    cuts_draw(&random, n_ranks, n, cuts);
    x = make_array(self, shape, false, all);
    y = make_array(self, shape, true, NULL);
    /* The list is the same for all; nobody waits before the call has copied it. */
    n = list_entries(shape, entries);
    REQUIRE(troupe_matrix_from_entries(self, troupe_rank_team(self), &options,
                                       entries + cuts[me], cuts[me + 1] - cuts[me],
                                       &matrix, &fault) == TROUPE_OK);
    REQUIRE(troupe_matrix_describe(self, matrix).n_entries == n);
    REQUIRE(troupe_multiply(self, matrix, x, y, TROUPE_TREE) == TROUPE_OK);
    check_product(self, shape, all, TROUPE_TREE, y);
    troupe_matrix_destroy(self, &matrix);
    troupe_array_destroy(self, &x);
    troupe_array_destroy(self, &y);
}

/* Many entries at one place, others between them: what is added first matters. */
static void twice(troupe_actor *self)
{
    enum { N = 100 };
    int n_ranks = troupe_n_ranks(self), me = troupe_rank(self);
    int begin = N * me / n_ranks, n = N * (me + 1) / n_ranks - begin;
    troupe_matrix_options options = {.n_rows = 2, .block_length = 16};
    troupe_array_options shape = {
        .element = TROUPE_DOUBLE, .length = 2, .block_length = 16};
    troupe_entry entries[N];
    troupe_array diagonal;
    troupe_matrix matrix;
    double sum = 1;

    for (int i = 0; i < n; i++)
        entries[i] = (troupe_entry){0, (begin + i) % 2, 1.0 / (begin + i + 1)};
    for (int i = 2; i < N; i += 2)
        sum += 1.0 / (i + 1);
    REQUIRE(troupe_matrix_from_entries(self, troupe_rank_team(self), &options, entries,
                                       n, &matrix, NULL) == TROUPE_OK);
    REQUIRE(troupe_array_create(self, troupe_rank_team(self), &shape, &diagonal) ==
            TROUPE_OK);
    REQUIRE(troupe_matrix_diagonal(self, matrix, diagonal, TROUPE_TREE) == TROUPE_OK);
    if (troupe_array_mine(self, diagonal).n_elements > 0)
        REQUIRE(is_same(*(double *)troupe_array_mine(self, diagonal).data, sum));
    entries[0] = (troupe_entry){.row = n_ranks > 1 ? me + 1 : 2, .column = 0};
    REQUIRE(troupe_matrix_from_entries(self, troupe_rank_team(self), &options, entries,
                                       1, &matrix, NULL) == TROUPE_FAILED);
}

/* ---- checks ------------------------------------------------------------------- */

/* The first entry in the order of the rows that has no equal mirror. */
static bool find_bad(const struct shape *shape, int64_t place[2])
{
    for (int64_t i = 0; i < shape->n_rows; i++)
        for (int64_t j = 0; j < shape->n_rows; j++) {
            double value, mirror;

            place[0] = i;
            place[1] = j;
            if (entry_at(shape, i, j, &value) &&
                (!entry_at(shape, j, i, &mirror) || value != mirror))
                return true;
        }
    return false;
}

static void checks(troupe_actor *self, struct shape shape)
{
    troupe_matrix_options options;
    troupe_matrix_fault fault = {.row = -7};
    troupe_matrix matrix;
    int64_t bad[2];
    bool is_bad;

    shape.is_symmetric = true;
    shape.is_hostile = false;
    if (shape.seed % 4 > 0) {
        shape.bad_row = (int64_t)(shape.seed % 1000 * 31) % shape.n_rows;
        shape.bad_column = (int64_t)(shape.seed % 1000 * 17) % shape.n_rows;
    }
    options = options_of(&shape);
    is_bad = find_bad(&shape, bad);
    REQUIRE(troupe_matrix_generate(self, troupe_rank_team(self), &options, MOST + 1,
                                   &row_kernel, &shape, &matrix, NULL) == TROUPE_OK);
    REQUIRE(troupe_matrix_check(self, matrix, TROUPE_CHECK_ALL, &fault) ==
            (is_bad ? TROUPE_FAILED : TROUPE_OK));
    if (is_bad)
        REQUIRE(fault.row == bad[0] && fault.column == bad[1]);
    if (is_bad)
        snprintf(now.found.fault, sizeof now.found.fault, "%s", fault.text);
    REQUIRE(troupe_matrix_check(self, matrix, 32, &fault) == TROUPE_INVALID);
}

static int
broken_row(int64_t row, int64_t *columns, double *values, const void *argument)
{
    int64_t kind = row == 20 ? *(const int64_t *)argument : 0;

    columns[0] = kind == 1 ? 64 : row;
    columns[1] = row;
    values[0] = values[1] = kind == 4 ? (double)INFINITY : 1;
    return kind == 2 ? -1 : kind == 3 ? 2 : kind == 5 ? 0 : kind == 6 ? 3 : 1;
}
TROUPE_ROW_KERNEL(broken_kernel, broken_row);

/* 2 and -1 on the diagonals; of kind 1 an element between blocks is 2, of kind 2
 * nearly, of kind 3 a diagonal is 0. */
static int
chain_row(int64_t row, int64_t *columns, double *values, const void *argument)
{
    int64_t kind = *(const int64_t *)argument;
    int n = 0;

    for (int64_t j = row - 1; j <= row + 1; j++) {
        if (j < 0 || j > 63)
            continue;
        columns[n] = j;
        values[n] = j != row ? -1 : kind == 3 && row == 40 ? 0 : 2;
        if (row + j == 63 && kind < 3)
            values[n] = kind == 1 ? -2 : kind == 2 ? -0x1.fffffffffffffp0 : -1;
        n++;
    }
    return n;
}
TROUPE_ROW_KERNEL(chain_kernel, chain_row);

static void definite(troupe_actor *self)
{
    const troupe_matrix_options options = {.n_rows = 64, .block_length = 16};
    static const int64_t rows[] = {-1, 31, -1, 40}, columns[] = {-1, 32, -1, 40};

    for (int64_t kind = 0; kind < 4; kind++) {
        troupe_matrix_fault fault = {.row = -1, .column = -1};
        troupe_matrix matrix;

        REQUIRE(troupe_matrix_generate(self, troupe_rank_team(self), &options, 3,
                                       &chain_kernel, &kind, &matrix,
                                       NULL) == TROUPE_OK);
        REQUIRE(troupe_matrix_check(self, matrix, TROUPE_CHECK_POSITIVE, &fault) ==
                (rows[kind] < 0 ? TROUPE_OK : TROUPE_FAILED));
        REQUIRE(fault.row == rows[kind] && fault.column == columns[kind]);
        troupe_matrix_destroy(self, &matrix);
    }
}

static void broken_rows(troupe_actor *self)
{
    static const struct {
        int64_t kind;
        troupe_status made, checked;
        const char *word;
    } cases[] = {{1, TROUPE_FAILED, TROUPE_OK, "which is none"},
                 {2, TROUPE_FAILED, TROUPE_OK, "function failed"},
                 {3, TROUPE_FAILED, TROUPE_OK, "twice"},
                 {4, TROUPE_OK, TROUPE_FAILED, "finite"},
                 {5, TROUPE_OK, TROUPE_FAILED, "no entries"},
                 {6, TROUPE_FAILED, TROUPE_OK, "more entries"}};
    troupe_matrix_options options = {.n_rows = 64, .block_length = 16};

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        troupe_matrix_fault fault;
        troupe_matrix matrix;
        troupe_status status =
            troupe_matrix_generate(self, troupe_rank_team(self), &options, 2,
                                   &broken_kernel, &cases[i].kind, &matrix, &fault);

        REQUIRE(status == cases[i].made);
        if (status == TROUPE_OK)
            REQUIRE(troupe_matrix_check(self, matrix, TROUPE_CHECK_ALL, &fault) ==
                    cases[i].checked);
        REQUIRE(fault.row == 20 && strstr(fault.text, cases[i].word));
    }
}

static void mismatches(troupe_actor *self)
{
    troupe_matrix_options options = {.n_rows = troupe_rank(self) == 0 ? 40 : 41};
    troupe_matrix_fault fault;
    troupe_matrix matrix;
    troupe_status status =
        troupe_matrix_poisson(self, troupe_rank_team(self), 3, 8, &options, &matrix);

    REQUIRE(status == TROUPE_INVALID);
    status = troupe_matrix_from_entries(self, troupe_rank_team(self), &options, NULL, 0,
                                        &matrix, &fault);
    REQUIRE(status == (troupe_n_ranks(self) > 1 ? TROUPE_MISMATCH : TROUPE_OK));
}

static troupe_status body(troupe_actor *self)
{
    struct shape shape = draw_shape(now.seed, troupe_n_ranks(self));

    products(self, &shape);
    from_entries(self, &shape);
    twice(self);
    broken_rows(self);
    definite(self);
    if (shape.is_square)
        checks(self, shape);
    mismatches(self);
    now.n_done++;
    return TROUPE_OK;
}
TROUPE_PROCESS(main_process, body);

static const troupe_program program = {.main = &main_process};

static void begin(uint64_t seed, int n_ranks)
{
    const struct numeric_isa *list[4];
    int n_listed = numeric_isa_list(list);

    memset(&now, 0, sizeof now);
    now.seed = seed;
    setenv("TROUPE_ISA", n_ranks == 1 ? "" : list[seed % (uint64_t)n_listed]->name, 1);
    setenv("TROUPE_CHECK", seed % 5 == 0 ? "1" : "0", 1);
}

static const char *check(uint64_t seed, int n_ranks, int exit_code)
{
    if (exit_code != 0 || now.n_done != n_ranks)
        return "not all were done";
    return sim_job_alone(&program, seed, begin, &now.found, sizeof now.found);
}

START_TEST(same_bits)
{
    static const struct sim_job job = {&program, MOST_RANKS, begin, check};

    ck_assert_int_eq(sim_job_run(&job, 60), 0);
}
END_TEST

CHECK_MAIN("linear", same_bits)
