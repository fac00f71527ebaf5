/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_ARRAY_LATER_H
#define TROUPE_ARRAY_LATER_H

/*
 * Arrays that are made, loaded and saved while their caller does something else:
 *
 *     troupe_task task;
 *     TROUPE_TRY(
 *         troupe_array_load_later(self, team, path, &options, &x, &fault, &task));
 *     ...
 *     TROUPE_TRY(troupe_task_wait(self, &task));
 *
 * Each call only starts the one without _later, as troupe_later() does a kernel, and
 * what is said there holds here: tasks of a team are done in the order of their starts,
 * kernels among them. troupe_task_wait() gives the status of the call that was started,
 * the same on all members. With TROUPE_OK the array is the caller's like any, or the
 * file is there; with another status neither is, and the fault says why, or that it was
 * not done. After TROUPE_PEER_GONE and TROUPE_MISMATCH, where somebody ended or started
 * something else, it may have been done all the same.
 *
 * Options are copied. What they and the other arguments point to is lent until the
 * wait, paths and the names of columns too. Elements that are saved must stay as they
 * are until then; a kernel that would write to them waits by itself. Arrays whose task
 * is not done cannot be destroyed or cut anew.
 */

#include "troupe/array_file.h"
#include "troupe/kernel.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Starts troupe_array_create().
 *
 * \call     collective over the team
 * \blocks   until the slowest member is less than 16 operations behind
 * \threads  the runtime's thread
 * \errors   none before the wait
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_array_create_later(troupe_actor *self,
                          troupe_team *team,
                          const troupe_array_options *options,
                          troupe_array *array,
                          troupe_task *task);

/**
 * Starts troupe_array_load().
 *
 * \call     collective over the team
 * \blocks   until the slowest member is less than 16 operations behind
 * \threads  the runtime's thread
 * \errors   none before the wait
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_array_load_later(troupe_actor *self,
                        troupe_team *team,
                        const char *path,
                        const troupe_array_options *options,
                        troupe_array *array,
                        troupe_file_fault *fault,
                        troupe_task *task);

/**
 * Starts troupe_array_load_csv().
 *
 * \call     collective over the team
 * \blocks   until the slowest member is less than 16 operations behind
 * \threads  the runtime's thread
 * \errors   none before the wait
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_array_load_csv_later(troupe_actor *self,
                            troupe_team *team,
                            const char *path,
                            const troupe_csv_options *options,
                            troupe_array *array,
                            troupe_file_fault *fault,
                            troupe_task *task);

/**
 * Starts troupe_array_load_market().
 *
 * \call     collective over the team
 * \blocks   until the slowest member is less than 16 operations behind
 * \threads  the runtime's thread
 * \errors   none before the wait
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_array_load_market_later(troupe_actor *self,
                               troupe_team *team,
                               const char *path,
                               const troupe_array_options *options,
                               troupe_array *array,
                               troupe_file_fault *fault,
                               troupe_task *task);

/**
 * Starts troupe_array_save().
 *
 * \call     collective over the array's team
 * \blocks   until the slowest member is less than 16 operations behind
 * \threads  the runtime's thread
 * \errors   none before the wait
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_array_save_later(troupe_actor *self,
                        troupe_array array,
                        const char *path,
                        troupe_file_fault *fault,
                        troupe_task *task);

/**
 * Starts troupe_array_save_csv(), of at most TROUPE_MOST_ARRAYS columns.
 *
 * \call     collective over the arrays' team
 * \blocks   until the slowest member is less than 16 operations behind
 * \threads  the runtime's thread
 * \errors   TROUPE_INVALID no columns, or too many: nothing was started
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_array_save_csv_later(troupe_actor *self,
                            const troupe_csv_column *columns,
                            int n_columns,
                            const char *path,
                            troupe_file_fault *fault,
                            troupe_task *task);

/**
 * Starts troupe_array_save_market().
 *
 * \call     collective over the array's team
 * \blocks   until the slowest member is less than 16 operations behind
 * \threads  the runtime's thread
 * \errors   none before the wait
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_array_save_market_later(troupe_actor *self,
                               troupe_array array,
                               const char *path,
                               troupe_file_fault *fault,
                               troupe_task *task);

#ifdef __cplusplus
}
#endif
#endif
