/* SPDX-License-Identifier: BSD-3-Clause */
#define _POSIX_C_SOURCE 200809L
#include "base/require.h"
#include "support/check_main.h"
#include "support/child.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct fate {
    int rank;
};

static void end_with_code(void *context, int exit_code)
{
    (void)context;
    _exit(exit_code);
}

static int rank_of(void *context)
{
    return ((const struct fate *)context)->rank;
}

static void set_hook(struct fate *fate)
{
    base_death_set(&(struct base_death){end_with_code, rank_of, fate});
}

static int die_line(void)
{
    return __LINE__ + 5; /* where the next function dies */
}
static void die(void *argument)
{
    (void)argument;
    base_require(1 + 1 == 3, "%s has %d legs", "a troupe", 7);
}

START_TEST(message_and_code_through_the_hook)
{
    struct fate fate = {12};
    set_hook(&fate);
    struct child_end end;
    child_run(die, NULL, &end);
    char expected[200];
    snprintf(expected, sizeof(expected),
             "troupe[12] fatal: test_require.c:%d: a troupe has 7 legs\n", die_line());
    ck_assert_str_eq(end.text, expected);
    ck_assert_int_eq(end.exit_code, 78);
}
END_TEST

START_TEST(no_rank_yet)
{
    struct fate fate = {-1};
    set_hook(&fate);
    struct child_end end;
    child_run(die, NULL, &end);
    ck_assert_int_eq(strncmp(end.text, "troupe fatal: test_require.c:", 29), 0);
    ck_assert_int_eq(end.exit_code, 78);
}
END_TEST

static void print_and_die(void *argument)
{
    /* Lost unless the end flushes. */
    fputs("buffered\n", fdopen(STDERR_FILENO, "w"));
    die(argument);
}

static void check_abort(void)
{
    struct child_end end;
    child_run(print_and_die, NULL, &end);
    ck_assert_int_eq(end.signal_number, SIGABRT);
    ck_assert_int_eq(strncmp(end.text, "troupe fatal: test_require.c:", 29), 0);
    ck_assert_ptr_nonnull(strstr(end.text, "a troupe has 7 legs\nbuffered\n"));
}

START_TEST(without_a_hook_it_aborts)
{
    base_death_set(NULL);
    check_abort();
    struct fate fate = {1};
    set_hook(&fate);
    base_death_set(NULL);
    check_abort();
}
END_TEST

static void return_from_end(void *context, int exit_code)
{
    (void)context;
    (void)exit_code;
}

START_TEST(an_end_that_returns_aborts)
{
    base_death_set(&(struct base_death){return_from_end, NULL, NULL});
    check_abort();
}
END_TEST

static void end_quietly(void *argument)
{
    (void)argument;
    base_end(BASE_EXIT_DEADLOCK);
}

START_TEST(end_says_nothing)
{
    struct fate fate = {2};
    set_hook(&fate);
    struct child_end end;
    child_run(end_quietly, NULL, &end);
    ck_assert_str_eq(end.text, "");
    ck_assert_int_eq(end.exit_code, 71);
}
END_TEST

static void die_at(void *argument)
{
    base_die_with(5, argument, 9, "x");
}

START_TEST(paths_are_short)
{
    static const struct {
        char *file;
        const char *expected;
    } cases[] = {
        {"/home/me/troupe/src/base/map.c", "src/base/map.c"},
        {"../src/base/map.c", "src/base/map.c"},
        {"src/base/map.c", "src/base/map.c"},
        {"/usr/src/troupe/src/base/map.c", "src/base/map.c"},
        {"/home/me/apps/hello/main.c", "main.c"},
        {"main.c", "main.c"},
    };
    struct fate fate = {0};
    set_hook(&fate);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct child_end end;
        child_run(die_at, cases[i].file, &end);
        char expected[200];
        snprintf(expected, sizeof(expected), "troupe[0] fatal: %s:9: x\n",
                 cases[i].expected);
        ck_assert_str_eq(end.text, expected);
        ck_assert_int_eq(end.exit_code, 5);
    }
}
END_TEST

START_TEST(what_holds_does_nothing)
{
    int n_evaluated = 0;
    base_require(++n_evaluated == 1, "not to be seen");
    base_assert(n_evaluated == 1);
    ck_assert_int_eq(n_evaluated, 1);
}
END_TEST

CHECK_MAIN("require",
           message_and_code_through_the_hook,
           no_rank_yet,
           without_a_hook_it_aborts,
           an_end_that_returns_aborts,
           end_says_nothing,
           paths_are_short,
           what_holds_does_nothing)
