/* SPDX-License-Identifier: BSD-3-Clause */
#define _XOPEN_SOURCE 700
#include "base/alloc.h"
#include "store/disk.h"
#include "store/format.h"
#include "store/pack.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

/* ---- what cannot be read
 * --------------------------------------------------------------- */

static bool is_missing(const struct base_files *files, const char *path)
{
    struct stat status;
    return store_disk_stat(files, path, &status) != TROUPE_OK && errno == ENOENT;
}

static bool folder_is_missing(const struct base_files *files, const char *path)
{
    char folder[STORE_PATH_BYTES];
    store_path(folder, "%.*s", (int)(strrchr(path, '/') - path), path);
    return is_missing(files, folder);
}

/*
 * The file of problem->path could not be opened or read, as errno says. Only what is
 * not there is known to be lost; and if all of the checkpoint is gone, somebody has
 * removed it meanwhile. The file is looked for last, as a checkpoint that was pinned
 * while it was being removed comes back.
 */
static troupe_status cannot_read(const struct base_files *files,
                                 struct store_problem *problem,
                                 int64_t offset_bytes,
                                 enum store_verdict if_missing,
                                 const char *what)
{
    int error = errno;
    if (folder_is_missing(files, problem->path))
        return store_problem_set(problem, STORE_GONE, problem->path, -1,
                                 "the checkpoint has been removed");
    if (error == ENOENT && is_missing(files, problem->path))
        return store_problem_set(problem, if_missing, problem->path, -1,
                                 "the %s is not there", what);
    errno = error;
    return store_problem_set(problem, STORE_UNREADABLE, problem->path, offset_bytes,
                             "the %s cannot be read", what);
}

/* ---- the manifest
 * ---------------------------------------------------------------------- */

static troupe_status read_manifest(const struct store *store,
                                   const struct store_entry *entry,
                                   struct base_bytes *bytes,
                                   struct store_manifest *manifest,
                                   struct store_problem *problem)
{
    char path[STORE_PATH_BYTES];
    store_entry_path(path, store, entry->epoch, entry->attempt);
    if (!entry->is_published)
        return store_problem_set(problem, STORE_UNPUBLISHED, path, -1,
                                 "it has no manifest: it was never finished");
    store_path(path + strlen(path), "/MANIFEST");
    store_path(problem->path, "%s", path);
    if (store_disk_read(store->files, path, bytes) != TROUPE_OK)
        return cannot_read(store->files, problem, -1, STORE_UNPUBLISHED, "manifest");
    enum store_verdict verdict = store_get_manifest(bytes->data, bytes->size, manifest);
    if (verdict == STORE_NEWER)
        return store_problem_set(problem, verdict, path, 0,
                                 "written in a newer format than %d.%d, which this "
                                 "version knows",
                                 STORE_FORMAT_MAJOR, STORE_FORMAT_MINOR);
    errno = ENOMEM;
    if (verdict == STORE_UNREADABLE)
        return store_problem_set(problem, verdict, path, -1, "no room for its parts");
    if (verdict != STORE_GOOD)
        return store_problem_set(problem, verdict, path, 0,
                                 "the manifest (%zu bytes) does not have its hash",
                                 bytes->size);
    if (manifest->epoch == entry->epoch && manifest->attempt == entry->attempt)
        return TROUPE_OK;
    return store_problem_set(problem, STORE_DAMAGED, path, 0,
                             "the manifest is that of epoch %" PRIu64
                             " of attempt %" PRIu32,
                             manifest->epoch, manifest->attempt);
}

troupe_status store_manifest_read(const struct store *store,
                                  const struct store_entry *entry,
                                  struct store_manifest *manifest,
                                  struct store_problem *problem)
{
    struct base_bytes bytes;
    *manifest = (struct store_manifest){0};
    base_bytes_init(&bytes);
    troupe_status status = read_manifest(store, entry, &bytes, manifest, problem);
    base_bytes_fini(&bytes);
    if (status != TROUPE_OK)
        store_manifest_fini(manifest);
    return status;
}

/* ---- a part
 * ------------------------------------------------------------------------------ */

#define WRONG(reader, offset, ...)                                                     \
    store_problem_set(&(reader)->problem, STORE_DAMAGED, (reader)->problem.path,       \
                      (int64_t)(offset), __VA_ARGS__)

static troupe_status read_at(struct store_reader *reader,
                             uint64_t offset_bytes,
                             void *data,
                             size_t size_bytes,
                             const char *what)
{
    size_t n_read = 0;
    if (base_file_read_all(reader->files, reader->descriptor, (int64_t)offset_bytes,
                           data, size_bytes, &n_read) != TROUPE_OK)
        return cannot_read(reader->files, &reader->problem, (int64_t)offset_bytes,
                           STORE_DAMAGED, what);
    if (n_read < size_bytes)
        return WRONG(reader, offset_bytes + n_read, "the file ends within the %s",
                     what);
    return TROUPE_OK;
}

static troupe_status check_header(struct store_reader *reader,
                                  const struct store_place *place,
                                  const struct store_hash *hash)
{
    unsigned char header[STORE_HEADER_BYTES];
    struct store_place found = {0};
    TROUPE_TRY(read_at(reader, 0, header, sizeof(header), "header"));
    enum store_verdict verdict = store_get_header(header, sizeof(header), &found);
    if (verdict == STORE_NEWER)
        return store_problem_set(&reader->problem, verdict, reader->problem.path, 0,
                                 "written in a newer format");
    if (verdict != STORE_GOOD)
        return WRONG(reader, 0, "the header (%zu bytes) does not have its hash",
                     sizeof(header));
    if (!store_hash_is(hash, header, sizeof(header)) || found.epoch != place->epoch ||
        found.attempt != place->attempt || found.part != place->part ||
        found.n_parts != place->n_parts || found.schema_hash != place->schema_hash)
        return WRONG(reader, 0, "the header is that of another part");
    return TROUPE_OK;
}

static troupe_status read_trailer(struct store_reader *reader,
                                  const struct store_part *part,
                                  struct store_trailer *trailer)
{
    unsigned char bytes[STORE_TRAILER_BYTES];
    uint64_t offset = part->size_bytes - sizeof(bytes);
    if (part->size_bytes < STORE_HEADER_BYTES + sizeof(bytes))
        return WRONG(reader, 0,
                     "the manifest has a size (%" PRIu64 ") below a header's",
                     part->size_bytes);
    TROUPE_TRY(read_at(reader, offset, bytes, sizeof(bytes), "trailer"));
    if (!store_get_trailer(bytes, sizeof(bytes), trailer))
        return WRONG(reader, offset, "the trailer (%zu bytes) does not have its hash",
                     sizeof(bytes));
    if (memcmp(&trailer->hash, &part->hash, sizeof(part->hash)) != 0)
        return WRONG(reader, offset,
                     "the trailer is not the one that the manifest "
                     "means");
    uint64_t room = offset - trailer->index_offset_bytes;
    if (trailer->index_offset_bytes < STORE_HEADER_BYTES ||
        trailer->index_offset_bytes > offset || room % STORE_ROW_BYTES != 0 ||
        room / STORE_ROW_BYTES != trailer->n_blocks ||
        trailer->n_records != part->n_records || trailer->n_blocks != part->n_blocks)
        return WRONG(reader, offset, "the trailer contradicts the manifest");
    return TROUPE_OK;
}

static troupe_status read_index(struct store_reader *reader,
                                const struct store_trailer *trailer)
{
    uint64_t offset = trailer->index_offset_bytes, n_bad = 0;
    size_t size_bytes = (size_t)trailer->n_blocks * STORE_ROW_BYTES;
    unsigned char *index = base_try_alloc(size_bytes);
    if (!index) {
        errno = ENOMEM;
        return store_problem_set(&reader->problem, STORE_UNREADABLE,
                                 reader->problem.path, (int64_t)offset,
                                 "no memory for the index");
    }
    reader->index = (struct base_bytes){index, size_bytes, size_bytes, false};
    reader->n_blocks = trailer->n_blocks;
    TROUPE_TRY(read_at(reader, offset, index, size_bytes, "index"));
    if (!store_hash_is(&trailer->index_hash, index, size_bytes))
        return WRONG(reader, offset, "the index (%zu bytes) does not have its hash",
                     size_bytes);
    if (!store_index_is_sound(index, trailer, &n_bad))
        return WRONG(reader, offset + n_bad * STORE_ROW_BYTES,
                     "row %" PRIu64 " of the index is not sound", n_bad);
    return TROUPE_OK;
}

/* A longer file is not the one that was written either. */
static troupe_status check_size(struct store_reader *reader,
                                const struct store_part *part)
{
    struct stat status;
    if (store_disk_stat(reader->files, reader->problem.path, &status) != TROUPE_OK)
        return cannot_read(reader->files, &reader->problem, -1, STORE_DAMAGED, "part");
    if ((uint64_t)status.st_size == part->size_bytes)
        return TROUPE_OK;
    uint64_t size_bytes = (uint64_t)status.st_size;
    return WRONG(reader, size_bytes < part->size_bytes ? size_bytes : part->size_bytes,
                 "it has %" PRIu64 " bytes instead of %" PRIu64, size_bytes,
                 part->size_bytes);
}

static troupe_status open_part(struct store_reader *reader,
                               const struct store_manifest *manifest,
                               uint32_t part)
{
    struct store_place place = {manifest->epoch, manifest->attempt, part,
                                manifest->n_parts, manifest->schema_hash};
    struct store_trailer trailer = {0};
    TROUPE_TRY(check_size(reader, &manifest->parts[part]));
    reader->descriptor = store_disk_open(reader->files, reader->problem.path, O_RDONLY);
    if (reader->descriptor < 0)
        return cannot_read(reader->files, &reader->problem, -1, STORE_DAMAGED, "part");
    TROUPE_TRY(read_trailer(reader, &manifest->parts[part], &trailer));
    TROUPE_TRY(check_header(reader, &place, &trailer.header_hash));
    return read_index(reader, &trailer);
}

static void enlarge(uint32_t *most_bytes, uint32_t bytes)
{
    if (bytes > *most_bytes)
        *most_bytes = bytes;
}

/* Room for the largest block: small parts need little. */
static troupe_status make_room(struct store_reader *reader)
{
    uint32_t most_raw = 0, most_packed = 0;
    for (uint64_t i = 0; i < reader->n_blocks; i++) {
        struct store_block block;
        store_get_row(reader->index.data + i * STORE_ROW_BYTES, &block);
        enlarge(&most_raw, block.raw_bytes);
        if (block.codec != STORE_CODEC_NONE)
            enlarge(&most_packed, block.stored_bytes);
    }
    reader->raw = base_try_alloc(most_raw);
    if (most_packed)
        reader->packed = base_try_alloc(most_packed);
    if (reader->raw && (reader->packed || !most_packed))
        return TROUPE_OK;
    errno = ENOMEM;
    return store_problem_set(&reader->problem, STORE_UNREADABLE, reader->problem.path,
                             -1, "no memory for a block");
}

troupe_status store_reader_open(struct store_reader *reader,
                                const struct store *store,
                                const struct store_manifest *manifest,
                                uint32_t part,
                                const struct store_filter *filter)
{
    *reader = (struct store_reader){.files = store->files, .descriptor = -1};
    reader->filter = filter ? *filter : (struct store_filter){.last_key = UINT64_MAX};
    store_entry_path(reader->problem.path, store, manifest->epoch, manifest->attempt);
    store_path(reader->problem.path + strlen(reader->problem.path), "/part-%06" PRIu32,
               part);
    troupe_status status = open_part(reader, manifest, part);
    if (status == TROUPE_OK)
        status = make_room(reader);
    if (status != TROUPE_OK)
        store_reader_close(reader);
    return status;
}

void store_reader_close(struct store_reader *reader)
{
    if (reader->descriptor >= 0)
        reader->files->close(reader->files, reader->descriptor);
    reader->descriptor = -1;
    base_free(reader->raw);
    base_free(reader->packed);
    reader->raw = reader->packed = NULL;
    base_bytes_fini(&reader->index);
}

/* ---- records
 * ------------------------------------------------------------------------------- */

static bool wants_block(const struct store_filter *filter,
                        const struct store_block *block)
{
    return (!filter->has_kind || filter->kind == block->kind) &&
           filter->first_key <= block->last_key && block->first_key <= filter->last_key;
}

/* Its hash was right: whoever packed it made the mistake. */
static troupe_status unpack(struct store_reader *reader)
{
    const struct store_block *block = &reader->block;
    if (store_unpack(reader->raw, block->raw_bytes, reader->packed,
                     block->stored_bytes) == TROUPE_OK)
        return TROUPE_OK;
    return WRONG(reader, block->offset_bytes,
                 "block %" PRIu64 " (%" PRIu32 " bytes) cannot be unpacked",
                 reader->n_next - 1, block->stored_bytes);
}

static troupe_status load(struct store_reader *reader)
{
    const struct store_block *block = &reader->block;
    bool is_packed = block->codec != STORE_CODEC_NONE;
    unsigned char *stored = is_packed ? reader->packed : reader->raw;
    if (is_packed && !store_can_unpack(block->codec))
        return store_problem_set(&reader->problem, STORE_NEWER, reader->problem.path,
                                 (int64_t)block->offset_bytes,
                                 "a block is packed in a way (%" PRIu32
                                 ") that this build does not know",
                                 block->codec);
    TROUPE_TRY(
        read_at(reader, block->offset_bytes, stored, block->stored_bytes, "block"));
    if (!store_hash_is(&block->hash, stored, block->stored_bytes))
        return WRONG(reader, block->offset_bytes,
                     "block %" PRIu64 " (%" PRIu32 " bytes) does not have its hash",
                     reader->n_next - 1, block->stored_bytes);
    if (is_packed)
        TROUPE_TRY(unpack(reader));
    base_cursor_init(&reader->cursor, reader->raw, block->raw_bytes);
    reader->n_left = block->n_records;
    reader->last_key = 0;
    return TROUPE_OK;
}

static troupe_status next_block(struct store_reader *reader)
{
    while (reader->n_next < reader->n_blocks) {
        store_get_row(reader->index.data + reader->n_next++ * STORE_ROW_BYTES,
                      &reader->block);
        if (wants_block(&reader->filter, &reader->block))
            return load(reader);
    }
    return TROUPE_NOT_FOUND;
}

static troupe_status next_record(struct store_reader *reader,
                                 struct store_record *record)
{
    const struct store_block *block = &reader->block;
    uint64_t offset = block->offset_bytes;
    if (block->codec == STORE_CODEC_NONE)
        offset += (uint64_t)(reader->cursor.next - reader->raw);
    reader->n_left--;
    record->kind = block->kind;
    /* Its hash was right: whoever wrote it made the mistake. */
    if (!store_get_record(&reader->cursor, reader->last_key, record) ||
        record->key < block->first_key || record->key > block->last_key ||
        (reader->n_left == 0 && reader->cursor.next != reader->cursor.end))
        return WRONG(reader, offset, "block %" PRIu64 " holds no proper records",
                     reader->n_next - 1);
    reader->last_key = record->key;
    return TROUPE_OK;
}

troupe_status store_reader_next(struct store_reader *reader,
                                struct store_record *record)
{
    do {
        while (reader->n_left == 0)
            TROUPE_TRY(next_block(reader));
        TROUPE_TRY(next_record(reader, record));
    } while (record->key < reader->filter.first_key ||
             record->key > reader->filter.last_key);
    return TROUPE_OK;
}
