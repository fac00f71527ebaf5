/* SPDX-License-Identifier: BSD-3-Clause */
#include "linear/linear.h"
#include "numeric/row.h"

/*
 * Rows at the levels TREE_DD and EXACT: what the columns stand for is brought beside
 * the values piece by piece, so that numeric need not know where it comes from.
 */

enum { PIECE = 512 }; /* 4 KiB of a thread's stack */

_Static_assert(PIECE % NUMERIC_LANES == 0 && (int)PIECE >= (int)LINEAR_SHORT_ROW,
               "pieces of a row");

struct row {
    const double *values;
    const int32_t *columns;
    int64_t n;
};

/* The elements for entries from `first` on; how many. */
static int64_t gather(const struct linear_product *product,
                      const struct row *row,
                      int64_t first,
                      double *elements)
{
    int64_t n = row->n - first < PIECE ? row->n - first : PIECE;

    for (int64_t i = 0; i < n; i++) {
        int32_t column = row->columns[first + i];

        elements[i] = column < 0 ? product->halo[~column] : product->x[column];
    }
    return n;
}

static double row_dd(const struct linear_product *product, const struct row *row)
{
    struct numeric_lanes_dd lanes;
    double elements[PIECE];
    int64_t n;

    if (row->n <= LINEAR_SHORT_ROW) {
        n = gather(product, row, 0, elements);
        return numeric_row_short(product->isa, row->values, elements, n);
    }
    lanes = numeric_row_begin();
    for (int64_t i = 0; i < row->n; i += n) {
        n = gather(product, row, i, elements);
        numeric_row_add(product->isa, row->values + i, elements, n, &lanes);
    }
    return numeric_lanes_dd_finish(&lanes);
}

/* In any case, but some ten times as long. */
static double accumulated(const struct linear_product *product, const struct row *row)
{
    struct numeric_exact exact;
    double elements[PIECE];
    int64_t n;

    numeric_exact_init(&exact);
    for (int64_t i = 0; i < row->n; i += n) {
        struct numeric_terms terms = {.isa = product->isa,
                                      .term = NUMERIC_DOT_DOUBLE,
                                      .x = row->values + i,
                                      .y = elements};

        n = gather(product, row, i, elements);
        numeric_exact_add(&exact, NULL, &terms, n);
    }
    return numeric_exact_round(&exact);
}

static double row_exact(const struct linear_product *product, const struct row *row)
{
    double elements[PIECE], sum;
    int64_t n = gather(product, row, 0, elements);

    if (n == row->n && numeric_row_exact(product->isa, row->values, elements, n, &sum))
        return sum;
    return accumulated(product, row);
}

void linear_rows_precisely(const struct linear_product *product, int64_t block)
{
    const struct linear_matrix *matrix = product->matrix;
    const uint32_t *ends = linear_ends(matrix);
    struct row row = {.values = linear_values(matrix) + matrix->block_starts[block],
                      .columns = linear_columns(matrix) + matrix->block_starts[block]};
    int64_t n_rows, first = linear_block_rows(matrix, block, &n_rows);
    int64_t begin = 0;

    for (int64_t i = first; i < first + n_rows; i++) {
        row.n = (int64_t)ends[i] - begin;
        if (row.n == 0)
            product->y[i] = 0;
        else
            product->y[i] =
                product->is_exact ? row_exact(product, &row) : row_dd(product, &row);
        row.values += row.n;
        row.columns += row.n;
        begin += row.n;
    }
}
