/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef JOB_PROGRAM_H
#define JOB_PROGRAM_H

/* Is there a program that a launcher on this host would find? */

#include <stdbool.h>

/* NULL, or why it could not be started, for people: as a path where it has a slash, and
 * else in PATH. */
const char *job_program_fault(const char *program);

/* Would this word for a launcher have it look elsewhere? */
bool job_program_is_moved_by(const char *launcher_option);

#endif
