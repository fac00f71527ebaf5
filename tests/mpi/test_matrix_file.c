/* ranks: 1 2 3 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/require.h"
#include "troupe/linear_file.h"
#include "troupe/troupe.h"
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * A matrix that is saved stands in the file entry by entry, to the last bit, and one
 * loaded from there with other blocks is saved as the same bytes.
 */

enum { N_ROWS = 5003, N_COLUMNS = 7001, MOST = 60, PATH_BYTES = 300 };

/* Every fifth row is empty, one is long; zeros of both signs, ends of the range and
 * what needs all digits. */
static double value_at(int64_t row, int64_t k)
{
    static const double odd[] = {-0.0,     DBL_MAX,   DBL_TRUE_MIN, -DBL_MIN, 0.1,
                                 INFINITY, -INFINITY, 1.0 / 3,      1e23,     0};
    int64_t which = (row * 31 + k) % 40;

    return which < 10 ? odd[which]
                      : sin((double)(row * 97 + k)) * pow(10, (double)(which - 20));
}

static int row_of(int64_t row, int64_t *columns, double *values, const void *argument)
{
    int n = row % 5 == 0 ? 0 : row == 777 ? MOST : (int)(row % 7) + 1;

    (void)argument;
    for (int k = 0; k < n; k++) {
        columns[k] = (row * 13 + k * 113) % N_COLUMNS;
        values[k] = value_at(row, k);
    }
    return n;
}
TROUPE_ROW_KERNEL(row_kernel, row_of);

/* One that nobody else has. */
static void make_path(troupe_actor *self, const char *name, char path[PATH_BYTES])
{
    const char *folder = getenv("TMPDIR");
    int64_t key = (int64_t)getpid();

    REQUIRE(troupe_broadcast(self, troupe_rank_team(self), 0, &key, sizeof key) ==
            TROUPE_OK);
    snprintf(path, PATH_BYTES, "%s/troupe_matrix_%lld_%s", folder ? folder : "/tmp",
             (long long)key, name);
}

/* The entries of a row by rising column, and the lines there are of it. */
static void check_row(troupe_actor *self, FILE *file, int64_t row)
{
    int64_t columns[MOST];
    double values[MOST];
    int n = row_of(row, columns, values, NULL);
    int64_t before = -1;

    for (int i = 0; i < n; i++) {
        long long row_there, column_there;
        double value;
        int k = 0;

        REQUIRE(fscanf(file, "%lld %lld %lf", &row_there, &column_there, &value) == 3);
        REQUIRE(row_there == row + 1 && column_there - 1 > before);
        before = column_there - 1;
        while (k < n && columns[k] != before)
            k++;
        REQUIRE(k < n && memcmp(&value, &values[k], sizeof value) == 0);
    }
}

static void check_file(troupe_actor *self, const char *path, int64_t n_entries)
{
    FILE *file = fopen(path, "r");
    char line[100];
    long long n_rows, n_columns, n_there;

    REQUIRE(file && fgets(line, sizeof line, file));
    REQUIRE(strcmp(line, "%%MatrixMarket matrix coordinate real general\n") == 0);
    REQUIRE(fscanf(file, "%lld %lld %lld", &n_rows, &n_columns, &n_there) == 3);
    REQUIRE(n_rows == N_ROWS && n_columns == N_COLUMNS && n_there == n_entries);
    for (int64_t row = 0; row < N_ROWS; row++)
        check_row(self, file, row);
    REQUIRE(fscanf(file, " %1s", line) == EOF);
    fclose(file);
}

static void check_same(troupe_actor *self, const char *path, const char *other)
{
    FILE *files[] = {fopen(path, "r"), fopen(other, "r")};
    int c;

    REQUIRE(files[0] && files[1]);
    do {
        c = getc(files[0]);
        REQUIRE(getc(files[1]) == c);
    } while (c != EOF);
    fclose(files[0]);
    fclose(files[1]);
}

static troupe_status body(troupe_actor *self)
{
    const troupe_matrix_options shape = {
        .n_rows = N_ROWS, .n_columns = N_COLUMNS, .block_length = 64};
    const troupe_matrix_options other = {.block_length = 1024};
    troupe_team *team = troupe_rank_team(self);
    char path[PATH_BYTES], again[PATH_BYTES];
    troupe_matrix matrix, loaded;
    troupe_file_fault fault;
    troupe_task task;

    make_path(self, "saved", path);
    make_path(self, "again", again);
    REQUIRE(troupe_matrix_generate(self, team, &shape, MOST, &row_kernel, NULL, &matrix,
                                   NULL) == TROUPE_OK);
    REQUIRE(troupe_matrix_save(self, matrix, path, &fault) == TROUPE_OK);
    REQUIRE(troupe_matrix_load_later(self, team, path, &other, &loaded, &fault,
                                     &task) == TROUPE_OK);
    REQUIRE(troupe_barrier(self, team) == TROUPE_OK);
    REQUIRE(troupe_task_wait(self, &task) == TROUPE_OK);
    REQUIRE(troupe_matrix_save(self, loaded, again, &fault) == TROUPE_OK);
    REQUIRE(troupe_matrix_save(self, matrix, "/nowhere/matrix.mtx", &fault) ==
            TROUPE_IO);
    REQUIRE(strstr(fault.text, "No such file") != NULL);
    if (troupe_rank(self) == 0) {
        check_file(self, path, troupe_matrix_describe(self, matrix).n_entries);
        check_same(self, path, again);
        unlink(path);
        unlink(again);
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(main_process, body);

int main(int argc, char **argv)
{
    setenv("TROUPE_WORKERS", "2", 1);
    return troupe_main(argc, argv, &(troupe_program){.main = &main_process});
}
