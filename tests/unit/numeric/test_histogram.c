/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/compiler.h"
#include "data.h"
#include "numeric/histogram.h"
#include "support/check_main.h"

START_TEST(edges_and_what_lies_beyond)
{
    static const struct {
        double value;
        int64_t slot;
    } cases[] = {
        {0, 0},         {-0.0, 0},       {0.0999, 0},    {0.25, 1},
        {0.5, 2},       {0.75, 3},       {1, 3},         {0x1.fffffffffffffp-1, 3},
        {0x1p-1074, 0}, {-0x1p-1074, 4}, {-INFINITY, 4}, {0x1.0000000000001p0, 5},
        {INFINITY, 5},  {NAN, 6},        {-NAN, 6},
    };
    struct numeric_bins bins;
    uint32_t counts[7] = {0}, expected[7] = {0};

    ck_assert_int_eq(numeric_bins_init(&bins, 0, 1, 4), TROUPE_OK);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        ck_assert_int_eq(numeric_bins_slot(&bins, cases[i].value), cases[i].slot);
        numeric_histogram_count(&bins, NUMERIC_DOUBLE, &cases[i].value, 1, counts);
        expected[cases[i].slot]++;
    }
    ck_assert_mem_eq(counts, expected, sizeof counts);
}
END_TEST

/* Rounding may carry a value beyond the last bin, or its own; never out of the array.
 */
START_TEST(slots_never_fall_and_never_leave_the_bins)
{
    struct base_random random = {1};

    for (int round = 0; round < 2000; round++) {
        double low = (data_unit(&random) - 0.5) * pow(10, 20 * data_unit(&random));
        double high = low + data_unit(&random) * pow(10, 20 * data_unit(&random) - 10);
        struct numeric_bins bins;
        if (numeric_bins_init(&bins, low, high, 1 + base_random_below(&random, 1000)) !=
            TROUPE_OK)
            continue;
        int64_t last = 0;
        for (int i = 0; i <= 50; i++) {
            double value = i == 50 ? high : low + (high - low) * i / 50;
            int64_t slot = numeric_bins_slot(&bins, value < high ? value : high);
            if (slot < last || slot >= bins.n_bins)
                ck_abort_msg("round %d: slot %d after %d", round, (int)slot, (int)last);
            last = slot;
        }
        ck_assert(last == bins.n_bins - 1);
    }
}
END_TEST

START_TEST(bins_that_cannot_be)
{
    static const struct {
        double low, high;
        int64_t n_bins;
    } cases[] = {{1, 1, 4},         {2, 1, 4},        {0, 1, 0},   {0, 1, -1},
                 {0, INFINITY, 4},  {NAN, 1, 4},      {0, NAN, 4}, {-1e308, 1e308, 4},
                 {0, 0x1p-1074, 4}, {0, 1, INT64_MAX}};
    struct numeric_bins bins = {.n_bins = 99};

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        ck_assert_int_eq(
            numeric_bins_init(&bins, cases[i].low, cases[i].high, cases[i].n_bins),
            TROUPE_INVALID);
    ck_assert_int_eq(bins.n_bins, 99);
}
END_TEST

#define CK_COUNTS(type, element)                                                       \
    do {                                                                               \
        type x[300];                                                                   \
        uint32_t counts[13] = {0}, expected[13] = {0};                                 \
        for (int i = 0; i < 300; i++) {                                                \
            x[i] = (type)base_random_below(&random, 120);                              \
            int slot = x[i] < 10 ? 10 : x[i] > 110 ? 11 : (int)((x[i] - 10) / 10);     \
            expected[slot < 10 || x[i] < 10 || x[i] > 110 ? slot : 9]++;               \
        }                                                                              \
        numeric_histogram_count(&bins, element, x, 300, counts);                       \
        ck_assert_mem_eq(counts, expected, sizeof counts);                             \
    } while (0)

START_TEST(all_types)
{
    struct base_random random = {2};
    struct numeric_bins bins;

    ck_assert_int_eq(numeric_bins_init(&bins, 10, 110, 10), TROUPE_OK);
    CK_COUNTS(double, NUMERIC_DOUBLE);
    CK_COUNTS(float, NUMERIC_FLOAT);
    CK_COUNTS(int32_t, NUMERIC_INT32);
    CK_COUNTS(int64_t, NUMERIC_INT64);
    CK_COUNTS(uint64_t, NUMERIC_UINT64);
}
END_TEST

enum { N_BINS = 5, BLOCK = 64, N = 5000 };

/* Cut between blocks at random, and joined. */
static void weigh_in_parts(const double *x,
                           const double *weights,
                           struct base_random *random,
                           double *sums)
{
    struct numeric_bins bins;
    int64_t n_blocks = (N + BLOCK - 1) / BLOCK;
    struct numeric_carrier left, right;

    ck_assert(numeric_bins_init(&bins, -0.5, 0.5, N_BINS) == TROUPE_OK);
    uint64_t n_slots = N_BINS + NUMERIC_EXTRA_SLOTS;
    struct numeric_tree tree = {n_blocks, n_slots * sizeof(double),
                                numeric_histogram_merge, &n_slots};
    int64_t cut = base_random_below(random, (uint32_t)n_blocks + 1);
    ck_assert(numeric_carrier_init(&left, &tree, 0) == TROUPE_OK);
    ck_assert(numeric_carrier_init(&right, &tree, cut) == TROUPE_OK);
    for (int64_t block = 0; block < n_blocks; block++) {
        int64_t i = block * BLOCK, n = N - i < BLOCK ? N - i : BLOCK;
        double of_block[N_BINS + NUMERIC_EXTRA_SLOTS];
        numeric_histogram_weigh(&bins, x + i, weights + i, n, of_block);
        ck_assert(numeric_carrier_push(block < cut ? &left : &right, 0, of_block) ==
                  TROUPE_OK);
    }
    ck_assert(numeric_carrier_join(&left, &right) == TROUPE_OK);
    memcpy(sums, numeric_carrier_value(&left), tree.value_bytes);
    numeric_carrier_fini(&left);
    numeric_carrier_fini(&right);
}

START_TEST(weights_do_not_depend_on_cuts)
{
    struct base_random random = {3};
    static double x[N], weights[N];
    double first[N_BINS + NUMERIC_EXTRA_SLOTS], sums[N_BINS + NUMERIC_EXTRA_SLOTS];

    data_fill(x, N, DATA_UNIFORM, &random);
    for (unsigned kind = 0; kind < DATA_N_KINDS; kind++) {
        data_fill(weights, N, kind, &random);
        weigh_in_parts(x, weights, &random, first);
        for (int round = 0; round < 10; round++) {
            weigh_in_parts(x, weights, &random, sums);
            ck_assert_mem_eq(sums, first, sizeof sums);
        }
        /* Every element is somewhere. */
        if (kind == DATA_UNIFORM) {
            double total = 0, expected = 0;
            for (int i = 0; i < N_BINS + NUMERIC_EXTRA_SLOTS; i++)
                total += sums[i];
            for (int i = 0; i < N; i++)
                expected += weights[i];
            ck_assert_double_eq_tol(total, expected, 1e-10);
        }
    }
}
END_TEST

/* x86 would make it a negative one. */
START_TEST(a_nan_of_merged_weights_is_canonical)
{
    double left[2] = {INFINITY, 1}, right[2] = {-INFINITY, 2};
    uint64_t n_slots = 2;

    numeric_histogram_merge(left, right, &n_slots);
    ck_assert_uint_eq(numeric_bits_of(left[0]), NUMERIC_NAN_BITS);
    ck_assert(left[1] == 3);
}
END_TEST

CHECK_MAIN("kernel histogram",
           edges_and_what_lies_beyond,
           slots_never_fall_and_never_leave_the_bins,
           bins_that_cannot_be,
           all_types,
           weights_do_not_depend_on_cuts,
           a_nan_of_merged_weights_is_canonical)
