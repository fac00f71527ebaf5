/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_LINEAR_FILE_H
#define TROUPE_LINEAR_FILE_H

/* Sparse matrices from and to files. */

#include "troupe/array_file.h"
#include "troupe/linear.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Loads a matrix in the Matrix Market format "coordinate": real, integer or a pattern,
 * whose values are all 1; general, symmetric or skew-symmetric, of which both triangles
 * are made. Entries of the same place are added in the order of the file. See
 * math.nist.gov/MatrixMarket/formats.html.
 *
 * \call     collective over the team
 * \blocks   until all members have read
 * \threads  the runtime's thread
 *
 * \param      self    the caller
 * \param      team    whom the matrix is for
 * \param      path    the file
 * \param      options of these only the length of blocks is read
 * \param[out] matrix  the matrix
 * \param[out] fault   what is wrong, if something is; may be NULL
 *
 * \errors   TROUPE_IO the file cannot be read; TROUPE_FAILED it is not as it should be;
 *           and as troupe_matrix_from_entries
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_matrix_load(troupe_actor *self,
                   troupe_team *team,
                   const char *path,
                   const troupe_matrix_options *options,
                   troupe_matrix *matrix,
                   troupe_file_fault *fault);

/**
 * Saves a matrix as coordinate, real and general: its entries row by row, each with the
 * digits that read back to the same number. The file has the same bytes on any number
 * of members, and is there when it is whole.
 *
 * \call     collective over the matrix's team
 * \blocks   until all members have written
 * \threads  the runtime's thread
 * \errors   as troupe_array_save
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_matrix_save(troupe_actor *self,
                                                            troupe_matrix matrix,
                                                            const char *path,
                                                            troupe_file_fault *fault);

#ifdef __cplusplus
}
#endif
#endif
