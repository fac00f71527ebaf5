/* seeds: 60 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/random.h"
#include "numeric/histogram.h"
#include "support/check_main.h"
#include "support/cuts.h"
#include "support/levels.h"
#include "support/sim_job.h"
#include "unit/numeric/data.h"
#include <stdlib.h>
#include <string.h>

/*
 * Weights by bins at each level, on any number of ranks with any cut and instruction
 * set: the same bits as on one rank, at TREE and TREE_DD as a plain loop and recursion
 * say, at EXACT those of an accumulator for each bin, and of any order of the elements.
 */

enum { MOST = 6000, MOST_RANKS = 8, MOST_BINS = 40 };
enum { MOST_PLACES = MOST_BINS + TROUPE_BINS_EXTRA };

struct sums {
    double of[N_LEVELS + 1][MOST_PLACES]; /* the last: EXACT of another order */
};

/* All ranks live in this process. */
static struct {
    uint64_t seed;
    int64_t length, block_length, n_blocks;
    troupe_bins bins;
    double x[MOST], weights[MOST];
    double other_x[MOST], other_weights[MOST]; /* in another order */
    struct sums sums;
    int n_done;
} now;

/* ---- the job --------------------------------------------------------------------- */

static troupe_status
make(troupe_actor *self, const int64_t *cuts, const double *all, troupe_array *array)
{
    const troupe_array_options options = {.element = TROUPE_DOUBLE,
                                          .length = now.length,
                                          .block_length = now.block_length,
                                          .cuts = cuts};
    troupe_array_part part;

    TROUPE_TRY(troupe_array_create(self, troupe_rank_team(self), &options, array));
    part = troupe_array_mine(self, *array);
    if (part.n_elements > 0)
        memcpy(part.data, all + part.first, (size_t)part.n_elements * sizeof *all);
    return TROUPE_OK;
}

static troupe_status body(troupe_actor *self)
{
    struct base_random random = {now.seed + 5};
    int64_t cuts[MOST_RANKS + 1];
    troupe_array x, weights, other_x, other_weights;
    double later[MOST_PLACES] = {0}; /* fewer may be bins */
    troupe_task task;

    cuts_draw(&random, troupe_n_ranks(self), now.n_blocks, cuts);
    TROUPE_TRY(make(self, cuts, now.x, &x));
    TROUPE_TRY(make(self, cuts, now.weights, &weights));
    TROUPE_TRY(make(self, cuts, now.other_x, &other_x));
    TROUPE_TRY(make(self, cuts, now.other_weights, &other_weights));
    TROUPE_TRY(troupe_histogram_weighted(self, other_x, other_weights, now.bins,
                                         troupe_later(TROUPE_EXACT, &task), later));
    for (int i = 0; i < N_LEVELS; i++)
        TROUPE_TRY(troupe_histogram_weighted(self, x, weights, now.bins, levels[i],
                                             now.sums.of[i]));
    TROUPE_TRY(troupe_task_wait(self, &task));
    memcpy(now.sums.of[N_LEVELS], later, sizeof later);
    now.n_done++;
    return TROUPE_OK;
}
TROUPE_PROCESS(main_process, body);

static const troupe_program program = {.main = &main_process};

static void draw_data(struct base_random *random)
{
    enum data_kind kind = (enum data_kind)(now.seed % DATA_N_KINDS);
    bool are_equal = base_random_below(random, 6) == 0; /* all in one bin */

    for (int64_t i = 0; i < now.length; i++) {
        now.x[i] = are_equal ? 0.25 : 1.2 * data_unit(random) - 0.1;
        if (base_random_below(random, 200) == 0)
            now.x[i] = NAN;
        now.weights[i] = data_value(kind, i, random);
        if (now.seed % 7 == 0 && base_random_below(random, 300) == 0)
            now.weights[i] = i % 3 ? INFINITY : i % 2 ? -INFINITY : NAN;
        if (now.seed % 8 == 5)
            now.weights[i] = base_random_below(random, 50) ? -0.0 : 0.0;
        now.other_x[i] = now.x[i];
        now.other_weights[i] = now.weights[i];
    }
    for (int64_t i = now.length - 1; i > 0; i--) {
        int64_t k = base_random_below(random, (uint32_t)i + 1);
        double both[] = {now.other_x[i], now.other_weights[i]};

        now.other_x[i] = now.other_x[k];
        now.other_weights[i] = now.other_weights[k];
        now.other_x[k] = both[0];
        now.other_weights[k] = both[1];
    }
}

static void begin(uint64_t seed, int n_ranks)
{
    struct base_random random = {seed * 91};
    const struct numeric_isa *list[4];
    int n_listed = numeric_isa_list(list);

    memset(&now, 0, sizeof now);
    now.seed = seed;
    now.length = base_random_below(&random, base_random_below(&random, 4) ? MOST : 60);
    now.block_length = 16 * (int64_t)(1 + base_random_below(&random, 20));
    now.n_blocks = (now.length + now.block_length - 1) / now.block_length;
    now.bins = (troupe_bins){0, 1, 1 + base_random_below(&random, MOST_BINS)};
    draw_data(&random);
    setenv("TROUPE_ISA", n_ranks == 1 ? "" : list[seed % (uint64_t)n_listed]->name, 1);
    setenv("TROUPE_CHECK", seed % 3 == 0 ? "1" : "0", 1);
}

/* ---- what is right --------------------------------------------------------------- */

struct two {
    double high, low;
};

static struct two add(struct two a, struct two b, bool is_dd)
{
    double s = a.high + b.high, t = s - a.high;
    double lost = (a.high - (s - t)) + (b.high - t);

    return (struct two){s, is_dd ? (a.low + b.low) + lost : 0};
}

static struct two of_block(int64_t block, int64_t place, bool is_dd)
{
    int64_t end = (block + 1) * now.block_length;
    struct two sum = {0, 0};
    struct numeric_bins bins;

    ck_assert(numeric_bins_init(&bins, now.bins.low, now.bins.high, now.bins.n_bins) ==
              TROUPE_OK);
    for (int64_t i = block * now.block_length; i < end && i < now.length; i++)
        if (numeric_bins_slot(&bins, now.x[i]) == place)
            sum = add(sum, (struct two){now.weights[i], 0}, is_dd);
    return sum;
}

/* Pairs of blocks, then pairs of pairs; an odd one goes up as it is. */
static double by_tree(int64_t place, bool is_dd)
{
    static struct two sums[MOST / 16 + 1];
    int64_t n = now.n_blocks;

    if (n == 0)
        return 0;
    for (int64_t i = 0; i < n; i++)
        sums[i] = of_block(i, place, is_dd);
    for (; n > 1; n = (n + 1) / 2)
        for (int64_t i = 0; i < n; i += 2)
            sums[i / 2] = i + 1 < n ? add(sums[i], sums[i + 1], is_dd) : sums[i];
    if (sums->low != 0 && isfinite(sums->high) && isfinite(sums->low))
        return sums->high + sums->low;
    return numeric_canonical(sums->high);
}

static double exactly(int64_t place)
{
    struct numeric_exact exact;
    struct numeric_bins bins;

    ck_assert(numeric_bins_init(&bins, now.bins.low, now.bins.high, now.bins.n_bins) ==
              TROUPE_OK);
    numeric_exact_init(&exact);
    for (int64_t i = 0; i < now.length; i++) {
        struct numeric_terms terms = {numeric_isa_choose(NULL), NUMERIC_SUM_DOUBLE,
                                      &now.weights[i], NULL};

        if (numeric_bins_slot(&bins, now.x[i]) == place)
            numeric_exact_add(&exact, NULL, &terms, 1);
    }
    return numeric_exact_round(&exact);
}

static const char *check_oracles(void)
{
    static const char *const wrong[] = {"TREE is wrong", "TREE_DD is wrong",
                                        "EXACT is wrong",
                                        "EXACT of another order is wrong"};

    for (int64_t place = 0; place < now.bins.n_bins + TROUPE_BINS_EXTRA; place++) {
        double exact = exactly(place);
        double wanted[] = {by_tree(place, false), by_tree(place, true), exact, exact};

        for (int i = 0; i <= N_LEVELS; i++)
            if (memcmp(&wanted[i], &now.sums.of[i][place], sizeof wanted[i]) != 0)
                return wrong[i];
    }
    return NULL;
}

static const char *check(uint64_t seed, int n_ranks, int exit_code)
{
    const char *wrong;

    if (exit_code != 0 || now.n_done != n_ranks)
        return "not all were done";
    wrong = check_oracles();
    return wrong ? wrong
                 : sim_job_alone(&program, seed, begin, &now.sums, sizeof now.sums);
}

START_TEST(same_bits_and_right)
{
    static const struct sim_job job = {&program, MOST_RANKS, begin, check};

    ck_assert_int_eq(sim_job_run(&job, 60), 0);
}
END_TEST

CHECK_MAIN("kernel weigh", same_bits_and_right)
