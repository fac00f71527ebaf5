/* SPDX-License-Identifier: BSD-3-Clause */
#include "message/schema.h"
#include "message/table.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

const struct message_kind message_kinds[TROUPE_N_KINDS] = {
    [TROUPE_KIND_BOOL] = {"bool", 1},
    [TROUPE_KIND_CHAR] = {"char", 1},
    [TROUPE_KIND_INT8] = {"i8", 1},
    [TROUPE_KIND_INT16] = {"i16", 2},
    [TROUPE_KIND_INT32] = {"i32", 4},
    [TROUPE_KIND_INT64] = {"i64", 8},
    [TROUPE_KIND_UINT8] = {"u8", 1},
    [TROUPE_KIND_UINT16] = {"u16", 2},
    [TROUPE_KIND_UINT32] = {"u32", 4},
    [TROUPE_KIND_UINT64] = {"u64", 8},
    [TROUPE_KIND_FLOAT] = {"f32", 4},
    [TROUPE_KIND_DOUBLE] = {"f64", 8},
    [TROUPE_KIND_COMPLEX_FLOAT] = {"c64", 8},
    [TROUPE_KIND_COMPLEX_DOUBLE] = {"c128", 16},
    [TROUPE_KIND_ADDRESS] = {"address", 8},
    [TROUPE_KIND_REFERENCE] = {"reference", 8},
    [TROUPE_KIND_HELD] = {"held", 8},
    [TROUPE_KIND_PUT_END] = {"put_end", 8},
    [TROUPE_KIND_TAKE_END] = {"take_end", 8},
    [TROUPE_KIND_NESTED] = {"struct", 0},
};

/* ---- the words
 * ----------------------------------------------------------------------- */

struct writing {
    message_put_fn *put;
    void *context;
};

static void say(const struct writing *writing, const char *text)
{
    writing->put(writing->context, text, strlen(text));
}

static void say_number(const struct writing *writing, uint32_t number)
{
    char text[16];

    snprintf(text, sizeof text, "%" PRIu32, number);
    say(writing, text);
}

static const char *count_name(const troupe_type *type)
{
    for (uint32_t i = 0; i < type->n_fields; i++)
        if (type->fields[i].offset == type->count_offset)
            return type->fields[i].name;
    return "?";
}

static void say_type(const struct writing *writing, const troupe_type *type, int depth);

static void say_field(const struct writing *writing,
                      const troupe_type *type,
                      const troupe_field *field,
                      int depth)
{
    say(writing, field->name);
    say(writing, ":");
    if (field->kind == TROUPE_KIND_NESTED)
        say_type(writing, field->nested, depth + 1);
    else
        say(writing, message_kinds[field->kind].name);
    if (field->form == TROUPE_FORM_SCALAR)
        return;
    say(writing, "[");
    if (field->form == TROUPE_FORM_TAIL)
        say(writing, count_name(type));
    else
        say_number(writing, field->n_items);
    say(writing, "]");
}

static void say_type(const struct writing *writing, const troupe_type *type, int depth)
{
    say(writing, type->name);
    say(writing, "{");
    if (type->shape == TROUPE_SHAPE_PRIVATE) {
        say(writing, "private:");
        say_number(writing, type->size_bytes);
    }
    for (uint32_t i = 0; i < type->n_fields && depth < MESSAGE_MAX_DEPTH; i++) {
        if (i > 0)
            say(writing, ",");
        say_field(writing, type, &type->fields[i], depth);
    }
    say(writing, "}");
}

void message_schema_write(const troupe_type *type, message_put_fn *put, void *context)
{
    say_type(&(struct writing){put, context}, type, 0);
}

struct text {
    char *next;
    size_t room; /* without the terminator */
};

static void put_text(void *context, const char *piece, size_t length)
{
    struct text *text = context;

    if (length > text->room)
        length = text->room;
    memcpy(text->next, piece, length);
    text->next += length;
    text->room -= length;
}

void message_schema_text(const troupe_type *type, char *text, size_t capacity)
{
    struct text into = {text, capacity - 1};

    if (capacity == 0)
        return;
    message_schema_write(type, put_text, &into);
    *into.next = '\0';
}

static void put_hash(void *context, const char *piece, size_t length)
{
    XXH3_64bits_update(context, piece, length);
}

uint64_t message_schema_hash(const troupe_type *type)
{
    XXH3_state_t hash;

    XXH3_64bits_reset(&hash);
    message_schema_write(type, put_hash, &hash);
    return XXH3_64bits_digest(&hash);
}

uint64_t message_table_hash(const struct message_table *table)
{
    XXH3_state_t hash;

    XXH3_64bits_reset(&hash);
    for (uint32_t id = 1; id <= message_table_size(table); id++) {
        message_schema_write(message_table_type(table, (uint16_t)id), put_hash, &hash);
        put_hash(&hash, "\n", 1);
    }
    return XXH3_64bits_digest(&hash);
}

/* ---- is a descriptor right?
 * ---------------------------------------------------------- */

struct check {
    char *why;
    size_t capacity;
};

static bool wrong(const struct check *check, const char *format, ...)
    TROUPE_PRINTF(2, 3);
static bool wrong(const struct check *check, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(check->why, check->capacity, format, arguments);
    va_end(arguments);
    return false;
}

static bool
type_is_sound(const struct check *check, const troupe_type *type, int depth);

static bool item_is_sound(const struct check *check,
                          const troupe_type *type,
                          const troupe_field *field,
                          int depth)
{
    uint32_t bytes;

    if (field->kind == 0 || field->kind >= TROUPE_N_KINDS)
        return wrong(check, "%s.%s: no kind %d", type->name, field->name, field->kind);
    bytes = message_kinds[field->kind].bytes;
    if (field->kind == TROUPE_KIND_NESTED) {
        if (!field->nested || field->nested->shape != TROUPE_SHAPE_FIELDS)
            return wrong(check, "%s.%s: no struct to nest", type->name, field->name);
        if (!type_is_sound(check, field->nested, depth + 1))
            return false;
        bytes = field->nested->size_bytes;
    }
    if (field->item_bytes != bytes)
        return wrong(check, "%s.%s: not %" PRIu32 " bytes", type->name, field->name,
                     bytes);
    return true;
}

/* Checks the field and moves *end, where the one before ended. */
static bool field_is_sound(const struct check *check,
                           const troupe_type *type,
                           const troupe_field *field,
                           uint64_t *end,
                           int depth)
{
    bool is_last = field == &type->fields[type->n_fields - 1];
    bool is_tail = field->form == TROUPE_FORM_TAIL;

    if (!field->name || !*field->name)
        return wrong(check, "%s: a field without a name", type->name);
    if (!item_is_sound(check, type, field, depth))
        return false;
    if (is_tail != (is_last && type->shape == TROUPE_SHAPE_TAIL))
        return wrong(check, "%s.%s: a tail is the last field", type->name, field->name);
    if (field->form > TROUPE_FORM_TAIL || is_tail != (field->n_items == 0) ||
        (field->form == TROUPE_FORM_SCALAR && field->n_items != 1))
        return wrong(check, "%s.%s: wrong number of items", type->name, field->name);
    if (field->offset != *end)
        return wrong(check, "%s.%s: not where the field before ends", type->name,
                     field->name);
    if (!is_tail)
        *end += (uint64_t)field->n_items * field->item_bytes;
    return true;
}

static bool tail_is_sound(const struct check *check, const troupe_type *type)
{
    const troupe_field *tail = &type->fields[type->n_fields - 1];

    if (type->tail_item_bytes != tail->item_bytes)
        return wrong(check, "%s: elements of the tail differ in size", type->name);
    for (uint32_t i = 0; i + 1 < type->n_fields; i++) {
        const troupe_field *field = &type->fields[i];

        if (field->offset != type->count_offset || field->form != TROUPE_FORM_SCALAR)
            continue;
        if ((field->kind == TROUPE_KIND_INT32 || field->kind == TROUPE_KIND_UINT32 ||
             field->kind == TROUPE_KIND_INT64 || field->kind == TROUPE_KIND_UINT64) &&
            field->item_bytes == type->count_bytes)
            return true;
    }
    return wrong(check, "%s: no field counts the tail", type->name);
}

static bool type_is_sound(const struct check *check, const troupe_type *type, int depth)
{
    bool has_fields =
        type->shape == TROUPE_SHAPE_FIELDS || type->shape == TROUPE_SHAPE_TAIL;
    uint64_t end = 0;

    if (!type->name || !*type->name)
        return wrong(check, "a message type without a name");
    if (depth >= MESSAGE_MAX_DEPTH)
        return wrong(check, "%s: structs nested too deep", type->name);
    if (type->shape < TROUPE_SHAPE_FIELDS || type->shape > TROUPE_SHAPE_PRIVATE ||
        has_fields != (type->n_fields > 0) || (has_fields && !type->fields))
        return wrong(check, "%s: shape %d does not fit", type->name, type->shape);
    for (uint32_t i = 0; i < type->n_fields; i++)
        if (!field_is_sound(check, type, &type->fields[i], &end, depth))
            return false;
    if (type->shape != TROUPE_SHAPE_PRIVATE && end != type->size_bytes)
        return wrong(check, "%s: %" PRIu64 " bytes named of %" PRIu32, type->name, end,
                     type->size_bytes);
    if (type->shape == TROUPE_SHAPE_TAIL)
        return tail_is_sound(check, type);
    if (type->tail_item_bytes || type->count_bytes)
        return wrong(check, "%s: a tail without a field", type->name);
    return true;
}

bool message_type_is_sound(const troupe_type *type, char *why, size_t why_capacity)
{
    return type_is_sound(&(struct check){why, why_capacity}, type, 0);
}
