/* ranks: 2 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "array/work.h"
#include "support/cuts.h"
#include "support/hostile.h"
#include "support/levels.h"
#include "test_kernel_functions.h"
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>

/*
 * Every kernel on parts so long that each of three threads on each of three ranks has
 * tasks of its own; says the hash of what each comes to. system.kernel_threads compares
 * them over ranks, threads and cuts: with TROUPE_TEST_SEED parts are uneven, one is
 * empty, and sums of hostile numbers come besides.
 */

enum { LENGTH = 1300003, N_ZIPPED = 8, N_BINS = 1000, MOST_RANKS = 64 };
enum { BLOCK = 4096 };
enum { N_MANY = 300007 }; /* bins: counts of so many are kept apart */

/* ---- what is said ---------------------------------------------------------------- */

static const char *of_what = ""; /* begins each line */

static void say(troupe_actor *self, const char *what, uint64_t hash)
{
    if (troupe_rank(self) == 0)
        printf("%s%s %016" PRIx64 "\n", of_what, what, hash);
}

static void say_bytes(troupe_actor *self, const char *what, const void *bytes, size_t n)
{
    uint64_t hash = n;

    for (size_t i = 0; i < n; i++)
        hash = mix(hash + ((const unsigned char *)bytes)[i]);
    say(self, what, hash);
}

static void say_real(troupe_actor *self, const char *what, double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    say(self, what, bits);
}

static void say_array(troupe_actor *self, const char *what, troupe_array array)
{
    say(self, what, hash_of_array(self, array));
}

/* 0: parts are even. */
static uint64_t seed_of_cuts(void)
{
    const char *text = getenv("TROUPE_TEST_SEED");

    return text ? strtoull(text, NULL, 10) : 0;
}

/* The same of as many blocks, for arrays that are to match. */
static void draw_cuts(troupe_actor *self, int64_t n_blocks, int64_t *cuts)
{
    struct base_random random = {seed_of_cuts()};
    int n = troupe_n_ranks(self), empty = (int)base_random_below(&random, (uint32_t)n);

    REQUIRE(n <= MOST_RANKS);
    cuts_draw(&random, n, n_blocks, cuts);
    if (empty + 1 < n)
        cuts[empty + 1] = cuts[empty];
    else if (n > 1)
        cuts[empty] = n_blocks;
}

static troupe_array
make(troupe_actor *self, enum troupe_element element, int64_t length)
{
    int64_t cuts[MOST_RANKS + 1];
    const troupe_array_options shape = {.element = element,
                                        .length = length,
                                        .block_length = BLOCK,
                                        .cuts = seed_of_cuts() ? cuts : NULL};
    troupe_array array;

    draw_cuts(self, (length + BLOCK - 1) / BLOCK, cuts);
    REQUIRE_OK(troupe_array_create(self, troupe_rank_team(self), &shape, &array));
    return array;
}

/* ---- kernels --------------------------------------------------------------------- */

static atomic_int n_threads_seen;

static void note_thread(void)
{
    static _Thread_local bool is_known;

    if (!is_known)
        atomic_fetch_add(&n_threads_seen, 1);
    is_known = true;
}

/* Of many sizes and both signs. */
static void begin(const troupe_block *block, void *result, const void *argument)
{
    uint64_t key = *(const uint64_t *)argument;
    double *x = block->out[0];

    (void)result;
    for (int64_t i = 0; i < block->n; i++) {
        uint64_t bits = mix(mix((uint64_t)(block->first + i)) + key);
        double size = (double)(UINT64_C(1) << (bits & 31));

        x[i] = ((double)(bits >> 11) * 0x1p-52 - 1) * size;
    }
}
TROUPE_KERNEL(begin_kernel, begin);

/* Keys and weights that come back with the other sign from the middle of the array on,
 * and some small ones: of the sums by keys little is left. */
static void cancel(const troupe_block *block, void *result, const void *argument)
{
    double *keys = block->out[0], *weights = block->out[1];

    (void)result;
    (void)argument;
    for (int64_t i = 0; i < block->n; i++) {
        int64_t at = block->first + i, mirrored = block->length - 1 - at;
        uint64_t bits = mix((uint64_t)(at < mirrored ? at : mirrored));

        keys[i] = (double)(bits >> 32);
        weights[i] = (double)(bits >> 11) * (at < mirrored ? 1 : -1);
        if (bits % 16 == 0)
            weights[i] = (double)(bits >> 11) * 0x1p-130;
    }
}
TROUPE_KERNEL(cancel_kernel, cancel);

struct hostile {
    enum hostile_kind kind;
    uint64_t seed;
};

static void be_hostile(const troupe_block *block, void *result, const void *argument)
{
    const struct hostile *hostile = argument;
    double *x = block->out[0];

    (void)result;
    for (int64_t i = 0; i < block->n; i++)
        x[i] = hostile_value(hostile->kind, hostile->seed, block->first + i);
}
TROUPE_KERNEL(hostile_kernel, be_hostile);

static void zip(const troupe_block *block, void *result, const void *argument)
{
    double *to = block->out[0];

    (void)result;
    (void)argument;
    note_thread();
    for (int64_t i = 0; i < block->n; i++) {
        double sum = 0;

        for (int k = 0; k < N_ZIPPED; k++)
            sum = sum * 0.7 + ((const double *)block->in[k])[i];
        to[i] = sum;
    }
}
TROUPE_KERNEL(zip_kernel, zip);

/* ---- all of them ----------------------------------------------------------------- */

static void sums(troupe_actor *self, troupe_array x, troupe_array y)
{
    troupe_moments moments;
    troupe_extreme extreme;
    double sum;

    for (int i = 0; i < N_LEVELS; i++) {
        REQUIRE_OK(troupe_sum(self, x, levels[i], &sum));
        say_real(self, "sum", sum);
        REQUIRE_OK(troupe_dot(self, x, y, levels[i], &sum));
        say_real(self, "dot", sum);
        REQUIRE_OK(troupe_norm(self, x, levels[i], &sum));
        say_real(self, "norm", sum);
        REQUIRE_OK(troupe_moments_of(self, x, levels[i], &moments));
        say_bytes(self, "moments", &moments, sizeof moments);
    }
    REQUIRE_OK(troupe_min(self, x, TROUPE_TREE, &extreme));
    say_bytes(self, "least", &extreme, sizeof extreme);
    REQUIRE_OK(troupe_max(self, x, TROUPE_TREE, &extreme));
    say_bytes(self, "greatest", &extreme, sizeof extreme);
}

enum { N_DRAWN = 12 }; /* arrays: one norm may round to the same by chance */

/* What may depend on ranks and threads. */
static void fast_sums(troupe_actor *self, troupe_array x, troupe_array y)
{
    double sums[N_DRAWN], dots[N_DRAWN], norms[N_DRAWN];

    for (uint64_t key = 0; key < N_DRAWN; key++) {
        REQUIRE_OK(troupe_map(self, &begin_kernel, &(troupe_arrays){.out = {x}}, &key,
                              TROUPE_TREE));
        REQUIRE_OK(troupe_sum(self, x, TROUPE_FAST, &sums[key]));
        REQUIRE_OK(troupe_dot(self, x, y, TROUPE_FAST, &dots[key]));
        REQUIRE_OK(troupe_norm(self, x, TROUPE_FAST, &norms[key]));
    }
    say_bytes(self, "fast sum", sums, sizeof sums);
    say_bytes(self, "fast dot", dots, sizeof dots);
    say_bytes(self, "fast norm", norms, sizeof norms);
}

static void
fast_products(troupe_actor *self, troupe_matrix matrix, troupe_array x, troupe_array y)
{
    double dots[N_DRAWN];

    for (uint64_t key = 0; key < N_DRAWN; key++) {
        REQUIRE_OK(troupe_map(self, &begin_kernel, &(troupe_arrays){.out = {x}}, &key,
                              TROUPE_TREE));
        REQUIRE_OK(troupe_multiply_dot(self, matrix, x, y, TROUPE_FAST, &dots[key]));
    }
    say_bytes(self, "fast multiply_dot", dots, sizeof dots);
}

/* A million numbers of a generator have one sum by the tree. */
static void golden(troupe_actor *self)
{
    enum { N = 1000000 };
    troupe_array x = make(self, TROUPE_DOUBLE, N);
    troupe_array_part part = troupe_array_mine(self, x);
    uint64_t state = UINT64_C(0x243F6A8885A308D3), bits;
    double sum;

    for (int64_t i = 0; i < part.first + part.n_elements; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        if (i >= part.first)
            ((double *)part.data)[i - part.first] =
                ((double)(state >> 11) - 0x1p52) * 0x1p-52;
    }
    REQUIRE_OK(troupe_sum(self, x, TROUPE_TREE, &sum));
    memcpy(&bits, &sum, sizeof bits);
    REQUIRE(bits == UINT64_C(0x40618f71f6379380));
    troupe_array_destroy(self, &x);
}

static void maps(troupe_actor *self, troupe_array x, troupe_array y)
{
    troupe_array to = make(self, TROUPE_DOUBLE, LENGTH), kept[2];
    troupe_arrays eight = {.out = {to}};
    struct line line = {0, 0};

    REQUIRE_OK(troupe_map(self, &triad_kernel,
                          &(troupe_arrays){.in = {x, y}, .out = {to}}, NULL,
                          TROUPE_TREE));
    say_array(self, "map", to);
    for (uint64_t i = 0; i < N_ZIPPED; i++) {
        uint64_t key = 100 + i;

        eight.in[i] = make(self, TROUPE_DOUBLE, LENGTH);
        REQUIRE_OK(troupe_map(self, &begin_kernel,
                              &(troupe_arrays){.out = {eight.in[i]}}, &key,
                              TROUPE_TREE));
    }
    REQUIRE_OK(troupe_map(self, &zip_kernel, &eight, NULL, TROUPE_TREE));
    say_array(self, "zip", to);
    for (int i = 0; i < N_ZIPPED; i++)
        troupe_array_destroy(self, &eight.in[i]);
    REQUIRE_OK(troupe_reduce_blocks(self, &chain_kernel, &(troupe_arrays){.in = {x}},
                                    NULL, TROUPE_TREE, &line));
    say_bytes(self, "reduce_blocks", &line, sizeof line);
    REQUIRE_OK(troupe_filter(self, &some_filter, &(troupe_arrays){.in = {x, y}}, NULL,
                             TROUPE_TREE, kept));
    say_array(self, "filter", kept[0]);
    say_array(self, "filter", kept[1]);
    REQUIRE_OK(troupe_sort(self, to, &(troupe_arrays){.out = {y}}, TROUPE_TREE));
    say_array(self, "sort", to);
    say_array(self, "sort", y);
}

static void segments(troupe_actor *self, troupe_array x, troupe_array heads)
{
    troupe_array sums, extremes[2];

    for (int i = 0; i < N_LEVELS; i++) {
        REQUIRE_OK(
            troupe_reduce_segments(self, x, heads, TROUPE_SUM, levels[i], &sums));
        say_array(self, "segments", sums);
        troupe_array_destroy(self, &sums);
    }
    REQUIRE_OK(
        troupe_extremes_of_segments(self, x, heads, TROUPE_MAX, TROUPE_TREE, extremes));
    say_array(self, "greatest of segments", extremes[0]);
    say_array(self, "their places", extremes[1]);
    troupe_array_destroy(self, &extremes[0]);
    troupe_array_destroy(self, &extremes[1]);
}

static void scans(troupe_actor *self, troupe_array x)
{
    troupe_array to = make(self, TROUPE_DOUBLE, LENGTH);
    troupe_array heads = make(self, TROUPE_UINT8, LENGTH);
    troupe_array_part part = troupe_array_mine(self, heads);

    for (int i = 0; i < N_LEVELS; i++) {
        REQUIRE_OK(troupe_scan(self, x, to, TROUPE_SUM, levels[i]));
        say_array(self, "scan", to);
        REQUIRE_OK(troupe_scan_exclusive(self, x, to, TROUPE_SUM, levels[i]));
        say_array(self, "scan_exclusive", to);
    }
    segments(self, x, heads); /* one of all */
    for (int64_t i = 0; i < part.n_elements; i++)
        ((unsigned char *)part.data)[i] = mix((uint64_t)(part.first + i)) % 300 == 0;
    segments(self, x, heads);
    troupe_array_destroy(self, &to);
    troupe_array_destroy(self, &heads);
}

/* Sums of all kinds of numbers that show every change of order. */
static void hostile_sums(troupe_actor *self, troupe_array x, troupe_array y)
{
    of_what = "hostile ";
    for (int kind = 0; kind < HOSTILE_N_KINDS; kind++) {
        const struct hostile first = {(enum hostile_kind)kind, 1};
        const struct hostile second = {(enum hostile_kind)kind, 2};

        REQUIRE_OK(troupe_map(self, &hostile_kernel, &(troupe_arrays){.out = {x}},
                              &first, TROUPE_TREE));
        REQUIRE_OK(troupe_map(self, &hostile_kernel, &(troupe_arrays){.out = {y}},
                              &second, TROUPE_TREE));
        sums(self, x, y);
        scans(self, x);
        REQUIRE_OK(troupe_sort(self, x, &(troupe_arrays){.out = {y}}, TROUPE_TREE));
        say_array(self, "sort", x);
        say_array(self, "sort", y);
    }
    of_what = "";
}

/* Sums of which EXACT cannot be sure at first. */
static void cancelling(troupe_actor *self)
{
    static double weighed[N_BINS + TROUPE_BINS_EXTRA];
    const troupe_bins bins = {0, 0x1p32, N_BINS};
    troupe_array keys = make(self, TROUPE_DOUBLE, LENGTH);
    troupe_array weights = make(self, TROUPE_DOUBLE, LENGTH);

    REQUIRE_OK(troupe_map(self, &cancel_kernel,
                          &(troupe_arrays){.out = {keys, weights}}, NULL, TROUPE_TREE));
    for (int i = 0; i < N_LEVELS; i++) {
        REQUIRE_OK(
            troupe_histogram_weighted(self, keys, weights, bins, levels[i], weighed));
        say_bytes(self, "histogram_weighted", weighed, sizeof weighed);
    }
}

static void counts(troupe_actor *self, troupe_array x)
{
    static uint64_t places[N_BINS + TROUPE_BINS_EXTRA];
    static double weighed[N_BINS + TROUPE_BINS_EXTRA];
    const troupe_bins bins = {-1e8, 1e8, N_BINS};
    troupe_array drawn = make(self, TROUPE_DOUBLE, LENGTH);
    troupe_array whole = make(self, TROUPE_INT64, LENGTH);
    troupe_array keys = make(self, TROUPE_INT64, LENGTH);
    troupe_array many = make(self, TROUPE_UINT64, N_MANY + TROUPE_BINS_EXTRA);
    troupe_random random = {12, 34};
    int64_t sum;

    REQUIRE_OK(troupe_fill_normal(self, drawn, random, TROUPE_TREE));
    say_array(self, "normal", drawn);
    REQUIRE_OK(troupe_fill_uniform(self, drawn, random, TROUPE_TREE));
    say_array(self, "uniform", drawn);
    REQUIRE_OK(troupe_fill_integers(self, whole, random, -1000, 5000, TROUPE_TREE));
    say_array(self, "integers", whole);
    REQUIRE_OK(troupe_sum_integers(self, whole, TROUPE_TREE, &sum));
    say(self, "sum_integers", (uint64_t)sum);
    REQUIRE_OK(troupe_fill_integers(self, keys, random, 0, N_MANY, TROUPE_TREE));
    REQUIRE_OK(troupe_histogram_spread(self, keys, (troupe_bins){0, N_MANY, N_MANY},
                                       TROUPE_TREE, many));
    say_array(self, "histogram_spread", many);
    REQUIRE_OK(troupe_scan(self, whole, whole, TROUPE_SUM, TROUPE_TREE));
    say_array(self, "scan of integers", whole);
    REQUIRE_OK(troupe_histogram(self, x, bins, TROUPE_TREE, places));
    say_bytes(self, "histogram", places, sizeof places);
    for (int i = 0; i < N_LEVELS; i++) {
        REQUIRE_OK(troupe_histogram_weighted(self, x, drawn, bins, levels[i], weighed));
        say_bytes(self, "histogram_weighted", weighed, sizeof weighed);
    }
    cancelling(self);
}

static void products(troupe_actor *self)
{
    const troupe_matrix_options shape = {.block_length = 1024};
    const int64_t n = 60, key = 5; /* by FAST work for more than two threads */
    const troupe_array_options rows = {
        .element = TROUPE_DOUBLE, .length = n * n * n, .block_length = 1024};
    troupe_matrix matrix;
    troupe_array x, y;
    double dot;

    REQUIRE_OK(
        troupe_matrix_poisson(self, troupe_rank_team(self), n, 27, &shape, &matrix));
    REQUIRE_OK(troupe_array_create(self, troupe_rank_team(self), &rows, &x));
    REQUIRE_OK(troupe_array_create(self, troupe_rank_team(self), &rows, &y));
    REQUIRE_OK(troupe_map(self, &begin_kernel, &(troupe_arrays){.out = {x}}, &key,
                          TROUPE_TREE));
    for (int i = 0; i < N_LEVELS; i++) {
        REQUIRE_OK(troupe_multiply(self, matrix, x, y, levels[i]));
        say_array(self, "multiply", y);
        REQUIRE_OK(troupe_multiply_dot(self, matrix, x, y, levels[i], &dot));
        say_real(self, "multiply_dot", dot);
    }
    if (!seed_of_cuts())
        fast_products(self, matrix, x, y);
}

static void grids(troupe_actor *self)
{
    const troupe_grid_options shape = {.n_dimensions = 2, .size = {500, 400}};
    troupe_grid from, to;
    troupe_grid_facts facts;

    REQUIRE_OK(troupe_grid_create(self, troupe_rank_team(self), &shape, &from));
    REQUIRE_OK(troupe_grid_create(self, troupe_rank_team(self), &shape, &to));
    facts = troupe_grid_describe(self, from);
    for (int64_t k = 0; k < facts.my_planes; k++)
        for (int64_t i = 0; i < 500; i++)
            facts.data[k * facts.plane_length + i] =
                (double)(mix((uint64_t)((facts.first_plane + k) * 500 + i)) >> 11);
    REQUIRE_OK(troupe_stencil(self, &smooth_kernel, from, to, NULL, TROUPE_TREE));
    say_array(self, "stencil", troupe_grid_array(to));
}

static troupe_status body(troupe_actor *self)
{
    troupe_array x = make(self, TROUPE_DOUBLE, LENGTH);
    troupe_array y = make(self, TROUPE_DOUBLE, LENGTH);
    const uint64_t keys[] = {1, 2};

    REQUIRE_OK(troupe_map(self, &begin_kernel, &(troupe_arrays){.out = {x}}, &keys[0],
                          TROUPE_TREE));
    REQUIRE_OK(troupe_map(self, &begin_kernel, &(troupe_arrays){.out = {y}}, &keys[1],
                          TROUPE_TREE));
    golden(self);
    sums(self, x, y);
    scans(self, x);
    counts(self, x);
    maps(self, x, y);
    if (seed_of_cuts()) {
        hostile_sums(self, x, y);
    } else {
        REQUIRE(n_threads_seen == array_n_threads(self));
        fast_sums(self, x, y);
    }
    products(self);
    grids(self);
    return TROUPE_OK;
}
TROUPE_PROCESS(main_process, body);

int main(int argc, char **argv)
{
    return troupe_main(argc, argv, &(troupe_program){.main = &main_process});
}
