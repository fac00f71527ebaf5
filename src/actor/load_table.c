/* SPDX-License-Identifier: BSD-3-Clause */
#include "actor/saved.h"
#include "base/alloc.h"
#include <string.h>

/*
 * The numbers of types and behaviors are places in an order of names, and so another
 * program's, or this one's with a type more, are others. A checkpoint says which name
 * and which schema each number of its own stood for.
 */

enum { MOST_NAME_BYTES = 512 };

/* 0: no state; a private one has no schema. */
static uint64_t state_hash(const struct actor_rank *home,
                           const struct actor_behavior *behavior)
{
    const troupe_type *state = behavior->source->state;
    uint16_t id = state && state->name && state->shape != TROUPE_SHAPE_PRIVATE
                      ? message_table_find(home->table, state)
                      : 0;

    return id ? message_table_type_hash(home->table, id) : 0;
}

troupe_status saved_types_save(const struct actor_rank *home, struct base_saver *saver)
{
    struct base_bytes bytes;
    troupe_status status = TROUPE_NO_MEMORY;

    base_bytes_init(&bytes);
    saved_number_put(&bytes, home->n_types);
    for (uint32_t id = 1; id <= home->n_types; id++) {
        base_bytes_append_text(&bytes,
                               message_table_type(home->table, (uint16_t)id)->name);
        base_bytes_append_u64(&bytes,
                              message_table_type_hash(home->table, (uint16_t)id));
    }
    saved_number_put(&bytes, home->n_behaviors);
    for (uint32_t i = 0; i < home->n_behaviors; i++) {
        const struct actor_behavior *behavior = &home->behaviors[i];

        base_bytes_append_text(&bytes, behavior->source->name);
        saved_number_put(&bytes, behavior->source->save != NULL);
        base_bytes_append_u64(&bytes, state_hash(home, behavior));
    }
    if (!bytes.failed)
        status = saver->put(saver, SAVED_TYPES, 0, bytes.data, bytes.size);
    base_bytes_fini(&bytes);
    return status;
}

static bool load_types(struct saved_loading *loading, struct base_cursor *cursor)
{
    struct message_table *table = loading->home->table;
    char name[MOST_NAME_BYTES];

    for (uint32_t i = 1; i <= loading->n_types; i++) {
        uint64_t hash;
        uint16_t id;

        base_cursor_text(cursor, name, sizeof name);
        hash = base_cursor_u64(cursor);
        if (cursor->failed)
            return false;
        id = message_table_find_name(table, name);
        loading->types[i].name = base_copy_text(name);
        loading->types[i].id =
            id && message_table_type_hash(table, id) == hash ? id : 0;
    }
    return true;
}

static const struct actor_behavior *behavior_named(const struct actor_rank *home,
                                                   const char *name)
{
    for (uint32_t i = 0; i < home->n_behaviors; i++)
        if (strcmp(home->behaviors[i].source->name, name) == 0)
            return &home->behaviors[i];
    return NULL;
}

static bool load_behaviors(struct saved_loading *loading, struct base_cursor *cursor)
{
    char name[MOST_NAME_BYTES];

    for (uint32_t i = 1; i <= loading->n_behaviors; i++) {
        struct saved_behavior *behavior = &loading->behaviors[i];
        bool has_own;
        uint64_t hash;

        base_cursor_text(cursor, name, sizeof name);
        has_own = saved_number(cursor) != 0;
        hash = base_cursor_u64(cursor);
        if (cursor->failed)
            return false;
        behavior->name = base_copy_text(name);
        behavior->known = behavior_named(loading->home, name);
        behavior->has_same_state =
            behavior->known && has_own == (behavior->known->source->restore != NULL) &&
            (has_own || hash == state_hash(loading->home, behavior->known));
    }
    return true;
}

troupe_status saved_types_load(struct saved_loading *loading,
                               const struct base_saved *record)
{
    enum { MOST = UINT16_MAX };
    struct base_cursor cursor;
    uint64_t n;

    base_cursor_init(&cursor, record->data, record->size_bytes);
    n = saved_number(&cursor);
    if (n > MOST || loading->types)
        return TROUPE_INVALID;
    loading->types = base_new_array(struct saved_type, n + 1);
    loading->n_types = (uint32_t)n;
    if (!load_types(loading, &cursor))
        return TROUPE_INVALID;
    n = saved_number(&cursor);
    if (n > MOST)
        return TROUPE_INVALID;
    loading->behaviors = base_new_array(struct saved_behavior, n + 1);
    loading->n_behaviors = (uint32_t)n;
    return load_behaviors(loading, &cursor) ? TROUPE_OK : TROUPE_INVALID;
}

void saved_types_free(struct saved_loading *loading)
{
    for (uint32_t i = 1; loading->types && i <= loading->n_types; i++)
        base_free(loading->types[i].name);
    for (uint32_t i = 1; loading->behaviors && i <= loading->n_behaviors; i++)
        base_free(loading->behaviors[i].name);
    base_free(loading->types);
    base_free(loading->behaviors);
}

uint16_t saved_type_now(const struct saved_loading *loading, uint64_t then)
{
    if (then == 0 || then > loading->n_types)
        return 0;
    if (loading->types[then].id == 0)
        log_error(&loading->home->rank->log,
                  "the checkpoint has a message of type '%s', which this program does "
                  "not list or has with other fields",
                  loading->types[then].name);
    return loading->types[then].id;
}
