/* seeds: 5 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/check_main.h"
#include "support/scene.h"
#include <string.h>

/* Sums of integers that do not fit are refused on all members alike, and nothing has
 * changed; what they come to on the way to a sum does not matter, of a segment neither,
 * to a scan it does. */

enum { N_RANKS = 3, LENGTH = 5000, BLOCK = 64, N_PLACED = 3 };

static struct {
    int n_done;
} seen;

/* ONE: a segment of all; TWO: another begins at the last index. */
enum { SUM = 1, SCAN = 2, EXCLUSIVE = 4, ONE = 8, TWO = 16, ALL = 31 };

/* All 0 but these, at the given indices. */
struct numbers {
    enum troupe_element element;
    int64_t at[N_PLACED];
    int64_t values[N_PLACED];
    unsigned fits; /* what of them does */
    int64_t total;
};

#define MOST  INT64_MAX
#define LEAST INT64_MIN
/* 2^63 and 2^64 - 1, without a sign. */
#define HALF INT64_MIN
#define FULL INT64_C(-1)

static const struct numbers cases[] = {
    {TROUPE_INT64, {0, 2500, 4999}, {MOST, 1, -1}, SUM | ONE, MOST},
    {TROUPE_INT64, {0, 1, 4999}, {MOST, 1, -1}, SUM | ONE, MOST},
    {TROUPE_INT64, {0, 2500, 4999}, {-1, MOST, 1}, ALL, MOST},
    {TROUPE_INT64, {0, 2500, 4999}, {MOST, 0, 1}, EXCLUSIVE | TWO, 0},
    {TROUPE_INT64, {0, 1, 2}, {LEAST, -1, 1}, SUM | ONE, LEAST},
    {TROUPE_INT64, {0, 1, 2}, {-1, LEAST, 0}, 0, 0},
    {TROUPE_INT64, {4997, 4998, 4999}, {LEAST, MOST, MOST}, ALL, MOST - 1},
    /* Twice over the edge: the wrapped sum looks right. */
    {TROUPE_INT64, {10, 2000, 4000}, {MOST, MOST, 2}, 0, 0},
    {TROUPE_UINT64, {0, 2500, 4999}, {MOST, 0, 0}, ALL, MOST},
    {TROUPE_UINT64, {0, 2500, 4999}, {HALF, MOST, 0}, ALL & ~SUM, FULL},
    {TROUPE_UINT64, {0, 2500, 4999}, {FULL, 1, 0}, 0, 0},
    {TROUPE_UINT64, {0, 2500, 4999}, {FULL, 0, 1}, EXCLUSIVE | TWO, 0},
};

static troupe_status status_of(const struct numbers *numbers, unsigned what)
{
    return numbers->fits & what ? TROUPE_OK : TROUPE_INVALID;
}

static troupe_array make(troupe_actor *self, const struct numbers *numbers)
{
    const troupe_array_options shape = {
        .element = numbers->element, .length = LENGTH, .block_length = BLOCK};
    troupe_array array;
    troupe_array_part part;

    EXPECT_OK(troupe_array_create(self, troupe_rank_team(self), &shape, &array));
    part = troupe_array_mine(self, array);
    for (int i = 0; i < N_PLACED; i++)
        if (numbers->at[i] >= part.first &&
            numbers->at[i] < part.first + part.n_elements)
            ((int64_t *)part.data)[numbers->at[i] - part.first] = numbers->values[i];
    return array;
}

/* In place; the numbers are as they were, or what a loop makes of them. */
static void scan(troupe_actor *self, const struct numbers *numbers, bool is_exclusive)
{
    troupe_array x = make(self, numbers);
    troupe_array_part part = troupe_array_mine(self, x);
    troupe_status wanted = status_of(numbers, is_exclusive ? EXCLUSIVE : SCAN);

    if (is_exclusive)
        EXPECT_STATUS(troupe_scan_exclusive(self, x, x, TROUPE_SUM, TROUPE_TREE),
                      wanted);
    else
        EXPECT_STATUS(troupe_scan(self, x, x, TROUPE_SUM, TROUPE_TREE), wanted);
    for (int64_t i = 0; i < part.n_elements; i++) {
        uint64_t here = 0;

        for (int k = 0; k < N_PLACED; k++) {
            int64_t behind = part.first + i - numbers->at[k];
            bool counts = wanted == TROUPE_OK ? behind >= is_exclusive : behind == 0;

            here += counts ? (uint64_t)numbers->values[k] : 0;
        }
        EXPECT(((uint64_t *)part.data)[i] == here);
    }
    troupe_array_destroy(self, &x);
}

static void
reduce_segments(troupe_actor *self, const struct numbers *numbers, bool are_two)
{
    const troupe_array_options shape = {
        .element = TROUPE_UINT8, .length = LENGTH, .block_length = BLOCK};
    troupe_array x = make(self, numbers), heads, sums = {0};
    troupe_status wanted = status_of(numbers, are_two ? TWO : ONE);
    troupe_array_part part;
    int64_t at = numbers->at[N_PLACED - 1];

    EXPECT_OK(troupe_array_create(self, troupe_rank_team(self), &shape, &heads));
    part = troupe_array_mine(self, heads);
    if (are_two && at >= part.first && at < part.first + part.n_elements)
        ((unsigned char *)part.data)[at - part.first] = 1;
    EXPECT_STATUS(
        troupe_reduce_segments(self, x, heads, TROUPE_SUM, TROUPE_TREE, &sums), wanted);
    EXPECT((sums.bits != 0) == (wanted == TROUPE_OK));
    if (sums.bits) {
        part = troupe_array_mine(self, sums);
        EXPECT_INT(troupe_array_describe(self, sums).length, 1 + are_two);
        if (part.first == 0 && part.n_elements > 0 && !are_two)
            EXPECT(*(int64_t *)part.data == numbers->total);
        troupe_array_destroy(self, &sums);
    }
    troupe_array_destroy(self, &heads);
    troupe_array_destroy(self, &x);
}

static troupe_status body(troupe_actor *self)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        troupe_array x = make(self, &cases[i]);
        troupe_status wanted = status_of(&cases[i], SUM);
        int64_t sum = 77;

        EXPECT_STATUS(troupe_sum_integers(self, x, TROUPE_TREE, &sum), wanted);
        EXPECT(sum == (wanted == TROUPE_OK ? cases[i].total : 77));
        troupe_array_destroy(self, &x);
        scan(self, &cases[i], false);
        scan(self, &cases[i], true);
        reduce_segments(self, &cases[i], false);
        reduce_segments(self, &cases[i], true);
    }
    seen.n_done++;
    return TROUPE_OK;
}
TROUPE_PROCESS(main_process, body);

static void check_all_done(void)
{
    EXPECT_INT(seen.n_done, N_RANKS);
}

START_TEST(sums_that_do_not_fit_are_refused)
{
    scene_play(&(struct scene){.main = &main_process,
                               .n_ranks = N_RANKS,
                               .seen = &seen,
                               .seen_bytes = sizeof seen,
                               .check = check_all_done});
}
END_TEST

CHECK_MAIN("kernel overflow", sums_that_do_not_fit_are_refused)
