/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_LINEAR_CHECK_H
#define TROUPE_LINEAR_CHECK_H

/* Whether a sparse matrix is what it should be. Part of linear.h. */

#include "troupe/linear.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What troupe_matrix_check() looks for. */
enum {
    TROUPE_CHECK_SQUARE = 1,
    TROUPE_CHECK_FINITE = 2,    /**< no NaN or infinity */
    TROUPE_CHECK_ROWS = 4,      /**< no row without entries */
    TROUPE_CHECK_SYMMETRIC = 8, /**< each entry stands at its mirror's place too */
    TROUPE_CHECK_ALL = 15,
    /** Not among all: diagonals are positive, and what stands elsewhere is less than
     * the root of the product of its row's and its column's. A symmetric matrix that is
     * positive definite is so; not each that is so is positive definite. */
    TROUPE_CHECK_POSITIVE = 16
};

/**
 * Looks whether a matrix is what it should be; the fault is the first found, in the
 * order of the list above and then of the rows.
 *
 * \call     collective over the team
 * \blocks   until the result is there
 * \threads  the runtime's thread
 * \errors   TROUPE_FAILED it is not, as the fault says; TROUPE_INVALID unknown wishes;
 *           TROUPE_NO_MEMORY, TROUPE_MISMATCH, TROUPE_PEER_GONE
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_matrix_check(troupe_actor *self,
                    troupe_matrix matrix,
                    unsigned wishes,
                    troupe_matrix_fault *fault);

#ifdef __cplusplus
}
#endif
#endif
