/* SPDX-License-Identifier: BSD-3-Clause */
#include "numeric/histogram.h"
#include "base/alloc.h"
#include "kernel/element.h"
#include "troupe/scan.h"
#include <string.h>

/* Counts are integers and may be added in any order; weights go through a tree. */

_Static_assert((int)TROUPE_BINS_EXTRA == (int)NUMERIC_EXTRA_SLOTS,
               "places of a histogram");

struct histogram_work {
    const struct array *x, *weights;
    const struct array *onto; /* where counts go; NULL: to everybody's result */
    struct numeric_bins bins;
    size_t n_places;
    struct kernel_pages *pages;
    uint32_t *counts; /* by thread */
    uint64_t *totals; /* room for them */
    int64_t first_task;
    double *sums; /* by block */
};

static bool take_bins(const struct kernel_request *request, struct histogram_work *work)
{
    int64_t n_bins = (int64_t)request->words[2];

    work->n_places = (size_t)n_bins + TROUPE_BINS_EXTRA;
    return numeric_bins_init(&work->bins, numeric_from_bits(request->words[0]),
                             numeric_from_bits(request->words[1]), n_bins) == TROUPE_OK;
}

/* ---- counts ------------------------------------------------------------------- */

struct count_piece {
    const struct histogram_work *work;
    uint32_t *counts;
};

static void count_piece(void *context, const void *x, int64_t n, int64_t first)
{
    const struct count_piece *piece = context;

    (void)first;
    numeric_histogram_count(&piece->work->bins,
                            kernel_element_of(piece->work->x->element), x, n,
                            piece->counts);
}

static void count_task(void *context, int64_t task, int thread)
{
    const struct histogram_work *work = context;
    struct count_piece piece = {work, work->counts + (size_t)thread * work->n_places};

    kernel_each_of_task(work->x, work->first_task + task, count_piece, &piece);
}

static troupe_status
count(struct kernel_run *run, struct histogram_work *work, uint64_t *result)
{
    enum { ROUND_TASKS = 1 << 14 }; /* of 2^16 elements */
    struct kernel_counts counts =
        kernel_counts_make(work->x, work->counts, (size_t)array_n_threads(run->self),
                           work->totals, work->n_places);
    int64_t n_tasks = kernel_n_tasks(work->x);

    for (; work->first_task < n_tasks; work->first_task += ROUND_TASKS) {
        int64_t n_left = n_tasks - work->first_task;

        kernel_work(run, n_left < ROUND_TASKS ? n_left : ROUND_TASKS, count_task, work);
        kernel_counts_put_aside(&counts);
    }
    counts.onto = work->onto;
    return work->onto ? kernel_counts_spread(run, &counts)
                      : kernel_counts_total(run, &counts, result);
}

static bool take_counts(struct kernel_run *run, struct histogram_work *work)
{
    size_t n_threads = (size_t)array_n_threads(run->self);

    work->pages =
        kernel_take_pages(run, n_threads * work->n_places * sizeof *work->counts);
    work->totals = kernel_take(run, work->onto ? kernel_counts_spread_room(work->onto)
                                               : work->n_places * sizeof *work->totals);
    work->counts = work->pages ? work->pages->bytes : NULL;
    return work->counts && work->totals;
}

static troupe_status perform_count(struct kernel_run *run,
                                   const struct kernel_request *request,
                                   troupe_status mine)
{
    struct histogram_work work = {.x = request->in[0],
                                  .onto = request->n_out ? request->out[0] : NULL};

    if (mine == TROUPE_OK && !take_bins(request, &work))
        mine = TROUPE_INVALID;
    if (mine == TROUPE_OK && !take_counts(run, &work))
        mine = TROUPE_NO_MEMORY;
    mine = array_agree(run->self, run->team, mine, run->fingerprint);
    if (mine == TROUPE_OK && work.totals)
        mine = count(run, &work, request->result);
    kernel_give(work.pages);
    kernel_give(work.totals);
    return mine;
}

/* ---- weights ------------------------------------------------------------------ */

static void weigh_task(void *context, int64_t task, int thread)
{
    const struct histogram_work *work = context;
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
                                struct histogram_work *work,
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
                           struct histogram_work *work)
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
    struct histogram_work work = {.x = request->in[0], .weights = request->in[1]};

    if (mine == TROUPE_OK && !take_bins(request, &work))
        mine = TROUPE_INVALID;
    TROUPE_TRY(array_agree(run->self, run->team, mine, run->fingerprint));
    return weigh(run, request, &work);
}

/* ---- the operations ----------------------------------------------------------- */

static const struct kernel_operation count_operation = {
    .name = "troupe_histogram",
    .levels = KERNEL_ALL_LEVELS,
    .expression = {"counts", "counts", "counts", "counts"},
    .perform = perform_count,
};
static const struct kernel_operation spread_operation = {
    .name = "troupe_histogram_spread",
    .levels = KERNEL_ALL_LEVELS,
    .expression = {"counts", "counts", "counts", "counts"},
    .has_own_shapes = true,
    .perform = perform_count,
};
static const struct kernel_operation weigh_operation = {
    .name = "troupe_histogram_weighted",
    .levels = KERNEL_TREE_LEVELS,
    .expression = {"tree over blocks", NULL, NULL, "tree over blocks"},
    .perform = perform_weigh,
};

static troupe_status call(troupe_actor *self,
                          struct kernel_request *request,
                          const troupe_bins *bins,
                          bool is_fit)
{
    troupe_status mine = TROUPE_OK;
    struct numeric_bins made;

    actor_require(self, request->result || request->n_out > 0,
                  "%s: no place for the result", request->operation->name);
    /* The words tell a task and the other members; low and high go as their bits. */
    request->words[0] = numeric_bits_of(bins->low);
    request->words[1] = numeric_bits_of(bins->high);
    request->words[2] = (uint64_t)bins->n_bins;
    if (!is_fit)
        mine = kernel_refuse(kernel_of(self->home->rank), request,
                             "its arrays have other elements or lengths, or teams");
    else if (numeric_bins_init(&made, bins->low, bins->high, bins->n_bins) != TROUPE_OK)
        mine = kernel_refuse(kernel_of(self->home->rank), request,
                             "these are no bins: low < high, finite, and some of them");
    else if (request->result)
        request->result_bytes =
            ((size_t)bins->n_bins + TROUPE_BINS_EXTRA) * sizeof(uint64_t);
    return kernel_call(self, request, mine);
}

troupe_status troupe_histogram(troupe_actor *self,
                               troupe_array x,
                               troupe_bins bins,
                               troupe_how how,
                               uint64_t *counts)
{
    struct kernel_request request = {
        .operation = &count_operation, .how = how, .result = counts};

    kernel_take_in(self, &request, x);
    return call(self, &request, &bins, kernel_is_number(request.in[0]->element));
}

troupe_status troupe_histogram_spread(troupe_actor *self,
                                      troupe_array x,
                                      troupe_bins bins,
                                      troupe_how how,
                                      troupe_array counts)
{
    struct kernel_request request = {.operation = &spread_operation, .how = how};
    const struct array *from, *onto;

    kernel_take_in(self, &request, x);
    kernel_take_out(self, &request, counts);
    from = request.in[0];
    onto = request.out[0];
    return call(self, &request, &bins,
                kernel_is_number(from->element) && from != onto &&
                    from->team == onto->team && onto->element == TROUPE_UINT64 &&
                    onto->length - TROUPE_BINS_EXTRA == bins.n_bins);
}

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
    return call(self, &request, &bins,
                request.in[0]->element == TROUPE_DOUBLE &&
                    request.in[1]->element == TROUPE_DOUBLE);
}
