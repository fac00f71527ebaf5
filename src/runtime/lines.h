/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RUNTIME_LINES_H
#define RUNTIME_LINES_H

/* The lines of a text, one after the other. */

#include "base/bytes.h"
#include <string.h>

/* The next line, without its end; *position is 0 at first. False: there is none. */
static inline bool runtime_line_next(const struct base_bytes *text,
                                     size_t *position,
                                     const char **line,
                                     size_t *length)
{
    if (*position >= text->size)
        return false;
    *line = (const char *)text->data + *position;
    size_t n_left = text->size - *position;
    const char *end = memchr(*line, '\n', n_left);
    *length = end ? (size_t)(end - *line) : n_left;
    *position += *length + 1;
    return true;
}

#endif
