/* SPDX-License-Identifier: BSD-3-Clause */
#define _XOPEN_SOURCE 700
#include "store/disk.h"
#include "store/format.h"
#include <errno.h>
#include <inttypes.h>

/* The moment from which a checkpoint is there. */

troupe_status
store_epoch_begin(const struct store *store, uint64_t epoch, uint32_t attempt)
{
    char folder[STORE_PATH_BYTES];
    store_entry_path(folder, store, epoch, attempt);
    return store_disk_mkdir(store->files, folder);
}

/* As this machine sees them: on a network file system another one wrote them. */
static troupe_status check_parts(const struct store *store,
                                 const char *folder,
                                 const struct store_manifest *manifest)
{
    for (uint32_t i = 0; i < manifest->n_parts; i++) {
        char path[STORE_PATH_BYTES];
        struct stat status;
        store_path(path, "%s/part-%06" PRIu32, folder, i);
        TROUPE_TRY(store_disk_stat(store->files, path, &status));
        if ((uint64_t)status.st_size != manifest->parts[i].size_bytes) {
            errno = EIO;
            return TROUPE_IO;
        }
    }
    return TROUPE_OK;
}

/*
 * Every writer has put its part's bytes and name on disk. The folder's own name comes
 * before the manifest's, so that there is no time at which the manifest is told of and
 * its folder is not.
 */
troupe_status store_publish(const struct store *store,
                            const struct store_manifest *manifest)
{
    char folder[STORE_PATH_BYTES];
    struct base_bytes bytes;
    store_entry_path(folder, store, manifest->epoch, manifest->attempt);
    TROUPE_TRY(check_parts(store, folder, manifest));
    TROUPE_TRY(store_disk_sync_folder(store->files, store->path));
    base_bytes_init(&bytes);
    store_put_manifest(&bytes, manifest);
    troupe_status status = store_disk_publish(store->files, folder, "MANIFEST", &bytes);
    int error = errno;
    base_bytes_fini(&bytes);
    errno = error;
    return status;
}
