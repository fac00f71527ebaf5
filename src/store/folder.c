/* SPDX-License-Identifier: BSD-3-Clause */
#define _XOPEN_SOURCE 700
#include "base/alloc.h"
#include "store/disk.h"
#include "store/format.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A job's folder: opening it, claiming numbers in it, and what there is in it. */

/* ---- opening
 * -------------------------------------------------------------------------- */

/* What may come behind the folder's path: "/ckpt-…/part-….tmp", with trash before it.
 */
enum { LONGEST_BELOW = 100, LONGEST_JOB = 100 };

static bool job_is_sound(const char *job)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t n = strlen(job);
    return n > 0 && n <= LONGEST_JOB && job[0] != '.' && strspn(job, allowed) == n;
}

/* A folder that is there may have been made by whoever crashed before it was on disk.
 */
static troupe_status make_folder(const struct base_files *files, char *path)
{
    troupe_status status = store_disk_mkdir(files, path);
    if (status != TROUPE_OK && status != TROUPE_EXISTS)
        return status;
    char *slash = strrchr(path, '/');
    if (!slash)
        return store_disk_sync_folder(files, ".");
    if (slash == path)
        return store_disk_sync_folder(files, "/");
    *slash = '\0';
    status = store_disk_sync_folder(files, path);
    *slash = '/';
    return status;
}

/* Makes the path from where it begins to be missing. */
static troupe_status make_path(const struct base_files *files, const char *path)
{
    char part[STORE_PATH_BYTES];
    store_path(part, "%s", path);
    for (char *end = part + 1;; end++) {
        if (*end != '/' && *end != '\0')
            continue;
        char kept = *end;
        struct stat status;
        *end = '\0';
        if (store_disk_stat(files, part, &status) != TROUPE_OK) {
            if (errno != ENOENT)
                return store_disk_status(errno);
            TROUPE_TRY(make_folder(files, part));
        }
        *end = kept;
        if (kept == '\0')
            return TROUPE_OK;
    }
}

static troupe_status check_folder(const struct store *store, int flags)
{
    struct stat status;
    TROUPE_TRY(store_disk_stat(store->files, store->path, &status));
    if (!S_ISDIR(status.st_mode)) {
        errno = ENOTDIR;
        return TROUPE_NOT_FOUND;
    }
    if ((status.st_mode & S_IWOTH) && !(flags & STORE_ALLOW_WORLD_WRITABLE))
        return TROUPE_REFUSED;
    return TROUPE_OK;
}

troupe_status store_open(struct store *store,
                         const struct base_files *files,
                         const char *directory,
                         const char *job,
                         int flags)
{
    size_t n = strlen(directory);
    if (n == 0 || n + LONGEST_JOB + LONGEST_BELOW >= STORE_PATH_BYTES ||
        (job && !job_is_sound(job)))
        return TROUPE_INVALID;
    while (n > 1 && directory[n - 1] == '/')
        n--;
    store->files = files;
    store->pace = NULL;
    store_path(store->path, "%.*s", (int)n, directory);
    if (flags & STORE_CREATE)
        TROUPE_TRY(make_path(files, store->path));
    TROUPE_TRY(check_folder(store, flags));
    if (!job)
        return TROUPE_OK;
    store_path(store->path, "%.*s/%s", (int)n, directory, job);
    if (flags & STORE_CREATE)
        TROUPE_TRY(make_path(files, store->path));
    return check_folder(store, flags);
}

troupe_status store_place_check(const struct base_files *files,
                                const char *directory,
                                char parent[STORE_PATH_BYTES],
                                bool *is_there)
{
    struct stat status;
    size_t n = strlen(directory);
    troupe_status result;

    *is_there = true;
    if (n == 0 || n >= STORE_PATH_BYTES)
        return TROUPE_OK; /* whoever opens it says so */
    store_path(parent, "%s", directory);
    result = store_disk_stat(files, parent, &status);
    if (result != TROUPE_NOT_FOUND)
        return TROUPE_OK;
    *is_there = false;
    while (n > 1 && parent[n - 1] == '/')
        n--;
    while (n > 0 && parent[n - 1] != '/')
        n--;
    while (n > 1 && parent[n - 1] == '/')
        n--;
    store_path(parent, "%.*s", n ? (int)n : 1, n ? directory : ".");
    return store_disk_stat(files, parent, &status);
}

/* ---- names
 * ----------------------------------------------------------------------------- */

/* "ckpt-000000000012.0003"; nothing else that looks like it. */
static bool parse_entry(const char *name, struct store_entry *entry)
{
    char again[STORE_NAME_BYTES];
    *entry = (struct store_entry){0};
    if (sscanf(name, "ckpt-%20" SCNu64 ".%10" SCNu32, &entry->epoch, &entry->attempt) !=
        2)
        return false;
    snprintf(again, sizeof(again), "ckpt-%012" PRIu64 ".%04" PRIu32, entry->epoch,
             entry->attempt);
    return strcmp(name, again) == 0;
}

static bool parse_attempt(const char *name, uint32_t *attempt)
{
    char again[STORE_NAME_BYTES];
    if (sscanf(name, "attempt-%10" SCNu32, attempt) != 1)
        return false;
    snprintf(again, sizeof(again), "attempt-%08" PRIu32, *attempt);
    return strcmp(name, again) == 0;
}

static void
attempt_path(char path[STORE_PATH_BYTES], const struct store *store, uint32_t attempt)
{
    store_path(path, "%s/attempt-%08" PRIu32, store->path, attempt);
}

/* ---- attempts
 * --------------------------------------------------------------------------- */

static void visit_attempt(void *context, const char *name)
{
    uint32_t *highest = context;
    struct store_entry entry;
    if ((parse_attempt(name, &entry.attempt) || parse_entry(name, &entry)) &&
        entry.attempt > *highest)
        *highest = entry.attempt;
}

troupe_status store_attempt_begin(const struct store *store, uint32_t *attempt)
{
    uint32_t highest = 0;
    if (store->files->list(store->files, store->path, visit_attempt, &highest) != 0)
        return store_disk_status(errno);
    for (;;) {
        char path[STORE_PATH_BYTES];
        if (highest == UINT32_MAX) {
            errno = EOVERFLOW;
            return TROUPE_INVALID;
        }
        attempt_path(path, store, ++highest);
        troupe_status status = store_disk_mkdir(store->files, path);
        if (status == TROUPE_OK)
            break;
        if (status != TROUPE_EXISTS)
            return status;
    }
    *attempt = highest;
    return store_disk_sync_folder(store->files, store->path);
}

troupe_status
store_attempt_fence(const struct store *store, uint32_t attempt, uint64_t base_epoch)
{
    char path[STORE_PATH_BYTES];
    struct store_fence fence = {attempt, base_epoch};
    struct base_bytes bytes;
    attempt_path(path, store, attempt);
    base_bytes_init(&bytes);
    store_put_fence(&bytes, &fence);
    troupe_status status = store_disk_publish(store->files, path, "FENCE", &bytes);
    int error = errno;
    base_bytes_fini(&bytes);
    errno = error;
    return status;
}

troupe_status store_attempt_unfence(const struct store *store, uint32_t attempt)
{
    char folder[STORE_PATH_BYTES], path[STORE_PATH_BYTES];
    attempt_path(folder, store, attempt);
    attempt_path(path, store, attempt);
    store_path(path + strlen(path), "/FENCE");
    troupe_status status = store_disk_unlink(store->files, path);
    if (status == TROUPE_NOT_FOUND)
        return TROUPE_OK;
    return status == TROUPE_OK ? store_disk_sync_folder(store->files, folder) : status;
}

/* ---- the list
 * ----------------------------------------------------------------------------- */

struct scan {
    struct base_bytes entries; /* struct store_entry each */
    struct base_bytes fences;  /* struct store_fence each; as yet without their epoch */
};

static void visit_any(void *context, const char *name)
{
    struct scan *scan = context;
    struct store_entry entry;
    struct store_fence fence = {0};
    if (parse_entry(name, &entry))
        base_bytes_append(&scan->entries, &entry, sizeof(entry));
    else if (parse_attempt(name, &fence.attempt))
        base_bytes_append(&scan->fences, &fence, sizeof(fence));
}

/* Of an attempt that never said where it went on, or whose word is spoilt, nothing
 * follows for the others; but of a word that we cannot hear we do not know. */
static troupe_status read_fence(const struct store *store, struct store_fence *fence)
{
    char path[STORE_PATH_BYTES];
    struct base_bytes bytes;
    struct store_fence read;
    uint32_t attempt = fence->attempt;
    store_path(path, "%s/attempt-%08" PRIu32 "/FENCE", store->path, attempt);
    fence->base_epoch = UINT64_MAX;
    base_bytes_init(&bytes);
    troupe_status status = store_disk_read(store->files, path, &bytes);
    if (status == TROUPE_OK &&
        store_get_fence(bytes.data, bytes.size, &read) == STORE_GOOD &&
        read.attempt == attempt)
        *fence = read;
    int error = errno;
    base_bytes_fini(&bytes);
    errno = error;
    return status == TROUPE_NOT_FOUND ? TROUPE_OK : status;
}

static bool is_fenced(const struct store_entry *entry,
                      const struct store_fence *fences,
                      size_t n_fences)
{
    for (size_t i = 0; i < n_fences; i++)
        if (fences[i].attempt > entry->attempt && entry->epoch > fences[i].base_epoch)
            return true;
    return false;
}

/* NOT_FOUND is an answer; all else that goes wrong is not. */
static troupe_status
has_file(const struct store *store, const char *folder, const char *name, bool *has)
{
    char path[STORE_PATH_BYTES];
    struct stat status;
    store_path(path, "%s/%s", folder, name);
    troupe_status result = store_disk_stat(store->files, path, &status);
    *has = result == TROUPE_OK;
    return result == TROUPE_NOT_FOUND ? TROUPE_OK : result;
}

/* False: it has gone since its folder was listed. */
static bool look_at(const struct store *store, struct store_entry *entry)
{
    char folder[STORE_PATH_BYTES];
    struct stat status;
    store_entry_path(folder, store, entry->epoch, entry->attempt);
    bool is_sure =
        has_file(store, folder, "MANIFEST", &entry->is_published) == TROUPE_OK;
    if (is_sure && !entry->is_published &&
        store_disk_stat(store->files, folder, &status) == TROUPE_NOT_FOUND)
        return false;
    if (!is_sure) /* let whoever reads it find out why */
        entry->is_published = true;
    entry->is_unreadable =
        has_file(store, folder, "PINNED", &entry->is_pinned) != TROUPE_OK || !is_sure;
    return true;
}

static int compare(const void *left, const void *right)
{
    const struct store_entry *a = left, *b = right;
    if (a->epoch != b->epoch)
        return a->epoch > b->epoch ? -1 : 1;
    return a->attempt > b->attempt ? -1 : a->attempt < b->attempt;
}

static troupe_status complete(const struct store *store, struct scan *scan)
{
    struct store_entry *entries = (void *)scan->entries.data;
    struct store_fence *fences = (void *)scan->fences.data;
    size_t n_entries = scan->entries.size / sizeof(*entries);
    size_t n_fences = scan->fences.size / sizeof(*fences);
    if (scan->entries.failed || scan->fences.failed) {
        errno = ENOMEM;
        return TROUPE_NO_MEMORY;
    }
    for (size_t i = 0; i < n_fences; i++)
        TROUPE_TRY(read_fence(store, &fences[i]));
    size_t n_there = 0;
    for (size_t i = 0; i < n_entries; i++) {
        entries[i].is_fenced = is_fenced(&entries[i], fences, n_fences);
        if (look_at(store, &entries[i]))
            entries[n_there++] = entries[i];
    }
    scan->entries.size = n_there * sizeof(*entries);
    if (n_there > 0)
        qsort(entries, n_there, sizeof(*entries), compare);
    return TROUPE_OK;
}

troupe_status store_list_read(const struct store *store, struct store_list *list)
{
    struct scan scan;
    *list = (struct store_list){0};
    base_bytes_init(&scan.entries);
    base_bytes_init(&scan.fences);
    troupe_status status = TROUPE_OK;
    if (store->files->list(store->files, store->path, visit_any, &scan) != 0)
        status = store_disk_status(errno);
    if (status == TROUPE_OK)
        status = complete(store, &scan);
    int error = errno;
    base_bytes_fini(&scan.fences);
    if (status == TROUPE_OK) {
        list->items = (void *)scan.entries.data;
        list->n_items = scan.entries.size / sizeof(*list->items);
    } else {
        base_bytes_fini(&scan.entries);
    }
    errno = error;
    return status;
}

void store_list_fini(struct store_list *list)
{
    base_free(list->items);
    *list = (struct store_list){0};
}
