/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/histogram.h"
#include <string.h>

/* Weights by bins: a block's go to sums of its own, which are merged in a tree. */

struct weigh_work {
    const struct array *x, *weights;
    struct numeric_bins bins;
    size_t n_places;
    double *sums; /* by block */
};

static void weigh_task(void *context, int64_t task, int thread)
{
    const struct weigh_work *work = context;
    int64_t block = work->x->cuts[work->x->index] + task;
    int64_t begin = array_block_first(work->x, block);
    int64_t end = array_block_first(work->x, block + 1);

    (void)thread;
    numeric_histogram_weigh(&work->bins,
                            (const double *)(void *)array_at(work->x, begin),
                            (const double *)(void *)array_at(work->weights, begin),
                            end - begin, work->sums + (size_t)task * work->n_places);
}

static troupe_status weigh_part(struct kernel_run *run,
                                struct weigh_work *work,
                                struct numeric_carrier *carrier)
{
    int64_t n_blocks = array_mine_blocks(work->x);
    troupe_status status = TROUPE_OK;
    size_t n_bytes;

    if (__builtin_mul_overflow((size_t)n_blocks, work->n_places * sizeof(double),
                               &n_bytes))
        return TROUPE_NO_MEMORY;
    work->sums = kernel_take(run, n_bytes);
    if (!work->sums)
        return TROUPE_NO_MEMORY;
    kernel_work(run, n_blocks, weigh_task, work);
    for (int64_t i = 0; i < n_blocks && status == TROUPE_OK; i++)
        status =
            numeric_carrier_push(carrier, 0, work->sums + (size_t)i * work->n_places);
    kernel_give(work->sums);
    return status;
}

static troupe_status weigh(struct kernel_run *run,
                           const struct kernel_request *request,
                           struct weigh_work *work)
{
    const struct array *x = work->x;
    uint64_t word = work->n_places;
    const struct numeric_tree tree = {.n_leaves = x->n_blocks,
                                      .value_bytes = work->n_places * sizeof(double),
                                      .merge = numeric_histogram_merge,
                                      .argument = &word};
    struct numeric_carrier *carrier;
    troupe_status status = TROUPE_OK;
    const void *sums;

    carrier = kernel_take_carrier(run, &tree, x->cuts[x->index], &status);
    if (status == TROUPE_OK)
        status = weigh_part(run, work, carrier);
    status = kernel_combine_carriers(run, x, x->block_length, status, carrier);
    sums = status == TROUPE_OK ? numeric_carrier_value(carrier) : NULL;
    if (sums)
        memcpy(request->result, sums, request->result_bytes);
    else if (status == TROUPE_OK)
        memset(request->result, 0, request->result_bytes);
    kernel_give(carrier);
    return status;
}

static troupe_status perform_weigh(struct kernel_run *run,
                                   const struct kernel_request *request,
                                   troupe_status mine)
{
    struct weigh_work work = {.x = request->in[0],
                              .weights = request->in[1],
                              .n_places = kernel_n_places(request)};

    if (mine == TROUPE_OK)
        mine = kernel_bins_read(request, &work.bins);
    TROUPE_TRY(array_agree(run->self, run->team, mine, run->fingerprint));
    return weigh(run, request, &work);
}

static const struct kernel_operation weigh_operation = {
    .name = "troupe_histogram_weighted",
    .levels = KERNEL_TREE_LEVELS,
    .expression = {"tree over blocks", NULL, NULL, "tree over blocks"},
    .perform = perform_weigh,
};

troupe_status troupe_histogram_weighted(troupe_actor *self,
                                        troupe_array x,
                                        troupe_array weights,
                                        troupe_bins bins,
                                        troupe_how how,
                                        double *sums)
{
    struct kernel_request request = {
        .operation = &weigh_operation, .how = how, .result = sums};

    kernel_take_in(self, &request, x);
    kernel_take_in(self, &request, weights);
    return kernel_bins_call(self, &request, &bins,
                            request.in[0]->element == TROUPE_DOUBLE &&
                                request.in[1]->element == TROUPE_DOUBLE);
}
