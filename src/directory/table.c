/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
#include "directory/directory.h"
#include <string.h>

/* Names by their text: a fixed number of buckets, names are few. */

static struct base_list *bucket(struct directory_table *table, const char *text)
{
    return &table->buckets[base_hash_bytes(text, strlen(text), 0) % DIRECTORY_BUCKETS];
}

bool directory_name_is_good(const char *text)
{
    size_t length = text ? strnlen(text, DIRECTORY_NAME_BYTES) : 0;

    return length > 0 && length < DIRECTORY_NAME_BYTES;
}

void directory_table_init(struct directory_table *table)
{
    for (int i = 0; i < DIRECTORY_BUCKETS; i++)
        base_list_init(&table->buckets[i]);
}

struct directory_name *directory_table_find(struct directory_table *table,
                                            const char *text)
{
    struct base_list *names = bucket(table, text);

    BASE_LIST_EACH(node, names)
    {
        struct directory_name *name = CONTAINER_OF(node, struct directory_name, node);

        if (strcmp(name->text, text) == 0)
            return name;
    }
    return NULL;
}

struct directory_name *directory_table_add(struct directory_table *table,
                                           const char *text)
{
    struct directory_name *name = base_try_alloc(sizeof *name);

    if (!name)
        return NULL;
    memset(name, 0, sizeof *name);
    memcpy(name->text, text, strlen(text) + 1);
    base_list_init(&name->by_actor);
    base_list_init(&name->waiting);
    base_list_append(bucket(table, text), &name->node);
    return name;
}

void directory_name_free(struct directory_name *name)
{
    BASE_LIST_EACH(node, &name->waiting)
    {
        base_list_remove(node);
        base_free(CONTAINER_OF(node, struct directory_waiter, node));
    }
    base_list_remove(&name->node);
    base_list_remove(&name->by_actor);
    base_free(name);
}

void directory_table_fini(struct directory_table *table)
{
    for (int i = 0; i < DIRECTORY_BUCKETS; i++)
        while (!base_list_is_empty(&table->buckets[i]))
            directory_name_free(
                CONTAINER_OF(table->buckets[i].next, struct directory_name, node));
}
