/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CG_HISTORY_H
#define CG_HISTORY_H

/* The residuals, as rank 0 keeps them. */

#include <stdbool.h>
#include <stddef.h>

struct history {
    double *norms;
    size_t n, capacity;
};

/* False: no memory. */
bool history_append(struct history *history, double norm);
void history_fini(struct history *history);

/* False: standard error says what went wrong. */
bool history_write(const struct history *history, const char *path);
/* Draws it with gnuplot. */
bool history_plot(const struct history *history, const char *path);

#endif
