/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_LINEAR_H
#define TROUPE_LINEAR_H

/*
 * Sparse matrices over a team, and their products with arrays. What all kernels have in
 * common stands in kernel.h: the same bits for any number of ranks and threads and any
 * cut.
 *
 * A matrix's rows are cut like an array's elements. Within a row the entries stand by
 * rising column, and the row's sum is an expression of these alone: up to 32 products
 * are added from left to right; of more, the product with place k in the row goes to
 * lane k modulo 16, each lane adds from left to right, and the lanes are added in
 * pairs: 0 and 1, 2 and 3, and so on, then pairs of pairs. At TREE_DD what products and
 * sums lose is added up too, in the same shape, and rounded with them once; at EXACT
 * the row's sum is the exact one of the exact products, rounded once. A row without
 * entries gives 0; a NaN that comes out is always the same one. Entries that are zero
 * count like any.
 *
 * A matrix is named by an id, the same bits on every member, and belongs to the process
 * that made it: it goes with the process. Each member has less than 2^31 columns of its
 * own, as many of others' that its rows need, and less than 2^32 entries in a block.
 *
 * The calls of linear_later.h start what is here and go on.
 */

#include "troupe/kernel.h"
#include "troupe/system.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A sparse matrix of doubles. Zero is none. */
typedef struct troupe_matrix {
    uint64_t bits;
} troupe_matrix;

/** What a matrix is to be; zero means the default. */
typedef struct troupe_matrix_options {
    int64_t n_rows;
    int64_t n_columns;    /**< 0: as many as rows */
    int64_t block_length; /**< of rows and columns, as of an array; 0: 4096 */
    const int64_t *cuts;  /**< of the rows, as of an array; NULL: even parts */
    /** Of the columns, that is of the arrays a product is made with. NULL: as the rows
     * if there are as many, else even parts. */
    const int64_t *column_cuts;
} troupe_matrix_options;

/** What a matrix is. */
typedef struct troupe_matrix_facts {
    troupe_team *team;
    int64_t n_rows, n_columns, n_entries; /**< of all members together */
    int64_t block_length;
    const int64_t *cuts, *column_cuts; /**< lent until the matrix is destroyed */
    int64_t my_entries;                /**< of the caller */
    int64_t my_halo; /**< elements of others that a product brings to the caller */
} troupe_matrix_facts;

/** What is wrong with a matrix, and where; -1: not about a row or a column. In the text
 * they count from 1, as in files. */
typedef struct troupe_matrix_fault {
    int64_t row, column;
    char text[TROUPE_TEXT_BYTES];
} troupe_matrix_fault;

/**
 * Gives the entries of a row: their columns, each once and in any order, and values.
 * Returns how many, or less than 0 if there is something wrong. Called by threads, at
 * least twice for each row, and must be pure like a kernel: a row that differs in its
 * columns fails, and with TROUPE_CHECK=1 one that differs in any bit.
 */
typedef int
troupe_row_fn(int64_t row, int64_t *columns, double *values, const void *argument);

/** A user's function, with a probe of how its file was compiled. */
typedef struct troupe_row_kernel {
    troupe_kernel kernel; /**< its name and probe */
    troupe_row_fn *run;
} troupe_row_kernel;

/** Defines the row kernel \p name_. */
#define TROUPE_ROW_KERNEL(name_, run_)                                                 \
    TROUPE_KERNEL_PROBE(name_##_probe);                                                \
    static const troupe_row_kernel name_ = {                                           \
        .kernel = {.name = #name_, .probe = &name_##_probe}, .run = run_}

/**
 * Makes a matrix of what a function says of each row.
 *
 * \call     collective over the team
 * \blocks   until all members have called it
 * \threads  the runtime's thread; the function runs on others
 *
 * \param      self         the caller
 * \param      team         whom the matrix is for
 * \param      options      what it is to be
 * \param      most_per_row room for so many entries is given to the function
 * \param      row          the function
 * \param      argument     passed on to it
 * \param[out] matrix       the matrix
 * \param[out] fault        what is wrong with the first bad row; may be NULL
 *
 * \errors   TROUPE_INVALID the options are not possible, or too large for a member, or
 *           the function's file was compiled so that it may change bits (the log says
 *           how); TROUPE_FAILED the function says what cannot be; TROUPE_NO_MEMORY,
 *           TROUPE_MISMATCH, TROUPE_PEER_GONE
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_matrix_generate(troupe_actor *self,
                       troupe_team *team,
                       const troupe_matrix_options *options,
                       int most_per_row,
                       const troupe_row_kernel *row,
                       const void *argument,
                       troupe_matrix *matrix,
                       troupe_matrix_fault *fault);

/** An entry; row and column from 0. */
typedef struct troupe_entry {
    int64_t row, column;
    double value;
} troupe_entry;

/**
 * Makes a matrix of entries that the members have, in any order and wherever. Those of
 * the same row and column are added, from left to right in the order of the members and
 * then of their lists; so it does not matter where a long list is cut into theirs.
 *
 * \call     collective over the team
 * \blocks   until all members have called it
 * \threads  the runtime's thread
 * \errors   TROUPE_INVALID the options; TROUPE_FAILED an entry lies outside of the
 *           matrix; TROUPE_NO_MEMORY, TROUPE_MISMATCH, TROUPE_PEER_GONE
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_matrix_from_entries(troupe_actor *self,
                           troupe_team *team,
                           const troupe_matrix_options *options,
                           const troupe_entry *entries,
                           int64_t n_entries,
                           troupe_matrix *matrix,
                           troupe_matrix_fault *fault);

/**
 * Makes the matrix of Poisson's equation on a cube of n^3 points with zeros around it:
 * \p n_points 7 (6 and -1) or 27 (26 and -1). Rows, columns and cut in the options are
 * not read.
 *
 * \call     collective over the team
 * \blocks   until all members have called it
 * \threads  the runtime's thread
 * \errors   TROUPE_INVALID n is not from 1 to 2^20, or n_points neither of the two; and
 *           as troupe_matrix_generate
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_matrix_poisson(troupe_actor *self,
                      troupe_team *team,
                      int64_t n,
                      int n_points,
                      const troupe_matrix_options *options,
                      troupe_matrix *matrix);

/**
 * Frees the caller's part and forgets the matrix, whose id becomes zero.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   none
 * \aborts   the actor: it is none of its matrices, or an operation on it is not done
 */
TROUPE_API void troupe_matrix_destroy(troupe_actor *self, troupe_matrix *matrix);

/**
 * What the matrix is.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   none
 * \aborts   the actor: it is none of its matrices
 */
TROUPE_API troupe_matrix_facts troupe_matrix_describe(troupe_actor *self,
                                                      troupe_matrix matrix);

/**
 * Writes the diagonal to an array like the matrix's rows; 0 where there is no entry.
 *
 * \call     collective over the team
 * \blocks   until the caller's rows are done
 * \threads  the runtime's thread
 * \errors   TROUPE_INVALID it is no array of doubles cut like the rows;
 *           TROUPE_MISMATCH, TROUPE_PEER_GONE
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_matrix_diagonal(troupe_actor *self,
                                                                troupe_matrix matrix,
                                                                troupe_array diagonal,
                                                                troupe_how how);

/**
 * y = A x. The array x is of doubles and cut like the columns, y like the rows, and
 * they are two arrays. TREE and FAST are the same.
 *
 * \call     collective over the team
 * \blocks   until the result is there
 * \threads  the runtime's thread
 * \errors   TROUPE_INVALID the arrays do not fit, or no such level; TROUPE_NO_MEMORY,
 *           TROUPE_MISMATCH, TROUPE_PEER_GONE, TROUPE_FAILED the check found other bits
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_multiply(troupe_actor *self,
                                                         troupe_matrix matrix,
                                                         troupe_array x,
                                                         troupe_array y,
                                                         troupe_how how);

/**
 * y = A x and the dot product of x and y; they have the bits of troupe_multiply() and
 * troupe_dot() at that level. At level TREE, and with blocks of 16 times a power of
 * two, the dot product costs no further pass over memory. Rows and columns are cut
 * alike.
 *
 * \call     collective over the team
 * \blocks   until the result is there
 * \threads  the runtime's thread
 * \owns     \p dot is lent until the operation is done
 * \errors   as troupe_multiply
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_multiply_dot(troupe_actor *self,
                                                             troupe_matrix matrix,
                                                             troupe_array x,
                                                             troupe_array y,
                                                             troupe_how how,
                                                             double *dot);

#include "troupe/linear_check.h" /* whether a matrix is what it should be */

#ifdef __cplusplus
}
#endif
#endif
