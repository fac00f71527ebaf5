/* ranks: 2 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "runtime/memory.h"
#include "support/require.h"
#include <stdio.h>
#include <stdlib.h>

/*
 * Kernels on more than 2^31 elements of one byte, nearly all with one member, so that
 * indices, places in a part and counts all need more than 31 bits. It takes 2 GiB of
 * memory and some 8 s: with TROUPE_TEST_FULL=1, where 4 GiB are available.
 */

#define BEYOND (INT64_C(1) << 31)
#define LENGTH (BEYOND + 12345)

enum { LOW = 5, USUAL = 7, HIGH = 9, N_BINS = 5 };

/* NULL: nothing is in the way. */
static const char *what_forbids_it(void)
{
    const char *full = getenv("TROUPE_TEST_FULL");

    if (!full || *full != '1')
        return "take long, and are for TROUPE_TEST_FULL=1";
    if (runtime_free_bytes() < UINT64_C(4) << 30)
        return "want 4 GiB of available memory";
    return NULL;
}

/* All alike but for one element below 2^31 and two above. */
static int8_t value_at(int64_t index)
{
    if (index == BEYOND + 12000 || index == LENGTH - 1)
        return HIGH;
    return index == BEYOND + 17 ? LOW : USUAL;
}

static void fill(const troupe_block *block, void *result, const void *argument)
{
    int8_t *x = block->out[0];

    (void)result;
    (void)argument;
    for (int64_t i = 0; i < block->n; i++)
        x[i] = value_at(block->first + i);
}
TROUPE_KERNEL(fill_kernel, fill);

struct places {
    int64_t n_items, sum; /* of the indices of what is not as usual */
};

static void find(const troupe_block *block, void *result, const void *argument)
{
    const int8_t *x = block->in[0];
    struct places *places = result;

    (void)argument;
    for (int64_t i = 0; i < block->n; i++)
        if (x[i] != USUAL)
            places->sum += block->first + i;
    places->n_items = block->n;
}

static void add(void *left, const void *right)
{
    struct places *sum = left;
    const struct places *more = right;

    sum->n_items += more->n_items;
    sum->sum += more->sum;
}
TROUPE_REDUCTION_KERNEL(find_kernel, find, add, struct places);

static troupe_status reduce(troupe_actor *self, troupe_array x)
{
    uint64_t counts[N_BINS + TROUPE_BINS_EXTRA];
    troupe_extreme least, greatest;
    struct places places;
    int64_t sum;

    TROUPE_TRY(troupe_sum_integers(self, x, TROUPE_TREE, &sum));
    REQUIRE(sum == USUAL * LENGTH + (LOW - USUAL) + 2 * (HIGH - USUAL));
    TROUPE_TRY(troupe_min(self, x, TROUPE_TREE, &least));
    REQUIRE(least.value.integer == LOW && least.index == BEYOND + 17);
    TROUPE_TRY(troupe_max(self, x, TROUPE_TREE, &greatest));
    REQUIRE(greatest.value.integer == HIGH && greatest.index == BEYOND + 12000);
    TROUPE_TRY(troupe_histogram(self, x, (troupe_bins){LOW, LOW + N_BINS, N_BINS},
                                TROUPE_TREE, counts));
    REQUIRE(counts[0] == 1 && counts[USUAL - LOW] == LENGTH - 3);
    REQUIRE(counts[HIGH - LOW] == 2);
    TROUPE_TRY(troupe_reduce_blocks(self, &find_kernel, &(troupe_arrays){.in = {x}},
                                    NULL, TROUPE_TREE, &places));
    REQUIRE(places.n_items == LENGTH);
    REQUIRE(places.sum == BEYOND + 17 + BEYOND + 12000 + LENGTH - 1);
    return TROUPE_OK;
}

static troupe_status body(troupe_actor *self)
{
    const int64_t n_blocks = (LENGTH + 4095) / 4096, cuts[] = {0, 1, n_blocks};
    const troupe_array_options options = {
        .element = TROUPE_INT8, .length = LENGTH, .cuts = cuts};
    const char *why_not = what_forbids_it();
    int is_forbidden = why_not != NULL;
    troupe_array x;

    TROUPE_TRY(troupe_broadcast(self, troupe_rank_team(self), 0, &is_forbidden,
                                sizeof is_forbidden));
    if (is_forbidden) {
        if (troupe_rank(self) == 0)
            printf("left out: kernels on more than 2^31 elements %s\n", why_not);
        return TROUPE_OK;
    }
    TROUPE_TRY(troupe_array_create(self, troupe_rank_team(self), &options, &x));
    TROUPE_TRY(troupe_map(self, &fill_kernel, &(troupe_arrays){.out = {x}}, NULL,
                          TROUPE_TREE));
    return reduce(self, x);
}
TROUPE_PROCESS(main_process, body);

int main(int argc, char **argv)
{
    setenv("TROUPE_WORKERS", "2", 1);
    return troupe_main(argc, argv, &(troupe_program){.main = &main_process});
}
