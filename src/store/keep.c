/* SPDX-License-Identifier: BSD-3-Clause */
#define _XOPEN_SOURCE 700
#include "base/alloc.h"
#include "base/require.h"
#include "store/disk.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What is kept, and how the rest goes. */

#define TRASH ".trash" /* before the name of what is being removed */
enum { LONGEST_NAME = 60 };

/* ---- pins
 * ------------------------------------------------------------------------------- */

/* NOT_FOUND: the folder does not have this name any more. */
static troupe_status sync_named(const struct store *store, const char *folder)
{
    if (store_disk_sync_folder(store->files, folder) == TROUPE_OK)
        return TROUPE_OK;
    return store_disk_status(errno);
}

/*
 * Whoever removes a checkpoint looks for a pin after he took its name, and gives the
 * name back if there is one. So a pin holds that was made before; and one that was
 * made after, in a folder that was on its way out, is known by the name: that is gone.
 */
static troupe_status put_pin(const struct store *store, const char *folder)
{
    enum { MOST_TRIES = 100 }; /* the name is away for the time of two calls */
    char path[STORE_PATH_BYTES];
    troupe_status status = TROUPE_NOT_FOUND;
    store_path(path, "%s/PINNED", folder);
    for (int i = 0; i < MOST_TRIES && status == TROUPE_NOT_FOUND; i++) {
        int descriptor = store_disk_open(store->files, path, O_WRONLY | O_CREAT);
        if (descriptor < 0) {
            status = store_disk_status(errno);
            continue;
        }
        TROUPE_TRY(store_disk_close(store->files, descriptor));
        status = sync_named(store, folder);
    }
    return status;
}

troupe_status
store_pin(const struct store *store, const struct store_entry *entry, bool is_pinned)
{
    char folder[STORE_PATH_BYTES], path[STORE_PATH_BYTES];
    store_entry_path(folder, store, entry->epoch, entry->attempt);
    store_path(path, "%s/PINNED", folder);
    if (is_pinned)
        return put_pin(store, folder);
    TROUPE_TRY(store_disk_unlink(store->files, path));
    return sync_named(store, folder);
}

/* ---- removing
 * ----------------------------------------------------------------------------- */

static void gather(void *context, const char *name)
{
    base_bytes_append(context, name, strlen(name) + 1);
}

/* A folder and the files in it; they know no folders below. The manifest goes first:
 * what has it is whole. */
static troupe_status remove_folder(const struct store *store, const char *folder)
{
    struct base_bytes names;
    char manifest[STORE_PATH_BYTES];
    store_path(manifest, "%s/MANIFEST", folder);
    TROUPE_TRY(store_disk_unlink(store->files, manifest));
    base_bytes_init(&names);
    troupe_status status = TROUPE_OK;
    if (store->files->list(store->files, folder, gather, &names) != 0)
        status = store_disk_status(errno);
    for (size_t i = 0; status == TROUPE_OK && i < names.size;) {
        const char *name = (const char *)names.data + i;
        char path[STORE_PATH_BYTES];
        int n = snprintf(path, sizeof(path), "%s/%s", folder, name);
        if (n > 0 && (size_t)n < sizeof(path))
            status = store_disk_unlink(store->files, path);
        i += strlen(name) + 1;
    }
    if (names.failed)
        status = TROUPE_NO_MEMORY;
    base_bytes_fini(&names);
    if (status == TROUPE_NOT_FOUND)
        return TROUPE_OK;
    return status == TROUPE_OK ? store_disk_rmdir(store->files, folder) : status;
}

/* OK: it has such a file; NOT_FOUND: it has none; else nobody knows. */
static troupe_status
look_for(const struct store *store, const char *folder, const char *name)
{
    char path[STORE_PATH_BYTES];
    struct stat status;
    store_path(path, "%s/%s", folder, name);
    return store_disk_stat(store->files, path, &status);
}

/*
 * First the name: from then on it is no checkpoint, so one that is half gone is never
 * taken for one. Only when the new name is on disk do files go. NOT_FOUND: it was gone
 * already, or pinned just now, and stays.
 */
static troupe_status remove_entry(const struct store *store,
                                  const struct store_entry *entry)
{
    char folder[STORE_PATH_BYTES], trash[STORE_PATH_BYTES];
    store_entry_path(folder, store, entry->epoch, entry->attempt);
    store_path(trash, "%s/" TRASH "%s", store->path, folder + strlen(store->path) + 1);
    TROUPE_TRY(store_disk_rename(store->files, folder, trash));
    troupe_status status = look_for(store, trash, "PINNED");
    if (status != TROUPE_NOT_FOUND) {
        int error = errno;
        TROUPE_TRY(store_disk_rename(store->files, trash, folder));
        errno = error;
        return status == TROUPE_OK ? TROUPE_NOT_FOUND : status;
    }
    TROUPE_TRY(store_disk_sync_folder(store->files, store->path));
    return remove_folder(store, trash);
}

void store_epoch_abandon(const struct store *store, uint64_t epoch, uint32_t attempt)
{
    struct store_entry entry = {.epoch = epoch, .attempt = attempt};
    int error = errno;
    if (remove_entry(store, &entry) != TROUPE_OK)
        errno = error; /* the next start will try again */
    errno = error;
}

/* ---- pruning
 * -------------------------------------------------------------------------------- */

/* From which entry of the list on they may go; NONE if fewer than n_keep verify. */
#define NONE SIZE_MAX
static size_t first_to_go(const struct store *store,
                          const struct store_list *list,
                          size_t n_keep,
                          enum store_depth depth)
{
    size_t n_good = 0;
    for (size_t i = 0; i < list->n_items; i++) {
        const struct store_entry *entry = &list->items[i];
        struct store_problem problem;
        if (entry->is_published && !entry->is_fenced &&
            store_verify(store, entry, depth, &problem) == TROUPE_OK &&
            ++n_good == n_keep)
            return i + 1;
    }
    return NONE;
}

/* Has a later one of the same attempt, or one of a later attempt, been finished? Then
 * nobody writes there any more: of an attempt one epoch is under way at a time. */
static bool is_overtaken(const struct store_list *list, const struct store_entry *entry)
{
    for (size_t i = 0; i < list->n_items; i++) {
        const struct store_entry *other = &list->items[i];
        if (other->is_published && !other->is_fenced &&
            (other->attempt > entry->attempt ||
             (other->attempt == entry->attempt && other->epoch > entry->epoch)))
            return true;
    }
    return false;
}

static bool may_go(const struct store_list *list, size_t i, size_t first)
{
    const struct store_entry *entry = &list->items[i];
    if (entry->is_pinned || entry->is_unreadable || first == NONE)
        return false;
    if (!entry->is_published)
        return is_overtaken(list, entry);
    return entry->is_fenced || i >= first;
}

troupe_status store_prune(const struct store *store,
                          size_t n_keep,
                          enum store_depth depth,
                          bool is_trial,
                          store_pruned_fn *pruned,
                          void *context)
{
    struct store_list list;
    base_require(n_keep > 0, "a store keeps at least one checkpoint");
    TROUPE_TRY(store_list_read(store, &list));
    size_t first = first_to_go(store, &list, n_keep, depth);
    troupe_status status = TROUPE_OK;
    /* The oldest first: whenever this ends, the newest are there. */
    for (size_t i = list.n_items; status == TROUPE_OK && i-- > 0;) {
        if (!may_go(&list, i, first))
            continue;
        if (!is_trial)
            status = remove_entry(store, &list.items[i]);
        if (status == TROUPE_OK)
            pruned(context, &list.items[i]);
        else if (status == TROUPE_NOT_FOUND)
            status = TROUPE_OK;
    }
    int error = errno;
    store_list_fini(&list);
    errno = error;
    return status;
}

/* ---- cleaning
 * --------------------------------------------------------------------------------- */

static void gather_hidden(void *context, const char *name)
{
    if (strncmp(name, TRASH, strlen(TRASH)) == 0 ||
        strncmp(name, "attempt-", strlen("attempt-")) == 0)
        gather(context, name);
}

/* It was pinned, and the machine stopped before it had its name back; or nobody can
 * tell, and it stays as it is. */
static bool give_back(const struct store *store, const char *trash, const char *name)
{
    char folder[STORE_PATH_BYTES];
    troupe_status is_pinned = look_for(store, trash, "PINNED");
    troupe_status is_whole = look_for(store, trash, "MANIFEST");
    if (is_pinned == TROUPE_NOT_FOUND || is_whole == TROUPE_NOT_FOUND)
        return false;
    store_path(folder, "%s/%s", store->path, name + strlen(TRASH));
    if (is_pinned == TROUPE_OK && is_whole == TROUPE_OK)
        store_disk_rename(store->files, trash, folder);
    return true;
}

/* What is half removed goes for good; of an attempt only a fence half written. */
static void remove_hidden(const struct store *store, const char *name)
{
    char path[STORE_PATH_BYTES];
    bool is_trash = name[0] == '.';
    int n = snprintf(path, sizeof(path), "%s/%s%s", store->path, name,
                     is_trash ? "" : "/FENCE.tmp");
    if (n < 0 || strlen(name) > LONGEST_NAME) /* no name of ours */
        return;
    if (!is_trash)
        store_disk_unlink(store->files, path);
    else if (!give_back(store, path, name))
        remove_folder(store, path);
}

/* What does not go, perhaps for want of permission, is in nobody's way. */
static troupe_status remove_all_hidden(const struct store *store)
{
    struct base_bytes names;
    base_bytes_init(&names);
    troupe_status status = TROUPE_OK;
    if (store->files->list(store->files, store->path, gather_hidden, &names) != 0)
        status = store_disk_status(errno);
    for (size_t i = 0; status == TROUPE_OK && i < names.size;) {
        const char *name = (const char *)names.data + i;
        remove_hidden(store, name);
        i += strlen(name) + 1;
    }
    int error = errno;
    base_bytes_fini(&names);
    errno = error;
    return status;
}

troupe_status store_clean(const struct store *store, uint32_t attempt)
{
    struct store_list list;
    TROUPE_TRY(remove_all_hidden(store));
    TROUPE_TRY(store_list_read(store, &list));
    for (size_t i = 0; i < list.n_items; i++)
        if (!list.items[i].is_published && list.items[i].attempt < attempt)
            store_epoch_abandon(store, list.items[i].epoch, list.items[i].attempt);
    store_list_fini(&list);
    return TROUPE_OK;
}
