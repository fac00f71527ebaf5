/* SPDX-License-Identifier: BSD-3-Clause */
#define _XOPEN_SOURCE 700
#include "base/alloc.h"
#include "base/clock.h"
#include "store/disk.h"
#include "store/format.h"
#include "store/pack.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

/* One part: records gathered into blocks, written one behind the other. */

static void part_path(char path[STORE_PATH_BYTES],
                      const struct store_writer *writer,
                      const char *suffix)
{
    store_path(path, "%s/part-%06" PRIu32 "%s", writer->folder, writer->part, suffix);
}

/* The first failure counts; later ones come of it. */
static troupe_status fail(struct store_writer *writer, troupe_status status)
{
    if (writer->status == TROUPE_OK) {
        writer->status = status;
        writer->error = errno;
    }
    return writer->status;
}

static troupe_status
write_bytes(struct store_writer *writer, const void *data, size_t size_bytes)
{
    int64_t begin_ns = base_clock_ns();
    if (base_file_write_all(writer->files, writer->descriptor, data, size_bytes) !=
        TROUPE_OK)
        return fail(writer, TROUPE_IO);
    writer->disk_ns += base_clock_ns() - begin_ns;
    writer->block.offset_bytes += size_bytes;
    return TROUPE_OK;
}

static troupe_status write_header(struct store_writer *writer,
                                  const struct store_place *place)
{
    struct base_bytes bytes;
    base_bytes_init(&bytes);
    store_put_header(&bytes, place);
    troupe_status status = TROUPE_NO_MEMORY;
    if (!bytes.failed) {
        writer->header_hash = store_hash_of(bytes.data, bytes.size);
        status = write_bytes(writer, bytes.data, bytes.size);
    }
    base_bytes_fini(&bytes);
    return status == TROUPE_OK ? TROUPE_OK : fail(writer, status);
}

troupe_status store_writer_open(struct store_writer *writer,
                                const struct store *store,
                                const struct store_place *place)
{
    char path[STORE_PATH_BYTES];
    *writer = (struct store_writer){
        .files = store->files, .part = place->part, .descriptor = -1};
    base_bytes_init(&writer->index);
    store_entry_path(writer->folder, store, place->epoch, place->attempt);
    part_path(path, writer, ".tmp");
    writer->raw = base_try_alloc(STORE_BLOCK_BYTES);
    if (!writer->raw) {
        errno = ENOMEM;
        return fail(writer, TROUPE_NO_MEMORY);
    }
    writer->packer = store_packer_create(store->pace);
    /* It must be new: two that write the same part would spoil each other's. */
    writer->descriptor =
        store_disk_open(writer->files, path, O_WRONLY | O_CREAT | O_EXCL);
    if (writer->descriptor < 0)
        return fail(writer, store_disk_status(errno));
    writer->has_temporary = true;
    return write_header(writer, place);
}

/* The block as it is to stand in the file. */
static const unsigned char *pack(struct store_writer *writer)
{
    struct store_block *block = &writer->block;
    const unsigned char *stored = writer->raw;
    block->stored_bytes = 0;
    if (writer->packer)
        block->stored_bytes = store_pack(writer->packer, block->kind, writer->raw,
                                         block->raw_bytes, &stored);
    block->codec = block->stored_bytes ? STORE_CODEC_ZSTD : STORE_CODEC_NONE;
    if (block->stored_bytes == 0)
        block->stored_bytes = block->raw_bytes;
    return stored;
}

static troupe_status flush(struct store_writer *writer)
{
    struct store_block *block = &writer->block;
    if (block->raw_bytes == 0)
        return TROUPE_OK;
    const unsigned char *stored = pack(writer);
    block->hash = store_hash_of(stored, block->stored_bytes);
    store_put_row(&writer->index, block);
    if (writer->index.failed) {
        errno = ENOMEM;
        return fail(writer, TROUPE_NO_MEMORY);
    }
    TROUPE_TRY(write_bytes(writer, stored, block->stored_bytes));
    writer->n_blocks++;
    block->raw_bytes = 0;
    block->n_records = 0;
    writer->last_key = 0;
    return TROUPE_OK;
}

/* It fits. */
static void append(struct store_writer *writer, const struct store_record *record)
{
    struct store_block *block = &writer->block;
    unsigned char *next = writer->raw + block->raw_bytes;
    size_t n = store_put_record_head(next, record, writer->last_key);
    if (record->size_bytes > 0)
        memcpy(next + n, record->data, record->size_bytes);
    block->raw_bytes += (uint32_t)(n + record->size_bytes);
    if (block->n_records++ == 0) {
        block->kind = record->kind;
        block->first_key = record->key;
        block->last_key = record->key;
    }
    if (record->key < block->first_key)
        block->first_key = record->key;
    if (record->key > block->last_key)
        block->last_key = record->key;
    writer->last_key = record->key;
}

/* For the bytes of one more record; 0 also when not even its head would fit. */
static size_t room_in(const struct store_writer *writer)
{
    size_t used = writer->block.raw_bytes + (size_t)STORE_RECORD_HEAD_BYTES;
    return used < STORE_BLOCK_BYTES ? STORE_BLOCK_BYTES - used : 0;
}

static bool
must_flush(const struct store_writer *writer, uint32_t kind, size_t size_bytes)
{
    size_t room = room_in(writer);
    return writer->block.n_records > 0 &&
           (writer->block.kind != kind || room == 0 || size_bytes > room);
}

troupe_status store_writer_put(struct store_writer *writer,
                               uint32_t kind,
                               uint64_t key,
                               const void *data,
                               size_t size_bytes)
{
    if (writer->status != TROUPE_OK)
        return writer->status;
    if (must_flush(writer, kind, size_bytes))
        TROUPE_TRY(flush(writer));
    struct store_record record = {.kind = kind, .key = key, .data = data};
    do {
        size_t left = size_bytes - (size_t)record.offset_bytes;
        size_t room = room_in(writer);
        record.size_bytes = left < room ? left : room;
        record.is_last = record.size_bytes == left;
        append(writer, &record);
        if (record.is_last)
            break;
        TROUPE_TRY(flush(writer));
        record.data += record.size_bytes;
        record.offset_bytes += record.size_bytes;
    } while (true);
    writer->n_records++;
    return TROUPE_OK;
}

/* The index and the trailer. */
static troupe_status write_end(struct store_writer *writer, struct store_part *part)
{
    struct base_bytes bytes;
    struct store_trailer trailer = {
        .index_offset_bytes = writer->block.offset_bytes,
        .n_blocks = writer->n_blocks,
        .n_records = writer->n_records,
        .index_hash = store_hash_of(writer->index.data, writer->index.size),
        .header_hash = writer->header_hash,
    };
    TROUPE_TRY(write_bytes(writer, writer->index.data, writer->index.size));
    base_bytes_init(&bytes);
    store_put_trailer(&bytes, &trailer);
    troupe_status status = TROUPE_NO_MEMORY;
    if (!bytes.failed)
        status = write_bytes(writer, bytes.data, bytes.size);
    base_bytes_fini(&bytes);
    *part = (struct store_part){
        .size_bytes = writer->block.offset_bytes,
        .n_records = trailer.n_records,
        .n_blocks = trailer.n_blocks,
        .hash = trailer.hash,
    };
    return status;
}

static troupe_status close_file(struct store_writer *writer)
{
    int64_t begin_ns = base_clock_ns();
    if (store_disk_sync(writer->files, writer->descriptor) != TROUPE_OK)
        return TROUPE_IO;
    writer->disk_ns += base_clock_ns() - begin_ns;
    int descriptor = writer->descriptor;
    writer->descriptor = -1;
    return store_disk_close(writer->files, descriptor);
}

static troupe_status give_name(struct store_writer *writer)
{
    char path[STORE_PATH_BYTES], temporary[STORE_PATH_BYTES];
    part_path(path, writer, "");
    part_path(temporary, writer, ".tmp");
    TROUPE_TRY(store_disk_rename(writer->files, temporary, path));
    writer->has_temporary = false;
    return store_disk_sync_folder(writer->files, writer->folder);
}

static void release(struct store_writer *writer)
{
    base_free(writer->raw);
    writer->raw = NULL;
    store_packer_destroy(writer->packer);
    writer->packer = NULL;
    base_bytes_fini(&writer->index);
}

troupe_status store_writer_finish(struct store_writer *writer, struct store_part *part)
{
    troupe_status status = writer->status;
    if (status == TROUPE_OK)
        status = flush(writer);
    if (status == TROUPE_OK)
        status = write_end(writer, part);
    /* After a failed fsync nobody knows what is on disk: the file is given up. */
    if (status == TROUPE_OK)
        status = close_file(writer);
    if (status == TROUPE_OK)
        status = give_name(writer);
    if (status != TROUPE_OK) {
        fail(writer, status);
        store_writer_abandon(writer);
        errno = writer->error;
        return writer->status;
    }
    store_packer_learn(writer->packer, part->size_bytes, writer->disk_ns);
    release(writer);
    return TROUPE_OK;
}

void store_writer_abandon(struct store_writer *writer)
{
    char path[STORE_PATH_BYTES];
    int error = errno;
    if (writer->descriptor >= 0)
        writer->files->close(writer->files, writer->descriptor);
    writer->descriptor = -1;
    if (writer->has_temporary) {
        part_path(path, writer, ".tmp");
        store_disk_unlink(writer->files, path);
        writer->has_temporary = false;
    }
    release(writer);
    errno = error;
}
