/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/sort.h"
#include "kernel/element.h"
#include "kernel/split.h"
#include "team/team.h"
#include "troupe/exchange.h"
#include "troupe/order.h"
#include <string.h>

/*
 * Sorting: keys are moved to buckets (buckets.c), which are so small, if the keys are
 * not too unlike, that they can be sorted in a core's cache. First the buckets go to
 * the members in whose parts they will lie, cut exactly where a boundary between parts
 * goes through one (sort_cut.c); then they are sorted, which is the only time
 * (sort_pieces.c). Runs in the order of the members keep the order of equal keys.
 *
 * Two ways. Keys alone, when a key says all of its element: 8 bytes an element travel.
 * Otherwise keys with the place of their element, by which all arrays are brought into
 * order before they leave and after they have come.
 */

/* ---- memory -------------------------------------------------------------------- */

static void sort_give(struct kernel_sort *sort)
{
    kernel_buckets_give(&sort->buckets);
    kernel_give(sort->items);
    kernel_give(sort->scratch);
    kernel_give(sort->leaving);
    kernel_give(sort->rooms);
    kernel_give(sort->at);
    kernel_give(sort->from);
    kernel_give(sort->begins);
}

static struct kernel_pages *
take_pages(struct kernel_run *run, size_t n, size_t item_bytes, bool *is_whole)
{
    size_t n_bytes;
    struct kernel_pages *pages = __builtin_mul_overflow(n, item_bytes, &n_bytes)
                                     ? NULL
                                     : kernel_take_pages(run, n_bytes);

    *is_whole &= pages != NULL;
    return pages;
}

static size_t widest(const struct kernel_request *request)
{
    size_t most = 0;

    for (int i = 0; i < request->n_out; i++)
        if (request->out[i]->element_bytes > most)
            most = request->out[i]->element_bytes;
    return most;
}

static bool sort_take(struct kernel_run *run,
                      const uint64_t range[2],
                      bool by_place,
                      struct kernel_sort *sort)
{
    size_t n = (size_t)array_mine_length(sort->keys),
           n_ends = (size_t)run->team->size + 1;
    size_t n_threads = (size_t)array_n_threads(run->self), n_piece;
    bool is_whole =
        kernel_buckets_take(run, sort->keys, range[0], range[1], &sort->buckets);

    sort->sorter = by_place ? &numeric_sorter_keyed : &numeric_sorter_keys;
    n_piece = (size_t)kernel_runs_piece(sort->sorter);
    sort->at = kernel_need(run, n_ends * sizeof *sort->at);
    sort->from = kernel_need(run, n_ends * sizeof *sort->from);
    sort->items = take_pages(run, n, sort->sorter->item_bytes, &is_whole);
    sort->scratch = take_pages(run, n, sort->sorter->item_bytes, &is_whole);
    sort->rooms =
        take_pages(run, 2 * n_threads * n_piece, sort->sorter->item_bytes, &is_whole);
    if (by_place)
        sort->leaving = take_pages(run, n, widest(sort->request), &is_whole);
    return is_whole;
}

/* ---- which keys there are ------------------------------------------------------- */

struct survey {
    const struct array *keys;
    struct range {
        uint64_t low, high;
    } __attribute__((aligned(64))) of[ARRAY_MOST_THREADS];
};

struct survey_piece {
    const struct array *keys;
    struct range *range;
};

static void survey_piece(void *context, const void *x, int64_t n, int64_t first)
{
    const struct survey_piece *piece = context;
    struct range range = *piece->range;
    uint64_t keys[KERNEL_PIECE];

    (void)first;
    numeric_sort_map(kernel_element_of(piece->keys->element), x, n, keys);
    for (int64_t i = 0; i < n; i++) {
        range.low = keys[i] < range.low ? keys[i] : range.low;
        range.high = keys[i] > range.high ? keys[i] : range.high;
    }
    *piece->range = range;
}

static void survey_task(void *context, int64_t task, int thread)
{
    struct survey *survey = context;
    struct survey_piece piece = {survey->keys, &survey->of[thread]};

    kernel_each_of_task(survey->keys, task, survey_piece, &piece);
}

/* The least and the greatest key of all members'; there are any. */
static troupe_status
find_range(struct kernel_run *run, const struct array *keys, uint64_t range[2])
{
    struct survey survey = {.keys = keys};
    uint64_t most[2] = {0, 0}; /* of the complement, and of the key */
    const troupe_reduction reduction = {.mine = most,
                                        .result = most,
                                        .element = TROUPE_UINT64,
                                        .combine = TROUPE_MAX,
                                        .n_items = 2};

    for (int i = 0; i < ARRAY_MOST_THREADS; i++)
        survey.of[i] = (struct range){UINT64_MAX, 0};
    kernel_work(run, kernel_n_tasks(keys), survey_task, &survey);
    for (int i = 0; i < ARRAY_MOST_THREADS; i++) {
        most[0] = ~survey.of[i].low > most[0] ? ~survey.of[i].low : most[0];
        most[1] = survey.of[i].high > most[1] ? survey.of[i].high : most[1];
    }
    TROUPE_TRY(array_reduce(run->self, run->team, &reduction));
    range[0] = ~most[0];
    range[1] = most[1];
    return TROUPE_OK;
}

/* No elements differ though their keys do not: NaNs have one key. */
static bool keys_say_all(const struct kernel_request *request, uint64_t high)
{
    enum troupe_element element = request->out[0]->element;

    return request->n_out == 1 && element != TROUPE_FLOAT &&
           (element != TROUPE_DOUBLE || high < UINT64_MAX);
}

/* ---- moving --------------------------------------------------------------------- */

/* What a member keeps is copied as well, or stays where it is. */
static troupe_status exchange_parts(struct kernel_run *run,
                                    const struct kernel_sort *sort,
                                    const void *parts,
                                    size_t item_bytes,
                                    void *to,
                                    bool with_own)
{
    int n = run->team->size, n_lists = 0;
    troupe_outgoing *sends = kernel_need(run, (size_t)n * sizeof(troupe_outgoing));
    troupe_incoming *receives = kernel_need(run, (size_t)n * sizeof(troupe_incoming));
    troupe_exchange_lists lists = {sends, n, receives, n};
    troupe_status status;

    for (int i = 0; i < n; i++) {
        size_t n_leave = (size_t)(sort->at[i + 1] - sort->at[i]);
        size_t n_come = (size_t)(sort->from[i + 1] - sort->from[i]);

        if (i == run->team->index && !with_own)
            continue;
        sends[n_lists] = (troupe_outgoing){
            i, (const unsigned char *)parts + (size_t)sort->at[i] * item_bytes,
            n_leave * item_bytes};
        receives[n_lists++] = (troupe_incoming){
            i, to ? (unsigned char *)to + (size_t)sort->from[i] * item_bytes : NULL,
            n_come * item_bytes};
    }
    lists.n_sends = lists.n_receives = n_lists;
    status = array_exchange(run->self, run->team, &lists);
    kernel_give(sends);
    kernel_give(receives);
    return status;
}

/* ---- keys alone ----------------------------------------------------------------- */

/* What a member has kept is where it was, if all fits. */
static void
copy_keys(const struct kernel_sort *sort, int member, int64_t i, int64_t n, void *to)
{
    bool has_stayed = sort->is_fit && member == sort->keys->index;
    const uint64_t *from = has_stayed ? sort->items->bytes : sort->scratch->bytes;

    if (has_stayed)
        i += sort->at[member] - sort->from[member];
    memcpy(to, from + i, (size_t)n * sizeof *from);
}

static void
put_elements(const struct kernel_sort *sort, const void *items, int64_t n, int64_t at)
{
    const struct array *array = sort->keys;

    kernel_unmap(array->element, items, n,
                 array->memory.bytes + (size_t)at * array->element_bytes);
}

static void unmap_task(void *context, int64_t task, int thread)
{
    const struct kernel_sort *sort = context;
    const uint64_t *keys = sort->items->bytes;
    int64_t begin = task * KERNEL_TASK, n_left = array_mine_length(sort->keys) - begin;

    (void)thread;
    put_elements(sort, keys + begin, n_left < KERNEL_TASK ? n_left : KERNEL_TASK,
                 begin);
}

static troupe_status sort_keys(struct kernel_run *run, struct kernel_sort *sort)
{
    TROUPE_TRY(exchange_parts(run, sort, sort->items->bytes, sizeof(uint64_t),
                              sort->scratch->bytes, !sort->is_fit));
    kernel_sort_pieces(run, sort, copy_keys,
                       sort->is_fit ? put_elements : kernel_sort_put_items);
    if (!sort->is_fit)
        kernel_work(run, kernel_n_tasks(sort->keys), unmap_task, sort);
    return TROUPE_OK;
}

/* ---- by place ------------------------------------------------------------------- */

/* Work on the caller's part of an array. */
struct part_work {
    const struct array *array;
    const struct kernel_sort *sort;
};

enum { GATHER = 4 * KERNEL_PIECE }; /* elements of a task: they lie anywhere */

static int64_t n_gathers(const struct array *array)
{
    return (array_mine_length(array) + GATHER - 1) / GATHER;
}

static int64_t gather_length(const struct array *array, int64_t task)
{
    int64_t n_left = array_mine_length(array) - task * GATHER;

    return n_left < GATHER ? n_left : GATHER;
}

static void gather_task(void *context, int64_t task, int thread)
{
    const struct part_work *work = context;
    const struct array *array = work->array;
    const struct numeric_keyed *order =
        (const struct numeric_keyed *)(void *)work->sort->items->bytes;

    (void)thread;
    numeric_sort_gather(order + task * GATHER, gather_length(array, task),
                        array->memory.bytes, array->element_bytes,
                        (unsigned char *)work->sort->leaving->bytes +
                            (size_t)(task * GATHER) * array->element_bytes);
}

static void return_task(void *context, int64_t task, int thread)
{
    const struct part_work *work = context;
    const struct array *array = work->array;
    size_t at = (size_t)(task * GATHER) * array->element_bytes;

    (void)thread;
    memcpy(array->memory.bytes + at, (unsigned char *)work->sort->leaving->bytes + at,
           (size_t)gather_length(array, task) * array->element_bytes);
}

/* All arrays travel in the order of the items; each then holds the runs that have come.
 */
static troupe_status move_arrays(struct kernel_run *run, const struct kernel_sort *sort)
{
    for (int i = 0; i < sort->request->n_out; i++) {
        const struct array *array = sort->request->out[i];
        struct part_work work = {array, sort};

        kernel_work(run, n_gathers(array), gather_task, &work);
        TROUPE_TRY(exchange_parts(run, sort, sort->leaving->bytes, array->element_bytes,
                                  array->memory.bytes, true));
    }
    return TROUPE_OK;
}

struct copy {
    int64_t first; /* index of the first element that is copied */
    struct numeric_keyed *to;
    const struct kernel_sort *sort;
};

static void copy_piece(void *context, const void *x, int64_t n, int64_t first)
{
    const struct copy *copy = context;
    const struct array *array = copy->sort->keys;
    struct numeric_keyed *to = copy->to + (first - copy->first);
    uint64_t keys[KERNEL_PIECE], place = (uint64_t)(first - array_mine_first(array));

    numeric_sort_map(kernel_element_of(array->element), x, n, keys);
    for (int64_t i = 0; i < n; i++)
        to[i] = (struct numeric_keyed){keys[i], place + (uint64_t)i};
}

static void copy_elements(
    const struct kernel_sort *sort, int member, int64_t i, int64_t n, void *to)
{
    int64_t first = array_mine_first(sort->keys) + i;
    struct copy copy = {first, to, sort};

    (void)member;
    kernel_each_piece(sort->keys, first, first + n, copy_piece, &copy);
}

static troupe_status sort_by_place(struct kernel_run *run, struct kernel_sort *sort)
{
    TROUPE_TRY(move_arrays(run, sort));
    kernel_sort_pieces(run, sort, copy_elements, kernel_sort_put_items);
    for (int i = 0; i < sort->request->n_out; i++) {
        struct part_work work = {sort->request->out[i], sort};

        kernel_work(run, n_gathers(work.array), gather_task, &work);
        kernel_work(run, n_gathers(work.array), return_task, &work);
    }
    return TROUPE_OK;
}

/* ---- the operation -------------------------------------------------------------- */

static troupe_status sort_parts(struct kernel_run *run, struct kernel_sort *sort)
{
    TROUPE_TRY(
        kernel_buckets_count(run, &sort->buckets, kernel_runs_piece(sort->sorter)));
    kernel_buckets_fill(run, &sort->buckets, sort->sorter, sort->items->bytes);
    TROUPE_TRY(kernel_sort_cut(run, sort));
    return sort->sorter == &numeric_sorter_keys ? sort_keys(run, sort)
                                                : sort_by_place(run, sort);
}

static troupe_status perform_sort(struct kernel_run *run,
                                  const struct kernel_request *request,
                                  troupe_status mine)
{
    struct kernel_sort sort = {.request = request, .keys = request->out[0]};
    uint64_t range[2];

    TROUPE_TRY(array_agree(run->self, run->team, mine, run->fingerprint));
    if (sort.keys->length == 0)
        return TROUPE_OK;
    TROUPE_TRY(find_range(run, sort.keys, range));
    if (range[0] == range[1])
        return TROUPE_OK; /* all are equal */
    mine = sort_take(run, range, !keys_say_all(request, range[1]), &sort)
               ? TROUPE_OK
               : TROUPE_NO_MEMORY;
    mine = array_agree(run->self, run->team, mine, 0);
    if (mine == TROUPE_OK) /* who has all that comes does not know of the others */
        mine = array_agree(run->self, run->team, sort_parts(run, &sort), 0);
    sort_give(&sort);
    return mine;
}

static const struct kernel_operation sort_operation = {
    .name = "troupe_sort",
    .levels = KERNEL_ALL_LEVELS,
    .expression = {"by (key, index)", "by (key, index)", "by (key, index)",
                   "by (key, index)"},
    .perform = perform_sort,
};

troupe_status troupe_sort(troupe_actor *self,
                          troupe_array keys,
                          const troupe_arrays *along,
                          troupe_how how)
{
    struct kernel_request request = {.operation = &sort_operation, .how = how};
    troupe_status mine = TROUPE_OK;

    kernel_take_out(self, &request, keys);
    for (int i = 0; along && i < TROUPE_MOST_ARRAYS - 1 && along->out[i].bits; i++)
        kernel_take_out(self, &request, along->out[i]);
    if (!kernel_is_number(request.out[0]->element))
        mine = kernel_refuse(kernel_of(self->home->rank), &request,
                             "its keys must be numbers");
    return kernel_call(self, &request, mine);
}
