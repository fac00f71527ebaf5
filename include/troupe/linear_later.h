/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_LINEAR_LATER_H
#define TROUPE_LINEAR_LATER_H

/*
 * Matrices and grids that are made, loaded, saved and looked at while their caller does
 * something else. What is said in array_later.h holds here. Functions of rows run on
 * stacks of the runtime's, of 256 KiB, or of its threads.
 */

#include "troupe/array_later.h"
#include "troupe/grid.h"
#include "troupe/linear_file.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Starts troupe_matrix_generate().
 *
 * \call     collective over the team
 * \blocks   until the slowest member is less than 16 operations behind
 * \threads  the runtime's thread; the function runs on others
 * \errors   none before the wait
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_matrix_generate_later(troupe_actor *self,
                             troupe_team *team,
                             const troupe_matrix_options *options,
                             int most_per_row,
                             const troupe_row_kernel *row,
                             const void *argument,
                             troupe_matrix *matrix,
                             troupe_matrix_fault *fault,
                             troupe_task *task);

/**
 * Starts troupe_matrix_from_entries().
 *
 * \call     collective over the team
 * \blocks   until the slowest member is less than 16 operations behind
 * \threads  the runtime's thread
 * \errors   none before the wait
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_matrix_from_entries_later(troupe_actor *self,
                                 troupe_team *team,
                                 const troupe_matrix_options *options,
                                 const troupe_entry *entries,
                                 int64_t n_entries,
                                 troupe_matrix *matrix,
                                 troupe_matrix_fault *fault,
                                 troupe_task *task);

/**
 * Starts troupe_matrix_poisson().
 *
 * \call     collective over the team
 * \blocks   until the slowest member is less than 16 operations behind
 * \threads  the runtime's thread
 * \errors   none before the wait
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_matrix_poisson_later(troupe_actor *self,
                            troupe_team *team,
                            int64_t n,
                            int n_points,
                            const troupe_matrix_options *options,
                            troupe_matrix *matrix,
                            troupe_task *task);

/**
 * Starts troupe_matrix_load().
 *
 * \call     collective over the team
 * \blocks   until the slowest member is less than 16 operations behind
 * \threads  the runtime's thread
 * \errors   none before the wait
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_matrix_load_later(troupe_actor *self,
                         troupe_team *team,
                         const char *path,
                         const troupe_matrix_options *options,
                         troupe_matrix *matrix,
                         troupe_file_fault *fault,
                         troupe_task *task);

/**
 * Starts troupe_matrix_save().
 *
 * \call     collective over the matrix's team
 * \blocks   until the slowest member is less than 16 operations behind
 * \threads  the runtime's thread
 * \errors   none before the wait
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_matrix_save_later(troupe_actor *self,
                         troupe_matrix matrix,
                         const char *path,
                         troupe_file_fault *fault,
                         troupe_task *task);

/**
 * Starts troupe_matrix_check(). Products with the matrix wait until that is done.
 *
 * \call     collective over the matrix's team
 * \blocks   until the slowest member is less than 16 operations behind
 * \threads  the runtime's thread
 * \errors   none before the wait
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_matrix_check_later(troupe_actor *self,
                          troupe_matrix matrix,
                          unsigned wishes,
                          troupe_matrix_fault *fault,
                          troupe_task *task);

/**
 * Starts troupe_grid_create().
 *
 * \call     collective over the team
 * \blocks   until the slowest member is less than 16 operations behind
 * \threads  the runtime's thread
 * \errors   none before the wait
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_grid_create_later(troupe_actor *self,
                         troupe_team *team,
                         const troupe_grid_options *options,
                         troupe_grid *grid,
                         troupe_task *task);

#ifdef __cplusplus
}
#endif
#endif
