/* SPDX-License-Identifier: BSD-3-Clause */
/* Weights by bins at level EXACT, by accumulators and by sums that may be sure, against
 * MPFR. Without it the program says so and is skipped. */
#include <stdio.h>

#ifndef TEST_HAVE_MPFR
int main(void)
{
    puts("skipped: built without MPFR");
    return 77;
}
#else

#include "by_mpfr.h"
#include "data.h"
#include "numeric/histogram.h"
#include "support/check_main.h"

enum { N_BINS = 5, N_SLOTS = N_BINS + NUMERIC_EXTRA_SLOTS };

static struct numeric_bins five_bins(void)
{
    struct numeric_bins bins;

    ck_assert(numeric_bins_init(&bins, -0.5, 0.5, N_BINS) == TROUPE_OK);
    return bins;
}

static void
weigh_exactly(const double *x, const double *weights, int64_t n, double *sums)
{
    struct numeric_exact exacts[N_SLOTS];
    struct numeric_bins bins = five_bins();
    uint32_t numbers[N_SLOTS];

    for (int i = 0; i < N_SLOTS; i++)
        numbers[i] = (uint32_t)(N_SLOTS - i);
    /* Three at a time: 1 to 3, and so on. */
    for (uint32_t first = 1; first <= N_SLOTS; first += 3) {
        uint32_t n_sums = N_SLOTS + 1 - first < 3 ? N_SLOTS + 1 - first : 3;
        struct numeric_chosen chosen = {numbers, first, n_sums, exacts};

        for (uint32_t i = 0; i < n_sums; i++)
            numeric_exact_init(&exacts[i]);
        numeric_histogram_weigh_exact(numeric_isa_choose(NULL), &bins, x, weights, n,
                                      &chosen);
        for (uint32_t i = 0; i < n_sums; i++)
            sums[N_SLOTS - first - i] = numeric_exact_round(&exacts[i]);
    }
}

/* How many are sure, of which no one is wrong. */
static int
compare_sure(const double *x, const double *weights, int64_t n, const double *sums)
{
    struct numeric_bins bins = five_bins();
    struct numeric_sure sures[N_SLOTS];
    int n_sure = 0;
    double sum;

    for (int i = 0; i < N_SLOTS; i++)
        sures[i] = numeric_sure_make();
    numeric_histogram_weigh_sure(numeric_isa_choose(NULL), &bins, x, weights, n, sures);
    for (int i = 0; i < N_SLOTS; i++) {
        if (!numeric_sure_round(&sures[i], &sum))
            continue;
        n_sure++;
        ck_assert_uint_eq(numeric_bits_of(sum), numeric_bits_of(sums[i]));
    }
    return n_sure;
}

static void shuffle(double *x, double *weights, int64_t n, struct base_random *random)
{
    for (int64_t i = n - 1; i > 0; i--) {
        int64_t j = base_random_below(random, (uint32_t)i + 1);
        double both[] = {x[i], weights[i]};

        x[i] = x[j];
        weights[i] = weights[j];
        x[j] = both[0];
        weights[j] = both[1];
    }
}

START_TEST(exact_sums_in_any_order)
{
    struct base_random random = {5};
    double x[200], weights[200], first[N_SLOTS], sums[N_SLOTS];
    int n_sure = 0;

    for (int round = 0; round < 1000; round++) {
        int64_t n = base_random_below(&random, 200);

        data_fill(x, n, round % 9 ? DATA_UNIFORM : DATA_EXTREME, &random);
        data_fill(weights, n, (enum data_kind)(round % DATA_N_KINDS), &random);
        weigh_exactly(x, weights, n, first);
        n_sure += compare_sure(x, weights, n, first);
        shuffle(x, weights, n, &random);
        weigh_exactly(x, weights, n, sums);
        ck_assert_mem_eq(sums, first, sizeof sums);
        (void)compare_sure(x, weights, n, first);
    }
    ck_assert_int_gt(n_sure, 1000);
    ck_assert_int_lt(n_sure, 1000 * N_SLOTS - 500);
}
END_TEST

START_TEST(exact_sums_are_those_of_mpfr)
{
    struct base_random random = {6};
    struct numeric_bins bins = five_bins();
    double x[60], weights[60], of_slot[60], sums[N_SLOTS];

    for (int round = 0; round < 5000; round++) {
        int64_t n = base_random_below(&random, 60);

        data_fill(x, n, DATA_UNIFORM, &random);
        hostile(weights, n, &random);
        weigh_exactly(x, weights, n, sums);
        (void)compare_sure(x, weights, n, sums);
        for (int slot = 0; slot < N_SLOTS; slot++) {
            int64_t n_here = 0;

            for (int64_t i = 0; i < n; i++)
                if (numeric_bins_slot(&bins, x[i]) == slot)
                    of_slot[n_here++] = weights[i];
            ck_assert_uint_eq(numeric_bits_of(sums[slot]),
                              numeric_bits_of(by_mpfr(of_slot, NULL, n_here)));
        }
    }
}
END_TEST

CHECK_MAIN("kernel histogram exact",
           exact_sums_in_any_order,
           exact_sums_are_those_of_mpfr)
#endif
