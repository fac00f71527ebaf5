/* ranks: 1 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "test_kernel_golden.h"
#include <inttypes.h>
#include <stdio.h>

/*
 * Every operation at every level on hostile numbers of awkward lengths: says a hash of
 * all bits for each operation, level and kind of numbers, and of FAST where it is an
 * expression of its own. system.golden compares them
 * with tests/golden/kernels in each build. A level that an operation has got since is
 * found by itself.
 */

/* ---- what they work on ----------------------------------------------------------- */

static troupe_array
make(const struct trial *trial, enum troupe_element element, int64_t length)
{
    const troupe_array_options shape = {
        .element = element, .length = length, .block_length = trial->block_length};
    troupe_actor *self = trial->self;
    troupe_array array;

    REQUIRE_OK(troupe_array_create(self, troupe_rank_team(self), &shape, &array));
    return array;
}

static troupe_array make_reals(const struct trial *trial, uint64_t seed)
{
    troupe_array array = make(trial, TROUPE_DOUBLE, trial->n);
    troupe_array_part part = troupe_array_mine(trial->self, array);

    for (int64_t i = 0; i < part.n_elements; i++)
        ((double *)part.data)[i] = hostile_value(trial->kind, seed, part.first + i);
    return array;
}

static void fill_others(const struct trial *trial)
{
    troupe_array_part narrow = troupe_array_mine(trial->self, trial->narrow);
    troupe_array_part whole = troupe_array_mine(trial->self, trial->whole);
    troupe_array_part heads = troupe_array_mine(trial->self, trial->heads);

    for (int64_t i = 0; i < narrow.n_elements; i++) {
        int64_t at = narrow.first + i;

        ((float *)narrow.data)[i] = (float)hostile_value(trial->kind, 4, at);
        ((int64_t *)whole.data)[i] = (int64_t)(mix((uint64_t)at) >> 20) - (1 << 30);
        ((unsigned char *)heads.data)[i] =
            mix((uint64_t)at) % (trial->n < 1000 ? 7 : 300) == 0;
    }
}

static void make_grids(struct trial *trial)
{
    troupe_actor *self = trial->self;
    const troupe_grid_options shape = {
        .n_dimensions = 2,
        .size = {trial->n % 61 + 1, trial->n / 61 + 1},
        .border = {TROUPE_BORDER_PERIODIC, TROUPE_BORDER_MIRRORED}};
    troupe_grid_facts facts;

    REQUIRE_OK(troupe_grid_create(self, troupe_rank_team(self), &shape, &trial->grid));
    REQUIRE_OK(
        troupe_grid_create(self, troupe_rank_team(self), &shape, &trial->smoothed));
    facts = troupe_grid_describe(self, trial->grid);
    for (int64_t k = 0; k < facts.my_planes; k++)
        for (int64_t i = 0; i < shape.size[0]; i++)
            facts.data[k * facts.plane_length + i] = hostile_value(
                trial->kind, 5, (facts.first_plane + k) * shape.size[0] + i);
}

static void trial_begin(struct trial *trial)
{
    const troupe_matrix_options shape = {
        .n_rows = trial->n, .n_columns = trial->n, .block_length = trial->block_length};
    troupe_actor *self = trial->self;

    trial->x = make_reals(trial, 1);
    trial->y = make_reals(trial, 2);
    trial->to = make(trial, TROUPE_DOUBLE, trial->n);
    trial->along = make(trial, TROUPE_DOUBLE, trial->n);
    trial->narrow = make(trial, TROUPE_FLOAT, trial->n);
    trial->whole = make(trial, TROUPE_INT64, trial->n);
    trial->heads = make(trial, TROUPE_UINT8, trial->n);
    trial->count = make(trial, TROUPE_UINT64, N_BINS + TROUPE_BINS_EXTRA);
    fill_others(trial);
    make_grids(trial);
    REQUIRE_OK(troupe_matrix_generate(self, troupe_rank_team(self), &shape,
                                      MOST_PER_ROW, &row_kernel, trial, &trial->matrix,
                                      NULL));
}

static void trial_end(struct trial *trial)
{
    troupe_array *const arrays[] = {&trial->x,     &trial->y,      &trial->to,
                                    &trial->along, &trial->narrow, &trial->whole,
                                    &trial->heads, &trial->count};

    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        troupe_array_destroy(trial->self, arrays[i]);
    troupe_grid_destroy(trial->self, &trial->grid);
    troupe_grid_destroy(trial->self, &trial->smoothed);
    troupe_matrix_destroy(trial->self, &trial->matrix);
}

/* ---- all of them ----------------------------------------------------------------- */

static const char *const level_names[N_LEVELS] = {"TREE", "TREE_DD", "EXACT", "FAST"};

struct row {
    uint64_t hash;
    bool is_tried, is_missing; /* the operation does not have the level */
    troupe_provenance provenance;
};

/* Whoever has a level, and all have TREE and FAST, has it for all numbers. */
static void try_level(struct trial *trial, int operation, int level, struct row *row)
{
    const troupe_how how = {.level = (enum troupe_level)level,
                            .provenance = &row->provenance};
    bool may_lack = level != TROUPE_LEVEL_TREE && level != TROUPE_LEVEL_FAST;
    troupe_actor *self = trial->self;
    troupe_status status;

    if (row->is_missing)
        return;
    trial->hash = row->hash;
    status = operations[operation].perform(trial, how);
    row->is_missing = status == TROUPE_INVALID && may_lack && !row->is_tried;
    row->is_tried = true;
    row->hash = trial->hash;
    if (status != TROUPE_OK && !row->is_missing)
        troupe_fail(self, status, "%s at level %s of %lld %s numbers",
                    operations[operation].name, level_names[level], (long long)trial->n,
                    hostile_names[trial->kind]);
}

static void try_operations(struct trial *trial, struct row rows[][N_LEVELS])
{
    for (int i = 0; i < N_OPERATIONS; i++)
        for (int k = 0; k < N_LEVELS; k++)
            try_level(trial, i, k, &rows[i][k]);
}

/* Whether FAST is the same as TREE, by what it says of itself; then its bits are too.
 */
static bool is_fast_the_same(troupe_actor *self, const struct row *rows)
{
    const struct row *tree = &rows[TROUPE_LEVEL_TREE], *fast = &rows[TROUPE_LEVEL_FAST];
    const char *words = fast->provenance.expression;

    if (strcmp(words, "as TREE") != 0 &&
        strcmp(words, tree->provenance.expression) != 0)
        return false;
    REQUIRE(fast->hash == tree->hash);
    return true;
}

static void say_rows(troupe_actor *self, int kind, struct row rows[][N_LEVELS])
{
    for (int i = 0; i < N_OPERATIONS; i++)
        rows[i][TROUPE_LEVEL_FAST].is_missing = is_fast_the_same(self, rows[i]);
    if (troupe_rank(self) > 0)
        return;
    for (int i = 0; i < N_OPERATIONS; i++)
        for (int k = 0; k < N_LEVELS; k++)
            if (!rows[i][k].is_missing)
                printf("%s %s %s %016" PRIx64 "\n", operations[i].name, level_names[k],
                       hostile_names[kind], rows[i][k].hash);
}

static troupe_status body(troupe_actor *self)
{
    for (int kind = 0; kind < HOSTILE_N_KINDS; kind++) {
        struct row rows[N_OPERATIONS][N_LEVELS] = {{{0}}};

        for (size_t i = 0; i < sizeof hostile_lengths / sizeof *hostile_lengths; i++) {
            int64_t n = hostile_lengths[i];
            struct trial trial = {.self = self,
                                  .kind = (enum hostile_kind)kind,
                                  .n = n,
                                  .block_length = n < 1000 ? 16 : 256};

            trial_begin(&trial);
            try_operations(&trial, rows);
            trial_end(&trial);
        }
        say_rows(self, kind, rows);
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(main_process, body);

int main(int argc, char **argv)
{
    return troupe_main(argc, argv, &(troupe_program){.main = &main_process});
}
