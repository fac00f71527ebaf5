/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
#include "memory_disk.h"
#include "store/format.h"
#include "store/pack.h"
#include "support/check_main.h"
#include <stdio.h>

/* Blocks that zstd makes smaller: written so where that pays, and read back as they
 * were.
 */

enum { N_RECORDS = 4000, RECORD_BYTES = 1000, N_WORDS = 40 };

/* Nothing is to be tested without zstd. */
static bool has_zstd(void)
{
    if (store_can_unpack(STORE_CODEC_ZSTD))
        return true;
    printf("skipped: built without zstd\n");
    return false;
}

/* Kind 0 is like a table of numbers, kind 1 like noise, kind 2 is like 0 again. */
static void make_record(uint32_t kind, uint64_t key, unsigned char data[RECORD_BYTES])
{
    struct base_random random = {key * 3 + kind};
    for (size_t i = 0; i < RECORD_BYTES; i++)
        data[i] = kind == 1 ? (unsigned char)base_random_next(&random)
                            : (unsigned char)(key / 100 + i % N_WORDS * (i % 8 == 0));
}

static void write_all(const struct store *store, struct store_manifest *manifest)
{
    struct store_place place = {1, 0, 0, 1, 0};
    struct store_writer writer;
    unsigned char data[RECORD_BYTES];
    ck_assert_int_eq(store_epoch_begin(store, 1, 0), TROUPE_OK);
    ck_assert_int_eq(store_writer_open(&writer, store, &place), TROUPE_OK);
    for (uint32_t i = 0; i < N_RECORDS; i++) {
        uint32_t kind = i * 3 / N_RECORDS;
        make_record(kind, i, data);
        ck_assert_int_eq(store_writer_put(&writer, kind, i, data, RECORD_BYTES),
                         TROUPE_OK);
    }
    ck_assert_int_eq(store_writer_finish(&writer, manifest->parts), TROUPE_OK);
    ck_assert_int_eq(store_publish(store, manifest), TROUPE_OK);
}

/* How many of the bytes of a kind are in blocks that were packed. */
static uint64_t read_all(const struct store *store,
                         const struct store_manifest *manifest,
                         uint32_t kind)
{
    const struct store_filter filter = {true, kind, 0, UINT64_MAX};
    struct store_reader reader;
    struct store_record record;
    unsigned char data[RECORD_BYTES];
    uint64_t n = 0, n_packed = 0;
    ck_assert_int_eq(store_reader_open(&reader, store, manifest, 0, &filter),
                     TROUPE_OK);
    while (store_reader_next(&reader, &record) == TROUPE_OK) {
        make_record(kind, record.key, data);
        ck_assert_uint_eq(record.size_bytes, RECORD_BYTES);
        ck_assert(memcmp(record.data, data, RECORD_BYTES) == 0);
        if (reader.block.codec == STORE_CODEC_ZSTD)
            n_packed += RECORD_BYTES;
        n++;
    }
    ck_assert_uint_ge(n, N_RECORDS / 3);
    ck_assert_uint_le(n, N_RECORDS / 3 + 1);
    store_reader_close(&reader);
    return n_packed;
}

struct scene {
    struct memory_disk memory;
    struct store store;
    struct store_pace pace;
    struct store_part part;
    struct store_manifest manifest;
};

static void begin(struct scene *scene, enum store_packing packing)
{
    memory_init(&scene->memory, NULL);
    ck_assert_int_eq(
        store_open(&scene->store, &scene->memory.files, "/disk", "job", STORE_CREATE),
        TROUPE_OK);
    scene->pace = (struct store_pace){.packing = packing};
    scene->store.pace = &scene->pace;
    scene->manifest =
        (struct store_manifest){.epoch = 1, .n_parts = 1, .parts = &scene->part};
    write_all(&scene->store, &scene->manifest);
}

START_TEST(what_shrinks_is_packed)
{
    const uint64_t third = (uint64_t)N_RECORDS / 3 * RECORD_BYTES;
    struct scene scene;
    if (!has_zstd())
        return;
    begin(&scene, STORE_PACK_ALWAYS);
    ck_assert_uint_ge(read_all(&scene.store, &scene.manifest, 0), third);
    ck_assert_uint_eq(read_all(&scene.store, &scene.manifest, 1), 0);
    ck_assert_uint_ge(read_all(&scene.store, &scene.manifest, 2), third);
    ck_assert_uint_gt(scene.part.size_bytes, third);
    ck_assert_uint_lt(scene.part.size_bytes, third + third / 2);
    memory_fini(&scene.memory);
}
END_TEST

START_TEST(nothing_is_packed_unasked)
{
    struct scene scene;
    begin(&scene, STORE_PACK_NEVER);
    for (uint32_t kind = 0; kind < 3; kind++)
        ck_assert_uint_eq(read_all(&scene.store, &scene.manifest, kind), 0);
    ck_assert_uint_gt(scene.part.size_bytes, (uint64_t)N_RECORDS * RECORD_BYTES);
    memory_fini(&scene.memory);
}
END_TEST

/* Without memory for packing the part is written all the same. */
START_TEST(no_memory_no_packing)
{
    struct store_pace pace = {.packing = STORE_PACK_ALWAYS};
    struct store_packer *packer;
    base_alloc_fail_every(1);
    packer = store_packer_create(&pace);
    base_alloc_fail_every(0);
    ck_assert_ptr_null(packer);
}
END_TEST

/* What does not shrink is tried less and less, another kind at once. */
START_TEST(in_vain_is_not_tried_on)
{
    static unsigned char noise[65536], zeros[65536];
    const unsigned char *packed;
    struct store_pace pace = {.packing = STORE_PACK_ALWAYS};
    struct store_packer *packer = store_packer_create(&pace);
    struct base_random random = {5};
    int n_passed = 0;
    if (!has_zstd())
        return;
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (unsigned char)base_random_next(&random);
    for (int i = 0; i < 600; i++)
        ck_assert_uint_eq(store_pack(packer, 7, noise, sizeof noise, &packed), 0);
    while (!store_pack(packer, 7, zeros, sizeof zeros, &packed))
        n_passed++;
    ck_assert_int_gt(n_passed, 0);
    ck_assert_int_le(n_passed, 64);
    for (int i = 0; i < 3; i++) /* it pays again */
        ck_assert_uint_gt(store_pack(packer, 7, zeros, sizeof zeros, &packed), 0);
    ck_assert_uint_eq(store_pack(packer, 7, noise, sizeof noise, &packed), 0);
    ck_assert_uint_gt(store_pack(packer, 7, zeros, sizeof zeros, &packed), 0);
    for (int i = 0; i < 2; i++)
        ck_assert_uint_eq(store_pack(packer, 7, noise, sizeof noise, &packed), 0);
    ck_assert_uint_gt(store_pack(packer, 8, zeros, sizeof zeros, &packed), 0);
    ck_assert_uint_eq(store_pack(packer, 9, zeros, 1, &packed), 0);
    store_packer_destroy(packer);
}
END_TEST

/* How many of 200 blocks of zeros are packed. */
static int n_packed_by(struct store_pace *pace)
{
    static unsigned char zeros[65536];
    const unsigned char *packed;
    struct store_packer *packer = store_packer_create(pace);
    int n = 0;
    ck_assert_ptr_nonnull(packer);
    for (int i = 0; i < 200; i++)
        n += store_pack(packer, 1, zeros, sizeof zeros, &packed) > 0;
    store_packer_learn(packer, 1000, 1000);
    store_packer_destroy(packer);
    return n;
}

/* Only where the disk takes longer; at first, and where not, a few are looked at. */
START_TEST(a_fast_disk_gets_the_bytes_as_they_are)
{
    struct store_pace pace = {.packing = STORE_PACK_AUTO};
    if (!has_zstd())
        return;
    ck_assert_int_eq(n_packed_by(&pace), 4);
    ck_assert_double_eq_tol(pace.disk_s_per_byte, 1e-9, 1e-15);
    ck_assert_double_gt(pace.pack_s_per_byte, 0);
    ck_assert_double_lt(pace.kept, 0.1);
    pace = (struct store_pace){STORE_PACK_AUTO, 1e-9, 2e-9, 0.1};
    ck_assert_int_eq(n_packed_by(&pace), 4);
    pace = (struct store_pace){STORE_PACK_AUTO, 2e-9, 1e-9, 0.1};
    ck_assert_int_eq(n_packed_by(&pace), 200);
    pace = (struct store_pace){STORE_PACK_AUTO, 2e-9, 1e-9, 0.6};
    ck_assert_int_eq(n_packed_by(&pace), 4);
    pace = (struct store_pace){STORE_PACK_NEVER, 2e-9, 1e-9, 0.1};
    ck_assert_ptr_null(store_packer_create(&pace));
    ck_assert_ptr_null(store_packer_create(NULL));
}
END_TEST

/* Every byte of the file is covered, packed or not. */
START_TEST(damage_is_found)
{
    enum { N_HITS = 300 };
    struct scene scene;
    struct base_random random = {11};
    if (!has_zstd())
        return;
    begin(&scene, STORE_PACK_ALWAYS);
    for (int hit = 0; hit < N_HITS; hit++) {
        struct disk_node *file = NULL;
        struct store_problem problem;
        for (int i = 0; i < MAX_NODES; i++) {
            struct disk_node *node = scene.memory.disk.nodes[i];
            if (node && !node->is_folder && node->size_bytes == scene.part.size_bytes)
                file = node;
        }
        ck_assert_ptr_nonnull(file);
        size_t at = base_random_below(&random, (uint32_t)file->size_bytes);
        file->data[at] ^= (unsigned char)(1u << hit % 8);
        ck_assert_int_ne(
            store_verify_part(&scene.store, &scene.manifest, 0, STORE_DEEP, &problem),
            TROUPE_OK);
        ck_assert_int_eq(problem.verdict, STORE_DAMAGED);
        ck_assert_int_le(problem.offset_bytes, (int64_t)at);
        ck_assert_int_gt(problem.offset_bytes + STORE_BLOCK_BYTES, (int64_t)at);
        file->data[at] ^= (unsigned char)(1u << hit % 8);
    }
    memory_fini(&scene.memory);
}
END_TEST

START_TEST(other_bytes_are_not_unpacked)
{
    static unsigned char raw[5000], back[5000];
    const unsigned char *packed;
    struct store_pace pace = {.packing = STORE_PACK_ALWAYS};
    struct store_packer *packer = store_packer_create(&pace);
    if (!has_zstd())
        return;
    memset(raw, 'a', sizeof raw);
    uint32_t n = store_pack(packer, 1, raw, sizeof raw, &packed);
    ck_assert_uint_gt(n, 0);
    ck_assert_int_eq(store_unpack(back, sizeof back, packed, n), TROUPE_OK);
    ck_assert(memcmp(back, raw, sizeof raw) == 0);
    ck_assert_int_eq(store_unpack(back, sizeof back, packed, n - 1), TROUPE_MISMATCH);
    ck_assert_int_eq(store_unpack(back, sizeof back - 1, packed, n), TROUPE_MISMATCH);
    ck_assert_int_eq(store_unpack(back, sizeof back, raw, 100), TROUPE_MISMATCH);
    store_packer_destroy(packer);
}
END_TEST

CHECK_MAIN("pack",
           what_shrinks_is_packed,
           nothing_is_packed_unasked,
           no_memory_no_packing,
           in_vain_is_not_tried_on,
           a_fast_disk_gets_the_bytes_as_they_are,
           damage_is_found,
           other_bytes_are_not_unpacked)
