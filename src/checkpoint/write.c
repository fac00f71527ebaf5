/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/compiler.h"
#include "checkpoint/cut.h"
#include <errno.h>
#include <inttypes.h>

/* A rank's part: from the copy in memory to a file, beside the work. */

/* ---- room beforehand ----------------------------------------------------------- */

/* An eighth more, as the job goes on meanwhile. */
static uint64_t bytes_to_save(struct checkpoint_rank *here)
{
    const struct base_module *const *module = here->home->modules;
    uint64_t n = 0;

    for (; *module; module++)
        if ((*module)->save_bytes)
            n += (*module)->save_bytes(here->home->rank);
    return n + n / 8;
}

static void reserve(void *context)
{
    struct checkpoint_rank *here = context;

    checkpoint_image_reserve(&here->image, here->wanted_bytes);
}

static bool lacks_memory(const struct checkpoint_rank *here, uint64_t wanted_bytes)
{
    uint64_t has_bytes = checkpoint_image_capacity(&here->image);

    return wanted_bytes > has_bytes &&
           wanted_bytes - has_bytes > here->options.free_bytes();
}

void checkpoint_reserve_begin(struct checkpoint_rank *here)
{
    uint64_t wanted_bytes = bytes_to_save(here);

    here->is_short = here->options.free_bytes && lacks_memory(here, wanted_bytes);
    if (here->is_short || here->is_reserving || wanted_bytes <= here->wanted_bytes)
        return;
    here->wanted_bytes = wanted_bytes;
    if (here->lead)
        return;
    here->is_reserving = true;
    checkpoint_worker_give(&here->worker, reserve, here);
    checkpoint_tick_arm(here);
}

void checkpoint_reserve_look(struct checkpoint_rank *here)
{
    if (here->is_reserving && checkpoint_worker_is_idle(&here->worker))
        here->is_reserving = false;
}

/* ---- writing ------------------------------------------------------------------- */

static troupe_status put_image(struct store_writer *writer, void *context)
{
    struct checkpoint_image *image = context;

    checkpoint_image_sort(image);
    for (uint64_t i = 0; i < image->n_items; i++) {
        const struct checkpoint_item *item = &image->items[i];

        TROUPE_TRY(store_writer_put(writer, item->kind, item->key, item->data,
                                    item->size_bytes));
    }
    return TROUPE_OK;
}

static troupe_status sync_all(struct troupe *rank)
{
    const struct base_module *const *module = actor_of(rank)->modules;

    for (; *module; module++)
        if ((*module)->sync)
            TROUPE_TRY((*module)->sync(rank));
    return TROUPE_OK;
}

/* All of it, with what put() puts; part->written says how it went. */
static void write_part(struct checkpoint_part *part,
                       troupe_status (*put)(struct store_writer *writer, void *context),
                       void *context)
{
    struct store_writer writer;
    troupe_status status;

    errno = 0;
    status = store_writer_open(&writer, part->store, &part->place);
    if (status == TROUPE_OK)
        status = put(&writer, context);
    if (status == TROUPE_OK)
        status = sync_all(part->rank);
    if (status == TROUPE_OK)
        status = store_writer_finish(&writer, &part->written.part);
    else
        store_writer_abandon(&writer);
    part->written.status = (int32_t)status;
    part->written.error = status == TROUPE_OK ? 0 : errno;
}

static void write_image(void *context)
{
    struct checkpoint_part *part = context;

    write_part(part, put_image, part->image);
    checkpoint_image_clear(part->image);
}

static struct checkpoint_part part_of(struct checkpoint_rank *here)
{
    return (struct checkpoint_part){.store = &here->store,
                                    .image = &here->image,
                                    .rank = here->home->rank,
                                    .place = {.epoch = here->epoch,
                                              .attempt = here->attempt,
                                              .part = (uint32_t)here->home->me,
                                              .n_parts = (uint32_t)here->home->n_ranks,
                                              .schema_hash = here->schema_hash}};
}

void checkpoint_write_begin(struct checkpoint_rank *here)
{
    here->is_writing = true;
    if (here->has_written)
        return;
    here->part = part_of(here);
    checkpoint_worker_give(&here->worker, write_image, &here->part);
}

/* ---- without room for a copy --------------------------------------------------- */

struct stream {
    struct base_saver saver; /* first */
    struct store_writer *writer;
};

static troupe_status put_through(struct base_saver *saver,
                                 uint8_t kind,
                                 uint64_t key,
                                 const void *data,
                                 size_t size_bytes)
{
    struct stream *stream = CONTAINER_OF(saver, struct stream, saver);

    return store_writer_put(stream->writer, kind, key, data, size_bytes);
}

static troupe_status put_modules(struct store_writer *writer, void *context)
{
    struct stream stream = {.saver = {.put = put_through}, .writer = writer};
    struct checkpoint_rank *here = context;

    return checkpoint_save_modules(here, &stream.saver);
}

troupe_status checkpoint_write_frozen(struct checkpoint_rank *here)
{
    log_info(&here->home->rank->log,
             "checkpoint %" PRIu64 ": no memory for a copy, so this rank stands still "
             "until its part is written",
             here->epoch);
    here->part = part_of(here);
    write_part(&here->part, put_modules, here);
    here->has_written = here->part.written.status == TROUPE_OK;
    return (troupe_status)here->part.written.status;
}

bool checkpoint_write_end(struct checkpoint_rank *here)
{
    if (!here->is_writing || !checkpoint_worker_is_idle(&here->worker))
        return false;
    here->is_writing = false;
    return true;
}

void checkpoint_tell_published(struct checkpoint_rank *here)
{
    const struct base_module *const *module = here->home->modules;

    for (; *module; module++)
        if ((*module)->published)
            (*module)->published(here->home->rank);
}
