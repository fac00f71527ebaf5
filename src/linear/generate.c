/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
#include "linear/linear.h"
#include "team/team.h"

/* Matrices of a function of the row, and the one function that is ours. */

struct generator {
    troupe_row_fn *row;
    const void *argument;
    int most;
    int64_t *columns; /* room for a row, by thread */
    double *values;
};

/* Columns are no two the same, or the row is refused: any sort will do. Shell's, with
 * the gaps of Knuth, The Art of Computer Programming, volume 3, 5.2.1. */
static void sort_row(int64_t *columns, double *values, int64_t n)
{
    int64_t gap = 1;

    while (gap < n / 3)
        gap = 3 * gap + 1;
    for (; gap > 0; gap /= 3)
        for (int64_t i = gap; i < n; i++) {
            int64_t column = columns[i], k = i;
            double value = values[i];

            for (; k >= gap && columns[k - gap] > column; k -= gap) {
                columns[k] = columns[k - gap];
                values[k] = values[k - gap];
            }
            columns[k] = column;
            values[k] = value;
        }
}

static int64_t generated_row(void *context,
                             int64_t row,
                             int thread,
                             const int64_t **columns,
                             const double **values)
{
    const struct generator *generator = context;
    int64_t *my_columns = generator->columns + (int64_t)thread * generator->most;
    double *my_values = generator->values + (int64_t)thread * generator->most;
    int n = generator->row(row, my_columns, my_values, generator->argument);

    if (n < 0)
        return -LINEAR_ROW_REFUSED;
    if (n > generator->most)
        return -LINEAR_ROW_TOO_LONG;
    for (int i = 1; i < n; i++)
        if (my_columns[i] < my_columns[i - 1]) {
            sort_row(my_columns, my_values, n);
            break;
        }
    *columns = my_columns;
    *values = my_values;
    return n;
}

static troupe_status prepare(troupe_actor *self,
                             struct linear_matrix *matrix,
                             troupe_row_fn *row,
                             const void *argument,
                             int most)
{
    struct linear_build *build = matrix->build;
    size_t n = (size_t)array_n_threads(self) * (size_t)most;
    struct generator *generator = base_new(struct generator);

    build->room[0] = generator;
    build->room[1] = base_try_alloc(n * sizeof(int64_t));
    build->room[2] = base_try_alloc(n * sizeof(double));
    *generator = (struct generator){.row = row,
                                    .argument = argument,
                                    .most = most,
                                    .columns = build->room[1],
                                    .values = build->room[2]};
    build->source = (struct linear_source){generated_row, generator};
    return build->room[1] && build->room[2] ? TROUPE_OK : TROUPE_NO_MEMORY;
}

/* A function whose bits may be others elsewhere is refused. */
static troupe_status judge(const troupe_team *team,
                           const struct linear_matrix *matrix,
                           const troupe_kernel *row)
{
    const char *fault =
        kernel_find_fault(row, "it has no probe: define it by TROUPE_ROW_KERNEL()");

    if (fault && team->index == 0)
        log_error(&matrix->here->home->rank->log, "troupe_matrix_generate of %s: %s",
                  row->name, fault);
    return fault ? TROUPE_INVALID : TROUPE_OK;
}

troupe_status troupe_matrix_generate(troupe_actor *self,
                                     troupe_team *team,
                                     const troupe_matrix_options *options,
                                     int most_per_row,
                                     const troupe_row_kernel *row,
                                     const void *argument,
                                     troupe_matrix *id,
                                     troupe_matrix_fault *fault)
{
    struct linear_verdict verdict = {.row = -1, .column = -1};
    struct linear_matrix *matrix;
    troupe_status status;

    array_require(self, team, options, id, "troupe_matrix_generate");
    actor_require(self, row && row->run && most_per_row > 0,
                  "troupe_matrix_generate: no function, or no room for its rows");
    matrix = linear_matrix_new(self);
    verdict.status = (uint64_t)linear_matrix_shape(self, team, options, matrix);
    if (verdict.status == TROUPE_OK) {
        verdict.status =
            (uint64_t)prepare(self, matrix, row->run, argument, most_per_row);
        if (verdict.status == TROUPE_OK)
            verdict.status = (uint64_t)judge(team, matrix, &row->kernel);
        verdict.fingerprint = (uint64_t)most_per_row;
        (void)linear_agree(self, team, &verdict);
    }
    status = linear_matrix_finish(self, team, matrix, &verdict, id, fault);
    if (verdict.kind == LINEAR_ROW_IMPURE && team->index == 0)
        log_error(&self->home->rank->log,
                  "troupe_matrix_generate of %s: row %lld had other entries when asked "
                  "again",
                  row->kernel.name, (long long)verdict.row + 1);
    return status;
}

/* ---- Poisson's equation ------------------------------------------------------- */

struct poisson {
    int64_t n;
    bool has_corners; /* 27 points: all of the cube around; else those at distance 1 */
};

static int
poisson_row(int64_t row, int64_t *columns, double *values, const void *argument)
{
    const struct poisson *poisson = argument;
    int64_t n = poisson->n, at[3] = {row % n, row / n % n, row / n / n};
    int n_entries = 0;

    for (int64_t z = -1; z <= 1; z++)
        for (int64_t y = -1; y <= 1; y++)
            for (int64_t x = -1; x <= 1; x++) {
                bool is_inside = at[0] + x >= 0 && at[0] + x < n && at[1] + y >= 0 &&
                                 at[1] + y < n && at[2] + z >= 0 && at[2] + z < n;
                int64_t distance = x * x + y * y + z * z;

                if (!is_inside || (distance > 1 && !poisson->has_corners))
                    continue;
                columns[n_entries] = row + x + n * (y + n * z);
                values[n_entries++] = distance > 0 ? -1 : poisson->has_corners ? 26 : 6;
            }
    return n_entries;
}
TROUPE_ROW_KERNEL(poisson_kernel, poisson_row);

troupe_status troupe_matrix_poisson(troupe_actor *self,
                                    troupe_team *team,
                                    int64_t n,
                                    int n_points,
                                    const troupe_matrix_options *options,
                                    troupe_matrix *id)
{
    const struct poisson poisson = {.n = n, .has_corners = n_points == 27};
    const int64_t most = INT64_C(1) << 20;
    bool is_possible = n >= 1 && n <= most && (n_points == 7 || n_points == 27);
    troupe_matrix_options cube;
    troupe_status status;

    array_require(self, team, options, id, "troupe_matrix_poisson");
    status = is_possible ? TROUPE_OK : TROUPE_INVALID;
    TROUPE_TRY(array_agree(self, team, status, (uint64_t)n * 32 + (uint64_t)n_points));
    cube = *options;
    cube.n_rows = n * n * n;
    cube.n_columns = 0;
    cube.column_cuts = NULL;
    return troupe_matrix_generate(self, team, &cube, n_points, &poisson_kernel,
                                  &poisson, id, NULL);
}
