/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "job/folders.h"
#include "job/remains.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * An owner holds a lock on its folder, so that it is known to be dead also from another
 * container that has the same /tmp and other process ids.
 */

#define PREFIX "troupe-run-"
static const char shared_memory[] = "/dev/shm";

/* ---- removing
 * ------------------------------------------------------------------------- */

static int
remove_one(const char *path, const struct stat *status, int kind, struct FTW *at)
{
    (void)status;
    (void)kind;
    (void)at;
    (void)remove(path);
    return 0;
}

static void remove_tree(const char *path)
{
    (void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- locks
 * ---------------------------------------------------------------------------- */

/* A descriptor with the lock, or -1: somebody has it, or it is gone. */
static int lock(const char *path)
{
    int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat status;

    if (descriptor < 0)
        return -1;
    if (flock(descriptor, LOCK_EX | LOCK_NB) == 0 && fstat(descriptor, &status) == 0 &&
        status.st_nlink > 0 && status.st_uid == geteuid())
        return descriptor;
    close(descriptor);
    return -1;
}

static void sweep(const char *base)
{
    DIR *folder = opendir(base);
    const struct dirent *entry;

    while (folder && (entry = readdir(folder)) != NULL) {
        char path[sizeof(entry->d_name) + JOB_FOLDER_BYTES];
        int descriptor;

        if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) != 0)
            continue;
        snprintf(path, sizeof(path), "%s/%s", base, entry->d_name);
        descriptor = lock(path);
        if (descriptor < 0)
            continue;
        job_remains_remove(job_remains_take(path));
        remove_tree(path);
        close(descriptor);
    }
    if (folder)
        closedir(folder);
}

/* ---- opening
 * -------------------------------------------------------------------------- */

static bool make(struct job_folder *folder, const char *base)
{
    /* Another that sweeps may take it before it is locked. */
    for (int i = 0; i < 10; i++) {
        snprintf(folder->path, sizeof(folder->path), "%s/" PREFIX "XXXXXX", base);
        if (!mkdtemp(folder->path))
            break;
        folder->descriptor = lock(folder->path);
        if (folder->descriptor >= 0)
            return true;
    }
    folder->path[0] = '\0';
    folder->descriptor = -1;
    return false;
}

/* Sockets have short names, so a deep TMPDIR will not do. */
static const char *temporary_base(void)
{
    const char *base = getenv("TMPDIR");

    return base && base[0] == '/' && strlen(base) < 40 ? base : "/tmp";
}

bool job_folders_open(struct job_folders *folders)
{
    const char *base = temporary_base();

    sweep(base);
    sweep(shared_memory);
    if (!make(&folders->temporary, base))
        return false;
    (void)make(&folders->shared, shared_memory);
    return true;
}

static bool renew(const struct job_folder *folder)
{
    char path[JOB_FOLDER_BYTES + 2];

    if (!folder->path[0])
        return true;
    snprintf(path, sizeof(path), "%s/s", folder->path);
    remove_tree(path);
    return mkdir(path, S_IRWXU) == 0;
}

bool job_folders_renew(const struct job_folders *folders)
{
    return renew(&folders->temporary) && renew(&folders->shared);
}

static void finish(struct job_folder *folder)
{
    if (!folder->path[0])
        return;
    remove_tree(folder->path);
    close(folder->descriptor);
    folder->path[0] = '\0';
}

void job_folders_close(struct job_folders *folders)
{
    finish(&folders->temporary);
    finish(&folders->shared);
}
