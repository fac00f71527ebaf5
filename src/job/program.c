/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "job/program.h"
#include "base/compiler.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *fault_of_file(const char *path)
{
    struct stat status;

    if (stat(path, &status) != 0)
        return strerror(errno);
    if (S_ISDIR(status.st_mode))
        return strerror(EISDIR);
    if (!S_ISREG(status.st_mode))
        return "not a regular file";
    return access(path, X_OK) == 0 ? NULL : strerror(errno);
}

static bool is_in_path(const char *program)
{
    const char *folders = getenv("PATH");

    while (folders && *folders) {
        size_t length = strcspn(folders, ":");
        char path[PATH_MAX];

        /* No folder at all is the working directory. */
        if (snprintf(path, sizeof(path), "%.*s/%s", length ? (int)length : 1,
                     length ? folders : ".", program) < (int)sizeof(path) &&
            !fault_of_file(path))
            return true;
        folders += length;
        folders += *folders == ':';
    }
    return false;
}

const char *job_program_fault(const char *program)
{
    if (strchr(program, '/'))
        return fault_of_file(program);
    return is_in_path(program) ? NULL : "in no folder of PATH; give its path";
}

/* As mpirun 4.1 calls its working directory, and its own search path. */
bool job_program_is_moved_by(const char *launcher_option)
{
    static const char *const options[] = {"wd", "wdir", "set-cwd-to-session-dir",
                                          "path"};
    size_t n_dashes = strspn(launcher_option, "-");

    if (n_dashes == 0 || n_dashes > 2)
        return false;
    for (size_t i = 0; i < ARRAY_LENGTH(options); i++)
        if (strcmp(launcher_option + n_dashes, options[i]) == 0)
            return true;
    return false;
}
