/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "base/clock.h"
#include "store/disk.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

/* Who may work on a job: one at a time, and nobody unasked when it is completed. */

/* ---- the lock ------------------------------------------------------------------ */

void store_lock_path(char path[STORE_PATH_BYTES], const struct store *store)
{
    store_path(path, "%s/supervisor", store->path);
}

static troupe_status lock(int descriptor, int64_t patience_ns)
{
    enum { LOOK_NS = 50 * 1000 * 1000 };
    int64_t end_ns = base_clock_ns() + patience_ns;

    while (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            return TROUPE_OK; /* a file system without locks must do without */
        if (base_clock_ns() >= end_ns)
            return TROUPE_REFUSED;
        base_clock_sleep_ns(LOOK_NS);
    }
    return TROUPE_OK;
}

troupe_status
store_lock(const struct store *store, int64_t patience_ns, int *descriptor)
{
    char path[STORE_PATH_BYTES];
    troupe_status status;

    *descriptor = -1;
    if (store->files != &base_files_real)
        return TROUPE_OK;
    store_lock_path(path, store);
    *descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (*descriptor < 0)
        return store_disk_status(errno);
    status = lock(*descriptor, patience_ns);
    if (status != TROUPE_OK)
        store_unlock(descriptor);
    else /* what a supervisor left that was killed */
        (void)!ftruncate(*descriptor, 0);
    return status;
}

/* The file stays: to remove it would let two have locks on two files of that name. */
void store_unlock(int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
    *descriptor = -1;
}

/* ---- the mark of a job that has ended in order ---------------------------------- */

static void mark_path(char path[STORE_PATH_BYTES], const struct store *store)
{
    store_path(path, "%s/COMPLETED", store->path);
}

bool store_is_completed(const struct store *store)
{
    char path[STORE_PATH_BYTES];
    struct stat status;

    mark_path(path, store);
    return store_disk_stat(store->files, path, &status) == TROUPE_OK;
}

troupe_status store_complete(const struct store *store, bool is_completed)
{
    char path[STORE_PATH_BYTES];

    mark_path(path, store);
    if (is_completed) {
        int descriptor = store_disk_open(store->files, path, O_WRONLY | O_CREAT);

        if (descriptor < 0)
            return store_disk_status(errno);
        TROUPE_TRY(store_disk_close(store->files, descriptor));
    } else {
        troupe_status status = store_disk_unlink(store->files, path);

        if (status != TROUPE_OK)
            return status == TROUPE_NOT_FOUND ? TROUPE_OK : status;
    }
    return store_disk_sync_folder(store->files, store->path);
}
