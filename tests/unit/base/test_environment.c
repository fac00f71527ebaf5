/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "base/environment.h"
#include "base/require.h"
#include "support/check_main.h"
#include "support/child.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Runs the lookup with its log on a pipe; what it said is left in `said`. */
struct lookup {
    troupe_status status;
    int64_t number;
    char said[1000];
};

static void look_up(struct lookup *lookup, const char *name, const char *text)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    struct base_log log = {BASE_LOG_WARNING, -1, ends[1]};
    setenv(name, text, 1);
    lookup->number = -77;
    bool flag = false;
    if (strcmp(name, "TROUPE_STATS") == 0) {
        lookup->status = base_env_bool(&log, name, true, &flag);
        lookup->number = lookup->status == TROUPE_OK ? flag : -77;
    } else {
        lookup->status = base_env_int(&log, name, 1, 4096, 4, &lookup->number);
    }
    close(ends[1]);
    ssize_t n = read(ends[0], lookup->said, sizeof(lookup->said) - 1);
    lookup->said[n > 0 ? n : 0] = '\0';
    close(ends[0]);
}

static void check_good(const char *name, const char *text, int64_t expected)
{
    struct lookup lookup;
    look_up(&lookup, name, text);
    ck_assert_int_eq(lookup.status, TROUPE_OK);
    ck_assert_int_eq(lookup.number, expected);
    ck_assert_str_eq(lookup.said, "");
}

static void check_bad(const char *name, const char *text, const char *allowed)
{
    struct lookup lookup;
    look_up(&lookup, name, text);
    ck_assert_int_eq(lookup.status, TROUPE_INVALID);
    ck_assert_int_eq(lookup.number, -77);
    char expected[1000];
    snprintf(expected, sizeof(expected),
             "troupe error: the environment variable %s is \"%s\"; allowed: %s\n", name,
             text, allowed);
    ck_assert_str_eq(lookup.said, expected);
}

START_TEST(numbers)
{
    check_good("TROUPE_SIM_RANKS", "1", 1);
    check_good("TROUPE_SIM_RANKS", "4096", 4096);
    check_good("TROUPE_SIM_RANKS", "0012", 12);
    check_good("TROUPE_SIM_RANKS", "", 4);
    static const char *const bad[] = {"0",  "4097", "-1", "+5", " 5",
                                      "5 ", "5x",   "x",  "-",  "99999999999999999999",
                                      "1e3"};
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
        check_bad("TROUPE_SIM_RANKS", bad[i], "a whole number from 1 to 4096");
    unsetenv("TROUPE_SIM_RANKS");
    struct base_log log = {BASE_LOG_WARNING, -1, -1};
    int64_t value = 0;
    ck_assert_int_eq(base_env_int(&log, "TROUPE_SIM_RANKS", 1, 9, 5, &value),
                     TROUPE_OK);
    ck_assert_int_eq(value, 5);
}
END_TEST

START_TEST(numbers_at_the_ends_of_the_range)
{
    static const char *const bad[] = {"-", "9223372036854775808",
                                      "-9223372036854775809"};
    struct base_log log = {BASE_LOG_WARNING, -1, -1};
    int64_t value = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        setenv("TROUPE_SIM_SEED", bad[i], 1);
        ck_assert_int_eq(
            base_env_int(&log, "TROUPE_SIM_SEED", INT64_MIN, INT64_MAX, 1, &value),
            TROUPE_INVALID);
        ck_assert_int_eq(value, 0);
    }
    setenv("TROUPE_SIM_SEED", "-9223372036854775808", 1);
    ck_assert_int_eq(base_env_int(&log, "TROUPE_SIM_SEED", INT64_MIN, 9, 5, &value),
                     TROUPE_OK);
    ck_assert_int_eq(value, INT64_MIN);
}
END_TEST

START_TEST(switches)
{
    check_good("TROUPE_STATS", "0", 0);
    check_good("TROUPE_STATS", "1", 1);
    check_good("TROUPE_STATS", "", 1);
    check_bad("TROUPE_STATS", "yes", "0 or 1");
    check_bad("TROUPE_STATS", "10", "0 or 1");
}
END_TEST

START_TEST(words)
{
    struct base_log log = {BASE_LOG_WARNING, -1, -1};
    const char *word = "untouched";
    static const char *const bad[] = {"mp", "mpis", "mpi|sim", "|", "MPI"};
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        setenv("TROUPE_BACKEND", bad[i], 1);
        ck_assert_int_eq(base_env_word(&log, "TROUPE_BACKEND", "mpi", &word),
                         TROUPE_INVALID);
        ck_assert_str_eq(word, "untouched");
    }
    static const char *const good[] = {"", "mpi", "sim"};
    for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
        setenv("TROUPE_BACKEND", good[i], 1);
        ck_assert_int_eq(base_env_word(&log, "TROUPE_BACKEND", "mpi", &word),
                         TROUPE_OK);
        ck_assert_str_eq(word, i == 0 ? "mpi" : good[i]);
    }
}
END_TEST

START_TEST(texts)
{
    setenv("TROUPE_BUILD_DIR", "/somewhere", 1);
    ck_assert_str_eq(base_env_text("TROUPE_BUILD_DIR", NULL), "/somewhere");
    setenv("TROUPE_BUILD_DIR", "", 1);
    ck_assert_ptr_null(base_env_text("TROUPE_BUILD_DIR", NULL));
}
END_TEST

static void end_with_code(void *context, int exit_code)
{
    (void)context;
    _exit(exit_code);
}

static void look_up_text(void *name)
{
    base_env_text(name, NULL);
}

START_TEST(lookups_outside_the_table_end)
{
    base_death_set(&(struct base_death){.end = end_with_code});
    struct child_end end;
    child_run(look_up_text, "TROUPE_NONSENSE", &end);
    ck_assert_int_eq(end.exit_code, 78);
    ck_assert_ptr_nonnull(strstr(end.text, "TROUPE_NONSENSE is not in the table"));
    child_run(look_up_text, "TROUPE_SLOTS", &end);
    ck_assert_int_eq(end.exit_code, 78);
}
END_TEST

static size_t strangers_of(char **environment, struct base_env_stranger *strangers)
{
    char **before = environ;
    environ = environment;
    size_t position = 0, n = 0;
    while (base_env_unknown(&position, &strangers[n]))
        n++;
    environ = before;
    return n;
}

START_TEST(unknown_names)
{
    char *environment[] = {"HOME=/root",
                           "TROUPE_LOGG=debug",
                           "TROUPE_LOG=debug",
                           "TROUPE_TEST_WHATEVER=1",
                           "TROUPE_SIM_RANK=2",
                           "TROUPE_SEED_SIM=2",
                           "TROUPE_",
                           "TROUPE_COLOUR=blue",
                           "MY_TROUPE_LOG=1",
                           "TROUPE_BUILD_DIR=TROUPE_X=1",
                           "TROUPE_STACK_KB=64",
                           NULL};
    static const char *const expected[][2] = {
        {"TROUPE_LOGG", "TROUPE_LOG"}, {"TROUPE_SIM_RANK", "TROUPE_SIM_RANKS"},
        {"TROUPE_SEED_SIM", NULL},     {"TROUPE_", NULL},
        {"TROUPE_COLOUR", NULL},       {"TROUPE_STACK_KB", "TROUPE_STACK_KIB"},
    };
    struct base_env_stranger strangers[12];
    size_t n = strangers_of(environment, strangers);
    ck_assert_uint_eq(n, ARRAY_LENGTH(expected));
    for (size_t i = 0; i < n; i++) {
        ck_assert_str_eq(strangers[i].name, expected[i][0]);
        ck_assert_pstr_eq(strangers[i].nearest, expected[i][1]);
    }
}
END_TEST

START_TEST(unknown_names_without_bounds)
{
    char long_name[500] = "TROUPE_";
    memset(long_name + 7, 'A', sizeof(long_name) - 8);
    char *environment[] = {long_name, NULL};
    struct base_env_stranger strangers[2];
    ck_assert_uint_eq(strangers_of(environment, strangers), 1);
    ck_assert_uint_eq(strlen(strangers[0].name), sizeof(strangers[0].name) - 1);
    ck_assert_ptr_null(strangers[0].nearest);
    char *empty[] = {NULL};
    ck_assert_uint_eq(strangers_of(empty, strangers), 0);
    ck_assert_uint_eq(strangers_of(NULL, strangers), 0);
}
END_TEST

START_TEST(the_table_is_well_formed)
{
    for (const struct base_env_variable *row = base_env_table; row->name; row++) {
        ck_assert_int_eq(strncmp(row->name, "TROUPE_", 7), 0);
        ck_assert_uint_lt(strlen(row->name),
                          sizeof(((struct base_env_stranger *)0)->name));
        ck_assert(row->choices[0] && row->default_text[0] && row->meaning[0]);
        for (const struct base_env_variable *other = base_env_table; other < row;
             other++)
            ck_assert_str_ne(row->name, other->name);
    }
}
END_TEST

CHECK_MAIN("environment",
           numbers,
           numbers_at_the_ends_of_the_range,
           switches,
           words,
           texts,
           lookups_outside_the_table_end,
           unknown_names,
           unknown_names_without_bounds,
           the_table_is_well_formed)
