/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/element.h"
#include "kernel/split.h"
#include "numeric/sort.h"
#include "troupe/order.h"
#include <string.h>

/*
 * The k-th element, found digit by digit of its key: each pass counts the next digit of
 * the keys that begin as the wanted one does, over all members.
 */

enum { DIGIT_BITS = 11, N_DIGITS = 1 << DIGIT_BITS, KEY_BITS = 64 };

struct count_work {
    const struct array *array;
    uint64_t prefix;  /* the digits found, at the top */
    int n_known;      /* bits of it */
    int n_bits;       /* of the next digit */
    uint64_t *counts; /* by thread, N_DIGITS each */
};

struct count_piece {
    const struct count_work *work;
    uint64_t *counts;
};

static void count_piece(void *context, const void *x, int64_t n, int64_t first)
{
    const struct count_piece *piece = context;
    const struct count_work *work = piece->work;
    int shift = KEY_BITS - work->n_known - work->n_bits;
    uint64_t keys[KERNEL_PIECE];

    (void)first;
    numeric_sort_map(kernel_element_of(work->array->element), x, n, keys);
    for (int64_t i = 0; i < n; i++)
        if (work->n_known == 0 ||
            (keys[i] ^ work->prefix) >> (KEY_BITS - work->n_known) == 0)
            piece->counts[keys[i] >> shift & ((UINT64_C(1) << work->n_bits) - 1)]++;
}

static void count_task(void *context, int64_t task, int thread)
{
    const struct count_work *work = context;
    struct count_piece piece = {work, work->counts + (size_t)thread * N_DIGITS};

    kernel_each_of_task(work->array, task, count_piece, &piece);
}

/* Counts of all members and threads come together in the first thread's. */
static troupe_status count_digits(struct kernel_run *run, struct count_work *work)
{
    int n_threads = array_n_threads(run->self);

    memset(work->counts, 0, (size_t)n_threads * N_DIGITS * sizeof *work->counts);
    kernel_work(run, kernel_n_tasks(work->array), count_task, work);
    for (int thread = 1; thread < n_threads; thread++)
        for (int i = 0; i < N_DIGITS; i++)
            work->counts[i] += work->counts[thread * N_DIGITS + i];
    return array_add_up(run->self, run->team, work->counts, work->counts, N_DIGITS);
}

static troupe_status
find_key(struct kernel_run *run, struct count_work *work, uint64_t k)
{
    while (work->n_known < KEY_BITS) {
        int left = KEY_BITS - work->n_known;
        uint64_t digit = 0;

        work->n_bits = left < DIGIT_BITS ? left : DIGIT_BITS;
        TROUPE_TRY(count_digits(run, work));
        while (k >= work->counts[digit])
            k -= work->counts[digit++];
        work->prefix |= digit << (left - work->n_bits);
        work->n_known += work->n_bits;
    }
    return TROUPE_OK;
}

/* Floats are given as doubles, small integers as large ones. */
static troupe_number number_of(enum troupe_element element, uint64_t key)
{
    troupe_number number = {.natural = 0};

    if (kernel_is_real(element))
        kernel_unmap(TROUPE_DOUBLE, &key, 1, &number.real);
    else
        kernel_unmap(element == TROUPE_UINT64 ? TROUPE_UINT64 : TROUPE_INT64, &key, 1,
                     &number.natural);
    return number;
}

static troupe_status perform_kth(struct kernel_run *run,
                                 const struct kernel_request *request,
                                 troupe_status mine)
{
    struct count_work work = {.array = request->in[0]};
    size_t n_counts = (size_t)array_n_threads(run->self) * N_DIGITS;

    work.counts = kernel_take(run, n_counts * sizeof *work.counts);
    if (mine == TROUPE_OK && !work.counts)
        mine = TROUPE_NO_MEMORY;
    mine = array_agree(run->self, run->team, mine, run->fingerprint);
    if (mine == TROUPE_OK)
        mine = find_key(run, &work, request->words[0]);
    kernel_give(work.counts);
    if (mine == TROUPE_OK)
        *(troupe_number *)request->result =
            number_of(request->in[0]->element, work.prefix);
    return mine;
}

static const struct kernel_operation kth_operation = {
    .name = "troupe_kth",
    .levels = KERNEL_ALL_LEVELS,
    .expression = {"by (key, index)", "by (key, index)", "by (key, index)",
                   "by (key, index)"},
    .perform = perform_kth,
};

troupe_status troupe_kth(troupe_actor *self,
                         troupe_array x,
                         int64_t k,
                         troupe_how how,
                         troupe_number *number)
{
    struct kernel_request request = {.operation = &kth_operation,
                                     .how = how,
                                     .result = number,
                                     .result_bytes = sizeof *number,
                                     .words = {(uint64_t)k}};
    troupe_status mine = TROUPE_OK;

    actor_require(self, number != NULL, "troupe_kth: no place for the result");
    kernel_take_in(self, &request, x);
    if (!kernel_is_number(request.in[0]->element) || k < 0 ||
        k >= request.in[0]->length)
        mine = kernel_refuse(kernel_of(self->home->rank), &request,
                             "it wants numbers, and a place that there is");
    return kernel_call(self, &request, mine);
}
