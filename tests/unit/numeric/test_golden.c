/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bits that must not change from compiler to compiler, machine to machine and version
 * to version: what they are computed from is frozen (see tree.h, scan.h, random.h).
 * They were found with this code; other tests say that it computes what it should.
 */
#include "data.h"
#include "numeric/exact.h"
#include "numeric/random.h"
#include "numeric/scan.h"
#include "support/check_main.h"

enum { N = 1000000, N_HOSTILE = 20011 };

static const struct numeric_isa *isas[4];
static int n_isas;

/* FNV-1a over 64-bit words. */
static uint64_t hash(const void *values, int64_t n)
{
    uint64_t state = UINT64_C(0xcbf29ce484222325);

    for (int64_t i = 0; i < n; i++) {
        uint64_t word;
        memcpy(&word, (const char *)values + 8 * i, 8);
        state = (state ^ word) * UINT64_C(0x100000001b3);
    }
    return state;
}

/* Without libm, so that the numbers are the same everywhere. */
static void fill_hostile(double *x, int64_t n)
{
    struct base_random random = {99};

    for (int64_t i = 0; i < n; i++) {
        uint64_t bits = base_random_next(&random);
        uint64_t field = 1023 - 60 + (bits >> 52 & 2047) % 120;
        x[i] =
            numeric_from_bits((bits & (UINT64_C(1) << 63)) | field << 52 | bits >> 12);
    }
}

enum {
    SUM,
    SUM_DD,
    DOT_DD,
    MOMENTS,
    SCAN,
    SCAN_DD,
    UNIFORM,
    NORMAL,
    INTEGERS,
    N_RESULTS
};

static void compute(const struct numeric_isa *isa, const double *x, uint64_t *results)
{
    static double values[N_HOSTILE];
    static int64_t integers[N_HOSTILE];
    struct numeric_terms sum = {isa, NUMERIC_SUM_DOUBLE, x, NULL};
    struct numeric_terms dot = {isa, NUMERIC_DOT_DOUBLE, x, x + 3};
    struct numeric_scan scan = {.is_exclusive = false};
    const struct numeric_dd prefix = {x[0], x[1]};
    struct numeric_random random = {2026, 1};
    struct numeric_moments moments;
    struct numeric_lanes lanes;
    struct numeric_lanes_dd lanes_dd;

    numeric_lanes_node(&sum, N_HOSTILE, false, &lanes);
    results[SUM] = numeric_bits_of(numeric_lanes_finish(&lanes));
    numeric_lanes_node(&sum, N_HOSTILE, true, &lanes_dd);
    results[SUM_DD] = numeric_bits_of(numeric_lanes_dd_finish(&lanes_dd));
    numeric_lanes_node(&dot, N_HOSTILE - 3, true, &lanes_dd);
    results[DOT_DD] = numeric_bits_of(numeric_lanes_dd_finish(&lanes_dd));
    numeric_moments_block(isa, x, N_HOSTILE, &moments);
    results[MOMENTS] = numeric_bits_of(moments.mean) ^ numeric_bits_of(moments.squares);
    numeric_scan_block(isa, NUMERIC_SCAN_SUM, NUMERIC_DOUBLE, &scan, x, x, N_HOSTILE,
                       values);
    results[SCAN] = hash(values, N_HOSTILE);
    numeric_scan_block_dd(isa, NUMERIC_DOUBLE, &scan, &prefix, x, N_HOSTILE, values);
    results[SCAN_DD] = hash(values, N_HOSTILE);
    numeric_random_uniform(isa, &random, 0, N_HOSTILE, values);
    results[UNIFORM] = hash(values, N_HOSTILE);
    numeric_random_normal(isa, &random, 0, N_HOSTILE, values);
    results[NORMAL] = hash(values, N_HOSTILE);
    numeric_random_integers(isa, &random, 0, N_HOSTILE, -7, 1000000, integers);
    results[INTEGERS] = hash(integers, N_HOSTILE);
}

START_TEST(frozen_bits)
{
    static const uint64_t expected[N_RESULTS] = {
        [SUM] = UINT64_C(0xc407cda2c37c3e18),
        [SUM_DD] = UINT64_C(0xc407cda2c37c3e18),
        [DOT_DD] = UINT64_C(0xc763821da96a095b),
        [MOMENTS] = UINT64_C(0x84c250cf3c6f4c5a),
        [SCAN] = UINT64_C(0x2082375eb83c3bab),
        [SCAN_DD] = UINT64_C(0x88039faf985c6a58),
        [UNIFORM] = UINT64_C(0x00d19b71ab0eedba),
        [NORMAL] = UINT64_C(0x2f6e509a6d649eb5),
        [INTEGERS] = UINT64_C(0x899382efda092d17),
    };
    static double x[N_HOSTILE];
    uint64_t results[N_RESULTS];

    fill_hostile(x, N_HOSTILE);
    for (int v = 0; v < n_isas; v++) {
        compute(isas[v], x, results);
        for (int r = 0; r < N_RESULTS; r++)
            ck_assert_msg(results[r] == expected[r], "result %d is 0x%llx on %s", r,
                          (unsigned long long)results[r], isas[v]->name);
    }
}
END_TEST

/* Of the numbers whose plain sum P4016R0 publishes, the double-double sum is exact. */
START_TEST(double_double_rounds_like_exact)
{
    static double x[N];
    struct numeric_exact exact;
    struct numeric_lanes_dd lanes;

    data_golden(x, N);
    for (int v = 0; v < n_isas; v++) {
        struct numeric_terms terms = {isas[v], NUMERIC_SUM_DOUBLE, x, NULL};
        numeric_lanes_node(&terms, N, true, &lanes);
        numeric_exact_init(&exact);
        numeric_exact_add(&exact, NULL, &terms, N);
        ck_assert_uint_eq(numeric_bits_of(numeric_lanes_dd_finish(&lanes)),
                          numeric_bits_of(numeric_exact_round(&exact)));
    }
}
END_TEST

static __attribute__((constructor)) void list_isas(void)
{
    n_isas = numeric_isa_list(isas);
}

CHECK_MAIN("kernel golden", frozen_bits, double_double_rounds_like_exact)
