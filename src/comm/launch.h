/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMM_LAUNCH_H
#define COMM_LAUNCH_H

/* Whether an MPI program was started as it was meant to be. No MPI in here. */

#include <stdbool.h>
#include <stddef.h>

typedef const char *comm_environment_fn(const char *name); /* as getenv */

/*
 * A program that a launcher of another MPI started finds itself alone, as often as it
 * was to have ranks; each copy would do the whole work. False: so it is, `why` says
 * what was seen and what helps.
 */
bool comm_launch_is_sane(int n_ranks,
                         comm_environment_fn *environment,
                         char *why,
                         size_t why_capacity);

/*
 * Is the MPI that we run with, by the text it gives of itself, the one we were built
 * with? Open MPI keeps its binary interface within major.minor.
 */
bool comm_library_is_ours(
    const char *text, int built_major, int built_minor, char *why, size_t why_capacity);

#endif
