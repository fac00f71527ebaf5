/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SIM_TEST_LATER_CALLS_H
#define SIM_TEST_LATER_CALLS_H

/* Calls that make, load, save or look at something: each as it is and started. */

#include "support/scene.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LATER_LENGTH = 700, LATER_BLOCK = 16, LATER_EDGE = 6 };

/* What they work on. */
struct later_props {
    troupe_team *team;
    troupe_array x, bytes;
    troupe_matrix matrix; /* not symmetric */
};

/* What they come to. */
struct later_made {
    troupe_array array;
    troupe_matrix matrix;
    troupe_grid grid;
    troupe_file_fault fault;
    troupe_matrix_fault matrix_fault;
};
#define LATER_NOTHING                                                                  \
    {                                                                                  \
        .matrix_fault = {.row = -1, .column = -1 }                                     \
    }

/* With a task: only starts it. */
typedef troupe_status later_fn(troupe_actor *self,
                               const struct later_props *on,
                               struct later_made *made,
                               troupe_task *task);

/* ---- files ----------------------------------------------------------------------- */

/* Those that calls read, then those that they write, in one folder. */
enum {
    LATER_BINARY,
    LATER_CSV,
    LATER_VECTOR,
    LATER_MATRIX,
    LATER_BAD,
    LATER_OUT,
    LATER_CSV_OUT,
    LATER_VECTOR_OUT,
    LATER_MATRIX_OUT,
    LATER_NOWHERE,
    LATER_N_FILES
};

static struct {
    char folder[256], path[LATER_N_FILES][272];
    pid_t owner; /* that all tests are forked from */
    bool are_written;
} later_files;

/* All that may be there. */
static inline void later_files_end(void)
{
    for (int i = 0; i < LATER_NOWHERE; i++) {
        char part[sizeof later_files.path[i] + 5];

        snprintf(part, sizeof part, "%s.part", later_files.path[i]);
        (void)unlink(later_files.path[i]);
        (void)unlink(part);
    }
}

static inline void later_files_begin(void)
{
    later_files_end(); /* of a test that has failed */
    later_files.are_written = false;
}

/* Where fsync() costs nothing, for there are many. */
static inline const char *later_parent(void)
{
    const char *parent = getenv("TMPDIR");

    return parent ? parent : access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
}

static inline void later_at_exit(void)
{
    if (getpid() != later_files.owner)
        return;
    later_files_end();
    (void)rmdir(later_files.folder);
}

/* Before any test runs: what a test that fails leaves goes when this process ends. */
static __attribute__((constructor)) void later_make_folder(void)
{
    later_files.owner = getpid();
    snprintf(later_files.folder, sizeof later_files.folder,
             "%.200s/troupe_later_XXXXXX", later_parent());
    if (!mkdtemp(later_files.folder) || atexit(later_at_exit) != 0)
        abort();
    for (int i = 0; i < LATER_NOWHERE; i++)
        snprintf(later_files.path[i], sizeof later_files.path[i], "%s/%d",
                 later_files.folder, i);
    snprintf(later_files.path[LATER_NOWHERE], sizeof later_files.path[0],
             "/nowhere/at/all");
}

static inline void later_write_bad(void)
{
    FILE *file = fopen(later_files.path[LATER_BAD], "w");

    EXPECT(file != NULL);
    for (int i = 0; file && i < 300; i++)
        fprintf(file, i == 217 ? "wrong\n" : "%d\n", i);
    EXPECT(file && fclose(file) == 0);
}

/* ---- arrays ---------------------------------------------------------------------- */

#define LATER(call_, ...)                                                              \
    (task ? call_##_later(self, __VA_ARGS__, task) : call_(self, __VA_ARGS__))

static inline troupe_status later_create(troupe_actor *self,
                                         const struct later_props *on,
                                         struct later_made *made,
                                         troupe_task *task)
{
    const troupe_array_options options = {
        .element = TROUPE_INT32, .length = LATER_LENGTH, .block_length = LATER_BLOCK};

    return LATER(troupe_array_create, on->team, &options, &made->array);
}

static inline troupe_status later_create_badly(troupe_actor *self,
                                               const struct later_props *on,
                                               struct later_made *made,
                                               troupe_task *task)
{
    return LATER(troupe_array_create, on->team, &(troupe_array_options){.length = -1},
                 &made->array);
}

static inline troupe_status later_load(troupe_actor *self,
                                       const struct later_props *on,
                                       struct later_made *made,
                                       troupe_task *task)
{
    const troupe_array_options options = {.element = TROUPE_DOUBLE,
                                          .block_length = LATER_BLOCK};

    return LATER(troupe_array_load, on->team, later_files.path[LATER_BINARY], &options,
                 &made->array, &made->fault);
}

static inline troupe_status later_load_nothing(troupe_actor *self,
                                               const struct later_props *on,
                                               struct later_made *made,
                                               troupe_task *task)
{
    const troupe_array_options options = {.element = TROUPE_DOUBLE};

    return LATER(troupe_array_load, on->team, later_files.path[LATER_NOWHERE], &options,
                 &made->array, &made->fault);
}

static inline troupe_status later_load_csv(troupe_actor *self,
                                           const struct later_props *on,
                                           struct later_made *made,
                                           troupe_task *task)
{
    const troupe_csv_options options = {
        .element = TROUPE_DOUBLE, .name = "second", .block_length = LATER_BLOCK};

    return LATER(troupe_array_load_csv, on->team, later_files.path[LATER_CSV], &options,
                 &made->array, &made->fault);
}

static inline troupe_status later_load_csv_badly(troupe_actor *self,
                                                 const struct later_props *on,
                                                 struct later_made *made,
                                                 troupe_task *task)
{
    const troupe_csv_options options = {.element = TROUPE_DOUBLE};

    return LATER(troupe_array_load_csv, on->team, later_files.path[LATER_BAD], &options,
                 &made->array, &made->fault);
}

static inline troupe_status later_load_market(troupe_actor *self,
                                              const struct later_props *on,
                                              struct later_made *made,
                                              troupe_task *task)
{
    const troupe_array_options options = {.element = TROUPE_DOUBLE,
                                          .block_length = LATER_BLOCK};

    return LATER(troupe_array_load_market, on->team, later_files.path[LATER_VECTOR],
                 &options, &made->array, &made->fault);
}

static inline troupe_status later_save(troupe_actor *self,
                                       const struct later_props *on,
                                       struct later_made *made,
                                       troupe_task *task)
{
    return LATER(troupe_array_save, on->x, later_files.path[LATER_OUT], &made->fault);
}

static inline troupe_status later_save_nowhere(troupe_actor *self,
                                               const struct later_props *on,
                                               struct later_made *made,
                                               troupe_task *task)
{
    return LATER(troupe_array_save, on->x, later_files.path[LATER_NOWHERE],
                 &made->fault);
}

static inline troupe_status later_save_csv(troupe_actor *self,
                                           const struct later_props *on,
                                           struct later_made *made,
                                           troupe_task *task)
{
    static troupe_csv_column columns[2];

    columns[0] = (troupe_csv_column){"first", on->x};
    columns[1] = (troupe_csv_column){"second", on->x};
    return LATER(troupe_array_save_csv, columns, 2, later_files.path[LATER_CSV_OUT],
                 &made->fault);
}

static inline troupe_status later_save_csv_badly(troupe_actor *self,
                                                 const struct later_props *on,
                                                 struct later_made *made,
                                                 troupe_task *task)
{
    static troupe_csv_column columns[2];

    columns[0] = (troupe_csv_column){"first", on->x};
    columns[1] = (troupe_csv_column){"second", on->bytes};
    return LATER(troupe_array_save_csv, columns, 2, later_files.path[LATER_CSV_OUT],
                 &made->fault);
}

static inline troupe_status later_save_market(troupe_actor *self,
                                              const struct later_props *on,
                                              struct later_made *made,
                                              troupe_task *task)
{
    return LATER(troupe_array_save_market, on->x, later_files.path[LATER_VECTOR_OUT],
                 &made->fault);
}

static inline troupe_status later_save_market_badly(troupe_actor *self,
                                                    const struct later_props *on,
                                                    struct later_made *made,
                                                    troupe_task *task)
{
    return LATER(troupe_array_save_market, on->bytes,
                 later_files.path[LATER_VECTOR_OUT], &made->fault);
}

/* ---- matrices and grids ---------------------------------------------------------- */

static inline int
later_row(int64_t row, int64_t *columns, double *values, const void *argument)
{
    int64_t n = *(const int64_t *)argument;

    columns[0] = row;
    values[0] = (double)row + 0.1;
    columns[1] = row * 7 % n;
    values[1] = 0.3;
    return columns[1] == row ? 1 : 2;
}
TROUPE_ROW_KERNEL(later_row_kernel, later_row);

static inline troupe_status later_generate(troupe_actor *self,
                                           const struct later_props *on,
                                           struct later_made *made,
                                           troupe_task *task)
{
    static const int64_t n = LATER_LENGTH;
    const troupe_matrix_options options = {.n_rows = n, .block_length = LATER_BLOCK};

    return LATER(troupe_matrix_generate, on->team, &options, 2, &later_row_kernel, &n,
                 &made->matrix, &made->matrix_fault);
}

/* Rows have columns that the matrix has not. */
static inline troupe_status later_generate_badly(troupe_actor *self,
                                                 const struct later_props *on,
                                                 struct later_made *made,
                                                 troupe_task *task)
{
    static const int64_t n = LATER_LENGTH - 1;
    const troupe_matrix_options options = {.n_rows = LATER_LENGTH,
                                           .n_columns = LATER_LENGTH / 2,
                                           .block_length = LATER_BLOCK};

    return LATER(troupe_matrix_generate, on->team, &options, 2, &later_row_kernel, &n,
                 &made->matrix, &made->matrix_fault);
}

static inline troupe_status later_from_entries(troupe_actor *self,
                                               const struct later_props *on,
                                               struct later_made *made,
                                               troupe_task *task)
{
    static const troupe_entry entries[] = {
        {0, 90, 1.5}, {90, 0, -2}, {17, 17, 0.1}, {33, 64, 7}, {98, 98, 1e9}};
    const troupe_matrix_options options = {.n_rows = 99, .block_length = LATER_BLOCK};

    return LATER(troupe_matrix_from_entries, on->team, &options, entries, 5,
                 &made->matrix, &made->matrix_fault);
}

static inline troupe_status later_poisson(troupe_actor *self,
                                          const struct later_props *on,
                                          struct later_made *made,
                                          troupe_task *task)
{
    const troupe_matrix_options options = {.block_length = LATER_BLOCK};

    return LATER(troupe_matrix_poisson, on->team, LATER_EDGE, 7, &options,
                 &made->matrix);
}

static inline troupe_status later_load_matrix(troupe_actor *self,
                                              const struct later_props *on,
                                              struct later_made *made,
                                              troupe_task *task)
{
    const troupe_matrix_options options = {.block_length = LATER_BLOCK};

    return LATER(troupe_matrix_load, on->team, later_files.path[LATER_MATRIX], &options,
                 &made->matrix, &made->fault);
}

static inline troupe_status later_load_matrix_badly(troupe_actor *self,
                                                    const struct later_props *on,
                                                    struct later_made *made,
                                                    troupe_task *task)
{
    const troupe_matrix_options options = {.block_length = LATER_BLOCK};

    return LATER(troupe_matrix_load, on->team, later_files.path[LATER_VECTOR], &options,
                 &made->matrix, &made->fault);
}

static inline troupe_status later_save_matrix(troupe_actor *self,
                                              const struct later_props *on,
                                              struct later_made *made,
                                              troupe_task *task)
{
    return LATER(troupe_matrix_save, on->matrix, later_files.path[LATER_MATRIX_OUT],
                 &made->fault);
}

static inline troupe_status later_check(troupe_actor *self,
                                        const struct later_props *on,
                                        struct later_made *made,
                                        troupe_task *task)
{
    return LATER(troupe_matrix_check, on->matrix, TROUPE_CHECK_SQUARE,
                 &made->matrix_fault);
}

static inline troupe_status later_check_badly(troupe_actor *self,
                                              const struct later_props *on,
                                              struct later_made *made,
                                              troupe_task *task)
{
    return LATER(troupe_matrix_check, on->matrix, TROUPE_CHECK_ALL,
                 &made->matrix_fault);
}

static inline troupe_status later_create_grid(troupe_actor *self,
                                              const struct later_props *on,
                                              struct later_made *made,
                                              troupe_task *task)
{
    const troupe_grid_options options = {.n_dimensions = 2, .size = {20, 30}};

    return LATER(troupe_grid_create, on->team, &options, &made->grid);
}

/* ---- all of them ----------------------------------------------------------------- */

static const struct {
    const char *name;
    later_fn *call;
    troupe_status status; /* that it gives */
    int file;             /* that it writes; 0: none */
} later_calls[] = {
    {"create", later_create, TROUPE_OK, 0},
    {"create badly", later_create_badly, TROUPE_INVALID, 0},
    {"load", later_load, TROUPE_OK, 0},
    {"load nothing", later_load_nothing, TROUPE_IO, 0},
    {"load csv", later_load_csv, TROUPE_OK, 0},
    {"load csv badly", later_load_csv_badly, TROUPE_FAILED, 0},
    {"load market", later_load_market, TROUPE_OK, 0},
    {"save", later_save, TROUPE_OK, LATER_OUT},
    {"save nowhere", later_save_nowhere, TROUPE_IO, 0},
    {"save csv", later_save_csv, TROUPE_OK, LATER_CSV_OUT},
    {"save csv badly", later_save_csv_badly, TROUPE_INVALID, 0},
    {"save market", later_save_market, TROUPE_OK, LATER_VECTOR_OUT},
    {"save market badly", later_save_market_badly, TROUPE_INVALID, 0},
    {"generate", later_generate, TROUPE_OK, 0},
    {"generate badly", later_generate_badly, TROUPE_FAILED, 0},
    {"from entries", later_from_entries, TROUPE_OK, 0},
    {"poisson", later_poisson, TROUPE_OK, 0},
    {"load matrix", later_load_matrix, TROUPE_OK, 0},
    {"load matrix badly", later_load_matrix_badly, TROUPE_FAILED, 0},
    {"save matrix", later_save_matrix, TROUPE_OK, LATER_MATRIX_OUT},
    {"check", later_check, TROUPE_OK, 0},
    {"check badly", later_check_badly, TROUPE_FAILED, 0},
    {"create grid", later_create_grid, TROUPE_OK, 0},
};
enum { N_LATER_CALLS = sizeof later_calls / sizeof *later_calls };

static inline void later_write_files(troupe_actor *self, const struct later_props *on)
{
    const troupe_csv_column columns[] = {{"first", on->x}, {"second", on->x}};

    EXPECT_OK(troupe_array_save(self, on->x, later_files.path[LATER_BINARY], NULL));
    EXPECT_OK(
        troupe_array_save_csv(self, columns, 2, later_files.path[LATER_CSV], NULL));
    EXPECT_OK(
        troupe_array_save_market(self, on->x, later_files.path[LATER_VECTOR], NULL));
    EXPECT_OK(
        troupe_matrix_save(self, on->matrix, later_files.path[LATER_MATRIX], NULL));
    if (troupe_team_index(on->team) == 0)
        later_write_bad();
    EXPECT_OK(troupe_barrier(self, on->team));
    later_files.are_written = true;
}

/* Makes what the calls work on, and the files that they read, once for all runs. */
static inline void
later_begin(troupe_actor *self, troupe_team *team, struct later_props *on)
{
    const troupe_array_options options = {
        .element = TROUPE_DOUBLE, .length = LATER_LENGTH, .block_length = LATER_BLOCK};
    const troupe_array_options opaque = {
        .element = TROUPE_BYTES, .element_bytes = 3, .length = LATER_LENGTH};
    struct later_made made = LATER_NOTHING;
    bool are_written = later_files.are_written;

    on->team = team;
    EXPECT_OK(troupe_array_create(self, team, &options, &on->x));
    EXPECT_OK(troupe_array_create(self, team, &opaque, &on->bytes));
    EXPECT_OK(
        troupe_fill_uniform(self, on->x, (troupe_random){.seed = 1}, TROUPE_TREE));
    EXPECT_OK(later_generate(self, on, &made, NULL));
    on->matrix = made.matrix;
    if (!are_written)
        later_write_files(self, on);
}

static inline void later_made_free(troupe_actor *self, struct later_made *made)
{
    if (made->array.bits)
        troupe_array_destroy(self, &made->array);
    if (made->matrix.bits)
        troupe_matrix_destroy(self, &made->matrix);
    if (made->grid.bits)
        troupe_grid_destroy(self, &made->grid);
}

#endif
