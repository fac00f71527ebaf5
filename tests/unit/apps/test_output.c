/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/output.h"
#include "support/check_main.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[32];

static void enter_folder(void)
{
    strcpy(folder, "/tmp/test_output.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chdir(folder), 0);
}

static void write_file(const char *path)
{
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fputs("old\n", file) >= 0 && fclose(file) == 0, 1);
}

START_TEST(looking_changes_nothing)
{
    struct stat facts;

    enter_folder();
    ck_assert(output_is_possible("new"));
    ck_assert_int_eq(access("new", F_OK), -1);
    write_file("old");
    ck_assert(output_is_possible("old"));
    ck_assert_int_eq(stat("old", &facts), 0);
    ck_assert_int_eq(facts.st_size, 4);
    ck_assert_int_eq(symlink("none yet", "link"), 0);
    ck_assert(output_is_possible("link"));
    ck_assert_int_eq(lstat("link", &facts), 0);
    ck_assert(output_is_possible("/dev/full"));
    ck_assert(!output_is_possible("no/folder"));
    ck_assert_int_eq(errno, ENOENT);
    ck_assert(!output_is_possible("."));
    ck_assert_int_eq(errno, EISDIR);
    ck_assert_int_eq(unlink("old") | unlink("link") | rmdir(folder), 0);
}
END_TEST

START_TEST(files_are_discarded_and_devices_not)
{
    enter_folder();
    write_file("cut");
    ck_assert_int_eq(mkfifo("pipe", 0600), 0);
    errno = ENOSPC;
    output_discard("cut");
    output_discard("pipe");
    output_discard("nothing");
    ck_assert_int_eq(errno, ENOSPC);
    ck_assert_int_eq(access("cut", F_OK), -1);
    ck_assert_int_eq(unlink("pipe") | rmdir(folder), 0);
}
END_TEST

static void check_printable(const char *text, const char *expected)
{
    char *written = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&written, &n);
    ck_assert_ptr_nonnull(out);
    output_put_printable(out, text);
    ck_assert_int_eq(fclose(out), 0);
    ck_assert_str_eq(written, expected);
    free(written);
}

START_TEST(terminals_are_not_harmed)
{
    check_printable("\"x\" is no number", "\"x\" is no number");
    check_printable("caf\xc3\xa9", "caf\xc3\xa9");
    check_printable("\x1b[31m\t\x7f", "\\x1b[31m\\x09\\x7f");
    check_printable("\xc3\xa9\xff", "\\xc3\\xa9\\xff");
}
END_TEST

START_TEST(one_is_not_many)
{
    ck_assert_str_eq(output_plural(1, "row", "rows"), "row");
    ck_assert_str_eq(output_plural(0, "row", "rows"), "rows");
    ck_assert_str_eq(output_plural(2, "row", "rows"), "rows");
}
END_TEST

CHECK_MAIN("apps output",
           looking_changes_nothing,
           files_are_discarded_and_devices_not,
           terminals_are_not_harmed,
           one_is_not_many)
