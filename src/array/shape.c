/* SPDX-License-Identifier: BSD-3-Clause */
#include "array/array.h"
#include "array/work.h"
#include "base/alloc.h"
#include <string.h>

/* Which member has which blocks. */

static bool are_cuts(const struct array *array, const int64_t *cuts)
{
    if (cuts[0] != 0 || cuts[array->n_members] != array->n_blocks)
        return false;
    for (int i = 0; i < array->n_members; i++)
        if (cuts[i] > cuts[i + 1])
            return false;
    return true;
}

troupe_status
array_cuts_make(const struct array *array, const int64_t *cuts, int64_t **made)
{
    size_t n = (size_t)array->n_members + 1;

    if (cuts && !are_cuts(array, cuts))
        return TROUPE_INVALID;
    *made = base_try_alloc(n * sizeof **made);
    if (!*made)
        return TROUPE_NO_MEMORY;
    if (cuts)
        memcpy(*made, cuts, n * sizeof **made);
    else
        for (size_t i = 0; i < n; i++)
            (*made)[i] = array_share(array->n_blocks, array->n_members, (int64_t)i);
    return TROUPE_OK;
}

static bool set_element(struct array *array, const troupe_array_options *options)
{
    size_t own_bytes = troupe_element_bytes(options->element);

    array->element = options->element;
    array->element_bytes = options->element_bytes ? options->element_bytes : own_bytes;
    if ((unsigned)options->element >= TROUPE_N_ELEMENTS || array->element_bytes == 0)
        return false;
    return own_bytes == 0 || own_bytes == array->element_bytes;
}

static bool set_lengths(struct array *array, const troupe_array_options *options)
{
    int64_t block_length =
        options->block_length ? options->block_length : ARRAY_BLOCK_LENGTH;
    int64_t size_bytes;

    if (options->length < 0 || block_length < ARRAY_BLOCK_MULTIPLE ||
        block_length % ARRAY_BLOCK_MULTIPLE != 0 || array->element_bytes > INT64_MAX ||
        __builtin_mul_overflow(options->length, (int64_t)array->element_bytes,
                               &size_bytes))
        return false;
    array->length = options->length;
    array->block_length = block_length;
    array->n_blocks =
        options->length / block_length + (options->length % block_length != 0);
    return true;
}

troupe_status array_shape(struct array *array, const troupe_array_options *options)
{
    if (!set_element(array, options) || !set_lengths(array, options))
        return TROUPE_INVALID;
    return array_cuts_make(array, options->cuts, &array->cuts);
}

uint64_t array_fingerprint(const struct array *array)
{
    const uint64_t words[] = {(uint64_t)array->element, array->element_bytes,
                              (uint64_t)array->length, (uint64_t)array->block_length};
    uint64_t hash = base_hash_bytes(words, sizeof words, 1);

    if (!array->cuts)
        return hash;
    return base_hash_bytes(array->cuts,
                           ((size_t)array->n_members + 1) * sizeof *array->cuts, hash);
}

bool array_is_alike(const struct array *a, const struct array *b)
{
    return a->team == b->team && a->length == b->length &&
           a->block_length == b->block_length &&
           memcmp(a->cuts, b->cuts, ((size_t)a->n_members + 1) * sizeof *a->cuts) == 0;
}

/* The last member whose part does not begin behind it; those before with the same
 * beginning have nothing. */
int array_owner(const struct array *array, int64_t index)
{
    int64_t block = index / array->block_length;
    int low = 0, high = array->n_members; /* cuts[low] <= block < cuts[high] */

    while (high - low > 1) {
        int middle = low + (high - low) / 2;

        if (array->cuts[middle] <= block)
            low = middle;
        else
            high = middle;
    }
    return low;
}
