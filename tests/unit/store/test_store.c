/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/check_main.h"
#include "unit/store/memory_disk.h"
#include "unit/store/story.h"
#include <unistd.h>

/* What a store does when nothing goes wrong, and what it refuses. */

static void open_memory(struct memory_disk *memory, struct store *store)
{
    memory_init(memory, NULL);
    ck_assert_int_eq(store_open(store, &memory->files, "/a/b/", "job", STORE_CREATE),
                     TROUPE_OK);
    ck_assert_str_eq(store->path, "/a/b/job");
}

/* ---- opening
 * ----------------------------------------------------------------------------- */

START_TEST(folders_are_private_and_not_for_all)
{
    char folder[] = "/tmp/troupe_test_store_XXXXXX";
    char path[STORE_PATH_BYTES];
    struct store store;
    struct stat status;
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/deep/er", folder);
    ck_assert_int_eq(store_open(&store, &base_files_real, path, "job", 0),
                     TROUPE_NOT_FOUND);
    ck_assert_int_eq(store_open(&store, &base_files_real, path, "job", STORE_CREATE),
                     TROUPE_OK);
    ck_assert_int_eq(stat(store.path, &status), 0);
    ck_assert_uint_eq(status.st_mode & 0777, 0700);
    ck_assert_int_eq(story_write(&store, 1, 0), TROUPE_OK);
    snprintf(path, sizeof(path), "%s/deep/er/job/ckpt-000000000001.0000", folder);
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_uint_eq(status.st_mode & 0777, 0700);
    strcat(path, "/part-000001");
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_uint_eq(status.st_mode & 0777, 0600);
    ck_assert_int_eq(store_open(&store, &base_files_real, path, NULL, 0),
                     TROUPE_NOT_FOUND);
    ck_assert_int_eq(chmod(folder, 0777), 0);
    ck_assert_int_eq(store_open(&store, &base_files_real, folder, "job", STORE_CREATE),
                     TROUPE_REFUSED);
    ck_assert_int_eq(
        store_open(&store, &base_files_real, folder, NULL, STORE_ALLOW_WORLD_WRITABLE),
        TROUPE_OK);
    snprintf(path, sizeof(path), "rm -rf '%s'", folder);
    ck_assert_int_eq(system(path), 0);
}
END_TEST

START_TEST(names_that_are_no_names)
{
    static const char *const jobs[] = {"",        ".",   "..",      "a/b",
                                       ".hidden", "a b", "\xc3\xa4"};
    struct memory_disk memory;
    struct store store;
    char long_path[STORE_PATH_BYTES];
    memory_init(&memory, NULL);
    for (size_t i = 0; i < ARRAY_LENGTH(jobs); i++)
        ck_assert_int_eq(
            store_open(&store, &memory.files, "/disk", jobs[i], STORE_CREATE),
            TROUPE_INVALID);
    memset(long_path, 'x', sizeof(long_path));
    long_path[sizeof(long_path) - 1] = '\0';
    ck_assert_int_eq(store_open(&store, &memory.files, long_path, "j", STORE_CREATE),
                     TROUPE_INVALID);
    ck_assert_int_eq(store_open(&store, &memory.files, "", "j", STORE_CREATE),
                     TROUPE_INVALID);
    memory_fini(&memory);
}
END_TEST

/* ---- records
 * ------------------------------------------------------------------------------- */

enum { N_PARTS = 3, N_READERS = 5, N_KEYS = 30000 };

/* Keys of a part in a strange order; each key is in one part. */
static uint64_t nth_key(uint32_t part, uint64_t i)
{
    return i * 7919 % N_KEYS * N_PARTS + part;
}

static void write_spread(const struct store *store, struct store_manifest *manifest)
{
    ck_assert_int_eq(store_epoch_begin(store, 1, 0), TROUPE_OK);
    for (uint32_t part = 0; part < N_PARTS; part++) {
        struct store_place place = {1, 0, part, N_PARTS, 0};
        struct store_writer writer;
        ck_assert_int_eq(store_writer_open(&writer, store, &place), TROUPE_OK);
        for (uint64_t i = 0; i < 2 * N_KEYS; i++) {
            uint64_t value[12] = {nth_key(part, i % N_KEYS), i / N_KEYS};
            ck_assert_int_eq(store_writer_put(&writer, (uint32_t)(i / N_KEYS), value[0],
                                              value, sizeof(value)),
                             TROUPE_OK);
        }
        ck_assert_int_eq(store_writer_finish(&writer, &manifest->parts[part]),
                         TROUPE_OK);
        ck_assert_uint_gt(manifest->parts[part].n_blocks, 4);
        ck_assert_uint_lt(manifest->parts[part].size_bytes, 2 * N_KEYS * 96 * 13 / 10);
    }
    ck_assert_int_eq(store_publish(store, manifest), TROUPE_OK);
}

static void read_share(const struct store *store,
                       const struct store_manifest *manifest,
                       const struct store_filter *filter,
                       unsigned char seen[])
{
    for (uint32_t part = 0; part < N_PARTS; part++) {
        struct store_reader reader;
        struct store_record record;
        ck_assert_int_eq(store_reader_open(&reader, store, manifest, part, filter),
                         TROUPE_OK);
        while (store_reader_next(&reader, &record) == TROUPE_OK) {
            uint64_t value[12];
            ck_assert_uint_eq(record.size_bytes, sizeof(value));
            memcpy(value, record.data, sizeof(value));
            ck_assert_uint_eq(value[0], record.key);
            ck_assert_uint_eq(value[1], record.kind);
            ck_assert(record.key >= filter->first_key &&
                      record.key <= filter->last_key);
            seen[record.key]++;
        }
        ck_assert_uint_eq(reader.n_next, reader.n_blocks);
        store_reader_close(&reader);
    }
}

START_TEST(read_by_another_number)
{
    static unsigned char seen[N_KEYS * N_PARTS];
    struct memory_disk memory;
    struct store store;
    struct store_part parts[N_PARTS];
    struct store_manifest manifest = {.epoch = 1, .n_parts = N_PARTS, .parts = parts};
    open_memory(&memory, &store);
    write_spread(&store, &manifest);
    for (uint64_t i = 0; i < N_READERS; i++) {
        struct store_filter filter = {true, 1, i * sizeof(seen) / N_READERS,
                                      (i + 1) * sizeof(seen) / N_READERS - 1};
        read_share(&store, &manifest, &filter, seen);
    }
    for (size_t i = 0; i < sizeof(seen); i++)
        ck_assert_uint_eq(seen[i], 1);
    memory_fini(&memory);
}
END_TEST

/* Larger than a block, just as large, without bytes, in a row. */
START_TEST(records_of_all_sizes)
{
    static const size_t sizes[] = {0,
                                   1,
                                   STORE_BLOCK_BYTES - 30,
                                   STORE_BLOCK_BYTES - 29,
                                   STORE_BLOCK_BYTES,
                                   3 * STORE_BLOCK_BYTES + 5,
                                   0};
    struct memory_disk memory;
    struct store store;
    struct store_writer writer;
    struct store_reader reader;
    struct store_record record;
    struct store_part part;
    struct store_place place = {1, 0, 0, 1, 0};
    struct store_manifest manifest = {.epoch = 1, .n_parts = 1, .parts = &part};
    static unsigned char data[3 * STORE_BLOCK_BYTES + 5];
    struct base_random random = {7};
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (unsigned char)base_random_next(&random);
    open_memory(&memory, &store);
    ck_assert_int_eq(store_epoch_begin(&store, 1, 0), TROUPE_OK);
    ck_assert_int_eq(store_writer_open(&writer, &store, &place), TROUPE_OK);
    for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++)
        ck_assert_int_eq(store_writer_put(&writer, 1, UINT64_MAX - i, data, sizes[i]),
                         TROUPE_OK);
    ck_assert_int_eq(store_writer_finish(&writer, &part), TROUPE_OK);
    ck_assert_uint_eq(part.n_records, ARRAY_LENGTH(sizes));
    ck_assert_int_eq(store_publish(&store, &manifest), TROUPE_OK);
    ck_assert_int_eq(store_reader_open(&reader, &store, &manifest, 0, NULL), TROUPE_OK);
    for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
        size_t n_seen = 0;
        do {
            ck_assert_int_eq(store_reader_next(&reader, &record), TROUPE_OK);
            ck_assert_uint_eq(record.key, UINT64_MAX - i);
            ck_assert_uint_eq(record.offset_bytes, n_seen);
            ck_assert(memcmp(record.data, data + n_seen, record.size_bytes) == 0);
            n_seen += record.size_bytes;
        } while (!record.is_last);
        ck_assert_uint_eq(n_seen, sizes[i]);
    }
    ck_assert_int_eq(store_reader_next(&reader, &record), TROUPE_NOT_FOUND);
    store_reader_close(&reader);
    memory_fini(&memory);
}
END_TEST

/* Records without bytes fill a block to its last byte. */
START_TEST(many_empty_records)
{
    enum { N_RECORDS = 600000 };
    struct memory_disk memory;
    struct store store;
    struct store_writer writer;
    struct store_part part;
    struct store_place place = {1, 0, 0, 1, 0};
    struct store_manifest manifest = {.epoch = 1, .n_parts = 1, .parts = &part};
    struct store_problem problem;
    open_memory(&memory, &store);
    ck_assert_int_eq(store_epoch_begin(&store, 1, 0), TROUPE_OK);
    ck_assert_int_eq(store_writer_open(&writer, &store, &place), TROUPE_OK);
    for (uint64_t i = 0; i < N_RECORDS; i++)
        ck_assert_int_eq(store_writer_put(&writer, 1, i, NULL, 0), TROUPE_OK);
    ck_assert_int_eq(store_writer_finish(&writer, &part), TROUPE_OK);
    ck_assert_uint_lt(part.size_bytes, N_RECORDS * 2 + 1000);
    ck_assert_int_eq(store_publish(&store, &manifest), TROUPE_OK);
    ck_assert_int_eq(store_verify_part(&store, &manifest, 0, STORE_DEEP, &problem),
                     TROUPE_OK);
    memory_fini(&memory);
}
END_TEST

/* ---- keeping
 * -------------------------------------------------------------------------------- */

static bool has_entry(const struct store *store, uint64_t epoch, uint32_t attempt)
{
    struct store_list list;
    bool has = false;
    ck_assert_int_eq(store_list_read(store, &list), TROUPE_OK);
    for (size_t i = 0; i < list.n_items; i++)
        has = has || (list.items[i].epoch == epoch && list.items[i].attempt == attempt);
    store_list_fini(&list);
    return has;
}

START_TEST(pruned_but_for_the_newest_and_the_pinned)
{
    struct memory_disk memory;
    struct store store;
    struct store_entry second = {.epoch = 2};
    int n_pruned = 0;
    open_memory(&memory, &store);
    for (uint64_t epoch = 1; epoch <= 5; epoch++)
        ck_assert_int_eq(story_write(&store, epoch, 0), TROUPE_OK);
    ck_assert_int_eq(store_epoch_begin(&store, 4, 7), TROUPE_OK);
    ck_assert_int_eq(store_epoch_begin(&store, 6, 0), TROUPE_OK);
    ck_assert_int_eq(store_pin(&store, &second, true), TROUPE_OK);
    ck_assert_int_eq(store_prune(&store, 6, STORE_DEEP, false, story_forget, &n_pruned),
                     TROUPE_OK);
    ck_assert_int_eq(n_pruned, 0);
    ck_assert_int_eq(store_prune(&store, 2, STORE_DEEP, true, story_forget, &n_pruned),
                     TROUPE_OK);
    ck_assert_int_eq(n_pruned, 2);
    ck_assert(has_entry(&store, 1, 0) && has_entry(&store, 3, 0));
    ck_assert_int_eq(store_prune(&store, 2, STORE_DEEP, false, story_forget, &n_pruned),
                     TROUPE_OK);
    ck_assert_int_eq(n_pruned, 4);
    ck_assert(!has_entry(&store, 1, 0) && !has_entry(&store, 3, 0));
    ck_assert(has_entry(&store, 2, 0) && has_entry(&store, 4, 0));
    ck_assert(has_entry(&store, 4, 7) && has_entry(&store, 6, 0));
    ck_assert_int_eq(store_pin(&store, &second, false), TROUPE_OK);
    ck_assert_int_eq(store_clean(&store, 7), TROUPE_OK);
    ck_assert(has_entry(&store, 4, 7) && !has_entry(&store, 6, 0));
    ck_assert_int_eq(
        store_prune(&store, 2, STORE_QUICK, false, story_forget, &n_pruned), TROUPE_OK);
    ck_assert(!has_entry(&store, 2, 0));
    memory_fini(&memory);
}
END_TEST

/* A writer thought dead publishes after the job went on from an older epoch. */
START_TEST(a_late_writer_does_not_win)
{
    struct memory_disk memory;
    struct store store;
    uint32_t first, second;
    int n_pruned = 0;
    open_memory(&memory, &store);
    ck_assert_int_eq(store_attempt_begin(&store, &first), TROUPE_OK);
    ck_assert_int_eq(store_attempt_fence(&store, first, 0), TROUPE_OK);
    ck_assert_int_eq(story_write(&store, 1, first), TROUPE_OK);
    ck_assert_int_eq(store_attempt_begin(&store, &second), TROUPE_OK);
    ck_assert_uint_eq(second, first + 1);
    ck_assert_int_eq(story_write(&store, 2, first), TROUPE_OK);
    ck_assert_uint_eq(story_choose(&store, NULL), 2);
    ck_assert_int_eq(store_attempt_fence(&store, second, 1), TROUPE_OK);
    ck_assert_uint_eq(story_choose(&store, NULL), 1);
    ck_assert_int_eq(story_write(&store, 3, first), TROUPE_OK);
    ck_assert_uint_eq(story_choose(&store, NULL), 1);
    ck_assert_int_eq(story_write(&store, 2, second), TROUPE_OK);
    ck_assert_uint_eq(story_choose(&store, NULL), 2);
    ck_assert_int_eq(
        store_prune(&store, 1, STORE_QUICK, false, story_forget, &n_pruned), TROUPE_OK);
    ck_assert_int_eq(n_pruned, 3);
    ck_assert(has_entry(&store, 2, second) && !has_entry(&store, 3, first));
    memory_fini(&memory);
}
END_TEST

/* ---- whose it is
 * ------------------------------------------------------------------------------ */

START_TEST(not_ours)
{
    static const struct {
        struct store_identity mine;
        enum store_verdict verdict;
        troupe_status status;
        int exit_code;
    } cases[] = {
        {{"other", 0x5c4e3a}, STORE_OTHER_PROGRAM, TROUPE_MISMATCH, 78},
        {{"story", 77}, STORE_OTHER_SCHEMA, TROUPE_SCHEMA, 78},
        {{"story", 0}, STORE_GOOD, TROUPE_OK, 0},
        {{NULL, 0x5c4e3a}, STORE_GOOD, TROUPE_OK, 0},
    };
    struct memory_disk memory;
    struct store store;
    struct store_manifest manifest;
    int n_skipped = 0;
    open_memory(&memory, &store);
    struct store_problem problem = {0};
    ck_assert_int_eq(store_choose(&store, &story_me, STORE_DEEP, &manifest, &problem,
                                  story_skip, &n_skipped),
                     TROUPE_NOT_FOUND);
    ck_assert_int_eq(store_verdict_exit_code(problem.verdict), 74);
    ck_assert_int_eq(story_write(&store, 1, 0), TROUPE_OK);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        problem = (struct store_problem){0};
        ck_assert_int_eq(store_choose(&store, &cases[i].mine, STORE_DEEP, &manifest,
                                      &problem, story_skip, &n_skipped),
                         cases[i].status);
        ck_assert_int_eq(problem.verdict, cases[i].verdict);
        ck_assert_int_eq(store_verdict_exit_code(problem.verdict), cases[i].exit_code);
        store_manifest_fini(&manifest);
    }
    ck_assert_int_eq(n_skipped, 0);
    ck_assert_uint_eq(story_choose(&store, NULL), 1);
    memory_fini(&memory);
}
END_TEST

/* One allocation after the other fails: a status, and no harm. */
START_TEST(no_memory)
{
    struct memory_disk memory;
    struct store store;
    open_memory(&memory, &store);
    ck_assert_int_eq(story_write(&store, 1, 0), TROUPE_OK);
    int64_t n_live = base_alloc_live();
    for (uint64_t n = 1; n <= 40; n++) {
        base_alloc_fail_every(n);
        troupe_status status = story_write(&store, n + 1, 0);
        struct store_list list;
        if (store_list_read(&store, &list) == TROUPE_OK)
            store_list_fini(&list);
        base_alloc_fail_every(0);
        ck_assert(status == TROUPE_OK || status == TROUPE_NO_MEMORY);
        if (status == TROUPE_OK)
            ck_assert_uint_eq(story_choose(&store, NULL), n + 1);
        ck_assert_uint_ge(story_choose(&store, NULL), 1);
        ck_assert_int_eq(base_alloc_live(), n_live);
        int n_pruned = 0;
        ck_assert_int_eq(
            store_prune(&store, 1, STORE_QUICK, false, story_forget, &n_pruned),
            TROUPE_OK);
    }
    memory_fini(&memory);
}
END_TEST

CHECK_MAIN("store",
           folders_are_private_and_not_for_all,
           names_that_are_no_names,
           read_by_another_number,
           records_of_all_sizes,
           many_empty_records,
           pruned_but_for_the_newest_and_the_pinned,
           a_late_writer_does_not_win,
           not_ours,
           no_memory)
