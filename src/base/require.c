/* SPDX-License-Identifier: BSD-3-Clause */
#define _POSIX_C_SOURCE 200809L
#include "base/require.h"
#include "base/log.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Process-wide because death is: a check fails in places that no handle reaches (a null
 * handle is often what failed), and MPI_Abort ends the process, not an object in it.
 */
static struct base_death hook;

void base_death_set(const struct base_death *death)
{
    hook = death ? *death : (struct base_death){0};
}

void base_end(int exit_code)
{
    if (hook.end)
        hook.end(hook.context, exit_code);
    fflush(NULL);
    abort();
}

/* The path inside the source tree, or the bare name of a file from elsewhere. */
static const char *short_path(const char *file)
{
    const char *inside = strncmp(file, "src/", 4) == 0 ? file : NULL;
    for (const char *at = strstr(file, "/src/"); at; at = strstr(at + 1, "/src/"))
        inside = at + 1;
    if (inside)
        return inside;
    const char *slash = strrchr(file, '/');
    return slash ? slash + 1 : file;
}

static void
print_last_words(const char *file, int line, const char *format, va_list arguments)
    TROUPE_PRINTF(3, 0);
static void
print_last_words(const char *file, int line, const char *format, va_list arguments)
{
    char word[200];
    int rank = hook.rank ? hook.rank(hook.context) : -1;
    snprintf(word, sizeof(word), "fatal: %s:%d", short_path(file), line);
    base_log_line(STDERR_FILENO, rank, word, format, arguments);
}

void base_die(const char *file, int line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_last_words(file, line, format, arguments);
    va_end(arguments);
    base_end(BASE_EXIT_MISUSE);
}

void base_die_with(int exit_code, const char *file, int line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_last_words(file, line, format, arguments);
    va_end(arguments);
    base_end(exit_code);
}
