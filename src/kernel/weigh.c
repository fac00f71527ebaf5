/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/histogram.h"
#include "numeric/pair.h"
#include <string.h>

/*
 * Weights by bins. At TREE and TREE_DD a block's go to sums of its own, which are
 * merged in a tree; they are doubles, or pairs of them.
 */

struct weigh_work {
    const struct array *x, *weights;
    const struct numeric_isa *isa;
    struct numeric_bins bins;
    size_t n_places, value_bytes;
    bool is_dd;
    int64_t first_block; /* of the caller's, in this round */
    unsigned char *sums; /* by block of the round */
};

enum { ROUND_BYTES = 1 << 26, ROUND_BLOCKS = 4 /* a thread at least */ };

static void weigh_task(void *context, int64_t task, int thread)
{
    const struct weigh_work *work = context;
    int64_t block = work->x->cuts[work->x->index] + work->first_block + task;
    int64_t begin = array_block_first(work->x, block);
    int64_t n = array_block_first(work->x, block + 1) - begin;
    const double *x = (const double *)(void *)array_at(work->x, begin);
    const double *weights = (const double *)(void *)array_at(work->weights, begin);
    void *sums = work->sums + (size_t)task * work->value_bytes;

    (void)thread;
    if (work->is_dd)
        numeric_histogram_weigh_dd(work->isa, &work->bins, x, weights, n, sums);
    else
        numeric_histogram_weigh(work->isa, &work->bins, x, weights, n, sums);
}

/* The sums of n blocks, which are the next ones of the carrier. */
static troupe_status weigh_round(struct kernel_run *run,
                                 struct weigh_work *work,
                                 int64_t n,
                                 struct numeric_carrier *carrier)
{
    troupe_status status = TROUPE_OK;

    kernel_work(run, n, weigh_task, work);
    for (int64_t i = 0; i < n && status == TROUPE_OK; i++)
        status = numeric_carrier_push(carrier, 0,
                                      work->sums + (size_t)i * work->value_bytes);
    return status;
}

/* Of many bins each block has many sums, so not all blocks' are kept at a time. */
static troupe_status weigh_part(struct kernel_run *run,
                                struct weigh_work *work,
                                struct numeric_carrier *carrier)
{
    int64_t n_blocks = array_mine_blocks(work->x);
    int64_t least = ROUND_BLOCKS * array_n_threads(run->self);
    size_t n_bytes = ROUND_BYTES >> (run->is_again ? 6 : 0);
    int64_t n_round = (int64_t)(n_bytes / work->value_bytes);
    troupe_status status = TROUPE_OK;

    n_round = n_round < least ? least : n_round;
    n_round = n_round < n_blocks ? n_round : n_blocks;
    work->sums = kernel_take(run, (size_t)n_round * work->value_bytes);
    if (!work->sums)
        return TROUPE_NO_MEMORY;
    for (int64_t i = 0; i < n_blocks && status == TROUPE_OK; i += n_round) {
        work->first_block = i;
        status = weigh_round(run, work, n_blocks - i < n_round ? n_blocks - i : n_round,
                             carrier);
    }
    kernel_give(work->sums);
    return status;
}

/* The sums of all blocks; NULL: there was none. */
static void finish(const struct weigh_work *work, const void *all, double *sums)
{
    const struct numeric_weight *pairs = all;

    if (!all)
        memset(sums, 0, work->n_places * sizeof *sums);
    else if (!work->is_dd)
        memcpy(sums, all, work->n_places * sizeof *sums);
    else
        for (size_t i = 0; i < work->n_places; i++)
            sums[i] = numeric_pair_round(pairs[i].high, pairs[i].low);
}

static troupe_status
by_tree(struct kernel_run *run, struct weigh_work *work, double *result)
{
    const struct array *x = work->x;
    uint64_t word = work->n_places;
    const struct numeric_tree tree = {.n_leaves = x->n_blocks,
                                      .value_bytes = work->value_bytes,
                                      .merge = work->is_dd ? numeric_histogram_merge_dd
                                                           : numeric_histogram_merge,
                                      .argument = &word};
    struct numeric_carrier *carrier;
    troupe_status status = TROUPE_OK;

    carrier = kernel_take_carrier(run, &tree, x->cuts[x->index], &status);
    if (status == TROUPE_OK)
        status = weigh_part(run, work, carrier);
    status = kernel_combine_carriers(run, x, x->block_length, status, carrier);
    if (status == TROUPE_OK)
        finish(work, numeric_carrier_value(carrier), result);
    kernel_give(carrier);
    return status;
}

static troupe_status perform_weigh(struct kernel_run *run,
                                   const struct kernel_request *request,
                                   troupe_status mine)
{
    bool is_dd = request->how.level == TROUPE_LEVEL_TREE_DD;
    struct weigh_work work = {.x = request->in[0],
                              .weights = request->in[1],
                              .isa = run->here->isa,
                              .n_places = kernel_n_places(request),
                              .is_dd = is_dd};

    if (request->how.level == TROUPE_LEVEL_EXACT)
        return kernel_weigh_exactly(run, request, mine);
    work.value_bytes =
        work.n_places * (is_dd ? sizeof(struct numeric_weight) : sizeof(double));
    if (mine == TROUPE_OK)
        mine = kernel_bins_read(request, &work.bins);
    TROUPE_TRY(array_agree(run->self, run->team, mine, run->fingerprint));
    return by_tree(run, &work, request->result);
}

static const struct kernel_operation weigh_operation = {
    .name = "troupe_histogram_weighted",
    .levels = KERNEL_ALL_LEVELS,
    .expression = {"tree over blocks", "tree over blocks, twice the precision",
                   "rounded once", "tree over blocks"},
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
