/* SPDX-License-Identifier: BSD-3-Clause */
#include "array/file.h"
#include "linear/linear.h"
#include "troupe/linear_file.h"
#include <stdio.h>

/* Matrices to Matrix Market files: each member writes its rows behind those of the
 * members before it. */

/* The entries of a row, a line each; rows and columns count from 1. */
static void append_row(const void *context, int64_t row, struct base_bytes *lines)
{
    const struct linear_matrix *matrix = context;
    int64_t range[2], from_one = array_mine_first(matrix->ends) + row + 1;
    char text[3 * (NUMBER_TEXT_BYTES + 1)];
    size_t n_row = number_write(TROUPE_INT64, &from_one, text);

    text[n_row++] = ' ';
    linear_row_range(matrix, row, range);
    for (int64_t entry = range[0]; entry < range[1]; entry++) {
        int64_t column = linear_column(matrix, entry) + 1;
        size_t n = n_row;

        n += number_write(TROUPE_INT64, &column, text + n);
        text[n++] = ' ';
        n += number_write(TROUPE_DOUBLE, &linear_values(matrix)[entry], text + n);
        text[n++] = '\n';
        base_bytes_append(lines, text, n);
    }
}

troupe_status linear_save(troupe_actor *self,
                          troupe_team *team,
                          const struct linear_matrix *matrix,
                          const char *path,
                          troupe_file_fault *fault)
{
    const struct array *ends = matrix->ends;
    char head[150];
    int n =
        snprintf(head, sizeof head,
                 "%%%%MatrixMarket matrix coordinate real general\n%lld %lld %lld\n",
                 (long long)ends->length, (long long)matrix->column.length,
                 (long long)matrix->n_all_entries);

    return array_file_write_rows(array_file_create(self, team, path, NULL), head,
                                 (size_t)n, array_mine_length(ends), append_row, matrix,
                                 fault);
}

troupe_status troupe_matrix_save(troupe_actor *self,
                                 troupe_matrix id,
                                 const char *path,
                                 troupe_file_fault *fault)
{
    const struct linear_matrix *matrix =
        linear_matrix_find(self, id, "troupe_matrix_save");

    actor_require(self, path != NULL, "troupe_matrix_save: no path");
    return linear_save(self, matrix->ends->team, matrix, path, fault);
}
