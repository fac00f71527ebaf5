/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/compiler.h"
#include "data.h"
#include "numeric/reduce.h"
#include "support/check_main.h"

/* Filled before any test runs. */
static const struct numeric_isa *isas[4];
static int n_isas;

/* ---- the definition, as plainly as it can be said ----------------------------------
 */

/* Pairs, then pairs of pairs; an odd one goes up as it is. */
static double pairwise(double *values, int64_t n)
{
    for (; n > 1; n = (n + 1) / 2)
        for (int64_t i = 0; i < n; i += 2)
            values[i / 2] = i + 1 < n ? values[i] + values[i + 1] : values[i];
    return values[0];
}

static double defined_sum(const double *x, int64_t n)
{
    double lanes[NUMERIC_LANES], *column = malloc((size_t)(n + 1) * sizeof(double));
    int n_lanes = 0;

    for (int64_t lane = 0; lane < NUMERIC_LANES && lane < n; lane++) {
        int64_t n_rows = 0;
        for (int64_t i = lane; i < n; i += NUMERIC_LANES)
            column[n_rows++] = x[i];
        lanes[n_lanes++] = pairwise(column, n_rows);
    }
    free(column);
    return numeric_canonical(pairwise(lanes, n_lanes));
}

/* ---- what is tested ----------------------------------------------------------------
 */

static double finish(const struct numeric_carrier *carrier, bool is_dd)
{
    const void *root = numeric_carrier_value(carrier);

    ck_assert_ptr_nonnull(root);
    return is_dd ? numeric_lanes_dd_finish(root) : numeric_lanes_finish(root);
}

static double whole(const struct numeric_terms *terms, int64_t n, bool is_dd)
{
    struct numeric_tree tree = numeric_lanes_tree(n, is_dd);
    struct numeric_carrier carrier;

    ck_assert_int_eq(numeric_carrier_init(&carrier, &tree, 0), TROUPE_OK);
    ck_assert_int_eq(numeric_lanes_add(terms, n, &carrier), TROUPE_OK);
    double result = finish(&carrier, is_dd);
    numeric_carrier_fini(&carrier);
    return result;
}

static bool is_float(enum numeric_term term)
{
    return term == NUMERIC_SUM_FLOAT || term == NUMERIC_DOT_FLOAT;
}

static struct numeric_terms moved(const struct numeric_terms *terms, int64_t i)
{
    struct numeric_terms there = *terms;
    int64_t size = is_float(terms->term) ? 4 : 8;

    there.x = (const char *)terms->x + i * size;
    if (terms->y != NULL)
        there.y = (const char *)terms->y + i * size;
    return there;
}

enum { MAX_PARTS = 9 };

/* Parts of any number of rows, each in blocks of `block` elements, joined in random
 * order; each part on an instruction set of its own. */
static double in_parts(const struct numeric_terms *terms,
                       int64_t n,
                       bool is_dd,
                       int64_t block,
                       struct base_random *random)
{
    struct numeric_tree tree = numeric_lanes_tree(n, is_dd);
    struct numeric_carrier parts[MAX_PARTS];
    int n_parts = 1 + (int)base_random_below(random, MAX_PARTS);
    int64_t row = 0;

    for (int p = 0; p < n_parts; p++) {
        int64_t end =
            p == n_parts - 1
                ? tree.n_leaves
                : row + base_random_below(random, (uint32_t)(tree.n_leaves - row + 1));
        ck_assert(numeric_carrier_init(&parts[p], &tree, row) == TROUPE_OK);
        int64_t i = row * NUMERIC_LANES;
        int64_t i_end = end * NUMERIC_LANES < n ? end * NUMERIC_LANES : n;
        for (int64_t size; i < i_end; i += size) {
            struct numeric_terms there = moved(terms, i);
            size = i_end - i < block ? i_end - i : block;
            there.isa = isas[base_random_below(random, (uint32_t)n_isas)];
            if (numeric_lanes_add(&there, size, &parts[p]) != TROUPE_OK)
                ck_abort();
        }
        row = end;
    }
    while (n_parts > 1) {
        int p = (int)base_random_below(random, (uint32_t)n_parts - 1);
        if (numeric_carrier_join(&parts[p], &parts[p + 1]) != TROUPE_OK)
            ck_abort();
        numeric_carrier_fini(&parts[p + 1]);
        n_parts--;
        memmove(&parts[p + 1], &parts[p + 2],
                (size_t)(n_parts - p - 1) * sizeof parts[0]);
    }
    double result = finish(&parts[0], is_dd);
    numeric_carrier_fini(&parts[0]);
    return result;
}

#define ck_same_bits(a, b) ck_assert_uint_eq(numeric_bits_of(a), numeric_bits_of(b))

START_TEST(the_published_sum)
{
    enum { N = 1000000 };
    struct base_random random = {3};
    void *memory;
    double *x = data_room(N, 0, &memory);

    data_golden(x, N);
    for (int i = 0; i < n_isas; i++) {
        struct numeric_terms terms = {isas[i], NUMERIC_SUM_DOUBLE, x, NULL};
        ck_assert_uint_eq(numeric_bits_of(whole(&terms, N, false)),
                          UINT64_C(0x40618f71f6379380));
        for (int64_t block = 16; block < N; block = block * 3 + 16)
            ck_assert_uint_eq(
                numeric_bits_of(in_parts(&terms, N, false, block, &random)),
                UINT64_C(0x40618f71f6379380));
    }
    free(memory);
}
END_TEST

START_TEST(sums_of_all_lengths_follow_the_definition)
{
    struct base_random random = {4};
    void *memory;
    double *x = data_room(20011, 0, &memory);

    for (unsigned kind = 0; kind < DATA_N_KINDS; kind++)
        for (size_t l = 0; l < ARRAY_LENGTH(data_lengths); l++) {
            int64_t n = data_lengths[l];
            data_fill(x, n, kind, &random);
            for (int i = 0; i < n_isas; i++) {
                struct numeric_terms terms = {isas[i], NUMERIC_SUM_DOUBLE, x, NULL};
                ck_same_bits(whole(&terms, n, false), defined_sum(x, n));
            }
        }
    free(memory);
}
END_TEST

/* A copy at `offset` elements from an address that is a multiple of 64. */
static void *misplaced(
    const void *elements, int64_t n, enum numeric_term term, int offset, void **to_free)
{
    size_t size = is_float(term) ? sizeof(float) : sizeof(double);
    char *copy = data_room(n, offset, to_free);

    copy -= (size_t)offset * (8 - size);
    memcpy(copy, elements, (size_t)n * size);
    return copy;
}

/* Cuts, blocks, alignment and instruction sets. */
static void compare(enum numeric_term term,
                    enum data_kind kind,
                    int64_t n,
                    struct base_random *random)
{
    void *memory_x, *memory_y;
    double *x = data_room(n, 0, &memory_x), *y = data_room(n, 0, &memory_y);

    data_fill(x, n, kind, random);
    data_fill(y, n, kind, random);
    if (is_float(term)) {
        for (int64_t i = 0; i < n; i++) {
            ((float *)x)[i] = (float)x[i];
            ((float *)y)[i] = (float)y[i];
        }
    }
    for (int is_dd = 0; is_dd < 2; is_dd++) {
        struct numeric_terms terms = {isas[0], term, x, y};
        double expected = whole(&terms, n, is_dd);
        for (int offset = 0; offset < 8; offset++) {
            void *memory[2];
            terms.x = misplaced(x, n, term, offset, &memory[0]);
            terms.y = misplaced(y, n, term, offset * 3 % 8, &memory[1]);
            terms.isa = isas[base_random_below(random, (uint32_t)n_isas)];
            ck_same_bits(whole(&terms, n, is_dd), expected);
            int64_t block = 16 * (1 + (int64_t)base_random_below(random, 40));
            ck_same_bits(in_parts(&terms, n, is_dd, block, random), expected);
            free(memory[0]);
            free(memory[1]);
        }
    }
    free(memory_x);
    free(memory_y);
}

START_TEST(neither_cuts_nor_alignment_nor_processor_change_a_bit)
{
    struct base_random random = {5};
    for (unsigned term = 0; term < NUMERIC_N_TERMS; term++)
        for (unsigned kind = 0; kind < DATA_N_KINDS; kind++)
            for (size_t l = 0; l < ARRAY_LENGTH(data_lengths); l++)
                compare(term, kind, data_lengths[l], &random);
}
END_TEST

/* The comparison above must be able to fail: a sum of partial sums does. */
START_TEST(a_plain_sum_of_parts_differs)
{
    struct base_random random = {6};
    int n_kinds_that_differ = 0;
    double x[4097];

    for (unsigned kind = 0; kind < DATA_N_KINDS; kind++) {
        bool differs = false;
        data_fill(x, 4097, kind, &random);
        for (int64_t cut = 16; cut < 4097; cut += 400) {
            double sums[3] = {0};
            for (int64_t i = 0; i < 4097; i++) {
                sums[0] += x[i];
                sums[i < cut ? 1 : 2] += x[i];
            }
            differs = differs || sums[0] != sums[1] + sums[2];
        }
        n_kinds_that_differ += differs;
    }
    ck_assert_int_ge(n_kinds_that_differ, 4);
}
END_TEST

/* In double-double what cancels is not lost: 1e15 + 1e-1 - 1e15, many times. */
START_TEST(double_double_is_more_accurate)
{
    enum { N = 30000 };
    void *memory;
    double *x = data_room(N, 0, &memory);

    for (int64_t i = 0; i < N; i++)
        x[i] = i % 3 == 0 ? 1e15 : i % 3 == 1 ? -1e15 : 0.125;
    struct numeric_terms terms = {isas[n_isas - 1], NUMERIC_SUM_DOUBLE, x, NULL};
    ck_assert_double_eq(whole(&terms, N, true), 0.125 * (N / 3));
    for (int64_t i = 0; i < N; i++)
        x[i] = i % 2 == 0 ? 1 + 0x1p-30 : 1;
    terms = (struct numeric_terms){isas[n_isas - 1], NUMERIC_DOT_DOUBLE, x, x};
    /* (1 + e)^2 = 1 + 2e + e^2; the last term is beyond a double. */
    double exact = N + N * 0x1p-30 + N / 2 * 0x1p-60;
    ck_assert_double_eq(whole(&terms, N, true), exact);
    free(memory);
}
END_TEST

START_TEST(infinities_nans_and_zeros)
{
    static const struct {
        double first, second;
        uint64_t sum;
    } cases[] = {
        {INFINITY, 1, UINT64_C(0x7ff0000000000000)},
        {-INFINITY, 1, UINT64_C(0xfff0000000000000)},
        {INFINITY, -INFINITY, NUMERIC_NAN_BITS},
        {-NAN, 1, NUMERIC_NAN_BITS},
        {1e308, 1e308, UINT64_C(0x7ff0000000000000)},
        {-0.0, -0.0, UINT64_C(0x8000000000000000)},
        {-0.0, 0.0, 0},
        {1.0, -1.0, 0},
    };
    for (size_t c = 0; c < ARRAY_LENGTH(cases); c++)
        for (int64_t n = 2; n < 100; n += 31)
            for (int is_dd = 0; is_dd < 2; is_dd++)
                for (int i = 0; i < n_isas; i++) {
                    double x[100];
                    for (int64_t k = 0; k < n; k++)
                        x[k] = -0.0;
                    x[n / 3] = cases[c].first;
                    x[n - 1] = cases[c].second;
                    struct numeric_terms terms = {isas[i], NUMERIC_SUM_DOUBLE, x, NULL};
                    double sum = whole(&terms, n, is_dd);
                    ck_assert_uint_eq(numeric_bits_of(sum), cases[c].sum);
                }
}
END_TEST

START_TEST(integers_are_exact)
{
    int64_t x[1003];
    int32_t small[1003];
    numeric_wide sum = 0, natural_sum = 0, small_sum = 0;
    uint64_t dot = 0;
    struct base_random random = {8};

    for (int i = 0; i < 1003; i++) {
        x[i] = (int64_t)base_random_next(&random);
        small[i] = (int32_t)x[i];
        sum += x[i];
        natural_sum += (uint64_t)x[i];
        small_sum += small[i];
    }
    int64_t reversed[1003];
    for (int i = 0; i < 1003; i++) {
        reversed[i] = x[1002 - i];
        dot += (uint64_t)x[i] * (uint64_t)x[1002 - i];
    }
    for (int i = 0; i < n_isas; i++) {
        ck_assert(isas[i]->sum_integers(NUMERIC_INT64, x, 1003) == sum);
        ck_assert(isas[i]->sum_integers(NUMERIC_UINT64, x, 1003) == natural_sum);
        ck_assert(isas[i]->sum_integers(NUMERIC_INT32, small, 1003) == small_sum);
        ck_assert_uint_eq(isas[i]->dot_integers(NUMERIC_INT64, x, reversed, 1003), dot);
    }
}
END_TEST

START_TEST(moments_of_blocks_merge)
{
    enum { N = 10000, BLOCK = 512 };
    struct base_random random = {9};
    double x[N], mean = 0, squares = 0;
    struct numeric_moments first = {0};

    for (int i = 0; i < N; i++) {
        x[i] = 1e6 + data_unit(&random);
        mean += x[i] - 1e6;
    }
    mean = 1e6 + mean / N;
    for (int i = 0; i < N; i++)
        squares += (x[i] - mean) * (x[i] - mean);
    for (int v = 0; v < n_isas; v++) {
        struct numeric_moments all = {0};
        for (int i = 0; i < N; i += BLOCK) {
            struct numeric_moments block;
            int n = N - i < BLOCK ? N - i : BLOCK;
            numeric_moments_block(isas[v], x + i, n, &block);
            numeric_moments_merge(&all, &block, NULL);
        }
        ck_assert_int_eq(all.n_items, N);
        ck_assert_double_eq_tol(all.mean, mean, 1e-9);
        ck_assert_double_eq_tol(all.squares / squares, 1, 1e-11);
        if (v == 0)
            first = all;
        ck_same_bits(all.mean, first.mean);
        ck_same_bits(all.squares, first.squares);
    }
}
END_TEST

START_TEST(sets_are_chosen_by_name)
{
    ck_assert_str_eq(numeric_isa_choose("baseline")->name, "baseline");
    ck_assert_ptr_eq(numeric_isa_choose(NULL), isas[n_isas - 1]);
    ck_assert_ptr_eq(numeric_isa_choose(""), isas[n_isas - 1]);
    ck_assert_ptr_null(numeric_isa_choose("v5"));
    ck_assert_ptr_null(numeric_isa_choose("V3"));
    for (int i = 0; i < n_isas; i++)
        ck_assert_ptr_eq(numeric_isa_choose(isas[i]->name), isas[i]);
}
END_TEST

static __attribute__((constructor)) void list_isas(void)
{
    n_isas = numeric_isa_list(isas);
}

CHECK_MAIN("kernel reduce",
           the_published_sum,
           sums_of_all_lengths_follow_the_definition,
           neither_cuts_nor_alignment_nor_processor_change_a_bit,
           a_plain_sum_of_parts_differs,
           double_double_is_more_accurate,
           infinities_nans_and_zeros,
           integers_are_exact,
           moments_of_blocks_merge,
           sets_are_chosen_by_name)
