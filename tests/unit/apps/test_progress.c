/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/progress.h"
#include "support/check_main.h"
#include "support/child.h"
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* A bar where a person looks on, lines in a log, and neither. */

enum { MILLION = 1000000 };
#define MS (INT64_C(1000000))
#define S  (1000 * MS)

/* A child's standard error is no terminal, and neither is its parent's. */
static void expect(void (*body)(void *argument), const char *setting, const char *text)
{
    int nowhere = open("/dev/null", O_WRONLY);
    struct child_end end;

    ck_assert_int_eq(dup2(nowhere, STDERR_FILENO), STDERR_FILENO);
    close(nowhere);
    setenv("TROUPE_PROGRESS", setting, 1);
    child_run(body, NULL, &end);
    ck_assert_int_eq(end.exit_code, 0);
    ck_assert_str_eq(end.text, text);
}

static void count_in_log(void *argument)
{
    struct progress progress;

    (void)argument;
    progress_start(&progress, "count", 100 * MILLION, 5 * S);
    progress_show(&progress, 29 * MILLION, 34 * S);
    progress_show(&progress, 30 * MILLION, 35 * S);
    progress_show(&progress, 31 * MILLION, 36 * S);
    progress_hide(&progress);
    progress_show(&progress, 75 * MILLION, 65 * S);
    progress_say(&progress, "not yet", 94 * S);
    progress_say(&progress, "count: so far", 95 * S);
    progress_hurry(&progress);
    progress_say(&progress, "not in a log", 96 * S);
    progress_hide(&progress);
}

START_TEST(a_log_gets_a_line_each_half_minute)
{
    expect(count_in_log, "auto",
           "count:  30 %  30 of 100 MB  1 MB/s  1:10 left\n"
           "count:  75 %  75 of 100 MB  1 MB/s  0:20 left\n"
           "count: so far\n");
}
END_TEST

static void count_on_terminal(void *argument)
{
    struct progress progress;

    (void)argument;
    progress_start(&progress, "count", 100 * MILLION, 5 * S);
    progress_hide(&progress);
    progress_show(&progress, 20 * MILLION, 5 * S + 99 * MS);
    progress_show(&progress, 25 * MILLION, 5 * S + 100 * MS);
    progress_say(&progress, "not yet", 5 * S + 199 * MS);
    progress_hurry(&progress);
    progress_say(&progress, "at once", 5 * S + 199 * MS);
    progress.unit = " keys";
    progress_show(&progress, 50 * MILLION, 10 * S);
    progress_hide(&progress);
    progress_hide(&progress);
}

START_TEST(a_terminal_gets_a_bar)
{
    expect(count_on_terminal, "1",
           "\rcount [######..................]  25 %  25 of 100 MB\033[K"
           "\rat once\033[K"
           "\rcount [############............]  50 %  50 of 100 M keys  10 M keys/s  "
           "0:05 left\033[K"
           "\r\033[K");
}
END_TEST

START_TEST(it_can_be_switched_off)
{
    expect(count_in_log, "0", "");
    expect(count_on_terminal, "0", "");
}
END_TEST

CHECK_MAIN("progress",
           a_log_gets_a_line_each_half_minute,
           a_terminal_gets_a_bar,
           it_can_be_switched_off)
