/* seeds: 2 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/compiler.h"
#include "support/check_main.h"
#include "support/scene.h"
#include "test_array_file.h"

/* Matrix Market files of each kind of values and symmetry: what the matrix has of them.
 */

enum { N = 40, BLOCK = 16, MOST_RANKS = 4 };

static const struct kind {
    const char *field, *symmetry;
} kinds[] = {{"pattern", "general"},        {"pattern", "symmetric"},
             {"integer", "general"},        {"integer", "symmetric"},
             {"integer", "skew-symmetric"}, {"real", "general"},
             {"real", "symmetric"},         {"real", "skew-symmetric"}};

static const struct kind *kind;
static double dense[N][N];
static struct table table;

static void add_entry(int row, int column, double value)
{
    add(&table, "%d %d", row + 1, column + 1);
    if (strcmp(kind->field, "pattern") == 0)
        value = 1;
    else
        add(&table, " %g", value);
    add(&table, "\n");
    dense[row][column] = value;
    if (strcmp(kind->symmetry, "general") != 0)
        dense[column][row] = strcmp(kind->symmetry, "symmetric") == 0 ? value : -value;
}

/* Some rows are empty, and some entries far from the diagonal. */
static int add_entries(void)
{
    double part = strcmp(kind->field, "real") == 0 ? 0.25 : 0;
    bool has_diagonal = strcmp(kind->symmetry, "skew-symmetric") != 0;
    bool has_upper = strcmp(kind->symmetry, "general") == 0;
    int n_entries = 0;

    for (int row = 0; row < N; row++)
        for (int column = 0; column < N; column++) {
            if ((row * 7 + column * 5) % 11 > 2 || row % 13 == 4 ||
                (row == column && !has_diagonal) || (row < column && !has_upper))
                continue;
            add_entry(row, column, 100 * row + column - 2000 + part);
            n_entries++;
        }
    return n_entries;
}

/* The number of entries comes before them. */
static void write_matrix(void)
{
    int n_entries = 0;

    for (int round = 0; round < 2; round++) {
        memset(&table, 0, sizeof table);
        memset(dense, 0, sizeof dense);
        add(&table, "%%%%MatrixMarket matrix coordinate %s %s\n%d %d %d\n", kind->field,
            kind->symmetry, N, N, n_entries);
        n_entries = add_entries();
    }
    write_file(table.text, table.n_bytes);
}

/* The column's elements, by a product with a unit vector. */
static void
check_column(troupe_actor *self, troupe_matrix matrix, int column, troupe_array x[2])
{
    troupe_array_part from = troupe_array_mine(self, x[0]);
    troupe_array_part to = troupe_array_mine(self, x[1]);

    for (int64_t i = 0; i < from.n_elements; i++)
        ((double *)from.data)[i] = from.first + i == column;
    EXPECT_OK(troupe_multiply(self, matrix, x[0], x[1], TROUPE_TREE));
    for (int64_t i = 0; i < to.n_elements; i++)
        EXPECT(((const double *)to.data)[i] == dense[to.first + i][column]);
}

static int n_done;

static troupe_status body(troupe_actor *self)
{
    const troupe_matrix_options options = {.block_length = BLOCK};
    const troupe_array_options shape = {
        .element = TROUPE_DOUBLE, .length = N, .block_length = BLOCK};
    troupe_file_fault fault;
    troupe_matrix matrix;
    troupe_array x[2];
    int64_t n_entries = 0;

    for (int i = 0; i < N * N; i++)
        n_entries += dense[i / N][i % N] != 0;
    EXPECT_OK(troupe_array_create(self, troupe_rank_team(self), &shape, &x[0]));
    EXPECT_OK(troupe_array_create(self, troupe_rank_team(self), &shape, &x[1]));
    EXPECT_OK(troupe_matrix_load(self, troupe_rank_team(self), path, &options, &matrix,
                                 &fault));
    EXPECT_INT(troupe_matrix_describe(self, matrix).n_entries, n_entries);
    for (int column = 0; column < N; column++)
        check_column(self, matrix, column, x);
    n_done++;
    return TROUPE_OK;
}
TROUPE_PROCESS(main_process, body);

static int n_ranks;

static void all_are_done(void)
{
    EXPECT_INT(n_done, n_ranks);
    n_done = 0;
}

START_TEST(matrices_of_each_kind)
{
    make_path();
    for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
        kind = &kinds[i];
        write_matrix();
        for (n_ranks = 1; n_ranks <= MOST_RANKS; n_ranks++)
            scene_play(&(struct scene){.main = &main_process,
                                       .n_ranks = n_ranks,
                                       .is_exact = true,
                                       .check = all_are_done});
    }
    unlink(path);
}
END_TEST

CHECK_MAIN("linear load", matrices_of_each_kind)
