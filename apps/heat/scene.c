/* SPDX-License-Identifier: BSD-3-Clause */
#include "scene.h"
#include "common/image.h"
#include "common/numbers.h"
#include <stdio.h>
#include <stdlib.h>

static bool read_picture(const char *path, struct scene *scene)
{
    struct image_fault fault;
    if (image_read_gray(path, &scene->width, &scene->height, &scene->values, &fault))
        return true;
    snprintf(scene->fault, sizeof scene->fault, "%s", fault.text);
    return false;
}

static bool read_table(const char *path, struct scene *scene)
{
    struct numbers numbers;
    bool is_good = numbers_read(path, &numbers);
    scene->width = numbers.n_columns;
    scene->height = numbers.n_rows;
    scene->values = numbers.values;
    if (is_good)
        return true;
    if (numbers.line > 0)
        snprintf(scene->fault, sizeof scene->fault, "line %lld: %s",
                 (long long)numbers.line, numbers.fault);
    else
        snprintf(scene->fault, sizeof scene->fault, "%s", numbers.fault);
    return false;
}

bool scene_read(const char *path, struct scene *scene)
{
    *scene = (struct scene){0};
    return image_is_png(path) ? read_picture(path, scene) : read_table(path, scene);
}

void scene_fini(struct scene *scene)
{
    free(scene->values);
    scene->values = NULL;
}

/*
 * A Julia set (Julia, 1918): how many steps z -> z^2 + c takes to leave. Sums and
 * products alone, so that every machine gets the same.
 */
double scene_at(int64_t x, int64_t y, int64_t width, int64_t height)
{
    enum { MOST = 96 };
    const double c_real = -0.79, c_imaginary = 0.152;
    double unit = 2.3 / (double)height;
    double real = ((double)x + 0.5 - 0.5 * (double)width) * unit;
    double imaginary = ((double)y + 0.5 - 0.5 * (double)height) * unit;
    int n = 0;
    for (; n < MOST && real * real + imaginary * imaginary < 16; n++) {
        double next = real * real - imaginary * imaginary + c_real;
        imaginary = 2 * real * imaginary + c_imaginary;
        real = next;
    }
    return (double)n / MOST;
}
