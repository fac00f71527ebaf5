/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Kernels on arrays against plain loops over the same memory, by the same number of
 * threads: unordered sums as a compiler vectorises them when it may regroup, the STREAM
 * triad, MPI_Allreduce, sorts of one core. Each case wants a number of ranks and of
 * threads (TROUPE_WORKERS); the others are passed over.
 */
#define _GNU_SOURCE
#include "common/interleave.h"
#include "common/radix.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What an expert would compile for: the best of the machine. clang 14 has no clones. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define BEST_OF_MACHINE                                                                \
    __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define BEST_OF_MACHINE
#endif

enum { N_KEYS = 1 << 24, N_ALLREDUCES = 2000 };

struct work {
    troupe_actor *self;
    troupe_array x, y, z; /* of double, matching */
    troupe_array wide;    /* likewise, over 300 decades */
    troupe_array summed;  /* one of these */
    troupe_array keys, unsorted;
    int64_t *peer_keys, *peer_room; /* all of them, on rank 0 */
    int64_t n;                      /* elements of x */
    troupe_how how;
    double sum; /* so that nothing is left out */
    MPI_Comm communicator;
};

static double gigabytes_per_s(const struct work *work, int n_arrays, double seconds)
{
    return 1e-9 * 8 * n_arrays * (double)work->n / seconds;
}

static double *elements(const struct work *work, troupe_array array)
{
    return troupe_array_mine(work->self, array).data;
}

/* ---- sums ------------------------------------------------------------------------ */

static troupe_status our_sum(troupe_actor *self, void *context, double *value)
{
    struct work *work = context;
    double begin_s = bench_now_s();
    TROUPE_TRY(troupe_sum(self, work->summed, work->how, &work->sum));
    *value = gigabytes_per_s(work, 1, bench_now_s() - begin_s);
    return TROUPE_OK;
}

BEST_OF_MACHINE static double unordered(const double *x, int64_t n)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < n; i++)
        sum += x[i];
    return sum;
}

static troupe_status unordered_sum(troupe_actor *self, void *context, double *value)
{
    struct work *work = context;
    (void)self;
    double begin_s = bench_now_s();
    work->sum = unordered(elements(work, work->summed), work->n);
    *value = gigabytes_per_s(work, 1, bench_now_s() - begin_s);
    return TROUPE_OK;
}

static troupe_status unordered_threads(troupe_actor *self, void *context, double *value)
{
    struct work *work = context;
    const double *x = elements(work, work->summed);
    int64_t n = work->n;
    double sum = 0;
    (void)self;
    double begin_s = bench_now_s();
#pragma omp parallel num_threads(2) reduction(+ : sum)
    {
        int64_t half = n / 2, thread = omp_get_thread_num();
        sum += unordered(x + thread * half, half);
    }
    work->sum = sum;
    *value = gigabytes_per_s(work, 1, bench_now_s() - begin_s);
    return TROUPE_OK;
}

static troupe_status left_fold(troupe_actor *self, void *context, double *value)
{
    struct work *work = context;
    const double *x = elements(work, work->summed);
    double sum = 0;
    (void)self;
    double begin_s = bench_now_s();
    for (int64_t i = 0; i < work->n; i++)
        sum += x[i];
    work->sum = sum;
    *value = gigabytes_per_s(work, 1, bench_now_s() - begin_s);
    return TROUPE_OK;
}

/* Both signs, and any order of magnitude from 1e-150 to 1e150. */
static void widen_block(const troupe_block *block, void *result, const void *argument)
{
    const double *from = block->in[0];
    double *to = block->out[0];
    (void)result;
    (void)argument;
    for (int64_t i = 0; i < block->n; i++) {
        double size = pow(10, 300 * from[i] - 150);
        to[i] = (block->first + i) % 3 ? size : -size;
    }
}
TROUPE_KERNEL(widen_kernel, widen_block);

/* ---- triad ----------------------------------------------------------------------- */

static void triad_block(const troupe_block *block, void *result, const void *argument)
{
    const double *b = block->in[0], *c = block->in[1];
    double *a = block->out[0], factor = *(const double *)argument;
    (void)result;
    for (int64_t i = 0; i < block->n; i++)
        a[i] = b[i] + factor * c[i];
}
TROUPE_KERNEL(triad_kernel, triad_block);

static const double factor = 3;

static troupe_status our_triad(troupe_actor *self, void *context, double *value)
{
    struct work *work = context;
    double begin_s = bench_now_s();
    TROUPE_TRY(troupe_map(self, &triad_kernel,
                          &(troupe_arrays){.in = {work->y, work->z}, .out = {work->x}},
                          &factor, TROUPE_TREE));
    *value = gigabytes_per_s(work, 3, bench_now_s() - begin_s);
    return TROUPE_OK;
}

static troupe_status stream_triad(troupe_actor *self, void *context, double *value)
{
    struct work *work = context;
    double *a = elements(work, work->x);
    const double *b = elements(work, work->y), *c = elements(work, work->z);
    (void)self;
    double begin_s = bench_now_s();
#pragma omp parallel for num_threads(2) schedule(static)
    for (int64_t i = 0; i < work->n; i++)
        a[i] = b[i] + factor * c[i];
    *value = gigabytes_per_s(work, 3, bench_now_s() - begin_s);
    return TROUPE_OK;
}

/* ---- all-reduce ------------------------------------------------------------------ */

static troupe_status our_allreduce(troupe_actor *self, void *context, double *value)
{
    struct work *work = context;
    troupe_team *team = troupe_rank_team(self);
    double begin_s = bench_now_s();
    for (int i = 0; i < N_ALLREDUCES; i++)
        TROUPE_TRY(troupe_sum_double(self, team, 0.5, &work->sum));
    *value = 1e9 * (bench_now_s() - begin_s) / N_ALLREDUCES;
    return TROUPE_OK;
}

static troupe_status mpi_allreduce(troupe_actor *self, void *context, double *value)
{
    struct work *work = context;
    const double mine = 0.5;
    (void)self;
    double begin_s = bench_now_s();
    for (int i = 0; i < N_ALLREDUCES; i++)
        MPI_Allreduce(&mine, &work->sum, 1, MPI_DOUBLE, MPI_SUM, work->communicator);
    *value = 1e9 * (bench_now_s() - begin_s) / N_ALLREDUCES;
    return TROUPE_OK;
}

/* ---- sorts ----------------------------------------------------------------------- */

static troupe_status our_sort(troupe_actor *self, void *context, double *value)
{
    struct work *work = context;
    troupe_array_part from = troupe_array_mine(self, work->unsorted);
    memcpy(troupe_array_mine(self, work->keys).data, from.data,
           (size_t)from.n_elements * sizeof(int64_t));
    TROUPE_TRY(troupe_barrier(self, troupe_rank_team(self)));
    double begin_s = bench_now_s();
    TROUPE_TRY(troupe_sort(self, work->keys, NULL, TROUPE_TREE));
    TROUPE_TRY(troupe_barrier(self, troupe_rank_team(self)));
    *value = bench_now_s() - begin_s;
    return TROUPE_OK;
}

static int compare_keys(const void *a, const void *b, void *context)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    (void)context;
    return (left > right) - (left < right);
}

/* Rank 0 sorts all keys alone; `is_radix` says how. */
static troupe_status sort_alone(struct work *work, bool is_radix, double *value)
{
    troupe_array_range all = {0, N_KEYS};
    int64_t *keys = work->peer_keys;
    TROUPE_TRY(troupe_array_gather(work->self, work->unsorted, 0, all, keys));
    TROUPE_TRY(bench_meet(work->self)); /* what was gathered may be on its way yet */
    MPI_Barrier(work->communicator);
    double begin_s = bench_now_s();
    if (keys && is_radix)
        bench_radix_sort(keys, work->peer_room, N_KEYS);
    else if (keys)
        qsort_r(keys, N_KEYS, sizeof *keys, compare_keys, NULL);
    MPI_Barrier(work->communicator);
    *value = bench_now_s() - begin_s;
    for (int64_t i = 1; keys && i < N_KEYS; i++)
        if (keys[i] < keys[i - 1])
            bench_die("the peer's keys are not in order");
    return TROUPE_OK;
}

static troupe_status by_qsort(troupe_actor *self, void *context, double *value)
{
    (void)self;
    return sort_alone(context, false, value);
}

static troupe_status by_radix(troupe_actor *self, void *context, double *value)
{
    (void)self;
    return sort_alone(context, true, value);
}

/* ---- the program ----------------------------------------------------------------- */

enum needs { NUMBERS = 1, THREE = 2, KEYS = 4, WIDE = 8 };

static const struct {
    const char *name, *peer_name, *unit;
    bench_block_fn *ours, *peer;
    int n_ranks, n_threads;
    enum troupe_level level;
    unsigned needs;
    size_t n_pairs;
    bool is_rate;
} cases[] = {
    {"TREE sum, 1 thread", "omp simd reduction", "GB/s", our_sum, unordered_sum, 1, 1,
     TROUPE_LEVEL_TREE, NUMBERS, 15, true},
    {"TREE_DD sum, 1 thread", "omp simd reduction", "GB/s", our_sum, unordered_sum, 1,
     1, TROUPE_LEVEL_TREE_DD, NUMBERS, 15, true},
    {"EXACT sum, 1 thread", "naive left fold", "GB/s", our_sum, left_fold, 1, 1,
     TROUPE_LEVEL_EXACT, NUMBERS, 15, true},
    {"EXACT sum, 300 decades, 1 thread", "naive left fold", "GB/s", our_sum, left_fold,
     1, 1, TROUPE_LEVEL_EXACT, NUMBERS | WIDE, 15, true},
    {"TREE sum, 2 threads", "reading by 2 threads", "GB/s", our_sum, unordered_threads,
     1, 2, TROUPE_LEVEL_TREE, NUMBERS, 15, true},
    {"map (triad), 2 threads", "STREAM triad, OpenMP", "GB/s", our_triad, stream_triad,
     1, 2, TROUPE_LEVEL_TREE, THREE, 15, true},
    {"8-byte all-reduce, 2 ranks", "MPI_Allreduce", "ns", our_allreduce, mpi_allreduce,
     2, 1, TROUPE_LEVEL_TREE, 0, 31, false},
    {"sort of 16 Mi keys, 2 ranks", "qsort_r, one core", "s", our_sort, by_qsort, 2, 1,
     TROUPE_LEVEL_TREE, KEYS, 10, false},
    {"sort of 16 Mi keys, 2 ranks", "radix sort, one core", "s", our_sort, by_radix, 2,
     1, TROUPE_LEVEL_TREE, KEYS, 10, false},
};

static int n_threads(void)
{
    const char *text = getenv("TROUPE_WORKERS");
    return text ? atoi(text) : 1;
}

static troupe_status
make(struct work *work, enum troupe_element element, int64_t n, troupe_array *array)
{
    const troupe_array_options shape = {.element = element, .length = n};
    return troupe_array_create(work->self, troupe_rank_team(work->self), &shape, array);
}

static troupe_status prepare_wide(struct work *work)
{
    TROUPE_TRY(make(work, TROUPE_DOUBLE, work->n, &work->wide));
    work->summed = work->wide;
    return troupe_map(work->self, &widen_kernel,
                      &(troupe_arrays){.in = {work->x}, .out = {work->wide}}, NULL,
                      TROUPE_TREE);
}

static troupe_status prepare(struct work *work, unsigned needs)
{
    const troupe_random random = {.seed = 1};
    troupe_array *reals[] = {&work->x, &work->y, &work->z};
    int n_reals = needs & THREE ? 3 : needs & NUMBERS ? 1 : 0;
    for (int i = 0; i < n_reals; i++) {
        if (reals[i]->bits)
            continue;
        TROUPE_TRY(make(work, TROUPE_DOUBLE, work->n, reals[i]));
        TROUPE_TRY(troupe_fill_uniform(work->self, *reals[i], random, TROUPE_TREE));
    }
    work->summed = work->x;
    if (needs & WIDE)
        return prepare_wide(work);
    if (!(needs & KEYS) || work->keys.bits)
        return TROUPE_OK;
    TROUPE_TRY(make(work, TROUPE_INT64, N_KEYS, &work->keys));
    TROUPE_TRY(make(work, TROUPE_INT64, N_KEYS, &work->unsorted));
    if (troupe_rank(work->self) == 0) {
        work->peer_keys = troupe_alloc(work->self, sizeof(int64_t) * N_KEYS);
        work->peer_room = troupe_alloc(work->self, sizeof(int64_t) * N_KEYS);
        if (!work->peer_keys || !work->peer_room)
            return TROUPE_NO_MEMORY;
        memset(work->peer_room, 0, sizeof(int64_t) * N_KEYS);
    }
    return troupe_fill_integers(work->self, work->unsorted, random, INT64_MIN,
                                INT64_MAX, TROUPE_TREE);
}

static troupe_status body(troupe_actor *self, int argc, char **argv)
{
    struct bench_options options = bench_parse(argc, argv);
    struct work work = {.self = self, .communicator = bench_communicator()};
    work.n = (options.is_quick ? INT64_C(64) : INT64_C(512)) << 17;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (!bench_wants(&options, cases[i].name) ||
            cases[i].n_ranks != troupe_n_ranks(self) ||
            cases[i].n_threads != n_threads())
            continue;
        struct bench_plan plan = {.about = {.bench = "kernels",
                                            .name = cases[i].name,
                                            .unit = cases[i].unit,
                                            .peer_name = cases[i].peer_name,
                                            .is_rate = cases[i].is_rate},
                                  .ours = cases[i].ours,
                                  .peer = cases[i].peer,
                                  .context = &work,
                                  .n_pairs = cases[i].n_pairs,
                                  .n_warm = 1};
        work.how = (troupe_how){.level = cases[i].level};
        TROUPE_TRY(prepare(&work, cases[i].needs));
        TROUPE_TRY(bench_interleave(self, &plan));
    }
    MPI_Comm_free(&work.communicator);
    return TROUPE_OK;
}
TROUPE_PROCESS(main_process, body);

int main(int argc, char **argv)
{
    return bench_main(argc, argv, &(troupe_program){.main = &main_process});
}
