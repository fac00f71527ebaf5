/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

/*
 * A growing byte buffer to write records into, and a cursor to read them from with
 * bounds checked. Little-endian, as every machine we run on.
 */

#include "troupe/base.h"

struct base_bytes {
    unsigned char *data;
    size_t size, capacity;
    bool failed; /* some append found no memory; all later ones do nothing */
};

void base_bytes_init(struct base_bytes *bytes);
void base_bytes_fini(struct base_bytes *bytes);
/* Room for `more` bytes at the end, for who writes there and then adds to `size`; NULL
 * (and failed) without memory. */
unsigned char *base_bytes_room(struct base_bytes *bytes, size_t more);
void base_bytes_append(struct base_bytes *bytes, const void *data, size_t size_bytes);
void base_bytes_append_u64(struct base_bytes *bytes, uint64_t value);
void base_bytes_append_u32(struct base_bytes *bytes, uint32_t value);
/* 32-bit length, then the characters, no terminator. */
void base_bytes_append_text(struct base_bytes *bytes, const char *text);
/* printf at the end, without a terminator. */
void base_bytes_append_format(struct base_bytes *bytes, const char *format, ...)
    TROUPE_PRINTF(2, 3);

struct base_cursor {
    const unsigned char *next, *end;
    bool failed; /* something did not fit; all later reads give zeros */
};

void base_cursor_init(struct base_cursor *cursor, const void *data, size_t size_bytes);
uint64_t base_cursor_u64(struct base_cursor *cursor);
uint32_t base_cursor_u32(struct base_cursor *cursor);
/* A pointer into the buffer, NULL when it does not fit. */
const void *base_cursor_take(struct base_cursor *cursor, size_t size_bytes);
/* Copies a text of at most capacity - 1 characters, terminated; too long: failed. */
void base_cursor_text(struct base_cursor *cursor, char *text, size_t capacity);

#endif
