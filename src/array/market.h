/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ARRAY_MARKET_H
#define ARRAY_MARKET_H

/*
 * Matrix Market files: https://math.nist.gov/MatrixMarket/formats.html. Vectors are
 * loaded by the public calls; of a sparse matrix each member gets the entries of an
 * even share of the file.
 */

#include "array/file.h"

enum market_symmetry { MARKET_GENERAL, MARKET_SYMMETRIC, MARKET_SKEW };

struct market_facts {
    bool is_coordinate; /* else "array" */
    bool is_pattern;    /* no values: all are one */
    bool is_integer;
    enum market_symmetry
        symmetry; /* only entries on and below the diagonal stand there */
    int64_t n_rows, n_columns;
    int64_t n_entries; /* as they stand there */
};

/* An entry; row and column from 0. */
struct market_entry {
    int64_t row, column;
    double value;
};

/*
 * Reads this member's share of a coordinate file into the file's `values`, as struct
 * market_entry. Any status is that of all members, and `file->fault` says why; the
 * caller closes the file. Collective.
 */
troupe_status market_read_entries(struct array_file *file, struct market_facts *facts);

#endif
