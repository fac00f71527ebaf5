/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_OUTPUT_H
#define COMMON_OUTPUT_H

/* What programs write for people and into files. */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* From now on a pipe that nobody reads is an error of writing, and no signal. */
void output_begin(void);

/* Has all of standard output been written? If not, says so in the program's name. */
bool output_finish(const char *program);

/* Could the file be written? Changes nothing; false: errno says why not. */
bool output_is_possible(const char *path);

/* Removes what was written in part; devices and pipes stay. Keeps errno. */
void output_discard(const char *path);

/* Of text out of files what may harm no terminal; the rest as \xNN. */
void output_put_printable(FILE *out, const char *text);

/* The word for so many of them. */
const char *output_plural(int64_t n, const char *one, const char *several);

#endif
