/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
#include "kernel/task.h"
#include "linear/linear.h"
#include "team/team.h"
#include <math.h>
#include <string.h>

/* What a matrix looks like: its diagonal, and whether it is what it should be. */

/* The place of a row's entry in a global column; -1: there is none. */
static int64_t find_entry(const struct linear_matrix *matrix,
                          int64_t begin,
                          int64_t end,
                          int64_t column)
{
    while (begin < end) {
        int64_t middle = begin + (end - begin) / 2;
        int64_t there = linear_column(matrix, middle);

        if (there == column)
            return middle;
        if (there < column)
            begin = middle + 1;
        else
            end = middle;
    }
    return -1;
}

/* ---- the diagonal ------------------------------------------------------------- */

struct diagonal {
    const struct linear_matrix *matrix;
    double *values;
};

static void diagonal_block(void *context, int64_t block, int thread)
{
    const struct diagonal *diagonal = context;
    const struct linear_matrix *matrix = diagonal->matrix;
    int64_t n_rows, first = linear_block_rows(matrix, block, &n_rows);

    (void)thread;
    for (int64_t i = first; i < first + n_rows; i++) {
        int64_t range[2], entry;

        linear_row_range(matrix, i, range);
        entry =
            find_entry(matrix, range[0], range[1], array_mine_first(matrix->ends) + i);
        diagonal->values[i] = entry < 0 ? 0 : linear_values(matrix)[entry];
    }
}

static troupe_status perform_diagonal(struct kernel_run *run,
                                      const struct kernel_request *request,
                                      troupe_status mine)
{
    struct diagonal diagonal = {
        .matrix = linear_matrix_of(run, request->in[0]),
        .values = (double *)(void *)request->out[0]->memory.bytes,
    };

    TROUPE_TRY(array_agree(run->self, run->team, mine, run->fingerprint));
    kernel_work(run, linear_n_blocks(diagonal.matrix), diagonal_block, &diagonal);
    return TROUPE_OK;
}

static const struct kernel_operation diagonal_operation = {
    .name = "troupe_matrix_diagonal",
    .levels = KERNEL_ALL_LEVELS,
    .expression = {"copied", "copied", "copied", "copied"},
    .is_bound_to_cut = true,
    .perform = perform_diagonal,
};

troupe_status troupe_matrix_diagonal(troupe_actor *self,
                                     troupe_matrix id,
                                     troupe_array diagonal,
                                     troupe_how how)
{
    struct kernel_request request = {.operation = &diagonal_operation, .how = how};
    troupe_status mine = TROUPE_OK;

    (void)linear_matrix_find(self, id, "troupe_matrix_diagonal");
    kernel_take_in(self, &request, (troupe_array){id.bits});
    kernel_take_out(self, &request, diagonal);
    if (request.out[0]->element != TROUPE_DOUBLE)
        mine = kernel_refuse(kernel_of(self->home->rank), &request,
                             "it wants an array of doubles");
    return kernel_call(self, &request, mine);
}

/* ---- a look at each row ------------------------------------------------------- */

struct looking {
    struct linear_matrix *matrix;
    unsigned wishes;
    struct linear_verdict *faults; /* by block */
    int64_t *n_mirrors;            /* by block: entries whose mirror is elsewhere */
};

static bool is_own_row(const struct linear_matrix *matrix, int64_t row)
{
    int64_t place = row - array_mine_first(matrix->ends);

    return place >= 0 && place < array_mine_length(matrix->ends);
}

static void compare_mirror(const struct linear_matrix *matrix,
                           const troupe_entry *entry,
                           struct linear_verdict *verdict)
{
    int64_t range[2], mirror;

    linear_row_range(matrix, entry->column - array_mine_first(matrix->ends), range);
    mirror = find_entry(matrix, range[0], range[1], entry->row);
    if (mirror < 0)
        linear_verdict_set(verdict, LINEAR_NO_MIRROR, entry->row, entry->column);
    else if (linear_values(matrix)[mirror] != entry->value)
        linear_verdict_set(verdict, LINEAR_MIRROR_DIFFERS, entry->row, entry->column);
}

/* Is d e > a^2, for positive d and e? To the last bit, whatever their size. */
static bool is_less_than_product(double a, double d, double e)
{
    int d_exponent, e_exponent, a_exponent, shift;
    double difference;

    if (a == 0)
        return true;
    d = frexp(d, &d_exponent);
    e = frexp(e, &e_exponent);
    a = frexp(a, &a_exponent);
    shift = d_exponent + e_exponent - 2 * a_exponent;
    if (shift > 2 || shift < -2) /* both products are from 1/4 to 1 */
        return shift > 0;
    difference = ldexp(d * e, shift) - a * a;
    if (fabs(difference) > 0x1p-40)
        return difference > 0;
    return difference + (ldexp(fma(d, e, -(d * e)), shift) - fma(a, a, -(a * a))) > 0;
}

/* 0: there is none. */
static double diagonal_of(const struct linear_matrix *matrix, int64_t row)
{
    int64_t range[2], entry;

    linear_row_range(matrix, row, range);
    entry =
        find_entry(matrix, range[0], range[1], array_mine_first(matrix->ends) + row);
    return entry < 0 ? 0 : linear_values(matrix)[entry];
}

/* Of an entry whose column's row is the caller's, and whose value is its own row's
 * diagonal: the entry stands at its mirror's place too. */
static void judge_minor(const struct linear_matrix *matrix,
                        const troupe_entry *entry,
                        struct linear_verdict *verdict)
{
    int64_t range[2], mirror, row = entry->column - array_mine_first(matrix->ends);
    double other = diagonal_of(matrix, row);

    linear_row_range(matrix, row, range);
    mirror = find_entry(matrix, range[0], range[1], entry->row);
    if (mirror >= 0 && entry->value > 0 && other > 0 &&
        !is_less_than_product(linear_values(matrix)[mirror], entry->value, other))
        linear_verdict_set(verdict, LINEAR_MINOR_NOT_POSITIVE, entry->row,
                           entry->column);
}

static void judge_row(const struct looking *looking, int64_t block, int64_t row)
{
    const struct linear_matrix *matrix = looking->matrix;
    struct linear_verdict *verdict = &looking->faults[block];
    troupe_entry entry = {.row = array_mine_first(matrix->ends) + row,
                          .value = diagonal_of(matrix, row)};
    int64_t range[2];

    if (!(entry.value > 0))
        linear_verdict_set(verdict, LINEAR_DIAGONAL_NOT_POSITIVE, entry.row, entry.row);
    linear_row_range(matrix, row, range);
    for (int64_t i = range[0]; i < range[1]; i++) {
        entry.column = linear_column(matrix, i);
        if (!is_own_row(matrix, entry.column))
            looking->n_mirrors[block]++;
        else if (entry.column != entry.row)
            judge_minor(matrix, &entry, verdict);
    }
}

static void look_at_row(const struct looking *looking, int64_t block, int64_t row)
{
    const struct linear_matrix *matrix = looking->matrix;
    struct linear_verdict *verdict = &looking->faults[block];
    troupe_entry entry = {.row = array_mine_first(matrix->ends) + row};
    int64_t range[2];

    linear_row_range(matrix, row, range);
    if (looking->wishes == TROUPE_CHECK_ROWS && range[0] == range[1])
        linear_verdict_set(verdict, LINEAR_ROW_EMPTY, entry.row, -1);
    for (int64_t i = range[0]; i < range[1]; i++) {
        entry.column = linear_column(matrix, i);
        entry.value = linear_values(matrix)[i];
        if (looking->wishes == TROUPE_CHECK_FINITE && !isfinite(entry.value))
            linear_verdict_set(verdict, LINEAR_NOT_FINITE, entry.row, entry.column);
        if (looking->wishes != TROUPE_CHECK_SYMMETRIC)
            continue;
        if (is_own_row(matrix, entry.column))
            compare_mirror(matrix, &entry, verdict);
        else
            looking->n_mirrors[block]++;
    }
}

static void look_at_block(void *context, int64_t block, int thread)
{
    const struct looking *looking = context;
    int64_t n_rows, first = linear_block_rows(looking->matrix, block, &n_rows);

    (void)thread;
    memset(&looking->faults[block], 0, sizeof looking->faults[block]);
    looking->n_mirrors[block] = 0;
    for (int64_t i = first; i < first + n_rows; i++)
        if (looking->wishes == TROUPE_CHECK_POSITIVE)
            judge_row(looking, block, i);
        else
            look_at_row(looking, block, i);
}

/* One wish on all rows of this member. */
static struct linear_verdict look(troupe_actor *self, struct looking *looking)
{
    int64_t n_blocks = linear_n_blocks(looking->matrix);
    struct linear_verdict verdict = {.row = -1, .column = -1};

    array_work(self, n_blocks, look_at_block, looking);
    for (int64_t i = 0; i < n_blocks && verdict.status == TROUPE_OK; i++)
        if (looking->faults[i].status != TROUPE_OK)
            verdict = looking->faults[i];
    return verdict;
}

/* ---- mirrors elsewhere -------------------------------------------------------- */

/* Entries whose mirror is in a row of another member. */
static void
list_mirrors(const struct looking *looking, troupe_entry *entries, int64_t *n_entries)
{
    const struct linear_matrix *matrix = looking->matrix;

    *n_entries = 0;
    for (int64_t row = 0; row < array_mine_length(matrix->ends); row++) {
        double diagonal = diagonal_of(matrix, row);
        int64_t range[2];

        linear_row_range(matrix, row, range);
        for (int64_t i = range[0]; i < range[1]; i++)
            if (!is_own_row(matrix, linear_column(matrix, i)))
                entries[(*n_entries)++] =
                    (troupe_entry){.row = linear_column(matrix, i),
                                   .column = array_mine_first(matrix->ends) + row,
                                   .value = looking->wishes == TROUPE_CHECK_POSITIVE
                                                ? diagonal
                                                : linear_values(matrix)[i]};
    }
}

/* Of the mirrors of others' entries that should be here, the first that is not. */
static void compare_gathered(const struct looking *looking,
                             const struct linear_gathered *gathered,
                             struct linear_verdict *verdict)
{
    const struct linear_matrix *matrix = looking->matrix;

    for (int64_t i = 0; i < gathered->n_items; i++) {
        const troupe_entry entry = {.row = gathered->items[i].column,
                                    .column = gathered->items[i].row,
                                    .value = gathered->items[i].value};
        struct linear_verdict fault = {.row = -1, .column = -1};

        if (looking->wishes == TROUPE_CHECK_POSITIVE)
            judge_minor(matrix, &entry, &fault);
        else
            compare_mirror(matrix, &entry, &fault);
        if (!linear_verdict_is_before(verdict, &fault))
            *verdict = fault;
    }
}

/* Each entry goes to the owner of its mirror's row, who compares. `verdict` holds what
 * is wrong here already. Collective; the caller agrees. */
static void look_elsewhere(troupe_actor *self,
                           troupe_team *team,
                           const struct looking *looking,
                           struct linear_verdict *verdict)
{
    struct linear_matrix *matrix = looking->matrix;
    struct linear_verdict common = {.row = -1, .column = -1};
    troupe_entry *entries;
    int64_t n = 0;

    for (int64_t i = 0; i < linear_n_blocks(matrix); i++)
        n += looking->n_mirrors[i];
    entries = kernel_lend(self, (size_t)n * sizeof *entries);
    matrix->looked_at = base_new(struct linear_gathered);
    if (entries)
        list_mirrors(looking, entries, &n);
    common.status = entries ? TROUPE_OK : TROUPE_NO_MEMORY;
    if (linear_agree(self, team, &common) == TROUPE_OK)
        common.status = (uint64_t)linear_gather(self, team, matrix, entries, n,
                                                matrix->looked_at, &common);
    if (common.status == TROUPE_OK)
        compare_gathered(looking, matrix->looked_at, verdict);
    else
        *verdict = common;
    kernel_give(entries);
    linear_gathered_free(matrix->looked_at);
    matrix->looked_at = NULL;
}

/* ---- the call ----------------------------------------------------------------- */

static troupe_status look_for_all(troupe_actor *self,
                                  troupe_team *team,
                                  struct looking *looking,
                                  unsigned wishes,
                                  struct linear_verdict *verdict)
{
    static const unsigned by_row[] = {TROUPE_CHECK_FINITE, TROUPE_CHECK_ROWS,
                                      TROUPE_CHECK_SYMMETRIC, TROUPE_CHECK_POSITIVE};
    const struct linear_matrix *matrix = looking->matrix;

    if (wishes &
            (TROUPE_CHECK_SQUARE | TROUPE_CHECK_SYMMETRIC | TROUPE_CHECK_POSITIVE) &&
        matrix->ends->length != matrix->column.length) {
        linear_verdict_set(verdict, LINEAR_NOT_SQUARE, matrix->ends->length,
                           matrix->column.length);
        return TROUPE_FAILED;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(by_row); i++) {
        looking->wishes = by_row[i];
        if (!(wishes & by_row[i]))
            continue;
        *verdict = look(self, looking);
        if (by_row[i] >= TROUPE_CHECK_SYMMETRIC)
            look_elsewhere(self, team, looking, verdict);
        TROUPE_TRY(linear_agree(self, team, verdict));
    }
    return TROUPE_OK;
}

troupe_status linear_check(troupe_actor *self,
                           troupe_team *team,
                           struct linear_matrix *matrix,
                           unsigned wishes,
                           troupe_matrix_fault *fault)
{
    size_t n = (size_t)linear_n_blocks(matrix);
    struct looking looking = {.matrix = matrix};
    struct linear_verdict verdict = {.fingerprint = wishes, .row = -1, .column = -1};

    looking.faults = kernel_lend(self, n * sizeof *looking.faults);
    looking.n_mirrors = kernel_lend(self, n * sizeof *looking.n_mirrors);
    if (wishes & ~(unsigned)(TROUPE_CHECK_ALL | TROUPE_CHECK_POSITIVE))
        verdict.status = TROUPE_INVALID;
    else if (!looking.faults || !looking.n_mirrors)
        verdict.status = TROUPE_NO_MEMORY;
    if (linear_agree(self, team, &verdict) == TROUPE_OK)
        verdict.status = (uint64_t)look_for_all(self, team, &looking, wishes, &verdict);
    kernel_give(looking.faults);
    kernel_give(looking.n_mirrors);
    if (verdict.status != TROUPE_OK)
        linear_describe(&verdict, fault);
    return (troupe_status)verdict.status;
}

troupe_status troupe_matrix_check(troupe_actor *self,
                                  troupe_matrix id,
                                  unsigned wishes,
                                  troupe_matrix_fault *fault)
{
    struct linear_matrix *matrix = linear_matrix_find(self, id, "troupe_matrix_check");
    const struct kernel_request request = {.out = {matrix->ends}, .n_out = 1};

    actor_require_process(self, "troupe_matrix_check");
    kernel_wait_for_conflicts(self, &request); /* another check of it */
    return linear_check(self, matrix->ends->team, matrix, wishes, fault);
}
