/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef HEAT_FRAMES_H
#define HEAT_FRAMES_H

/* Pictures of the plate: each rank colours its rows, rank 0 writes them. */

#include "options.h"

struct frames {
    troupe_actor *self;
    const char *prefix; /* NULL: none are written */
    int64_t width, height;
    double coldest, hottest; /* black and white */
    uint8_t *mine, *all;     /* points of the own rows; at rank 0 of all */
    troupe_incoming *receives;
    uint8_t colours[256][3];
    char fault[300]; /* at rank 0 */
};

/* Like the grid. False: no memory. Local. */
bool frames_init(struct frames *frames,
                 troupe_actor *self,
                 troupe_grid grid,
                 const char *prefix);
void frames_fini(struct frames *frames);

/* Collective. TROUPE_IO at rank 0: it cannot be written, and the fault says why. */
troupe_status frames_write(struct frames *frames, troupe_grid grid, int64_t step);

#endif
