/* SPDX-License-Identifier: BSD-3-Clause */
#include "message/schema.h"
#include "message/table.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where the text goes; what does not fit is only counted. */
struct text {
    char *text;
    size_t length, capacity;
};

static void put(struct text *text, const char *format, ...) TROUPE_PRINTF(2, 3);
static void put(struct text *text, const char *format, ...)
{
    size_t room = text->length < text->capacity ? text->capacity - text->length : 0;
    va_list arguments;
    int length;

    va_start(arguments, format);
    length =
        vsnprintf(room ? text->text + text->length : NULL, room, format, arguments);
    va_end(arguments);
    text->length += length < 0 ? 0 : (size_t)length;
}

/* ---- one item of each kind; bytes may stand anywhere
 * --------------------------------- */

#define ITEM(type, value, bytes)                                                       \
    type value;                                                                        \
    memcpy(&value, bytes, sizeof value)

static void put_bool(struct text *text, const unsigned char *bytes)
{
    put(text, "%s", *bytes ? "true" : "false");
}

static void put_char(struct text *text, const unsigned char *bytes)
{
    unsigned char c = *bytes;

    if (c == '\\' || c == '"' || c == '\'')
        put(text, "\\%c", c);
    else if (c >= 0x20 && c < 0x7f)
        put(text, "%c", c);
    else
        put(text, "\\x%02x", c);
}

static void put_quoted_char(struct text *text, const unsigned char *bytes)
{
    put(text, "'");
    put_char(text, bytes);
    put(text, "'");
}

static void put_i8(struct text *text, const unsigned char *bytes)
{
    ITEM(int8_t, value, bytes);
    put(text, "%" PRId8, value);
}

static void put_i16(struct text *text, const unsigned char *bytes)
{
    ITEM(int16_t, value, bytes);
    put(text, "%" PRId16, value);
}

static void put_i32(struct text *text, const unsigned char *bytes)
{
    ITEM(int32_t, value, bytes);
    put(text, "%" PRId32, value);
}

static void put_i64(struct text *text, const unsigned char *bytes)
{
    ITEM(int64_t, value, bytes);
    put(text, "%" PRId64, value);
}

static void put_u8(struct text *text, const unsigned char *bytes)
{
    put(text, "%" PRIu8, *bytes);
}

static void put_u16(struct text *text, const unsigned char *bytes)
{
    ITEM(uint16_t, value, bytes);
    put(text, "%" PRIu16, value);
}

static void put_u32(struct text *text, const unsigned char *bytes)
{
    ITEM(uint32_t, value, bytes);
    put(text, "%" PRIu32, value);
}

static void put_u64(struct text *text, const unsigned char *bytes)
{
    ITEM(uint64_t, value, bytes);
    put(text, "%" PRIu64, value);
}

/* The fewest digits that give the same number back. */
static void put_number(struct text *text, double value, int digits, int most_digits)
{
    char number[40];

    for (;; digits++) {
        snprintf(number, sizeof number, "%.*g", digits, value);
        if (digits >= most_digits || strtod(number, NULL) == value)
            break;
    }
    put(text, "%s", number);
}

static void put_float(struct text *text, const unsigned char *bytes)
{
    ITEM(float, value, bytes);
    char number[40];
    int digits = 6;

    for (; digits < 9; digits++) {
        snprintf(number, sizeof number, "%.*g", digits, (double)value);
        if (strtof(number, NULL) == value)
            break;
    }
    put_number(text, (double)value, digits, digits);
}

static void put_double(struct text *text, const unsigned char *bytes)
{
    ITEM(double, value, bytes);
    put_number(text, value, 15, 17);
}

static void put_complex_float(struct text *text, const unsigned char *bytes)
{
    put_float(text, bytes);
    put(text, "%s", " + ");
    put_float(text, bytes + sizeof(float));
    put(text, "i");
}

static void put_complex_double(struct text *text, const unsigned char *bytes)
{
    put_double(text, bytes);
    put(text, "%s", " + ");
    put_double(text, bytes + sizeof(double));
    put(text, "i");
}

static void put_handle(struct text *text, const unsigned char *bytes)
{
    ITEM(uint64_t, value, bytes);
    put(text, "0x%" PRIx64, value);
}

static void (*const put_item[TROUPE_N_KINDS])(struct text *, const unsigned char *) = {
    [TROUPE_KIND_BOOL] = put_bool,
    [TROUPE_KIND_CHAR] = put_quoted_char,
    [TROUPE_KIND_INT8] = put_i8,
    [TROUPE_KIND_INT16] = put_i16,
    [TROUPE_KIND_INT32] = put_i32,
    [TROUPE_KIND_INT64] = put_i64,
    [TROUPE_KIND_UINT8] = put_u8,
    [TROUPE_KIND_UINT16] = put_u16,
    [TROUPE_KIND_UINT32] = put_u32,
    [TROUPE_KIND_UINT64] = put_u64,
    [TROUPE_KIND_FLOAT] = put_float,
    [TROUPE_KIND_DOUBLE] = put_double,
    [TROUPE_KIND_COMPLEX_FLOAT] = put_complex_float,
    [TROUPE_KIND_COMPLEX_DOUBLE] = put_complex_double,
    [TROUPE_KIND_ADDRESS] = put_handle,
    [TROUPE_KIND_REFERENCE] = put_handle,
    [TROUPE_KIND_HELD] = put_handle,
    [TROUPE_KIND_PUT_END] = put_handle,
    [TROUPE_KIND_TAKE_END] = put_handle,
};

/* ---- fields
 * -------------------------------------------------------------------------- */

static void put_fields(struct text *text,
                       const troupe_type *type,
                       const unsigned char *bytes,
                       size_t n_tail);

/* Characters as text, up to the zeros at the end. */
static void
put_characters(struct text *text, const unsigned char *bytes, size_t n_items)
{
    while (n_items > 0 && bytes[n_items - 1] == 0)
        n_items--;
    put(text, "\"");
    for (size_t i = 0; i < n_items; i++)
        put_char(text, bytes + i);
    put(text, "\"");
}

static void
put_one(struct text *text, const troupe_field *field, const unsigned char *bytes)
{
    if (field->kind == TROUPE_KIND_NESTED)
        put_fields(text, field->nested, bytes, 0);
    else
        put_item[field->kind](text, bytes);
}

static void put_field(struct text *text,
                      const troupe_field *field,
                      const unsigned char *bytes,
                      size_t n_items)
{
    put(text, "%s=", field->name);
    if (field->form == TROUPE_FORM_SCALAR) {
        put_one(text, field, bytes);
        return;
    }
    if (field->kind == TROUPE_KIND_CHAR) {
        put_characters(text, bytes, n_items);
        return;
    }
    put(text, "[");
    for (size_t i = 0; i < n_items; i++) {
        put(text, "%s", i > 0 ? ", " : "");
        put_one(text, field, bytes + i * field->item_bytes);
    }
    put(text, "]");
}

static void put_fields(struct text *text,
                       const troupe_type *type,
                       const unsigned char *bytes,
                       size_t n_tail)
{
    put(text, "{");
    for (uint32_t i = 0; i < type->n_fields; i++) {
        const troupe_field *field = &type->fields[i];
        size_t n_items = field->form == TROUPE_FORM_TAIL ? n_tail : field->n_items;

        put(text, "%s", i > 0 ? ", " : "");
        put_field(text, field, bytes + field->offset, n_items);
    }
    put(text, "}");
}

size_t troupe_value_format(const troupe_type *type,
                           const void *value,
                           size_t size_bytes,
                           char *text,
                           size_t capacity)
{
    struct text into = {text, 0, capacity};
    size_t n_tail = 0;

    if (!message_is_well_formed(type, value, size_bytes)) {
        put(&into, "(%zu bytes that are no %s)", size_bytes, type->name);
    } else {
        if (type->tail_item_bytes)
            n_tail = (size_bytes - type->size_bytes) / type->tail_item_bytes;
        put_fields(&into, type, value, n_tail);
    }
    if (into.length >= capacity && capacity > 3)
        memcpy(text + capacity - 4, "...", 4);
    return into.length;
}
