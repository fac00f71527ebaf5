/* seeds: 2 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/check_main.h"
#include "support/levels.h"
#include "support/scene.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

/* Weights by so many bins that not all are done at a time; and by a few, into which so
 * much goes that plain sums lose it. */

/* ---- more than fits at a time ---------------------------------------------------- */

/* Bins of which none is sure, and more than there is room for accumulators, nor for the
 * sums of all blocks. */
enum { MANY_BINS = 20011, EACH = 4 };

static struct {
    int n_done, n_ranks;
} seen;

/* What is lost of the third is lost a second time. */
static double weight_of(int64_t i)
{
    const double weights[EACH] = {1e300, (double)(1 + i % MANY_BINS), 1e-300, -1e300};

    return weights[i / MANY_BINS];
}

static troupe_status many_body(troupe_actor *self)
{
    const troupe_array_options shape = {.element = TROUPE_DOUBLE,
                                        .length = (int64_t)MANY_BINS * EACH,
                                        .block_length = 512};
    const troupe_bins bins = {-0.5, MANY_BINS - 0.5, MANY_BINS};
    size_t n_places = MANY_BINS + TROUPE_BINS_EXTRA;
    double *sums = troupe_alloc(self, n_places * sizeof *sums);
    troupe_array_part part;
    troupe_array x, weights;

    EXPECT_OK(troupe_array_create(self, troupe_rank_team(self), &shape, &x));
    EXPECT_OK(troupe_array_create(self, troupe_rank_team(self), &shape, &weights));
    part = troupe_array_mine(self, x);
    for (int64_t i = 0; i < part.n_elements; i++) {
        int64_t at = part.first + i;

        ((double *)part.data)[i] = (double)(at % MANY_BINS);
        ((double *)troupe_array_mine(self, weights).data)[i] = weight_of(at);
    }
    for (int i = 0; i < N_LEVELS; i++) {
        EXPECT_OK(troupe_histogram_weighted(self, x, weights, bins, levels[i], sums));
        for (int64_t bin = 0; bin < MANY_BINS && i > 0; bin++)
            EXPECT(sums[bin] == (double)(1 + bin));
        EXPECT(sums[MANY_BINS] == 0);
    }
    seen.n_done++;
    seen.n_ranks = troupe_n_ranks(self);
    return TROUPE_OK;
}
TROUPE_PROCESS(many, many_body);

static void check_many(void)
{
    EXPECT(seen.n_ranks >= 2);
    EXPECT_INT(seen.n_done, seen.n_ranks);
}

/* The check does it again with less room. */
START_TEST(more_bins_than_accumulators)
{
    setenv("TROUPE_CHECK", "1", 1);
    scene_play(&(struct scene){.main = &many,
                               .n_ranks = 2,
                               .seen = &seen,
                               .seen_bytes = sizeof seen,
                               .check = check_many});
}
END_TEST

/* ---- more than there is memory for ----------------------------------------------- */

enum { TOO_MANY_BINS = 1 << 26 };

/* From here on the process gets hardly any. */
static void end_memory(struct rlimit *before)
{
    enum { PAGE_BYTES = 4096, SOME_BYTES = 64 << 20 };
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long n_pages = 0;
    struct rlimit now;

    EXPECT(file && fscanf(file, "%lu", &n_pages) == 1);
    fclose(file);
    EXPECT(getrlimit(RLIMIT_AS, before) == 0);
    now = (struct rlimit){n_pages * PAGE_BYTES + SOME_BYTES, before->rlim_max};
    EXPECT(setrlimit(RLIMIT_AS, &now) == 0);
}

static troupe_status too_many_body(troupe_actor *self)
{
    const troupe_array_options shape = {.element = TROUPE_DOUBLE, .length = 100};
    const troupe_bins bins = {0, 1, TOO_MANY_BINS};
    double *sums = calloc(TOO_MANY_BINS + TROUPE_BINS_EXTRA, sizeof *sums);
    struct rlimit before;
    troupe_array x;

    EXPECT(sums != NULL);
    sums[0] = 42;
    EXPECT_OK(troupe_array_create(self, troupe_rank_team(self), &shape, &x));
    EXPECT_OK(troupe_barrier(self, troupe_rank_team(self)));
    end_memory(&before);
    for (int i = 0; i < N_LEVELS; i++)
        EXPECT_STATUS(troupe_histogram_weighted(self, x, x, bins, levels[i], sums),
                      TROUPE_NO_MEMORY);
    EXPECT(setrlimit(RLIMIT_AS, &before) == 0);
    EXPECT(sums[0] == 42);
    free(sums);
    seen.n_done++;
    seen.n_ranks = troupe_n_ranks(self);
    return TROUPE_OK;
}
TROUPE_PROCESS(too_many, too_many_body);

START_TEST(more_bins_than_memory)
{
    const char *sanitizers = getenv("TROUPE_SANITIZE");

    if (sanitizers && *sanitizers)
        return; /* they map more than any limit */
    scene_play(&(struct scene){.main = &too_many,
                               .n_ranks = 3,
                               .seen = &seen,
                               .seen_bytes = sizeof seen,
                               .check = check_many});
}
END_TEST

/* ---- how near the levels come ---------------------------------------------------- */

static troupe_status near_body(troupe_actor *self)
{
    enum { N = 4000 };
    const troupe_array_options shape = {
        .element = TROUPE_DOUBLE, .length = N, .block_length = 64};
    const troupe_bins bins = {0, 1, 2};
    double sums[N_LEVELS][2 + TROUPE_BINS_EXTRA];
    troupe_array x, weights;
    troupe_array_part part;

    EXPECT_OK(troupe_array_create(self, troupe_rank_team(self), &shape, &x));
    EXPECT_OK(troupe_array_create(self, troupe_rank_team(self), &shape, &weights));
    part = troupe_array_mine(self, weights);
    for (int64_t i = 0; i < part.n_elements; i++)
        ((double *)part.data)[i] = part.first + i == 0       ? 1e18
                                   : part.first + i == N - 1 ? -1e18
                                                             : 1;
    for (int i = 0; i < N_LEVELS; i++)
        EXPECT_OK(
            troupe_histogram_weighted(self, x, weights, bins, levels[i], sums[i]));
    EXPECT(fabs(sums[0][0] - (N - 2)) >= 32);
    EXPECT(sums[1][0] == N - 2);
    EXPECT(sums[2][0] == N - 2);
    return TROUPE_OK;
}
TROUPE_PROCESS(near_process, near_body);

START_TEST(twice_the_precision_is_nearer)
{
    scene_play(&(struct scene){.main = &near_process, .n_ranks = 3});
}
END_TEST

CHECK_MAIN("kernel weigh many",
           more_bins_than_accumulators,
           more_bins_than_memory,
           twice_the_precision_is_nearer)
