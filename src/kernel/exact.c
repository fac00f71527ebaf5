/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/exact.h"
#include "array/work.h"
#include <string.h>

enum { CHUNK = 1 << 16 };

struct exact_sum {
    struct numeric_exact sum;
    bool has_piles;
    struct numeric_piles piles;
};

struct exact_work {
    struct numeric_terms terms;
    int64_t n;
    bool is_long;           /* piles are worth their making */
    struct exact_sum *sums; /* by thread */
};

static void exact_task(void *context, int64_t task, int thread)
{
    struct exact_work *work = context;
    struct exact_sum *sum = &work->sums[thread];
    int64_t begin = task * CHUNK, left = work->n - begin;
    struct numeric_terms terms = numeric_terms_at(&work->terms, begin);

    if (work->is_long && !sum->has_piles) {
        numeric_piles_init(&sum->piles);
        sum->has_piles = true;
    }
    numeric_exact_add(&sum->sum, sum->has_piles ? &sum->piles : NULL, &terms,
                      left < CHUNK ? left : CHUNK);
}

troupe_status kernel_exact_add(struct kernel_run *run,
                               const struct numeric_terms *terms,
                               int64_t n,
                               struct numeric_exact *sum)
{
    struct exact_work work = {.terms = *terms, .n = n, .is_long = n >= CHUNK};
    int n_threads = array_n_threads(run->self);

    work.sums = kernel_take(run, (size_t)n_threads * sizeof *work.sums);
    if (!work.sums)
        return TROUPE_NO_MEMORY;
    for (int i = 0; i < n_threads; i++) {
        numeric_exact_init(&work.sums[i].sum);
        work.sums[i].has_piles = false;
    }
    kernel_work(run, (n + CHUNK - 1) / CHUNK, exact_task, &work);
    for (int i = 0; i < n_threads; i++) {
        if (work.sums[i].has_piles)
            numeric_exact_take_piles(&work.sums[i].sum, &work.sums[i].piles);
        numeric_exact_merge(sum, &work.sums[i].sum);
    }
    kernel_give(work.sums);
    return TROUPE_OK;
}

troupe_status kernel_exact_join(unsigned char *left_bytes,
                                const unsigned char *right_bytes,
                                size_t size_bytes,
                                const struct kernel_fold *fold)
{
    struct numeric_exact left, right;

    (void)size_bytes;
    (void)fold;
    TROUPE_TRY(numeric_exact_unpack(&left, left_bytes));
    TROUPE_TRY(numeric_exact_unpack(&right, right_bytes));
    numeric_exact_merge(&left, &right);
    numeric_exact_pack(&left, left_bytes);
    return TROUPE_OK;
}
