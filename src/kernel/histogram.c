/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/histogram.h"
#include "kernel/element.h"
#include <string.h>

/* Counts are integers and may be added in any order. */

_Static_assert((int)TROUPE_BINS_EXTRA == (int)NUMERIC_EXTRA_SLOTS,
               "places of a histogram");

/* So many counts are kept apart: where a count has its own four bytes, each element
 * waits for memory (measured: a sixth less time for 2^18, half of it for 2^21). */
#ifdef TROUPE_HOSTILE
enum { MANY_PLACES = 1000, JOIN_PLACES = 300 };
#else
enum { MANY_PLACES = 1 << 18, JOIN_PLACES = 1 << 16 };
#endif

struct histogram_work {
    const struct array *x;
    const struct numeric_isa *isa;
    const struct array *onto; /* where counts go; NULL: to everybody's result */
    struct numeric_bins bins;
    size_t n_places, n_all_places; /* of one thread's counts; of all threads' */
    struct kernel_pages *pages;
    uint32_t *counts; /* by thread */
    uint8_t *bytes;   /* likewise, of counts apart; NULL: there are few */
    uint64_t *totals; /* room for them */
    int64_t first_task;
};

troupe_status kernel_bins_read(const struct kernel_request *request,
                               struct numeric_bins *bins)
{
    return numeric_bins_init(bins, numeric_from_bits(request->words[0]),
                             numeric_from_bits(request->words[1]),
                             (int64_t)request->words[2]);
}

static bool take_bins(const struct kernel_request *request, struct histogram_work *work)
{
    work->n_places = kernel_n_places(request);
    return kernel_bins_read(request, &work->bins) == TROUPE_OK;
}

/* ---- counts ------------------------------------------------------------------- */

struct count_piece {
    const struct histogram_work *work;
    uint32_t *counts;
    uint8_t *bytes;
};

static void count_piece(void *context, const void *x, int64_t n, int64_t first)
{
    const struct count_piece *piece = context;
    const struct histogram_work *work = piece->work;
    enum numeric_element element = kernel_element_of(work->x->element);

    (void)first;
    if (piece->bytes)
        numeric_histogram_count_apart(work->isa, &work->bins, element, x, n,
                                      piece->bytes, piece->counts);
    else
        numeric_histogram_count(work->isa, &work->bins, element, x, n, piece->counts);
}

static void count_task(void *context, int64_t task, int thread)
{
    const struct histogram_work *work = context;
    size_t at = (size_t)thread * work->n_places;
    struct count_piece piece = {work, work->counts + at,
                                work->bytes ? work->bytes + at : NULL};

    kernel_each_of_task(work->x, work->first_task + task, count_piece, &piece);
}

/* Some places, of all threads one behind the other. */
static void join_task(void *context, int64_t task, int thread)
{
    const struct histogram_work *work = context;
    size_t begin = (size_t)task * JOIN_PLACES, n_left = work->n_all_places - begin;

    (void)thread;
    numeric_histogram_join(work->bytes + begin,
                           (int64_t)(n_left < JOIN_PLACES ? n_left : JOIN_PLACES),
                           work->counts + begin);
}

static void
count_round(struct kernel_run *run, struct histogram_work *work, int64_t n_tasks)
{
    kernel_work(run, n_tasks, count_task, work);
    if (work->bytes)
        kernel_work(run,
                    (int64_t)((work->n_all_places + JOIN_PLACES - 1) / JOIN_PLACES),
                    join_task, work);
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

        count_round(run, work, n_left < ROUND_TASKS ? n_left : ROUND_TASKS);
        kernel_counts_put_aside(&counts);
    }
    counts.onto = work->onto;
    return work->onto ? kernel_counts_spread(run, &counts)
                      : kernel_counts_total(run, &counts, result);
}

static bool take_counts(struct kernel_run *run, struct histogram_work *work)
{
    bool are_many = work->n_places >= MANY_PLACES;
    size_t n_all = (size_t)array_n_threads(run->self) * work->n_places;
    size_t counts_bytes = n_all * sizeof *work->counts;

    work->n_all_places = n_all;
    work->pages = kernel_take_pages(run, counts_bytes + (are_many ? n_all : 0));
    work->totals =
        kernel_take(run, work->onto ? kernel_counts_spread_room(work->x, work->onto)
                                    : work->n_places * sizeof *work->totals);
    work->counts = work->pages ? work->pages->bytes : NULL;
    if (work->counts && are_many)
        work->bytes = (uint8_t *)work->counts + counts_bytes;
    return work->counts && work->totals;
}

static troupe_status perform_count(struct kernel_run *run,
                                   const struct kernel_request *request,
                                   troupe_status mine)
{
    struct histogram_work work = {.isa = run->here->isa,
                                  .x = request->in[0],
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
troupe_status kernel_bins_call(troupe_actor *self,
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
    return kernel_bins_call(self, &request, &bins,
                            kernel_is_number(request.in[0]->element));
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
    return kernel_bins_call(self, &request, &bins,
                            kernel_is_number(from->element) && from != onto &&
                                from->team == onto->team &&
                                onto->element == TROUPE_UINT64 &&
                                onto->length - TROUPE_BINS_EXTRA == bins.n_bins);
}
