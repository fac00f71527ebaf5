/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/compiler.h"
#include "base/require.h"
#include "store/disk.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What may be wrong with a checkpoint, and what that means to whoever needs it. */

/* sysexits.h: EX_IOERR, EX_CONFIG. */
enum { EXIT_NO_CHECKPOINT = 74 };

static const struct {
    const char *text;
    troupe_status status;
    int exit_code;
} verdicts[] = {
    [STORE_GOOD] = {"good", TROUPE_OK, BASE_EXIT_OK},
    [STORE_UNPUBLISHED] = {"unfinished", TROUPE_NOT_FOUND, EXIT_NO_CHECKPOINT},
    [STORE_GONE] = {"gone", TROUPE_NOT_FOUND, EXIT_NO_CHECKPOINT},
    [STORE_DAMAGED] = {"damaged", TROUPE_IO, EXIT_NO_CHECKPOINT},
    [STORE_UNREADABLE] = {"unreadable", TROUPE_IO, EXIT_NO_CHECKPOINT},
    [STORE_FENCED] = {"fenced", TROUPE_CLOSED, EXIT_NO_CHECKPOINT},
    [STORE_NEWER] = {"newer-format", TROUPE_MISMATCH, BASE_EXIT_MISUSE},
    [STORE_OTHER_PROGRAM] = {"other-program", TROUPE_MISMATCH, BASE_EXIT_MISUSE},
    [STORE_OTHER_SCHEMA] = {"other-schema", TROUPE_SCHEMA, BASE_EXIT_MISUSE},
};
_Static_assert(ARRAY_LENGTH(verdicts) == STORE_N_VERDICTS, "a verdict has no words");

const char *store_verdict_text(enum store_verdict verdict)
{
    return verdicts[verdict].text;
}

troupe_status store_verdict_status(enum store_verdict verdict)
{
    return verdicts[verdict].status;
}

int store_verdict_exit_code(enum store_verdict verdict)
{
    return verdicts[verdict].exit_code;
}

troupe_status store_problem_set(struct store_problem *problem,
                                enum store_verdict verdict,
                                const char *path,
                                int64_t offset_bytes,
                                const char *format,
                                ...)
{
    int error = verdict == STORE_UNREADABLE ? errno : 0;
    problem->verdict = verdict;
    problem->error = error;
    problem->offset_bytes = offset_bytes;
    if (path != problem->path)
        snprintf(problem->path, sizeof(problem->path), "%s", path);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(problem->text, sizeof(problem->text), format, arguments);
    va_end(arguments);
    size_t n = strlen(problem->text);
    if (error)
        snprintf(problem->text + n, sizeof(problem->text) - n, ": %s", strerror(error));
    return store_verdict_status(verdict);
}
