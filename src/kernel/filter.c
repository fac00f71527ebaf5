/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/kernel.h"
#include "team/team.h"
#include "troupe/exchange.h"
#include "troupe/order.h"
#include <string.h>

/*
 * Filtering: blocks are marked and what is kept moves together, by threads; then the
 * members' shares, which stand one after the other in the new arrays, are cut evenly.
 */

struct filter_work {
    const struct kernel_request *request;
    const struct array *shape;
    troupe_keep_fn *keep;
    int64_t first_block;
    unsigned char *marks;     /* of the part */
    int64_t *counts;          /* kept elements, by block; then those before it */
    const struct array *from; /* being moved together */
    unsigned char *together;
};

static int64_t block_begin(const struct filter_work *work, int64_t task)
{
    return array_block_first(work->shape, work->first_block + task);
}

static void mark_task(void *context, int64_t task, int thread)
{
    const struct filter_work *work = context;
    const struct kernel_request *request = work->request;
    troupe_block block = {.first = block_begin(work, task),
                          .length = work->shape->length};
    unsigned char *marks = work->marks + (block.first - array_mine_first(work->shape));
    int64_t n_kept = 0;

    (void)thread;
    block.n = block_begin(work, task + 1) - block.first;
    for (int i = 0; i < request->n_in; i++)
        block.in[i] = array_at(request->in[i], block.first);
    memset(marks, 0, (size_t)block.n);
    work->keep(&block, marks, request->argument);
    for (int64_t i = 0; i < block.n; i++)
        n_kept += marks[i] != 0;
    work->counts[task] = n_kept;
}

static void move_task(void *context, int64_t task, int thread)
{
    const struct filter_work *work = context;
    int64_t begin = block_begin(work, task), end = block_begin(work, task + 1);
    size_t n_bytes = work->from->element_bytes;
    const unsigned char *marks = work->marks - array_mine_first(work->shape);
    unsigned char *to = work->together + (size_t)work->counts[task] * n_bytes;

    (void)thread;
    for (int64_t i = begin; i < end; i++)
        if (marks[i]) {
            memcpy(to, array_at(work->from, i), n_bytes);
            to += n_bytes;
        }
}

int64_t kernel_prefix_sum(int64_t *counts, int64_t n)
{
    int64_t sum = 0;

    for (int64_t i = 0; i < n; i++) {
        int64_t count = counts[i];

        counts[i] = sum;
        sum += count;
    }
    return sum;
}

/* ---- into the new arrays ------------------------------------------------------ */

/* The part of [begin, end) that lies in member i's part of `array`. */
static int64_t overlap(
    const struct array *array, int member, int64_t begin, int64_t end, int64_t *first)
{
    int64_t low = array_member_first(array, member);
    int64_t high = low + array_member_length(array, member);

    low = low > begin ? low : begin;
    high = high < end ? high : end;
    *first = low;
    return high > low ? high - low : 0;
}

troupe_status kernel_spread(struct kernel_run *run,
                            const struct array *to,
                            const int64_t *shares,
                            const void *from)
{
    int n = run->team->size, me = run->team->index;
    troupe_outgoing *sends = kernel_need(run, (size_t)n * sizeof(troupe_outgoing));
    troupe_incoming *receives = kernel_need(run, (size_t)n * sizeof(troupe_incoming));
    const troupe_exchange_lists lists = {sends, n, receives, n};
    troupe_status status;
    int64_t first, n_items;

    for (int i = 0; i < n; i++) {
        n_items = overlap(to, i, shares[me], shares[me + 1], &first);
        sends[i] = (troupe_outgoing){
            i,
            (const unsigned char *)from +
                (n_items ? (size_t)(first - shares[me]) * to->element_bytes : 0),
            (size_t)n_items * to->element_bytes};
        n_items = overlap(to, me, shares[i], shares[i + 1], &first);
        receives[i] = (troupe_incoming){i, n_items ? array_at(to, first) : NULL,
                                        (size_t)n_items * to->element_bytes};
    }
    status = array_exchange(run->self, run->team, &lists);
    kernel_give(sends);
    kernel_give(receives);
    /* Who needed nothing of a member that has ended does not know. */
    return array_agree(run->self, run->team, status, 0);
}

static troupe_status
make_kept(struct kernel_run *run, struct filter_work *work, const int64_t *shares)
{
    int64_t n_blocks = array_mine_blocks(work->shape);
    const troupe_array_options options = {.element = work->from->element,
                                          .element_bytes = work->from->element_bytes,
                                          .length = shares[run->team->size],
                                          .block_length = work->shape->block_length};
    size_t n_mine = (size_t)(shares[run->team->index + 1] - shares[run->team->index]);
    struct array *kept;
    troupe_status status;

    TROUPE_TRY(array_create(run->self, run->team, &options, &kept));
    run->made[run->n_made++] = kept;
    work->together = kernel_take(run, n_mine * work->from->element_bytes);
    status = array_agree(run->self, run->team,
                         work->together ? TROUPE_OK : TROUPE_NO_MEMORY, 0);
    if (status == TROUPE_OK) {
        kernel_work(run, n_blocks, move_task, work);
        status = kernel_spread(run, kept, shares, work->together);
    }
    kernel_give(work->together);
    return status;
}

troupe_status kernel_share(struct kernel_run *run, int64_t n_mine, int64_t **shares)
{
    int n = run->team->size;
    int64_t *counts = kernel_need(run, ((size_t)n + 1) * sizeof(int64_t));

    troupe_status status =
        array_gather(run->self, run->team, &n_mine, sizeof n_mine, counts);

    counts[n] = 0;
    (void)kernel_prefix_sum(counts, n + 1);
    *shares = counts;
    return status;
}

static troupe_status make_all(struct kernel_run *run, struct filter_work *work)
{
    const struct kernel_request *request = work->request;
    int64_t n_blocks = array_mine_blocks(work->shape), *shares = NULL;
    troupe_status status;

    kernel_work(run, n_blocks, mark_task, work);
    status = kernel_share(run, kernel_prefix_sum(work->counts, n_blocks), &shares);
    for (int i = 0; i < request->n_in && status == TROUPE_OK; i++) {
        work->from = request->in[i];
        status = make_kept(run, work, shares);
    }
    kernel_give(shares);
    return status;
}

/* ---- the operation ------------------------------------------------------------ */

static troupe_status perform_filter(struct kernel_run *run,
                                    const struct kernel_request *request,
                                    troupe_status mine)
{
    const struct array *shape = kernel_main_array(request);
    struct filter_work work = {
        .request = request, .shape = shape, .first_block = shape->cuts[shape->index]};

    work.keep = ((const troupe_filter_kernel *)(const void *)request->kernel)->run;
    work.marks = kernel_take(run, (size_t)array_mine_length(shape));
    work.counts =
        kernel_take(run, (size_t)array_mine_blocks(shape) * sizeof *work.counts);
    if (mine == TROUPE_OK && (!work.marks || !work.counts))
        mine = TROUPE_NO_MEMORY;
    mine = array_agree(run->self, run->team, mine, run->fingerprint);
    if (mine == TROUPE_OK)
        mine = make_all(run, &work);
    kernel_give(work.marks);
    kernel_give(work.counts);
    return mine;
}

static const struct kernel_operation filter_operation = {
    .name = "troupe_filter",
    .levels = KERNEL_ALL_LEVELS,
    .expression = {"each block", "each block", "each block", "each block"},
    .perform = perform_filter,
};

troupe_status troupe_filter(troupe_actor *self,
                            const troupe_filter_kernel *keep,
                            const troupe_arrays *arrays,
                            const void *argument,
                            troupe_how how,
                            troupe_array *kept)
{
    struct kernel_request request = {
        .operation = &filter_operation, .how = how, .argument = argument, .made = kept};
    troupe_arrays in = {.in = {{0}}};
    troupe_status mine = TROUPE_OK;
    const char *fault;

    actor_require(self, keep && keep->run && arrays && kept,
                  "troupe_filter: no function, arrays or place for the new ones");
    memcpy(in.in, arrays->in, sizeof in.in);
    request.kernel = &keep->kernel;
    kernel_take_arrays(self, &request, &in);
    fault = kernel_find_fault(request.kernel,
                              "it has no probe: define it by TROUPE_FILTER()");
    if (fault && how.level != TROUPE_LEVEL_FAST && request.n_in > 0)
        mine = kernel_refuse(kernel_of(self->home->rank), &request, fault);
    return kernel_call(self, &request, mine);
}
