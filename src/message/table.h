/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MESSAGE_TABLE_H
#define MESSAGE_TABLE_H

/*
 * The message types of a program, as one rank sees them. A descriptor stands once per
 * translation unit, so identity is name and schema hash, never the address; wire ids
 * are places (from 1) in the order sorted by name, so that equal programs agree on
 * them.
 */

#include "base/bytes.h"
#include "base/compiler.h"
#include "troupe/message.h"

struct message_table;

#define MESSAGE_TABLE_CACHE 256

/* The head of the table, in the open for the inline look-up. */
struct message_table_cache {
    struct {
        const troupe_type *type;
        uint16_t id;
    } line[MESSAGE_TABLE_CACHE];
};

struct message_table *message_table_create(void);
void message_table_destroy(struct message_table *table);

/*
 * Adds a type and, transitively, the types nested in it. The same name with another
 * schema: TROUPE_SCHEMA, and `why` names both. TROUPE_INVALID: the descriptor is wrong.
 */
troupe_status message_table_add(struct message_table *table,
                                const troupe_type *type,
                                char *why,
                                size_t why_capacity);
/* After the last add: sorts and numbers. */
void message_table_seal(struct message_table *table);

uint32_t message_table_size(const struct message_table *table); /* ids are 1..size */
const troupe_type *message_table_type(const struct message_table *table, uint16_t id);
uint64_t message_table_type_hash(const struct message_table *table, uint16_t id);
/* One hash over all names and schemas, to compare ranks. */
uint64_t message_table_hash(const struct message_table *table);
/* A line for each type with its schema, to print when ranks differ. */
void message_table_describe(const struct message_table *table, struct base_bytes *text);
uint16_t message_table_find_name(const struct message_table *table, const char *name);

/* The id of a descriptor (any translation unit's), 0 when the program does not list it.
 */
uint16_t message_table_find(struct message_table *table, const troupe_type *type);

static inline uint32_t message_table_line(const troupe_type *type)
{
    /* Compilers align objects of this size to 32. */
    return (uint32_t)((uintptr_t)type / 32) & (MESSAGE_TABLE_CACHE - 1);
}

static inline uint16_t message_table_id(struct message_table *table,
                                        const troupe_type *type)
{
    struct message_table_cache *cache = (struct message_table_cache *)(void *)table;
    uint32_t line = message_table_line(type);

    if (LIKELY(cache->line[line].type == type))
        return cache->line[line].id;
    return message_table_find(table, type);
}

/* One size, and every byte pattern of it is a value. */
bool message_is_plain(const troupe_type *type);
/*
 * Is this payload a well-formed value of the type? Size, tail count against size, bools
 * 0 or 1. For bytes that came from outside this rank.
 */
bool message_is_well_formed(const troupe_type *type,
                            const void *payload,
                            size_t size_bytes);
/* The schema in words, "work{low:f64,high:f64}", as hashed. */
void message_schema_text(const troupe_type *type, char *text, size_t capacity);
/* Bytes of a message with n_tail elements in its tail; SIZE_MAX when it cannot be. */
size_t message_size(const troupe_type *type, size_t n_tail);
/* What the counting field says; the type MUST have a tail. */
uint64_t message_count(const troupe_type *type, const void *payload);
/* Sets the counting field; false when n_tail does not fit it (no tail: must be 0). */
bool message_set_count(const troupe_type *type, void *payload, size_t n_tail);

#endif
