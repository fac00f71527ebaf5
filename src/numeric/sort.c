/* SPDX-License-Identifier: BSD-3-Clause */
#include "numeric/sort.h"

#include "base/alloc.h"
#include "base/compiler.h"

enum { RADIX_SIZE = 256 };
#define SIGN UINT64_C(0x8000000000000000)

#define RADIX_NAME      numeric_sort_keys
#define RADIX_ITEM      uint64_t
#define RADIX_KEY(item) (item)
#define RADIX_BYTES     8
#include "numeric/radix.h"

#define RADIX_NAME      numeric_sort_keys_32
#define RADIX_ITEM      uint32_t
#define RADIX_KEY(item) ((uint64_t)(item))
#define RADIX_BYTES     4
#include "numeric/radix.h"

#define RADIX_NAME      numeric_sort_keyed
#define RADIX_ITEM      struct numeric_keyed
#define RADIX_KEY(item) ((item).key)
#define RADIX_BYTES     8
#include "numeric/radix.h"

/* ---- the order of the types
 * ---------------------------------------------------------- */

/* Negative numbers the other way round, the others above them. */
static uint64_t real_key(uint64_t bits)
{
    return bits ^ (-(bits >> 63) | SIGN);
}

static uint64_t real_bits(uint64_t key)
{
    return key ^ (-(~key >> 63) | SIGN);
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

/* ---- elements alone
 * ------------------------------------------------------------------ */

static size_t bytes_of(enum numeric_element element)
{
    return element == NUMERIC_FLOAT || element == NUMERIC_INT32 ? 4 : 8;
}

/* NaNs to the end, in their order; returns how many numbers stand before them. `kept`
 * has room for all. */
#define NANS_LAST(type)                                                                \
    static int64_t nans_last_##type(type *items, type *kept, int64_t n)                \
    {                                                                                  \
        int64_t n_numbers = 0, n_nans = 0;                                             \
        for (int64_t i = 0; i < n; i++)                                                \
            if (items[i] != items[i])                                                  \
                kept[n_nans++] = items[i];                                             \
            else                                                                       \
                items[n_numbers++] = items[i];                                         \
        memcpy(items + n_numbers, kept, (size_t)n_nans * sizeof(type));                \
        return n_numbers;                                                              \
    }
NANS_LAST(double)
NANS_LAST(float)

static void sort_64(enum numeric_element element, void *items, void *scratch, int64_t n)
{
    uint64_t *keys = items, flip = element == NUMERIC_INT64 ? SIGN : 0;
    bool is_real = element == NUMERIC_DOUBLE;

    if (is_real)
        n = nans_last_double(items, scratch, n);
    for (int64_t i = 0; i < n; i++)
        keys[i] = is_real ? real_key(keys[i]) : keys[i] ^ flip;
    numeric_sort_keys(keys, scratch, n);
    for (int64_t i = 0; i < n; i++)
        keys[i] = is_real ? real_bits(keys[i]) : keys[i] ^ flip;
}

/* A float's bits in the upper half of a double's order the same way. */
static void sort_32(enum numeric_element element, void *items, void *scratch, int64_t n)
{
    const uint32_t sign = UINT32_C(1) << 31;
    uint32_t *keys = items;

    if (element == NUMERIC_INT32) {
        for (int64_t i = 0; i < n; i++)
            keys[i] ^= sign;
        numeric_sort_keys_32(keys, scratch, n);
        for (int64_t i = 0; i < n; i++)
            keys[i] ^= sign;
        return;
    }
    n = nans_last_float(items, scratch, n);
    for (int64_t i = 0; i < n; i++)
        keys[i] = (uint32_t)(real_key((uint64_t)keys[i] << 32) >> 32);
    numeric_sort_keys_32(keys, scratch, n);
    for (int64_t i = 0; i < n; i++)
        keys[i] = (uint32_t)(real_bits((uint64_t)keys[i] << 32) >> 32);
}

troupe_status
numeric_sort_elements(enum numeric_element element, void *items, int64_t n)
{
    if (n < 2)
        return TROUPE_OK;
    void *scratch = base_try_alloc((size_t)n * bytes_of(element));
    if (scratch == NULL)
        return TROUPE_NO_MEMORY;
    (bytes_of(element) == 8 ? sort_64 : sort_32)(element, items, scratch, n);
    base_free(scratch);
    return TROUPE_OK;
}

/* ---- elements by key
 * ----------------------------------------------------------------- */

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

static void gather_in_place(const struct numeric_keyed *order,
                            int64_t n,
                            void *items,
                            size_t item_bytes,
                            void *room)
{
    numeric_sort_gather(order, n, items, item_bytes, room);
    memcpy(items, room, (size_t)n * item_bytes);
}

static void fill_order(enum numeric_element element,
                       const void *keys,
                       int64_t n,
                       struct numeric_keyed *order)
{
    const char *from = keys;

    for (int64_t i = 0; i < n; i++) {
        numeric_sort_map(element, from, 1, &order[i].key);
        order[i].index = (uint64_t)i;
        from += bytes_of(element);
    }
}

/* What numeric_sort_map made the key of, which was no NaN. */
static void put_key(enum numeric_element element, uint64_t key, void *to)
{
    uint64_t bits = element == NUMERIC_DOUBLE || element == NUMERIC_FLOAT
                        ? real_bits(key)
                    : element == NUMERIC_UINT64 ? key
                                                : key ^ SIGN;

    if (element == NUMERIC_FLOAT) {
        float single = (float)numeric_from_bits(bits);
        memcpy(to, &single, sizeof single);
        return;
    }
    memcpy(to, &bits, bytes_of(element));
}

/* Small elements travel in the place of their indices, which spares looking for them
 * all over the memory afterwards. */
static void sort_with_items(enum numeric_element element,
                            void *keys,
                            void *items,
                            size_t item_bytes,
                            int64_t n,
                            struct numeric_keyed *order,
                            struct numeric_keyed *scratch)
{
    size_t key_bytes = bytes_of(element);

    for (int64_t i = 0; i < n; i++)
        memcpy(&order[i].index, (char *)items + (size_t)i * item_bytes, item_bytes);
    numeric_sort_keyed(order, scratch, n);
    for (int64_t i = 0; i < n; i++) {
        put_key(element, order[i].key, (char *)keys + (size_t)i * key_bytes);
        memcpy((char *)items + (size_t)i * item_bytes, &order[i].index, item_bytes);
    }
}

static bool
has_nan(enum numeric_element element, const struct numeric_keyed *order, int64_t n)
{
    bool is_some = false;

    if (element != NUMERIC_DOUBLE && element != NUMERIC_FLOAT)
        return false;
    for (int64_t i = 0; i < n; i++)
        is_some = is_some || order[i].key == UINT64_MAX;
    return is_some;
}

troupe_status numeric_sort_by_key(
    enum numeric_element element, void *keys, void *items, size_t item_bytes, int64_t n)
{
    size_t room_bytes, widest = item_bytes > sizeof(struct numeric_keyed)
                                    ? item_bytes
                                    : sizeof(struct numeric_keyed);

    if (n < 2)
        return TROUPE_OK;
    if (__builtin_mul_overflow((size_t)n, widest, &room_bytes))
        return TROUPE_NO_MEMORY;
    struct numeric_keyed *order = base_try_alloc((size_t)n * sizeof *order);
    void *room = base_try_alloc(room_bytes);
    bool is_there = order != NULL && room != NULL;
    if (is_there) {
        fill_order(element, keys, n, order);
        if (item_bytes <= sizeof order->index && !has_nan(element, order, n)) {
            sort_with_items(element, keys, items, item_bytes, n, order, room);
        } else {
            numeric_sort_keyed(order, room, n);
            gather_in_place(order, n, keys, bytes_of(element), room);
            gather_in_place(order, n, items, item_bytes, room);
        }
    }
    base_free(order);
    base_free(room);
    return is_there ? TROUPE_OK : TROUPE_NO_MEMORY;
}

/* ---- what is sorted
 * ------------------------------------------------------------------ */

/* The compiler makes conditional moves of this, so that random keys cost no guesses. */
int64_t numeric_count_less_sorted(const uint64_t *keys, int64_t n, uint64_t key)
{
    int64_t first = 0;

    while (n > 0) {
        int64_t half = n / 2;
        bool is_less = keys[first + half] < key;
        first = is_less ? first + half + 1 : first;
        n = is_less ? n - half - 1 : half;
    }
    return first;
}

int64_t numeric_count_less(const uint64_t *keys, int64_t n, uint64_t key)
{
    int64_t count = 0;

    for (int64_t i = 0; i < n; i++)
        count += keys[i] < key;
    return count;
}
