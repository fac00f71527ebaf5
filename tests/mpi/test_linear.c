/* ranks: 1 2 4 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/require.h"
#include "troupe/troupe.h"
#include <stdlib.h>
#include <string.h>

/*
 * Products and stencils by real ranks with three threads each: Poisson's equation as a
 * matrix and as a stencil must come to the same, place by place.
 */

enum { N = 40, N_TURNS = 20 };

static double value_at(int64_t index)
{
    return (double)((index * 7919 + 13) % 1009) / 1009;
}

/* In the order in which the matrix adds: by rising index. */
static void poisson(const troupe_strip *strip, const void *argument)
{
    const double *before = troupe_strip_row(strip, 0, -1);
    const double *above = troupe_strip_row(strip, -1, 0);
    const double *here = troupe_strip_row(strip, 0, 0);
    const double *below = troupe_strip_row(strip, 1, 0);
    const double *behind = troupe_strip_row(strip, 0, 1);

    (void)argument;
    for (int64_t i = 0; i < strip->n; i++)
        strip->out[i] = -before[i] - above[i] - here[i - 1] + 6 * here[i] -
                        here[i + 1] - below[i] - behind[i];
}
TROUPE_STENCIL(poisson_kernel, poisson);

static troupe_array make_array(troupe_actor *self)
{
    const troupe_array_options options = {.element = TROUPE_DOUBLE,
                                          .length = (int64_t)N * N * N};
    troupe_array array;
    troupe_array_part part;

    REQUIRE(troupe_array_create(self, troupe_rank_team(self), &options, &array) ==
            TROUPE_OK);
    part = troupe_array_mine(self, array);
    for (int64_t i = 0; i < part.n_elements; i++)
        ((double *)part.data)[i] = value_at(part.first + i);
    return array;
}

static troupe_grid make_grid(troupe_actor *self)
{
    const troupe_grid_options options = {.n_dimensions = 3, .size = {N, N, N}};
    troupe_grid_facts facts;
    troupe_grid grid;

    REQUIRE(troupe_grid_create(self, troupe_rank_team(self), &options, &grid) ==
            TROUPE_OK);
    facts = troupe_grid_describe(self, grid);
    for (int64_t z = 0; z < facts.my_planes; z++)
        for (int64_t i = 0; i < N * N; i++)
            facts.data[z * facts.plane_length + i] =
                value_at((facts.first_plane + z) * N * N + i);
    return grid;
}

/* The grid's planes are cut otherwise than the array's blocks: compare by all. */
static void compare(troupe_actor *self, troupe_array y, troupe_grid out)
{
    const troupe_array_range all = {.n_elements = (int64_t)N * N * N};
    troupe_grid_facts facts = troupe_grid_describe(self, out);
    double *product = malloc((size_t)all.n_elements * sizeof *product);

    REQUIRE(product);
    REQUIRE(troupe_array_gather(self, y, -1, all, product) == TROUPE_OK);
    for (int64_t z = 0; z < facts.my_planes; z++)
        REQUIRE(memcmp(facts.data + z * facts.plane_length,
                       product + (facts.first_plane + z) * N * N,
                       (size_t)(N * N) * sizeof *product) == 0);
    free(product);
}

static troupe_status body(troupe_actor *self)
{
    const troupe_matrix_options options = {0};
    troupe_array x = make_array(self), y = make_array(self);
    troupe_grid in = make_grid(self), out = make_grid(self);
    double dot, first = 0;
    troupe_matrix matrix;

    TROUPE_TRY(
        troupe_matrix_poisson(self, troupe_rank_team(self), N, 7, &options, &matrix));
    for (int i = 0; i < N_TURNS; i++) {
        TROUPE_TRY(troupe_multiply_dot(self, matrix, x, y, TROUPE_TREE, &dot));
        TROUPE_TRY(troupe_stencil(self, &poisson_kernel, in, out, NULL, TROUPE_TREE));
        if (i == 0)
            first = dot;
        REQUIRE(memcmp(&dot, &first, sizeof dot) == 0);
        compare(self, y, out);
    }
    TROUPE_TRY(troupe_dot(self, x, y, TROUPE_TREE, &dot));
    REQUIRE(memcmp(&dot, &first, sizeof dot) == 0);
    return TROUPE_OK;
}
TROUPE_PROCESS(main_process, body);

int main(int argc, char **argv)
{
    setenv("TROUPE_WORKERS", "3", 1);
    return troupe_main(argc, argv, &(troupe_program){.main = &main_process});
}
