/* SPDX-License-Identifier: BSD-3-Clause */
#define _XOPEN_SOURCE 700
#include "base/alloc.h"
#include "output/output.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

/*
 * Outputs in checkpoints: path and length go with the actor that has the file. The
 * bytes themselves are brought to disk by the thread that writes, on descriptors of its
 * own, since the job may close the files meanwhile.
 */

static troupe_status put(const struct output *output, struct base_saver *saver)
{
    struct base_bytes bytes;
    troupe_status status = TROUPE_NO_MEMORY;

    base_bytes_init(&bytes);
    base_bytes_append_u64(&bytes, output->reference);
    base_bytes_append_u64(&bytes, (uint64_t)output->size_bytes);
    base_bytes_append_text(&bytes, output->path);
    if (!bytes.failed)
        status =
            saver->put(saver, OUTPUT_SAVED_FILE, output->owner, bytes.data, bytes.size);
    base_bytes_fini(&bytes);
    return status;
}

void output_syncing_close(struct output_rank *here)
{
    while (here->n_syncing > 0)
        (void)here->files->close(here->files, here->syncing[--here->n_syncing]);
    base_free(here->syncing);
    here->syncing = NULL;
}

static size_t count(const struct output_rank *here)
{
    size_t n = 0;

    for (const struct base_list *node = here->all.next; node != &here->all;
         node = node->next)
        n++;
    return n;
}

/* One that knows nothing of restarts opens its files again, empty. */
static bool is_kept(struct actor_rank *home, const struct output *output)
{
    const troupe_actor *actor = actor_find(home, output->owner);

    return actor && actor_is_saved(actor) && actor_knows_restarts(actor->behavior);
}

static troupe_status save_one(struct output_rank *here,
                              const struct output *output,
                              struct base_saver *saver)
{
    int descriptor;

    if (!is_kept(here->home, output))
        return TROUPE_OK;
    descriptor = dup(output->descriptor);
    if (descriptor < 0) {
        log_error(&here->home->rank->log, "output %s: no descriptor to save it by: %s",
                  output->path, strerror(errno));
        return TROUPE_IO;
    }
    here->syncing[here->n_syncing++] = descriptor;
    return put(output, saver);
}

troupe_status output_save(struct troupe *rank, struct base_saver *saver)
{
    struct output_rank *here = output_of(rank);
    size_t n = count(here);

    output_syncing_close(here); /* of a checkpoint that was given up */
    TROUPE_TRY(outbox_save(here, saver));
    if (n == 0)
        return TROUPE_OK;
    here->syncing = base_try_alloc(n * sizeof *here->syncing);
    if (!here->syncing)
        return TROUPE_NO_MEMORY;
    BASE_LIST_EACH(node, &here->all)
    {
        TROUPE_TRY(save_one(here, CONTAINER_OF(node, struct output, node), saver));
    }
    return TROUPE_OK;
}

troupe_status output_sync(struct troupe *rank)
{
    struct output_rank *here = output_of(rank);
    troupe_status status = TROUPE_OK;

    for (size_t i = 0; i < here->n_syncing; i++)
        if (here->files->fsync(here->files, here->syncing[i]) != 0)
            status = TROUPE_IO;
    output_syncing_close(here);
    return status;
}

troupe_status output_load(struct troupe *rank,
                          struct base_saved_source *source,
                          const struct base_saved *record)
{
    struct output_rank *here = output_of(rank);
    char path[OUTPUT_PATH_BYTES];
    struct base_cursor cursor;
    uint64_t reference, size_bytes;
    struct output *output;

    (void)source;
    if (record->kind == OUTPUT_SAVED_OUTBOX)
        return outbox_load(here, record);
    base_cursor_init(&cursor, record->data, record->size_bytes);
    reference = base_cursor_u64(&cursor);
    size_bytes = base_cursor_u64(&cursor);
    base_cursor_text(&cursor, path, sizeof path);
    if (cursor.failed || size_bytes > INT64_MAX)
        return TROUPE_INVALID;
    output = output_add(here, record->key, reference, path);
    if (!output)
        return TROUPE_NO_MEMORY;
    return output_set(here, output, (int64_t)size_bytes);
}
