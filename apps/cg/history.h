/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CG_HISTORY_H
#define CG_HISTORY_H

/*
 * The residuals. They stand in arrays over all ranks, which grow one by one, so that
 * checkpoints have them; rank 0 gets all of them at the end.
 */

#include <stdio.h>
#include <troupe/troupe.h>

struct history {
    troupe_actor *self;
    troupe_array *chunks;
    int64_t n;     /* so far */
    double *norms; /* after history_gather(), at rank 0 */
};

/* Collective, as the next two; a checkpoint has n of them. */
troupe_status history_init(struct history *history, troupe_actor *self, int64_t n);
/* The same number on all ranks. */
troupe_status history_append(struct history *history, double norm);
/* Rank 0 must have made room. */
troupe_status history_gather(struct history *history);

/* False: no memory, and standard error says so. */
bool history_make_room(struct history *history);
void history_fini(struct history *history);

/* Rank 0. False: standard error says what went wrong, and the file is gone. */
bool history_write(const struct history *history, const char *path);
/* Draws it with gnuplot. */
bool history_plot(const struct history *history, const char *path);

#endif
