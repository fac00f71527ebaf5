/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/element.h"
#include "kernel/histogram.h"
#include <string.h>

/*
 * Weights by bins, each sum rounded once. An accumulator for each bin and thread would
 * take a kilobyte each. So the elements are first added to sums of 32 bytes that mostly
 * know how the exact one is rounded (numeric/sure.h). The bins of which that cannot be
 * told, where much cancels or something is not finite, are done once more with
 * accumulators: as many at a time as fit into a fixed room, however many there are.
 */

enum { ROOM_BYTES = 1 << 24 }; /* for accumulators, of a rank */

struct exact_work {
    const struct array *x, *weights;
    const struct numeric_isa *isa;
    struct numeric_bins bins;
    size_t n_places;
    struct kernel_pages *pages;
    struct numeric_sure *sures; /* by thread and place; then everybody's, by place */
    struct kernel_partial *partial;
    double *sums;      /* by place */
    uint32_t *numbers; /* by place: of those that are not sure, from 1; 0: it is */
    size_t n_unsure;
    /* Of some of these. */
    size_t n_most; /* at a time */
    struct numeric_chosen chosen;
    struct numeric_exact *exacts; /* by thread and number */
    struct kernel_partial *packed;
};

static size_t n_threads_of(const struct kernel_run *run)
{
    return (size_t)array_n_threads(run->self);
}

/* A task's elements, and how many. */
static int64_t task_range(const struct exact_work *work,
                          int64_t task,
                          const double **x,
                          const double **weights)
{
    int64_t begin = task * KERNEL_TASK, left = array_mine_length(work->x) - begin;

    *x = (const double *)(void *)work->x->memory.bytes + begin;
    *weights = (const double *)(void *)work->weights->memory.bytes + begin;
    return left < KERNEL_TASK ? left : KERNEL_TASK;
}

/* ---- sums that may be sure ---------------------------------------------------- */

static void sure_task(void *context, int64_t task, int thread)
{
    const struct exact_work *work = context;
    const double *x, *weights;
    int64_t n = task_range(work, task, &x, &weights);

    numeric_histogram_weigh_sure(work->isa, &work->bins, x, weights, n,
                                 work->sures + (size_t)thread * work->n_places);
}

static troupe_status join_sures(unsigned char *left_bytes,
                                const unsigned char *right_bytes,
                                size_t size_bytes,
                                const struct kernel_fold *fold)
{
    struct numeric_sure left, right;

    (void)fold;
    for (size_t i = 0; i < size_bytes; i += sizeof left) {
        memcpy(&left, left_bytes + i, sizeof left);
        memcpy(&right, right_bytes + i, sizeof right);
        numeric_sure_merge(&left, &right);
        memcpy(left_bytes + i, &left, sizeof left);
    }
    return TROUPE_OK;
}

static troupe_status add_up_sures(struct kernel_run *run, struct exact_work *work)
{
    const struct kernel_fold fold = {.join = join_sures};
    size_t n_threads = n_threads_of(run), n = work->n_places;
    size_t n_bytes = n * sizeof *work->sures;

    for (size_t i = 0; i < n_threads * n; i++)
        work->sures[i] = numeric_sure_make();
    kernel_work(run, kernel_n_tasks(work->x), sure_task, work);
    for (size_t i = n; i < n_threads * n; i++)
        numeric_sure_merge(&work->sures[i % n], &work->sures[i]);
    memset(work->partial, 0, sizeof *work->partial);
    memcpy(work->partial + 1, work->sures, n_bytes);
    TROUPE_TRY(
        kernel_combine(run, work->partial, sizeof *work->partial + n_bytes, &fold));
    memcpy(work->sures, work->partial + 1, n_bytes);
    return TROUPE_OK;
}

/* All members have the same sums, hence the same numbers. */
static void round_sures(struct exact_work *work)
{
    for (size_t i = 0; i < work->n_places; i++) {
        bool is_sure = numeric_sure_round(&work->sures[i], &work->sums[i]);

        work->numbers[i] = is_sure ? 0 : (uint32_t)++work->n_unsure;
    }
}

/* ---- accumulators ------------------------------------------------------------- */

static void exact_task(void *context, int64_t task, int thread)
{
    const struct exact_work *work = context;
    struct numeric_chosen chosen = work->chosen;
    const double *x, *weights;
    int64_t n = task_range(work, task, &x, &weights);

    chosen.sums = work->exacts + (size_t)thread * chosen.n_sums;
    numeric_histogram_weigh_exact(work->isa, &work->bins, x, weights, n, &chosen);
}

static troupe_status join_exacts(unsigned char *left_bytes,
                                 const unsigned char *right_bytes,
                                 size_t size_bytes,
                                 const struct kernel_fold *fold)
{
    (void)fold;
    for (size_t i = 0; i < size_bytes; i += NUMERIC_EXACT_PACKED_BYTES) {
        struct numeric_exact left, right;

        TROUPE_TRY(numeric_exact_unpack(&left, left_bytes + i));
        TROUPE_TRY(numeric_exact_unpack(&right, right_bytes + i));
        numeric_exact_merge(&left, &right);
        numeric_exact_pack(&left, left_bytes + i);
    }
    return TROUPE_OK;
}

/* The accumulators that are chosen, of all threads and members, to the message. */
static troupe_status add_up_chosen(struct kernel_run *run, struct exact_work *work)
{
    const struct kernel_fold fold = {.join = join_exacts};
    unsigned char *bytes = (unsigned char *)(work->packed + 1);
    size_t n = work->chosen.n_sums, n_all = n_threads_of(run) * n;

    for (size_t i = 0; i < n_all; i++)
        numeric_exact_init(&work->exacts[i]);
    kernel_work(run, kernel_n_tasks(work->x), exact_task, work);
    for (size_t i = n; i < n_all; i++)
        numeric_exact_merge(&work->exacts[i % n], &work->exacts[i]);
    memset(work->packed, 0, sizeof *work->packed);
    for (size_t i = 0; i < n; i++)
        numeric_exact_pack(&work->exacts[i], bytes + i * NUMERIC_EXACT_PACKED_BYTES);
    return kernel_combine(run, work->packed,
                          sizeof *work->packed + n * NUMERIC_EXACT_PACKED_BYTES, &fold);
}

static troupe_status round_chosen(struct exact_work *work)
{
    const unsigned char *bytes = (const unsigned char *)(work->packed + 1);
    struct numeric_exact exact;

    for (size_t i = 0; i < work->n_places; i++) {
        uint32_t number = work->numbers[i], k = number - work->chosen.first;

        if (number == 0 || k >= work->chosen.n_sums)
            continue;
        TROUPE_TRY(numeric_exact_unpack(
            &exact, bytes + (size_t)k * NUMERIC_EXACT_PACKED_BYTES));
        work->sums[i] = numeric_exact_round(&exact);
    }
    return TROUPE_OK;
}

static troupe_status take_accumulators(struct kernel_run *run, struct exact_work *work)
{
    size_t n_threads = n_threads_of(run), room = ROOM_BYTES >> (run->is_again ? 2 : 0);
    size_t n_fit = room / (n_threads * sizeof *work->exacts);

    n_fit = n_fit > 0 ? n_fit : 1;
    work->n_most = n_fit < work->n_unsure ? n_fit : work->n_unsure;
    work->exacts = kernel_take(run, n_threads * work->n_most * sizeof *work->exacts);
    work->packed = kernel_take(run, sizeof *work->packed +
                                        work->n_most * NUMERIC_EXACT_PACKED_BYTES);
    return work->exacts && work->packed ? TROUPE_OK : TROUPE_NO_MEMORY;
}

static troupe_status do_unsure(struct kernel_run *run, struct exact_work *work)
{
    if (work->n_unsure == 0)
        return TROUPE_OK;
    TROUPE_TRY(array_agree(run->self, run->team, take_accumulators(run, work), 0));
    work->chosen.numbers = work->numbers;
    for (size_t done = 0; done < work->n_unsure; done += work->n_most) {
        size_t n_left = work->n_unsure - done;

        work->chosen.first = (uint32_t)(done + 1);
        work->chosen.n_sums = (uint32_t)(n_left < work->n_most ? n_left : work->n_most);
        TROUPE_TRY(add_up_chosen(run, work));
        TROUPE_TRY(round_chosen(work));
    }
    return TROUPE_OK;
}

/* ---- both --------------------------------------------------------------------- */

static bool has_sums(const struct exact_work *work)
{
    return work->sures && work->partial && work->sums && work->numbers;
}

static bool take_sums(struct kernel_run *run, struct exact_work *work)
{
    size_t n_bytes = work->n_places * sizeof *work->sures;

    work->pages = kernel_take_pages(run, n_threads_of(run) * n_bytes);
    work->partial = kernel_take(run, sizeof *work->partial + n_bytes);
    work->sums = kernel_take(run, work->n_places * sizeof *work->sums);
    work->numbers = kernel_take(run, work->n_places * sizeof *work->numbers);
    work->sures = work->pages ? work->pages->bytes : NULL;
    return has_sums(work);
}

static void give_all(const struct exact_work *work)
{
    kernel_give(work->pages);
    kernel_give(work->partial);
    kernel_give(work->sums);
    kernel_give(work->numbers);
    kernel_give(work->exacts);
    kernel_give(work->packed);
}

static troupe_status weigh(struct kernel_run *run, struct exact_work *work)
{
    TROUPE_TRY(add_up_sures(run, work));
    round_sures(work);
    return do_unsure(run, work);
}

troupe_status kernel_weigh_exactly(struct kernel_run *run,
                                   const struct kernel_request *request,
                                   troupe_status mine)
{
    struct exact_work work = {.x = request->in[0],
                              .weights = request->in[1],
                              .isa = run->here->isa,
                              .n_places = kernel_n_places(request)};

    if (mine == TROUPE_OK)
        mine = kernel_bins_read(request, &work.bins);
    if (mine == TROUPE_OK && !take_sums(run, &work))
        mine = TROUPE_NO_MEMORY;
    mine = array_agree(run->self, run->team, mine, run->fingerprint);
    if (mine == TROUPE_OK && has_sums(&work)) {
        mine = weigh(run, &work);
        if (mine == TROUPE_OK)
            memcpy(request->result, work.sums, request->result_bytes);
    }
    give_all(&work);
    return mine;
}
