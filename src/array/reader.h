/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ARRAY_READER_H
#define ARRAY_READER_H

/*
 * The lines of a member's share of a file. A line is that of the member in whose range
 * of bytes it begins; it may end behind it. With quotes, a line end between two quotes
 * does not count. The process yields each time the buffer is filled.
 */

#include "array/file.h"

enum { READER_MOST_LINE_BYTES = 64 << 20 };

struct array_reader {
    struct array_file *file;
    int64_t end;       /* lines that begin before are the caller's */
    int64_t offset;    /* of the buffer in the file */
    size_t next, size; /* in the buffer: the next line, and all that there is */
    int64_t line;      /* the number of the next one, from 1 */
    bool has_quotes;
};

struct array_line {
    const char *text; /* good until the next call; ends in no line end */
    size_t n_bytes;
    int64_t number;
    bool is_quoted; /* there are quotes in it */
};

/* The whole file, from its beginning. */
void array_reader_begin(struct array_reader *reader, struct array_file *file);
/*
 * From here on, this member's share of what follows `body`, where a line begins whose
 * number is `line`. Collective.
 */
void array_reader_share(struct array_reader *reader, int64_t body, int64_t line);
/* False: there are no more, or something has failed. */
bool array_reader_next(struct array_reader *reader, struct array_line *line);
/* Where in the file the next line begins. */
static inline int64_t array_reader_at(const struct array_reader *reader)
{
    return reader->offset + (int64_t)reader->next;
}

#endif
