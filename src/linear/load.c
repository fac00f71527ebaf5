/* SPDX-License-Identifier: BSD-3-Clause */
#include "array/market.h"
#include "linear/linear.h"
#include "troupe/linear_file.h"
#include <stdio.h>

/* Matrices from Matrix Market files: the members read shares of the lines, and each
 * entry is followed by its mirror where the file leaves it out. */

static int64_t list_entries(const struct array_file *file,
                            const struct market_facts *facts,
                            troupe_entry *entries)
{
    const struct market_entry *read = (const void *)file->values.data;
    int64_t n_read = (int64_t)(file->values.size / sizeof *read), n = 0;

    for (int64_t i = 0; i < n_read; i++) {
        double mirrored =
            facts->symmetry == MARKET_SKEW ? -read[i].value : read[i].value;

        entries[n++] = (troupe_entry){read[i].row, read[i].column, read[i].value};
        if (facts->symmetry != MARKET_GENERAL && read[i].row != read[i].column)
            entries[n++] = (troupe_entry){read[i].column, read[i].row, mirrored};
    }
    return n;
}

static troupe_status read_entries(struct array_file *file,
                                  struct market_facts *facts,
                                  troupe_entry **entries,
                                  int64_t *n_entries)
{
    size_t n;

    TROUPE_TRY(market_read_entries(file, facts));
    n = file->values.size / sizeof(struct market_entry);
    *entries = kernel_lend(file->member, 2 * n * sizeof **entries);
    if (*entries)
        *n_entries = list_entries(file, facts, *entries);
    else
        array_file_fail(file, TROUPE_NO_MEMORY, 0, "no memory on member %d",
                        file->index);
    return array_file_agree(file, 0);
}

troupe_status troupe_matrix_load(troupe_actor *self,
                                 troupe_team *team,
                                 const char *path,
                                 const troupe_matrix_options *options,
                                 troupe_matrix *matrix,
                                 troupe_file_fault *fault)
{
    troupe_matrix_options shape = {0};
    troupe_matrix_fault matrix_fault;
    struct market_facts facts;
    struct array_file *file;
    troupe_entry *entries = NULL;
    int64_t n_entries = 0;
    troupe_status status;

    array_require(self, team, options, matrix, "troupe_matrix_load");
    actor_require(self, path != NULL, "troupe_matrix_load: no path");
    file = array_file_open(self, team, path);
    status = read_entries(file, &facts, &entries, &n_entries);
    if (fault)
        *fault = file->fault;
    array_file_close(file);
    if (status == TROUPE_OK) {
        shape.n_rows = facts.n_rows;
        shape.n_columns = facts.n_columns;
        shape.block_length = options->block_length;
        status = troupe_matrix_from_entries(self, team, &shape, entries, n_entries,
                                            matrix, &matrix_fault);
        if (status != TROUPE_OK && fault) {
            fault->line = 0;
            snprintf(fault->text, sizeof fault->text, "%s", matrix_fault.text);
        }
    }
    kernel_give(entries);
    return status;
}
