/* SPDX-License-Identifier: BSD-3-Clause */
#include "directory/directory.h"
#include <string.h>

/*
 * Names and groups in checkpoints. A global name goes with its holder and, apart from
 * that, to its keeper, which may be another rank now; a group's members of each rank
 * are told to all. Who waited for a name asks again, and local names are not saved.
 */

/* ---- saving ------------------------------------------------------------------- */

static troupe_status put_name(struct base_saver *saver,
                              struct base_bytes *bytes,
                              uint8_t kind,
                              uint64_t key,
                              const struct directory_name *name)
{
    bytes->size = 0;
    base_bytes_append_u64(bytes, name->who);
    base_bytes_append_u64(bytes, name->registration);
    base_bytes_append_text(bytes, name->text);
    if (bytes->failed)
        return TROUPE_NO_MEMORY;
    return saver->put(saver, kind, key, bytes->data, bytes->size);
}

/* The slot of the name's hash, with an index that no rank process has. */
static uint64_t keeper_key(const struct directory *directory, const char *text)
{
    uint64_t slot =
        base_hash_bytes(text, strlen(text), 0) & (directory->home->n_slots - 1);

    return actor_address_make((uint32_t)slot, 1, 0);
}

static troupe_status put_names(struct directory *directory,
                               struct base_saver *saver,
                               struct base_bytes *bytes,
                               uint8_t kind)
{
    struct directory_table *table =
        kind == DIRECTORY_SAVED_HELD ? &directory->held : &directory->kept;

    for (int i = 0; i < DIRECTORY_BUCKETS; i++)
        BASE_LIST_EACH(node, &table->buckets[i])
        {
            const struct directory_name *name =
                CONTAINER_OF(node, struct directory_name, node);

            if (name->who)
                TROUPE_TRY(put_name(saver, bytes, kind,
                                    kind == DIRECTORY_SAVED_HELD
                                        ? name->who
                                        : keeper_key(directory, name->text),
                                    name));
        }
    return TROUPE_OK;
}

static troupe_status put_members(const struct directory *directory,
                                 struct base_saver *saver,
                                 struct base_bytes *bytes,
                                 const struct directory_group *group)
{
    struct actor_rank *home = directory->home;
    bool has_some = false;

    bytes->size = 0;
    base_bytes_append_text(bytes, group->text);
    for (size_t i = 0; i < group->n_members; i++) {
        const troupe_actor *actor = actor_is_local(home, group->members[i])
                                        ? actor_find(home, group->members[i])
                                        : NULL;

        if (!actor || !actor_is_saved(actor))
            continue;
        base_bytes_append_u64(bytes, group->members[i]);
        has_some = true;
    }
    if (bytes->failed)
        return TROUPE_NO_MEMORY;
    return has_some ? saver->put(saver, DIRECTORY_SAVED_MEMBERS, (uint64_t)home->me,
                                 bytes->data, bytes->size)
                    : TROUPE_OK;
}

static troupe_status
put_all(struct directory *directory, struct base_saver *saver, struct base_bytes *bytes)
{
    TROUPE_TRY(put_names(directory, saver, bytes, DIRECTORY_SAVED_HELD));
    TROUPE_TRY(put_names(directory, saver, bytes, DIRECTORY_SAVED_KEPT));
    for (int i = 0; directory->n_own_members && i < DIRECTORY_BUCKETS; i++)
        BASE_LIST_EACH(node, &directory->groups[i])
        {
            TROUPE_TRY(put_members(directory, saver, bytes,
                                   CONTAINER_OF(node, struct directory_group, node)));
        }
    return TROUPE_OK;
}

troupe_status directory_save(struct troupe *rank, struct base_saver *saver)
{
    struct base_bytes bytes;
    troupe_status status;

    base_bytes_init(&bytes);
    status = put_all(directory_of(rank), saver, &bytes);
    base_bytes_fini(&bytes);
    return status;
}

/* ---- loading ------------------------------------------------------------------ */

/* Whose holder is no more the keeper forgets now, the holder's rank when asked. */
static bool is_wanted(const struct directory *directory, uint8_t kind, uint64_t who)
{
    if (kind == DIRECTORY_SAVED_HELD)
        return actor_find(directory->home, who) != NULL;
    return actor_rank_of(directory->home, who) >= 0;
}

static troupe_status load_name(struct directory *directory,
                               const struct base_saved *record)
{
    bool is_held = record->kind == DIRECTORY_SAVED_HELD;
    char text[DIRECTORY_NAME_BYTES];
    struct directory_name *name;
    uint64_t who, registration;
    struct base_cursor cursor;

    base_cursor_init(&cursor, record->data, record->size_bytes);
    who = base_cursor_u64(&cursor);
    registration = base_cursor_u64(&cursor);
    base_cursor_text(&cursor, text, sizeof text);
    if (cursor.failed || !directory_name_is_good(text) ||
        (is_held && !actor_is_local(directory->home, who)))
        return TROUPE_INVALID;
    if (!is_wanted(directory, record->kind, who))
        return TROUPE_OK;
    name = directory_table_add(is_held ? &directory->held : &directory->kept, text);
    if (!name)
        return TROUPE_NO_MEMORY;
    name->who = who;
    name->registration = registration;
    if (!is_held || directory_actor_names_add(directory, name))
        return TROUPE_OK;
    directory_name_free(name);
    return TROUPE_NO_MEMORY;
}

static troupe_status load_members(struct directory *directory,
                                  const struct base_saved *record)
{
    const struct actor_rank *home = directory->home;
    char text[DIRECTORY_NAME_BYTES];
    struct base_cursor cursor;

    base_cursor_init(&cursor, record->data, record->size_bytes);
    base_cursor_text(&cursor, text, sizeof text);
    if (!directory_name_is_good(text))
        return TROUPE_INVALID;
    while (!cursor.failed && cursor.next < cursor.end) {
        uint64_t member = base_cursor_u64(&cursor);
        int rank = actor_rank_of(home, member);

        if (cursor.failed || rank < 0) /* the process of a rank that is no more */
            continue;
        directory_group_joined(directory, text, member);
        directory->n_own_members += rank == home->me;
    }
    return cursor.failed ? TROUPE_INVALID : TROUPE_OK;
}

troupe_status directory_load(struct troupe *rank,
                             struct base_saved_source *source,
                             const struct base_saved *record)
{
    struct directory *directory = directory_of(rank);

    (void)source;
    return record->kind == DIRECTORY_SAVED_MEMBERS ? load_members(directory, record)
                                                   : load_name(directory, record);
}
