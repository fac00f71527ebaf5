/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/compiler.h"
#include "support/check_main.h"
#include "support/scene.h"
#include <stdlib.h>

/* Histograms of so many bins that members add them up in shares, and of somewhat fewer;
 * and such that become arrays. */

enum { LENGTH = 50001, MOST_BINS = 300007, MOST_RANKS = 4 };

static struct {
    int n_done;
} seen;

static int64_t value_of(int64_t i)
{
    return i % 99 == 5 ? 2 * MOST_BINS /* too high for any bin */ : i * i % 20021;
}

static uint64_t expected(int64_t n_bins, uint64_t *counts)
{
    for (int64_t bin = 0; bin < n_bins + TROUPE_BINS_EXTRA; bin++)
        counts[bin] = 0;
    for (int64_t i = 0; i < LENGTH; i++) {
        int64_t value = value_of(i);

        counts[value < n_bins ? value : value == n_bins ? n_bins - 1 : n_bins + 1]++;
    }
    return counts[n_bins + 1];
}

/* Where counts stand: evenly, all with the last member, or all but little with the
 * first. */
enum cut { EVEN, LAST, FIRST, N_CUTS };

static troupe_array make_counts(troupe_actor *self, int64_t n_bins, enum cut cut)
{
    enum { BLOCK = 512 };
    int n_members = troupe_n_ranks(self);
    int64_t length = n_bins + TROUPE_BINS_EXTRA;
    int64_t n_blocks = (length + BLOCK - 1) / BLOCK, cuts[MOST_RANKS + 1] = {0};
    troupe_array_options shape = {
        .element = TROUPE_UINT64, .length = length, .block_length = BLOCK};
    troupe_array counts;

    for (int i = 1; i < n_members; i++)
        cuts[i] = cut == LAST ? 0 : n_blocks - 1;
    cuts[n_members] = n_blocks;
    shape.cuts = cut == EVEN ? NULL : cuts;
    EXPECT_OK(troupe_array_create(self, troupe_rank_team(self), &shape, &counts));
    return counts;
}

static void count_into_array(troupe_actor *self,
                             troupe_array x,
                             troupe_bins bins,
                             const uint64_t *wanted)
{
    for (enum cut cut = EVEN; cut < N_CUTS; cut++) {
        troupe_array counts = make_counts(self, bins.n_bins, cut);
        troupe_array_part part = troupe_array_mine(self, counts);

        EXPECT_OK(troupe_histogram_spread(self, x, bins, TROUPE_TREE, counts));
        for (int64_t i = 0; i < part.n_elements; i++)
            EXPECT(((const uint64_t *)part.data)[i] == wanted[part.first + i]);
        troupe_array_destroy(self, &counts);
    }
}

/* Neither another length, nor other elements, nor x itself. */
static void refuse_others(troupe_actor *self, troupe_array x)
{
    const troupe_array_options others[] = {
        {.element = TROUPE_UINT64, .length = 10},
        {.element = TROUPE_UINT64, .length = 10 + TROUPE_BINS_EXTRA + 1},
        {.element = TROUPE_INT64, .length = 10 + TROUPE_BINS_EXTRA}};
    const troupe_bins bins = {0, 10, 10}, own = {0, 10, LENGTH - TROUPE_BINS_EXTRA};
    troupe_array counts;

    for (int i = 0; i < 3; i++) {
        EXPECT_OK(
            troupe_array_create(self, troupe_rank_team(self), &others[i], &counts));
        EXPECT_STATUS(troupe_histogram_spread(self, x, bins, TROUPE_TREE, counts),
                      TROUPE_INVALID);
        troupe_array_destroy(self, &counts);
    }
    EXPECT_STATUS(troupe_histogram_spread(self, x, own, TROUPE_TREE, x),
                  TROUPE_INVALID);
}

static troupe_status body(troupe_actor *self)
{
    /* Of the first two the members' own counts stand in the same large pages. */
    static const int64_t n_bins[] = {MOST_BINS, MOST_BINS - 7, 20011, 9000, 13};
    const troupe_array_options shape = {.length = LENGTH, .block_length = 16};
    size_t n_places = MOST_BINS + TROUPE_BINS_EXTRA;
    uint64_t *counts = troupe_alloc(self, 2 * n_places * sizeof *counts);
    troupe_array_part part;
    troupe_array x;

    EXPECT_OK(troupe_array_create(self, troupe_rank_team(self), &shape, &x));
    part = troupe_array_mine(self, x);
    for (int64_t i = 0; i < part.n_elements; i++)
        ((int64_t *)part.data)[i] = value_of(part.first + i);
    for (size_t k = 0; k < ARRAY_LENGTH(n_bins); k++) {
        troupe_bins bins = {0, (double)n_bins[k], n_bins[k]};

        EXPECT_OK(troupe_histogram(self, x, bins, TROUPE_TREE, counts));
        EXPECT(expected(n_bins[k], counts + n_places) > 0);
        for (int64_t i = 0; i < n_bins[k] + TROUPE_BINS_EXTRA; i++)
            EXPECT(counts[i] == counts[n_places + (size_t)i]);
        count_into_array(self, x, bins, counts + n_places);
    }
    refuse_others(self, x);
    seen.n_done++;
    return TROUPE_OK;
}
TROUPE_PROCESS(main_process, body);

static int n_ranks;

static void all_are_done(void)
{
    ck_assert_int_eq(seen.n_done, n_ranks);
}

START_TEST(many_bins_are_counted)
{
    for (n_ranks = 1; n_ranks <= MOST_RANKS; n_ranks++)
        scene_play(&(struct scene){.main = &main_process,
                                   .n_ranks = n_ranks,
                                   .is_exact = true,
                                   .seen = &seen,
                                   .seen_bytes = sizeof seen,
                                   .check = all_are_done});
}
END_TEST

CHECK_MAIN("kernel counts", many_bins_are_counted)
