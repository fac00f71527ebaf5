/* seeds: 40 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/compiler.h"
#include "base/map.h"
#include "base/random.h"
#include "support/check_main.h"
#include "support/cuts.h"
#include "support/sim_job.h"
#include "unit/numeric/data.h"
#include <math.h>
#include <string.h>

/*
 * Every kernel on any number of ranks, with any cut, threads of the caller's or of a
 * task: the same bits as on one rank, and what a plain loop over the whole array gives.
 * All ranks live in this process, so each puts its parts into these arrays.
 */

enum { MOST = 30000, MOST_RANKS = 16, N_BINS = 20 };

struct matrix {
    uint64_t a, b;
};

struct found {
    int64_t n, n_kept, n_segments;
    double x[MOST], sorted[MOST], scanned[MOST], mapped[MOST], kept[MOST], sums[MOST],
        normal[MOST], uniform[MOST];
    int64_t keys[MOST], places[MOST], sorted_keys[MOST], counted[MOST], drawn[MOST];
    unsigned char heads[MOST];
    uint64_t counts[N_BINS + TROUPE_BINS_EXTRA];
    double weighed[N_BINS + TROUPE_BINS_EXTRA];
    troupe_moments moments[3];
    troupe_extreme least, greatest;
    troupe_number middle;
    int64_t total;
    struct matrix product;
};

static uint64_t the_seed;
static int n_done;
static struct found now, other;

/* ---- the job --------------------------------------------------------------------- */

static int64_t draw_length(struct base_random *random)
{
    static const int64_t awkward[] = {0, 1, 2, 15, 16, 17, 4095, 4096, 4097, 20011};

    if (base_random_below(random, 2))
        return awkward[base_random_below(random, ARRAY_LENGTH(awkward))];
    return base_random_below(random, MOST);
}

struct job {
    troupe_actor *self;
    int64_t length, block_length, cuts[MOST_RANKS + 1];
};

static void draw_shape(troupe_actor *self, struct job *job)
{
    struct base_random random = {the_seed};
    int n = troupe_n_ranks(self);
    int64_t n_blocks;

    job->self = self;
    job->length = draw_length(&random);
    job->block_length = 16 * (int64_t)(1 + base_random_below(&random, 300));
    if (base_random_below(&random, 2)) { /* some blocks a rank, more or less */
        job->length = base_random_below(&random, 1200);
        job->block_length = 16;
    }
    n_blocks = (job->length + job->block_length - 1) / job->block_length;
    if (base_random_below(&random, 2)) {
        for (int i = 0; i <= n; i++)
            job->cuts[i] = n_blocks * i / n;
    } else {
        cuts_draw(&random, n, n_blocks, job->cuts);
    }
}

static troupe_status
make(const struct job *job, enum troupe_element element, troupe_array *array)
{
    const troupe_array_options options = {.element = element,
                                          .length = job->length,
                                          .block_length = job->block_length,
                                          .cuts = job->cuts};

    return troupe_array_create(job->self, troupe_rank_team(job->self), &options, array);
}

static void fill_from(const struct job *job, troupe_array array, const void *all)
{
    troupe_array_part part = troupe_array_mine(job->self, array);
    size_t n_bytes = troupe_array_describe(job->self, array).element_bytes;

    if (part.n_elements > 0)
        memcpy(part.data, (const char *)all + (size_t)part.first * n_bytes,
               (size_t)part.n_elements * n_bytes);
}

static void put_into(const struct job *job, troupe_array array, void *all)
{
    troupe_array_part part = troupe_array_mine(job->self, array);
    size_t n_bytes = troupe_array_describe(job->self, array).element_bytes;

    if (part.n_elements > 0)
        memcpy((char *)all + (size_t)part.first * n_bytes, part.data,
               (size_t)part.n_elements * n_bytes);
}

static troupe_status sort_all(const struct job *job)
{
    troupe_array x, keys, places;
    troupe_task task;

    TROUPE_TRY(make(job, TROUPE_DOUBLE, &x));
    TROUPE_TRY(make(job, TROUPE_INT64, &keys));
    TROUPE_TRY(make(job, TROUPE_INT64, &places));
    fill_from(job, x, now.x);
    fill_from(job, keys, now.keys);
    fill_from(job, places, other.places);
    TROUPE_TRY(troupe_sort(job->self, x, NULL, TROUPE_TREE));
    put_into(job, x, now.sorted);
    TROUPE_TRY(troupe_sort(job->self, keys, &(troupe_arrays){.out = {places}},
                           troupe_later(TROUPE_TREE, &task)));
    TROUPE_TRY(troupe_task_wait(job->self, &task));
    put_into(job, keys, now.sorted_keys);
    put_into(job, places, now.places);
    if (job->length > 0)
        TROUPE_TRY(troupe_kth(job->self, x, job->length / 2, TROUPE_TREE, &now.middle));
    return TROUPE_OK;
}

static void triad(const troupe_block *block, void *result, const void *argument)
{
    const double *x = block->in[0];
    const int64_t *keys = block->in[1];
    double *to = block->out[0];

    (void)result;
    for (int64_t i = 0; i < block->n; i++)
        to[i] = x[i] + *(const double *)argument * (double)keys[i] +
                (double)(block->first + i);
}
TROUPE_KERNEL(triad_kernel, triad);

/* Affine maps x -> a x + b modulo 2^64, one after the other: they do not commute. */
static void chain(const troupe_block *block, void *result, const void *argument)
{
    const int64_t *keys = block->in[0];
    struct matrix *map = result;

    (void)argument;
    map->a = 1;
    for (int64_t i = 0; i < block->n; i++) {
        uint64_t a = (uint64_t)keys[i] | 1;

        map->a *= a;
        map->b = map->b * a + (uint64_t)(block->first + i);
    }
}
static void merge_maps(void *left, const void *right)
{
    struct matrix *a = left;
    const struct matrix *b = right;

    a->b = a->b * b->a + b->b;
    a->a *= b->a;
}
TROUPE_REDUCTION_KERNEL(chain_kernel, chain, merge_maps, struct matrix);

static void
keep_odd(const troupe_block *block, unsigned char *keep, const void *argument)
{
    const int64_t *keys = block->in[1];

    (void)argument;
    for (int64_t i = 0; i < block->n; i++)
        keep[i] = keys[i] & 1;
}
TROUPE_FILTER(odd_filter, keep_odd);

static troupe_status
filter_all(const struct job *job, troupe_array x, troupe_array keys)
{
    troupe_array kept[2];
    troupe_task task;
    int64_t sum;

    if (the_seed & 1) {
        TROUPE_TRY(troupe_filter(job->self, &odd_filter,
                                 &(troupe_arrays){.in = {x, keys}}, NULL,
                                 troupe_later(TROUPE_TREE, &task), kept));
        TROUPE_TRY(troupe_sum_integers(job->self, keys, TROUPE_TREE, &sum));
        TROUPE_TRY(troupe_task_wait(job->self, &task));
    } else {
        TROUPE_TRY(troupe_filter(job->self, &odd_filter,
                                 &(troupe_arrays){.in = {x, keys}}, NULL, TROUPE_TREE,
                                 kept));
    }
    now.n_kept = troupe_array_describe(job->self, kept[0]).length;
    put_into(job, kept[0], now.kept);
    return TROUPE_OK;
}

static troupe_status segments(const struct job *job, troupe_array x)
{
    troupe_array heads, sums;
    troupe_task task;

    TROUPE_TRY(make(job, TROUPE_UINT8, &heads));
    fill_from(job, heads, other.heads);
    if (the_seed & 2) {
        TROUPE_TRY(troupe_reduce_segments(job->self, x, heads, TROUPE_SUM,
                                          troupe_later(TROUPE_TREE, &task), &sums));
        TROUPE_TRY(troupe_task_wait(job->self, &task));
    } else {
        TROUPE_TRY(troupe_reduce_segments(job->self, x, heads, TROUPE_SUM, TROUPE_TREE,
                                          &sums));
    }
    now.n_segments = troupe_array_describe(job->self, sums).length;
    put_into(job, sums, now.sums);
    return TROUPE_OK;
}

static troupe_status
reduce_all(const struct job *job, troupe_array x, troupe_array keys)
{
    const troupe_how how[] = {TROUPE_TREE, TROUPE_TREE_DD, TROUPE_EXACT};
    const troupe_bins bins = {.low = -1000, .high = 1000, .n_bins = N_BINS};
    troupe_array weights;

    for (int i = 0; i < 3; i++)
        TROUPE_TRY(troupe_moments_of(job->self, x, how[i], &now.moments[i]));
    TROUPE_TRY(troupe_min(job->self, x, TROUPE_TREE, &now.least));
    TROUPE_TRY(troupe_max(job->self, keys, TROUPE_TREE, &now.greatest));
    TROUPE_TRY(troupe_sum_integers(job->self, keys, TROUPE_TREE, &now.total));
    TROUPE_TRY(troupe_histogram(job->self, keys, bins, TROUPE_TREE, now.counts));
    TROUPE_TRY(make(job, TROUPE_DOUBLE, &weights));
    TROUPE_TRY(
        troupe_fill_uniform(job->self, weights, (troupe_random){7, 3}, TROUPE_TREE));
    put_into(job, weights, now.uniform);
    TROUPE_TRY(troupe_histogram_weighted(job->self, x, weights, bins, TROUPE_TREE,
                                         now.weighed));
    return troupe_reduce_blocks(job->self, &chain_kernel,
                                &(troupe_arrays){.in = {keys}}, NULL, TROUPE_TREE,
                                &now.product);
}

static troupe_status map_all(const struct job *job, troupe_array x, troupe_array keys)
{
    const double factor = 1.0 / 3;
    troupe_array to, drawn;

    TROUPE_TRY(make(job, TROUPE_DOUBLE, &to));
    TROUPE_TRY(make(job, TROUPE_INT64, &drawn));
    TROUPE_TRY(troupe_map(job->self, &triad_kernel,
                          &(troupe_arrays){.in = {x, keys}, .out = {to}}, &factor,
                          TROUPE_TREE));
    put_into(job, to, now.mapped);
    TROUPE_TRY(troupe_scan(job->self, x, to, TROUPE_SUM, TROUPE_TREE));
    put_into(job, to, now.scanned);
    TROUPE_TRY(troupe_scan_exclusive(job->self, keys, drawn, TROUPE_SUM, TROUPE_TREE));
    put_into(job, drawn, now.counted);
    TROUPE_TRY(troupe_fill_normal(job->self, to, (troupe_random){5, 1}, TROUPE_TREE));
    put_into(job, to, now.normal);
    TROUPE_TRY(troupe_fill_integers(job->self, drawn, (troupe_random){5, 2}, -6, 6,
                                    TROUPE_TREE));
    put_into(job, drawn, now.drawn);
    return TROUPE_OK;
}

static troupe_status body(troupe_actor *self)
{
    struct job job;
    troupe_array x, keys;

    draw_shape(self, &job);
    now.n = job.length;
    TROUPE_TRY(make(&job, TROUPE_DOUBLE, &x));
    TROUPE_TRY(make(&job, TROUPE_INT64, &keys));
    fill_from(&job, x, now.x);
    fill_from(&job, keys, now.keys);
    TROUPE_TRY(sort_all(&job));
    TROUPE_TRY(reduce_all(&job, x, keys));
    TROUPE_TRY(map_all(&job, x, keys));
    TROUPE_TRY(filter_all(&job, x, keys));
    TROUPE_TRY(segments(&job, x));
    n_done++;
    return TROUPE_OK;
}
TROUPE_PROCESS(main_process, body);

static const troupe_program program = {.main = &main_process};

/* ---- what is right --------------------------------------------------------------- */

/* Keys with many equal ones among them; numbers that show every change of order. */
static void begin(uint64_t seed, int n_ranks)
{
    struct base_random random = {seed * 77};
    uint32_t n_keys = base_random_below(&random, 2) ? 10 : 5000;

    (void)n_ranks;
    the_seed = seed;
    n_done = 0;
    memset(&now, 0, sizeof now);
    memset(&other, 0, sizeof other);
    data_fill(now.x, MOST, (enum data_kind)(seed % DATA_N_KINDS), &random);
    for (int64_t i = 0; i < MOST; i++) {
        now.keys[i] = (int64_t)base_random_below(&random, n_keys) - n_keys / 2;
        other.heads[i] = base_random_below(&random, 300) == 0;
        other.places[i] = i;
    }
}

static const char *check_sort(void)
{
    for (int64_t i = 0; i < now.n; i++) {
        if (now.sorted_keys[i] != now.keys[now.places[i]])
            return "what was moved along is not beside its key";
        if (i > 0 && (now.sorted_keys[i] < now.sorted_keys[i - 1] ||
                      (now.sorted_keys[i] == now.sorted_keys[i - 1] &&
                       now.places[i] <= now.places[i - 1])))
            return "keys are not in order, or equal ones not in theirs";
        if (i > 0 && now.sorted[i] < now.sorted[i - 1])
            return "numbers are not in order";
    }
    if (now.n > 0 && now.middle.real != now.sorted[now.n / 2])
        return "the middle one is not in the middle";
    return NULL;
}

static const char *check_counts(void)
{
    uint64_t counts[N_BINS + TROUPE_BINS_EXTRA] = {0};
    int64_t n_kept = 0, sum = 0, greatest = INT64_MIN, at = -1;

    for (int64_t i = 0; i < now.n; i++) {
        int64_t key = now.keys[i];

        if (now.counted[i] != sum)
            return "a running sum is wrong";
        sum += key;
        if (key & 1 && memcmp(&now.kept[n_kept++], &now.x[i], sizeof *now.x) != 0)
            return "what was kept is wrong";
        counts[key < -1000   ? N_BINS
               : key > 1000  ? N_BINS + 1
               : key == 1000 ? N_BINS - 1
                             : (key + 1000) / 100]++;
        if (key > greatest) {
            greatest = key;
            at = i;
        }
        if (now.drawn[i] < -6 || now.drawn[i] > 6 || !(now.uniform[i] < 1))
            return "a random number is out of range";
    }
    if (n_kept != now.n_kept)
        return "another number was kept";
    if (memcmp(counts, now.counts, sizeof counts) != 0)
        return "counts are wrong";
    if (sum != now.total || at != now.greatest.index ||
        (now.n > 0 && greatest != now.greatest.value.integer))
        return "the sum or the greatest is wrong";
    return NULL;
}

static double tree(const double *x, int64_t n)
{
    int64_t half = 1;

    while (2 * half < n)
        half *= 2;
    return n == 1 ? *x : tree(x, half) + tree(x + half, n - half);
}

static const char *check_segments(const unsigned char *heads)
{
    int64_t n = 0, start = 0;

    for (int64_t i = 1; i <= now.n; i++) {
        if (i < now.n && !heads[i])
            continue;
        double sum = tree(now.x + start, i - start);

        if (n >= now.n_segments || !(now.sums[n] == sum || sum != sum))
            return "the sum of a segment is wrong";
        n++;
        start = i;
    }
    return n == now.n_segments ? NULL : "there are more segments";
}

static const char *check_oracles(void)
{
    static unsigned char heads[MOST];
    const char *wrong = check_sort();

    memcpy(heads, other.heads, sizeof heads);
    if (!wrong)
        wrong = check_counts();
    return wrong ? wrong : check_segments(heads);
}

static const char *check(uint64_t seed, int n_ranks, int exit_code)
{
    const char *wrong;

    if (exit_code != 0 || n_done != n_ranks)
        return "not all were done";
    wrong = check_oracles();
    return wrong ? wrong : sim_job_alone(&program, seed, begin, &now, sizeof now);
}

START_TEST(same_bits)
{
    static const struct sim_job job = {&program, MOST_RANKS, begin, check};

    ck_assert_int_eq(sim_job_run(&job, 40), 0);
}
END_TEST

CHECK_MAIN("kernel order", same_bits)
