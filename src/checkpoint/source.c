/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
#include "checkpoint/cut.h"

/* A checkpoint as layers see it: records, whichever files they stand in. */

/* A record larger than a block comes in pieces. */
struct gathering {
    struct base_bytes bytes;
    struct base_saved record;
    troupe_status (*take)(void *context, const struct base_saved *record);
    void *context;
};

static troupe_status gather(struct gathering *gathering,
                            const struct store_record *piece)
{
    struct base_saved *record = &gathering->record;

    record->key = piece->key;
    record->data = piece->data;
    record->size_bytes = piece->size_bytes;
    if (piece->offset_bytes > 0 || !piece->is_last) {
        if (piece->offset_bytes == 0)
            gathering->bytes.size = 0;
        base_bytes_append(&gathering->bytes, piece->data, piece->size_bytes);
        if (gathering->bytes.failed)
            return TROUPE_NO_MEMORY;
        record->data = gathering->bytes.data;
        record->size_bytes = gathering->bytes.size;
    }
    return piece->is_last ? gathering->take(gathering->context, record) : TROUPE_OK;
}

static troupe_status read_part(struct checkpoint_source *source,
                               uint32_t part,
                               const struct store_filter *filter,
                               struct gathering *gathering)
{
    struct store_reader reader;
    struct store_record piece;
    troupe_status status =
        store_reader_open(&reader, source->store, &source->manifest, part, filter);
    bool is_ours = false; /* what fails is no file */

    if (status != TROUPE_OK) {
        source->problem = reader.problem;
        return status;
    }
    gathering->record.rank_then = (int)part;
    while (!is_ours && (status = store_reader_next(&reader, &piece)) == TROUPE_OK) {
        status = gather(gathering, &piece);
        is_ours = status != TROUPE_OK;
    }
    if (!is_ours && status != TROUPE_NOT_FOUND)
        source->problem = reader.problem;
    else if (!is_ours)
        status = TROUPE_OK;
    store_reader_close(&reader);
    return status;
}

static troupe_status
read_records(struct base_saved_source *base,
             uint8_t kind,
             uint64_t first_key,
             uint64_t last_key,
             troupe_status (*take)(void *context, const struct base_saved *record),
             void *context)
{
    struct checkpoint_source *source =
        CONTAINER_OF(base, struct checkpoint_source, base);
    const struct store_filter filter = {
        .has_kind = true, .kind = kind, .first_key = first_key, .last_key = last_key};
    struct gathering gathering = {
        .record = {.kind = kind, .n_ranks_then = base->n_ranks_then},
        .take = take,
        .context = context};
    troupe_status status = TROUPE_OK;

    base_bytes_init(&gathering.bytes);
    for (uint32_t i = 0; status == TROUPE_OK && i < source->manifest.n_parts; i++)
        if (source->only_part < 0 || (uint32_t)source->only_part == i)
            status = read_part(source, i, &filter, &gathering);
    base_bytes_fini(&gathering.bytes);
    return status;
}

troupe_status checkpoint_source_open(struct checkpoint_rank *here,
                                     const struct store_entry *entry)
{
    struct checkpoint_source *source = base_new(struct checkpoint_source);
    troupe_status status;

    here->source = source;
    source->store = &here->store;
    source->only_part = -1;
    source->base.read = read_records;
    status =
        store_manifest_read(&here->store, entry, &source->manifest, &source->problem);
    source->base.n_ranks_then = (int)source->manifest.n_parts;
    return status;
}

void checkpoint_source_close(struct checkpoint_rank *here)
{
    if (!here->source)
        return;
    store_manifest_fini(&here->source->manifest);
    base_free(here->source);
    here->source = NULL;
}
