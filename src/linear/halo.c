/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
#include "linear/linear.h"
#include "team/team.h"
#include <stdlib.h>
#include <string.h>

/*
 * Which elements of x pass between members. Each asks the owners for what its rows
 * need, once; from then on both sides know the list.
 */

static int compare(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

    return (a > b) - (a < b);
}

static int64_t sort_unique(int64_t *columns, int64_t n)
{
    int64_t n_kept = 0;

    qsort(columns, (size_t)n, sizeof *columns, compare);
    for (int64_t i = 0; i < n; i++)
        if (i == 0 || columns[i] != columns[i - 1])
            columns[n_kept++] = columns[i];
    return n_kept;
}

struct sorting {
    const struct linear_matrix *matrix;
    int64_t *columns; /* those of each block from where its own begin */
    int64_t *n_kept;
};

/* Blocks first, by threads: neighbouring rows need mostly the same columns. */
static void sort_block(void *context, int64_t task, int thread)
{
    const struct sorting *sorting = context;
    const int64_t *starts = sorting->matrix->build->far_counts;
    int64_t block = sorting->matrix->far[task];

    (void)thread;
    sorting->n_kept[task] = sort_unique(sorting->columns + starts[block],
                                        starts[block + 1] - starts[block]);
}

static int64_t
join_blocks(const struct linear_matrix *matrix, int64_t *columns, const int64_t *n_kept)
{
    int64_t n = 0;

    for (int64_t i = 0; i < matrix->n_far; i++) {
        int64_t start = matrix->build->far_counts[matrix->far[i]];

        memmove(columns + n, columns + start, (size_t)n_kept[i] * sizeof *columns);
        n += n_kept[i];
    }
    return n;
}

static troupe_status find_columns(troupe_actor *self, struct linear_matrix *matrix)
{
    int64_t n = matrix->build->far_counts[linear_n_blocks(matrix)];
    struct sorting sorting = {.matrix = matrix};

    matrix->halo.columns = base_try_alloc((size_t)n * sizeof(int64_t));
    matrix->build->kept = base_try_alloc((size_t)matrix->n_far * sizeof(int64_t));
    if (!matrix->halo.columns || !matrix->build->kept)
        return TROUPE_NO_MEMORY;
    memcpy(matrix->halo.columns, matrix->build->far, (size_t)n * sizeof(int64_t));
    sorting.columns = matrix->halo.columns;
    sorting.n_kept = matrix->build->kept;
    array_work(self, matrix->n_far, sort_block, &sorting);
    n = join_blocks(matrix, matrix->halo.columns, sorting.n_kept);
    matrix->halo.n = sort_unique(matrix->halo.columns, n);
    return matrix->halo.n > INT32_MAX ? TROUPE_INVALID : TROUPE_OK;
}

static int64_t find(const int64_t *columns, int64_t n, int64_t column)
{
    int64_t low = 0, high = n;

    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;

        if (columns[middle] <= column)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static void number_block(void *context, int64_t task, int thread)
{
    struct linear_matrix *matrix = context;
    int32_t *columns = (int32_t *)(void *)matrix->columns.bytes;
    int64_t block = matrix->far[task];
    const int64_t *far = matrix->build->far + matrix->build->far_counts[block];
    int64_t end = matrix->block_starts[block + 1];

    (void)thread;
    for (int64_t i = matrix->block_starts[block]; i < end; i++)
        if (columns[i] < 0)
            columns[i] = ~(int32_t)find(matrix->halo.columns, matrix->halo.n, *far++);
}

/* ---- who has them ------------------------------------------------------------- */

/* Runs of columns of one owner; their counts stand in `counts`, by owner. */
static troupe_status
list_owners(struct linear_matrix *matrix, struct linear_halo *halo, int64_t *counts)
{
    int n_members = matrix->column.n_members;

    memset(counts, 0, (size_t)n_members * sizeof *counts);
    halo->from = base_try_alloc((size_t)n_members * sizeof *halo->from);
    halo->to = base_try_alloc((size_t)n_members * sizeof *halo->to);
    if (!halo->from || !halo->to)
        return TROUPE_NO_MEMORY;
    for (int64_t i = 0; i < halo->n; i++) {
        int owner = array_owner(&matrix->column, halo->columns[i]);

        if (counts[owner]++ == 0)
            halo->from[halo->n_from++] =
                (struct linear_peer){.index = owner, .first = i};
        halo->from[halo->n_from - 1].n++;
    }
    return TROUPE_OK;
}

/* From the counts of all, those who want something of this member. */
static troupe_status list_wishes(struct linear_matrix *matrix, struct linear_halo *halo)
{
    struct linear_build *build = matrix->build;
    int n = matrix->column.n_members;

    for (int i = 0; i < n; i++) {
        int64_t wanted = build->all[(int64_t)i * n + matrix->column.index];

        if (wanted == 0)
            continue;
        halo->to[halo->n_to++] =
            (struct linear_peer){.index = i, .first = halo->n_sent, .n = wanted};
        halo->n_sent += wanted;
    }
    build->wanted = base_try_alloc((size_t)halo->n_sent * sizeof(int64_t));
    build->asked = base_try_alloc((size_t)halo->n_from * sizeof(troupe_outgoing));
    build->answers = base_try_alloc((size_t)halo->n_to * sizeof(troupe_incoming));
    halo->sent = base_try_alloc((size_t)halo->n_sent * sizeof *halo->sent);
    return build->wanted && build->asked && build->answers && halo->sent
               ? TROUPE_OK
               : TROUPE_NO_MEMORY;
}

static troupe_status
ask(troupe_actor *self, troupe_team *team, struct linear_matrix *matrix)
{
    struct linear_build *build = matrix->build;
    struct linear_halo *halo = &matrix->halo;
    troupe_outgoing *sends = build->asked;
    troupe_incoming *receives = build->answers;
    const troupe_exchange_lists lists = {.sends = sends,
                                         .n_sends = halo->n_from,
                                         .receives = receives,
                                         .n_receives = halo->n_to};

    for (int i = 0; i < halo->n_from; i++)
        sends[i] =
            (troupe_outgoing){.peer = halo->from[i].index,
                              .data = halo->columns + halo->from[i].first,
                              .size_bytes = (size_t)halo->from[i].n * sizeof(int64_t)};
    for (int i = 0; i < halo->n_to; i++)
        receives[i] =
            (troupe_incoming){.peer = halo->to[i].index,
                              .data = build->wanted + halo->to[i].first,
                              .size_bytes = (size_t)halo->to[i].n * sizeof(int64_t)};
    TROUPE_TRY(array_exchange(self, team, &lists));
    for (int64_t i = 0; i < halo->n_sent; i++)
        halo->sent[i] = (int32_t)(build->wanted[i] - array_mine_first(&matrix->column));
    return TROUPE_OK;
}

troupe_status
linear_halo_make(troupe_actor *self, troupe_team *team, struct linear_matrix *matrix)
{
    struct linear_build *build = matrix->build;
    size_t n = (size_t)team->size;
    int64_t *counts;
    troupe_status status = find_columns(self, matrix);

    build->all = base_try_alloc((n + 1) * n * sizeof *build->all);
    if (!build->all)
        status = TROUPE_NO_MEMORY;
    counts = build->all ? build->all + n * n : NULL;
    if (status == TROUPE_OK)
        status = list_owners(matrix, &matrix->halo, counts);
    TROUPE_TRY(array_agree(self, team, status, 0));
    array_work(self, matrix->n_far, number_block, matrix);
    TROUPE_TRY(array_gather(self, team, counts, n * sizeof *counts, build->all));
    status = list_wishes(matrix, &matrix->halo);
    TROUPE_TRY(array_agree(self, team, status, 0));
    return ask(self, team, matrix);
}

void linear_halo_fini(struct linear_halo *halo)
{
    base_free(halo->columns);
    base_free(halo->from);
    base_free(halo->sent);
    base_free(halo->to);
}

/* ---- products ----------------------------------------------------------------- */

void linear_scratch_free(struct linear_scratch *scratch)
{
    base_list_remove(&scratch->node);
    base_free(scratch->sent);
    base_free(scratch->halo);
    base_free(scratch->sends);
    base_free(scratch->receives);
    base_free(scratch->slots);
    base_free(scratch);
}

static struct linear_scratch *find_unused(struct linear_matrix *matrix)
{
    BASE_LIST_EACH(node, &matrix->scratches)
    {
        struct linear_scratch *scratch =
            CONTAINER_OF(node, struct linear_scratch, node);

        if (!scratch->is_used)
            return scratch;
    }
    return NULL;
}

static struct linear_scratch *scratch_make(struct linear_matrix *matrix)
{
    struct linear_scratch *scratch = base_new(struct linear_scratch);
    size_t n_sent = (size_t)matrix->halo.n_sent, n = (size_t)matrix->halo.n;

    base_list_append(&matrix->scratches, &scratch->node);
    scratch->sent = base_try_alloc_aligned(ARRAY_ALIGNMENT, n_sent * sizeof(double));
    scratch->halo = base_try_alloc_aligned(ARRAY_ALIGNMENT, n * sizeof(double));
    scratch->sends =
        base_try_alloc((size_t)matrix->halo.n_to * sizeof(troupe_outgoing));
    scratch->receives =
        base_try_alloc((size_t)matrix->halo.n_from * sizeof(troupe_incoming));
    if (scratch->sent && scratch->halo && scratch->sends && scratch->receives)
        return scratch;
    linear_scratch_free(scratch);
    return NULL;
}

struct linear_scratch *linear_scratch_take(struct linear_matrix *matrix,
                                           bool with_slots)
{
    struct linear_scratch *scratch = find_unused(matrix);

    if (!scratch)
        scratch = scratch_make(matrix);
    if (scratch && with_slots && !scratch->slots)
        scratch->slots = base_try_alloc_aligned(
            ARRAY_ALIGNMENT, (size_t)linear_n_blocks(matrix) * sizeof *scratch->slots);
    if (!scratch || (with_slots && !scratch->slots))
        return NULL;
    scratch->is_used = true;
    return scratch;
}
