/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
#include "linear/linear.h"
#include "team/team.h"
#include <string.h>

/*
 * Rows are asked for twice, by the threads that will work on them: first to be counted
 * and checked, then, when there is room, to be kept. Columns of others are noted on the
 * way and become places in the halo at last. With TROUPE_CHECK=1 they are asked for a
 * third time, from the last to the first, and must be what is kept.
 */

struct pass {
    struct linear_matrix *matrix;
    int64_t first_row, first_column, n_own; /* columns */
};

static struct pass pass_of(struct linear_matrix *matrix)
{
    return (struct pass){.matrix = matrix,
                         .first_row = array_mine_first(matrix->ends),
                         .first_column = array_mine_first(&matrix->column),
                         .n_own = array_mine_length(&matrix->column)};
}

static bool is_own(const struct pass *pass, int64_t column)
{
    return column >= pass->first_column && column - pass->first_column < pass->n_own;
}

/* What a row function says; n < 0: minus the fault. */
struct row {
    int64_t number, n;
    const int64_t *columns;
    const double *values;
};

static struct row ask(const struct pass *pass, int64_t i, int thread)
{
    const struct linear_build *build = pass->matrix->build;
    struct row row = {.number = pass->first_row + i};

    row.n = build->source.row(build->source.context, row.number, thread, &row.columns,
                              &row.values);
    return row;
}

/* ---- counting ----------------------------------------------------------------- */

static void fail(struct linear_build *build,
                 int64_t block,
                 enum linear_fault_kind kind,
                 int64_t row,
                 int64_t column)
{
    linear_verdict_set(&build->faults[block], kind, row, column);
}

/* The number of columns of others; -1: something is wrong and has been noted. */
static int64_t check_row(const struct pass *pass, int64_t block, const struct row *row)
{
    const int64_t *columns = row->columns;
    struct linear_build *build = pass->matrix->build;
    int64_t n_far = 0;

    if (row->n < 0) {
        fail(build, block, (enum linear_fault_kind) - row->n, row->number, -1);
        return -1;
    }
    for (int64_t i = 0; i < row->n; i++) {
        enum linear_fault_kind kind =
            columns[i] < 0 || columns[i] >= pass->matrix->column.length
                ? LINEAR_COLUMN_OUTSIDE
            : i > 0 && columns[i] == columns[i - 1] ? LINEAR_COLUMN_TWICE
                                                    : LINEAR_NO_FAULT;

        if (kind != LINEAR_NO_FAULT) {
            fail(build, block, kind, row->number, columns[i]);
            return -1;
        }
        n_far += !is_own(pass, columns[i]);
    }
    return n_far;
}

static void count_block(void *context, int64_t block, int thread)
{
    const struct pass *pass = context;
    struct linear_matrix *matrix = pass->matrix;
    struct linear_build *build = matrix->build;
    uint32_t *ends = (uint32_t *)(void *)matrix->ends->memory.bytes;
    int64_t n_rows, first = linear_block_rows(matrix, block, &n_rows);
    int64_t n_entries = 0;

    for (int64_t i = first; i < first + n_rows; i++) {
        struct row row = ask(pass, i, thread);
        int64_t n_far = check_row(pass, block, &row);

        if (n_far < 0)
            return;
        n_entries += row.n;
        if (n_entries > UINT32_MAX) {
            fail(build, block, LINEAR_PART_TOO_LARGE, -1, -1);
            return;
        }
        ends[i] = (uint32_t)n_entries;
        build->far_counts[block] += n_far;
    }
    build->counts[block] = n_entries;
}

static bool make_lists(struct linear_matrix *matrix, int64_t n_blocks)
{
    struct linear_build *build = matrix->build;
    size_t n = (size_t)n_blocks + 1;

    build->counts = base_try_alloc(n * sizeof *build->counts);
    build->far_counts = base_try_alloc(n * sizeof *build->far_counts);
    build->faults = base_try_alloc(n * sizeof *build->faults);
    matrix->near = base_try_alloc(n * sizeof *matrix->near);
    matrix->far = base_try_alloc(n * sizeof *matrix->far);
    if (!build->counts || !build->far_counts || !build->faults || !matrix->near ||
        !matrix->far)
        return false;
    memset(build->counts, 0, n * sizeof *build->counts);
    memset(build->far_counts, 0, n * sizeof *build->far_counts);
    memset(build->faults, 0, n * sizeof *build->faults);
    return true;
}

static void list_blocks(struct linear_matrix *matrix, int64_t n_blocks)
{
    for (int64_t block = 0; block < n_blocks; block++)
        if (matrix->build->far_counts[block] > 0)
            matrix->far[matrix->n_far++] = block;
        else
            matrix->near[matrix->n_near++] = block;
}

static void
count(troupe_actor *self, struct linear_matrix *matrix, struct linear_verdict *verdict)
{
    int64_t n_blocks = linear_n_blocks(matrix), n_far;
    struct pass pass = pass_of(matrix);
    bool has_room;
    size_t n;

    if (!make_lists(matrix, n_blocks)) {
        verdict->status = TROUPE_NO_MEMORY;
        return;
    }
    array_work(self, n_blocks, count_block, &pass);
    for (int64_t block = 0; block < n_blocks; block++)
        if (matrix->build->faults[block].status != TROUPE_OK) {
            *verdict = matrix->build->faults[block];
            return;
        }
    list_blocks(matrix, n_blocks);
    matrix->n_entries = kernel_prefix_sum(matrix->build->counts, n_blocks + 1);
    n_far = kernel_prefix_sum(matrix->build->far_counts, n_blocks + 1);
    matrix->build->far = base_try_alloc((size_t)n_far * sizeof(int64_t));
    /* One more, so that there is an address even where there are no entries. */
    n = (size_t)matrix->n_entries + 1;
    has_room = array_memory_take(&matrix->values, n * sizeof(double)) &&
               array_memory_take(&matrix->columns, n * sizeof(int32_t));
    if (!has_room || !matrix->build->far)
        verdict->status = TROUPE_NO_MEMORY;
}

/* ---- keeping ------------------------------------------------------------------ */

/* False: it is not the row that was counted. */
static bool keep_row(const struct pass *pass,
                     int64_t entry,
                     const struct row *row,
                     int64_t *next_far,
                     int64_t end_far)
{
    const int64_t *columns = row->columns;
    struct linear_matrix *matrix = pass->matrix;
    double *kept = (double *)(void *)matrix->values.bytes + entry;
    int32_t *places = (int32_t *)(void *)matrix->columns.bytes + entry;

    for (int64_t i = 0; i < row->n; i++) {
        kept[i] = row->values[i];
        places[i] = -1;
        if (is_own(pass, columns[i]))
            places[i] = (int32_t)(columns[i] - pass->first_column);
        else if (*next_far < end_far && columns[i] >= 0 &&
                 columns[i] < matrix->column.length)
            matrix->build->far[(*next_far)++] = columns[i];
        else
            return false;
    }
    return true;
}

static void keep_block(void *context, int64_t block, int thread)
{
    const struct pass *pass = context;
    struct linear_matrix *matrix = pass->matrix;
    struct linear_build *build = matrix->build;
    const uint32_t *ends = linear_ends(matrix);
    int64_t n_rows, first = linear_block_rows(matrix, block, &n_rows);
    int64_t entry = matrix->build->counts[block], begin = 0;
    int64_t far = build->far_counts[block], end_far = build->far_counts[block + 1];

    for (int64_t i = first; i < first + n_rows; i++) {
        struct row row = ask(pass, i, thread);

        if (row.n != (int64_t)ends[i] - begin ||
            !keep_row(pass, entry, &row, &far, end_far)) {
            fail(build, block, LINEAR_ROW_IMPURE, row.number, -1);
            return;
        }
        entry += row.n;
        begin = (int64_t)ends[i];
    }
    if (far != end_far)
        fail(build, block, LINEAR_ROW_IMPURE, pass->first_row + first, -1);
}

/* ---- the check ---------------------------------------------------------------- */

/* Goes back over the row's columns of others, which end at *far. */
static bool
is_as_kept(const struct pass *pass, int64_t entry, const struct row *row, int64_t *far)
{
    const struct linear_matrix *matrix = pass->matrix;
    const double *kept = linear_values(matrix) + entry;
    const int32_t *places = (const int32_t *)(void *)matrix->columns.bytes + entry;

    for (int64_t i = row->n - 1; i >= 0; i--) {
        int64_t column = places[i] >= 0 ? pass->first_column + places[i]
                                        : matrix->build->far[--*far];

        if (row->columns[i] != column ||
            numeric_bits_of(row->values[i]) != numeric_bits_of(kept[i]))
            return false;
    }
    return true;
}

static void check_block(void *context, int64_t task, int thread)
{
    const struct pass *pass = context;
    struct linear_matrix *matrix = pass->matrix;
    struct linear_build *build = matrix->build;
    const uint32_t *ends = linear_ends(matrix);
    int64_t block = linear_n_blocks(matrix) - 1 - task,
            far = build->far_counts[block + 1];
    int64_t n_rows, first = linear_block_rows(matrix, block, &n_rows);

    for (int64_t i = first + n_rows - 1; i >= first; i--) {
        int64_t begin = i > first ? (int64_t)ends[i - 1] : 0;
        struct row row = ask(pass, i, thread);

        if (row.n != (int64_t)ends[i] - begin ||
            !is_as_kept(pass, build->counts[block] + begin, &row, &far)) {
            fail(build, block, LINEAR_ROW_IMPURE, row.number, -1);
            return;
        }
    }
}

static bool are_all_well(const struct linear_matrix *matrix, int64_t n_blocks)
{
    for (int64_t block = 0; block < n_blocks; block++)
        if (matrix->build->faults[block].status != TROUPE_OK)
            return false;
    return true;
}

static void
keep(troupe_actor *self, struct linear_matrix *matrix, struct linear_verdict *verdict)
{
    struct pass pass = pass_of(matrix);
    int64_t n_blocks = linear_n_blocks(matrix);

    array_work(self, n_blocks, keep_block, &pass);
    if (kernel_of(self->home->rank)->is_checking && are_all_well(matrix, n_blocks))
        array_work(self, n_blocks, check_block, &pass);
    for (int64_t block = n_blocks - 1; block >= 0; block--)
        if (matrix->build->faults[block].status != TROUPE_OK)
            *verdict = matrix->build->faults[block];
    matrix->block_starts = matrix->build->counts;
    matrix->build->counts = NULL;
}

troupe_status linear_build(troupe_actor *self,
                           troupe_team *team,
                           struct linear_matrix *matrix,
                           struct linear_verdict *verdict)
{
    count(self, matrix, verdict);
    TROUPE_TRY(linear_agree(self, team, verdict));
    keep(self, matrix, verdict);
    TROUPE_TRY(linear_agree(self, team, verdict));
    verdict->status = (uint64_t)linear_halo_make(self, team, matrix);
    /* Whatever has gone wrong so far, for it may have done so here only. */
    TROUPE_TRY(array_add_up(self, team, &matrix->n_entries, &matrix->n_all_entries, 1));
    TROUPE_TRY(linear_agree(self, team, verdict));
    matrix->id = matrix->ends->id;
    if (!base_map_put(&matrix->here->matrices, matrix->id, matrix))
        verdict->status = TROUPE_NO_MEMORY;
    return linear_agree(self, team, verdict);
}
