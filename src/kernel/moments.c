/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/element.h"
#include <string.h>

/*
 * Mean and squared distances. By TREE each block is a leaf. At the better levels the
 * mean is that of the sum, and a second pass sums d = x - mean and d * d: the sum of
 * squares about the rounded mean m exceeds the one wanted by n (mean - m)^2, which is
 * (sum of d)^2 / n (Chan, Golub, LeVeque, 1983, "corrected two-pass").
 */

struct moments_work {
    const struct kernel_run *run;
    const struct array *array;
    int64_t first_block;
    struct numeric_moments *leaves;
    double mean;
    double *distances; /* a copy of the part */
};

static const double *
as_doubles(const struct array *array, int64_t first, int64_t n, double *room)
{
    const float *floats = (const float *)(const void *)array_at(array, first);

    if (array->element == TROUPE_DOUBLE)
        return (const double *)(const void *)array_at(array, first);
    for (int64_t i = 0; i < n; i++)
        room[i] = (double)floats[i];
    return room;
}

/* ---- TREE --------------------------------------------------------------------- */

static void block_task(void *context, int64_t task, int thread)
{
    struct moments_work *work = context;
    int64_t first = array_block_first(work->array, work->first_block + task);
    int64_t n = array_block_first(work->array, work->first_block + task + 1) - first;
    double *room = NULL;

    (void)thread;
    if (work->array->element == TROUPE_FLOAT)
        room = work->distances + (first - array_mine_first(work->array));
    numeric_moments_block(work->run->here->isa, as_doubles(work->array, first, n, room),
                          n, &work->leaves[task]);
}

static troupe_status reduce_blocks(struct kernel_run *run,
                                   const struct array *x,
                                   struct numeric_carrier *carrier)
{
    struct moments_work work = {
        .run = run, .array = x, .first_block = x->cuts[x->index]};
    int64_t n_blocks = array_mine_blocks(x);
    size_t n_wide = x->element == TROUPE_FLOAT ? (size_t)array_mine_length(x) : 0;
    troupe_status status = TROUPE_NO_MEMORY;

    work.leaves = kernel_take(run, (size_t)n_blocks * sizeof *work.leaves);
    work.distances = kernel_take(run, n_wide * sizeof(double));
    if (work.leaves && work.distances) {
        kernel_work(run, n_blocks, block_task, &work);
        status = TROUPE_OK;
        for (int64_t i = 0; i < n_blocks && status == TROUPE_OK; i++)
            status = numeric_carrier_push(carrier, 0, &work.leaves[i]);
    }
    kernel_give(work.leaves);
    kernel_give(work.distances);
    return status;
}

static troupe_status by_tree(struct kernel_run *run,
                             const struct kernel_request *request,
                             troupe_status mine,
                             struct numeric_moments *moments)
{
    const struct array *x = request->in[0];
    const struct numeric_tree tree = {.n_leaves = x->n_blocks,
                                      .value_bytes = sizeof *moments,
                                      .merge = numeric_moments_merge};
    struct numeric_carrier *carrier;
    const void *root;

    carrier = kernel_take_carrier(run, &tree, x->cuts[x->index], &mine);
    if (mine == TROUPE_OK)
        mine = reduce_blocks(run, x, carrier);
    mine = kernel_combine_carriers(run, x, x->block_length, mine, carrier);
    root = mine == TROUPE_OK ? numeric_carrier_value(carrier) : NULL;
    if (root)
        memcpy(moments, root, sizeof *moments);
    kernel_give(carrier);
    return mine;
}

/* ---- TREE_DD, EXACT ----------------------------------------------------------- */

static void distance_task(void *context, int64_t task, int thread)
{
    struct moments_work *work = context;
    int64_t n_mine = array_mine_length(work->array), begin = task * KERNEL_PIECE;
    int64_t n = n_mine - begin < KERNEL_PIECE ? n_mine - begin : KERNEL_PIECE;
    double room[KERNEL_PIECE];
    const double *x =
        as_doubles(work->array, array_mine_first(work->array) + begin, n, room);

    (void)thread;
    for (int64_t i = 0; i < n; i++)
        work->distances[begin + i] = x[i] - work->mean;
}

/* An array of the distances, shaped as x; only here, for the sums below. */
static troupe_status take_distances(struct kernel_run *run,
                                    const struct array *x,
                                    double mean,
                                    struct array *distances)
{
    struct moments_work work = {.run = run, .array = x, .mean = mean};
    size_t n = (size_t)array_mine_length(x);

    *distances = *x;
    distances->element = TROUPE_DOUBLE;
    distances->element_bytes = sizeof(double);
    work.distances = kernel_take(run, n * sizeof(double));
    distances->memory.bytes = (unsigned char *)work.distances;
    if (!work.distances)
        return TROUPE_NO_MEMORY;
    kernel_work(run, (int64_t)(n + KERNEL_PIECE - 1) / KERNEL_PIECE, distance_task,
                &work);
    return TROUPE_OK;
}

static troupe_status sum_distances(struct kernel_run *run,
                                   const struct kernel_request *request,
                                   struct numeric_moments *moments)
{
    struct kernel_request sums = *request;
    struct array distances;
    double sum = 0, squares = 0;
    double n = (double)moments->n_items;
    troupe_status status =
        take_distances(run, request->in[0], moments->mean, &distances);

    sums.in[0] = sums.in[1] = &distances;
    status = kernel_sum(run, &sums, status, &sum);
    sums.n_in = 2;
    if (status == TROUPE_OK)
        status = kernel_sum(run, &sums, status, &squares);
    kernel_give(distances.memory.bytes);
    moments->squares = squares - sum * sum / n;
    return status;
}

static troupe_status in_two_passes(struct kernel_run *run,
                                   const struct kernel_request *request,
                                   troupe_status mine,
                                   struct numeric_moments *moments)
{
    double sum = 0;

    TROUPE_TRY(kernel_sum(run, request, mine, &sum));
    moments->n_items = request->in[0]->length;
    if (moments->n_items == 0)
        return TROUPE_OK;
    moments->mean = sum / (double)moments->n_items;
    return sum_distances(run, request, moments);
}

/* ---- the operation ------------------------------------------------------------ */

static troupe_status perform_moments(struct kernel_run *run,
                                     const struct kernel_request *request,
                                     troupe_status mine)
{
    struct numeric_moments moments = {.n_items = 0};

    if (request->how.level == TROUPE_LEVEL_TREE_DD ||
        request->how.level == TROUPE_LEVEL_EXACT)
        TROUPE_TRY(in_two_passes(run, request, mine, &moments));
    else
        TROUPE_TRY(by_tree(run, request, mine, &moments));
    *(troupe_moments *)request->result =
        (troupe_moments){.n_items = moments.n_items,
                         .mean = numeric_canonical(moments.mean),
                         .squares = numeric_canonical(moments.squares)};
    return TROUPE_OK;
}

static const struct kernel_operation moments_operation = {
    .name = "troupe_moments_of",
    .levels = KERNEL_ALL_LEVELS,
    .expression = {"blocks in two passes, merged in the tree over blocks",
                   "mean, then distances, in the tree over rows of 16",
                   "mean, then distances, each sum rounded once", "as TREE"},
    .perform = perform_moments,
};

troupe_status troupe_moments_of(troupe_actor *self,
                                troupe_array x,
                                troupe_how how,
                                troupe_moments *moments)
{
    struct kernel_request request = {.operation = &moments_operation,
                                     .how = how,
                                     .result = moments,
                                     .result_bytes = sizeof *moments};
    troupe_status mine = TROUPE_OK;

    actor_require(self, moments != NULL, "troupe_moments_of: no place for the result");
    kernel_take_in(self, &request, x);
    if (!kernel_is_real(request.in[0]->element))
        mine = kernel_refuse(kernel_of(self->home->rank), &request,
                             "it wants float or double elements");
    return kernel_call(self, &request, mine);
}
