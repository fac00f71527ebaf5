/* seeds: 100 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/random.h"
#include "support/check_main.h"
#include "support/require.h"
#include "support/sim_job.h"
#include <stdlib.h>
#include <string.h>

/*
 * Stencils over grids of each dimension, border and width, with slabs narrower than the
 * width and empty ones. Each rank works its elements out again, by the rule of each
 * border, from a function of the place.
 */

enum { MOST_RANKS = 8, D = TROUPE_GRID_DIMENSIONS };

struct shape {
    uint64_t seed;
    troupe_grid_options options;
    int64_t cuts[MOST_RANKS + 1];
};

static struct {
    uint64_t seed;
    double sum;
    int n_done;
} now;

/* A number for each place. */
static double value_at(const struct shape *shape, const int64_t at[D])
{
    struct base_random random = {shape->seed + (uint64_t)at[0] * 1000003 +
                                 (uint64_t)at[1] * 7919 + (uint64_t)at[2] * 104729};

    (void)base_random_next(&random);
    return (double)(int64_t)base_random_next(&random) * 0x1p-63;
}

/* The same beyond the borders, one step at a time. */
static double beyond(const struct shape *shape, const int64_t place[D])
{
    int64_t at[D] = {0};

    for (int i = 0; i < shape->options.n_dimensions; i++) {
        int64_t n = shape->options.size[i];

        for (at[i] = place[i]; at[i] < 0 || at[i] >= n;) {
            if (shape->options.border[i] == TROUPE_BORDER_FIXED)
                return shape->options.fixed;
            if (shape->options.border[i] == TROUPE_BORDER_PERIODIC)
                at[i] += at[i] < 0 ? n : -n;
            else
                at[i] = at[i] < 0 ? -1 - at[i] : 2 * n - 1 - at[i];
        }
    }
    return value_at(shape, at);
}

/* How much of what stands at a distance goes into an element. */
static double weight(int dx, int dy, int dz)
{
    return 1.0 / (3 + dx + 11 * dy + 113 * dz);
}

static double expected(const struct shape *shape, const int64_t at[D])
{
    int d = shape->options.n_dimensions, w = shape->options.width;
    int y_width = d > 1 ? w : 0, z_width = d > 2 ? w : 0;
    double sum = (double)(at[0] + 2 * at[1] + 4 * at[2]);

    for (int dz = -z_width; dz <= z_width; dz++)
        for (int dy = -y_width; dy <= y_width; dy++)
            for (int dx = -w; dx <= w; dx++)
                sum += weight(dx, dy, dz) *
                       beyond(shape, (int64_t[D]){at[0] + dx, at[1] + dy, at[2] + dz});
    return sum;
}

static void run_weights(const troupe_strip *run, const void *argument)
{
    int w = run->width, y_width = run->n_dimensions > 1 ? w : 0;
    int z_width = run->n_dimensions > 2 ? w : 0;

    (void)argument;
    for (int64_t i = 0; i < run->n; i++) {
        double sum = (double)(run->at[0] + i + 2 * run->at[1] + 4 * run->at[2]);

        for (int dz = -z_width; dz <= z_width; dz++)
            for (int dy = -y_width; dy <= y_width; dy++)
                for (int dx = -w; dx <= w; dx++)
                    sum += weight(dx, dy, dz) * troupe_strip_row(run, dy, dz)[i + dx];
        run->out[i] = sum;
    }
}
TROUPE_STENCIL(weights, run_weights);

/* ---- shapes ------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

static struct shape draw_shape(uint64_t seed, int n_ranks)
{
    struct base_random random = {seed};
    struct shape shape = {.seed = seed};
    troupe_grid_options *options = &shape.options;
    int d = options->n_dimensions = 1 + (int)base_random_below(&random, D);
    int64_t n_cut;

    options->width = 1 + (int)base_random_below(&random, d == 3 ? 2 : 4);
    options->fixed = 0.375;
    for (int i = 0; i < d; i++) {
        options->size[i] = 1 + base_random_below(&random, d == 1   ? 20000
                                                          : d == 2 ? 60
                                                                   : 14);
        if (base_random_below(&random, 4) == 0)
            options->size[i] = 1 + base_random_below(&random, 3);
        options->border[i] = (enum troupe_border)base_random_below(&random, 3);
    }
    n_cut = d == 1 ? (options->size[0] + 4095) / 4096 : options->size[d - 1];
    for (int i = 1; i < n_ranks; i++)
        shape.cuts[i] = base_random_below(&random, (uint32_t)n_cut + 1);
    shape.cuts[n_ranks] = n_cut;
    qsort(shape.cuts, (size_t)n_ranks, sizeof *shape.cuts, compare);
    return shape;
}

/* Calls `visit` with each element of the caller's part. */
static void each_element(troupe_actor *self,
                         const struct shape *shape,
                         troupe_grid grid,
                         void (*visit)(troupe_actor *self,
                                       const struct shape *shape,
                                       const int64_t at[D],
                                       double *element))
{
    troupe_grid_facts facts = troupe_grid_describe(self, grid);
    int d = shape->options.n_dimensions;
    int64_t n_x = d == 1 ? 1 : shape->options.size[0];
    int64_t n_y = d == 3 ? shape->options.size[1] : 1;

    for (int64_t plane = 0; plane < facts.my_planes; plane++)
        for (int64_t y = 0; y < n_y; y++)
            for (int64_t x = 0; x < n_x; x++) {
                int64_t at[D] = {x, y, 0};

                at[d - 1] = facts.first_plane + plane;
                visit(self, shape, at,
                      facts.data + plane * facts.plane_length + y * n_x + x);
            }
}

static void set_element(troupe_actor *self,
                        const struct shape *shape,
                        const int64_t at[D],
                        double *element)
{
    (void)self;
    *element = value_at(shape, at);
}

static void clear_element(troupe_actor *self,
                          const struct shape *shape,
                          const int64_t at[D],
                          double *element)
{
    (void)self;
    (void)shape;
    (void)at;
    *element = 0;
}

static void check_element(troupe_actor *self,
                          const struct shape *shape,
                          const int64_t at[D],
                          double *element)
{
    REQUIRE(*element == expected(shape, at));
}

/* ---- the test ----------------------------------------------------------------- */

static void refusals(troupe_actor *self, const struct shape *shape, troupe_grid grid)
{
    troupe_grid_options options = shape->options;
    troupe_grid other;

    options.cuts = NULL;
    options.size[0]++;
    REQUIRE(troupe_grid_create(self, troupe_rank_team(self), &options, &other) ==
            TROUPE_OK);
    REQUIRE(troupe_stencil(self, &weights, grid, other, NULL, TROUPE_TREE) ==
            TROUPE_INVALID);
    REQUIRE(troupe_stencil(self, &weights, grid, grid, NULL, TROUPE_TREE) ==
            TROUPE_INVALID);
    troupe_grid_destroy(self, &other);
    options.width = 9;
    REQUIRE(troupe_grid_create(self, troupe_rank_team(self), &options, &other) ==
            TROUPE_INVALID);
    options.width = 0;
    options.size[0] = INT64_MAX / 2;
    REQUIRE(troupe_grid_create(self, troupe_rank_team(self), &options, &other) !=
            TROUPE_OK);
}

static troupe_status body(troupe_actor *self)
{
    struct shape shape = draw_shape(now.seed, troupe_n_ranks(self));
    troupe_grid_options options = shape.options;
    troupe_grid in, out;
    troupe_task task;

    options.cuts = shape.cuts;
    TROUPE_TRY(troupe_grid_create(self, troupe_rank_team(self), &options, &in));
    TROUPE_TRY(troupe_grid_create(self, troupe_rank_team(self), &options, &out));
    each_element(self, &shape, in, set_element);
    TROUPE_TRY(troupe_stencil(self, &weights, in, out, NULL, TROUPE_TREE));
    each_element(self, &shape, out, check_element);
    each_element(self, &shape, out, clear_element);
    TROUPE_TRY(troupe_stencil(self, &weights, in, out, NULL,
                              troupe_later(TROUPE_TREE, &task)));
    TROUPE_TRY(troupe_task_wait(self, &task));
    each_element(self, &shape, out, check_element);
    TROUPE_TRY(troupe_sum(self, troupe_grid_array(out), TROUPE_EXACT, &now.sum));
    refusals(self, &shape, in);
    troupe_grid_destroy(self, &in);
    troupe_grid_destroy(self, &out);
    now.n_done++;
    return TROUPE_OK;
}
TROUPE_PROCESS(main_process, body);

static const troupe_program program = {.main = &main_process};

static void begin(uint64_t seed, int n_ranks)
{
    memset(&now, 0, sizeof now);
    now.seed = seed;
    (void)n_ranks;
}

static const char *check(uint64_t seed, int n_ranks, int exit_code)
{
    if (exit_code != 0 || now.n_done != n_ranks)
        return "not all were done";
    return sim_job_alone(&program, seed, begin, &now.sum, sizeof now.sum);
}

START_TEST(same_bits)
{
    static const struct sim_job job = {&program, MOST_RANKS, begin, check};

    ck_assert_int_eq(sim_job_run(&job, 100), 0);
}
END_TEST

CHECK_MAIN("grid", same_bits)
