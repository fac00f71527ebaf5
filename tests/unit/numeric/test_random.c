/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/compiler.h"
#include "data.h"
#include "numeric/random.h"
#include "support/check_main.h"

#ifdef TEST_HAVE_RANDOM123
#include <Random123/philox.h>
#endif

enum { N = 1000000 };

static const struct numeric_isa *isas[4];
static int n_isas;

/* Of Random123's tests/kat_vectors, philox4x32 with 10 rounds. */
static const struct {
    uint32_t counter[4], key[2], result[4];
} known[] = {
    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
     {0xffffffff, 0xffffffff},
     {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xa4093822, 0x299f31d0},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

static uint64_t joined(uint32_t lower, uint32_t upper)
{
    return lower | (uint64_t)upper << 32;
}

START_TEST(known_answers)
{
    for (size_t i = 0; i < ARRAY_LENGTH(known); i++) {
        const uint32_t *counter = known[i].counter, *result = known[i].result;
        struct numeric_random random = {joined(known[i].key[0], known[i].key[1]),
                                        counter[3]};
        uint64_t index = joined(counter[0], counter[1]), low[16], high[16];
        struct numeric_random_bits bits =
            numeric_random_at(&random, (int64_t)index, counter[2]);
        ck_assert_uint_eq(bits.low, joined(result[0], result[1]));
        ck_assert_uint_eq(bits.high, joined(result[2], result[3]));
        for (int v = 0; v < n_isas; v++) {
            isas[v]->philox(random.seed, random.stream, counter[2], index, 16, low,
                            high);
            ck_assert_uint_eq(low[0], bits.low);
            ck_assert_uint_eq(high[0], bits.high);
        }
    }
}
END_TEST

/* Where the index passes 2^32, and from there on. */
START_TEST(vectors_agree_with_single_values)
{
    struct numeric_random random = {UINT64_C(0x123456789abcdef0), 77};
    uint64_t first = UINT64_C(0xfffffffa), low[64], high[64];

    for (int v = 0; v < n_isas; v++) {
        isas[v]->philox(random.seed, random.stream, 3, first, 64, low, high);
        for (int i = 0; i < 64; i++) {
            struct numeric_random_bits bits =
                numeric_random_at(&random, (int64_t)first + i, 3);
            ck_assert_uint_eq(low[i], bits.low);
            ck_assert_uint_eq(high[i], bits.high);
        }
    }
}
END_TEST

#ifdef TEST_HAVE_RANDOM123
START_TEST(random123_agrees)
{
    struct base_random source = {1};

    for (int i = 0; i < 10000; i++) {
        uint64_t seed = base_random_next(&source), index = base_random_next(&source);
        uint64_t rest = base_random_next(&source);
        philox4x32_ctr_t counter = {{(uint32_t)index, (uint32_t)(index >> 32),
                                     (uint32_t)rest, (uint32_t)(rest >> 32)}};
        philox4x32_key_t key = {{(uint32_t)seed, (uint32_t)(seed >> 32)}};
        philox4x32_ctr_t result = philox4x32(counter, key);
        struct numeric_random random = {seed, (uint32_t)(rest >> 32)};
        struct numeric_random_bits bits =
            numeric_random_at(&random, (int64_t)index, (uint32_t)rest);
        if (bits.low != joined(result.v[0], result.v[1]) ||
            bits.high != joined(result.v[2], result.v[3]))
            ck_abort_msg("counter %d differs", i);
    }
}
END_TEST
#define AND_RANDOM123 random123_agrees,
#else
#define AND_RANDOM123
#endif

/* Any cut, any instruction set: element i is element i. */
START_TEST(an_element_depends_on_its_index_alone)
{
    struct numeric_random random = {42, 1};
    double uniform[1000], normal[1000], some[1000];
    int64_t integers[1000], some_integers[1000];

    numeric_random_uniform(isas[0], &random, 500, 1000, uniform);
    numeric_random_normal(isas[0], &random, 500, 1000, normal);
    numeric_random_integers(isas[0], &random, 500, 1000, -3, 1000, integers);
    for (int v = 0; v < n_isas; v++)
        for (int64_t first = 0; first < 1000; first += 137) {
            int64_t n = 1000 - first < 300 ? 1000 - first : 300;
            size_t size_bytes = (size_t)n * 8;
            numeric_random_uniform(isas[v], &random, 500 + first, n, some);
            ck_assert_mem_eq(some, uniform + first, size_bytes);
            numeric_random_normal(isas[v], &random, 500 + first, n, some);
            ck_assert_mem_eq(some, normal + first, size_bytes);
            numeric_random_integers(isas[v], &random, 500 + first, n, -3, 1000,
                                    some_integers);
            ck_assert_mem_eq(some_integers, integers + first, size_bytes);
        }
    for (int64_t i = 0; i < 1000; i++) {
        struct numeric_random_bits bits = numeric_random_at(&random, 500 + i, 0);
        ck_assert_double_eq(uniform[i], (double)(bits.low >> 11) * 0x1p-53);
    }
}
END_TEST

/* The cosine of bits 2^-64 of a turn; quarters are taken off first, or the rounding of
 * the angle would show near zeros. */
static long double cosine(uint64_t bits)
{
    const long double turn = 6.283185307179586476925286766559005768L;
    uint64_t quarter = (bits + (UINT64_C(1) << 61)) >> 62;
    long double angle =
        turn * ((long double)(int64_t)(bits - (quarter << 62)) * 0x1p-64L);

    switch (quarter % 4) {
    case 0:
        return cosl(angle);
    case 1:
        return -sinl(angle);
    case 2:
        return -cosl(angle);
    default:
        return sinl(angle);
    }
}

/* By libm in long double, from the same bits. */
START_TEST(normals_are_accurate)
{
    struct numeric_random random = {7, 0};
    static double values[100000];
    double worst = 0;

    numeric_random_normal(isas[n_isas - 1], &random, 0, 100000, values);
    for (int64_t i = 0; i < 100000; i++) {
        struct numeric_random_bits bits = numeric_random_at(&random, i, 0);
        long double u = ((long double)(bits.low >> 12) + 0.5L) * 0x1p-52L;
        /* As random.h says: the bits of v that count, and half of the last of them. */
        uint64_t kept = (bits.high & ~UINT64_C(0x3ff)) + 0x200;
        long double value = sqrtl(-2 * logl(u)) * cosine(kept);
        double error = (double)fabsl((value - (long double)values[i]) / value);
        worst = error > worst ? error : worst;
    }
    ck_assert_double_lt(worst, 1e-15);
}
END_TEST

/* The ends of the range of both halves: u next to 0 and 1, v at the quarters. */
START_TEST(normals_at_the_ends)
{
    const uint64_t low[16] = {0, UINT64_MAX, 0, 0, 0, UINT64_C(1) << 63};
    const uint64_t high[16] = {0,
                               0,
                               UINT64_C(1) << 62,
                               UINT64_C(1) << 63,
                               UINT64_C(3) << 62,
                               UINT64_C(1) << 63};
    double first[16], values[16];

    isas[0]->normal(low, high, 16, first);
    ck_assert_double_eq_tol(first[0], sqrt(2 * 53 * log(2)), 1e-14);
    ck_assert_double_eq_tol(first[1], 0x1p-26, 1e-22);
    ck_assert_double_eq_tol(first[2], 0, 1e-14);
    ck_assert_double_eq_tol(first[3], -first[0], 1e-14);
    ck_assert_double_eq_tol(first[4], 0, 1e-14);
    ck_assert_double_eq_tol(first[5], -sqrt(2 * log(2)), 1e-15);
    for (int v = 0; v < n_isas; v++) {
        isas[v]->normal(low, high, 16, values);
        ck_assert_mem_eq(values, first, sizeof first);
    }
}
END_TEST

/* Five standard deviations of each of the estimates. */
START_TEST(normals_are_normal)
{
    static double x[N];
    struct numeric_random random = {11, 2};
    double power[5] = {0};
    int n_beyond[5] = {0};

    numeric_random_normal(isas[n_isas - 1], &random, 0, N, x);
    for (int64_t i = 0; i < N; i++) {
        for (int p = 1; p < 5; p++)
            power[p] += pow(x[i], p) / N;
        for (int b = 1; b < 5; b++)
            n_beyond[b] += fabs(x[i]) > b;
    }
    ck_assert_double_eq_tol(power[1], 0, 5 * sqrt(1.0 / N));
    ck_assert_double_eq_tol(power[2], 1, 5 * sqrt(2.0 / N));
    ck_assert_double_eq_tol(power[3], 0, 5 * sqrt(15.0 / N));
    ck_assert_double_eq_tol(power[4], 3, 5 * sqrt(96.0 / N));
    for (int b = 1; b < 5; b++) {
        double expected = N * erfc(b / sqrt(2));
        ck_assert_double_eq_tol(n_beyond[b], expected, 5 * sqrt(expected));
    }
}
END_TEST

START_TEST(uniforms_and_integers_are_even)
{
    static double x[N];
    static int64_t k[N];
    struct numeric_random random = {12, 3};
    int n_in_bin[16] = {0}, n_of_value[7] = {0};

    numeric_random_uniform(isas[n_isas - 1], &random, 0, N, x);
    numeric_random_integers(isas[n_isas - 1], &random, 0, N, -3, 3, k);
    for (int64_t i = 0; i < N; i++) {
        /* Few ck_asserts in what runs often: each costs a system call. */
        if (!(x[i] >= 0 && x[i] < 1 && k[i] >= -3 && k[i] <= 3))
            ck_abort_msg("%g, %d", x[i], (int)k[i]);
        n_in_bin[(int)(x[i] * 16)]++;
        n_of_value[k[i] + 3]++;
    }
    for (int b = 0; b < 16; b++)
        ck_assert_double_eq_tol(n_in_bin[b], N / 16.0, 5 * sqrt(N / 16.0));
    for (int b = 0; b < 7; b++)
        ck_assert_double_eq_tol(n_of_value[b], N / 7.0, 5 * sqrt(N / 7.0));
}
END_TEST

START_TEST(the_widest_and_narrowest_ranges_of_integers)
{
    struct numeric_random random = {13, 0};
    int64_t values[100];
    bool some_below = false, some_above = false;

    numeric_random_integers(isas[0], &random, 0, 100, INT64_MIN, INT64_MAX, values);
    for (int i = 0; i < 100; i++) {
        some_below = some_below || values[i] < -(INT64_C(1) << 61);
        some_above = some_above || values[i] > INT64_C(1) << 61;
    }
    ck_assert(some_below && some_above);
    numeric_random_integers(isas[0], &random, 0, 100, INT64_MAX, INT64_MAX, values);
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(values[i], INT64_MAX);
}
END_TEST

static __attribute__((constructor)) void list_isas(void)
{
    n_isas = numeric_isa_list(isas);
}

CHECK_MAIN("kernel random",
           known_answers,
           vectors_agree_with_single_values,
           AND_RANDOM123 an_element_depends_on_its_index_alone,
           normals_are_accurate,
           normals_at_the_ends,
           normals_are_normal,
           uniforms_and_integers_are_even,
           the_widest_and_narrowest_ranges_of_integers)
