/* SPDX-License-Identifier: BSD-3-Clause */
#include "checkpoint/cut.h"
#include <errno.h>

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

void checkpoint_reserve_begin(struct checkpoint_rank *here)
{
    uint64_t wanted_bytes = bytes_to_save(here);

    if (here->is_reserving || wanted_bytes <= here->wanted_bytes)
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

static troupe_status write_items(struct store_writer *writer,
                                 const struct checkpoint_image *image)
{
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

static void write_part(void *context)
{
    struct checkpoint_part *part = context;
    struct store_writer writer;
    troupe_status status;

    errno = 0;
    checkpoint_image_sort(part->image);
    status = store_writer_open(&writer, part->store, &part->place);
    if (status == TROUPE_OK)
        status = write_items(&writer, part->image);
    if (status == TROUPE_OK)
        status = sync_all(part->rank);
    if (status == TROUPE_OK)
        status = store_writer_finish(&writer, &part->written.part);
    else
        store_writer_abandon(&writer);
    part->written.status = (int32_t)status;
    part->written.error = status == TROUPE_OK ? 0 : errno;
    checkpoint_image_clear(part->image);
}

void checkpoint_write_begin(struct checkpoint_rank *here)
{
    here->part =
        (struct checkpoint_part){.store = &here->store,
                                 .image = &here->image,
                                 .rank = here->home->rank,
                                 .place = {.epoch = here->epoch,
                                           .attempt = here->attempt,
                                           .part = (uint32_t)here->home->me,
                                           .n_parts = (uint32_t)here->home->n_ranks,
                                           .schema_hash = here->schema_hash}};
    here->is_writing = true;
    checkpoint_worker_give(&here->worker, write_part, &here->part);
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
