/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef UNIT_STORE_STORY_H
#define UNIT_STORE_STORY_H

/* Checkpoints whose contents follow from their epoch, so that any can be checked. */

#include "base/alloc.h"
#include "base/random.h"
#include "store/store.h"
#include "unit/store/require.h"
#include <stdio.h>
#include <string.h>

enum { STORY_PARTS = 2, STORY_RECORDS = 12, STORY_KINDS = 3, STORY_BYTES = 1500 };

static const struct store_identity story_me = {"story", 0x5c4e3a};

/* Record i of a part: kinds one behind the other, keys up and down. */
static inline uint64_t story_key(uint32_t part, int i)
{
    return (uint64_t)part * 1000 + (uint64_t)(i * 7 % STORY_RECORDS);
}

static inline size_t
story_data(uint64_t epoch, uint32_t part, int i, unsigned char data[STORY_BYTES])
{
    struct base_random random = {epoch * 1000 + part * 100 + (uint64_t)i};
    size_t n = base_random_below(&random, STORY_BYTES);
    for (size_t j = 0; j < n; j++)
        data[j] = (unsigned char)base_random_next(&random);
    return n;
}

static inline troupe_status story_write_part(const struct store *store,
                                             const struct store_place *place,
                                             struct store_part *part)
{
    struct store_writer writer;
    troupe_status status = store_writer_open(&writer, store, place);
    for (int i = 0; i < STORY_RECORDS && status == TROUPE_OK; i++) {
        unsigned char data[STORY_BYTES];
        size_t n = story_data(place->epoch, place->part, i, data);
        status = store_writer_put(&writer, (uint32_t)(i * STORY_KINDS / STORY_RECORDS),
                                  story_key(place->part, i), data, n);
    }
    if (status == TROUPE_OK)
        return store_writer_finish(&writer, part);
    store_writer_abandon(&writer);
    return status;
}

static inline troupe_status
story_publish(const struct store *store, uint64_t epoch, uint32_t attempt)
{
    struct store_part parts[STORY_PARTS];
    struct store_manifest manifest = {
        .epoch = epoch,
        .attempt = attempt,
        .n_parts = STORY_PARTS,
        .schema_hash = story_me.schema_hash,
        .created_s = 1700000000 + (int64_t)epoch,
        .program = "story",
        .library = "1.2.3",
        .reason = "periodic",
        .parts = parts,
    };
    for (uint32_t i = 0; i < STORY_PARTS; i++) {
        struct store_place place = {epoch, attempt, i, STORY_PARTS,
                                    story_me.schema_hash};
        TROUPE_TRY(story_write_part(store, &place, &parts[i]));
    }
    return store_publish(store, &manifest);
}

/* As a job does it: what fails is taken away, the job goes on. */
static inline troupe_status
story_write(const struct store *store, uint64_t epoch, uint32_t attempt)
{
    TROUPE_TRY(store_epoch_begin(store, epoch, attempt));
    troupe_status status = story_publish(store, epoch, attempt);
    if (status != TROUPE_OK)
        store_epoch_abandon(store, epoch, attempt);
    return status;
}

static inline void story_check_part(const struct store *store,
                                    const struct store_manifest *manifest,
                                    uint32_t part)
{
    struct store_reader reader;
    struct store_record record;
    REQUIRE(store_reader_open(&reader, store, manifest, part, NULL) == TROUPE_OK);
    for (int i = 0; i < STORY_RECORDS; i++) {
        unsigned char data[STORY_BYTES];
        size_t n = story_data(manifest->epoch, part, i, data);
        REQUIRE(store_reader_next(&reader, &record) == TROUPE_OK);
        REQUIRE(record.kind == (uint32_t)(i * STORY_KINDS / STORY_RECORDS));
        REQUIRE(record.key == story_key(part, i));
        REQUIRE(record.size_bytes == n);
        REQUIRE(record.is_last && record.offset_bytes == 0);
        REQUIRE(memcmp(record.data, data, n) == 0);
    }
    REQUIRE(store_reader_next(&reader, &record) == TROUPE_NOT_FOUND);
    store_reader_close(&reader);
}

static inline void story_skip(void *context,
                              const struct store_entry *entry,
                              const struct store_problem *problem)
{
    int *n_skipped = context;
    ck_assert(entry->is_published && problem->text[0] != '\0');
    ++*n_skipped;
}

/* The epoch that a restart begins with, its contents checked; 0: none. */
static inline uint64_t story_choose(const struct store *store, int *n_skipped)
{
    struct store_manifest manifest;
    struct store_problem problem;
    int ignored = 0;
    troupe_status status =
        store_choose(store, &story_me, STORE_DEEP, &manifest, &problem, story_skip,
                     n_skipped ? n_skipped : &ignored);
    if (status == TROUPE_NOT_FOUND)
        return 0;
    REQUIRE(status == TROUPE_OK);
    REQUIRE(strcmp(manifest.program, "story") == 0);
    REQUIRE(strcmp(manifest.library, "1.2.3") == 0);
    REQUIRE(strcmp(manifest.reason, "periodic") == 0);
    REQUIRE(manifest.created_s == 1700000000 + (int64_t)manifest.epoch);
    for (uint32_t i = 0; i < STORY_PARTS; i++)
        story_check_part(store, &manifest, i);
    uint64_t epoch = manifest.epoch;
    store_manifest_fini(&manifest);
    return epoch;
}

static inline void story_forget(void *context, const struct store_entry *entry)
{
    int *n_pruned = context;
    ck_assert(!entry->is_pinned);
    ++*n_pruned;
}

#endif
