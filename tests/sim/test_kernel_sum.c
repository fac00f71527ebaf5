/* seeds: 40 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/compiler.h"
#include "base/random.h"
#include "support/check_main.h"
#include "support/cuts.h"
#include "support/sim_job.h"
#include "unit/numeric/data.h"
#include <stdlib.h>
#include <string.h>

/*
 * The same bits on any number of ranks, with any cut: each run draws a length, hostile
 * data and a cut from its seed, and compares with what one rank gives for that seed.
 */

/* Past two groups of rows, which are one node each (kernel/sum.c). */
enum { MOST = 300000, MOST_RANKS = 8 };

struct sums {
    double sum[3], dot[3], norm;
};

/* What the run under way found; all ranks live in this process. */
static struct {
    uint64_t seed;
    struct sums sums;
    double fast;
    int n_done;
} now;

/* The element depends on its index alone. */
static double element(uint64_t kind, int64_t i)
{
    struct base_random random = {kind * 1000003 + (uint64_t)i};

    return data_value((enum data_kind)(kind % DATA_N_KINDS), i, &random);
}

static int64_t draw_length(struct base_random *random)
{
    static const int64_t awkward[] = {0,    1,    2,     15,    16,     17,     4095,
                                      4096, 4097, 65536, 65537, 131072, 131073, 262144};

    if (base_random_below(random, 2))
        return awkward[base_random_below(random, ARRAY_LENGTH(awkward))];
    return base_random_below(random, base_random_below(random, 3) ? 70000 : MOST);
}

static troupe_status make(troupe_actor *self,
                          int64_t length,
                          int64_t block_length,
                          const int64_t *cuts,
                          uint64_t kind,
                          troupe_array *array)
{
    troupe_array_options options = {.element = TROUPE_DOUBLE,
                                    .length = length,
                                    .block_length = block_length,
                                    .cuts = cuts};
    troupe_array_part part;

    TROUPE_TRY(troupe_array_create(self, troupe_rank_team(self), &options, array));
    part = troupe_array_mine(self, *array);
    for (int64_t i = 0; i < part.n_elements; i++)
        ((double *)part.data)[i] = element(kind, part.first + i);
    return TROUPE_OK;
}

static troupe_status levels(troupe_actor *self, troupe_array x, troupe_array y)
{
    const troupe_how how[] = {TROUPE_TREE, TROUPE_TREE_DD, TROUPE_EXACT};
    troupe_task tasks[3];

    for (int i = 0; i < 3; i++) {
        double later = -1;

        TROUPE_TRY(troupe_sum(self, x, troupe_later(how[i], &tasks[i]), &later));
        TROUPE_TRY(troupe_dot(self, x, y, how[i], &now.sums.dot[i]));
        TROUPE_TRY(troupe_task_wait(self, &tasks[i]));
        TROUPE_TRY(troupe_sum(self, x, how[i], &now.sums.sum[i]));
        if (memcmp(&later, &now.sums.sum[i], sizeof later) != 0)
            return TROUPE_FAILED;
    }
    TROUPE_TRY(troupe_norm(self, x, TROUPE_TREE, &now.sums.norm));
    return troupe_sum(self, x, TROUPE_FAST, &now.fast);
}

static troupe_status body(troupe_actor *self)
{
    struct base_random random = {now.seed};
    int64_t length = draw_length(&random);
    uint64_t kind = base_random_next(&random);
    int64_t block_length = 16 * (int64_t)(1 + base_random_below(&random, 300));
    int64_t cuts[MOST_RANKS + 1];
    troupe_array x, y;

    cuts_draw(&random, troupe_n_ranks(self), (length + block_length - 1) / block_length,
              cuts);
    TROUPE_TRY(make(self, length, block_length, cuts, kind, &x));
    TROUPE_TRY(make(self, length, block_length, cuts, kind + 1, &y));
    TROUPE_TRY(levels(self, x, y));
    troupe_array_destroy(self, &x);
    troupe_array_destroy(self, &y);
    now.n_done++;
    return TROUPE_OK;
}
TROUPE_PROCESS(main_process, body);

static const troupe_program program = {.main = &main_process};

static void begin(uint64_t seed, int n_ranks)
{
    memset(&now, 0, sizeof now);
    now.seed = seed;
    (void)n_ranks;
}

static int n_fast_differs;

static const char *check(uint64_t seed, int n_ranks, int exit_code)
{
    double fast = now.fast;
    const char *wrong;

    if (exit_code != 0 || now.n_done != n_ranks)
        return "not all were done";
    wrong = sim_job_alone(&program, seed, begin, &now.sums, sizeof now.sums);
    n_fast_differs += memcmp(&fast, &now.fast, sizeof fast) != 0;
    return wrong;
}

START_TEST(same_bits)
{
    static const struct sim_job job = {&program, MOST_RANKS, begin, check};

    ck_assert_int_eq(sim_job_run(&job, 40), 0);
    /* What is free to differ does, or the test would see nothing. */
    ck_assert(getenv("TROUPE_TEST_SEED") || n_fast_differs > 0);
}
END_TEST

CHECK_MAIN("kernel sum", same_bits)
