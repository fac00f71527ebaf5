/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the levels cost: scans, sums of segments, weights by bins and sparse products on
 * one rank and thread, against the plain loop over the same memory, which adds from
 * left to right. For information; bench_kernels has the sums.
 */
#include "common/interleave.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N_BINS = 1000, SEGMENT = 100, POINTS = 7 };

/* Rows as every sparse matrix library has them. */
struct rows {
    int64_t n;
    int64_t *begins;
    int32_t *columns;
    double *values;
};

struct work {
    troupe_actor *self;
    int64_t n, side;                    /* elements; of the cube */
    troupe_array x, to, weights, heads; /* matching */
    troupe_array in, out;               /* of the matrix */
    troupe_matrix matrix;
    struct rows rows;
    double *room; /* for the peer's results */
    troupe_how how;
};

static void *mine(const struct work *work, troupe_array array)
{
    return troupe_array_mine(work->self, array).data;
}

/* ---- ours ------------------------------------------------------------------------ */

static troupe_status scan(struct work *work)
{
    return troupe_scan(work->self, work->x, work->to, TROUPE_SUM, work->how);
}

static troupe_status segments(struct work *work)
{
    troupe_array sums;

    TROUPE_TRY(troupe_reduce_segments(work->self, work->x, work->heads, TROUPE_SUM,
                                      work->how, &sums));
    troupe_array_destroy(work->self, &sums);
    return TROUPE_OK;
}

static troupe_status weigh(struct work *work)
{
    return troupe_histogram_weighted(work->self, work->x, work->weights,
                                     (troupe_bins){0, 1, N_BINS}, work->how,
                                     work->room);
}

static troupe_status multiply(struct work *work)
{
    return troupe_multiply(work->self, work->matrix, work->in, work->out, work->how);
}

/* ---- plain loops ----------------------------------------------------------------- */

static void plain_scan(struct work *work)
{
    const double *x = mine(work, work->x);
    double sum = 0;

    for (int64_t i = 0; i < work->n; i++)
        work->room[i] = sum += x[i];
}

static void plain_segments(struct work *work)
{
    const double *x = mine(work, work->x);
    const unsigned char *heads = mine(work, work->heads);
    int64_t n = -1;

    for (int64_t i = 0; i < work->n; i++)
        if (heads[i])
            work->room[++n] = x[i];
        else
            work->room[n] += x[i];
}

static void plain_weigh(struct work *work)
{
    const double *x = mine(work, work->x), *weights = mine(work, work->weights);

    memset(work->room, 0, N_BINS * sizeof *work->room);
    for (int64_t i = 0; i < work->n; i++) {
        int bin = (int)(x[i] * N_BINS);

        work->room[bin < N_BINS ? bin : N_BINS - 1] += weights[i];
    }
}

static void plain_multiply(struct work *work)
{
    const struct rows *rows = &work->rows;
    const double *x = mine(work, work->in);

    for (int64_t row = 0; row < rows->n; row++) {
        double sum = 0;

        for (int64_t i = rows->begins[row]; i < rows->begins[row + 1]; i++)
            sum += rows->values[i] * x[rows->columns[i]];
        work->room[row] = sum;
    }
}

/* ---- the cases ------------------------------------------------------------------- */

static const struct operation {
    const char *name;
    troupe_status (*ours)(struct work *work);
    void (*plain)(struct work *work);
} operations[] = {{"scan", scan, plain_scan},
                  {"sums of segments of 100", segments, plain_segments},
                  {"weights in 1000 bins", weigh, plain_weigh},
                  {"7-point matrix times vector", multiply, plain_multiply}};

static const struct {
    const char *name;
    enum troupe_level level;
} levels[] = {{"TREE", TROUPE_LEVEL_TREE},
              {"TREE_DD", TROUPE_LEVEL_TREE_DD},
              {"EXACT", TROUPE_LEVEL_EXACT}};

static const struct operation *operation; /* of the case that is measured */

static troupe_status ours(troupe_actor *self, void *context, double *value)
{
    double begin_s = bench_now_s();

    (void)self;
    TROUPE_TRY(operation->ours(context));
    *value = 1e3 * (bench_now_s() - begin_s);
    return TROUPE_OK;
}

static troupe_status plain(troupe_actor *self, void *context, double *value)
{
    double begin_s = bench_now_s();

    (void)self;
    operation->plain(context);
    *value = 1e3 * (bench_now_s() - begin_s);
    return TROUPE_OK;
}

/* ---- what they work on ----------------------------------------------------------- */

static troupe_status
make(struct work *work, enum troupe_element element, int64_t n, troupe_array *array)
{
    const troupe_array_options shape = {.element = element, .length = n};

    return troupe_array_create(work->self, troupe_rank_team(work->self), &shape, array);
}

static void *need(size_t size_bytes)
{
    void *bytes = calloc(1, size_bytes);

    if (!bytes)
        bench_die("no memory");
    return bytes;
}

/* The rows of troupe_matrix_poisson(). */
static struct rows make_rows(int64_t side)
{
    int64_t n = side * side * side,
            steps[] = {-side * side, -side, -1, 0, 1, side, side * side};
    struct rows rows = {.n = n,
                        .begins = need((size_t)(n + 1) * sizeof *rows.begins),
                        .columns = need((size_t)(n * POINTS) * sizeof *rows.columns),
                        .values = need((size_t)(n * POINTS) * sizeof *rows.values)};
    int64_t entry = 0;

    for (int64_t row = 0; row < n; row++) {
        const int64_t at[] = {row / side / side, row / side % side, row % side};

        for (int k = 0; k < POINTS; k++) {
            int axis = k < 3 ? k : 6 - k;

            if ((k < 3 && at[axis] == 0) || (k > 3 && at[axis] == side - 1))
                continue;
            rows.columns[entry] = (int32_t)(row + steps[k]);
            rows.values[entry++] = k == 3 ? 6 : -1;
        }
        rows.begins[row + 1] = entry;
    }
    return rows;
}

static troupe_status prepare(struct work *work)
{
    int64_t n_rows = work->side * work->side * work->side;
    const troupe_matrix_options cube = {0};
    unsigned char *heads;

    TROUPE_TRY(make(work, TROUPE_DOUBLE, work->n, &work->x));
    TROUPE_TRY(make(work, TROUPE_DOUBLE, work->n, &work->to));
    TROUPE_TRY(make(work, TROUPE_DOUBLE, work->n, &work->weights));
    TROUPE_TRY(make(work, TROUPE_UINT8, work->n, &work->heads));
    TROUPE_TRY(make(work, TROUPE_DOUBLE, n_rows, &work->in));
    TROUPE_TRY(make(work, TROUPE_DOUBLE, n_rows, &work->out));
    TROUPE_TRY(troupe_fill_uniform(work->self, work->x, (troupe_random){.seed = 1},
                                   TROUPE_TREE));
    TROUPE_TRY(troupe_fill_normal(work->self, work->weights, (troupe_random){.seed = 2},
                                  TROUPE_TREE));
    TROUPE_TRY(troupe_fill_normal(work->self, work->in, (troupe_random){.seed = 3},
                                  TROUPE_TREE));
    heads = mine(work, work->heads);
    for (int64_t i = 0; i < work->n; i += SEGMENT)
        heads[i] = 1;
    work->rows = make_rows(work->side);
    work->room =
        need((size_t)(work->n > n_rows ? work->n : n_rows) * sizeof *work->room);
    return troupe_matrix_poisson(work->self, troupe_rank_team(work->self), work->side,
                                 POINTS, &cube, &work->matrix);
}

static troupe_status measure(struct work *work, const struct bench_options *options)
{
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
        for (size_t level = 0; level < sizeof levels / sizeof *levels; level++) {
            char name[80];
            struct bench_plan plan = {.about = {.bench = "levels",
                                                .name = name,
                                                .unit = "ms",
                                                .peer_name = "a plain loop"},
                                      .ours = ours,
                                      .peer = plain,
                                      .context = work,
                                      .n_pairs = 11,
                                      .n_warm = 1};

            snprintf(name, sizeof name, "%s, %s", operations[i].name,
                     levels[level].name);
            if (!bench_wants(options, name))
                continue;
            operation = &operations[i];
            work->how = (troupe_how){.level = levels[level].level};
            TROUPE_TRY(bench_interleave(work->self, &plan));
        }
    return TROUPE_OK;
}

static troupe_status body(troupe_actor *self, int argc, char **argv)
{
    struct bench_options options = bench_parse(argc, argv);
    struct work work = {.self = self};

    work.n = (options.is_quick ? INT64_C(2) : INT64_C(16)) << 20;
    work.side = options.is_quick ? 48 : 128;
    TROUPE_TRY(prepare(&work));
    TROUPE_TRY(measure(&work, &options));
    free(work.rows.begins);
    free(work.rows.columns);
    free(work.rows.values);
    free(work.room);
    return TROUPE_OK;
}
TROUPE_PROCESS(main_process, body);

int main(int argc, char **argv)
{
    return bench_main(argc, argv, &(troupe_program){.main = &main_process});
}
