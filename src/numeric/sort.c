/* SPDX-License-Identifier: BSD-3-Clause */
#include "numeric/sort.h"

#define SIGN UINT64_C(0x8000000000000000)

enum {
    DIGIT_BITS = 11,
    N_DIGITS = 1 << DIGIT_BITS,
    FEW_ITEMS = 24, /* items that are best inserted one by one */
    SPARE_BITS = 5, /* beyond those that count the items: one in 2^6 has an equal */
};

struct digit {
    uint64_t least; /* of all keys */
    int shift, n_bits;
};

static inline uint64_t digit_of(struct digit digit, uint64_t key)
{
    return (key - digit.least) >> digit.shift & ((UINT64_C(1) << digit.n_bits) - 1);
}

/* Counts to the places where each digit's items begin. */
static void digit_places(struct digit digit, uint32_t *counts)
{
    uint32_t place = 0;

    for (int i = 0; i < 1 << digit.n_bits; i++) {
        uint32_t n = counts[i];

        counts[i] = place;
        place += n;
    }
}

static int enough_bits(int64_t n)
{
    int n_bits = n > 1 ? 64 - __builtin_clzll((uint64_t)n - 1) + SPARE_BITS : 0;

    return n_bits < 2 * DIGIT_BITS ? n_bits : 2 * DIGIT_BITS;
}

#define RADIX_NAME      sort_keys
#define RADIX_ITEM      uint64_t
#define RADIX_KEY(item) (item)
#include "numeric/radix.h"

#define RADIX_NAME      sort_keyed
#define RADIX_ITEM      struct numeric_keyed
#define RADIX_KEY(item) ((item).key)
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

#define MAP(type_, expression_)                                                        \
    for (int64_t i = 0; i < n; i++)                                                    \
        keys[i] = expression_(((const type_ *)items)[i]);                              \
    break

static uint64_t key_of_signed(int64_t value)
{
    return (uint64_t)value ^ SIGN;
}

void numeric_sort_map(enum numeric_element element,
                      const void *items,
                      int64_t n,
                      uint64_t *keys)
{
    switch (element) {
    case NUMERIC_DOUBLE:
        MAP(double, key_of_real);
    case NUMERIC_FLOAT:
        MAP(float, key_of_real);
    case NUMERIC_INT32:
        MAP(int32_t, key_of_signed);
    case NUMERIC_INT64:
        MAP(int64_t, key_of_signed);
    default:
        memcpy(keys, items, (size_t)n * sizeof *keys);
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
