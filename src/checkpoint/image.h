/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CHECKPOINT_IMAGE_H
#define CHECKPOINT_IMAGE_H

/* What a rank has saved, in memory, until it is written. */

#include "base/saved.h"

struct checkpoint_item {
    uint64_t key, size_bytes;
    const unsigned char *data;
    uint32_t order; /* of the puts */
    uint8_t kind;
};

struct checkpoint_chunk {
    unsigned char *bytes;
    uint64_t used_bytes, capacity_bytes;
};

struct checkpoint_image {
    struct base_saver saver; /* puts here; first */
    struct checkpoint_item *items;
    uint64_t n_items, capacity;
    struct checkpoint_chunk *chunks; /* kept for the next time: fresh pages are slow */
    uint32_t n_chunks, n_used, chunk_capacity;
    uint64_t size_bytes; /* of the records */
};

void checkpoint_image_init(struct checkpoint_image *image);
void checkpoint_image_fini(struct checkpoint_image *image);
/* Empty again; keeps its memory. */
void checkpoint_image_clear(struct checkpoint_image *image);
/* Makes room for so many bytes of records, and has the pages there: within a cut both
 * take longer than to copy. The image MUST be empty. */
void checkpoint_image_reserve(struct checkpoint_image *image, uint64_t size_bytes);
/* How many there is room for without more memory. */
uint64_t checkpoint_image_capacity(const struct checkpoint_image *image);
/* By kind and key; equal ones as they were put. */
void checkpoint_image_sort(struct checkpoint_image *image);

#endif
