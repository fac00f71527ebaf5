/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef STORE_DISK_H
#define STORE_DISK_H

/*
 * The table of file functions across interruptions, and what is made of several of
 * them. A failure leaves errno.
 */

#include "store/store.h"

int store_disk_open(const struct base_files *files, const char *path, int flags);
troupe_status store_disk_sync(const struct base_files *files, int descriptor);
troupe_status store_disk_close(const struct base_files *files, int descriptor);
troupe_status
store_disk_stat(const struct base_files *files, const char *path, struct stat *status);
/* EXISTS when there is something of that name. */
troupe_status store_disk_mkdir(const struct base_files *files, const char *path);
troupe_status
store_disk_rename(const struct base_files *files, const char *from, const char *to);
/* What is not there counts as gone. */
troupe_status store_disk_unlink(const struct base_files *files, const char *path);
troupe_status store_disk_rmdir(const struct base_files *files, const char *path);

/* Until the names in a folder are on disk, a crash may take them back. */
troupe_status store_disk_sync_folder(const struct base_files *files, const char *path);
/* All of a small file, appended. */
troupe_status store_disk_read(const struct base_files *files,
                              const char *path,
                              struct base_bytes *bytes);
/* The file `folder`/`name` whole or not at all, and on disk. */
troupe_status store_disk_publish(const struct base_files *files,
                                 const char *folder,
                                 const char *name,
                                 const struct base_bytes *bytes);

/* What errno means to the caller: NOT_FOUND, EXISTS, NO_MEMORY, IO. */
troupe_status store_disk_status(int error);

/* printf of a path; too long cannot be, as store_open has seen to it. */
void store_path(char path[STORE_PATH_BYTES], const char *format, ...)
    TROUPE_PRINTF(2, 3);
/* The folder of an entry. */
void store_entry_path(char path[STORE_PATH_BYTES],
                      const struct store *store,
                      uint64_t epoch,
                      uint32_t attempt);

/* Sets `problem`; gives its status. errno is kept in it, and ends its text, when the
 * verdict is UNREADABLE. */
troupe_status store_problem_set(struct store_problem *problem,
                                enum store_verdict verdict,
                                const char *path,
                                int64_t offset_bytes,
                                const char *format,
                                ...) TROUPE_PRINTF(5, 6);

#endif
