/* seeds: 80 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/compiler.h"
#include "base/random.h"
#include "numeric/dd.h"
#include "support/cuts.h"
#include "support/sim_job.h"
#include "test_kernel_levels.h"
#include "unit/numeric/data.h"
#include <stdlib.h>
#include <string.h>

/*
 * Sums of segments at each level, on any number of ranks with any cut and instruction
 * set: segments of one element, of all, and between. TREE and TREE_DD against the tree
 * of pairs of a segment's elements, whose high part is TREE's value; EXACT against an
 * accumulator, which unit tests hold against MPFR, and with elements in another order.
 */

enum { MOST = 30000, MOST_RANKS = 8, TURNED = N_LEVELS, N_SUMS };

/* All ranks live in this process. */
static struct {
    uint64_t seed;
    int64_t n, block, n_segments;
    double x[MOST], turned[MOST]; /* each segment from its end */
    unsigned char heads[MOST];
    int64_t starts[MOST + 1];
    int64_t n_sums[N_SUMS];
    double sums[N_SUMS][MOST];
    int n_done;
} now;

/* ---- the job --------------------------------------------------------------------- */

static troupe_status make(troupe_actor *self,
                          const int64_t *cuts,
                          enum troupe_element element,
                          const void *all,
                          troupe_array *array)
{
    const troupe_array_options options = {
        .element = element, .length = now.n, .block_length = now.block, .cuts = cuts};
    size_t n_bytes = element == TROUPE_DOUBLE ? sizeof(double) : 1;
    troupe_array_part part;

    TROUPE_TRY(troupe_array_create(self, troupe_rank_team(self), &options, array));
    part = troupe_array_mine(self, *array);
    if (part.n_elements > 0)
        memcpy(part.data, (const char *)all + (size_t)part.first * n_bytes,
               (size_t)part.n_elements * n_bytes);
    return TROUPE_OK;
}

static troupe_status
sum(troupe_actor *self, troupe_array x, troupe_array heads, int which)
{
    troupe_how how = which == TURNED ? TROUPE_EXACT : levels[which];
    troupe_array sums;
    troupe_array_part part;
    troupe_task task;

    if (now.seed & 1)
        how = troupe_later(how, &task);
    TROUPE_TRY(troupe_sum_segments(self, x, heads, how, &sums));
    if (now.seed & 1)
        TROUPE_TRY(troupe_task_wait(self, &task));
    now.n_sums[which] = troupe_array_describe(self, sums).length;
    part = troupe_array_mine(self, sums);
    if (part.n_elements > 0)
        memcpy(now.sums[which] + part.first, part.data,
               (size_t)part.n_elements * sizeof(double));
    troupe_array_destroy(self, &sums);
    return TROUPE_OK;
}

static troupe_status body(troupe_actor *self)
{
    struct base_random random = {now.seed + 3};
    int64_t cuts[MOST_RANKS + 1];
    troupe_array x, turned, heads;

    cuts_draw(&random, troupe_n_ranks(self), (now.n + now.block - 1) / now.block, cuts);
    TROUPE_TRY(make(self, cuts, TROUPE_DOUBLE, now.x, &x));
    TROUPE_TRY(make(self, cuts, TROUPE_DOUBLE, now.turned, &turned));
    TROUPE_TRY(make(self, cuts, TROUPE_UINT8, now.heads, &heads));
    for (int which = 0; which < N_SUMS; which++)
        TROUPE_TRY(sum(self, which == TURNED ? turned : x, heads, which));
    now.n_done++;
    return TROUPE_OK;
}
TROUPE_PROCESS(main_process, body);

static const troupe_program program = {.main = &main_process};

/* ---- numbers --------------------------------------------------------------------- */

static void draw_shape(struct base_random *random)
{
    static const int64_t awkward[] = {0,  1,  2,    15,   16,   17,
                                      64, 65, 4095, 4096, 4097, 20011};

    now.n = base_random_below(random, 2)
                ? awkward[base_random_below(random, ARRAY_LENGTH(awkward))]
                : base_random_below(random, MOST);
    now.block = 16 * (int64_t)(1 + base_random_below(
                                       random, base_random_below(random, 2) ? 3 : 300));
}

/* About one head in so many elements; 0: none is said. */
static void draw_heads(struct base_random *random)
{
    static const uint32_t every[] = {0, 0, 1, 2, 20, 100, 3000};
    uint32_t in = every[base_random_below(random, ARRAY_LENGTH(every))];

    for (int64_t i = 0; i < now.n; i++) {
        if (in > 0 && base_random_below(random, in) == 0)
            now.heads[i] = (unsigned char)(1 + base_random_below(random, 255));
        if (i == 0 || now.heads[i])
            now.starts[now.n_segments++] = i;
    }
    now.starts[now.n_segments] = now.n;
}

static void draw_numbers(struct base_random *random)
{
    static const double odd[] = {INFINITY, -INFINITY, NAN, -0.0, 0.0};
    int n_odd = base_random_below(random, 3) ? 0 : (int)base_random_below(random, 20);

    data_fill(now.x, now.n, (enum data_kind)(now.seed % DATA_N_KINDS), random);
    if (base_random_below(random, 5) == 0)
        for (int64_t i = 0; i < now.n / 2; i++)
            now.x[i] = -0.0;
    for (int i = 0; i < n_odd && now.n > 0; i++)
        now.x[base_random_below(random, (uint32_t)now.n)] =
            odd[base_random_below(random, ARRAY_LENGTH(odd))];
    for (int64_t segment = 0; segment < now.n_segments; segment++)
        for (int64_t i = now.starts[segment], end = now.starts[segment + 1], k = end;
             i < end; i++)
            now.turned[--k] = now.x[i];
}

static void begin(uint64_t seed, int n_ranks)
{
    struct base_random random = {seed * 57};
    const struct numeric_isa *list[4];
    int n_listed = numeric_isa_list(list);

    (void)n_ranks;
    memset(&now, 0, sizeof now);
    now.seed = seed;
    draw_shape(&random);
    draw_heads(&random);
    draw_numbers(&random);
    setenv("TROUPE_ISA", list[base_random_below(&random, (uint32_t)n_listed)]->name, 1);
    setenv("TROUPE_CHECK", seed % 5 == 0 ? "1" : "0", 1);
}

/* ---- what is right --------------------------------------------------------------- */

static struct numeric_dd tree(const double *x, int64_t n)
{
    int64_t half = 1;

    while (2 * half < n)
        half *= 2;
    return n == 1 ? (struct numeric_dd){*x, 0}
                  : numeric_dd_add(tree(x, half), tree(x + half, n - half));
}

static double exactly(const double *x, int64_t n)
{
    struct numeric_exact exact;

    numeric_exact_init(&exact);
    for (int64_t i = 0; i < n; i++)
        add_exactly(&exact, x[i]);
    return numeric_exact_round(&exact);
}

static const char *check_segment(int64_t segment)
{
    const double *x = now.x + now.starts[segment];
    int64_t n = now.starts[segment + 1] - now.starts[segment];
    struct numeric_dd sum = tree(x, n);
    double exact = exactly(x, n);

    if (!is_same(now.sums[TROUPE_LEVEL_TREE][segment], sum.high))
        return "a sum by the tree is wrong";
    if (!is_same(now.sums[TROUPE_LEVEL_TREE_DD][segment], numeric_dd_finish(sum)))
        return "a sum by the tree in twice the precision is wrong";
    if (!is_same(now.sums[TROUPE_LEVEL_EXACT][segment], exact))
        return "an exact sum is wrong";
    if (!is_same(now.sums[TURNED][segment], exact))
        return "an exact sum depends on the order";
    if (now.seed % DATA_N_KINDS == DATA_CANCELLING)
        for (int level = 0; level < N_LEVELS; level++)
            add_error(level, now.sums[level][segment], exact);
    return NULL;
}

static const char *check(uint64_t seed, int n_ranks, int exit_code)
{
    const char *wrong = NULL;

    (void)seed;
    if (exit_code != 0 || now.n_done != n_ranks)
        return "not all were done";
    for (int which = 0; which < N_SUMS; which++)
        if (now.n_sums[which] != now.n_segments)
            return "there are more segments, or fewer";
    for (int64_t i = 0; i < now.n_segments && !wrong; i++)
        wrong = check_segment(i);
    return wrong;
}

START_TEST(every_level)
{
    static const struct sim_job job = {&program, MOST_RANKS, begin, check};

    ck_assert_int_eq(sim_job_run(&job, 80), 0);
    ck_levels_come_nearer();
}
END_TEST

CHECK_MAIN("kernel segments", every_level)
