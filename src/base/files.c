/* SPDX-License-Identifier: BSD-3-Clause */
#define _XOPEN_SOURCE 700
#include "base/files.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int
real_open(const struct base_files *files, const char *path, int flags, mode_t mode)
{
    (void)files;
    return open(path, flags | O_CLOEXEC, mode);
}

static ssize_t
real_read(const struct base_files *files, int descriptor, void *data, size_t size_bytes)
{
    (void)files;
    return read(descriptor, data, size_bytes);
}

static ssize_t real_pread(const struct base_files *files,
                          int descriptor,
                          void *data,
                          size_t size_bytes,
                          off_t offset_bytes)
{
    (void)files;
    return pread(descriptor, data, size_bytes, offset_bytes);
}

static ssize_t real_write(const struct base_files *files,
                          int descriptor,
                          const void *data,
                          size_t size_bytes)
{
    (void)files;
    return write(descriptor, data, size_bytes);
}

static ssize_t real_pwrite(const struct base_files *files,
                           int descriptor,
                           const void *data,
                           size_t size_bytes,
                           off_t offset_bytes)
{
    (void)files;
    return pwrite(descriptor, data, size_bytes, offset_bytes);
}

static int real_fsync(const struct base_files *files, int descriptor)
{
    (void)files;
    return fsync(descriptor);
}

static int
real_truncate(const struct base_files *files, int descriptor, off_t size_bytes)
{
    (void)files;
    return ftruncate(descriptor, size_bytes);
}

static int real_close(const struct base_files *files, int descriptor)
{
    (void)files;
    return close(descriptor);
}

static int
real_stat(const struct base_files *files, const char *path, struct stat *status)
{
    (void)files;
    return stat(path, status);
}

static int real_mkdir(const struct base_files *files, const char *path, mode_t mode)
{
    (void)files;
    return mkdir(path, mode);
}

static int real_rename(const struct base_files *files, const char *from, const char *to)
{
    (void)files;
    return rename(from, to);
}

static int real_unlink(const struct base_files *files, const char *path)
{
    (void)files;
    return unlink(path);
}

static int real_rmdir(const struct base_files *files, const char *path)
{
    (void)files;
    return rmdir(path);
}

static int real_list(const struct base_files *files,
                     const char *path,
                     base_file_visit_fn *visit,
                     void *context)
{
    (void)files;
    DIR *folder = opendir(path);
    if (!folder)
        return -1;
    for (;;) {
        errno = 0; /* the end and an error look alike but for this */
        const struct dirent *entry = readdir(folder);
        if (!entry)
            break;
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            visit(context, entry->d_name);
    }
    int error = errno;
    closedir(folder);
    errno = error;
    return error ? -1 : 0;
}

const struct base_files base_files_real = {
    .open = real_open,
    .read = real_read,
    .pread = real_pread,
    .write = real_write,
    .pwrite = real_pwrite,
    .fsync = real_fsync,
    .truncate = real_truncate,
    .close = real_close,
    .stat = real_stat,
    .mkdir = real_mkdir,
    .rename = real_rename,
    .unlink = real_unlink,
    .rmdir = real_rmdir,
    .list = real_list,
};

troupe_status base_file_read_all(const struct base_files *files,
                                 int descriptor,
                                 int64_t offset_bytes,
                                 void *data,
                                 size_t size_bytes,
                                 size_t *n_read)
{
    char *next = data;
    size_t done = 0;
    while (done < size_bytes) {
        off_t offset = (off_t)(offset_bytes + (int64_t)done);
        ssize_t n = files->pread(files, descriptor, next, size_bytes - done, offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return TROUPE_IO;
        if (n == 0)
            break;
        done += (size_t)n;
        next += n;
    }
    *n_read = done;
    return TROUPE_OK;
}

troupe_status base_file_write_all(const struct base_files *files,
                                  int descriptor,
                                  const void *data,
                                  size_t size_bytes)
{
    const char *next = data;
    size_t left = size_bytes;
    while (left > 0) {
        ssize_t n = files->write(files, descriptor, next, left);
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0)
            errno = ENOSPC; /* not to be seen on files; else we would try for ever */
        if (n <= 0)
            return TROUPE_IO;
        left -= (size_t)n;
        next += n;
    }
    return TROUPE_OK;
}

troupe_status base_file_write_at(const struct base_files *files,
                                 int descriptor,
                                 int64_t offset_bytes,
                                 const void *data,
                                 size_t size_bytes)
{
    const char *next = data;
    size_t left = size_bytes;
    while (left > 0) {
        off_t offset = (off_t)(offset_bytes + (int64_t)(size_bytes - left));
        ssize_t n = files->pwrite(files, descriptor, next, left, offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0)
            errno = ENOSPC;
        if (n <= 0)
            return TROUPE_IO;
        left -= (size_t)n;
        next += n;
    }
    return TROUPE_OK;
}
