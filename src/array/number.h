/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ARRAY_NUMBER_H
#define ARRAY_NUMBER_H

/* Elements as text and back, in the C locale whatever the program's is. */

#include "troupe/element.h"
#include <locale.h>

enum {
    NUMBER_TEXT_BYTES = 32,       /* of one that is written */
    NUMBER_MOST_READ_BYTES = 1000 /* of one that is read; more is no number to us */
};

enum number_result { NUMBER_GOOD, NUMBER_NONE, NUMBER_BEYOND };

/*
 * Reads a floating-point number that fills the text: decimal or hexadecimal, inf or
 * nan. The nearest double, ties to even; what is too large for one is NUMBER_BEYOND,
 * what is too small is rounded like the rest.
 */
enum number_result
number_read_double(locale_t c_locale, const char *text, size_t n_bytes, double *value);
/* A decimal whole number. */
enum number_result number_read_integer(const char *text,
                                       size_t n_bytes,
                                       bool *is_negative,
                                       uint64_t *magnitude);
/* Into an element in memory; NUMBER_BEYOND: its type cannot hold it. */
enum number_result number_read(locale_t c_locale,
                               enum troupe_element element,
                               const char *text,
                               size_t n_bytes,
                               void *value);

/*
 * Writes what reads back equal, with few digits where few do. How many characters; no
 * terminator. The thread's locale must be the C locale.
 */
size_t number_write(enum troupe_element element, const void *value, char *text);

#endif
