/* SPDX-License-Identifier: BSD-3-Clause */
#define _XOPEN_SOURCE 700
#include "store/disk.h"
#include "base/require.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* Network file systems may interrupt any call. */
#define AGAIN_IF_INTERRUPTED(result, call)                                             \
    do                                                                                 \
        result = (call);                                                               \
    while (result < 0 && errno == EINTR)

troupe_status store_disk_status(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return TROUPE_NOT_FOUND;
    case EEXIST:
    case ENOTEMPTY:
        return TROUPE_EXISTS;
    case ENOMEM:
        return TROUPE_NO_MEMORY;
    default:
        return TROUPE_IO;
    }
}

static troupe_status status_of(int result)
{
    return result < 0 ? store_disk_status(errno) : TROUPE_OK;
}

int store_disk_open(const struct base_files *files, const char *path, int flags)
{
    int descriptor;
    AGAIN_IF_INTERRUPTED(descriptor, files->open(files, path, flags, 0600));
    return descriptor;
}

troupe_status store_disk_sync(const struct base_files *files, int descriptor)
{
    int result;
    AGAIN_IF_INTERRUPTED(result, files->fsync(files, descriptor));
    return result < 0 ? TROUPE_IO : TROUPE_OK;
}

/* An interrupted close has closed; a second one might hit somebody else's file. */
troupe_status store_disk_close(const struct base_files *files, int descriptor)
{
    if (files->close(files, descriptor) == 0 || errno == EINTR)
        return TROUPE_OK;
    return TROUPE_IO;
}

troupe_status
store_disk_stat(const struct base_files *files, const char *path, struct stat *status)
{
    int result;
    AGAIN_IF_INTERRUPTED(result, files->stat(files, path, status));
    return status_of(result);
}

troupe_status store_disk_mkdir(const struct base_files *files, const char *path)
{
    int result;
    AGAIN_IF_INTERRUPTED(result, files->mkdir(files, path, 0700));
    return status_of(result);
}

troupe_status
store_disk_rename(const struct base_files *files, const char *from, const char *to)
{
    int result;
    AGAIN_IF_INTERRUPTED(result, files->rename(files, from, to));
    return status_of(result);
}

troupe_status store_disk_unlink(const struct base_files *files, const char *path)
{
    int result;
    AGAIN_IF_INTERRUPTED(result, files->unlink(files, path));
    return result < 0 && errno != ENOENT ? store_disk_status(errno) : TROUPE_OK;
}

troupe_status store_disk_rmdir(const struct base_files *files, const char *path)
{
    int result;
    AGAIN_IF_INTERRUPTED(result, files->rmdir(files, path));
    return result < 0 && errno != ENOENT ? store_disk_status(errno) : TROUPE_OK;
}

/* Closes what is of no use any more, without a word about it. */
static void close_quietly(const struct base_files *files, int descriptor)
{
    int error = errno;
    files->close(files, descriptor);
    errno = error;
}

troupe_status store_disk_sync_folder(const struct base_files *files, const char *path)
{
    int descriptor = store_disk_open(files, path, O_RDONLY | O_DIRECTORY);
    if (descriptor < 0)
        return TROUPE_IO;
    troupe_status status = store_disk_sync(files, descriptor);
    /* Some file systems cannot and need not. */
    if (status != TROUPE_OK && (errno == EINVAL || errno == ENOTSUP))
        status = TROUPE_OK;
    close_quietly(files, descriptor);
    return status;
}

enum { PIECE_BYTES = 4096 };

troupe_status store_disk_read(const struct base_files *files,
                              const char *path,
                              struct base_bytes *bytes)
{
    int descriptor = store_disk_open(files, path, O_RDONLY);
    if (descriptor < 0)
        return store_disk_status(errno);
    troupe_status status;
    size_t n_read = 0;
    int64_t offset_bytes = 0;
    do {
        unsigned char piece[PIECE_BYTES];
        status = base_file_read_all(files, descriptor, offset_bytes, piece,
                                    sizeof(piece), &n_read);
        if (status == TROUPE_OK) {
            base_bytes_append(bytes, piece, n_read);
            offset_bytes += (int64_t)n_read;
        }
    } while (status == TROUPE_OK && n_read == PIECE_BYTES && !bytes->failed);
    close_quietly(files, descriptor);
    if (status == TROUPE_OK && bytes->failed) {
        errno = ENOMEM;
        status = TROUPE_NO_MEMORY;
    }
    return status;
}

static troupe_status write_whole(const struct base_files *files,
                                 const char *path,
                                 const struct base_bytes *bytes)
{
    int descriptor = store_disk_open(files, path, O_WRONLY | O_CREAT | O_EXCL);
    if (descriptor < 0)
        return store_disk_status(errno);
    troupe_status status =
        base_file_write_all(files, descriptor, bytes->data, bytes->size);
    if (status == TROUPE_OK)
        status = store_disk_sync(files, descriptor);
    if (status != TROUPE_OK) {
        close_quietly(files, descriptor);
        return status;
    }
    return store_disk_close(files, descriptor);
}

troupe_status store_disk_publish(const struct base_files *files,
                                 const char *folder,
                                 const char *name,
                                 const struct base_bytes *bytes)
{
    char path[STORE_PATH_BYTES], temporary[STORE_PATH_BYTES];
    if (bytes->failed) {
        errno = ENOMEM;
        return TROUPE_NO_MEMORY;
    }
    store_path(path, "%s/%s", folder, name);
    store_path(temporary, "%s/%s.tmp", folder, name);
    troupe_status status = write_whole(files, temporary, bytes);
    if (status == TROUPE_OK)
        status = store_disk_rename(files, temporary, path);
    if (status != TROUPE_OK) {
        int error = errno;
        if (status != TROUPE_EXISTS) /* else it is somebody else's */
            store_disk_unlink(files, temporary);
        errno = error;
        return status;
    }
    return store_disk_sync_folder(files, folder);
}

void store_path(char path[STORE_PATH_BYTES], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(path, STORE_PATH_BYTES, format, arguments);
    va_end(arguments);
    base_require(n >= 0 && n < STORE_PATH_BYTES, "a path of a checkpoint is too long");
}

void store_entry_path(char path[STORE_PATH_BYTES],
                      const struct store *store,
                      uint64_t epoch,
                      uint32_t attempt)
{
    store_path(path, "%s/ckpt-%012" PRIu64 ".%04" PRIu32, store->path, epoch, attempt);
}
