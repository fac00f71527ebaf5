/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/bytes.h"
#include "base/alloc.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "numbers are copied as they are");

void base_bytes_init(struct base_bytes *bytes)
{
    *bytes = (struct base_bytes){0};
}

void base_bytes_fini(struct base_bytes *bytes)
{
    base_free(bytes->data);
    base_bytes_init(bytes);
}

unsigned char *base_bytes_room(struct base_bytes *bytes, size_t more)
{
    if (bytes->failed)
        return NULL;
    if (more <= bytes->capacity - bytes->size)
        return bytes->data + bytes->size;
    size_t capacity = bytes->capacity < 64 ? 64 : bytes->capacity * 2;
    if (capacity - bytes->size < more)
        capacity = bytes->size + more;
    unsigned char *data = NULL;
    if (more <= SIZE_MAX / 4 && bytes->size <= SIZE_MAX / 4)
        data = base_try_realloc(bytes->data, capacity);
    if (!data) {
        bytes->failed = true;
        return NULL;
    }
    bytes->data = data;
    bytes->capacity = capacity;
    return data + bytes->size;
}

void base_bytes_append(struct base_bytes *bytes, const void *data, size_t size_bytes)
{
    if (size_bytes == 0)
        return;
    unsigned char *room = base_bytes_room(bytes, size_bytes);
    if (!room)
        return;
    memcpy(room, data, size_bytes);
    bytes->size += size_bytes;
}

void base_bytes_append_u64(struct base_bytes *bytes, uint64_t value)
{
    base_bytes_append(bytes, &value, sizeof(value));
}

void base_bytes_append_u32(struct base_bytes *bytes, uint32_t value)
{
    base_bytes_append(bytes, &value, sizeof(value));
}

void base_bytes_append_text(struct base_bytes *bytes, const char *text)
{
    size_t length = strlen(text);
    if (length > UINT32_MAX) {
        bytes->failed = true;
        return;
    }
    /* Both or nothing: a length without its characters would be read as something else.
     */
    if (!base_bytes_room(bytes, sizeof(uint32_t) + length))
        return;
    base_bytes_append_u32(bytes, (uint32_t)length);
    base_bytes_append(bytes, text, length);
}

void base_bytes_append_format(struct base_bytes *bytes, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0) {
        bytes->failed = true;
        return;
    }
    size_t with_end = (size_t)length + 1;
    unsigned char *room = base_bytes_room(bytes, with_end);
    if (!room)
        return;
    va_start(arguments, format);
    vsnprintf((char *)room, with_end, format, arguments);
    va_end(arguments);
    bytes->size += (size_t)length;
}

void base_cursor_init(struct base_cursor *cursor, const void *data, size_t size_bytes)
{
    const unsigned char *first = data;
    *cursor = (struct base_cursor){first, first ? first + size_bytes : NULL, false};
}

const void *base_cursor_take(struct base_cursor *cursor, size_t size_bytes)
{
    if (cursor->failed || (size_t)(cursor->end - cursor->next) < size_bytes) {
        cursor->failed = true;
        return NULL;
    }
    const unsigned char *taken = cursor->next;
    if (size_bytes > 0)
        cursor->next += size_bytes;
    return taken;
}

uint64_t base_cursor_u64(struct base_cursor *cursor)
{
    uint64_t value = 0;
    const void *taken = base_cursor_take(cursor, sizeof(value));
    if (taken)
        memcpy(&value, taken, sizeof(value));
    return value;
}

uint32_t base_cursor_u32(struct base_cursor *cursor)
{
    uint32_t value = 0;
    const void *taken = base_cursor_take(cursor, sizeof(value));
    if (taken)
        memcpy(&value, taken, sizeof(value));
    return value;
}

void base_cursor_text(struct base_cursor *cursor, char *text, size_t capacity)
{
    uint32_t length = base_cursor_u32(cursor);
    const char *taken = base_cursor_take(cursor, length);
    /* With a zero inside, the text would be shorter than what was written. */
    if (!taken || length >= capacity || memchr(taken, 0, length)) {
        cursor->failed = true;
        length = 0;
    }
    if (length > 0)
        memcpy(text, taken, length);
    if (capacity > 0)
        text[length] = '\0';
}
