/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_NUMBERS_H
#define COMMON_NUMBERS_H

/* Tables of numbers: a line for each row, commas between. */

#include <stdbool.h>
#include <stdint.h>

struct numbers {
    double *values; /* row by row */
    int64_t n_rows, n_columns;
    int64_t line; /* where something is wrong; 0: it is not about a line */
    char fault[200];
};

/* False: the fault says why. Blank lines are left out. */
bool numbers_read(const char *path, struct numbers *numbers);
void numbers_fini(struct numbers *numbers);

#endif
