/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BASE_LOG_H
#define BASE_LOG_H

/*
 * One line per event on standard error, whole lines only (one write each), with a
 * prefix per rank: "troupe[3] warning: ...". Level from TROUPE_LOG: error, warning
 * (default), info, debug, trace. The logger hangs on the rank, so a hundred ranks of
 * one process on sim each have their own.
 */

#include "base/compiler.h"
#include "troupe/base.h"
#include <stdarg.h>

enum base_log_level {
    BASE_LOG_ERROR,
    BASE_LOG_WARNING,
    BASE_LOG_INFO,
    BASE_LOG_DEBUG,
    BASE_LOG_TRACE
};

/* Longer lines are cut and end in "..."; below PIPE_BUF, so that lines never mix. */
enum { BASE_LOG_LINE_BYTES = 1024 };

struct base_log {
    enum base_log_level level;
    int rank;       /* -1: no rank yet, prefix "troupe" */
    int descriptor; /* where lines go; 2 */
};

/* A TROUPE_LOG that is none of the words is reported and leaves the default. */
void base_log_init(struct base_log *log);

/* Sets the level from a word; false (and no change) when the word is none of ours. */
bool base_log_level_parse(const char *word, enum base_log_level *level);

/* Writes nothing when `level` is beyond the log's. Keeps errno. */
void base_log_write(const struct base_log *log,
                    enum base_log_level level,
                    const char *format,
                    ...) TROUPE_PRINTF(3, 4);

/* The line "troupe[rank] word: text", whatever the level. Keeps errno. */
void base_log_line(int descriptor,
                   int rank,
                   const char *word,
                   const char *format,
                   va_list arguments) TROUPE_PRINTF(4, 0);

#define log_at(log, at_level, ...)                                                     \
    do {                                                                               \
        if (UNLIKELY((log)->level >= (at_level)))                                      \
            base_log_write((log), (at_level), __VA_ARGS__);                            \
    } while (0)
#define log_error(log, ...)   log_at(log, BASE_LOG_ERROR, __VA_ARGS__)
#define log_warning(log, ...) log_at(log, BASE_LOG_WARNING, __VA_ARGS__)
#define log_info(log, ...)    log_at(log, BASE_LOG_INFO, __VA_ARGS__)
#define log_debug(log, ...)   log_at(log, BASE_LOG_DEBUG, __VA_ARGS__)
#define log_trace(log, ...)   log_at(log, BASE_LOG_TRACE, __VA_ARGS__)

#endif
