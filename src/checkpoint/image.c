/* SPDX-License-Identifier: BSD-3-Clause */
#include "checkpoint/image.h"
#include "base/alloc.h"
#include "base/compiler.h"
#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 2 << 20, FIRST_ITEMS = 1024, FIRST_CHUNKS = 16 };

/* ---- room ---------------------------------------------------------------------- */

static bool grow_items(struct checkpoint_image *image)
{
    uint64_t capacity = image->capacity ? image->capacity * 2 : FIRST_ITEMS;
    struct checkpoint_item *items =
        base_try_realloc(image->items, capacity * sizeof *items);

    if (!items)
        return false;
    image->items = items;
    image->capacity = capacity;
    return true;
}

static bool grow_chunks(struct checkpoint_image *image)
{
    uint32_t capacity =
        image->chunk_capacity ? image->chunk_capacity * 2 : FIRST_CHUNKS;
    struct checkpoint_chunk *chunks =
        base_try_realloc(image->chunks, capacity * sizeof *chunks);

    if (!chunks)
        return false;
    image->chunks = chunks;
    image->chunk_capacity = capacity;
    return true;
}

/* A chunk from the time before is taken when it is large enough. */
static struct checkpoint_chunk *next_chunk(struct checkpoint_image *image,
                                           uint64_t size_bytes)
{
    uint64_t capacity = size_bytes > CHUNK_BYTES ? size_bytes : CHUNK_BYTES;
    struct checkpoint_chunk *chunk;

    if ((!image->chunks || image->n_used == image->chunk_capacity) &&
        !grow_chunks(image))
        return NULL;
    chunk = &image->chunks[image->n_used];
    if (image->n_used == image->n_chunks) {
        *chunk = (struct checkpoint_chunk){0};
        image->n_chunks++;
    }
    if (!chunk->bytes || chunk->capacity_bytes < size_bytes) {
        base_unmap(chunk->bytes, chunk->capacity_bytes);
        *chunk = (struct checkpoint_chunk){.bytes = base_try_map(capacity),
                                           .capacity_bytes = capacity};
        if (!chunk->bytes) {
            chunk->capacity_bytes = 0;
            return NULL;
        }
    }
    chunk->used_bytes = 0;
    image->n_used++;
    return chunk;
}

static unsigned char *take_room(struct checkpoint_image *image, uint64_t size_bytes)
{
    struct checkpoint_chunk *chunk =
        image->n_used ? &image->chunks[image->n_used - 1] : NULL;
    unsigned char *room;

    if (!chunk || chunk->capacity_bytes - chunk->used_bytes < size_bytes)
        chunk = next_chunk(image, size_bytes);
    if (!chunk)
        return NULL;
    room = chunk->bytes + chunk->used_bytes;
    chunk->used_bytes += size_bytes;
    return room;
}

/* ---- putting ------------------------------------------------------------------- */

static troupe_status put(struct base_saver *saver,
                         uint8_t kind,
                         uint64_t key,
                         const void *data,
                         size_t size_bytes)
{
    struct checkpoint_image *image =
        CONTAINER_OF(saver, struct checkpoint_image, saver);
    unsigned char *room;

    if (image->n_items == UINT32_MAX ||
        (image->n_items == image->capacity && !grow_items(image)))
        return TROUPE_NO_MEMORY;
    room = take_room(image, size_bytes);
    if (!room)
        return TROUPE_NO_MEMORY;
    if (size_bytes)
        memcpy(room, data, size_bytes);
    image->items[image->n_items] =
        (struct checkpoint_item){.key = key,
                                 .size_bytes = size_bytes,
                                 .data = room,
                                 .order = (uint32_t)image->n_items,
                                 .kind = kind};
    image->n_items++;
    image->size_bytes += size_bytes;
    return TROUPE_OK;
}

void checkpoint_image_init(struct checkpoint_image *image)
{
    *image = (struct checkpoint_image){.saver = {.put = put}};
}

void checkpoint_image_clear(struct checkpoint_image *image)
{
    image->n_items = 0;
    image->n_used = 0;
    image->size_bytes = 0;
}

static void free_chunks(struct checkpoint_image *image)
{
    for (uint32_t i = 0; i < image->n_chunks; i++)
        base_unmap(image->chunks[i].bytes, image->chunks[i].capacity_bytes);
    image->n_chunks = 0;
}

uint64_t checkpoint_image_capacity(const struct checkpoint_image *image)
{
    uint64_t n = 0;

    for (uint32_t i = 0; i < image->n_chunks; i++)
        n += image->chunks[i].capacity_bytes;
    return n;
}

void checkpoint_image_reserve(struct checkpoint_image *image, uint64_t size_bytes)
{
    struct checkpoint_chunk *chunk;

    if (checkpoint_image_capacity(image) >= size_bytes)
        return;
    free_chunks(image);
    chunk = next_chunk(image, size_bytes);
    if (chunk)
        base_populate(chunk->bytes, chunk->capacity_bytes);
    image->n_used = 0;
}

void checkpoint_image_fini(struct checkpoint_image *image)
{
    free_chunks(image);
    base_free(image->chunks);
    base_free(image->items);
    checkpoint_image_init(image);
}

/* ---- order --------------------------------------------------------------------- */

static int compare(const void *left_item, const void *right_item)
{
    const struct checkpoint_item *left = left_item, *right = right_item;

    if (left->kind != right->kind)
        return left->kind < right->kind ? -1 : 1;
    if (left->key != right->key)
        return left->key < right->key ? -1 : 1;
    return left->order < right->order ? -1 : left->order > right->order;
}

void checkpoint_image_sort(struct checkpoint_image *image)
{
    uint64_t i = 1;

    while (i < image->n_items && compare(&image->items[i - 1], &image->items[i]) < 0)
        i++;
    if (i < image->n_items)
        qsort(image->items, image->n_items, sizeof *image->items, compare);
}
