/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/compiler.h"
#include "kernel/kernel.h"
#include "support/check_main.h"
#include "support/scene.h"
#include <stdlib.h>
#include <string.h>

/* Histograms of so many bins that members add them up in shares, and of somewhat fewer;
 * and such that become arrays. And counts of which 32 bits are not enough. */

enum { LENGTH = 50001, MOST_BINS = 300007, MOST_RANKS = 4 };

static struct {
    int n_done;
} seen;

static int64_t value_of(int64_t i)
{
    if (i % 99 == 5)
        return 2 * MOST_BINS; /* too high for any bin */
    return i % 4 == 0 ? 6 * i : i * i % 20021;
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

static void play(const troupe_behavior *process)
{
    scene_play(&(struct scene){.main = process,
                               .n_ranks = n_ranks,
                               .is_exact = true,
                               .seen = &seen,
                               .seen_bytes = sizeof seen,
                               .check = all_are_done});
}

START_TEST(many_bins_are_counted)
{
    for (n_ranks = 1; n_ranks <= MOST_RANKS; n_ranks++)
        play(&main_process);
}
END_TEST

/* ---- more than 2^32 elements ----------------------------------------------------- */

enum { N_KINDS = 600, N_ROWS = 2, N_ROUNDS = 3 };

/* What one thread counts of a kind in one round: with others' far more than 2^32. */
static uint32_t part_of(int member, int row, size_t kind)
{
    return UINT32_MAX - (uint32_t)(1000 * member + 100 * row) - (uint32_t)kind;
}

static uint64_t total_of(size_t kind)
{
    uint64_t total = 0;

    for (int member = 0; member < n_ranks; member++)
        for (int row = 0; row < N_ROWS; row++)
            total += (uint64_t)N_ROUNDS * part_of(member, row, kind);
    return total;
}

/* No such array is made: its length alone decides. */
static struct kernel_counts count_long(int member, uint32_t *mine, uint64_t *room)
{
    const struct array longer = {.length = INT64_C(1) << 32};
    struct kernel_counts counts =
        kernel_counts_make(&longer, mine, N_ROWS, room, N_KINDS);

    memset(mine, 0, N_ROWS * N_KINDS * sizeof *mine);
    for (int round = 0; round < N_ROUNDS; round++) {
        if (round > 0) /* what was counted last is not put aside */
            kernel_counts_put_aside(&counts);
        for (int row = 0; row < N_ROWS; row++)
            for (size_t kind = 0; kind < N_KINDS; kind++)
                mine[(size_t)row * N_KINDS + kind] += part_of(member, row, kind);
    }
    return counts;
}

static troupe_status long_body(troupe_actor *self)
{
    troupe_array onto = make_counts(self, N_KINDS - TROUPE_BINS_EXTRA, FIRST);
    struct kernel_run run = {.here = kernel_of(self->home->rank),
                             .self = self,
                             .team = troupe_rank_team(self)};
    troupe_array_part part = troupe_array_mine(self, onto);
    uint32_t mine[N_ROWS * N_KINDS];
    uint64_t room[N_KINDS], totals[N_KINDS];
    struct kernel_counts counts = count_long(troupe_rank(self), mine, room);

    EXPECT_OK(kernel_counts_total(&run, &counts, totals));
    for (size_t kind = 0; kind < N_KINDS; kind++)
        EXPECT(totals[kind] == total_of(kind));
    counts = count_long(troupe_rank(self), mine, room);
    counts.onto = array_find(self, onto, "test");
    EXPECT_OK(kernel_counts_spread(&run, &counts));
    for (int64_t i = 0; i < part.n_elements; i++)
        EXPECT(((const uint64_t *)part.data)[i] == total_of((size_t)(part.first + i)));
    seen.n_done++;
    return TROUPE_OK;
}
TROUPE_PROCESS(long_process, long_body);

START_TEST(counts_are_wide_where_32_bits_are_too_few)
{
    const struct array shorter = {.length = UINT32_MAX};
    uint32_t mine = 7;
    uint64_t room = 8;
    struct kernel_counts counts = kernel_counts_make(&shorter, &mine, 1, &room, 1);

    kernel_counts_put_aside(&counts); /* 32 bits do */
    ck_assert(mine == 7 && room == 8);
    for (n_ranks = 1; n_ranks <= MOST_RANKS; n_ranks++)
        play(&long_process);
}
END_TEST

/* ---- counts of one, two and four bytes ------------------------------------------- */

enum { N_SHARED = 20000 };

/* What member 0 counted of some kinds; the others a little less. */
static uint32_t greatest;
static enum cut skew; /* of the array that counts go to */

static uint32_t small_of(int member, size_t kind)
{
    return kind % 1000 == 7 ? greatest - (uint32_t)member : (uint32_t)kind % 50;
}

static uint64_t small_total_of(size_t kind)
{
    uint64_t total = 0;

    for (int member = 0; member < n_ranks; member++)
        total += small_of(member, kind);
    return total;
}

static troupe_status narrow_body(troupe_actor *self)
{
    const struct array counted = {.length = UINT32_MAX};
    troupe_array onto = make_counts(self, N_SHARED - TROUPE_BINS_EXTRA, skew);
    struct kernel_run run = {.here = kernel_of(self->home->rank),
                             .self = self,
                             .team = troupe_rank_team(self)};
    troupe_array_part part = troupe_array_mine(self, onto);
    uint32_t *mine = troupe_alloc(self, N_SHARED * sizeof *mine);
    uint64_t *totals = troupe_alloc(self, N_SHARED * sizeof *totals);
    struct kernel_counts counts =
        kernel_counts_make(&counted, mine, 1, totals, N_SHARED);
    size_t room_bytes;

    for (int round = 0; round < 2; round++) {
        if (round == 1) {
            counts.onto = array_find(self, onto, "test");
            room_bytes = kernel_counts_spread_room(&counted, counts.onto);
            counts.room = troupe_alloc(self, room_bytes > 0 ? room_bytes : 1);
        }
        for (size_t kind = 0; kind < N_SHARED; kind++)
            mine[kind] = small_of(troupe_rank(self), kind);
        if (round == 0)
            EXPECT_OK(kernel_counts_total(&run, &counts, totals));
        else
            EXPECT_OK(kernel_counts_spread(&run, &counts));
        for (size_t kind = 0; round == 0 && kind < N_SHARED; kind++)
            EXPECT(totals[kind] == small_total_of(kind));
    }
    for (int64_t i = 0; i < part.n_elements; i++)
        EXPECT(((const uint64_t *)part.data)[i] ==
               small_total_of((size_t)(part.first + i)));
    seen.n_done++;
    return TROUPE_OK;
}
TROUPE_PROCESS(narrow_process, narrow_body);

/* Just held by one byte and by two, and just not, by what members count or by what that
 * comes to; and nearly all that 32 bits count. */
START_TEST(counts_of_any_size_arrive)
{
    static const uint32_t cases[] = {
        100,        UINT8_MAX,      UINT8_MAX + 1, 20000,
        UINT16_MAX, UINT16_MAX + 1, 1 << 20,       UINT32_MAX / MOST_RANKS};

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        for (n_ranks = 2; n_ranks <= MOST_RANKS; n_ranks++) {
            greatest = cases[i];
            skew = (enum cut)((i / 2 + (size_t)n_ranks) % N_CUTS);
            play(&narrow_process);
        }
}
END_TEST

CHECK_MAIN("kernel counts",
           many_bins_are_counted,
           counts_are_wide_where_32_bits_are_too_few,
           counts_of_any_size_arrive)
