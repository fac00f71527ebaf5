/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef STORE_FORMAT_H
#define STORE_FORMAT_H

/*
 * The bytes of the files, without the files: all decoders take bytes from anywhere.
 * Little-endian. Every file begins with the same 16 bytes: eight of magic, made so that
 * a transfer as text spoils them (as PNG does), the version, and a check of these
 * alone: so a newer format is told from a damaged one, whatever it has behind them.
 *
 *   part      header, blocks without gaps, index, trailer
 *   header    prefix, epoch, attempt, part, n_parts, 0, schema hash, hash
 *   block     records: zigzag of the key's difference, size and flags, [offset], bytes
 *   index     a row a block, 64 bytes
 *   trailer   magic, where the index begins, n_blocks, n_records, hash of the index, of
 *             the header, of the trailer so far
 *   manifest  prefix, numbers, three texts, a row a part, hash of all before
 *   fence     prefix, attempt, base epoch, hash
 */

#include "store/store.h"

enum {
    STORE_PREFIX_BYTES = 16,
    STORE_HEADER_BYTES = 64,
    STORE_ROW_BYTES = 64,
    STORE_TRAILER_BYTES = 80,
    STORE_RECORD_HEAD_BYTES = 30, /* at most: three numbers of 64 bits */
    STORE_CODEC_NONE = 0,
    STORE_CODEC_ZSTD = 1 /* a frame of zstd's */
};

enum store_magic { STORE_MAGIC_PART, STORE_MAGIC_MANIFEST, STORE_MAGIC_FENCE };

struct store_trailer {
    uint64_t index_offset_bytes, n_blocks, n_records;
    struct store_hash index_hash, header_hash;
    struct store_hash hash; /* of the trailer itself */
};

struct store_fence {
    uint32_t attempt;
    uint64_t base_epoch;
};

struct store_hash store_hash_of(const void *data, size_t size_bytes);
bool store_hash_is(const struct store_hash *hash, const void *data, size_t size_bytes);

void store_put_prefix(struct base_bytes *bytes, enum store_magic magic);
/* The hash of all that stands in `bytes` so far, appended. */
void store_put_hash(struct base_bytes *bytes);
/* GOOD, DAMAGED or NEWER. */
enum store_verdict
store_check_prefix(const void *data, size_t size_bytes, enum store_magic magic);

void store_put_header(struct base_bytes *bytes, const struct store_place *place);
enum store_verdict
store_get_header(const void *data, size_t size_bytes, struct store_place *place);

void store_put_row(struct base_bytes *bytes, const struct store_block *block);
void store_get_row(const void *row, struct store_block *block);
/* Do the rows lie one behind the other, from the header to the index? Else the first
 * that does not is *n_bad. */
bool store_index_is_sound(const unsigned char *index,
                          const struct store_trailer *trailer,
                          uint64_t *n_bad);

void store_put_trailer(struct base_bytes *bytes, struct store_trailer *trailer);
bool store_get_trailer(const void *data,
                       size_t size_bytes,
                       struct store_trailer *trailer);

void store_put_manifest(struct base_bytes *bytes,
                        const struct store_manifest *manifest);
/* GOOD, DAMAGED or NEWER; UNREADABLE without memory. Frees nothing on failure. */
enum store_verdict store_get_manifest(const void *data,
                                      size_t size_bytes,
                                      struct store_manifest *manifest);

void store_put_fence(struct base_bytes *bytes, const struct store_fence *fence);
enum store_verdict
store_get_fence(const void *data, size_t size_bytes, struct store_fence *fence);

/* The head of a record into `head`, STORE_RECORD_HEAD_BYTES at most; how many. */
size_t store_put_record_head(unsigned char *head,
                             const struct store_record *record,
                             uint64_t last_key);
/* The next record of a block; false: it is not well formed. Kind is left alone. */
bool store_get_record(struct base_cursor *cursor,
                      uint64_t last_key,
                      struct store_record *record);

#endif
