/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TEST_KERNEL_TRIAL_H
#define TEST_KERNEL_TRIAL_H

/* All that operations work on: hostile numbers of a length, cut evenly or at random. */

#include "mpi/test_kernel_golden.h"
#include "support/cuts.h"

enum { MOST_RANKS = 64 };

/* Of so many blocks, or planes. NULL: evenly. */
static const int64_t *draw_cuts(const struct trial *trial, int64_t n, int64_t *cuts)
{
    struct base_random random = {trial->cuts_seed};

    if (trial->cuts_seed == 0)
        return NULL;
    cuts_draw(&random, troupe_n_ranks(trial->self), n, cuts);
    return cuts;
}

static troupe_array
make(const struct trial *trial, enum troupe_element element, int64_t length)
{
    int64_t n_blocks = (length + trial->block_length - 1) / trial->block_length;
    int64_t cuts[MOST_RANKS + 1];
    const troupe_array_options shape = {.element = element,
                                        .length = length,
                                        .block_length = trial->block_length,
                                        .cuts = draw_cuts(trial, n_blocks, cuts)};
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
    int64_t n_planes = trial->n / 61 + 1, cuts[MOST_RANKS + 1];
    const troupe_grid_options shape = {
        .n_dimensions = 2,
        .size = {trial->n % 61 + 1, n_planes},
        .border = {TROUPE_BORDER_PERIODIC, TROUPE_BORDER_MIRRORED},
        .cuts = draw_cuts(trial, n_planes, cuts)};
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

static int64_t block_length_of(int64_t n)
{
    return n < 1000 ? 16 : 256;
}

static void trial_begin(struct trial *trial)
{
    int64_t n_blocks = (trial->n + trial->block_length - 1) / trial->block_length;
    int64_t cuts[MOST_RANKS + 1];
    const troupe_matrix_options shape = {.n_rows = trial->n,
                                         .n_columns = trial->n,
                                         .block_length = trial->block_length,
                                         .cuts = draw_cuts(trial, n_blocks, cuts)};
    troupe_actor *self = trial->self;

    REQUIRE(troupe_n_ranks(self) <= MOST_RANKS);
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

#endif
