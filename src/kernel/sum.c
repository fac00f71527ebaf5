/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/element.h"
#include "kernel/exact.h"
#include <math.h>
#include <string.h>

/*
 * Sums and dot products by the tree. A task is a group of rows, aligned in the whole
 * array, so that it is one node of the tree; where a member's part begins or ends
 * inside a group, that task fills a carrier of its own.
 */

enum {
    ROW = NUMERIC_LANES,
    GROUP_LOG = 13, /* rows: 1 MiB of doubles, some 50 us */
    N_EDGES = 2
};

struct lanes_work {
    struct numeric_terms terms; /* at the part's first element */
    int64_t first, end;         /* the part */
    int group_log;
    bool is_dd;
    size_t stride_bytes;
    unsigned char *slots; /* the nodes, by task */
    struct numeric_carrier *edges[N_EDGES];
    int64_t edge_task[N_EDGES]; /* -1: none */
    troupe_status edge_status[N_EDGES];
};

static int64_t group_length(const struct lanes_work *work)
{
    return (int64_t)ROW << work->group_log;
}

static int64_t n_tasks_of(const struct lanes_work *work)
{
    if (work->first >= work->end)
        return 0;
    return (work->end - 1) / group_length(work) - work->first / group_length(work) + 1;
}

/* The elements of a task, and whether they are a whole group. */
static bool task_range(const struct lanes_work *work, int64_t task, int64_t range[2])
{
    int64_t begin = (work->first / group_length(work) + task) * group_length(work);
    int64_t end = begin + group_length(work);

    range[0] = begin > work->first ? begin : work->first;
    range[1] = end < work->end ? end : work->end;
    return range[1] - range[0] == group_length(work);
}

static void lanes_task(void *context, int64_t task, int thread)
{
    struct lanes_work *work = context;
    int64_t range[2];
    bool is_whole = task_range(work, task, range);
    struct numeric_terms terms = numeric_terms_at(&work->terms, range[0] - work->first);

    (void)thread;
    if (is_whole) {
        numeric_lanes_node(&terms, range[1] - range[0], work->is_dd,
                           work->slots + (size_t)task * work->stride_bytes);
        return;
    }
    for (int i = 0; i < N_EDGES; i++)
        if (work->edge_task[i] == task)
            work->edge_status[i] =
                numeric_lanes_add(&terms, range[1] - range[0], work->edges[i]);
}

/* Finds the tasks that are no whole group: the first, the last, both or none. */
static troupe_status find_edges(struct kernel_run *run,
                                struct lanes_work *work,
                                const struct numeric_tree *tree,
                                int64_t n_tasks)
{
    int64_t range[2], last = n_tasks - 1;
    troupe_status status = TROUPE_OK;
    int n = 0;

    work->edge_task[0] = work->edge_task[1] = -1;
    if (n_tasks > 0 && !task_range(work, 0, range))
        work->edge_task[n++] = 0;
    if (last > 0 && !task_range(work, last, range))
        work->edge_task[n++] = last;
    for (int i = 0; i < n; i++) {
        (void)task_range(work, work->edge_task[i], range);
        work->edges[i] = kernel_take_carrier(run, tree, range[0] / ROW, &status);
    }
    return status;
}

/* All tasks' results, from left to right. */
static troupe_status
gather(const struct lanes_work *work, int64_t n_tasks, struct numeric_carrier *carrier)
{
    troupe_status status = TROUPE_OK;

    for (int64_t task = 0; task < n_tasks && status == TROUPE_OK; task++) {
        int edge = work->edge_task[0] == task ? 0 : work->edge_task[1] == task ? 1 : -1;

        if (edge < 0)
            status =
                numeric_carrier_push(carrier, work->group_log,
                                     work->slots + (size_t)task * work->stride_bytes);
        else if (work->edge_status[edge] != TROUPE_OK)
            status = work->edge_status[edge];
        else
            status = numeric_carrier_join(carrier, work->edges[edge]);
    }
    return status;
}

static troupe_status reduce_part(struct kernel_run *run,
                                 struct lanes_work *work,
                                 struct numeric_carrier *carrier)
{
    int64_t n_tasks = n_tasks_of(work);
    troupe_status status = find_edges(run, work, &carrier->tree, n_tasks);

    work->stride_bytes = (carrier->tree.value_bytes + 15) / 16 * 16;
    work->slots = kernel_take(run, (size_t)n_tasks * work->stride_bytes);
    if (status == TROUPE_OK && !work->slots)
        status = TROUPE_NO_MEMORY;
    if (status == TROUPE_OK) {
        kernel_work(run, n_tasks, lanes_task, work);
        status = gather(work, n_tasks, carrier);
    }
    kernel_give(work->slots);
    for (int i = 0; i < N_EDGES; i++)
        kernel_give(work->edges[i]);
    return status;
}

static enum numeric_term term_of(const struct kernel_request *request)
{
    bool is_float = request->in[0]->element == TROUPE_FLOAT;

    if (request->n_in > 1)
        return is_float ? NUMERIC_DOT_FLOAT : NUMERIC_DOT_DOUBLE;
    return is_float ? NUMERIC_SUM_FLOAT : NUMERIC_SUM_DOUBLE;
}

static struct lanes_work work_of(const struct kernel_run *run,
                                 const struct kernel_request *request)
{
    const struct array *x = request->in[0];

    return (struct lanes_work){
        .terms = {.isa = run->here->isa,
                  .term = term_of(request),
                  .x = x->memory.bytes,
                  .y = request->n_in > 1 ? request->in[1]->memory.bytes : NULL},
        .first = array_mine_first(x),
        .end = array_mine_first(x) + array_mine_length(x),
        .group_log = run->is_again ? GROUP_LOG - 2 : GROUP_LOG,
        .is_dd = request->how.level == TROUPE_LEVEL_TREE_DD};
}

static double finish(const struct numeric_carrier *carrier, bool is_dd)
{
    const void *root = numeric_carrier_value(carrier);

    if (!root)
        return 0;
    return is_dd ? numeric_lanes_dd_finish(root) : numeric_lanes_finish(root);
}

static troupe_status by_tree(struct kernel_run *run,
                             const struct kernel_request *request,
                             troupe_status mine,
                             double *sum)
{
    const struct array *x = request->in[0];
    struct lanes_work work = work_of(run, request);
    struct numeric_tree tree = numeric_lanes_tree(x->length, work.is_dd);
    struct numeric_carrier *carrier;

    carrier = kernel_take_carrier(run, &tree, (work.first + ROW - 1) / ROW, &mine);
    if (mine == TROUPE_OK)
        mine = reduce_part(run, &work, carrier);
    mine = kernel_combine_carriers(run, x, ROW, mine, carrier);
    if (mine == TROUPE_OK)
        *sum = finish(carrier, work.is_dd);
    kernel_give(carrier);
    return mine;
}

/* ---- EXACT -------------------------------------------------------------------- */

static troupe_status exactly(struct kernel_run *run,
                             const struct kernel_request *request,
                             troupe_status mine,
                             double *result)
{
    const struct kernel_fold fold = {.join = kernel_exact_join};
    struct lanes_work part = work_of(run, request);
    struct kernel_exact all;
    struct numeric_exact sum;

    numeric_exact_init(&sum);
    if (mine == TROUPE_OK)
        mine = kernel_exact_add(run, &part.terms, part.end - part.first, &sum);
    memset(&all, 0, sizeof all);
    all.partial.status = (uint64_t)mine;
    numeric_exact_pack(&sum, all.bytes);
    TROUPE_TRY(kernel_combine(run, &all.partial, sizeof all, &fold));
    TROUPE_TRY(numeric_exact_unpack(&sum, all.bytes));
    *result = numeric_exact_round(&sum);
    return TROUPE_OK;
}

/* ---- FAST: as everybody would, for comparison --------------------------------- */

enum { CHUNK = 1 << 16 };

struct fast_work {
    struct lanes_work part;
    double sums[ARRAY_MOST_THREADS];
};

static double value_at(const struct numeric_terms *terms, int64_t i)
{
    switch (terms->term) {
    case NUMERIC_SUM_FLOAT:
        return (double)((const float *)terms->x)[i];
    case NUMERIC_DOT_FLOAT:
        return (double)((const float *)terms->x)[i] *
               (double)((const float *)terms->y)[i];
    case NUMERIC_DOT_DOUBLE:
        return ((const double *)terms->x)[i] * ((const double *)terms->y)[i];
    default:
        return ((const double *)terms->x)[i];
    }
}

static void fast_task(void *context, int64_t task, int thread)
{
    struct fast_work *work = context;
    int64_t begin = task * CHUNK, left = work->part.end - work->part.first - begin;
    int64_t n = left < CHUNK ? left : CHUNK;
    struct numeric_terms terms = numeric_terms_at(&work->part.terms, begin);
    double sum = 0;

    for (int64_t i = 0; i < n; i++)
        sum += value_at(&terms, i);
    work->sums[thread] += sum;
}

static troupe_status join_doubles(unsigned char *left_bytes,
                                  const unsigned char *right_bytes,
                                  size_t size_bytes,
                                  const struct kernel_fold *fold)
{
    double left, right;

    (void)size_bytes;
    (void)fold;
    memcpy(&left, left_bytes, sizeof left);
    memcpy(&right, right_bytes, sizeof right);
    left += right;
    memcpy(left_bytes, &left, sizeof left);
    return TROUPE_OK;
}

static troupe_status fast(struct kernel_run *run,
                          const struct kernel_request *request,
                          troupe_status mine,
                          double *sum)
{
    const struct kernel_fold fold = {.join = join_doubles};
    struct fast_work work = {.part = work_of(run, request)};
    int64_t n = work.part.end - work.part.first;
    struct {
        struct kernel_partial partial;
        double sum;
    } all = {.partial = {.status = (uint64_t)mine}};

    if (mine == TROUPE_OK)
        kernel_work(run, (n + CHUNK - 1) / CHUNK, fast_task, &work);
    for (int i = 0; i < array_n_threads(run->self); i++)
        all.sum += work.sums[i];
    TROUPE_TRY(kernel_combine(run, &all.partial, sizeof all, &fold));
    *sum = all.sum;
    return TROUPE_OK;
}

/* ---- the operations ----------------------------------------------------------- */

troupe_status kernel_sum(struct kernel_run *run,
                         const struct kernel_request *request,
                         troupe_status mine,
                         double *sum)
{
    troupe_status status;

    if (request->how.level == TROUPE_LEVEL_EXACT)
        status = exactly(run, request, mine, sum);
    else if (request->how.level == TROUPE_LEVEL_FAST)
        status = fast(run, request, mine, sum);
    else
        status = by_tree(run, request, mine, sum);
    if (status == TROUPE_OK)
        *sum = numeric_canonical(*sum);
    return status;
}

static troupe_status perform_sum(struct kernel_run *run,
                                 const struct kernel_request *request,
                                 troupe_status mine)
{
    double sum = 0;

    TROUPE_TRY(kernel_sum(run, request, mine, &sum));
    *(double *)request->result = sum;
    return TROUPE_OK;
}

static troupe_status perform_norm(struct kernel_run *run,
                                  const struct kernel_request *request,
                                  troupe_status mine)
{
    double sum = 0;

    TROUPE_TRY(kernel_sum(run, request, mine, &sum));
    *(double *)request->result = numeric_canonical(sqrt(sum));
    return TROUPE_OK;
}

#define EXPRESSIONS                                                                    \
    {                                                                                  \
        "expression 1: tree over rows of 16", "expression 1, twice the precision",     \
            "rounded once", "any order"                                                \
    }

static const struct kernel_operation sum_operation = {
    .name = "troupe_sum",
    .levels = KERNEL_ALL_LEVELS,
    .expression = EXPRESSIONS,
    .perform = perform_sum,
};
static const struct kernel_operation dot_operation = {
    .name = "troupe_dot",
    .levels = KERNEL_ALL_LEVELS,
    .expression = EXPRESSIONS,
    .perform = perform_sum,
};
static const struct kernel_operation norm_operation = {
    .name = "troupe_norm",
    .levels = KERNEL_ALL_LEVELS,
    .expression = EXPRESSIONS,
    .perform = perform_norm,
};

static troupe_status call(troupe_actor *self, const struct kernel_request *request)
{
    const struct array *x = request->in[0], *y = request->in[request->n_in - 1];
    troupe_status mine = TROUPE_OK;

    actor_require(self, request->result != NULL, "%s: no place for the result",
                  request->operation->name);
    if (!kernel_is_real(x->element) || x->element != y->element)
        mine = kernel_refuse(kernel_of(self->home->rank), request,
                             "it wants float or double elements");
    return kernel_call(self, request, mine);
}

troupe_status
troupe_sum(troupe_actor *self, troupe_array x, troupe_how how, double *sum)
{
    struct kernel_request request = {.operation = &sum_operation,
                                     .how = how,
                                     .result = sum,
                                     .result_bytes = sizeof *sum};

    kernel_take_in(self, &request, x);
    return call(self, &request);
}

troupe_status troupe_dot(
    troupe_actor *self, troupe_array x, troupe_array y, troupe_how how, double *dot)
{
    struct kernel_request request = {.operation = &dot_operation,
                                     .how = how,
                                     .result = dot,
                                     .result_bytes = sizeof *dot};

    kernel_take_in(self, &request, x);
    kernel_take_in(self, &request, y);
    return call(self, &request);
}

troupe_status
troupe_norm(troupe_actor *self, troupe_array x, troupe_how how, double *norm)
{
    struct kernel_request request = {.operation = &norm_operation,
                                     .how = how,
                                     .result = norm,
                                     .result_bytes = sizeof *norm};

    kernel_take_in(self, &request, x);
    kernel_take_in(self, &request, x);
    return call(self, &request);
}
