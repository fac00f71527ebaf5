/* SPDX-License-Identifier: BSD-3-Clause */
#include "array/reader.h"
#include "array/work.h"
#include "base/alloc.h"
#include <string.h>

/* ---- the buffer --------------------------------------------------------------- */

static bool is_at_end(const struct array_reader *reader)
{
    return reader->offset + (int64_t)reader->size >= reader->file->size_bytes;
}

static bool grow(struct array_reader *reader)
{
    struct array_file *file = reader->file;
    size_t n_bytes = 2 * file->buffer_bytes;
    unsigned char *buffer;

    if (n_bytes > READER_MOST_LINE_BYTES) {
        array_file_fail(file, TROUPE_FAILED, reader->line, "a line that does not end%s",
                        reader->has_quotes ? "; is a quote not closed?" : "");
        return false;
    }
    buffer = base_try_realloc(file->buffer, n_bytes);
    if (!buffer) {
        array_file_fail(file, TROUPE_NO_MEMORY, reader->line, "no memory for a line");
        return false;
    }
    file->buffer = buffer;
    file->buffer_bytes = n_bytes;
    return true;
}

/* Moves what is left to the front and reads more behind it. False: it failed. */
static bool refill(struct array_reader *reader)
{
    struct array_file *file = reader->file;
    size_t n_read;

    troupe_yield(file->member);
    if (reader->next == 0 && reader->size == file->buffer_bytes && !grow(reader))
        return false;
    reader->size -= reader->next;
    memmove(file->buffer, file->buffer + reader->next, reader->size);
    reader->offset += (int64_t)reader->next;
    reader->next = 0;
    if (base_file_read_all(file->files, file->descriptor,
                           reader->offset + (int64_t)reader->size,
                           file->buffer + reader->size,
                           file->buffer_bytes - reader->size, &n_read) != TROUPE_OK) {
        array_file_fail_io(file, "read");
        return false;
    }
    if (n_read == 0 && !is_at_end(reader)) {
        array_file_fail(file, TROUPE_IO, 0, "it has become shorter");
        return false;
    }
    reader->size += n_read;
    return true;
}

/* ---- lines -------------------------------------------------------------------- */

/* The line end behind `at` that no quotes surround; NULL: not in the buffer. */
static const unsigned char *
find_end(const unsigned char *at, const unsigned char *end, bool *is_quoted)
{
    const unsigned char *line_end = memchr(at, '\n', (size_t)(end - at));
    const unsigned char *stop = line_end ? line_end : end;
    const unsigned char *quote = memchr(at, '"', (size_t)(stop - at));
    bool is_inside = false;

    *is_quoted = quote != NULL;
    for (; quote && quote < end; quote++) {
        is_inside ^= *quote == '"';
        if (*quote == '\n' && !is_inside)
            return quote;
    }
    return *is_quoted ? NULL : line_end;
}

static int64_t count_line_ends(const char *text, size_t n_bytes)
{
    int64_t n = 0;

    for (size_t i = 0; i < n_bytes; i++)
        n += text[i] == '\n';
    return n;
}

static void take_line(struct array_reader *reader,
                      struct array_line *line,
                      const unsigned char *end,
                      bool is_quoted)
{
    const unsigned char *at = reader->file->buffer + reader->next;
    size_t n_bytes = (size_t)(end - at);
    bool has_end = end < reader->file->buffer + reader->size;

    *line = (struct array_line){
        .text = (const char *)at, .number = reader->line, .is_quoted = is_quoted};
    reader->next += n_bytes + has_end;
    reader->line += 1 + (is_quoted ? count_line_ends(line->text, n_bytes) : 0);
    line->n_bytes = n_bytes - (n_bytes > 0 && end[-1] == '\r');
}

static const unsigned char *look_for_end(const struct array_reader *reader,
                                         bool *is_quoted)
{
    const unsigned char *at = reader->file->buffer + reader->next;
    const unsigned char *end = reader->file->buffer + reader->size;

    *is_quoted = false;
    return reader->has_quotes ? find_end(at, end, is_quoted)
                              : memchr(at, '\n', (size_t)(end - at));
}

bool array_reader_next(struct array_reader *reader, struct array_line *line)
{
    struct array_file *file = reader->file;
    const unsigned char *end;
    bool is_quoted;

    if (file->status != TROUPE_OK || array_reader_at(reader) >= reader->end)
        return false;
    while (!(end = look_for_end(reader, &is_quoted)) && !is_at_end(reader))
        if (!refill(reader))
            return false;
    take_line(reader, line, end ? end : file->buffer + reader->size, is_quoted);
    return true;
}

void array_reader_begin(struct array_reader *reader, struct array_file *file)
{
    *reader = (struct array_reader){.file = file, .end = file->size_bytes, .line = 1};
}

/* ---- shares ------------------------------------------------------------------- */

/* What a member says of the bytes of its range. */
struct survey {
    int64_t n_line_ends, n_quotes;
};

static void
survey_bytes(struct survey *survey, const unsigned char *bytes, size_t n_bytes)
{
    int64_t n_line_ends = 0, n_quotes = 0;

    for (size_t i = 0; i < n_bytes; i++) {
        n_line_ends += bytes[i] == '\n';
        n_quotes += bytes[i] == '"';
    }
    survey->n_line_ends += n_line_ends;
    survey->n_quotes += n_quotes;
}

static void
survey_range(struct array_file *file, int64_t at, int64_t end, struct survey *survey)
{
    while (at < end && file->status == TROUPE_OK) {
        int64_t n_left = end - at;
        size_t n =
            n_left < (int64_t)file->buffer_bytes ? (size_t)n_left : file->buffer_bytes;
        size_t n_read;

        if (base_file_read_all(file->files, file->descriptor, at, file->buffer, n,
                               &n_read) != TROUPE_OK)
            array_file_fail_io(file, "read");
        else if (n_read < n)
            array_file_fail(file, TROUPE_IO, 0, "it has become shorter");
        else
            survey_bytes(survey, file->buffer, n);
        at += (int64_t)n;
        troupe_yield(file->member);
    }
}

static void
sum_surveys(struct array_file *file, const struct survey *mine, struct survey *before)
{
    troupe_status status =
        array_gather(file->member, file->team, mine, sizeof *mine, file->words);

    if (status != TROUPE_OK) {
        array_file_fail(file, status, 0, "%s", troupe_status_text(status));
        return;
    }
    for (int i = 0; i < file->index; i++) {
        before->n_line_ends += file->words[2 * i];
        before->n_quotes += file->words[2 * i + 1];
    }
}

/* Leaves out what belongs to a line that begins before the range. */
static void skip_to_line(struct array_reader *reader, bool is_inside)
{
    struct array_file *file = reader->file;

    while (file->status == TROUPE_OK) {
        while (reader->next < reader->size) {
            unsigned char byte = file->buffer[reader->next++];

            is_inside ^= reader->has_quotes && byte == '"';
            reader->line += byte == '\n';
            if (byte == '\n' && !is_inside)
                return;
        }
        if (is_at_end(reader) || !refill(reader))
            return;
    }
}

/* The byte before the range tells whether a line begins with it. */
static void
begin_share(struct array_reader *reader, int64_t begin, const struct survey *before)
{
    bool is_inside = reader->has_quotes && before->n_quotes % 2 != 0;
    const unsigned char *byte;

    reader->offset = begin - 1;
    reader->next = reader->size = 0;
    reader->line += before->n_line_ends;
    if (reader->offset >= reader->file->size_bytes || !refill(reader))
        return;
    byte = reader->file->buffer;
    /* It stands in the survey of what is before already. */
    is_inside ^= reader->has_quotes && *byte == '"';
    reader->line -= *byte == '\n';
    skip_to_line(reader, is_inside);
}

void array_reader_share(struct array_reader *reader, int64_t body, int64_t line)
{
    struct array_file *file = reader->file;
    int64_t n_bytes = file->size_bytes - body;
    int64_t begin = body + array_share(n_bytes, file->n_members, file->index);
    int64_t end = body + array_share(n_bytes, file->n_members, file->index + 1);
    struct survey mine = {0}, before = {0};

    survey_range(file, begin, end, &mine);
    sum_surveys(file, &mine, &before);
    if (file->status != TROUPE_OK)
        return;
    reader->line = line;
    reader->end = end;
    reader->offset = begin;
    reader->next = reader->size = 0;
    if (begin > body)
        begin_share(reader, begin, &before);
}
