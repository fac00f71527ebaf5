/* SPDX-License-Identifier: BSD-3-Clause */
#define _POSIX_C_SOURCE 200809L
#include "base/log.h"
#include "base/environment.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const level_words[] = {
    [BASE_LOG_ERROR] = "error", [BASE_LOG_WARNING] = "warning",
    [BASE_LOG_INFO] = "info",   [BASE_LOG_DEBUG] = "debug",
    [BASE_LOG_TRACE] = "trace",
};

bool base_log_level_parse(const char *word, enum base_log_level *level)
{
    for (size_t i = 0; i < ARRAY_LENGTH(level_words); i++) {
        if (strcmp(word, level_words[i]) == 0) {
            *level = (enum base_log_level)i;
            return true;
        }
    }
    return false;
}

void base_log_init(struct base_log *log)
{
    *log = (struct base_log){
        .level = BASE_LOG_WARNING, .rank = -1, .descriptor = STDERR_FILENO};
    const char *word;
    if (base_env_word(log, "TROUPE_LOG", "warning", &word) == TROUPE_OK)
        base_log_level_parse(word, &log->level);
}

static size_t put_prefix(char *line, size_t capacity, int rank, const char *word)
{
    int n;
    if (rank < 0)
        n = snprintf(line, capacity, "troupe %s: ", word);
    else
        n = snprintf(line, capacity, "troupe[%d] %s: ", rank, word);
    if (n < 0)
        return 0;
    return (size_t)n < capacity ? (size_t)n : capacity - 1;
}

/* The rest of the line is lost when nobody reads: there is nobody to tell. */
static void write_once(int descriptor, const char *line, size_t length)
{
    ssize_t n;
    do
        n = write(descriptor, line, length);
    while (n < 0 && errno == EINTR);
}

void base_log_line(
    int descriptor, int rank, const char *word, const char *format, va_list arguments)
{
    static const char cut[] = "...";
    int saved_errno = errno;
    char line[BASE_LOG_LINE_BYTES];
    size_t capacity = sizeof(line) - 1; /* the last one is for the end of the line */
    size_t length = put_prefix(line, capacity, rank, word);
    int n = vsnprintf(line + length, capacity - length, format, arguments);
    if (n > 0 && (size_t)n >= capacity - length) {
        length = capacity - 1;
        memcpy(line + length - strlen(cut), cut, strlen(cut));
    } else if (n > 0) {
        length += (size_t)n;
    }
    line[length++] = '\n';
    write_once(descriptor, line, length);
    errno = saved_errno;
}

void base_log_write(const struct base_log *log,
                    enum base_log_level level,
                    const char *format,
                    ...)
{
    if (level > log->level)
        return;
    va_list arguments;
    va_start(arguments, format);
    base_log_line(log->descriptor, log->rank, level_words[level], format, arguments);
    va_end(arguments);
}
