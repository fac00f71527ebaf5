/* SPDX-License-Identifier: BSD-3-Clause */
#include "numeric/random.h"
#include "kernel/element.h"
#include "troupe/random.h"

/* Fills by functions of the index. */

enum what { UNIFORM, NORMAL, INTEGERS };

struct fill_work {
    const struct kernel_run *run;
    const struct array *array;
    struct numeric_random random;
    enum what what;
    int64_t lowest, highest;
};

static void fill_piece(const struct fill_work *work, int64_t first, int64_t n, void *to)
{
    const struct numeric_isa *isa = work->run->here->isa;

    if (work->what == UNIFORM)
        numeric_random_uniform(isa, &work->random, first, n, to);
    else if (work->what == NORMAL)
        numeric_random_normal(isa, &work->random, first, n, to);
    else
        numeric_random_integers(isa, &work->random, first, n, work->lowest,
                                work->highest, to);
}

static void
fill_floats(const struct fill_work *work, int64_t first, int64_t n, float *to)
{
    double room[KERNEL_PIECE];

    fill_piece(work, first, n, room);
    for (int64_t i = 0; i < n; i++) {
        /* A uniform number must not be rounded up to 1. */
        double low = work->what == UNIFORM
                         ? (double)(int64_t)(room[i] * 0x1p24) * 0x1p-24
                         : room[i];

        to[i] = (float)low;
    }
}

static void fill_task(void *context, int64_t task, int thread)
{
    const struct fill_work *work = context;
    int64_t first = array_mine_first(work->array) + task * KERNEL_PIECE;
    int64_t left =
        array_mine_first(work->array) + array_mine_length(work->array) - first;
    int64_t n = left < KERNEL_PIECE ? left : KERNEL_PIECE;
    void *to = array_at(work->array, first);

    (void)thread;
    if (work->array->element == TROUPE_FLOAT)
        fill_floats(work, first, n, to);
    else
        fill_piece(work, first, n, to);
}

static troupe_status perform_fill(struct kernel_run *run,
                                  const struct kernel_request *request,
                                  troupe_status mine)
{
    const struct array *array = request->out[0];
    struct fill_work work = {
        .run = run,
        .array = array,
        .random = {request->words[0], (uint32_t)(request->words[1] >> 32)},
        .what = (enum what)(uint32_t)request->words[1],
        .lowest = (int64_t)request->words[2],
        .highest = (int64_t)request->words[3]};

    TROUPE_TRY(array_agree(run->self, run->team, mine, run->fingerprint));
    kernel_work(run, (array_mine_length(array) + KERNEL_PIECE - 1) / KERNEL_PIECE,
                fill_task, &work);
    return TROUPE_OK;
}

#define FILL(name_)                                                                    \
    {                                                                                  \
        .name = name_, .levels = KERNEL_ALL_LEVELS,                                    \
        .expression = {"Philox4x32-10", "Philox4x32-10", "Philox4x32-10",              \
                       "Philox4x32-10"},                                               \
        .perform = perform_fill                                                        \
    }
static const struct kernel_operation operations[] = {
    [UNIFORM] = FILL("troupe_fill_uniform"),
    [NORMAL] = FILL("troupe_fill_normal"),
    [INTEGERS] = FILL("troupe_fill_integers"),
};

static struct kernel_request request_of(troupe_actor *self,
                                        enum what what,
                                        troupe_array x,
                                        troupe_random random,
                                        troupe_how how)
{
    struct kernel_request request = {
        .operation = &operations[what],
        .how = how,
        .words = {random.seed, (uint64_t)random.stream << 32 | (uint64_t)what}};

    kernel_take_out(self, &request, x);
    return request;
}

static troupe_status fill_reals(troupe_actor *self,
                                enum what what,
                                troupe_array x,
                                troupe_random random,
                                troupe_how how)
{
    struct kernel_request request = request_of(self, what, x, random, how);
    troupe_status mine = TROUPE_OK;

    if (!kernel_is_real(request.out[0]->element))
        mine = kernel_refuse(kernel_of(self->home->rank), &request,
                             "it wants float or double elements");
    return kernel_call(self, &request, mine);
}

troupe_status troupe_fill_uniform(troupe_actor *self,
                                  troupe_array x,
                                  troupe_random random,
                                  troupe_how how)
{
    return fill_reals(self, UNIFORM, x, random, how);
}

troupe_status troupe_fill_normal(troupe_actor *self,
                                 troupe_array x,
                                 troupe_random random,
                                 troupe_how how)
{
    return fill_reals(self, NORMAL, x, random, how);
}

troupe_status troupe_fill_integers(troupe_actor *self,
                                   troupe_array x,
                                   troupe_random random,
                                   int64_t lowest,
                                   int64_t highest,
                                   troupe_how how)
{
    struct kernel_request request = request_of(self, INTEGERS, x, random, how);
    troupe_status mine = TROUPE_OK;

    request.words[2] = (uint64_t)lowest;
    request.words[3] = (uint64_t)highest;
    if (request.out[0]->element != TROUPE_INT64 || lowest > highest)
        mine = kernel_refuse(kernel_of(self->home->rank), &request,
                             "it wants int64 elements, and lowest <= highest");
    return kernel_call(self, &request, mine);
}
