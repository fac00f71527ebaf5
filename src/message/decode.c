/* SPDX-License-Identifier: BSD-3-Clause */
#include "message/schema.h"
#include "message/table.h"
#include <string.h>

/* ---- sizes
 * --------------------------------------------------------------------------- */

/* Whether the field is signed does not matter: the top bit is never set. */
static uint64_t largest_count(const troupe_type *type)
{
    return type->count_bytes == 4 ? INT32_MAX : INT64_MAX;
}

uint64_t message_count(const troupe_type *type, const void *payload)
{
    uint64_t count = 0;

    memcpy(&count, (const unsigned char *)payload + type->count_offset,
           type->count_bytes);
    return count;
}

bool message_set_count(const troupe_type *type, void *payload, size_t n_tail)
{
    uint64_t count = n_tail;

    if (type->tail_item_bytes == 0)
        return n_tail == 0;
    if (count > largest_count(type))
        return false;
    memcpy((unsigned char *)payload + type->count_offset, &count, type->count_bytes);
    return true;
}

size_t message_size(const troupe_type *type, size_t n_tail)
{
    size_t tail_bytes, size_bytes;

    if (n_tail > 0 && type->tail_item_bytes == 0)
        return SIZE_MAX;
    if (__builtin_mul_overflow(n_tail, (size_t)type->tail_item_bytes, &tail_bytes) ||
        __builtin_add_overflow(tail_bytes, (size_t)type->size_bytes, &size_bytes))
        return SIZE_MAX;
    return size_bytes;
}

size_t troupe_value_size(const troupe_type *type, const void *value)
{
    uint64_t count;

    if (type->tail_item_bytes == 0)
        return type->size_bytes;
    count = message_count(type, value);
    return count > largest_count(type) ? SIZE_MAX : message_size(type, count);
}

/* ---- bytes from elsewhere
 * ------------------------------------------------------------ */

static bool has_bools(const troupe_type *type)
{
    for (uint32_t i = 0; i < type->n_fields; i++) {
        const troupe_field *field = &type->fields[i];

        if (field->kind == TROUPE_KIND_BOOL)
            return true;
        if (field->kind == TROUPE_KIND_NESTED && has_bools(field->nested))
            return true;
    }
    return false;
}

bool message_is_plain(const troupe_type *type)
{
    return type->tail_item_bytes == 0 && !has_bools(type);
}

static bool bools_are_bools(const unsigned char *bytes, size_t n_items)
{
    unsigned char all = 0;

    for (size_t i = 0; i < n_items; i++)
        all |= bytes[i];
    return all <= 1;
}

static bool fields_are_well_formed(const troupe_type *type,
                                   const unsigned char *bytes,
                                   size_t n_tail);

static bool field_is_well_formed(const troupe_field *field,
                                 const unsigned char *bytes,
                                 size_t n_items)
{
    if (field->kind == TROUPE_KIND_BOOL)
        return bools_are_bools(bytes, n_items);
    if (field->kind != TROUPE_KIND_NESTED || !has_bools(field->nested))
        return true;
    for (size_t i = 0; i < n_items; i++)
        if (!fields_are_well_formed(field->nested, bytes + i * field->item_bytes, 0))
            return false;
    return true;
}

static bool fields_are_well_formed(const troupe_type *type,
                                   const unsigned char *bytes,
                                   size_t n_tail)
{
    for (uint32_t i = 0; i < type->n_fields; i++) {
        const troupe_field *field = &type->fields[i];
        size_t n_items = field->form == TROUPE_FORM_TAIL ? n_tail : field->n_items;

        if (!field_is_well_formed(field, bytes + field->offset, n_items))
            return false;
    }
    return true;
}

bool message_is_well_formed(const troupe_type *type,
                            const void *payload,
                            size_t size_bytes)
{
    size_t n_tail = 0;

    if (type->shape == TROUPE_SHAPE_PRIVATE || size_bytes < type->size_bytes)
        return false;
    if (size_bytes > 0 && troupe_value_size(type, payload) != size_bytes)
        return false;
    if (type->tail_item_bytes)
        n_tail = (size_bytes - type->size_bytes) / type->tail_item_bytes;
    return fields_are_well_formed(type, payload, n_tail);
}
