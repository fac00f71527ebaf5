/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/compiler.h"
#include "data.h"
#include "numeric/sort.h"
#include "support/check_main.h"

enum { MAX_N = 20011 };

/* Keys with so many equal ones, and so few bytes that differ, as each kind has. */
static uint64_t key_like(unsigned kind, int64_t i, struct base_random *random)
{
    uint64_t bits = base_random_next(random);
    switch (kind) {
    case 0:
        return bits;
    case 1:
        return bits % 7;
    case 2:
        return (bits & 3) << 40 | UINT64_C(0x1100000000000000);
    case 3:
        return (uint64_t)i;
    case 4:
        return UINT64_MAX - (uint64_t)i;
    case 5: /* the high bits tell nothing apart */
        return bits & 1 ? bits >> 50 : UINT64_MAX - (bits >> 50);
    case 6: /* some few of them do not */
        return i % 8 ? bits : (bits >> 60) << 32 | (bits & 0xffff);
    default:
        return 5;
    }
}
enum { N_KEY_KINDS = 8 };

static int compare_keyed(const void *a, const void *b)
{
    const struct numeric_keyed *x = a, *y = b;

    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

/* qsort by (key, index) has one answer, which a stable sort by key must give. */
START_TEST(keys_with_places_sort_stably)
{
    static struct numeric_keyed items[MAX_N], expected[MAX_N], scratch[MAX_N];
    static uint64_t keys[MAX_N], key_scratch[MAX_N];
    struct base_random random = {1};

    for (unsigned kind = 0; kind < N_KEY_KINDS; kind++)
        for (size_t l = 0; l < ARRAY_LENGTH(data_lengths); l++) {
            int64_t n = data_lengths[l];
            for (int64_t i = 0; i < n; i++) {
                keys[i] = key_like(kind, i, &random);
                items[i] = expected[i] = (struct numeric_keyed){keys[i], (uint64_t)i};
            }
            qsort(expected, (size_t)n, sizeof expected[0], compare_keyed);
            numeric_sorter_keyed.sort(items, scratch, n);
            ck_assert_mem_eq(items, expected, (size_t)n * sizeof items[0]);
            numeric_sorter_keys.sort(keys, key_scratch, n);
            for (int64_t i = 0; i < n; i++)
                if (keys[i] != expected[i].key)
                    ck_abort_msg("key %d of %d", (int)i, (int)n);
        }
    numeric_sorter_keyed.sort(items, scratch, 0);
}
END_TEST

/* The rule for reals, said plainly. */
static int compare_reals(double a, double b)
{
    if (a != a || b != b)
        return (a != a) - (b != b);
    if (a == b)
        return (signbit(b) != 0) - (signbit(a) != 0);
    return a < b ? -1 : 1;
}

struct real_at {
    double value;
    int64_t index;
};

static int compare_real_at(const void *a, const void *b)
{
    const struct real_at *x = a, *y = b;
    int by_value = compare_reals(x->value, y->value);

    return by_value != 0 ? by_value : x->index < y->index ? -1 : 1;
}

/* NaNs of several bits among numbers, the bits to be kept. */
static void fill_reals(double *x, int64_t n, unsigned kind, struct base_random *random)
{
    data_fill(x, n, kind % DATA_N_KINDS, random);
    for (int64_t i = 0; i < n && kind >= DATA_N_KINDS; i++)
        if (base_random_below(random, 3) == 0)
            x[i] = numeric_from_bits((base_random_next(random) & ~UINT64_C(0xffff0)) |
                                     UINT64_C(0x7ff8000000000000));
}

START_TEST(reals_sort_in_total_order)
{
    static double x[MAX_N], sorted[MAX_N];
    static struct real_at expected[MAX_N];
    static struct numeric_keyed items[MAX_N], scratch[MAX_N];
    static uint64_t keys[MAX_N];
    struct base_random random = {2};

    for (unsigned kind = 0; kind < 2 * DATA_N_KINDS; kind++)
        for (size_t l = 0; l < ARRAY_LENGTH(data_lengths); l++) {
            int64_t n = data_lengths[l];
            fill_reals(x, n, kind, &random);
            for (int64_t i = 0; i < n; i++)
                expected[i] = (struct real_at){x[i], i};
            qsort(expected, (size_t)n, sizeof expected[0], compare_real_at);
            numeric_sort_map(NUMERIC_DOUBLE, x, n, keys);
            for (int64_t i = 0; i < n; i++)
                items[i] = (struct numeric_keyed){keys[i], (uint64_t)i};
            numeric_sorter_keyed.sort(items, scratch, n);
            numeric_sort_gather(items, n, x, 8, sorted);
            for (int64_t i = 0; i < n; i++)
                if (items[i].index != (uint64_t)expected[i].index ||
                    memcmp(&sorted[i], &expected[i].value, 8) != 0)
                    ck_abort_msg("kind %u, element %d of %d", kind, (int)i, (int)n);
        }
}
END_TEST

/* Keys order as the elements do, all types. */
#define CK_MAPPED(type, element)                                                       \
    do {                                                                               \
        static type x[MAX_N];                                                          \
        static uint64_t keys[MAX_N];                                                   \
        struct base_random source = {3};                                               \
        for (int64_t i = 0; i < MAX_N; i++) {                                          \
            uint64_t bits = base_random_next(&source);                                 \
            memcpy(&x[i], &bits, sizeof x[i]);                                         \
            if (x[i] != x[i])                                                          \
                x[i] = 0;                                                              \
        }                                                                              \
        numeric_sort_map(element, x, MAX_N, keys);                                     \
        for (int64_t i = 1; i < MAX_N; i++)                                            \
            if ((x[i - 1] < x[i]) != (keys[i - 1] < keys[i]) ||                        \
                (x[i - 1] > x[i]) != (keys[i - 1] > keys[i]))                          \
                ck_abort_msg(#type " %d", (int)i);                                     \
    } while (0)

START_TEST(all_types_map)
{
    CK_MAPPED(float, NUMERIC_FLOAT);
    CK_MAPPED(int32_t, NUMERIC_INT32);
    CK_MAPPED(int64_t, NUMERIC_INT64);
    CK_MAPPED(uint64_t, NUMERIC_UINT64);
}
END_TEST

/* Elements of any size, 0 and odd ones too. */
START_TEST(elements_are_gathered)
{
    enum { N = 500 };
    static unsigned char from[N * 40], to[N * 40];
    struct base_random random = {4};
    struct numeric_keyed order[N];

    for (size_t i = 0; i < sizeof from; i++)
        from[i] = (unsigned char)base_random_below(&random, 256);
    for (int i = 0; i < N; i++)
        order[i] = (struct numeric_keyed){0, base_random_below(&random, N)};
    for (size_t n_bytes = 0; n_bytes <= 40; n_bytes++) {
        numeric_sort_gather(order, N, from, n_bytes, to);
        for (size_t i = 0; i < N; i++)
            ck_assert_mem_eq(to + i * n_bytes, from + order[i].index * n_bytes,
                             n_bytes);
    }
}
END_TEST

/* Any piece of what two runs come to, of both kinds of items. */
START_TEST(pieces_of_a_pair_merge_stably)
{
    enum { N = 3000 };
    static struct numeric_keyed items[N], expected[N], merged[N];
    static uint64_t keys[N], merged_keys[N];
    struct base_random random = {5};

    for (int round = 0; round < 200; round++) {
        int64_t n = base_random_below(&random, round % 2 ? N : 40) + 1;
        int64_t n_left = base_random_below(&random, (uint32_t)n + 1), begin = 0;
        for (int64_t i = 0; i < n; i++)
            items[i] = (struct numeric_keyed){
                key_like((unsigned)round % N_KEY_KINDS, i, &random), (uint64_t)i};
        memcpy(expected, items, sizeof expected);
        qsort(expected, (size_t)n, sizeof items[0], compare_keyed);
        qsort(items, (size_t)n_left, sizeof items[0], compare_keyed);
        qsort(items + n_left, (size_t)(n - n_left), sizeof items[0], compare_keyed);
        for (int64_t i = 0; i < n; i++)
            keys[i] = items[i].key;
        while (begin < n) {
            int64_t end = begin + 1 + base_random_below(&random, (uint32_t)(n - begin));
            numeric_sorter_keyed.merge(
                &(struct numeric_pair){items, items + n_left, n_left, n - n_left},
                begin, end, merged + begin);
            numeric_sorter_keys.merge(
                &(struct numeric_pair){keys, keys + n_left, n_left, n - n_left}, begin,
                end, merged_keys + begin);
            begin = end;
        }
        ck_assert_mem_eq(merged, expected, (size_t)n * sizeof merged[0]);
        for (int64_t i = 0; i < n; i++)
            if (merged_keys[i] != expected[i].key)
                ck_abort_msg("key %d of %d", (int)i, (int)n);
    }
}
END_TEST

CHECK_MAIN("kernel sort",
           keys_with_places_sort_stably,
           reals_sort_in_total_order,
           all_types_map,
           elements_are_gathered,
           pieces_of_a_pair_merge_stably)
