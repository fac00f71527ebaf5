/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "job/remains.h"
#include "base/compiler.h"
#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * As Open MPI 4.1 names them: vader_segment.HOST.USER.JOB.RANK (btl/vader) and
 * osc_sm.HOST.JOB.RANK.WINDOW (osc/sm), the job in hexadecimal digits, in /dev/shm.
 */
static const char *const patterns[] = {
    "/dev/shm/vader_segment.*.%s.%" PRIx32 ".[0-9]*",
    "/dev/shm/osc_sm.*%.0s.%" PRIx32 ".[0-9]*.[0-9]*",
};

void job_remains_path(const char *folder, char path[JOB_FOLDER_BYTES + 8])
{
    snprintf(path, JOB_FOLDER_BYTES + 8, "%s/uri", folder);
}

/* The launcher's own job is number 0 of a family of 65536, and its ranks' the next. */
uint32_t job_remains_take(const char *folder)
{
    char path[JOB_FOLDER_BYTES + 8];
    uint32_t mpi_job;
    FILE *file;
    bool is_read;

    job_remains_path(folder, path);
    file = fopen(path, "re");
    if (!file)
        return 0;
    is_read = fscanf(file, "%" SCNu32 ".0;", &mpi_job) == 1 && mpi_job > 0;
    fclose(file);
    (void)unlink(path);
    return is_read ? mpi_job + 1 : 0;
}

void job_remains_remove(uint32_t mpi_job)
{
    char user[16];

    snprintf(user, sizeof(user), "%lu", (unsigned long)geteuid());
    for (size_t i = 0; mpi_job && i < ARRAY_LENGTH(patterns); i++) {
        char pattern[128];
        glob_t found;

        snprintf(pattern, sizeof(pattern), patterns[i], user, mpi_job);
        if (glob(pattern, GLOB_NOSORT, NULL, &found) != 0)
            continue;
        for (size_t j = 0; j < found.gl_pathc; j++)
            (void)unlink(found.gl_pathv[j]);
        globfree(&found);
    }
}

/* It goes through a shell, or two. */
static bool is_plain(const char *path)
{
    return strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                        "0123456789_-+./") == strlen(path);
}

void job_remains_command(uint32_t mpi_job,
                         const char *folder,
                         char command[JOB_REMAINS_BYTES])
{
    size_t n = 0;

    for (size_t i = 0; mpi_job && i < ARRAY_LENGTH(patterns); i++) {
        n += (size_t)snprintf(command + n, JOB_REMAINS_BYTES - n, "rm -f ");
        n += (size_t)snprintf(command + n, JOB_REMAINS_BYTES - n, patterns[i],
                              "$(id -u)", mpi_job);
        n += (size_t)snprintf(command + n, JOB_REMAINS_BYTES - n, "; ");
    }
    /* Where it is the same folder as here, our socket keeps it. */
    if (mpi_job && folder[0] && is_plain(folder))
        n += (size_t)snprintf(command + n, JOB_REMAINS_BYTES - n,
                              "rm -rf %s/s; rmdir %s 2> /dev/null; ", folder, folder);
    snprintf(command + n, JOB_REMAINS_BYTES - n, "true");
}
