/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
#include "linear/linear.h"
#include "team/team.h"
#include <string.h>

/*
 * Matrices of entries that lie anywhere. Each goes to the owner of its row; there they
 * stand in the order of the members and their lists, are sorted by row and column,
 * those of the same place staying in that order, and these are added up.
 */

void linear_gathered_free(struct linear_gathered *gathered)
{
    if (!gathered)
        return;
    base_free(gathered->outgoing);
    base_free(gathered->items);
    base_free(gathered->counts);
    base_free(gathered->all);
    base_free(gathered->sends);
    base_free(gathered->receives);
    base_free(gathered->starts);
    base_free(gathered->lengths);
    base_free(gathered->columns);
    base_free(gathered->values);
    base_free(gathered);
}

/* ---- to the owners ------------------------------------------------------------ */

static troupe_status count_owners(const struct linear_matrix *matrix,
                                  const troupe_entry *entries,
                                  int64_t n_entries,
                                  struct linear_gathered *gathered,
                                  struct linear_verdict *verdict)
{
    size_t n = (size_t)matrix->ends->n_members;

    gathered->outgoing = base_try_alloc((size_t)n_entries * sizeof *gathered->outgoing);
    gathered->counts = base_try_alloc((n + 1) * sizeof *gathered->counts);
    gathered->all = base_try_alloc(n * n * sizeof *gathered->all);
    gathered->sends = base_try_alloc(n * sizeof *gathered->sends);
    gathered->receives = base_try_alloc(n * sizeof *gathered->receives);
    if (!gathered->outgoing || !gathered->counts || !gathered->all ||
        !gathered->sends || !gathered->receives)
        return TROUPE_NO_MEMORY;
    memset(gathered->counts, 0, (n + 1) * sizeof *gathered->counts);
    for (int64_t i = 0; i < n_entries; i++) {
        const troupe_entry *entry = &entries[i];

        if (entry->row < 0 || entry->row >= matrix->ends->length || entry->column < 0 ||
            entry->column >= matrix->column.length) {
            linear_verdict_set(verdict, LINEAR_ENTRY_OUTSIDE, entry->row,
                               entry->column);
            return TROUPE_FAILED;
        }
        gathered->counts[array_owner(matrix->ends, entry->row)]++;
    }
    return TROUPE_OK;
}

/* By owner, each in the order of the list. */
static void distribute(const struct linear_matrix *matrix,
                       const troupe_entry *entries,
                       int64_t n_entries,
                       struct linear_gathered *gathered)
{
    int64_t *next = gathered->counts;

    (void)kernel_prefix_sum(next, matrix->ends->n_members);
    for (int64_t i = 0; i < n_entries; i++)
        gathered->outgoing[next[array_owner(matrix->ends, entries[i].row)]++] =
            entries[i];
}

/* What comes from each member; this also makes room for it. */
static troupe_status make_lists(const struct linear_matrix *matrix,
                                struct linear_gathered *gathered,
                                troupe_exchange_lists *lists)
{
    int n = matrix->ends->n_members, me = matrix->ends->index;
    int64_t sent = 0, got = 0;

    for (int i = 0; i < n; i++)
        gathered->n_items += gathered->all[(int64_t)i * n + me];
    gathered->items =
        base_try_alloc((size_t)gathered->n_items * sizeof *gathered->items);
    if (!gathered->items)
        return TROUPE_NO_MEMORY;
    for (int i = 0; i < n; i++) {
        int64_t n_sent = gathered->all[(int64_t)me * n + i];
        int64_t n_got = gathered->all[(int64_t)i * n + me];

        gathered->sends[i] = (troupe_outgoing){
            i, gathered->outgoing + sent, (size_t)n_sent * sizeof *gathered->outgoing};
        gathered->receives[i] = (troupe_incoming){
            i, gathered->items + got, (size_t)n_got * sizeof *gathered->items};
        sent += n_sent;
        got += n_got;
    }
    *lists = (troupe_exchange_lists){gathered->sends, n, gathered->receives, n};
    return TROUPE_OK;
}

troupe_status linear_gather(troupe_actor *self,
                            troupe_team *team,
                            const struct linear_matrix *matrix,
                            const troupe_entry *entries,
                            int64_t n_entries,
                            struct linear_gathered *gathered,
                            struct linear_verdict *verdict)
{
    size_t n_bytes = (size_t)team->size * sizeof *gathered->counts;
    troupe_exchange_lists lists;

    verdict->status =
        (uint64_t)count_owners(matrix, entries, n_entries, gathered, verdict);
    TROUPE_TRY(linear_agree(self, team, verdict));
    TROUPE_TRY(array_gather(self, team, gathered->counts, n_bytes, gathered->all));
    distribute(matrix, entries, n_entries, gathered);
    TROUPE_TRY(array_agree(self, team, make_lists(matrix, gathered, &lists), 0));
    return array_exchange(self, team, &lists);
}

/* ---- rows of them ------------------------------------------------------------- */

/* Stable, by column; `spare` has room for as many. Most rows are in order already. */
static void sort_row(troupe_entry *row, troupe_entry *spare, int64_t n)
{
    bool is_sorted = true;

    for (int64_t i = 1; i < n && is_sorted; i++)
        is_sorted = row[i - 1].column <= row[i].column;
    if (is_sorted)
        return;
    sort_row(row, spare, n / 2);
    sort_row(row + n / 2, spare, n - n / 2);
    memcpy(spare, row, (size_t)(n / 2) * sizeof *row);
    for (int64_t left = 0, right = n / 2, i = 0; left < n / 2; i++)
        row[i] = right < n && row[right].column < spare[left].column ? row[right++]
                                                                     : spare[left++];
}

/* Entries of the same column become one; how many are left. */
static int64_t
add_up_row(const struct linear_gathered *gathered, int64_t start, int64_t n)
{
    const troupe_entry *row = gathered->outgoing + start;
    int64_t *columns = gathered->columns + start, n_kept = 0;
    double *values = gathered->values + start;

    for (int64_t i = 0; i < n; i++)
        if (n_kept > 0 && columns[n_kept - 1] == row[i].column) {
            values[n_kept - 1] += row[i].value;
        } else {
            columns[n_kept] = row[i].column;
            values[n_kept++] = row[i].value;
        }
    return n_kept;
}

enum { TASK_ROWS = 256 };

static void finish_rows(void *context, int64_t task, int thread)
{
    const struct linear_gathered *gathered = context;
    int64_t end = (task + 1) * TASK_ROWS;
    struct numeric_environment environment;

    (void)thread;
    (void)numeric_environment_enter(&environment);
    for (int64_t i = task * TASK_ROWS; i < end && i < gathered->n_rows; i++) {
        int64_t start = gathered->starts[i], n = gathered->starts[i + 1] - start;

        sort_row(gathered->outgoing + start, gathered->items + start, n);
        gathered->lengths[i] = add_up_row(gathered, start, n);
    }
    (void)numeric_environment_leave(&environment);
}

static bool make_room(const struct linear_matrix *matrix,
                      struct linear_gathered *gathered)
{
    size_t n = (size_t)gathered->n_items;

    gathered->first_row = array_mine_first(matrix->ends);
    gathered->n_rows = array_mine_length(matrix->ends);
    base_free(gathered->outgoing);
    gathered->outgoing = base_try_alloc(n * sizeof *gathered->outgoing);
    gathered->starts =
        base_try_alloc(((size_t)gathered->n_rows + 1) * sizeof *gathered->starts);
    gathered->lengths =
        base_try_alloc(((size_t)gathered->n_rows + 1) * sizeof *gathered->lengths);
    gathered->columns = base_try_alloc(n * sizeof *gathered->columns);
    gathered->values = base_try_alloc(n * sizeof *gathered->values);
    return gathered->outgoing && gathered->starts && gathered->lengths &&
           gathered->columns && gathered->values;
}

/* Stable, by row: from items to outgoing, which is not needed any more. */
static void sort_by_row(struct linear_gathered *gathered)
{
    int64_t *next = gathered->lengths;
    size_t n_bytes = ((size_t)gathered->n_rows + 1) * sizeof *next;

    memset(next, 0, n_bytes);
    for (int64_t i = 0; i < gathered->n_items; i++)
        next[gathered->items[i].row - gathered->first_row]++;
    (void)kernel_prefix_sum(next, gathered->n_rows + 1);
    memcpy(gathered->starts, next, n_bytes);
    for (int64_t i = 0; i < gathered->n_items; i++) {
        int64_t row = gathered->items[i].row - gathered->first_row;

        gathered->outgoing[next[row]++] = gathered->items[i];
    }
}

static troupe_status make_rows(troupe_actor *self,
                               const struct linear_matrix *matrix,
                               struct linear_gathered *gathered)
{
    if (!make_room(matrix, gathered))
        return TROUPE_NO_MEMORY;
    sort_by_row(gathered);
    array_work(self, (gathered->n_rows + TASK_ROWS - 1) / TASK_ROWS, finish_rows,
               gathered);
    base_free(gathered->items);
    base_free(gathered->outgoing);
    gathered->items = gathered->outgoing = NULL;
    return TROUPE_OK;
}

static int64_t gathered_row(void *context,
                            int64_t row,
                            int thread,
                            const int64_t **columns,
                            const double **values)
{
    const struct linear_gathered *gathered = context;
    int64_t i = row - gathered->first_row, start = gathered->starts[i];

    (void)thread;
    *columns = gathered->columns + start;
    *values = gathered->values + start;
    return gathered->lengths[i];
}

static troupe_status collect(troupe_actor *self,
                             troupe_team *team,
                             struct linear_matrix *matrix,
                             const troupe_entry *entries,
                             int64_t n_entries,
                             struct linear_verdict *verdict)
{
    struct linear_gathered *gathered = base_new(struct linear_gathered);
    troupe_status status;

    matrix->build->gathered = gathered;
    matrix->build->source = (struct linear_source){gathered_row, gathered};
    status = linear_gather(self, team, matrix, entries, n_entries, gathered, verdict);
    return status == TROUPE_OK ? make_rows(self, matrix, gathered) : status;
}

troupe_status troupe_matrix_from_entries(troupe_actor *self,
                                         troupe_team *team,
                                         const troupe_matrix_options *options,
                                         const troupe_entry *entries,
                                         int64_t n_entries,
                                         troupe_matrix *id,
                                         troupe_matrix_fault *fault)
{
    struct linear_matrix *matrix;
    struct linear_verdict verdict = {.row = -1, .column = -1};

    array_require(self, team, options, id, "troupe_matrix_from_entries");
    actor_require(self, n_entries >= 0 && (entries || n_entries == 0),
                  "troupe_matrix_from_entries: no entries");
    matrix = linear_matrix_new(self);
    verdict.status = (uint64_t)linear_matrix_shape(self, team, options, matrix);
    if (verdict.status == TROUPE_OK) {
        verdict.status =
            (uint64_t)collect(self, team, matrix, entries, n_entries, &verdict);
        (void)linear_agree(self, team, &verdict);
    }
    return linear_matrix_finish(self, team, matrix, &verdict, id, fault);
}
