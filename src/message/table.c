/* SPDX-License-Identifier: BSD-3-Clause */
#include "message/table.h"
#include "base/alloc.h"
#include "base/map.h"
#include "base/require.h"
#include "message/schema.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    const troupe_type *type;
    uint64_t hash;
    uint16_t id; /* from 1; 0 before the table is sealed */
};

struct message_table {
    struct message_table_cache cache; /* first: message_table_id() looks there */
    struct entry **entries;           /* sorted by name once sealed */
    uint32_t n_entries, capacity;
    bool is_sealed;
    struct base_map by_descriptor; /* what the cache has no room for */
};
_Static_assert(offsetof(struct message_table, cache) == 0, "cast in table.h");

struct message_table *message_table_create(void)
{
    struct message_table *table = base_new(struct message_table);

    base_map_init(&table->by_descriptor);
    return table;
}

void message_table_destroy(struct message_table *table)
{
    if (!table)
        return;
    for (uint32_t i = 0; i < table->n_entries; i++)
        base_free(table->entries[i]);
    base_free(table->entries);
    base_map_fini(&table->by_descriptor);
    base_free(table);
}

/* ---- building
 * ------------------------------------------------------------------------ */

static struct entry *find_unsorted(const struct message_table *table, const char *name)
{
    for (uint32_t i = 0; i < table->n_entries; i++)
        if (strcmp(table->entries[i]->type->name, name) == 0)
            return table->entries[i];
    return NULL;
}

static void grow(struct message_table *table)
{
    uint32_t capacity = table->capacity ? table->capacity * 2 : 32;
    struct entry **entries = base_new_array(struct entry *, capacity);

    if (table->n_entries)
        memcpy(entries, table->entries, table->n_entries * sizeof *entries);
    base_free(table->entries);
    table->entries = entries;
    table->capacity = capacity;
}

static troupe_status two_schemas(const troupe_type *one,
                                 const troupe_type *other,
                                 char *why,
                                 size_t why_capacity)
{
    char texts[2][256];

    message_schema_text(one, texts[0], sizeof texts[0]);
    message_schema_text(other, texts[1], sizeof texts[1]);
    snprintf(why, why_capacity, "two message types are called '%s': %s and %s",
             one->name, texts[0], texts[1]);
    return TROUPE_SCHEMA;
}

/* The type itself; it is sound. */
static troupe_status add_one(struct message_table *table,
                             const troupe_type *type,
                             char *why,
                             size_t why_capacity)
{
    uint64_t hash = message_schema_hash(type);
    struct entry *entry = find_unsorted(table, type->name);

    if (entry && entry->hash != hash)
        return two_schemas(entry->type, type, why, why_capacity);
    if (entry)
        return TROUPE_OK;
    if (table->n_entries == UINT16_MAX) {
        snprintf(why, why_capacity, "more message types than %u", (unsigned)UINT16_MAX);
        return TROUPE_INVALID;
    }
    if (table->n_entries == table->capacity)
        grow(table);
    entry = base_new(struct entry);
    *entry = (struct entry){.type = type, .hash = hash};
    table->entries[table->n_entries++] = entry;
    return TROUPE_OK;
}

static troupe_status add_with_nested(struct message_table *table,
                                     const troupe_type *type,
                                     char *why,
                                     size_t why_capacity)
{
    for (uint32_t i = 0; i < type->n_fields; i++)
        if (type->fields[i].nested)
            TROUPE_TRY(
                add_with_nested(table, type->fields[i].nested, why, why_capacity));
    return add_one(table, type, why, why_capacity);
}

troupe_status message_table_add(struct message_table *table,
                                const troupe_type *type,
                                char *why,
                                size_t why_capacity)
{
    base_require(!table->is_sealed, "a message type is added too late");
    if (!message_type_is_sound(type, why, why_capacity))
        return TROUPE_INVALID;
    return add_with_nested(table, type, why, why_capacity);
}

static int by_name(const void *a, const void *b)
{
    const struct entry *const *one = a, *const *other = b;

    return strcmp((*one)->type->name, (*other)->type->name);
}

void message_table_seal(struct message_table *table)
{
    if (table->n_entries)
        qsort(table->entries, table->n_entries, sizeof(struct entry *), by_name);
    for (uint32_t i = 0; i < table->n_entries; i++)
        table->entries[i]->id = (uint16_t)(i + 1);
    table->is_sealed = true;
}

/* ---- asking
 * -------------------------------------------------------------------------- */

uint32_t message_table_size(const struct message_table *table)
{
    return table->n_entries;
}

static const struct entry *entry_of(const struct message_table *table, uint16_t id)
{
    base_assert(table->is_sealed);
    return id >= 1 && id <= table->n_entries ? table->entries[id - 1] : NULL;
}

const troupe_type *message_table_type(const struct message_table *table, uint16_t id)
{
    const struct entry *entry = entry_of(table, id);

    return entry ? entry->type : NULL;
}

uint64_t message_table_type_hash(const struct message_table *table, uint16_t id)
{
    const struct entry *entry = entry_of(table, id);

    return entry ? entry->hash : 0;
}

static void put_bytes(void *context, const char *piece, size_t length)
{
    base_bytes_append(context, piece, length);
}

void message_table_describe(const struct message_table *table, struct base_bytes *text)
{
    for (uint32_t i = 0; i < table->n_entries; i++) {
        message_schema_write(table->entries[i]->type, put_bytes, text);
        put_bytes(text, "\n", 1);
    }
}

static struct entry *find_sorted(const struct message_table *table, const char *name)
{
    uint32_t low = 0, high = table->n_entries;

    base_assert(table->is_sealed);
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = strcmp(name, table->entries[middle]->type->name);

        if (order == 0)
            return table->entries[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

uint16_t message_table_find_name(const struct message_table *table, const char *name)
{
    const struct entry *entry = find_sorted(table, name);

    return entry ? entry->id : 0;
}

static struct entry *find_descriptor(struct message_table *table,
                                     const troupe_type *type)
{
    uint64_t key = (uint64_t)(uintptr_t)type;
    struct entry *entry = base_map_get(&table->by_descriptor, key);

    if (entry)
        return entry;
    entry = find_sorted(table, type->name);
    if (!entry || entry->hash != message_schema_hash(type))
        return NULL;
    /* Without memory it is found this way again the next time. */
    (void)base_map_put(&table->by_descriptor, key, entry);
    return entry;
}

uint16_t message_table_find(struct message_table *table, const troupe_type *type)
{
    uint32_t line = message_table_line(type);
    const struct entry *entry = type ? find_descriptor(table, type) : NULL;

    if (!entry)
        return 0;
    table->cache.line[line].type = type;
    table->cache.line[line].id = entry->id;
    return entry->id;
}
