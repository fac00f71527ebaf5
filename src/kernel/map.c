/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/kernel.h"
#include "numeric/probe.h"
#include <string.h>

/* Users' functions on blocks, with and without results. */

struct blocks_work {
    const struct kernel_request *request;
    const struct array *shape; /* any of the arrays */
    int64_t first_block, n_blocks;
    int64_t task_blocks;
    unsigned char *results; /* by block; NULL: none */
};

static void set_block(const struct kernel_request *request,
                      const struct array *shape,
                      int64_t number,
                      troupe_block *block)
{
    block->first = array_block_first(shape, number);
    block->n = array_block_first(shape, number + 1) - block->first;
    block->length = shape->length;
    for (int i = 0; i < request->n_in; i++)
        block->in[i] = array_at(request->in[i], block->first);
    for (int i = 0; i < request->n_out; i++)
        block->out[i] = array_at(request->out[i], block->first);
}

static void blocks_task(void *context, int64_t task, int thread)
{
    const struct blocks_work *work = context;
    const troupe_kernel *kernel = work->request->kernel;
    int64_t end = (task + 1) * work->task_blocks;
    troupe_block block = {.in = {NULL}};

    (void)thread;
    for (int64_t i = task * work->task_blocks; i < end && i < work->n_blocks; i++) {
        void *result = NULL;

        if (work->results) {
            result = work->results + (size_t)i * kernel->result_bytes;
            memset(result, 0, kernel->result_bytes);
        }
        set_block(work->request, work->shape, work->first_block + i, &block);
        kernel->run(&block, result, work->request->argument);
    }
}

static void run_blocks(struct kernel_run *run, struct blocks_work *work)
{
    kernel_work(run, (work->n_blocks + work->task_blocks - 1) / work->task_blocks,
                blocks_task, work);
}

/* Some for each thread, where there are so many: a block may be long work. */
static int64_t choose_task_blocks(const struct kernel_run *run, int64_t n_blocks)
{
    enum { MOST = 16, THREAD_TASKS = 8 };
    int64_t n = n_blocks / (THREAD_TASKS * array_n_threads(run->self));

    return run->is_again || n < 1 ? 1 : n < MOST ? n : MOST;
}

static struct blocks_work work_of(const struct kernel_run *run,
                                  const struct kernel_request *request)
{
    const struct array *shape = kernel_main_array(request);
    int64_t n_blocks = array_mine_blocks(shape);

    return (struct blocks_work){.request = request,
                                .shape = shape,
                                .first_block = shape->cuts[shape->index],
                                .n_blocks = n_blocks,
                                .task_blocks = choose_task_blocks(run, n_blocks)};
}

static troupe_status perform_map(struct kernel_run *run,
                                 const struct kernel_request *request,
                                 troupe_status mine)
{
    struct blocks_work work = work_of(run, request);

    TROUPE_TRY(array_agree(run->self, run->team, mine, run->fingerprint));
    run_blocks(run, &work);
    return TROUPE_OK;
}

/* ---- results ------------------------------------------------------------------ */

static void merge_results(void *left, const void *right, const void *argument)
{
    troupe_merge_fn *merge;

    memcpy(&merge, argument, sizeof merge);
    merge(left, right);
}

static troupe_status join_results(const struct blocks_work *work,
                                  struct numeric_carrier *carrier)
{
    size_t result_bytes = work->request->kernel->result_bytes;
    troupe_status status = TROUPE_OK;

    for (int64_t i = 0; i < work->n_blocks && status == TROUPE_OK; i++)
        status =
            numeric_carrier_push(carrier, 0, work->results + (size_t)i * result_bytes);
    return status;
}

static troupe_status reduce_part(struct kernel_run *run,
                                 const struct kernel_request *request,
                                 struct numeric_carrier *carrier)
{
    struct blocks_work work = work_of(run, request);
    size_t n_bytes;
    troupe_status status;

    if (__builtin_mul_overflow((size_t)work.n_blocks, request->kernel->result_bytes,
                               &n_bytes))
        return TROUPE_NO_MEMORY;
    work.results = kernel_take(run, n_bytes);
    if (!work.results)
        return TROUPE_NO_MEMORY;
    run_blocks(run, &work);
    status = join_results(&work, carrier);
    kernel_give(work.results);
    return status;
}

static troupe_status perform_reduce(struct kernel_run *run,
                                    const struct kernel_request *request,
                                    troupe_status mine)
{
    const struct array *shape = kernel_main_array(request);
    uint64_t word = 0; /* the user's function */
    const struct numeric_tree tree = {.n_leaves = shape->n_blocks,
                                      .value_bytes = request->kernel->result_bytes,
                                      .merge = merge_results,
                                      .argument = &word};
    struct numeric_carrier *carrier;
    const void *value;

    memcpy(&word, &request->kernel->merge, sizeof request->kernel->merge);
    if (request->n_out > 0) /* they must not be written to if anybody refuses */
        TROUPE_TRY(array_agree(run->self, run->team, mine, run->fingerprint));
    carrier = kernel_take_carrier(run, &tree, shape->cuts[shape->index], &mine);
    if (mine == TROUPE_OK)
        mine = reduce_part(run, request, carrier);
    mine = kernel_combine_carriers(run, shape, shape->block_length, mine, carrier);
    value = mine == TROUPE_OK ? numeric_carrier_value(carrier) : NULL;
    if (value)
        memcpy(request->result, value, request->kernel->result_bytes);
    kernel_give(carrier);
    return mine;
}

/* ---- the operations ----------------------------------------------------------- */

static const struct kernel_operation map_operation = {
    .name = "troupe_map",
    .levels = KERNEL_ALL_LEVELS,
    .expression = {"each block", "each block", "each block", "each block"},
    .perform = perform_map,
};
static const struct kernel_operation reduce_operation = {
    .name = "troupe_reduce_blocks",
    .levels = KERNEL_TREE_LEVELS,
    .expression = {"tree over blocks", NULL, NULL, "tree over blocks"},
    .perform = perform_reduce,
};

const char *kernel_find_fault(const troupe_kernel *kernel, const char *no_probe)
{
    struct numeric_environment environment;
    const char *fault;

    if (!kernel->probe)
        return no_probe;
    (void)numeric_environment_enter(&environment);
    fault = numeric_probe_fault(kernel->probe);
    (void)numeric_environment_leave(&environment);
    return fault;
}

static troupe_status check_kernel(troupe_actor *self,
                                  const struct kernel_request *request)
{
    const char *fault;

    if (request->how.level == TROUPE_LEVEL_FAST || request->n_in + request->n_out == 0)
        return TROUPE_OK;
    fault = kernel_find_fault(request->kernel,
                              "it has no probe: define it by TROUPE_KERNEL()");
    return fault ? kernel_refuse(kernel_of(self->home->rank), request, fault)
                 : TROUPE_OK;
}

troupe_status troupe_map(troupe_actor *self,
                         const troupe_kernel *kernel,
                         const troupe_arrays *arrays,
                         const void *argument,
                         troupe_how how)
{
    struct kernel_request request = {.operation = &map_operation,
                                     .how = how,
                                     .kernel = kernel,
                                     .argument = argument};

    actor_require(self, kernel && kernel->run, "troupe_map: no kernel");
    kernel_take_arrays(self, &request, arrays);
    return kernel_call(self, &request, check_kernel(self, &request));
}

troupe_status troupe_reduce_blocks(troupe_actor *self,
                                   const troupe_kernel *kernel,
                                   const troupe_arrays *arrays,
                                   const void *argument,
                                   troupe_how how,
                                   void *result)
{
    struct kernel_request request = {.operation = &reduce_operation,
                                     .how = how,
                                     .kernel = kernel,
                                     .argument = argument,
                                     .result = result};

    actor_require(self, kernel && kernel->run && kernel->merge && result,
                  "troupe_reduce_blocks: no kernel that gives results, or no place for "
                  "the result");
    request.result_bytes = kernel->result_bytes;
    kernel_take_arrays(self, &request, arrays);
    return kernel_call(self, &request, check_kernel(self, &request));
}
