/* SPDX-License-Identifier: BSD-3-Clause */
#include "image.h"
#include "output.h"
#include <errno.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SIGNATURE_BYTES = 8 };

static bool fail(struct image_fault *fault, const char *text)
{
    snprintf(fault->text, sizeof fault->text, "%s", text);
    return false;
}

static bool has_signature(FILE *file)
{
    unsigned char bytes[SIGNATURE_BYTES];
    return fread(bytes, 1, sizeof bytes, file) == sizeof bytes &&
           png_sig_cmp(bytes, 0, sizeof bytes) == 0;
}

bool image_is_png(const char *path)
{
    FILE *file = fopen(path, "rb");
    bool is_png = file && has_signature(file);
    if (file)
        fclose(file);
    return is_png;
}

/* ---- reading ------------------------------------------------------------------ */

/* What libpng jumps out of the middle of; so nothing of it is a local variable. */
struct reading {
    FILE *file;
    png_structp png;
    png_infop info;
    struct image_fault *fault;
    int64_t width, height;
    png_bytep bytes; /* 16 bits for each point */
    png_bytepp rows;
    double *values;
};

static void on_error(png_structp png, png_const_charp text)
{
    struct reading *reading = png_get_error_ptr(png);
    fail(reading->fault, text);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

/* Whatever stands in the file becomes 16 bits of brightness. */
static void ask_for_gray(struct reading *reading)
{
    png_structp png = reading->png;
    int kind = png_get_color_type(png, reading->info);
    png_set_expand_16(png);
    if (kind & PNG_COLOR_MASK_COLOR)
        png_set_rgb_to_gray_fixed(png, PNG_ERROR_ACTION_NONE, -1, -1);
    if (kind & PNG_COLOR_MASK_ALPHA || png_get_valid(png, reading->info, PNG_INFO_tRNS))
        png_set_strip_alpha(png);
    (void)png_set_interlace_handling(png);
    png_read_update_info(png, reading->info);
}

static bool make_room(struct reading *reading)
{
    size_t n = (size_t)reading->width * (size_t)reading->height;
    if (png_get_rowbytes(reading->png, reading->info) != 2 * (size_t)reading->width)
        return fail(reading->fault, "it is of a kind that is not known here");
    reading->bytes = malloc(2 * n);
    reading->rows = malloc((size_t)reading->height * sizeof *reading->rows);
    reading->values = malloc(n * sizeof *reading->values);
    if (!reading->bytes || !reading->rows || !reading->values)
        return fail(reading->fault, "no memory");
    for (int64_t i = 0; i < reading->height; i++)
        reading->rows[i] = reading->bytes + 2 * i * reading->width;
    return true;
}

static bool read_all(struct reading *reading)
{
    if (setjmp(png_jmpbuf(reading->png)))
        return false;
    png_init_io(reading->png, reading->file);
    png_read_info(reading->png, reading->info);
    reading->width = png_get_image_width(reading->png, reading->info);
    reading->height = png_get_image_height(reading->png, reading->info);
    ask_for_gray(reading);
    if (!make_room(reading))
        return false;
    png_read_image(reading->png, reading->rows);
    png_read_end(reading->png, NULL);
    for (int64_t i = 0; i < reading->width * reading->height; i++)
        reading->values[i] =
            (256 * reading->bytes[2 * i] + reading->bytes[2 * i + 1]) / 65535.0;
    return true;
}

bool image_read_gray(const char *path,
                     int64_t *width,
                     int64_t *height,
                     double **values,
                     struct image_fault *fault)
{
    struct reading reading = {.fault = fault, .file = fopen(path, "rb")};
    if (!reading.file)
        return fail(fault, strerror(errno));
    reading.png =
        png_create_read_struct(PNG_LIBPNG_VER_STRING, &reading, on_error, on_warning);
    reading.info = reading.png ? png_create_info_struct(reading.png) : NULL;
    bool is_good = reading.info ? read_all(&reading) : fail(fault, "no memory");
    png_destroy_read_struct(&reading.png, &reading.info, NULL);
    fclose(reading.file);
    free(reading.bytes);
    free(reading.rows);
    if (!is_good)
        free(reading.values);
    *values = is_good ? reading.values : NULL;
    *width = reading.width;
    *height = reading.height;
    return is_good;
}

/* ---- writing ------------------------------------------------------------------ */

/* On disk before the caller goes on: the next checkpoint counts on it. */
static bool close_synced(FILE *file)
{
    bool is_good = fflush(file) == 0 && (fsync(fileno(file)) == 0 || errno == EINVAL);
    return fclose(file) == 0 && is_good;
}

bool image_write(const char *path,
                 int64_t width,
                 int64_t height,
                 const uint8_t *points,
                 const uint8_t colours[256][3],
                 struct image_fault *fault)
{
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)width,
                       .height = (png_uint_32)height,
                       .format = PNG_FORMAT_RGB_COLORMAP,
                       .colormap_entries = 256};
    FILE *file = fopen(path, "wb");
    if (!file)
        return fail(fault, strerror(errno));
    errno = 0; /* libpng does not say what the system said */
    bool is_good = png_image_write_to_stdio(&image, file, 0, points, 0, colours) ||
                   fail(fault, errno ? strerror(errno) : image.message);
    if (!close_synced(file) && is_good)
        is_good = fail(fault, strerror(errno));
    png_image_free(&image);
    if (!is_good)
        output_discard(path);
    return is_good;
}
