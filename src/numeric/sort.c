/* SPDX-License-Identifier: BSD-3-Clause */
#include "numeric/sort.h"

enum { RADIX_SIZE = 256 };
#define SIGN UINT64_C(0x8000000000000000)

#define RADIX_NAME      sort_keys
#define RADIX_ITEM      uint64_t
#define RADIX_KEY(item) (item)
#define RADIX_BYTES     8
#include "numeric/radix.h"

#define RADIX_NAME      sort_keyed
#define RADIX_ITEM      struct numeric_keyed
#define RADIX_KEY(item) ((item).key)
#define RADIX_BYTES     8
#include "numeric/radix.h"

#define MERGE_NAME      merge_keys
#define MERGE_ITEM      uint64_t
#define MERGE_KEY(item) (item)
#include "numeric/merge.h"

#define MERGE_NAME      merge_keyed
#define MERGE_ITEM      struct numeric_keyed
#define MERGE_KEY(item) ((item).key)
#include "numeric/merge.h"

const struct numeric_sorter numeric_sorter_keys = {
    .item_bytes = sizeof(uint64_t),
    .sort = sort_keys,
    .merge = merge_keys,
    .is_sorted_at = merge_keys_is_sorted_at,
};

const struct numeric_sorter numeric_sorter_keyed = {
    .item_bytes = sizeof(struct numeric_keyed),
    .sort = sort_keyed,
    .merge = merge_keyed,
    .is_sorted_at = merge_keyed_is_sorted_at,
};

/* Negative numbers the other way round, the others above them. */
static uint64_t real_key(uint64_t bits)
{
    return bits ^ (-(bits >> 63) | SIGN);
}

static uint64_t key_of_real(double value)
{
    return value != value ? UINT64_MAX : real_key(numeric_bits_of(value));
}

void numeric_sort_map(enum numeric_element element,
                      const void *items,
                      int64_t n,
                      uint64_t *keys)
{
    for (int64_t i = 0; i < n; i++)
        switch (element) {
        case NUMERIC_DOUBLE:
            keys[i] = key_of_real(((const double *)items)[i]);
            break;
        case NUMERIC_FLOAT:
            keys[i] = key_of_real((double)((const float *)items)[i]);
            break;
        case NUMERIC_INT32:
            keys[i] = (uint64_t)(int64_t)((const int32_t *)items)[i] ^ SIGN;
            break;
        case NUMERIC_INT64:
            keys[i] = (uint64_t)((const int64_t *)items)[i] ^ SIGN;
            break;
        default:
            keys[i] = ((const uint64_t *)items)[i];
        }
}

void numeric_sort_gather(const struct numeric_keyed *order,
                         int64_t n,
                         const void *from,
                         size_t item_bytes,
                         void *to)
{
    if (item_bytes == 8) {
        for (int64_t i = 0; i < n; i++)
            memcpy((char *)to + 8 * i, (const char *)from + 8 * order[i].index, 8);
        return;
    }
    for (int64_t i = 0; i < n; i++)
        memcpy((char *)to + (size_t)i * item_bytes,
               (const char *)from + order[i].index * item_bytes, item_bytes);
}
