/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_IMAGE_H
#define COMMON_IMAGE_H

/* Pictures in PNG files, by libpng. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct image_fault {
    char text[200];
};

/* Does a file begin like a PNG? */
bool image_is_png(const char *path);

/*
 * Reads the brightness of a picture, from 0 to 1 and row by row from the top, as it
 * stands in the file: gamma is not looked at, what is transparent counts as it is.
 * False: the fault says why. Free *values.
 */
bool image_read_gray(const char *path,
                     int64_t *width,
                     int64_t *height,
                     double **values,
                     struct image_fault *fault);

/* Writes a picture of 256 colours: a byte for each point, and red, green, blue of
 * each. False: the fault says why, and the file is gone. */
bool image_write(const char *path,
                 int64_t width,
                 int64_t height,
                 const uint8_t *points,
                 const uint8_t colours[256][3],
                 struct image_fault *fault);

#endif
