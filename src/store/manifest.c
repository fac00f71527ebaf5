/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
#include "store/format.h"
#include <string.h>

/* The manifest as bytes, and the records of a block. */

enum { PART_ROW_BYTES = 40 };

void store_put_manifest(struct base_bytes *bytes, const struct store_manifest *manifest)
{
    store_put_prefix(bytes, STORE_MAGIC_MANIFEST);
    base_bytes_append_u64(bytes, manifest->epoch);
    base_bytes_append_u32(bytes, manifest->attempt);
    base_bytes_append_u32(bytes, manifest->n_parts);
    base_bytes_append_u64(bytes, manifest->schema_hash);
    base_bytes_append_u64(bytes, (uint64_t)manifest->created_s);
    base_bytes_append_text(bytes, manifest->program);
    base_bytes_append_text(bytes, manifest->library);
    base_bytes_append_text(bytes, manifest->reason);
    for (uint32_t i = 0; i < manifest->n_parts; i++) {
        const struct store_part *part = &manifest->parts[i];
        base_bytes_append_u64(bytes, part->size_bytes);
        base_bytes_append_u64(bytes, part->n_records);
        base_bytes_append_u64(bytes, part->n_blocks);
        base_bytes_append(bytes, part->hash.bytes, sizeof(part->hash.bytes));
    }
    store_put_hash(bytes);
}

static bool get_parts(struct base_cursor *cursor, struct store_manifest *manifest)
{
    for (uint32_t i = 0; i < manifest->n_parts; i++) {
        struct store_part *part = &manifest->parts[i];
        part->size_bytes = base_cursor_u64(cursor);
        part->n_records = base_cursor_u64(cursor);
        part->n_blocks = base_cursor_u64(cursor);
        const void *hash = base_cursor_take(cursor, sizeof(part->hash.bytes));
        if (!hash || part->size_bytes > INT64_MAX)
            return false;
        memcpy(part->hash.bytes, hash, sizeof(part->hash.bytes));
    }
    return cursor->next == cursor->end;
}

static void get_head(struct base_cursor *cursor, struct store_manifest *manifest)
{
    manifest->epoch = base_cursor_u64(cursor);
    manifest->attempt = base_cursor_u32(cursor);
    manifest->n_parts = base_cursor_u32(cursor);
    manifest->schema_hash = base_cursor_u64(cursor);
    manifest->created_s = (int64_t)base_cursor_u64(cursor);
    base_cursor_text(cursor, manifest->program, sizeof(manifest->program));
    base_cursor_text(cursor, manifest->library, sizeof(manifest->library));
    base_cursor_text(cursor, manifest->reason, sizeof(manifest->reason));
}

enum store_verdict
store_get_manifest(const void *data, size_t size_bytes, struct store_manifest *manifest)
{
    *manifest = (struct store_manifest){0};
    enum store_verdict verdict =
        store_check_prefix(data, size_bytes, STORE_MAGIC_MANIFEST);
    if (verdict != STORE_GOOD)
        return verdict;
    struct store_hash hash;
    if (size_bytes < STORE_PREFIX_BYTES + sizeof(hash.bytes))
        return STORE_DAMAGED;
    size_t n_hashed = size_bytes - sizeof(hash.bytes);
    memcpy(hash.bytes, (const unsigned char *)data + n_hashed, sizeof(hash.bytes));
    if (!store_hash_is(&hash, data, n_hashed))
        return STORE_DAMAGED;
    struct base_cursor cursor;
    base_cursor_init(&cursor, data, n_hashed);
    base_cursor_take(&cursor, STORE_PREFIX_BYTES);
    get_head(&cursor, manifest);
    /* Before anything is allocated for them, the parts must be there. */
    if (cursor.failed || manifest->n_parts == 0 ||
        manifest->n_parts > STORE_MAX_PARTS ||
        (size_t)(cursor.end - cursor.next) !=
            (size_t)manifest->n_parts * PART_ROW_BYTES)
        return STORE_DAMAGED;
    manifest->parts =
        base_try_alloc((size_t)manifest->n_parts * sizeof(*manifest->parts));
    if (!manifest->parts)
        return STORE_UNREADABLE;
    if (get_parts(&cursor, manifest))
        return STORE_GOOD;
    store_manifest_fini(manifest);
    return STORE_DAMAGED;
}

void store_manifest_fini(struct store_manifest *manifest)
{
    base_free(manifest->parts);
    manifest->parts = NULL;
}

/* ---- records
 * ----------------------------------------------------------------------------- */

/* Seven bits a byte, the lowest first, the eighth says that more follow (LEB128). */
static size_t put_number(unsigned char *to, uint64_t number)
{
    size_t n = 0;
    for (; number >= 0x80; number >>= 7)
        to[n++] = (unsigned char)(number | 0x80);
    to[n++] = (unsigned char)number;
    return n;
}

static uint64_t get_number(struct base_cursor *cursor)
{
    uint64_t number = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        const unsigned char *byte = base_cursor_take(cursor, 1);
        if (!byte)
            return 0;
        number |= (uint64_t)(*byte & 0x7f) << shift;
        if (*byte < 0x80)
            return number;
    }
    cursor->failed = true;
    return 0;
}

enum { MORE_FOLLOWS = 1, HAS_OFFSET = 2, N_FLAG_BITS = 2 };

size_t store_put_record_head(unsigned char *head,
                             const struct store_record *record,
                             uint64_t last_key)
{
    /* Zigzag: small differences of either sign become small numbers. */
    uint64_t difference = record->key - last_key;
    uint64_t zigzag = (difference << 1) ^ (0 - (difference >> 63));
    uint64_t flags = (record->is_last ? 0u : (unsigned)MORE_FOLLOWS) |
                     (record->offset_bytes ? (unsigned)HAS_OFFSET : 0u);
    size_t n = put_number(head, zigzag);
    n += put_number(head + n, (uint64_t)record->size_bytes << N_FLAG_BITS | flags);
    if (record->offset_bytes)
        n += put_number(head + n, record->offset_bytes);
    return n;
}

bool store_get_record(struct base_cursor *cursor,
                      uint64_t last_key,
                      struct store_record *record)
{
    uint64_t zigzag = get_number(cursor);
    uint64_t size_and_flags = get_number(cursor);
    record->key = last_key + ((zigzag >> 1) ^ (0 - (zigzag & 1)));
    record->size_bytes = (size_t)(size_and_flags >> N_FLAG_BITS);
    record->is_last = !(size_and_flags & MORE_FOLLOWS);
    record->offset_bytes = size_and_flags & HAS_OFFSET ? get_number(cursor) : 0;
    record->data = base_cursor_take(cursor, record->size_bytes);
    return !cursor->failed;
}
