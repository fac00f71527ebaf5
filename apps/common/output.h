/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_OUTPUT_H
#define COMMON_OUTPUT_H

#include <stdbool.h>

/* Has all of standard output been written? If not, says so in the program's name. */
bool output_finish(const char *program);

#endif
