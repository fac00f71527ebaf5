/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SIM_TEST_CHECKPOINT_DISK_H
#define SIM_TEST_CHECKPOINT_DISK_H

/* A folder that is gone afterwards, on a disk that need not wait, and that fails when
 * it is told to. */

#include "base/compiler.h"
#include "base/files.h"
#include <check.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct quick_disk {
    struct base_files files;
    char path[64];
    int error; /* not 0: what every write gives from now on */
    bool refuses_folders;
};

static inline int quick_fsync(const struct base_files *files, int descriptor)
{
    (void)files;
    (void)descriptor;
    return 0;
}

static inline ssize_t quick_write(const struct base_files *files,
                                  int descriptor,
                                  const void *data,
                                  size_t size_bytes)
{
    const struct quick_disk *disk = CONTAINER_OF_CONST(files, struct quick_disk, files);

    if (disk->error == 0)
        return write(descriptor, data, size_bytes);
    errno = disk->error;
    return -1;
}

static inline int
quick_mkdir(const struct base_files *files, const char *path, mode_t mode)
{
    const struct quick_disk *disk = CONTAINER_OF_CONST(files, struct quick_disk, files);

    if (!disk->refuses_folders)
        return mkdir(path, mode);
    errno = EACCES;
    return -1;
}

static inline const char *quick_disk_open(struct quick_disk *disk)
{
    *disk = (struct quick_disk){.files = base_files_real};
    disk->files.fsync = quick_fsync;
    disk->files.write = quick_write;
    disk->files.mkdir = quick_mkdir;
    snprintf(disk->path, sizeof disk->path, "/tmp/troupe-checkpoint-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(disk->path));
    return disk->path;
}

static inline int
quick_remove(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

static inline void quick_disk_close(const struct quick_disk *disk)
{
    nftw(disk->path, quick_remove, 8, FTW_DEPTH | FTW_PHYS);
}

#endif
