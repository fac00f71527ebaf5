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

/* ---- where it is said to be
 * --------------------------------------------------------- */

enum { MAX_PIECES = 64 };

/* The pieces of a file that have a hash each: they begin here. */
struct pieces {
    size_t begins[MAX_PIECES];
    int n;
};

static void pieces_add(struct pieces *pieces, size_t begin)
{
    REQUIRE(pieces->n < MAX_PIECES);
    pieces->begins[pieces->n++] = begin;
}

/* Of a part header, blocks, index, trailer; a manifest is one. The file is good. */
static void pieces_of(struct pieces *pieces, const struct disk_node *file, bool is_part)
{
    struct store_trailer trailer;
    struct store_block block;
    *pieces = (struct pieces){.n = 0};
    pieces_add(pieces, 0);
    if (!is_part)
        return;
    size_t end = file->size_bytes - STORE_TRAILER_BYTES;
    REQUIRE(store_get_trailer(file->data + end, STORE_TRAILER_BYTES, &trailer));
    size_t index = (size_t)trailer.index_offset_bytes;
    for (size_t row = index; row < end; row += STORE_ROW_BYTES) {
        store_get_row(file->data + row, &block);
        pieces_add(pieces, (size_t)block.offset_bytes);
    }
    pieces_add(pieces, index);
    pieces_add(pieces, end);
}

/* Where the piece begins in which this byte is. */
static size_t piece_around(const struct pieces *pieces, size_t at)
{
    size_t begin = 0;
    for (int i = 0; i < pieces->n && pieces->begins[i] <= at; i++)
        begin = pieces->begins[i];
    return begin;
}

/* To choose reads twice as much: so often is enough. */
enum { CHOSEN_EVERY = 16 };

/* The file is named; the return value is where in it. */
static size_t expect_named(struct scene *scene, const char *path, size_t n)
{
    struct store_problem problem = {0};
    int n_skipped = 0;
    REQUIRE(store_verify(&scene->store, &scene->newest, STORE_DEEP, &problem) !=
            TROUPE_OK);
    if (problem.verdict != STORE_DAMAGED)
        ck_abort_msg("%s, change %zu: %s", path, n, problem.text);
    REQUIRE(strcmp(problem.path, path) == 0);
    REQUIRE(problem.offset_bytes >= 0);
    if (n % CHOSEN_EVERY == 0) {
        REQUIRE(story_choose(&scene->store, &n_skipped) == 1);
        REQUIRE(n_skipped == 1);
    }
    return (size_t)problem.offset_bytes;
}

/* Byte `at` is changed, the n-th change, nothing else: the piece around it is named. */
static void expect_found(struct scene *scene,
                         const char *path,
                         const struct pieces *pieces,
                         size_t at,
                         size_t n)
{
    size_t offset = expect_named(scene, path, n);
    if (offset != piece_around(pieces, at))
        ck_abort_msg("%s, byte %zu: said to be at %zu, not at %zu", path, at, offset,
                     piece_around(pieces, at));
}

static const char *const all_files[] = {"MANIFEST", "part-000000", "part-000001"};

START_TEST(every_byte_of_every_file_flipped)
{
    struct scene scene;
    struct pieces pieces;
    char path[99];
    scene_init(&scene);
    for (size_t i = 0; i < ARRAY_LENGTH(all_files); i++) {
        struct disk_node *file = file_of(&scene, all_files[i], path);
        pieces_of(&pieces, file, i > 0);
        for (size_t at = 0; at < file->size_bytes; at++) {
            file->data[at] ^= 0xff;
            expect_found(&scene, path, &pieces, at, at);
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
    struct pieces pieces;
    char path[99];
    scene_init(&scene);
    for (size_t i = 0; i < ARRAY_LENGTH(all_files); i++) {
        struct disk_node *file = file_of(&scene, all_files[i], path);
        pieces_of(&pieces, file, i > 0);
        size_t n_index = STORE_TRAILER_BYTES + STORY_KINDS * STORE_ROW_BYTES;
        size_t end = i == 0 ? 0 : file->size_bytes - n_index;
        for (size_t bit = 0; bit < file->size_bytes * 8; bit++) {
            size_t at = bit / 8;
            if (i > 0 && at >= STORE_HEADER_BYTES && at < end)
                continue;
            file->data[at] ^= (unsigned char)(1u << bit % 8);
            expect_found(&scene, path, &pieces, at, at);
            file->data[at] ^= (unsigned char)(1u << bit % 8);
        }
    }
    memory_fini(&scene.memory);
}
END_TEST

/* One random change: bits, a zeroed or foreign page, bytes swapped, cut off, added. */
static void spoil(struct disk_node *file, struct base_random *random)
{
    size_t n = file->size_bytes, at = base_random_below(random, (uint32_t)n), end;
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
    }
}

/* A piece that has changed is named; of a part with another size where it ends, or
 * should. */
static bool is_where(const struct disk_node *file,
                     const struct disk_node *kept,
                     const struct pieces *pieces,
                     size_t offset)
{
    bool is_part = pieces->n > 1;
    if (is_part && file->size_bytes != kept->size_bytes)
        return offset == (file->size_bytes < kept->size_bytes ? file->size_bytes
                                                              : kept->size_bytes);
    if (!is_part)
        return offset == 0;
    for (size_t at = offset; at < kept->size_bytes; at++)
        if (file->data[at] != kept->data[at])
            return piece_around(pieces, at) == offset;
    return false;
}

static bool is_same(const struct disk_node *a, const struct disk_node *b)
{
    return a->size_bytes == b->size_bytes &&
           memcmp(a->data, b->data, a->size_bytes) == 0;
}

/* Puts there what was there. */
static void restore(struct disk_node *file, const struct disk_node *kept)
{
    file->size_bytes = 0;
    disk_put(file, 0, kept->data, kept->size_bytes);
}

/* All of one file at random; it may be that nothing changes. */
static bool change_one(struct scene *scene, int n, struct base_random *random)
{
    char path[99];
    size_t i = base_random_below(random, ARRAY_LENGTH(all_files));
    struct disk_node *file = file_of(scene, all_files[i], path), kept = {0};
    struct pieces pieces;
    disk_put(&kept, 0, file->data, file->size_bytes);
    pieces_of(&pieces, &kept, i > 0);
    spoil(file, random);
    REQUIRE(file->data && kept.data);
    bool is_changed = !is_same(file, &kept);
    if (is_changed) {
        size_t offset = expect_named(scene, path, (size_t)n);
        if (!is_where(file, &kept, &pieces, offset))
            ck_abort_msg("%s, change %d: nothing is at %zu", path, n, offset);
    }
    restore(file, &kept);
    free(kept.data);
    return is_changed;
}

START_TEST(thousands_of_random_changes)
{
    enum { N_CHANGES = 10000 };
    struct scene scene;
    struct base_random random = {2026};
    scene_init(&scene);
    for (int n = 0; n < N_CHANGES;)
        n += change_one(&scene, n, &random);
    ck_assert_uint_eq(story_choose(&scene.store, NULL), 2);
    memory_fini(&scene.memory);
}
END_TEST

/* ---- larger than a block
 * ------------------------------------------------------------ */

enum { LARGE_BYTES = 3 * STORE_BLOCK_BYTES + 4321, N_LARGE_CHANGES = 200 };

/* One record that takes several blocks, between two small ones. */
static void write_large(const struct store *store)
{
    struct store_place place = {3, 0, 0, 1, story_me.schema_hash};
    struct store_writer writer;
    struct store_part part;
    struct store_manifest manifest = {.epoch = 3, .n_parts = 1, .parts = &part};
    struct base_random random = {3};
    unsigned char *data = malloc(LARGE_BYTES);
    REQUIRE(data);
    for (size_t i = 0; i < LARGE_BYTES; i++)
        data[i] = (unsigned char)base_random_next(&random);
    manifest.schema_hash = story_me.schema_hash;
    ck_assert_int_eq(store_epoch_begin(store, 3, 0), TROUPE_OK);
    ck_assert_int_eq(store_writer_open(&writer, store, &place), TROUPE_OK);
    for (uint64_t key = 0; key < 3; key++)
        ck_assert_int_eq(
            store_writer_put(&writer, 1, key, data, key == 1 ? LARGE_BYTES : 9),
            TROUPE_OK);
    ck_assert_int_eq(store_writer_finish(&writer, &part), TROUPE_OK);
    ck_assert_int_eq(store_publish(store, &manifest), TROUPE_OK);
    free(data);
}

START_TEST(in_which_of_several_blocks)
{
    struct scene scene;
    struct pieces pieces;
    struct base_random random = {1 << 20};
    const char *path = "/disk/job/ckpt-000000000003.0000/part-000000";
    scene_init(&scene);
    write_large(&scene.store);
    scene.newest.epoch = 3;
    struct disk_node *file = scene.memory.disk.nodes[memory_find(&scene.memory, path)];
    pieces_of(&pieces, file, true);
    ck_assert_int_ge(pieces.n, 3 + LARGE_BYTES / STORE_BLOCK_BYTES);
    for (int i = 0; i < N_LARGE_CHANGES + 2 * pieces.n; i++) {
        /* The first and the last byte of each piece, then any. */
        size_t at = base_random_below(&random, (uint32_t)file->size_bytes);
        if (i < 2 * pieces.n)
            at = (pieces.begins[i / 2] + file->size_bytes - (size_t)(i % 2)) %
                 file->size_bytes;
        file->data[at] ^= 1;
        expect_found(&scene, path, &pieces, at, 1);
        file->data[at] ^= 1;
    }
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
    (void)expect_named(&scene, path, 0);
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
           in_which_of_several_blocks,
           parts_of_another_checkpoint,
           a_part_that_is_not_there,
           a_newer_format_is_no_damage)
