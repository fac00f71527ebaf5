/* SPDX-License-Identifier: BSD-3-Clause */
#define _XOPEN_SOURCE 700
#include "base/compiler.h"
#include "base/files.h"
#include "support/check_main.h"
#include "unit/store/story.h"
#include <fcntl.h>
#include <unistd.h>

/*
 * The checkpoint in golden/ was written when its format was made: it must be read for
 * ever, and is what is written today until the format's version changes.
 *
 *   unit_store_golden FOLDER N    writes N such checkpoints, for the scripts
 */

static const char *golden(void)
{
    static char path[STORE_PATH_BYTES];
    const char *source = getenv("TROUPE_SOURCE_DIR");
    snprintf(path, sizeof(path), "%s/tests/unit/store/golden", source ? source : ".");
    return path;
}

START_TEST(what_was_written_once_is_read)
{
    struct store store;
    ck_assert_int_eq(store_open(&store, &base_files_real, golden(), NULL, 0),
                     TROUPE_OK);
    ck_assert_uint_eq(story_choose(&store, NULL), 1);
}
END_TEST

static size_t
read_file(const char *folder, const char *name, unsigned char *data, size_t size_bytes)
{
    char path[2 * STORE_PATH_BYTES];
    size_t n_read = 0;
    snprintf(path, sizeof(path), "%s/ckpt-000000000001.0000/%s", folder, name);
    int descriptor = open(path, O_RDONLY);
    ck_assert_int_ge(descriptor, 0);
    ck_assert_int_eq(
        base_file_read_all(&base_files_real, descriptor, 0, data, size_bytes, &n_read),
        TROUPE_OK);
    close(descriptor);
    ck_assert_uint_gt(n_read, 0);
    ck_assert_uint_lt(n_read, size_bytes);
    return n_read;
}

static bool write_story(const char *folder, uint64_t n)
{
    struct store store;
    if (store_open(&store, &base_files_real, folder, NULL, STORE_CREATE) != TROUPE_OK)
        return false;
    for (uint64_t epoch = 1; epoch <= n; epoch++)
        if (story_write(&store, epoch, 0) != TROUPE_OK)
            return false;
    return true;
}

START_TEST(the_same_is_written_today)
{
    enum { MOST_BYTES = 100000 };
    static const char *const names[] = {"MANIFEST", "part-000000", "part-000001"};
    static unsigned char then[MOST_BYTES], today[MOST_BYTES];
    char folder[] = "/tmp/troupe_test_golden_XXXXXX", command[100];
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert(write_story(folder, 1));
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        size_t n = read_file(golden(), names[i], then, MOST_BYTES);
        ck_assert_uint_eq(read_file(folder, names[i], today, MOST_BYTES), n);
        ck_assert(memcmp(then, today, n) == 0);
    }
    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    ck_assert_int_eq(system(command), 0);
}
END_TEST

int main(int argc, char **argv)
{
    const TTest *const tests[] = {what_was_written_once_is_read,
                                  the_same_is_written_today};
    if (argc == 3)
        return write_story(argv[1], strtoull(argv[2], NULL, 10)) ? 0 : 1;
    return check_main_run("golden", tests, ARRAY_LENGTH(tests));
}
