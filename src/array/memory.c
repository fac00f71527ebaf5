/* SPDX-License-Identifier: BSD-3-Clause */
#include "array/array.h"
#include "array/work.h"
#include "base/alloc.h"
#include <string.h>

enum {
    MAPPED_BYTES = 1 << 20
}; /* parts of this size and more have pages of their own */

bool array_memory_take(struct array_memory *memory, size_t size_bytes)
{
    memory->size_bytes = size_bytes;
    memory->is_mapped = size_bytes >= MAPPED_BYTES;
    memory->bytes = NULL;
    if (size_bytes == 0)
        return true;
    memory->bytes = memory->is_mapped
                        ? base_try_map(size_bytes)
                        : base_try_alloc_aligned(ARRAY_ALIGNMENT, size_bytes);
    return memory->bytes != NULL;
}

void array_memory_give(struct array_memory *memory)
{
    if (memory->is_mapped)
        base_unmap(memory->bytes, memory->size_bytes);
    else
        base_free(memory->bytes);
    memory->bytes = NULL;
}

static void clear_block(void *context, int64_t task, int thread)
{
    const struct array *array = context;
    int64_t block = array->cuts[array->index] + task;
    int64_t first = array_block_first(array, block);
    size_t n = (size_t)(array_block_first(array, block + 1) - first);

    (void)thread;
    memset(array_at(array, first), 0, n * array->element_bytes);
}

void array_memory_touch(troupe_actor *self, struct array *array)
{
    array_work(self, array_mine_blocks(array), clear_block, array);
}
