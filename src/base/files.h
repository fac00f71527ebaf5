/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BASE_FILES_H
#define BASE_FILES_H

/*
 * The files of the machine as a table of functions. Whoever reads or writes files is
 * given one, so that a test can stand between: interrupt, cut short, fail, run full.
 * Each function is as POSIX has it (-1 and errno on failure) but for the table as the
 * first argument; with CONTAINER_OF_CONST a stand-in finds what it has beside the
 * table.
 */

#include "troupe/base.h"
#include <sys/stat.h>
#include <sys/types.h>

typedef void base_file_visit_fn(void *context, const char *name);

struct base_files {
    int (*open)(const struct base_files *files,
                const char *path,
                int flags,
                mode_t mode);
    ssize_t (*read)(const struct base_files *files,
                    int descriptor,
                    void *data,
                    size_t size_bytes);
    ssize_t (*pread)(const struct base_files *files,
                     int descriptor,
                     void *data,
                     size_t size_bytes,
                     off_t offset_bytes);
    ssize_t (*write)(const struct base_files *files,
                     int descriptor,
                     const void *data,
                     size_t size_bytes);
    ssize_t (*pwrite)(const struct base_files *files,
                      int descriptor,
                      const void *data,
                      size_t size_bytes,
                      off_t offset_bytes);
    int (*fsync)(const struct base_files *files, int descriptor);
    int (*truncate)(const struct base_files *files, int descriptor, off_t size_bytes);
    int (*close)(const struct base_files *files, int descriptor);
    int (*stat)(const struct base_files *files, const char *path, struct stat *status);
    int (*mkdir)(const struct base_files *files, const char *path, mode_t mode);
    int (*rename)(const struct base_files *files, const char *from, const char *to);
    int (*unlink)(const struct base_files *files, const char *path);
    int (*rmdir)(const struct base_files *files, const char *path);
    /* Not in POSIX: gives the names in a folder to `visit`, in no order. */
    int (*list)(const struct base_files *files,
                const char *path,
                base_file_visit_fn *visit,
                void *context);
};

/* The real ones. Files are opened so that started programs do not inherit them. */
extern const struct base_files base_files_real;

/*
 * Reads from `offset_bytes` on until `size_bytes` are there or the file ends, across
 * interruptions and short reads; the position of the descriptor stays. *n_read below
 * size_bytes only at the end of the file. TROUPE_IO: errno says why.
 */
TROUPE_MUST_USE troupe_status base_file_read_all(const struct base_files *files,
                                                 int descriptor,
                                                 int64_t offset_bytes,
                                                 void *data,
                                                 size_t size_bytes,
                                                 size_t *n_read);

/*
 * Writes all of it where the descriptor stands, across interruptions and short writes.
 * TROUPE_IO: errno says why, and some of it may have been written.
 */
TROUPE_MUST_USE troupe_status base_file_write_all(const struct base_files *files,
                                                  int descriptor,
                                                  const void *data,
                                                  size_t size_bytes);

/* Likewise from `offset_bytes` on; the position of the descriptor stays. */
TROUPE_MUST_USE troupe_status base_file_write_at(const struct base_files *files,
                                                 int descriptor,
                                                 int64_t offset_bytes,
                                                 const void *data,
                                                 size_t size_bytes);

#endif
