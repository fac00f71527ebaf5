/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/compiler.h"
#include "data.h"
#include "numeric/scan.h"
#include "support/check_main.h"

enum { BLOCK = 256 };

/* The words of scan.h, one element at a time. */
static void defined_local(const double *x, int64_t n, double *local)
{
    double carry = 0;

    for (int64_t row = 0; row < n; row += NUMERIC_LANES) {
        int64_t n_row = n - row < NUMERIC_LANES ? n - row : NUMERIC_LANES;
        double y[NUMERIC_LANES], before[NUMERIC_LANES];
        memcpy(y, x + row, (size_t)n_row * 8);
        for (int64_t d = 1; d < NUMERIC_LANES; d *= 2) {
            memcpy(before, y, sizeof y);
            for (int64_t j = d; j < n_row; j++)
                y[j] = before[j - d] + before[j];
        }
        for (int64_t j = 0; j < n_row; j++)
            local[row + j] = row == 0 ? y[j] : carry + y[j];
        carry = row == 0 ? y[n_row - 1] : carry + y[n_row - 1];
    }
}

static void ck_bits(const double *a, const double *b, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (numeric_bits_of(a[i]) != numeric_bits_of(numeric_canonical(b[i])))
            ck_abort_msg("element %d of %d: %a, not %a", (int)i, (int)n, a[i], b[i]);
}

static const struct numeric_isa *isa_of(int64_t i)
{
    const struct numeric_isa *list[4];
    return list[i % numeric_isa_list(list)];
}

START_TEST(sums_have_the_shape_defined)
{
    struct base_random random = {1};
    static double x[4100], local[4100], results[4100], expected[4100];
    const double prefix = 0.1, initial = 77;

    for (unsigned kind = 0; kind < DATA_N_KINDS; kind++)
        for (size_t l = 0; l < ARRAY_LENGTH(data_lengths); l++)
            for (int i = 0; i < 4; i++) {
                int64_t n = data_lengths[l] < 4100 ? data_lengths[l] : 100;
                struct numeric_scan scan = {false, &initial};
                data_fill(x, n, kind, &random);
                defined_local(x, n, local);
                numeric_scan_block(isa_of(i), NUMERIC_SCAN_SUM, NUMERIC_DOUBLE, &scan,
                                   NULL, x, n, results);
                ck_bits(results, local, n);
                for (int64_t k = 0; k < n; k++)
                    expected[k] = prefix + local[k];
                numeric_scan_block(isa_of(i), NUMERIC_SCAN_SUM, NUMERIC_DOUBLE, &scan,
                                   &prefix, x, n, results);
                ck_bits(results, expected, n);
                scan.is_exclusive = true;
                numeric_scan_block(isa_of(i), NUMERIC_SCAN_SUM, NUMERIC_DOUBLE, &scan,
                                   &prefix, x, n, results);
                ck_bits(results + 1, expected, n - 1);
                ck_bits(results, &prefix, 1);
                memcpy(results, x, (size_t)n * 8);
                numeric_scan_block(isa_of(i), NUMERIC_SCAN_SUM, NUMERIC_DOUBLE, &scan,
                                   NULL, results, n, results);
                ck_bits(results + 1, local, n - 1);
                ck_bits(results, &initial, 1);
                numeric_scan_total(isa_of(i), NUMERIC_SCAN_SUM, NUMERIC_DOUBLE, x, n,
                                   results);
                ck_bits(results, local + n - 1, 1);
            }
}
END_TEST

/* ---- TREE_DD: the same words with pairs --------------------------------------- */

static void defined_local_dd(const double *x, int64_t n, struct numeric_dd *local)
{
    struct numeric_dd carry = {0, 0};

    for (int64_t row = 0; row < n; row += NUMERIC_LANES) {
        int64_t n_row = n - row < NUMERIC_LANES ? n - row : NUMERIC_LANES;
        struct numeric_dd y[NUMERIC_LANES], before[NUMERIC_LANES];
        for (int64_t j = 0; j < n_row; j++)
            y[j] = (struct numeric_dd){x[row + j], 0};
        for (int64_t d = 1; d < NUMERIC_LANES; d *= 2) {
            memcpy(before, y, sizeof y);
            for (int64_t j = d; j < n_row; j++)
                y[j] = numeric_dd_add(before[j - d], before[j]);
        }
        for (int64_t j = 0; j < n_row; j++)
            local[row + j] = row == 0 ? y[j] : numeric_dd_add(carry, y[j]);
        carry = local[row + n_row - 1];
    }
}

static void expect_dd(const struct numeric_isa *isa,
                      const double *x,
                      int64_t n,
                      const struct numeric_dd *prefix,
                      const struct numeric_dd *local)
{
    static double results[4100], expected[4101];
    const double initial = 77;
    struct numeric_scan scan = {false, &initial};

    expected[0] = prefix ? numeric_dd_finish(*prefix) : initial;
    for (int64_t i = 0; i < n; i++)
        expected[i + 1] =
            numeric_dd_finish(prefix ? numeric_dd_add(*prefix, local[i]) : local[i]);
    numeric_scan_block_dd(isa, NUMERIC_DOUBLE, &scan, prefix, x, n, results);
    ck_bits(results, expected + 1, n);
    scan.is_exclusive = true;
    memcpy(results, x, (size_t)n * 8);
    numeric_scan_block_dd(isa, NUMERIC_DOUBLE, &scan, prefix, results, n, results);
    ck_bits(results, expected, n);
}

START_TEST(sums_of_pairs_have_the_shape_defined)
{
    struct base_random random = {5};
    static double x[4100];
    static struct numeric_dd local[4100];
    const struct numeric_dd prefix = {0.1, -0x1p-50};

    for (unsigned kind = 0; kind < DATA_N_KINDS; kind++)
        for (size_t l = 0; l < ARRAY_LENGTH(data_lengths); l++)
            for (int i = 0; i < 4; i++) {
                int64_t n = data_lengths[l] < 4100 ? data_lengths[l] : 100;
                struct numeric_dd total;
                data_fill(x, n, kind, &random);
                defined_local_dd(x, n, local);
                expect_dd(isa_of(i), x, n, NULL, local);
                expect_dd(isa_of(i), x, n, &prefix, local);
                total = numeric_scan_total_dd(isa_of(i), NUMERIC_DOUBLE, x, n);
                total.high = numeric_canonical(total.high);
                total.low = numeric_canonical(total.low);
                ck_bits(&total.high, &local[n - 1].high, 1);
                ck_bits(&total.low, &local[n - 1].low, 1);
            }
}
END_TEST

/* Floats are widened, the rest is the same. */
START_TEST(sums_of_pairs_of_floats)
{
    enum { N = 1003 };
    struct base_random random = {6};
    struct numeric_scan scan = {.is_exclusive = false};
    const struct numeric_dd prefix = {1e17, 3};
    float small[N];
    double wide[N], results[N], expected[N];

    for (int i = 0; i < N; i++)
        wide[i] = small[i] =
            (float)((data_unit(&random) - 0.5) * pow(10, 30 * data_unit(&random)));
    for (int i = 0; i < 4; i++) {
        struct numeric_dd a = numeric_scan_total_dd(isa_of(i), NUMERIC_FLOAT, small, N);
        struct numeric_dd b = numeric_scan_total_dd(isa_of(i), NUMERIC_DOUBLE, wide, N);
        ck_assert_mem_eq(&a, &b, sizeof a);
        numeric_scan_block_dd(isa_of(i), NUMERIC_FLOAT, &scan, &prefix, small, N,
                              results);
        numeric_scan_block_dd(isa_of(i), NUMERIC_DOUBLE, &scan, &prefix, wide, N,
                              expected);
        ck_assert_mem_eq(results, expected, sizeof results);
    }
}
END_TEST

/* Signed zeros, infinities, NaNs and overflow: as a plain sum's. */
START_TEST(sums_of_pairs_at_the_edges)
{
    static const double zeros[] = {-0.0, -0.0, 0.0, -0.0};
    static const double zero_sums[] = {-0.0, -0.0, 0.0, 0.0};
    static const double large[] = {1e308, 1e308, -1e308, 1};
    static const double large_sums[] = {1e308, INFINITY, INFINITY, INFINITY};
    static const double odd[] = {1, -INFINITY, 2, INFINITY, 1, -NAN};
    static const double odd_sums[] = {1, -INFINITY, -INFINITY, NAN, NAN, NAN};
    struct numeric_scan scan = {.is_exclusive = false};
    const float small_zeros[] = {-0.0F, -0.0F};
    struct numeric_dd total;
    double results[6];

    for (int i = 0; i < 4; i++) {
        total = numeric_scan_total_dd(isa_of(i), NUMERIC_FLOAT, small_zeros, 2);
        ck_bits(&total.high, zeros, 1);
        numeric_scan_block_dd(isa_of(i), NUMERIC_DOUBLE, &scan, NULL, zeros, 4,
                              results);
        ck_bits(results, zero_sums, 4);
        numeric_scan_block_dd(isa_of(i), NUMERIC_DOUBLE, &scan, NULL, large, 2,
                              results);
        ck_bits(results, large_sums, 2);
        numeric_scan_block_dd(isa_of(i), NUMERIC_DOUBLE, &scan, NULL, odd, 6, results);
        ck_bits(results, odd_sums, 6);
    }
}
END_TEST

/* What one double loses of 1e15 + something - 1e15 two doubles keep. */
START_TEST(pairs_lose_less)
{
    enum { N = 3000 };
    struct base_random random = {7};
    struct numeric_scan scan = {.is_exclusive = false};
    static double x[N], plain[N], better[N];
    double plain_error = 0, better_error = 0, small = 0;

    data_fill(x, N, DATA_CANCELLING, &random);
    for (int i = 0; i < N; i++) /* sums of multiples of 2^-20 are exact */
        x[i] = i % 3 == 2 ? ldexp(floor(ldexp(x[i], 20)), -20) : x[i];
    numeric_scan_block(isa_of(0), NUMERIC_SCAN_SUM, NUMERIC_DOUBLE, &scan, NULL, x, N,
                       plain);
    numeric_scan_block_dd(isa_of(0), NUMERIC_DOUBLE, &scan, NULL, x, N, better);
    for (int i = 2; i < N; i += 3) {
        small += x[i];
        plain_error = fmax(plain_error, fabs(plain[i] - small));
        better_error = fmax(better_error, fabs(better[i] - small));
    }
    ck_assert(better_error == 0);
    ck_assert_msg(plain_error > 0.5, "plain sums are off by %g", plain_error);
}
END_TEST

/* A whole array in blocks, the prefixes from a carrier; cut anywhere between blocks. */
static void
scan_in_parts(const double *x, int64_t n, struct base_random *random, double *results)
{
    int64_t n_blocks = (n + BLOCK - 1) / BLOCK;
    struct numeric_tree tree = {
        n_blocks, 8, numeric_scan_merge(NUMERIC_SCAN_SUM, NUMERIC_DOUBLE), NULL};
    struct numeric_scan scan = {.is_exclusive = false};
    struct numeric_carrier before, part;

    ck_assert(numeric_carrier_init(&before, &tree, 0) == TROUPE_OK);
    ck_assert(numeric_carrier_init(&part, &tree, 0) == TROUPE_OK);
    for (int64_t block = 0; block < n_blocks; block++) {
        int64_t i = block * BLOCK, size = n - i < BLOCK ? n - i : BLOCK;
        double prefix, total;
        /* Now and then what was gathered joins what is before, as between ranks. */
        if (base_random_below(random, 4) == 0) {
            ck_assert(numeric_carrier_join(&before, &part) == TROUPE_OK);
            numeric_carrier_fini(&part);
            ck_assert(numeric_carrier_init(&part, &tree, block) == TROUPE_OK);
        }
        struct numeric_carrier all;
        ck_assert(numeric_carrier_init(&all, &tree, 0) == TROUPE_OK);
        ck_assert(numeric_carrier_join(&all, &before) == TROUPE_OK);
        ck_assert(numeric_carrier_join(&all, &part) == TROUPE_OK);
        bool is_any = numeric_carrier_fold(&all, &prefix);
        numeric_carrier_fini(&all);
        numeric_scan_block(isa_of(block), NUMERIC_SCAN_SUM, NUMERIC_DOUBLE, &scan,
                           is_any ? &prefix : NULL, x + i, size, results + i);
        numeric_scan_total(isa_of(block + 1), NUMERIC_SCAN_SUM, NUMERIC_DOUBLE, x + i,
                           size, &total);
        ck_assert(numeric_carrier_push(&part, 0, &total) == TROUPE_OK);
    }
    numeric_carrier_fini(&before);
    numeric_carrier_fini(&part);
}

START_TEST(cuts_change_no_prefix)
{
    enum { N = 5000 };
    struct base_random random = {2};
    static double x[N], first[N], results[N];

    for (unsigned kind = 0; kind < DATA_N_KINDS; kind++) {
        data_fill(x, N, kind, &random);
        scan_in_parts(x, N, &random, first);
        for (int round = 0; round < 5; round++) {
            scan_in_parts(x, N, &random, results);
            ck_assert_mem_eq(results, first, sizeof first);
        }
    }
}
END_TEST

#define CK_INTEGER_SCAN(type, wide, element)                                           \
    do {                                                                               \
        type x[100];                                                                   \
        wide results[100], prefix = (wide)-5, totals[3];                               \
        struct numeric_scan scan = {.is_exclusive = false};                            \
        for (int i = 0; i < 100; i++)                                                  \
            x[i] = (type)base_random_next(&random);                                    \
        for (unsigned kind = 0; kind < 3; kind++) {                                    \
            wide expected = prefix;                                                    \
            numeric_scan_block(isa_of(0), kind, element, &scan, &prefix, x, 100,       \
                               results);                                               \
            for (int i = 0; i < 100; i++) {                                            \
                wide value = (wide)x[i];                                               \
                if (kind == NUMERIC_SCAN_SUM)                                          \
                    expected = (wide)((uint64_t)expected + (uint64_t)value);           \
                else if (kind == NUMERIC_SCAN_MINIMUM ? value < expected               \
                                                      : value > expected)              \
                    expected = value;                                                  \
                ck_assert(results[i] == expected);                                     \
            }                                                                          \
            numeric_scan_total(isa_of(1), kind, element, x, 100, &totals[kind]);       \
            wide whole = prefix;                                                       \
            numeric_scan_merge(kind, element)(&whole, &totals[kind], NULL);            \
            ck_assert(whole == expected);                                              \
        }                                                                              \
    } while (0)

START_TEST(integers_of_all_types)
{
    struct base_random random = {3};

    CK_INTEGER_SCAN(int32_t, int64_t, NUMERIC_INT32);
    CK_INTEGER_SCAN(int64_t, int64_t, NUMERIC_INT64);
    CK_INTEGER_SCAN(uint64_t, uint64_t, NUMERIC_UINT64);
}
END_TEST

START_TEST(extremes_of_reals)
{
    static const double x[] = {0.0, -0.0, 3, -2, INFINITY, -INFINITY, -NAN, 1};
    static const double lowest[] = {0.0, -0.0, -0.0, -2, -2, -INFINITY, NAN, NAN};
    static const double highest[] = {0.0, 0.0, 3, 3, INFINITY, INFINITY, NAN, NAN};
    struct numeric_scan scan = {.is_exclusive = false};
    double results[8];
    float small[8];

    for (int i = 0; i < 8; i++)
        small[i] = (float)x[i];
    numeric_scan_block(isa_of(0), NUMERIC_SCAN_MINIMUM, NUMERIC_DOUBLE, &scan, NULL, x,
                       8, results);
    ck_bits(results, lowest, 8);
    numeric_scan_block(isa_of(0), NUMERIC_SCAN_MAXIMUM, NUMERIC_DOUBLE, &scan, NULL, x,
                       8, results);
    ck_bits(results, highest, 8);
    numeric_scan_block(isa_of(0), NUMERIC_SCAN_MAXIMUM, NUMERIC_FLOAT, &scan, NULL,
                       small, 8, results);
    ck_bits(results, highest, 8);
    numeric_scan_block(isa_of(0), NUMERIC_SCAN_SUM, NUMERIC_FLOAT, &scan, NULL, small,
                       8, results);
    ck_bits(results + 2, &x[2], 1);
    ck_assert_uint_eq(numeric_bits_of(results[7]), NUMERIC_NAN_BITS);
}
END_TEST

/* A total may be what the next block's exclusive results begin with. */
START_TEST(totals_have_the_one_nan)
{
    static const enum numeric_scan_kind kinds[] = {
        NUMERIC_SCAN_SUM, NUMERIC_SCAN_MINIMUM, NUMERIC_SCAN_MAXIMUM};
    static const double made[] = {INFINITY, -INFINITY}, given[] = {-NAN};
    static const float small[] = {-NAN};
    double total;

    for (int i = 0; i < 4; i++) {
        numeric_scan_total(isa_of(i), NUMERIC_SCAN_SUM, NUMERIC_DOUBLE, made, 2,
                           &total);
        ck_assert_uint_eq(numeric_bits_of(total), NUMERIC_NAN_BITS);
        for (int k = 0; k < 3; k++) {
            numeric_scan_total(isa_of(i), kinds[k], NUMERIC_DOUBLE, given, 1, &total);
            ck_assert_uint_eq(numeric_bits_of(total), NUMERIC_NAN_BITS);
            numeric_scan_total(isa_of(i), kinds[k], NUMERIC_FLOAT, small, 1, &total);
            ck_assert_uint_eq(numeric_bits_of(total), NUMERIC_NAN_BITS);
        }
    }
}
END_TEST

CHECK_MAIN("kernel scan",
           sums_have_the_shape_defined,
           sums_of_pairs_have_the_shape_defined,
           sums_of_pairs_of_floats,
           sums_of_pairs_at_the_edges,
           pairs_lose_less,
           cuts_change_no_prefix,
           integers_of_all_types,
           extremes_of_reals,
           totals_have_the_one_nan)
