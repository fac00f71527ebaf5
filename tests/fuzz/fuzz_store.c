/* SPDX-License-Identifier: BSD-3-Clause */
#include "fuzz.h"
#include "store/format.h"
#include <stdlib.h>
#include <string.h>

/*
 * Files of a checkpoint from outside. Input: one byte says as what to read the rest. A
 * fuzzer does not find hashes, so with the highest bit of that byte set they are made
 * right first, and what is behind them is tried. What is taken as good is written again
 * to the same bytes.
 */

static uint64_t sum; /* what is read must be used */

static void expect(bool condition)
{
    if (!condition)
        abort();
}

static void expect_same(struct base_bytes *again, const void *data, size_t size)
{
    expect(!again->failed && again->size == size);
    expect(memcmp(again->data, data, size) == 0);
    base_bytes_fini(again);
}

/* Prefix and hash at the end, as the file would have them. */
static void mend(unsigned char *data, size_t size, enum store_magic magic)
{
    struct base_bytes prefix;
    base_bytes_init(&prefix);
    store_put_prefix(&prefix, magic);
    if (size >= STORE_PREFIX_BYTES + STORE_HASH_BYTES) {
        memcpy(data, prefix.data, STORE_PREFIX_BYTES);
        size_t n = size - STORE_HASH_BYTES;
        struct store_hash hash = store_hash_of(data, n);
        memcpy(data + n, hash.bytes, sizeof(hash.bytes));
    }
    base_bytes_fini(&prefix);
}

static void try_manifest(const unsigned char *data, size_t size)
{
    struct store_manifest manifest;
    struct base_bytes again;
    if (store_get_manifest(data, size, &manifest) != STORE_GOOD) {
        expect(!manifest.parts);
        return;
    }
    expect(manifest.n_parts > 0 && strlen(manifest.program) < STORE_NAME_BYTES);
    base_bytes_init(&again);
    store_put_manifest(&again, &manifest);
    store_manifest_fini(&manifest);
    if (memcmp(data, again.data, STORE_PREFIX_BYTES) == 0) /* not of another minor */
        expect_same(&again, data, size);
    base_bytes_fini(&again);
}

static void try_header(const unsigned char *data, size_t size)
{
    struct store_place place;
    if (store_get_header(data, size, &place) == STORE_GOOD)
        expect(size == STORE_HEADER_BYTES);
}

static void try_fence(const unsigned char *data, size_t size)
{
    struct store_fence fence;
    if (store_get_fence(data, size, &fence) == STORE_GOOD)
        sum += fence.base_epoch + fence.attempt;
}

/* A trailer, and the index of which it speaks in front of it. */
static void try_index(const unsigned char *data, size_t size)
{
    struct store_trailer trailer;
    uint64_t n_bad = 0;
    size_t n_index = size < STORE_TRAILER_BYTES ? 0 : size - STORE_TRAILER_BYTES;
    if (!store_get_trailer(data + n_index, size - n_index, &trailer) ||
        trailer.n_blocks != n_index / STORE_ROW_BYTES)
        return;
    if (!store_index_is_sound(data, &trailer, &n_bad))
        expect(n_bad <= trailer.n_blocks);
}

static void try_records(const unsigned char *data, size_t size)
{
    struct base_cursor cursor;
    struct store_record record = {0};
    base_cursor_init(&cursor, data, size);
    while (cursor.next != cursor.end) {
        const unsigned char *before = cursor.next;
        if (!store_get_record(&cursor, record.key, &record))
            return;
        expect(cursor.next > before);
        expect(record.data >= data &&
               record.size_bytes <= (size_t)(data + size - record.data));
        for (size_t i = 0; i < record.size_bytes; i++)
            sum += record.data[i];
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    unsigned char *copy = malloc(size > 1 ? size - 1 : 1); /* ends where they end */
    if (!copy)
        return 0;
    memcpy(copy, data + 1, size - 1);
    bool must_mend = data[0] & 0x80;
    size--;
    switch (data[0] % 5) {
    case 0:
        if (must_mend)
            mend(copy, size, STORE_MAGIC_MANIFEST);
        try_manifest(copy, size);
        break;
    case 1:
        if (must_mend)
            mend(copy, size, STORE_MAGIC_PART);
        try_header(copy, size);
        break;
    case 2:
        if (must_mend)
            mend(copy, size, STORE_MAGIC_FENCE);
        try_fence(copy, size);
        break;
    case 3:
        try_index(copy, size);
        break;
    default:
        try_records(copy, size);
    }
    free(copy);
    return 0;
}
