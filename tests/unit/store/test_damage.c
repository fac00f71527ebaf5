/* SPDX-License-Identifier: BSD-3-Clause */
#include "store/format.h"
#include "support/check_main.h"
#include "unit/store/memory_disk.h"
#include "unit/store/story.h"
#define XXH_INLINE_ALL
#include <xxhash.h>

/* Whatever is changed in a checkpoint's files is found, named, and passed over. */

struct scene {
    struct memory_disk memory;
    struct store store;
    struct store_entry newest;
};

static void scene_init(struct scene *scene)
{
    memory_init(&scene->memory, NULL);
    ck_assert_int_eq(
        store_open(&scene->store, &scene->memory.files, "/disk", "job", STORE_CREATE),
        TROUPE_OK);
    ck_assert_int_eq(story_write(&scene->store, 1, 0), TROUPE_OK);
    ck_assert_int_eq(story_write(&scene->store, 2, 0), TROUPE_OK);
    scene->newest = (struct store_entry){.epoch = 2, .is_published = true};
}

static struct disk_node *file_of(struct scene *scene, const char *name, char path[99])
{
    snprintf(path, 99, "/disk/job/ckpt-000000000002.0000/%s", name);
    int node = memory_find(&scene->memory, path);
    ck_assert_int_ge(node, 0);
    return scene->memory.disk.nodes[node];
}

/* To choose reads twice as much: so often is enough. */
enum { CHOSEN_EVERY = 16 };

/* The file that is named, and where in it: where the change is, or a hashed piece
 * around it begins. */
static void expect_found(struct scene *scene, const char *path, size_t changed)
{
    struct store_problem problem = {0};
    int n_skipped = 0;
    ck_assert_int_ne(store_verify(&scene->store, &scene->newest, STORE_DEEP, &problem),
                     TROUPE_OK);
    ck_assert_msg(problem.verdict == STORE_DAMAGED, "%s at %zu: %s", path, changed,
                  problem.text);
    ck_assert_str_eq(problem.path, path);
    ck_assert_int_ge(problem.offset_bytes, 0);
    ck_assert_uint_le((uint64_t)problem.offset_bytes, changed);
    if (changed % CHOSEN_EVERY != 0)
        return;
    ck_assert_uint_eq(story_choose(&scene->store, &n_skipped), 1);
    ck_assert_int_eq(n_skipped, 1);
}

static const char *const all_files[] = {"MANIFEST", "part-000000", "part-000001"};

START_TEST(every_byte_of_every_file_flipped)
{
    struct scene scene;
    char path[99];
    scene_init(&scene);
    for (size_t i = 0; i < ARRAY_LENGTH(all_files); i++) {
        struct disk_node *file = file_of(&scene, all_files[i], path);
        for (size_t at = 0; at < file->size_bytes; at++) {
            file->data[at] ^= 0xff;
            expect_found(&scene, path, at);
            file->data[at] ^= 0xff;
        }
    }
    ck_assert_uint_eq(story_choose(&scene.store, NULL), 2);
    memory_fini(&scene.memory);
}
END_TEST

START_TEST(every_bit_of_what_is_not_payload)
{
    struct scene scene;
    char path[99];
    scene_init(&scene);
    for (size_t i = 0; i < ARRAY_LENGTH(all_files); i++) {
        struct disk_node *file = file_of(&scene, all_files[i], path);
        size_t n_index = STORE_TRAILER_BYTES + STORY_KINDS * STORE_ROW_BYTES;
        size_t end = i == 0 ? 0 : file->size_bytes - n_index;
        for (size_t bit = 0; bit < file->size_bytes * 8; bit++) {
            size_t at = bit / 8;
            if (i > 0 && at >= STORE_HEADER_BYTES && at < end)
                continue;
            file->data[at] ^= (unsigned char)(1u << bit % 8);
            expect_found(&scene, path, at);
            file->data[at] ^= (unsigned char)(1u << bit % 8);
        }
    }
    memory_fini(&scene.memory);
}
END_TEST

/* One random change: bits, a zeroed or foreign page, bytes swapped, cut off, added. */
static size_t spoil(struct disk_node *file, struct base_random *random)
{
    size_t n = file->size_bytes, at = base_random_below(random, (uint32_t)n), end = at;
    size_t other = base_random_below(random, (uint32_t)n);
    switch (base_random_below(random, 5)) {
    case 0:
        file->data[at] ^= (unsigned char)(1u << base_random_below(random, 8));
        break;
    case 1:
        at &= ~(size_t)(SECTOR - 1);
        end = at + SECTOR < n ? at + SECTOR : n;
        memset(file->data + at, 0, end - at);
        break;
    case 2:
        file->data[at] = file->data[other];
        break;
    case 3:
        file->size_bytes = at;
        break;
    default:
        disk_put(file, n, (const unsigned char *)"more", 4);
        return n;
    }
    return at;
}

START_TEST(thousands_of_random_changes)
{
    enum { N_CHANGES = 10000 };
    struct scene scene;
    struct base_random random = {2026};
    char path[99];
    int n_found = 0;
    scene_init(&scene);
    while (n_found < N_CHANGES) {
        const char *name =
            all_files[base_random_below(&random, ARRAY_LENGTH(all_files))];
        struct disk_node *file = file_of(&scene, name, path);
        size_t size_bytes = file->size_bytes;
        unsigned char *kept = malloc(size_bytes);
        ck_assert_ptr_nonnull(kept);
        memcpy(kept, file->data, size_bytes);
        size_t at = spoil(file, &random);
        /* It may have put there what was there. */
        if (file->size_bytes != size_bytes ||
            memcmp(file->data, kept, size_bytes) != 0) {
            size_t end = at < size_bytes ? at + SECTOR : at;
            expect_found(&scene, path, end);
            n_found++;
        }
        file->size_bytes = 0;
        disk_put(file, 0, kept, size_bytes);
        free(kept);
    }
    ck_assert_uint_eq(story_choose(&scene.store, NULL), 2);
    memory_fini(&scene.memory);
}
END_TEST

START_TEST(parts_of_another_checkpoint)
{
    struct scene scene;
    char path[99];
    scene_init(&scene);
    struct disk_node *first = file_of(&scene, "part-000000", path);
    struct disk_node *second = file_of(&scene, "part-000001", path);
    struct disk_node kept = *second;
    *second = *first;
    expect_found(&scene, path, kept.size_bytes + first->size_bytes);
    *second = kept;
    memory_fini(&scene.memory);
}
END_TEST

/* What is lost for certain is passed over. */
START_TEST(a_part_that_is_not_there)
{
    struct scene scene;
    struct store_problem problem;
    char path[99];
    int n_skipped = 0;
    scene_init(&scene);
    file_of(&scene, "part-000001", path);
    ck_assert_int_eq(memory_unlink(&scene.memory.files, path), 0);
    ck_assert_int_eq(store_verify(&scene.store, &scene.newest, STORE_QUICK, &problem),
                     TROUPE_IO);
    ck_assert_int_eq(problem.verdict, STORE_DAMAGED);
    ck_assert_str_eq(problem.path, path);
    ck_assert_uint_eq(story_choose(&scene.store, &n_skipped), 1);
    ck_assert_int_eq(n_skipped, 1);
    memory_fini(&scene.memory);
}
END_TEST

/* The version is told from damage, whatever stands behind it. */
static void make_newer(struct disk_node *file, enum store_magic magic)
{
    struct base_bytes bytes;
    base_bytes_init(&bytes);
    store_put_prefix(&bytes, magic);
    bytes.data[8]++;
    uint32_t check = (uint32_t)XXH3_64bits(bytes.data, 12);
    memcpy(bytes.data + 12, &check, sizeof(check));
    memcpy(file->data, bytes.data, STORE_PREFIX_BYTES);
    base_bytes_fini(&bytes);
}

START_TEST(a_newer_format_is_no_damage)
{
    struct scene scene;
    struct store_problem problem;
    struct store_manifest manifest;
    char path[99];
    int n_skipped = 0;
    scene_init(&scene);
    make_newer(file_of(&scene, "MANIFEST", path), STORE_MAGIC_MANIFEST);
    ck_assert_int_eq(store_choose(&scene.store, &story_me, STORE_QUICK, &manifest,
                                  &problem, story_skip, &n_skipped),
                     TROUPE_MISMATCH);
    ck_assert_int_eq(problem.verdict, STORE_NEWER);
    ck_assert_int_eq(store_verdict_exit_code(problem.verdict), 78);
    ck_assert_str_eq(problem.path, path);
    ck_assert_int_eq(n_skipped, 0);
    memory_fini(&scene.memory);
}
END_TEST

CHECK_MAIN("damage",
           every_byte_of_every_file_flipped,
           every_bit_of_what_is_not_payload,
           thousands_of_random_changes,
           parts_of_another_checkpoint,
           a_part_that_is_not_there,
           a_newer_format_is_no_damage)
