/* SPDX-License-Identifier: BSD-3-Clause */
#define _POSIX_C_SOURCE 200809L
#include "base/log.h"
#include "support/check_main.h"
#include "support/child.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct pipe_log {
    struct base_log log;
    int reader;
    char text[4096];
};

static void open_pipe(struct pipe_log *pipe_log, int rank, enum base_log_level level)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    pipe_log->log = (struct base_log){level, rank, ends[1]};
    pipe_log->reader = ends[0];
}

/* What was written since the last look. */
static const char *look(struct pipe_log *pipe_log)
{
    ssize_t n = read(pipe_log->reader, pipe_log->text, sizeof(pipe_log->text) - 1);
    pipe_log->text[n > 0 ? n : 0] = '\0';
    return pipe_log->text;
}

static void close_pipe(struct pipe_log *pipe_log)
{
    close(pipe_log->reader);
    close(pipe_log->log.descriptor);
}

START_TEST(prefix_has_rank_and_level)
{
    struct pipe_log to;
    open_pipe(&to, 3, BASE_LOG_TRACE);
    log_warning(&to.log, "%d of %s", 5, "them");
    ck_assert_str_eq(look(&to), "troupe[3] warning: 5 of them\n");
    log_error(&to.log, "e");
    log_info(&to.log, "i");
    log_debug(&to.log, "d");
    log_trace(&to.log, "t");
    ck_assert_str_eq(look(&to), "troupe[3] error: e\ntroupe[3] info: i\n"
                                "troupe[3] debug: d\ntroupe[3] trace: t\n");
    to.log.rank = -1;
    log_error(&to.log, "too early");
    ck_assert_str_eq(look(&to), "troupe error: too early\n");
    close_pipe(&to);
}
END_TEST

START_TEST(level_filters)
{
    for (int level = BASE_LOG_ERROR; level <= BASE_LOG_TRACE; level++) {
        struct pipe_log to;
        open_pipe(&to, 0, (enum base_log_level)level);
        for (int at = BASE_LOG_ERROR; at <= BASE_LOG_TRACE; at++) {
            base_log_write(&to.log, (enum base_log_level)at, "x");
            ck_assert_int_eq(look(&to)[0] != '\0', at <= level);
            int n_evaluated = 0;
            log_at(&to.log, (enum base_log_level)at, "%d", ++n_evaluated);
            ck_assert_int_eq(n_evaluated, at <= level);
            look(&to);
        }
        close_pipe(&to);
    }
}
END_TEST

START_TEST(long_lines_are_cut)
{
    struct pipe_log to;
    open_pipe(&to, 0, BASE_LOG_WARNING);
    const char prefix[] = "troupe[0] error: ";
    for (size_t length = 900; length < 1100; length++) {
        char text[1200] = "";
        memset(text, 'x', length);
        text[length] = '\0';
        log_error(&to.log, "%s", text);
        const char *line = look(&to);
        size_t n = strlen(line), whole = strlen(prefix) + length + 1;
        ck_assert_int_eq(line[n - 1], '\n');
        ck_assert_uint_le(n, BASE_LOG_LINE_BYTES);
        if (whole < BASE_LOG_LINE_BYTES)
            ck_assert_uint_eq(n, whole);
        if (n != whole) {
            ck_assert_uint_eq(n, BASE_LOG_LINE_BYTES - 1);
            ck_assert_str_eq(line + n - 5, "x...\n");
        }
    }
    close_pipe(&to);
}
END_TEST

START_TEST(errno_survives)
{
    struct pipe_log to;
    open_pipe(&to, 0, BASE_LOG_WARNING);
    to.log.descriptor = -1;
    errno = EXDEV;
    log_error(&to.log, "into nowhere");
    ck_assert_int_eq(errno, EXDEV);
}
END_TEST

START_TEST(words_of_levels)
{
    enum base_log_level level = BASE_LOG_INFO;
    ck_assert(!base_log_level_parse("loud", &level));
    ck_assert(!base_log_level_parse("", &level));
    ck_assert(!base_log_level_parse("Error", &level));
    ck_assert_int_eq(level, BASE_LOG_INFO);
    ck_assert(base_log_level_parse("trace", &level));
    ck_assert_int_eq(level, BASE_LOG_TRACE);
}
END_TEST

START_TEST(level_from_the_environment)
{
    struct base_log log;
    unsetenv("TROUPE_LOG");
    base_log_init(&log);
    ck_assert_int_eq(log.level, BASE_LOG_WARNING);
    ck_assert_int_eq(log.rank, -1);
    ck_assert_int_eq(log.descriptor, STDERR_FILENO);
    setenv("TROUPE_LOG", "debug", 1);
    base_log_init(&log);
    ck_assert_int_eq(log.level, BASE_LOG_DEBUG);
}
END_TEST

static void init_and_check(void *argument)
{
    (void)argument;
    struct base_log log;
    base_log_init(&log);
    _exit(log.level == BASE_LOG_WARNING ? 0 : 1);
}

START_TEST(a_bad_level_is_reported)
{
    setenv("TROUPE_LOG", "loud", 1);
    struct child_end end;
    child_run(init_and_check, NULL, &end);
    ck_assert_int_eq(end.exit_code, 0);
    ck_assert_str_eq(end.text,
                     "troupe error: the environment variable TROUPE_LOG is \"loud\"; "
                     "allowed: error|warning|info|debug|trace\n");
}
END_TEST

CHECK_MAIN("log",
           prefix_has_rank_and_level,
           level_filters,
           long_lines_are_cut,
           errno_survives,
           words_of_levels,
           level_from_the_environment,
           a_bad_level_is_reported)
