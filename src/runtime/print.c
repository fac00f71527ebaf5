/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
#include "base/files.h"
#include "base/require.h"
#include "troupe/runtime.h"
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

/*
 * One write for the whole line: pipes take up to PIPE_BUF bytes of one write without
 * mixing in another rank's, terminals and files in practice more.
 */

enum { USUAL_BYTES = 1024 };

static troupe_status write_line(char *line, size_t length)
{
    if (length == 0 || line[length - 1] != '\n')
        line[length++] = '\n';
    return base_file_write_all(&base_files_real, STDOUT_FILENO, line, length);
}

static troupe_status print_long(const char *format, va_list arguments, size_t length)
{
    char *line = base_try_alloc(length + 2);
    troupe_status status;

    if (!line)
        return TROUPE_IO;
    vsnprintf(line, length + 1, format, arguments);
    status = write_line(line, length);
    base_free(line);
    return status;
}

troupe_status troupe_print(const troupe_actor *self, const char *format, ...)
{
    char line[USUAL_BYTES];
    troupe_status status;
    va_list arguments, again;
    int n;

    (void)self;
    base_require(format != NULL, "troupe_print: no format");
    fflush(stdout); /* what the program printed before stays before */
    va_start(arguments, format);
    va_copy(again, arguments);
    n = vsnprintf(line, sizeof line - 1, format, arguments);
    if (n < 0)
        status = TROUPE_IO;
    else if ((size_t)n < sizeof line - 1)
        status = write_line(line, (size_t)n);
    else
        status = print_long(format, again, (size_t)n);
    va_end(again);
    va_end(arguments);
    return status;
}
