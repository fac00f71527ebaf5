/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef JOB_REMAINS_H
#define JOB_REMAINS_H

/*
 * What ranks that were killed leave in shared memory, where the launcher cannot be
 * given a folder of ours for it: on several hosts. There it is known by the number of
 * the MPI job in the names of its files, which the launcher writes into a file.
 *
 * Removed for sure is what is here, by this supervisor or, when it was killed, by the
 * next one with the same TMPDIR. Elsewhere it is removed when the host is next asked
 * whether it answers, and after the last attempt. Two things stay: what is on a host
 * that does not answer then, and what is elsewhere when the supervisor itself was
 * killed. No other job's file can have such a name: two launchers on one host with the
 * same number would overwrite each other's, and the user's own number is in it.
 */

#include "job/folders.h"

enum { JOB_REMAINS_BYTES = 512 };

/* Where the launcher is to write its job's number. */
void job_remains_path(const char *folder, char path[JOB_FOLDER_BYTES + 8]);
/* The number in the folder's file, which is then removed; 0: there is none. */
uint32_t job_remains_take(const char *folder);
/* Of the job of that number, on this host. 0: nothing. */
void job_remains_remove(uint32_t mpi_job);
/* The command that does so elsewhere, and succeeds: for a shell. Also removes what the
 * launcher has put into the folder that there has the same name as here. */
void job_remains_command(uint32_t mpi_job,
                         const char *folder,
                         char command[JOB_REMAINS_BYTES]);

#endif
