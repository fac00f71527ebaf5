/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
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
    default:
        return 5;
    }
}
enum { N_KEY_KINDS = 6 };

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
            numeric_sort_keyed(items, scratch, n);
            ck_assert_mem_eq(items, expected, (size_t)n * sizeof items[0]);
            numeric_sort_keys(keys, key_scratch, n);
            for (int64_t i = 0; i < n; i++)
                if (keys[i] != expected[i].key)
                    ck_abort_msg("key %d of %d", (int)i, (int)n);
        }
    numeric_sort_keyed(items, scratch, 0);
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
    static int64_t places[MAX_N];
    struct base_random random = {2};

    for (unsigned kind = 0; kind < 2 * DATA_N_KINDS; kind++)
        for (size_t l = 0; l < ARRAY_LENGTH(data_lengths); l++) {
            int64_t n = data_lengths[l];
            fill_reals(x, n, kind, &random);
            for (int64_t i = 0; i < n; i++) {
                expected[i] = (struct real_at){x[i], i};
                places[i] = i;
            }
            memcpy(sorted, x, sizeof sorted);
            qsort(expected, (size_t)n, sizeof expected[0], compare_real_at);
            ck_assert_int_eq(numeric_sort_elements(NUMERIC_DOUBLE, sorted, n),
                             TROUPE_OK);
            ck_assert_int_eq(numeric_sort_by_key(NUMERIC_DOUBLE, x, places, 8, n),
                             TROUPE_OK);
            for (int64_t i = 0; i < n; i++)
                if (places[i] != expected[i].index ||
                    memcmp(&x[i], &expected[i].value, 8) != 0 ||
                    memcmp(&sorted[i], &expected[i].value, 8) != 0)
                    ck_abort_msg("kind %u, element %d of %d", kind, (int)i, (int)n);
        }
}
END_TEST

#define CK_SORTED(type, element)                                                       \
    do {                                                                               \
        static type x[MAX_N], y[MAX_N];                                                \
        struct base_random source = {3};                                               \
        for (size_t l = 0; l < ARRAY_LENGTH(data_lengths); l++) {                      \
            int64_t n = data_lengths[l];                                               \
            uint64_t sum = 0, sum_after = 0;                                           \
            for (int64_t i = 0; i < n; i++) {                                          \
                uint64_t bits = base_random_next(&source);                             \
                memcpy(&x[i], &bits, sizeof x[i]);                                     \
                if (x[i] != x[i])                                                      \
                    x[i] = 0;                                                          \
                bits = 0;                                                              \
                memcpy(&bits, &x[i], sizeof x[i]);                                     \
                sum += bits * bits;                                                    \
                y[i] = x[i];                                                           \
            }                                                                          \
            ck_assert_int_eq(numeric_sort_elements(element, x, n), TROUPE_OK);         \
            for (int64_t i = 0; i < n; i++) {                                          \
                uint64_t bits = 0;                                                     \
                memcpy(&bits, &x[i], sizeof x[i]);                                     \
                sum_after += bits * bits;                                              \
                if (i > 0 && x[i] < x[i - 1])                                          \
                    ck_abort_msg(#type " %d of %d", (int)i, (int)n);                   \
            }                                                                          \
            ck_assert_uint_eq(sum, sum_after);                                         \
            static type keys[MAX_N];                                                   \
            memcpy(keys, y, sizeof keys);                                              \
            ck_assert_int_eq(numeric_sort_by_key(element, keys, y, sizeof(type), n),   \
                             TROUPE_OK);                                               \
            ck_assert_mem_eq(keys, x, (size_t)n * sizeof(type));                       \
            ck_assert_mem_eq(y, x, (size_t)n * sizeof(type));                          \
        }                                                                              \
    } while (0)

START_TEST(all_types_sort)
{
    CK_SORTED(float, NUMERIC_FLOAT);
    CK_SORTED(int32_t, NUMERIC_INT32);
    CK_SORTED(int64_t, NUMERIC_INT64);
    CK_SORTED(uint64_t, NUMERIC_UINT64);
}
END_TEST

/* Elements of any size, 0 and odd ones too. */
START_TEST(elements_move_with_their_keys)
{
    struct base_random random = {4};
    int64_t keys[500], sorted[500];

    for (size_t item_bytes = 1; item_bytes < 40; item_bytes += 6) {
        unsigned char *items = malloc(500 * item_bytes);
        for (int i = 0; i < 500; i++) {
            keys[i] = (int64_t)base_random_below(&random, 200) - 100;
            memset(items + (size_t)i * item_bytes, (int)keys[i] & 255, item_bytes);
        }
        memcpy(sorted, keys, sizeof keys);
        ck_assert_int_eq(
            numeric_sort_by_key(NUMERIC_INT64, sorted, items, item_bytes, 500),
            TROUPE_OK);
        for (int i = 0; i < 500; i++) {
            ck_assert(i == 0 || sorted[i - 1] <= sorted[i]);
            for (size_t b = 0; b < item_bytes; b++)
                ck_assert(items[(size_t)i * item_bytes + b] == (sorted[i] & 255));
        }
        free(items);
    }
    ck_assert_int_eq(numeric_sort_by_key(NUMERIC_INT64, sorted, NULL, 0, 0), TROUPE_OK);
}
END_TEST

START_TEST(runs_merge_stably)
{
    enum { N = 3000 };
    static struct numeric_keyed items[N], expected[N], scratch[N];
    static uint64_t keys[N], key_scratch[N];
    struct base_random random = {5};

    for (int n_runs = 1; n_runs <= 17; n_runs++)
        for (int round = 0; round < 8; round++) {
            int64_t ends[17], key_ends[17], begin = 0;
            for (int64_t i = 0; i < N; i++)
                items[i] = (struct numeric_keyed){
                    key_like((unsigned)round % 3, i, &random), (uint64_t)i};
            for (int run = 0; run < n_runs; run++) {
                ends[run] = run == n_runs - 1
                                ? N
                                : begin + base_random_below(
                                              &random, (uint32_t)(N - begin) / 2 + 1);
                qsort(items + begin, (size_t)(ends[run] - begin), sizeof items[0],
                      compare_keyed);
                begin = ends[run];
            }
            for (int64_t i = 0; i < N; i++)
                keys[i] = items[i].key;
            memcpy(expected, items, sizeof expected);
            memcpy(key_ends, ends, sizeof ends);
            qsort(expected, N, sizeof expected[0], compare_keyed);
            struct numeric_keyed *merged =
                numeric_merge_keyed(items, scratch, ends, n_runs);
            ck_assert_mem_eq(merged, expected, sizeof expected);
            uint64_t *merged_keys =
                numeric_merge_keys(keys, key_scratch, key_ends, n_runs);
            for (int64_t i = 0; i < N; i++)
                if (merged_keys[i] != expected[i].key)
                    ck_abort_msg("key %d of %d runs", (int)i, n_runs);
        }
}
END_TEST

START_TEST(counting_below_a_key)
{
    struct base_random random = {6};
    uint64_t keys[300], scratch[300];

    for (int n = 0; n < 300; n += 7) {
        for (int i = 0; i < n; i++)
            keys[i] = base_random_below(&random, 50);
        int64_t counts[52];
        for (uint64_t key = 0; key < 52; key++) {
            counts[key] = 0;
            for (int i = 0; i < n; i++)
                counts[key] += keys[i] < key;
            ck_assert_int_eq(numeric_count_less(keys, n, key), counts[key]);
        }
        numeric_sort_keys(keys, scratch, n);
        for (uint64_t key = 0; key < 52; key++)
            ck_assert_int_eq(numeric_count_less_sorted(keys, n, key), counts[key]);
    }
}
END_TEST

START_TEST(without_memory_nothing_changes)
{
    int64_t keys[4] = {3, 1, 2, 0}, items[4] = {0, 1, 2, 3};

    for (uint64_t every = 1; every <= 2; every++) {
        base_alloc_fail_every(every);
        ck_assert_int_eq(numeric_sort_by_key(NUMERIC_INT64, keys, items, 8, 4),
                         TROUPE_NO_MEMORY);
        ck_assert(keys[0] == 3 && items[3] == 3);
        base_alloc_fail_every(1);
        ck_assert_int_eq(numeric_sort_elements(NUMERIC_INT64, keys, 4),
                         TROUPE_NO_MEMORY);
        ck_assert(keys[0] == 3 && keys[3] == 0);
        base_alloc_fail_every(0);
    }
    ck_assert_int_eq(base_alloc_live(), 0);
}
END_TEST

CHECK_MAIN("kernel sort",
           keys_with_places_sort_stably,
           reals_sort_in_total_order,
           all_types_sort,
           elements_move_with_their_keys,
           runs_merge_stably,
           counting_below_a_key,
           without_memory_nothing_changes)
