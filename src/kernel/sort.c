/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/element.h"
#include "kernel/runs.h"
#include "kernel/split.h"
#include "team/team.h"
#include "troupe/exchange.h"
#include "troupe/order.h"
#include <stdatomic.h>
#include <string.h>

/*
 * Sorting: each member sorts its part; the places where the sorted whole is to be cut
 * are found exactly (split.c), so that each member gets just what it is to have; the
 * runs that come from the members are merged. Runs in the order of the members keep
 * the order of equal keys.
 *
 * Two ways. Keys alone, when a key says all of its element: 8 bytes an element travel
 * and are merged. Otherwise keys with the place of their element, by which all arrays
 * are brought into order before they leave and after they have come.
 */

/* Buffers for one member's part. */
struct sort_room {
    struct kernel_runs runs; /* keys alone, or with places; its ends: of the pieces */
    unsigned char *leaving;  /* elements of one array */
    int64_t *at;             /* n_members + 1: where the parts of the members begin */
    int64_t *sizes; /* n_members: what comes from each; then the ends of the runs */
};

static void room_give(struct sort_room *room)
{
    kernel_give(room->runs.items);
    kernel_give(room->runs.scratch);
    kernel_give(room->runs.ends);
    kernel_give(room->leaving);
    kernel_give(room->at);
    kernel_give(room->sizes);
}

static void *take(struct kernel_run *run, size_t n, size_t item_bytes, bool *is_whole)
{
    size_t n_bytes;
    void *bytes = __builtin_mul_overflow(n, item_bytes, &n_bytes)
                      ? NULL
                      : kernel_take(run, n_bytes);

    *is_whole &= bytes != NULL;
    return bytes;
}

static size_t widest(const struct kernel_request *request)
{
    size_t most = 0;

    for (int i = 0; i < request->n_out; i++)
        if (request->out[i]->element_bytes > most)
            most = request->out[i]->element_bytes;
    return most;
}

static bool room_take(struct kernel_run *run,
                      const struct kernel_request *request,
                      bool by_place,
                      struct sort_room *room)
{
    const struct numeric_sorter *sorter =
        by_place ? &numeric_sorter_keyed : &numeric_sorter_keys;
    const struct array *keys = request->out[0];
    size_t n = (size_t)array_mine_length(keys), n_members = (size_t)keys->n_members;
    size_t n_pieces = (size_t)kernel_runs_pieces(sorter, (int64_t)n);
    bool is_whole = true;

    *room = (struct sort_room){.runs = {.sorter = sorter, .n = (int64_t)n}};
    room->at = take(run, n_members + 1, sizeof *room->at, &is_whole);
    room->sizes = take(run, n_members, sizeof *room->sizes, &is_whole);
    room->runs.ends = take(run, n_pieces, sizeof *room->runs.ends, &is_whole);
    room->runs.items = take(run, n, sorter->item_bytes, &is_whole);
    room->runs.scratch = take(run, n, sorter->item_bytes, &is_whole);
    if (by_place)
        room->leaving = take(run, n, widest(request), &is_whole);
    return is_whole;
}

/* ---- keys --------------------------------------------------------------------- */

/* Work on the caller's part of an array. */
struct part_work {
    const struct array *array;
    struct sort_room *room;
    atomic_bool has_nan;
};

static void map_piece(void *context, const void *x, int64_t n, int64_t first)
{
    const struct part_work *work = context;
    int64_t at = first - array_mine_first(work->array);
    uint64_t *keys = (uint64_t *)(void *)work->room->runs.items;

    numeric_sort_map(kernel_element_of(work->array->element), x, n, keys + at);
}

static void map_with_places(void *context, const void *x, int64_t n, int64_t first)
{
    const struct part_work *work = context;
    int64_t at = first - array_mine_first(work->array);
    struct numeric_keyed *items =
        (struct numeric_keyed *)(void *)work->room->runs.items + at;
    uint64_t keys[KERNEL_PIECE];

    numeric_sort_map(kernel_element_of(work->array->element), x, n, keys);
    for (int64_t i = 0; i < n; i++)
        items[i] = (struct numeric_keyed){keys[i], (uint64_t)(at + i)};
}

static void map_task(void *context, int64_t task, int thread)
{
    struct part_work *work = context;
    bool by_place = work->room->runs.sorter == &numeric_sorter_keyed;

    (void)thread;
    kernel_each_of_task(work->array, task, by_place ? map_with_places : map_piece,
                        work);
}

/* The items of the part as it stands, not in order yet. */
static void
map_part(struct kernel_run *run, const struct array *array, struct sort_room *room)
{
    struct part_work work = {.array = array, .room = room};

    kernel_work(run, kernel_n_tasks(array), map_task, &work);
}

static void look_for_nan(void *context, const void *x, int64_t n, int64_t first)
{
    struct part_work *work = context;
    const double *doubles = x;
    bool has_nan = false;

    (void)first;
    for (int64_t i = 0; i < n; i++)
        has_nan |= doubles[i] != doubles[i];
    if (has_nan)
        atomic_store_explicit(&work->has_nan, true, memory_order_relaxed);
}

static void look_task(void *context, int64_t task, int thread)
{
    struct part_work *work = context;

    (void)thread;
    kernel_each_of_task(work->array, task, look_for_nan, work);
}

/* Are there elements that differ though their keys do not? */
static troupe_status keys_say_all(struct kernel_run *run,
                                  const struct kernel_request *request,
                                  bool *they_do)
{
    const struct array *keys = request->out[0];
    struct part_work work = {.array = keys, .has_nan = keys->element == TROUPE_FLOAT};
    int64_t any;
    const troupe_reduction reduction = {.mine = &any,
                                        .result = &any,
                                        .element = TROUPE_INT64,
                                        .combine = TROUPE_MAX,
                                        .n_items = 1};

    *they_do = request->n_out == 1;
    if (!*they_do || !kernel_is_real(keys->element))
        return TROUPE_OK;
    if (keys->element == TROUPE_DOUBLE)
        kernel_work(run, kernel_n_tasks(keys), look_task, &work);
    any = work.has_nan;
    TROUPE_TRY(array_reduce(run->self, run->team, &reduction));
    *they_do = any == 0;
    return TROUPE_OK;
}

/* ---- moving ------------------------------------------------------------------- */

static troupe_status exchange_parts(struct kernel_run *run,
                                    const struct sort_room *room,
                                    const void *from,
                                    size_t item_bytes,
                                    void *to)
{
    int n = run->team->size;
    troupe_outgoing *sends = kernel_need(run, (size_t)n * sizeof(troupe_outgoing));
    troupe_incoming *receives = kernel_need(run, (size_t)n * sizeof(troupe_incoming));
    const troupe_exchange_lists lists = {sends, n, receives, n};
    size_t at = 0;
    troupe_status status;

    for (int i = 0; i < n; i++) {
        sends[i] = (troupe_outgoing){
            i, (const unsigned char *)from + (size_t)room->at[i] * item_bytes,
            (size_t)(room->at[i + 1] - room->at[i]) * item_bytes};
        receives[i] = (troupe_incoming){i, to ? (unsigned char *)to + at : NULL,
                                        (size_t)room->sizes[i] * item_bytes};
        at += receives[i].size_bytes;
    }
    status = array_exchange(run->self, run->team, &lists);
    kernel_give(sends);
    kernel_give(receives);
    return status;
}

/* How much comes from each: what each cuts off for this member. */
static troupe_status exchange_sizes(struct kernel_run *run, struct sort_room *room)
{
    int n = run->team->size;
    troupe_outgoing *sends = kernel_need(run, (size_t)n * sizeof(troupe_outgoing));
    troupe_incoming *receives = kernel_need(run, (size_t)n * sizeof(troupe_incoming));
    int64_t *leaving = kernel_need(run, (size_t)n * sizeof(int64_t));
    const troupe_exchange_lists lists = {sends, n, receives, n};
    troupe_status status;

    for (int i = 0; i < n; i++) {
        leaving[i] = room->at[i + 1] - room->at[i];
        sends[i] = (troupe_outgoing){i, &leaving[i], sizeof leaving[i]};
        receives[i] = (troupe_incoming){i, &room->sizes[i], sizeof room->sizes[i]};
    }
    status = array_exchange(run->self, run->team, &lists);
    kernel_give(sends);
    kernel_give(receives);
    kernel_give(leaving);
    return status;
}

static void sizes_to_ends(int64_t *sizes, int n)
{
    for (int i = 1; i < n; i++)
        sizes[i] += sizes[i - 1];
}

/* ---- the two ways ------------------------------------------------------------- */

/* The runs that have come, one from each member, to one. */
static void merge_what_came(struct kernel_run *run, struct sort_room *room)
{
    struct kernel_runs runs = room->runs;

    sizes_to_ends(room->sizes, run->team->size);
    runs.ends = room->sizes;
    runs.n_runs = run->team->size;
    kernel_runs_merge(run, &runs);
    room->runs.items = runs.items;
    room->runs.scratch = runs.scratch;
}

static void unmap_task(void *context, int64_t task, int thread)
{
    const struct part_work *work = context;
    const struct array *array = work->array;
    const uint64_t *keys = (const uint64_t *)(void *)work->room->runs.items;
    int64_t begin = task * KERNEL_TASK, n_left = array_mine_length(array) - begin;

    (void)thread;
    kernel_unmap(array->element, keys + begin,
                 n_left < KERNEL_TASK ? n_left : KERNEL_TASK,
                 array->memory.bytes + (size_t)begin * array->element_bytes);
}

static troupe_status
sort_keys(struct kernel_run *run, const struct array *array, struct sort_room *room)
{
    struct part_work work = {.array = array, .room = room};
    unsigned char *sorted;

    map_part(run, array, room);
    kernel_runs_sort(run, &room->runs);
    sorted = room->runs.items;
    TROUPE_TRY(kernel_split(run, array, (const uint64_t *)(void *)sorted, 1, room->at));
    TROUPE_TRY(exchange_sizes(run, room));
    TROUPE_TRY(exchange_parts(run, room, sorted, sizeof(uint64_t), room->runs.scratch));
    room->runs.items = room->runs.scratch;
    room->runs.scratch = sorted;
    merge_what_came(run, room);
    kernel_work(run, kernel_n_tasks(array), unmap_task, &work);
    return TROUPE_OK;
}

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
        (const struct numeric_keyed *)(void *)work->room->runs.items;

    (void)thread;
    numeric_sort_gather(order + task * GATHER, gather_length(array, task),
                        array->memory.bytes, array->element_bytes,
                        work->room->leaving +
                            (size_t)(task * GATHER) * array->element_bytes);
}

static void return_task(void *context, int64_t task, int thread)
{
    const struct part_work *work = context;
    const struct array *array = work->array;
    size_t at = (size_t)(task * GATHER) * array->element_bytes;

    (void)thread;
    memcpy(array->memory.bytes + at, work->room->leaving + at,
           (size_t)gather_length(array, task) * array->element_bytes);
}

/* All arrays travel in the order of the items; each then holds the runs that have come.
 */
static troupe_status move_arrays(struct kernel_run *run,
                                 const struct kernel_request *request,
                                 struct sort_room *room)
{
    for (int i = 0; i < request->n_out; i++) {
        const struct array *array = request->out[i];
        struct part_work work = {.array = array, .room = room};

        kernel_work(run, n_gathers(array), gather_task, &work);
        TROUPE_TRY(exchange_parts(run, room, room->leaving, array->element_bytes,
                                  array->memory.bytes));
    }
    return TROUPE_OK;
}

static void merge_arrays(struct kernel_run *run,
                         const struct kernel_request *request,
                         struct sort_room *room)
{
    map_part(run, request->out[0], room);
    merge_what_came(run, room);
    for (int i = 0; i < request->n_out; i++) {
        struct part_work work = {.array = request->out[i], .room = room};

        kernel_work(run, n_gathers(work.array), gather_task, &work);
        kernel_work(run, n_gathers(work.array), return_task, &work);
    }
}

static troupe_status sort_by_place(struct kernel_run *run,
                                   const struct kernel_request *request,
                                   struct sort_room *room)
{
    const struct array *keys = request->out[0];

    map_part(run, keys, room);
    kernel_runs_sort(run, &room->runs);
    TROUPE_TRY(kernel_split(run, keys, (const uint64_t *)(void *)room->runs.items, 2,
                            room->at));
    TROUPE_TRY(exchange_sizes(run, room));
    TROUPE_TRY(move_arrays(run, request, room));
    merge_arrays(run, request, room);
    return TROUPE_OK;
}

/* ---- the operation ------------------------------------------------------------ */

static troupe_status perform_sort(struct kernel_run *run,
                                  const struct kernel_request *request,
                                  troupe_status mine)
{
    struct sort_room room;
    bool is_simple;

    TROUPE_TRY(array_agree(run->self, run->team, mine, run->fingerprint));
    TROUPE_TRY(keys_say_all(run, request, &is_simple));
    mine = room_take(run, request, !is_simple, &room) ? TROUPE_OK : TROUPE_NO_MEMORY;
    mine = array_agree(run->self, run->team, mine, 0);
    if (mine == TROUPE_OK)
        mine = is_simple ? sort_keys(run, request->out[0], &room)
                         : sort_by_place(run, request, &room);
    room_give(&room);
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
