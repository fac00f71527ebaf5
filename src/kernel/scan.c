/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/scan.h"
#include "kernel/whole.h"
#include "numeric/scan.h"
#include "troupe/scan.h"
#include <math.h>
#include <stdatomic.h>
#include <string.h>

/*
 * Scans: the totals of the blocks are the leaves of a tree; what stands before a block
 * is the fold of the nodes to its left; then each block is scanned by itself. Two
 * passes over the elements, one of results. TREE_DD does the same with pairs; EXACT is
 * scan_exact.c. Of integers, minima and maxima all levels are this one.
 */

enum { VALUE_BYTES = 8 };

/* Of a block, or of what stands before it: the value of a scan, or of sums of integers
 * one that cannot overflow, or of TREE_DD. */
union value {
    unsigned char bytes[VALUE_BYTES];
    numeric_wide sum;
    struct numeric_dd dd;
};

struct scan_work {
    const struct kernel_run *run;
    const struct array *x, *to;
    enum numeric_scan_kind kind;
    enum numeric_element element;
    struct numeric_scan scan;
    int64_t first_block;
    bool is_whole;         /* sums of integers */
    bool is_dd;            /* of reals, at TREE_DD */
    union value *totals;   /* by block */
    union value *prefixes; /* likewise */
    uint64_t *most;        /* likewise, of integers */
    bool *has_prefix;
    atomic_bool overflows;
};

/* ---- blocks ------------------------------------------------------------------- */

/* A block whose elements are widened a piece at a time: only integers are, and their
 * scans are left folds, so pieces after one another give what the block would. */
struct widened {
    const struct scan_work *work;
    uint64_t total; /* of the pieces before, and of what stands before the block */
    bool has_total;
};

static void add_piece(void *context, const void *x, int64_t n, int64_t first)
{
    struct widened *block = context;
    const struct scan_work *work = block->work;
    uint64_t total;

    (void)first;
    numeric_scan_total(work->run->here->isa, work->kind, work->element, x, n, &total);
    if (block->has_total)
        numeric_scan_merge(work->kind, work->element)(&block->total, &total, NULL);
    else
        block->total = total;
    block->has_total = true;
}

static void scan_piece(void *context, const void *x, int64_t n, int64_t first)
{
    struct widened *block = context;
    const struct scan_work *work = block->work;

    numeric_scan_block(work->run->here->isa, work->kind, work->element, &work->scan,
                       block->has_total ? &block->total : NULL, x, n,
                       array_at(work->to, first));
    add_piece(context, x, n, first);
}

static void total_task(void *context, int64_t task, int thread)
{
    const struct scan_work *work = context;
    int64_t begin = array_block_first(work->x, work->first_block + task);
    int64_t end = array_block_first(work->x, work->first_block + task + 1);
    struct widened block = {.work = work};

    (void)thread;
    if (work->is_whole) {
        struct kernel_whole whole = kernel_whole_of(work->run, work->x, begin, end);

        work->totals[task].sum = whole.sum;
        work->most[task] = whole.most;
        return;
    }
    if (work->is_dd) {
        work->totals[task].dd = numeric_scan_total_dd(
            work->run->here->isa, work->element, array_at(work->x, begin), end - begin);
        return;
    }
    if (kernel_is_widened(work->x->element)) {
        kernel_each_piece(work->x, begin, end, add_piece, &block);
        memcpy(work->totals[task].bytes, &block.total, VALUE_BYTES);
        return;
    }
    numeric_scan_total(work->run->here->isa, work->kind, work->element,
                       array_at(work->x, begin), end - begin, work->totals[task].bytes);
}

static void scan_task_dd(void *context, int64_t task, int thread)
{
    const struct scan_work *work = context;
    int64_t begin = array_block_first(work->x, work->first_block + task);
    int64_t end = array_block_first(work->x, work->first_block + task + 1);

    (void)thread;
    numeric_scan_block_dd(work->run->here->isa, work->element, &work->scan,
                          work->has_prefix[task] ? &work->prefixes[task].dd : NULL,
                          array_at(work->x, begin), end - begin,
                          (double *)(void *)array_at(work->to, begin));
}

static void scan_task(void *context, int64_t task, int thread)
{
    const struct scan_work *work = context;
    int64_t begin = array_block_first(work->x, work->first_block + task);
    int64_t end = array_block_first(work->x, work->first_block + task + 1);
    struct widened block = {work, (uint64_t)work->prefixes[task].sum,
                            work->has_prefix[task]};

    (void)thread;
    if (!work->is_whole)
        memcpy(&block.total, work->prefixes[task].bytes, VALUE_BYTES);
    if (kernel_is_widened(work->x->element)) {
        kernel_each_piece(work->x, begin, end, scan_piece, &block);
        return;
    }
    numeric_scan_block(work->run->here->isa, work->kind, work->element, &work->scan,
                       block.has_total ? &block.total : NULL, array_at(work->x, begin),
                       end - begin, array_at(work->to, begin));
}

/* ---- what stands before them -------------------------------------------------- */

static troupe_status push_totals(const struct scan_work *work,
                                 int64_t n_blocks,
                                 struct numeric_carrier *carrier)
{
    troupe_status status = TROUPE_OK;

    for (int64_t i = 0; i < n_blocks && status == TROUPE_OK; i++)
        status = numeric_carrier_push(carrier, 0, &work->totals[i]);
    return status;
}

/* What stands before each block, from what stands before the part. */
static troupe_status find_prefixes(const struct scan_work *work,
                                   int64_t n_blocks,
                                   struct numeric_carrier *before)
{
    troupe_status status = TROUPE_OK;

    for (int64_t i = 0; i < n_blocks && status == TROUPE_OK; i++) {
        work->has_prefix[i] = numeric_carrier_fold(before, &work->prefixes[i]);
        status = numeric_carrier_push(before, 0, &work->totals[i]);
    }
    return status;
}

static void fit_task(void *context, int64_t task, int thread)
{
    struct scan_work *work = context;
    int64_t begin = array_block_first(work->x, work->first_block + task);
    int64_t end = array_block_first(work->x, work->first_block + task + 1);
    numeric_wide before = work->has_prefix[task] ? work->prefixes[task].sum : 0;

    (void)thread;
    if (!kernel_whole_fits(work->x, begin, end, before, work->most[task],
                           work->scan.is_exclusive))
        atomic_store_explicit(&work->overflows, true, memory_order_relaxed);
}

/* TROUPE_INVALID: there are sums of the part that do not fit. */
static troupe_status
check_fit(struct kernel_run *run, struct scan_work *work, int64_t n_blocks)
{
    if (work->is_whole)
        kernel_work(run, n_blocks, fit_task, work);
    return work->overflows ? TROUPE_INVALID : TROUPE_OK;
}

static void add_sums(void *left, const void *right, const void *argument)
{
    numeric_wide low, high;

    (void)argument;
    memcpy(&low, left, sizeof low);
    memcpy(&high, right, sizeof high);
    low += high;
    memcpy(left, &low, sizeof low);
}

static struct numeric_tree tree_of(const struct scan_work *work)
{
    if (work->is_whole)
        return (struct numeric_tree){.n_leaves = work->x->n_blocks,
                                     .value_bytes = sizeof(numeric_wide),
                                     .merge = add_sums};
    if (work->is_dd)
        return (struct numeric_tree){.n_leaves = work->x->n_blocks,
                                     .value_bytes = sizeof(struct numeric_dd),
                                     .merge = numeric_scan_merge_dd};
    return (struct numeric_tree){.n_leaves = work->x->n_blocks,
                                 .value_bytes = VALUE_BYTES,
                                 .merge =
                                     numeric_scan_merge(work->kind, work->element)};
}

static troupe_status scan_carriers(struct kernel_run *run,
                                   struct scan_work *work,
                                   int64_t n_blocks,
                                   troupe_status mine,
                                   struct numeric_carrier *part,
                                   struct numeric_carrier *before)
{
    troupe_status status = mine;

    if (status == TROUPE_OK)
        status = push_totals(work, n_blocks, part);
    TROUPE_TRY(array_agree(run->self, run->team, status, 0));
    status = kernel_carriers_before(run, work->x, work->x->block_length, part, before);
    if (status == TROUPE_OK)
        status = find_prefixes(work, n_blocks, before);
    if (status == TROUPE_OK)
        status = check_fit(run, work, n_blocks);
    return array_agree(run->self, run->team, status, 0);
}

static troupe_status scan_part(struct kernel_run *run, struct scan_work *work)
{
    int64_t n_blocks = array_mine_blocks(work->x);
    struct numeric_tree tree = tree_of(work);
    struct numeric_carrier *part, *before;
    troupe_status status = TROUPE_OK;

    part = kernel_take_carrier(run, &tree, work->first_block, &status);
    before = kernel_take_carrier(run, &tree, 0, &status);
    kernel_work(run, n_blocks, total_task, work);
    status = scan_carriers(run, work, n_blocks, status, part, before);
    if (status == TROUPE_OK)
        kernel_work(run, n_blocks, work->is_dd ? scan_task_dd : scan_task, work);
    kernel_give(part);
    kernel_give(before);
    return status;
}

/* What an exclusive scan with results of such elements begins with. */
static union numeric_number initial_of(enum numeric_scan_kind kind,
                                       enum troupe_element element)
{
    union numeric_number number = {.natural = 0};
    bool is_min = kind == NUMERIC_SCAN_MINIMUM;

    if (kind == NUMERIC_SCAN_SUM)
        return number;
    if (element == TROUPE_DOUBLE)
        number.real = is_min ? INFINITY : -INFINITY;
    else if (element == TROUPE_UINT64)
        number.natural = is_min ? UINT64_MAX : 0;
    else
        number.integer = is_min ? INT64_MAX : INT64_MIN;
    return number;
}

static troupe_status scan_blocks(struct kernel_run *run,
                                 const struct kernel_request *request,
                                 troupe_status mine)
{
    const struct array *x = request->in[0];
    struct scan_work work = {.run = run,
                             .x = x,
                             .to = request->out[0],
                             .kind = (enum numeric_scan_kind)request->words[0],
                             .first_block = x->cuts[x->index]};
    size_t n_blocks = (size_t)array_mine_blocks(x);
    union numeric_number initial = {.natural = 0};

    work.totals = kernel_take(run, n_blocks * sizeof *work.totals);
    work.prefixes = kernel_take(run, n_blocks * sizeof *work.prefixes);
    work.most = kernel_take(run, n_blocks * sizeof *work.most);
    work.has_prefix = kernel_take(run, n_blocks * sizeof *work.has_prefix);
    if (mine == TROUPE_OK &&
        !(work.totals && work.prefixes && work.most && work.has_prefix))
        mine = TROUPE_NO_MEMORY;
    mine = array_agree(run->self, run->team, mine, run->fingerprint);
    if (mine == TROUPE_OK) {
        work.element = kernel_element_of(x->element);
        initial = initial_of(work.kind, work.to->element);
        work.scan = (struct numeric_scan){request->words[1] != 0, &initial};
        work.is_whole = work.kind == NUMERIC_SCAN_SUM && !kernel_is_real(x->element);
        work.is_dd = request->how.level == TROUPE_LEVEL_TREE_DD &&
                     work.kind == NUMERIC_SCAN_SUM && !work.is_whole;
        mine = scan_part(run, &work);
        if (work.is_whole && mine == TROUPE_INVALID)
            (void)kernel_refuse(run->here, request,
                                "there are sums that do not fit into 64 bits");
    }
    kernel_give(work.totals);
    kernel_give(work.prefixes);
    kernel_give(work.most);
    kernel_give(work.has_prefix);
    return mine;
}

static troupe_status perform_scan(struct kernel_run *run,
                                  const struct kernel_request *request,
                                  troupe_status mine)
{
    bool is_sum = request->words[0] == NUMERIC_SCAN_SUM;

    if (request->how.level == TROUPE_LEVEL_EXACT && is_sum &&
        kernel_is_real(request->in[0]->element))
        return kernel_scan_exactly(run, request, mine);
    return scan_blocks(run, request, mine);
}

#define SCAN_EXPRESSIONS                                                               \
    {                                                                                  \
        "scan 1: blocks, and the tree over them", "scan 1, twice the precision",       \
            "each rounded once", "scan 1: blocks, and the tree over them"              \
    }
static const struct kernel_operation operations[] = {
    {.name = "troupe_scan",
     .levels = KERNEL_ALL_LEVELS,
     .expression = SCAN_EXPRESSIONS,
     .perform = perform_scan},
    {.name = "troupe_scan_exclusive",
     .levels = KERNEL_ALL_LEVELS,
     .expression = SCAN_EXPRESSIONS,
     .perform = perform_scan},
};

static troupe_status call_scan(troupe_actor *self,
                               bool is_exclusive,
                               troupe_array x,
                               troupe_array to,
                               enum troupe_combine combine,
                               troupe_how how)
{
    struct kernel_request request = {.operation = &operations[is_exclusive],
                                     .how = how};
    enum troupe_element wanted;
    troupe_status mine = TROUPE_OK;

    kernel_take_in(self, &request, x);
    kernel_take_out(self, &request, to);
    request.words[0] = combine == TROUPE_SUM   ? NUMERIC_SCAN_SUM
                       : combine == TROUPE_MIN ? NUMERIC_SCAN_MINIMUM
                                               : NUMERIC_SCAN_MAXIMUM;
    request.words[1] = is_exclusive;
    wanted = kernel_result_of(request.in[0]->element);
    if (wanted == TROUPE_BYTES || request.out[0]->element != wanted ||
        (unsigned)combine > TROUPE_MAX)
        mine = kernel_refuse(kernel_of(self->home->rank), &request,
                             "it has no such combination, or the elements of the "
                             "arrays do not fit");
    return kernel_call(self, &request, mine);
}

troupe_status troupe_scan(troupe_actor *self,
                          troupe_array x,
                          troupe_array to,
                          enum troupe_combine combine,
                          troupe_how how)
{
    return call_scan(self, false, x, to, combine, how);
}

troupe_status troupe_scan_exclusive(troupe_actor *self,
                                    troupe_array x,
                                    troupe_array to,
                                    enum troupe_combine combine,
                                    troupe_how how)
{
    return call_scan(self, true, x, to, combine, how);
}
