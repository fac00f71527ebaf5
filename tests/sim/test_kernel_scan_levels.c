/* seeds: 60 */
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
 * Scans of real numbers at each level, on any number of ranks with any cut and
 * instruction set, against the words of numeric/scan.h, one element at a time: TREE and
 * TREE_DD by pairs, whose high parts are TREE's values; EXACT by an accumulator that is
 * rounded for each element. Unit tests hold the accumulator against MPFR.
 */

enum { MOST = 30000, MOST_RANKS = 8, ROW = 16 };

/* All ranks live in this process. */
static struct {
    uint64_t seed;
    int64_t n, block;
    bool is_float;
    double x[MOST];
    double scanned[N_LEVELS][MOST], exclusive[N_LEVELS][MOST];
    int n_done;
} now;

/* ---- the job --------------------------------------------------------------------- */

struct job {
    troupe_actor *self;
    int64_t cuts[MOST_RANKS + 1];
};

static troupe_status
make(const struct job *job, enum troupe_element element, troupe_array *array)
{
    const troupe_array_options options = {.element = element,
                                          .length = now.n,
                                          .block_length = now.block,
                                          .cuts = job->cuts};

    return troupe_array_create(job->self, troupe_rank_team(job->self), &options, array);
}

static void fill(const struct job *job, troupe_array array)
{
    bool is_float =
        troupe_array_describe(job->self, array).element_bytes == sizeof(float);
    troupe_array_part part = troupe_array_mine(job->self, array);

    for (int64_t i = 0; i < part.n_elements; i++)
        if (is_float)
            ((float *)part.data)[i] = (float)now.x[part.first + i];
        else
            ((double *)part.data)[i] = now.x[part.first + i];
}

static void put(const struct job *job, troupe_array array, double *all)
{
    troupe_array_part part = troupe_array_mine(job->self, array);

    if (part.n_elements > 0)
        memcpy(all + part.first, part.data, (size_t)part.n_elements * sizeof *all);
}

static troupe_status scan(const struct job *job,
                          troupe_array x,
                          troupe_array to,
                          bool is_exclusive,
                          int level)
{
    troupe_task task;
    troupe_how how = levels[level];

    if (now.seed & 2)
        how = troupe_later(how, &task);
    if (is_exclusive)
        TROUPE_TRY(troupe_scan_exclusive(job->self, x, to, TROUPE_SUM, how));
    else
        TROUPE_TRY(troupe_scan(job->self, x, to, TROUPE_SUM, how));
    if (now.seed & 2)
        TROUPE_TRY(troupe_task_wait(job->self, &task));
    put(job, to, (is_exclusive ? now.exclusive : now.scanned)[level]);
    return TROUPE_OK;
}

/* Every level of the others is one and the same. */
static troupe_status
scan_others(const struct job *job, troupe_array x, enum troupe_combine combine)
{
    bool is_real = troupe_array_describe(job->self, x).element == TROUPE_DOUBLE;
    enum troupe_element element = is_real ? TROUPE_DOUBLE : TROUPE_INT64;
    troupe_array_part parts[N_LEVELS];
    troupe_array to[N_LEVELS];

    for (int level = 0; level < N_LEVELS; level++) {
        TROUPE_TRY(make(job, element, &to[level]));
        TROUPE_TRY(troupe_scan(job->self, x, to[level], combine, levels[level]));
        parts[level] = troupe_array_mine(job->self, to[level]);
        if (level > 0 && parts[0].n_elements > 0 &&
            memcmp(parts[level].data, parts[0].data,
                   (size_t)parts[0].n_elements * sizeof(int64_t)) != 0)
            return TROUPE_FAILED;
    }
    for (int level = 0; level < N_LEVELS; level++)
        troupe_array_destroy(job->self, &to[level]);
    return TROUPE_OK;
}

static troupe_status body(troupe_actor *self)
{
    struct base_random random = {now.seed + 9};
    struct job job = {.self = self};
    bool is_in_place = !now.is_float && now.seed & 4;
    troupe_array x, to, whole;
    troupe_array_part part;

    cuts_draw(&random, troupe_n_ranks(self), (now.n + now.block - 1) / now.block,
              job.cuts);
    TROUPE_TRY(make(&job, now.is_float ? TROUPE_FLOAT : TROUPE_DOUBLE, &x));
    TROUPE_TRY(make(&job, TROUPE_DOUBLE, &to));
    for (int level = 0; level < N_LEVELS; level++)
        for (int is_exclusive = 0; is_exclusive < 2; is_exclusive++) {
            fill(&job, x);
            TROUPE_TRY(scan(&job, x, is_in_place ? x : to, is_exclusive, level));
        }
    fill(&job, to);
    TROUPE_TRY(scan_others(&job, to, TROUPE_MIN));
    TROUPE_TRY(scan_others(&job, to, TROUPE_MAX));
    TROUPE_TRY(make(&job, TROUPE_INT16, &whole));
    part = troupe_array_mine(self, whole);
    for (int64_t i = 0; i < part.n_elements; i++)
        ((int16_t *)part.data)[i] = (int16_t)((part.first + i) * 12345);
    TROUPE_TRY(scan_others(&job, whole, TROUPE_SUM));
    now.n_done++;
    return TROUPE_OK;
}
TROUPE_PROCESS(main_process, body);

static const troupe_program program = {.main = &main_process};

/* ---- what is right --------------------------------------------------------------- */

static const struct numeric_isa *draw_isa(struct base_random *random)
{
    const struct numeric_isa *list[4];
    int n_listed = numeric_isa_list(list);

    return list[base_random_below(random, (uint32_t)n_listed)];
}

/* Some numbers become none, or zeros. */
static void sprinkle(struct base_random *random)
{
    static const double odd[] = {INFINITY, -INFINITY, NAN, -0.0, 0.0};
    int n_odd = (int)base_random_below(random, 3);

    if (base_random_below(random, 3) == 0) /* nothing but -0 for a while */
        for (int64_t i = 0; i < now.n / 2; i++)
            now.x[i] = -0.0;
    for (int i = 0; i < n_odd && now.n > 0; i++)
        now.x[base_random_below(random, (uint32_t)now.n)] =
            odd[base_random_below(random, ARRAY_LENGTH(odd))];
}

static void begin(uint64_t seed, int n_ranks)
{
    static const int64_t awkward[] = {0,  1,    2,    15,   16,    17,
                                      31, 4095, 4096, 4097, 12289, 20011};
    struct base_random random = {seed * 31};

    (void)n_ranks;
    memset(&now, 0, sizeof now);
    now.seed = seed;
    now.is_float = base_random_below(&random, 4) == 0;
    now.n = base_random_below(&random, 2)
                ? awkward[base_random_below(&random, ARRAY_LENGTH(awkward))]
                : base_random_below(&random, MOST);
    now.block =
        ROW * (int64_t)(1 + base_random_below(&random,
                                              base_random_below(&random, 2) ? 3 : 300));
    data_fill(now.x, now.n, (enum data_kind)(seed % DATA_N_KINDS), &random);
    if (base_random_below(&random, 3) == 0)
        sprinkle(&random);
    for (int64_t i = 0; i < now.n && now.is_float; i++)
        now.x[i] = (double)(float)now.x[i];
    setenv("TROUPE_ISA", draw_isa(&random)->name, 1);
    setenv("TROUPE_CHECK", seed % 5 == 0 ? "1" : "0", 1);
}

/* Prefix sums of a block by themselves. */
static void scan_locally(const double *x, int64_t n, struct numeric_dd *local)
{
    for (int64_t row = 0; row < n; row += ROW) {
        int64_t n_row = n - row < ROW ? n - row : ROW;
        struct numeric_dd y[ROW], before[ROW];

        for (int64_t j = 0; j < n_row; j++)
            y[j] = (struct numeric_dd){x[row + j], 0};
        for (int64_t d = 1; d < ROW; d *= 2) {
            memcpy(before, y, sizeof y);
            for (int64_t j = d; j < n_row; j++)
                y[j] = numeric_dd_add(before[j - d], before[j]);
        }
        for (int64_t j = 0; j < n_row; j++)
            local[row + j] = row == 0 ? y[j] : numeric_dd_add(local[row - 1], y[j]);
    }
}

static struct numeric_dd local[MOST];

/* The node over 2^level blocks, all of them whole. */
static struct numeric_dd node(int64_t block, int level)
{
    int64_t half = (INT64_C(1) << level) / 2;

    if (level == 0)
        return local[(block + 1) * now.block - 1];
    return numeric_dd_add(node(block, level - 1), node(block + half, level - 1));
}

/* The fold of the nodes before block > 0, the largest first. */
static struct numeric_dd prefix_of(int64_t block)
{
    struct numeric_dd prefix = {0, 0};
    int64_t at = 0;

    for (int level = 40; level >= 0; level--)
        if (block >> level & 1) {
            prefix =
                at == 0 ? node(at, level) : numeric_dd_add(prefix, node(at, level));
            at += INT64_C(1) << level;
        }
    return prefix;
}

/* Whether the results at an index are those of this sum. */
static bool is_tree(const double *tree, const double *tree_dd, struct numeric_dd sum)
{
    return is_same(*tree, sum.high) && is_same(*tree_dd, numeric_dd_finish(sum));
}

static const char *check_block(int64_t block)
{
    int64_t begin = block * now.block;
    int64_t end = now.n - begin < now.block ? now.n : begin + now.block;
    struct numeric_dd before = {0, 0}, prefix = before;

    if (block > 0)
        before = prefix = prefix_of(block);
    for (int64_t i = begin; i < end; i++) {
        if (!is_tree(&now.exclusive[TROUPE_LEVEL_TREE][i],
                     &now.exclusive[TROUPE_LEVEL_TREE_DD][i], before))
            return "a sum by the tree without its last element is wrong";
        before = block > 0 ? numeric_dd_add(prefix, local[i]) : local[i];
        if (!is_tree(&now.scanned[TROUPE_LEVEL_TREE][i],
                     &now.scanned[TROUPE_LEVEL_TREE_DD][i], before))
            return "a sum by the tree is wrong";
    }
    return NULL;
}

static const char *check_trees(void)
{
    const char *wrong = NULL;

    for (int64_t i = 0; i < now.n; i += now.block)
        scan_locally(now.x + i, now.n - i < now.block ? now.n - i : now.block,
                     local + i);
    for (int64_t block = 0; block * now.block < now.n && !wrong; block++)
        wrong = check_block(block);
    return wrong;
}

static const char *check_exact(void)
{
    const double *scanned = now.scanned[TROUPE_LEVEL_EXACT];
    const double *exclusive = now.exclusive[TROUPE_LEVEL_EXACT];
    bool is_cancelling = now.seed % DATA_N_KINDS == DATA_CANCELLING;
    struct numeric_exact exact;
    double sum = 0;

    numeric_exact_init(&exact);
    for (int64_t i = 0; i < now.n; i++) {
        if (!is_same(exclusive[i], sum))
            return "an exact sum without its last element is wrong";
        add_exactly(&exact, now.x[i]);
        sum = numeric_exact_round(&exact);
        if (!is_same(scanned[i], sum))
            return "an exact sum is wrong";
        for (int level = 0; is_cancelling && level < N_LEVELS; level++)
            add_error(level, now.scanned[level][i], sum);
    }
    return NULL;
}

static const char *check(uint64_t seed, int n_ranks, int exit_code)
{
    const char *wrong;

    (void)seed;
    if (exit_code != 0 || now.n_done != n_ranks)
        return "not all were done";
    wrong = check_trees();
    return wrong ? wrong : check_exact();
}

START_TEST(every_level)
{
    static const struct sim_job job = {&program, MOST_RANKS, begin, check};

    ck_assert_int_eq(sim_job_run(&job, 60), 0);
    ck_levels_come_nearer();
}
END_TEST

CHECK_MAIN("kernel scan levels", every_level)
