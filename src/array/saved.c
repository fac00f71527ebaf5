/* SPDX-License-Identifier: BSD-3-Clause */
#include "array/array.h"
#include "base/alloc.h"
#include <inttypes.h>
#include <string.h>

/*
 * Arrays in checkpoints, under the names that the program gives them. A process makes
 * its arrays again after a restart; one whose name is in the checkpoint is filled then,
 * with what falls to the caller's part, whoever had it. Each name fills one array.
 *
 * Elements stand as runs of whole blocks, keyed by half the hash of the name and the
 * number of the first block. A run never crosses a multiple of its greatest length, so
 * that who looks for a block knows where a run with it may begin.
 */

enum { RUN_BYTES = 1 << 20 };

/* What an array was: the first of its members puts it, under the hash of the name. */
struct head {
    uint64_t element, element_bytes;
    int64_t length, block_length;
    char name[ARRAY_NAME_BYTES];
};

static uint64_t name_hash(const char *name)
{
    return base_hash_bytes(name, strlen(name), 3) | 1;
}

static uint64_t run_key(const struct array *array, int64_t block)
{
    return (array->name_hash & ~(uint64_t)UINT32_MAX) | (uint64_t)block;
}

/* Blocks of a run at most. */
static int64_t run_blocks(const struct array *array)
{
    int64_t block_bytes = array->block_length * (int64_t)array->element_bytes;

    return block_bytes < RUN_BYTES ? RUN_BYTES / block_bytes : 1;
}

static struct head head_of(const struct array *array)
{
    struct head head = {.element = (uint64_t)array->element,
                        .element_bytes = array->element_bytes,
                        .length = array->length,
                        .block_length = array->block_length};

    memcpy(head.name, array->name, sizeof head.name);
    return head;
}

/* ---- saving ------------------------------------------------------------------- */

static troupe_status put_runs(const struct array *array, struct base_saver *saver)
{
    int64_t block = array->cuts[array->index], end = array->cuts[array->index + 1];
    int64_t most = run_blocks(array);

    while (block < end) {
        int64_t next = (block / most + 1) * most;
        int64_t first = array_block_first(array, block);

        if (next > end)
            next = end;
        TROUPE_TRY(saver->put(
            saver, ARRAY_SAVED_RUN, run_key(array, block), array_at(array, first),
            (size_t)(array_block_first(array, next) - first) * array->element_bytes));
        block = next;
    }
    return TROUPE_OK;
}

static bool is_saved(const struct array *array)
{
    return array->name[0] && array->is_made;
}

uint64_t array_save_bytes(struct troupe *rank)
{
    const struct array_rank *here = array_of(rank);
    uint64_t n = 0;

    BASE_LIST_EACH(node, &here->all)
    {
        const struct array *array = CONTAINER_OF(node, struct array, node);

        if (is_saved(array))
            n += (uint64_t)array_mine_length(array) * array->element_bytes;
    }
    return n;
}

troupe_status array_save(struct troupe *rank, struct base_saver *saver)
{
    struct array_rank *here = array_of(rank);

    /* What nobody has asked for until now is not in this one either. And the checkpoint
     * that the job goes on from may be pruned when this one is there. */
    here->source = NULL;
    BASE_LIST_EACH(node, &here->all)
    {
        const struct array *array = CONTAINER_OF(node, struct array, node);
        const struct head head = head_of(array);

        if (!is_saved(array))
            continue;
        if (array->index == 0)
            TROUPE_TRY(saver->put(saver, ARRAY_SAVED_HEAD, array->name_hash, &head,
                                  sizeof head));
        TROUPE_TRY(put_runs(array, saver));
    }
    return TROUPE_OK;
}

/* ---- names -------------------------------------------------------------------- */

static bool is_name_taken(const struct array *array)
{
    BASE_LIST_EACH(node, &array->here->all)
    {
        const struct array *other = CONTAINER_OF(node, struct array, node);

        if (other->name[0] && other->id != array->id &&
            other->name_hash >> 32 == array->name_hash >> 32)
            return true;
    }
    return false;
}

struct search {
    struct array *array;
    bool is_found;
};

static void say_differs(const struct array *array, const struct base_saved *record)
{
    struct head saved;

    if (array->index != 0 || record->size_bytes != sizeof saved)
        return;
    memcpy(&saved, record->data, sizeof saved);
    log_error(&array->here->home->rank->log,
              "the array '%s' was saved with %" PRId64 " elements of %" PRIu64
              " bytes in blocks of %" PRId64 ", not %" PRId64 " of %" PRIu64
              " in blocks of %" PRId64,
              array->name, saved.length, saved.element_bytes, saved.block_length,
              array->length, (uint64_t)array->element_bytes, array->block_length);
}

static troupe_status take_head(void *context, const struct base_saved *record)
{
    struct search *search = context;
    const struct head wanted = head_of(search->array);

    if (search->is_found || record->size_bytes != sizeof wanted ||
        memcmp(record->data, &wanted, sizeof wanted) != 0) {
        say_differs(search->array, record);
        return TROUPE_SCHEMA;
    }
    search->is_found = true;
    return TROUPE_OK;
}

troupe_status array_name(struct array *array, const char *name)
{
    struct array_rank *here = array->here;
    struct search search = {.array = array};
    size_t length = name ? strnlen(name, ARRAY_NAME_BYTES) : 0;

    if (!name)
        return TROUPE_OK;
    if (length == 0 || length == ARRAY_NAME_BYTES || array->n_blocks > UINT32_MAX)
        return TROUPE_INVALID;
    memcpy(array->name, name, length);
    array->name_hash = name_hash(name);
    if (is_name_taken(array))
        return TROUPE_EXISTS;
    if (!here->source || base_map_get(&here->filled, array->name_hash))
        return TROUPE_OK;
    TROUPE_TRY(here->source->read(here->source, ARRAY_SAVED_HEAD, array->name_hash,
                                  array->name_hash, take_head, &search));
    array->is_restored = search.is_found;
    return TROUPE_OK;
}

/* ---- filling ------------------------------------------------------------------ */

struct filling {
    struct array *array;
    int64_t n_filled;
};

static troupe_status take_run(void *context, const struct base_saved *record)
{
    struct filling *filling = context;
    const struct array *array = filling->array;
    int64_t first = array_block_first(array, (int64_t)(record->key & UINT32_MAX));
    int64_t end = first + (int64_t)(record->size_bytes / array->element_bytes);
    int64_t mine = array_mine_first(array), mine_end = mine + array_mine_length(array);
    int64_t from = first > mine ? first : mine, to = end < mine_end ? end : mine_end;

    if (record->size_bytes % array->element_bytes != 0 || end > array->length)
        return TROUPE_SCHEMA;
    if (from >= to)
        return TROUPE_OK;
    memcpy(array_at(array, from),
           record->data + (size_t)(from - first) * array->element_bytes,
           (size_t)(to - from) * array->element_bytes);
    filling->n_filled += to - from;
    return TROUPE_OK;
}

troupe_status array_fill(struct array *array)
{
    struct array_rank *here = array->here;
    struct filling filling = {.array = array};
    int64_t block = array->cuts[array->index], end = array->cuts[array->index + 1];
    int64_t most = run_blocks(array);

    if (!here->source) /* a checkpoint was made in between */
        return TROUPE_IO;
    if (!base_map_put(&here->filled, array->name_hash, here))
        return TROUPE_NO_MEMORY;
    if (block == end)
        return TROUPE_OK;
    TROUPE_TRY(here->source->read(here->source, ARRAY_SAVED_RUN,
                                  run_key(array, block / most * most),
                                  run_key(array, end - 1), take_run, &filling));
    return filling.n_filled == array_mine_length(array) ? TROUPE_OK : TROUPE_IO;
}

troupe_status array_loaded(struct troupe *rank, struct base_saved_source *source)
{
    array_of(rank)->source = source;
    return TROUPE_OK;
}
