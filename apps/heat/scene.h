/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef HEAT_SCENE_H
#define HEAT_SCENE_H

/* The temperatures at first. */

#include <stdbool.h>
#include <stdint.h>

struct scene {
    int64_t width, height;
    double *values; /* row by row from the top; NULL: the built-in one */
    char fault[300];
};

/* Reads a PNG or a table of numbers. False: the fault says why. */
bool scene_read(const char *path, struct scene *scene);
void scene_fini(struct scene *scene);

/* Of the built-in scene, from 0 to 1. */
double scene_at(int64_t x, int64_t y, int64_t width, int64_t height);

#endif
