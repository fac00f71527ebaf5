/* SPDX-License-Identifier: BSD-3-Clause */
#include "store/format.h"
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

/* ---- hashes
 * -------------------------------------------------------------------------- */

/* XXH3 with 128 bits, in its canonical form: against chance, not against malice. */
struct store_hash store_hash_of(const void *data, size_t size_bytes)
{
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(data, size_bytes));
    struct store_hash hash;
    _Static_assert(sizeof(canonical.digest) == sizeof(hash.bytes), "128 bits");
    memcpy(hash.bytes, canonical.digest, sizeof(hash.bytes));
    return hash;
}

bool store_hash_is(const struct store_hash *hash, const void *data, size_t size_bytes)
{
    struct store_hash actual = store_hash_of(data, size_bytes);
    return memcmp(actual.bytes, hash->bytes, sizeof(actual.bytes)) == 0;
}

static void put_hash(struct base_bytes *bytes, const struct store_hash *hash)
{
    base_bytes_append(bytes, hash->bytes, sizeof(hash->bytes));
}

void store_put_hash(struct base_bytes *bytes)
{
    struct store_hash hash = store_hash_of(bytes->data, bytes->size);
    put_hash(bytes, &hash);
}

static void get_hash(struct base_cursor *cursor, struct store_hash *hash)
{
    const void *taken = base_cursor_take(cursor, sizeof(hash->bytes));
    if (taken)
        memcpy(hash->bytes, taken, sizeof(hash->bytes));
}

/* Are the last bytes the hash of those before? */
static bool ends_in_hash(const void *data, size_t size_bytes)
{
    struct store_hash hash;
    if (size_bytes < sizeof(hash.bytes))
        return false;
    size_t n_before = size_bytes - sizeof(hash.bytes);
    memcpy(hash.bytes, (const unsigned char *)data + n_before, sizeof(hash.bytes));
    return store_hash_is(&hash, data, n_before);
}

/* ---- how every file begins
 * ------------------------------------------------------------ */

enum { MAGIC_BYTES = 8, CHECKED_BYTES = 12 };

static const unsigned char magics[][MAGIC_BYTES] = {
    [STORE_MAGIC_PART] = {0x89, 'T', 'R', 'P', '\r', '\n', 0x1a, '\n'},
    [STORE_MAGIC_MANIFEST] = {0x89, 'T', 'R', 'M', '\r', '\n', 0x1a, '\n'},
    [STORE_MAGIC_FENCE] = {0x89, 'T', 'R', 'F', '\r', '\n', 0x1a, '\n'},
};

static uint32_t check_of(const void *prefix)
{
    return (uint32_t)XXH3_64bits(prefix, CHECKED_BYTES);
}

void store_put_prefix(struct base_bytes *bytes, enum store_magic magic)
{
    unsigned char prefix[CHECKED_BYTES];
    uint32_t version = (uint32_t)STORE_FORMAT_MINOR << 16 | STORE_FORMAT_MAJOR;
    memcpy(prefix, magics[magic], MAGIC_BYTES);
    memcpy(prefix + MAGIC_BYTES, &version, sizeof(version));
    base_bytes_append(bytes, prefix, sizeof(prefix));
    base_bytes_append_u32(bytes, check_of(prefix));
}

enum store_verdict
store_check_prefix(const void *data, size_t size_bytes, enum store_magic magic)
{
    struct base_cursor cursor;
    base_cursor_init(&cursor, data, size_bytes);
    const void *start = base_cursor_take(&cursor, MAGIC_BYTES);
    uint32_t version = base_cursor_u32(&cursor);
    uint32_t check = base_cursor_u32(&cursor);
    if (cursor.failed || memcmp(start, magics[magic], MAGIC_BYTES) != 0 ||
        check != check_of(data))
        return STORE_DAMAGED;
    return (version & UINT16_MAX) > STORE_FORMAT_MAJOR ? STORE_NEWER : STORE_GOOD;
}

/* A small file that begins with a prefix and ends with its hash; a cursor in between.
 */
static enum store_verdict enter(struct base_cursor *cursor,
                                const void *data,
                                size_t size_bytes,
                                enum store_magic magic)
{
    enum store_verdict verdict = store_check_prefix(data, size_bytes, magic);
    if (verdict != STORE_GOOD)
        return verdict;
    if (size_bytes < STORE_PREFIX_BYTES + STORE_HASH_BYTES ||
        !ends_in_hash(data, size_bytes))
        return STORE_DAMAGED;
    base_cursor_init(cursor, data, size_bytes - STORE_HASH_BYTES);
    base_cursor_take(cursor, STORE_PREFIX_BYTES);
    return STORE_GOOD;
}

/* Read to its end, neither more nor less? */
static enum store_verdict leave(const struct base_cursor *cursor)
{
    bool is_good = !cursor->failed && cursor->next == cursor->end;
    return is_good ? STORE_GOOD : STORE_DAMAGED;
}

/* ---- a part
 * --------------------------------------------------------------------------- */

void store_put_header(struct base_bytes *bytes, const struct store_place *place)
{
    store_put_prefix(bytes, STORE_MAGIC_PART);
    base_bytes_append_u64(bytes, place->epoch);
    base_bytes_append_u32(bytes, place->attempt);
    base_bytes_append_u32(bytes, place->part);
    base_bytes_append_u32(bytes, place->n_parts);
    base_bytes_append_u32(bytes, 0);
    base_bytes_append_u64(bytes, place->schema_hash);
    store_put_hash(bytes);
}

enum store_verdict
store_get_header(const void *data, size_t size_bytes, struct store_place *place)
{
    struct base_cursor cursor;
    enum store_verdict verdict = enter(&cursor, data, size_bytes, STORE_MAGIC_PART);
    if (verdict != STORE_GOOD)
        return verdict;
    place->epoch = base_cursor_u64(&cursor);
    place->attempt = base_cursor_u32(&cursor);
    place->part = base_cursor_u32(&cursor);
    place->n_parts = base_cursor_u32(&cursor);
    base_cursor_u32(&cursor);
    place->schema_hash = base_cursor_u64(&cursor);
    return leave(&cursor);
}

void store_put_row(struct base_bytes *bytes, const struct store_block *block)
{
    base_bytes_append_u64(bytes, block->offset_bytes);
    base_bytes_append_u32(bytes, block->stored_bytes);
    base_bytes_append_u32(bytes, block->raw_bytes);
    base_bytes_append_u32(bytes, block->kind);
    base_bytes_append_u32(bytes, block->n_records);
    base_bytes_append_u64(bytes, block->first_key);
    base_bytes_append_u64(bytes, block->last_key);
    base_bytes_append_u32(bytes, block->codec);
    base_bytes_append_u32(bytes, 0);
    put_hash(bytes, &block->hash);
}

void store_get_row(const void *row, struct store_block *block)
{
    struct base_cursor cursor;
    base_cursor_init(&cursor, row, STORE_ROW_BYTES);
    block->offset_bytes = base_cursor_u64(&cursor);
    block->stored_bytes = base_cursor_u32(&cursor);
    block->raw_bytes = base_cursor_u32(&cursor);
    block->kind = base_cursor_u32(&cursor);
    block->n_records = base_cursor_u32(&cursor);
    block->first_key = base_cursor_u64(&cursor);
    block->last_key = base_cursor_u64(&cursor);
    block->codec = base_cursor_u32(&cursor);
    base_cursor_u32(&cursor);
    get_hash(&cursor, &block->hash);
}

static bool row_is_sound(const struct store_block *block)
{
    return block->raw_bytes > 0 && block->raw_bytes <= STORE_BLOCK_BYTES &&
           block->stored_bytes > 0 && block->stored_bytes <= STORE_BLOCK_BYTES &&
           block->n_records > 0 && block->first_key <= block->last_key &&
           (block->codec != STORE_CODEC_NONE ||
            block->raw_bytes == block->stored_bytes);
}

bool store_index_is_sound(const unsigned char *index,
                          const struct store_trailer *trailer,
                          uint64_t *n_bad)
{
    uint64_t end_bytes = STORE_HEADER_BYTES;
    for (uint64_t i = 0; i < trailer->n_blocks; i++) {
        struct store_block block;
        store_get_row(index + i * STORE_ROW_BYTES, &block);
        *n_bad = i;
        if (block.offset_bytes != end_bytes || !row_is_sound(&block))
            return false;
        end_bytes += block.stored_bytes;
    }
    return end_bytes == trailer->index_offset_bytes;
}

void store_put_trailer(struct base_bytes *bytes, struct store_trailer *trailer)
{
    base_bytes_append(bytes, magics[STORE_MAGIC_PART], MAGIC_BYTES);
    base_bytes_append_u64(bytes, trailer->index_offset_bytes);
    base_bytes_append_u64(bytes, trailer->n_blocks);
    base_bytes_append_u64(bytes, trailer->n_records);
    put_hash(bytes, &trailer->index_hash);
    put_hash(bytes, &trailer->header_hash);
    trailer->hash = store_hash_of(bytes->data, bytes->size);
    put_hash(bytes, &trailer->hash);
}

bool store_get_trailer(const void *data,
                       size_t size_bytes,
                       struct store_trailer *trailer)
{
    if (size_bytes != STORE_TRAILER_BYTES || !ends_in_hash(data, size_bytes))
        return false;
    struct base_cursor cursor;
    base_cursor_init(&cursor, data, size_bytes);
    const void *magic = base_cursor_take(&cursor, MAGIC_BYTES);
    trailer->index_offset_bytes = base_cursor_u64(&cursor);
    trailer->n_blocks = base_cursor_u64(&cursor);
    trailer->n_records = base_cursor_u64(&cursor);
    get_hash(&cursor, &trailer->index_hash);
    get_hash(&cursor, &trailer->header_hash);
    get_hash(&cursor, &trailer->hash);
    return memcmp(magic, magics[STORE_MAGIC_PART], MAGIC_BYTES) == 0;
}

/* ---- small files
 * ----------------------------------------------------------------------- */

void store_put_fence(struct base_bytes *bytes, const struct store_fence *fence)
{
    store_put_prefix(bytes, STORE_MAGIC_FENCE);
    base_bytes_append_u32(bytes, fence->attempt);
    base_bytes_append_u64(bytes, fence->base_epoch);
    store_put_hash(bytes);
}

enum store_verdict
store_get_fence(const void *data, size_t size_bytes, struct store_fence *fence)
{
    struct base_cursor cursor;
    enum store_verdict verdict = enter(&cursor, data, size_bytes, STORE_MAGIC_FENCE);
    if (verdict != STORE_GOOD)
        return verdict;
    fence->attempt = base_cursor_u32(&cursor);
    fence->base_epoch = base_cursor_u64(&cursor);
    return leave(&cursor);
}
