/* SPDX-License-Identifier: BSD-3-Clause */
#include "numeric/extreme.h"
#include "kernel/element.h"
#include <string.h>

/* Sums of integers, and extremes: merging them needs no tree. */

struct pieces_work {
    const struct kernel_run *run;
    const struct array *array;
    enum numeric_element element;
    enum numeric_which which;
    numeric_wide sums[ARRAY_MOST_THREADS];
    struct numeric_extreme extremes[ARRAY_MOST_THREADS];
};

struct piece {
    struct pieces_work *work;
    int thread;
};

static void
each_piece(struct pieces_work *work, int64_t task, int thread, kernel_piece_fn *each)
{
    struct piece piece = {work, thread};

    kernel_each_of_task(work->array, task, each, &piece);
}

/* ---- sums of integers --------------------------------------------------------- */

static void add_piece(void *context, const void *x, int64_t n, int64_t first)
{
    const struct piece *piece = context;
    struct pieces_work *work = piece->work;

    (void)first;
    work->sums[piece->thread] +=
        work->run->here->isa->sum_integers(work->element, x, n);
}

static void sum_task(void *context, int64_t task, int thread)
{
    each_piece(context, task, thread, add_piece);
}

static troupe_status join_integers(unsigned char *left_bytes,
                                   const unsigned char *right_bytes,
                                   size_t size_bytes,
                                   const struct kernel_fold *fold)
{
    numeric_wide left, right;

    (void)size_bytes;
    (void)fold;
    memcpy(&left, left_bytes, sizeof left);
    memcpy(&right, right_bytes, sizeof right);
    left += right;
    memcpy(left_bytes, &left, sizeof left);
    return TROUPE_OK;
}

static troupe_status perform_sum(struct kernel_run *run,
                                 const struct kernel_request *request,
                                 troupe_status mine)
{
    const struct kernel_fold fold = {.join = join_integers};
    struct pieces_work work = {.run = run, .array = request->in[0]};
    struct {
        struct kernel_partial partial;
        numeric_wide sum;
    } all = {.partial = {.status = (uint64_t)mine}};

    if (mine == TROUPE_OK) {
        work.element = kernel_element_of(work.array->element);
        kernel_work(run, kernel_n_tasks(work.array), sum_task, &work);
    }
    for (int i = 0; i < ARRAY_MOST_THREADS; i++)
        all.sum += work.sums[i];
    TROUPE_TRY(kernel_combine(run, &all.partial, sizeof all, &fold));
    if (!numeric_wide_fits(all.sum, true))
        return kernel_refuse(run->here, request, "the sum does not fit into 64 bits");
    *(int64_t *)request->result = (int64_t)all.sum;
    return TROUPE_OK;
}

static const struct kernel_operation sum_operation = {
    .name = "troupe_sum_integers",
    .levels = KERNEL_ALL_LEVELS,
    .expression = {"any order", "any order", "any order", "any order"},
    .perform = perform_sum,
};

troupe_status
troupe_sum_integers(troupe_actor *self, troupe_array x, troupe_how how, int64_t *sum)
{
    struct kernel_request request = {.operation = &sum_operation,
                                     .how = how,
                                     .result = sum,
                                     .result_bytes = sizeof *sum};
    troupe_status mine = TROUPE_OK;

    actor_require(self, sum != NULL, "troupe_sum_integers: no place for the result");
    kernel_take_in(self, &request, x);
    if (!kernel_is_number(request.in[0]->element) ||
        kernel_is_real(request.in[0]->element))
        mine = kernel_refuse(kernel_of(self->home->rank), &request,
                             "it wants integer elements");
    return kernel_call(self, &request, mine);
}

/* ---- extremes ----------------------------------------------------------------- */

static void look_at_piece(void *context, const void *x, int64_t n, int64_t first)
{
    const struct piece *piece = context;
    struct pieces_work *work = piece->work;
    struct numeric_extreme extreme;

    numeric_extreme_find(work->run->here->isa, work->which, work->element, x, n, first,
                         &extreme);
    numeric_extreme_merge(work->which, &work->extremes[piece->thread], &extreme);
}

static void look_task(void *context, int64_t task, int thread)
{
    each_piece(context, task, thread, look_at_piece);
}

static troupe_status join_extremes(unsigned char *left_bytes,
                                   const unsigned char *right_bytes,
                                   size_t size_bytes,
                                   const struct kernel_fold *fold)
{
    struct numeric_extreme left, right;

    (void)size_bytes;
    memcpy(&left, left_bytes, sizeof left);
    memcpy(&right, right_bytes, sizeof right);
    numeric_extreme_merge((enum numeric_which)fold->n_leaves, &left, &right);
    memcpy(left_bytes, &left, sizeof left);
    return TROUPE_OK;
}

static void give(const struct numeric_extreme *found,
                 enum troupe_element element,
                 troupe_extreme *extreme)
{
    union numeric_number number = {.natural = 0};

    if (found->index >= 0)
        number = numeric_extreme_value(found, kernel_element_of(element));
    *extreme = (troupe_extreme){.index = found->index};
    if (kernel_is_real(element))
        extreme->value.real = number.real;
    else
        extreme->value.natural = number.natural; /* the same bits, with a sign or not */
}

static troupe_status perform_extreme(struct kernel_run *run,
                                     const struct kernel_request *request,
                                     troupe_status mine)
{
    enum numeric_which which = (enum numeric_which)request->words[0];
    const struct kernel_fold fold = {.join = join_extremes, .n_leaves = which};
    struct pieces_work work = {.run = run, .array = request->in[0], .which = which};
    struct {
        struct kernel_partial partial;
        struct numeric_extreme extreme;
    } all = {.partial = {.status = (uint64_t)mine}, .extreme = {.index = -1}};

    for (int i = 0; i < ARRAY_MOST_THREADS; i++)
        work.extremes[i].index = -1;
    if (mine == TROUPE_OK) {
        work.element = kernel_element_of(work.array->element);
        kernel_work(run, kernel_n_tasks(work.array), look_task, &work);
    }
    for (int i = 0; i < ARRAY_MOST_THREADS; i++)
        numeric_extreme_merge(which, &all.extreme, &work.extremes[i]);
    TROUPE_TRY(kernel_combine(run, &all.partial, sizeof all, &fold));
    give(&all.extreme, request->in[0]->element, request->result);
    return TROUPE_OK;
}

#define EXTREME(name_)                                                                 \
    {                                                                                  \
        .name = name_, .levels = KERNEL_ALL_LEVELS,                                    \
        .expression = {"IEEE 754-2019", "IEEE 754-2019", "IEEE 754-2019",              \
                       "IEEE 754-2019"},                                               \
        .perform = perform_extreme                                                     \
    }
static const struct kernel_operation operations[] = {
    [NUMERIC_MINIMUM] = EXTREME("troupe_min"),
    [NUMERIC_MAXIMUM] = EXTREME("troupe_max"),
};

static troupe_status call_extreme(troupe_actor *self,
                                  troupe_array x,
                                  troupe_how how,
                                  troupe_extreme *extreme,
                                  enum numeric_which which)
{
    struct kernel_request request = {.operation = &operations[which],
                                     .how = how,
                                     .result = extreme,
                                     .result_bytes = sizeof *extreme,
                                     .words = {(uint64_t)which}};
    troupe_status mine = TROUPE_OK;

    actor_require(self, extreme != NULL, "%s: no place for the result",
                  request.operation->name);
    kernel_take_in(self, &request, x);
    if (!kernel_is_number(request.in[0]->element))
        mine = kernel_refuse(kernel_of(self->home->rank), &request, "it wants numbers");
    return kernel_call(self, &request, mine);
}

troupe_status
troupe_min(troupe_actor *self, troupe_array x, troupe_how how, troupe_extreme *least)
{
    return call_extreme(self, x, how, least, NUMERIC_MINIMUM);
}

troupe_status
troupe_max(troupe_actor *self, troupe_array x, troupe_how how, troupe_extreme *greatest)
{
    return call_extreme(self, x, how, greatest, NUMERIC_MAXIMUM);
}
