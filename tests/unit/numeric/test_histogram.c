/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/compiler.h"
#include "data.h"
#include "numeric/histogram.h"
#include "numeric/pair.h"
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
        numeric_histogram_count(numeric_isa_choose(NULL), &bins, NUMERIC_DOUBLE,
                                &cases[i].value, 1, counts);
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
        numeric_histogram_count(numeric_isa_choose(NULL), &bins, element, x, 300,      \
                                counts);                                               \
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

/* At the edges of bins, between them, far away, and no numbers. */
static double near(const struct numeric_bins *bins, struct base_random *random)
{
    double width = (bins->high - bins->low) / (double)bins->n_bins;
    double edge =
        bins->low + width * floor((double)bins->n_bins * data_unit(random) + 0.5);

    switch (base_random_below(random, 8)) {
    case 0:
        return edge;
    case 1:
        return nextafter(edge, INFINITY);
    case 2:
        return nextafter(edge, -INFINITY);
    case 3:
        return bins->low - data_unit(random) * 1e3;
    case 4:
        return bins->high + data_unit(random) * 1e3;
    case 5:
        return (double[]){INFINITY, -INFINITY, NAN,       -0.0,
                          1.5e308,  0x1p-1074, bins->low, bins->high}[base_random_below(
            random, 8)];
    default:
        return bins->low + (bins->high - bins->low) * data_unit(random);
    }
}

static void ck_slots(const struct numeric_bins *bins,
                     enum numeric_element element,
                     const void *x,
                     const double *values,
                     int64_t n)
{
    const struct numeric_isa *list[4];
    int n_listed = numeric_isa_list(list);

    for (int which = 0; which < n_listed; which++) {
        uint32_t slots[64];

        slots[n] = 12345;
        list[which]->slots[element](bins, x, n, slots);
        for (int64_t i = 0; i < n; i++)
            if (slots[i] != numeric_bins_slot(bins, values[i]))
                ck_abort_msg("%s: element %d of type %d, %a, in bin %u of %lld",
                             list[which]->name, (int)i, element, values[i], slots[i],
                             (long long)bins->n_bins);
        ck_assert_uint_eq(slots[n], 12345);
    }
}

/* The elements do not begin where vectors would. */
#define CK_SLOTS(type, element, n)                                                     \
    do {                                                                               \
        type x[65];                                                                    \
        double as_doubles[64];                                                         \
        for (int i = 0; i < (n); i++) {                                                \
            x[i + 1] = (type)values[i];                                                \
            as_doubles[i] = (double)x[i + 1];                                          \
        }                                                                              \
        ck_slots(&bins, element, x + 1, as_doubles, n);                                \
    } while (0)

START_TEST(all_instruction_sets_find_the_same_slots)
{
    static const int64_t numbers[] = {1,
                                      2,
                                      7,
                                      1000,
                                      1 << 20,
                                      INT32_MAX - 4,
                                      INT32_MAX - 3,
                                      INT32_MAX - 2,
                                      INT32_MAX - 1,
                                      INT32_MAX,
                                      INT64_C(1) << 31};
    struct base_random random = {3};

    for (int round = 0; round < 4000; round++) {
        double low = (data_unit(&random) - 0.5) * pow(10, 6 * data_unit(&random));
        int n = (int)base_random_below(&random, 40);
        struct numeric_bins bins;
        double values[64];

        if (numeric_bins_init(
                &bins, low, low + 1e4 * data_unit(&random),
                numbers[base_random_below(&random, ARRAY_LENGTH(numbers))]) !=
            TROUPE_OK)
            continue;
        for (int i = 0; i < n; i++)
            values[i] = near(&bins, &random);
        CK_SLOTS(double, NUMERIC_DOUBLE, n);
        for (int i = 0; i < n; i++)
            values[i] = fabs(values[i]) < 1e38 ? values[i] : 1e38;
        CK_SLOTS(float, NUMERIC_FLOAT, n);
        for (int i = 0; i < n; i++)
            values[i] = fabs(values[i]) < 1e9 ? values[i] : 1e9;
        CK_SLOTS(int32_t, NUMERIC_INT32, n);
        CK_SLOTS(int64_t, NUMERIC_INT64, n);
        for (int i = 0; i < n; i++)
            values[i] = fabs(values[i]);
        CK_SLOTS(uint64_t, NUMERIC_UINT64, n);
    }
}
END_TEST

/* ---- bins that are one integer wide ---------------------------------------------- */

static void ck_by_ones(double low, int64_t n_bins, struct base_random *random)
{
    const double high = low + (double)n_bins;
    const double far[] = {-0x1p31, 0x1p31 - 1, -0x1p62, 0x1p62, 0, low, high};
    const int n = 41;
    struct numeric_bins bins;
    double values[64];

    ck_assert_int_eq(numeric_bins_init(&bins, low, high, n_bins), TROUPE_OK);
    ck_assert(bins.is_by_ones);
    for (int i = 0; i < n; i++) {
        values[i] = base_random_below(random, 2)
                        ? floor(low + (double)n_bins * data_unit(random))
                        : far[base_random_below(random, ARRAY_LENGTH(far))];
        values[i] += (double)base_random_below(random, 5) - 2;
    }
    CK_SLOTS(int64_t, NUMERIC_INT64, n);
    for (int i = 0; i < n; i++)
        values[i] = fabs(values[i]);
    CK_SLOTS(uint64_t, NUMERIC_UINT64, n);
    for (int i = 0; i < n; i++)
        values[i] = fmin(values[i], 0x1p31 - 1) * (i % 2 ? 1 : -1);
    CK_SLOTS(int32_t, NUMERIC_INT32, n);
}

START_TEST(bins_one_integer_wide)
{
    static const double lows[] = {0,           1,      -7,      1000,
                                  0x1p31 - 40, -1,     -0x1p31, -0x1p31 - 3,
                                  0x1p31 + 5,  0x1p51, -0x1p51};
    static const int64_t numbers[] = {
        1, 2, 7, 1000, 1 << 20, INT32_MAX, INT64_C(1) << 31};
    struct base_random random = {4};

    for (size_t i = 0; i < ARRAY_LENGTH(lows); i++)
        for (size_t k = 0; k < ARRAY_LENGTH(numbers); k++)
            for (int round = 0; round < 20; round++)
                ck_by_ones(lows[i], numbers[k], &random);
}
END_TEST

START_TEST(bins_of_another_width_are_told_apart)
{
    static const struct {
        double low, high;
        int64_t n_bins;
    } cases[] = {{0, 10, 9},
                 {0x1p-60, 10, 10},
                 {0, 10, 11},
                 {0.5, 10.5, 10},
                 {-0.25, 9.75, 10},
                 {0x1p53, 0x1p53 + 64, 64},
                 {-0x1p53 - 64, -0x1p53, 64}};
    struct numeric_bins bins;

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        ck_assert_int_eq(
            numeric_bins_init(&bins, cases[i].low, cases[i].high, cases[i].n_bins),
            TROUPE_OK);
        ck_assert(!bins.is_by_ones);
    }
}
END_TEST

/* Of some slots 255 to 257 elements, of the others none to thousands. */
START_TEST(bytes_and_what_they_carry_are_the_counts)
{
    enum { SLOTS = 100, LENGTH = 70000 };
    static int32_t x[LENGTH];
    static uint32_t counts[SLOTS + NUMERIC_EXTRA_SLOTS], wanted[ARRAY_LENGTH(counts)];
    static uint8_t bytes[ARRAY_LENGTH(counts)];
    const struct numeric_isa *isa = numeric_isa_choose(NULL);
    struct base_random random = {5};
    struct numeric_bins bins;
    int n = 0;

    ck_assert_int_eq(numeric_bins_init(&bins, 0, SLOTS, SLOTS), TROUPE_OK);
    for (int slot = 0; slot < 3; slot++)
        for (int i = 0; i < UINT8_MAX + slot; i++)
            x[n++] = slot;
    while (n < LENGTH)
        x[n++] = 3 + (int)sqrt(base_random_below(&random, (SLOTS + 1) * (SLOTS + 1)));
    numeric_histogram_count(isa, &bins, NUMERIC_INT32, x, n, wanted);
    numeric_histogram_count_apart(isa, &bins, NUMERIC_INT32, x, n / 3, bytes, counts);
    numeric_histogram_count_apart(isa, &bins, NUMERIC_INT32, x + n / 3, n - n / 3,
                                  bytes, counts);
    ck_assert_uint_eq(counts[1], UINT8_MAX + 1);
    ck_assert_uint_eq(bytes[1], 0);
    numeric_histogram_join(bytes, ARRAY_LENGTH(counts), counts);
    ck_assert_mem_eq(counts, wanted, sizeof counts);
    for (size_t slot = 0; slot < ARRAY_LENGTH(bytes); slot++)
        ck_assert_uint_eq(bytes[slot], 0);
}
END_TEST

enum { N_BINS = 5, BLOCK = 64, N = 5000 };

enum { N_SLOTS = N_BINS + NUMERIC_EXTRA_SLOTS };

static struct numeric_bins five_bins(void)
{
    struct numeric_bins bins;

    ck_assert(numeric_bins_init(&bins, -0.5, 0.5, N_BINS) == TROUPE_OK);
    return bins;
}

static void weigh_block(const double *x,
                        const double *weights,
                        int64_t n,
                        bool is_dd,
                        struct numeric_weight *of_block)
{
    struct numeric_bins bins = five_bins();

    if (is_dd)
        numeric_histogram_weigh_dd(numeric_isa_choose(NULL), &bins, x, weights, n,
                                   of_block);
    else
        numeric_histogram_weigh(numeric_isa_choose(NULL), &bins, x, weights, n,
                                (double *)of_block);
}

static void finish(const void *value, bool is_dd, double *sums)
{
    const struct numeric_weight *pairs = value;

    memcpy(sums, value, N_SLOTS * sizeof *sums);
    for (int i = 0; i < N_SLOTS && is_dd; i++)
        sums[i] = numeric_pair_round(pairs[i].high, pairs[i].low);
}

/* Cut between blocks at random, and joined. */
static void weigh_in_parts(const double *x,
                           const double *weights,
                           bool is_dd,
                           struct base_random *random,
                           double *sums)
{
    int64_t n_blocks = (N + BLOCK - 1) / BLOCK;
    struct numeric_carrier left, right;
    uint64_t n_slots = N_SLOTS;
    struct numeric_tree tree = {
        n_blocks, n_slots * (is_dd ? sizeof(struct numeric_weight) : sizeof(double)),
        is_dd ? numeric_histogram_merge_dd : numeric_histogram_merge, &n_slots};
    int64_t cut = base_random_below(random, (uint32_t)n_blocks + 1);

    ck_assert(numeric_carrier_init(&left, &tree, 0) == TROUPE_OK);
    ck_assert(numeric_carrier_init(&right, &tree, cut) == TROUPE_OK);
    for (int64_t block = 0; block < n_blocks; block++) {
        int64_t i = block * BLOCK, n = N - i < BLOCK ? N - i : BLOCK;
        struct numeric_weight of_block[N_SLOTS];

        weigh_block(x + i, weights + i, n, is_dd, of_block);
        ck_assert(numeric_carrier_push(block < cut ? &left : &right, 0, of_block) ==
                  TROUPE_OK);
    }
    ck_assert(numeric_carrier_join(&left, &right) == TROUPE_OK);
    finish(numeric_carrier_value(&left), is_dd, sums);
    numeric_carrier_fini(&left);
    numeric_carrier_fini(&right);
}

START_TEST(weights_do_not_depend_on_cuts)
{
    struct base_random random = {3};
    static double x[N], weights[N];
    double first[N_BINS + NUMERIC_EXTRA_SLOTS], sums[N_BINS + NUMERIC_EXTRA_SLOTS];

    data_fill(x, N, DATA_UNIFORM, &random);
    for (unsigned kind = 0; kind < 2 * DATA_N_KINDS; kind++) {
        bool is_dd = kind >= DATA_N_KINDS;
        data_fill(weights, N, kind % DATA_N_KINDS, &random);
        weigh_in_parts(x, weights, is_dd, &random, first);
        for (int round = 0; round < 10; round++) {
            weigh_in_parts(x, weights, is_dd, &random, sums);
            ck_assert_mem_eq(sums, first, sizeof sums);
        }
        /* Every element is somewhere. */
        if (kind % DATA_N_KINDS == DATA_UNIFORM) {
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

/* Plain addition loses all of the small ones, whether within a block or in the tree. */
START_TEST(twice_the_precision)
{
    static double x[N], weights[N];
    struct base_random random = {4};
    double plain[N_SLOTS], sums[N_SLOTS];

    for (int i = 0; i < N; i++) {
        x[i] = -0.4 + 0.2 * (i % N_BINS);
        weights[i] = i / N_BINS == 0 ? 1e18 : i / N_BINS == N / N_BINS - 1 ? -1e18 : 1;
    }
    weigh_in_parts(x, weights, false, &random, plain);
    weigh_in_parts(x, weights, true, &random, sums);
    for (int i = 0; i < N_BINS; i++) {
        ck_assert_double_eq(sums[i], N / N_BINS - 2);
        ck_assert(plain[i] != sums[i]);
    }
    ck_assert_double_eq(sums[N_BINS + NUMERIC_BELOW], 0);
}
END_TEST

START_TEST(an_overflow_is_that_of_plain_sums)
{
    static const double x[] = {0, 0, 0, 0.3, 0.3},
                        weights[] = {1e308, 1e308, 1, INFINITY, -INFINITY};
    struct numeric_weight pairs[N_SLOTS];
    double sums[N_SLOTS];

    weigh_block(x, weights, 5, true, pairs);
    finish(pairs, true, sums);
    ck_assert(isinf(sums[2]));
    ck_assert_uint_eq(numeric_bits_of(sums[4]), NUMERIC_NAN_BITS);
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
           all_instruction_sets_find_the_same_slots,
           bins_one_integer_wide,
           bins_of_another_width_are_told_apart,
           bytes_and_what_they_carry_are_the_counts,
           weights_do_not_depend_on_cuts,
           twice_the_precision,
           an_overflow_is_that_of_plain_sums,
           a_nan_of_merged_weights_is_canonical)
