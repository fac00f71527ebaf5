/* SPDX-License-Identifier: BSD-3-Clause */
#include "numeric/sort.h"
#include "kernel/element.h"
#include "kernel/split.h"
#include "team/team.h"
#include "troupe/exchange.h"
#include "troupe/order.h"
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
    struct numeric_keyed *items, *scratch; /* by place */
    uint64_t *keys, *spare;                /* keys alone */
    unsigned char *leaving;                /* elements of one array */
    int64_t *at;    /* n_members + 1: where the parts of the members begin */
    int64_t *sizes; /* n_members: what comes from each; then the ends of the runs */
};

static void room_give(struct sort_room *room)
{
    kernel_give(room->items);
    kernel_give(room->scratch);
    kernel_give(room->keys);
    kernel_give(room->spare);
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
    const struct array *keys = request->out[0];
    size_t n = (size_t)array_mine_length(keys), n_members = (size_t)keys->n_members;
    bool is_whole = true;

    *room = (struct sort_room){.items = NULL};
    room->at = take(run, n_members + 1, sizeof *room->at, &is_whole);
    room->sizes = take(run, n_members, sizeof *room->sizes, &is_whole);
    room->keys = take(run, n, sizeof *room->keys, &is_whole);
    if (!by_place) {
        room->spare = take(run, n, sizeof *room->spare, &is_whole);
        return is_whole;
    }
    room->items = take(run, n, sizeof *room->items, &is_whole);
    room->scratch = take(run, n, sizeof *room->scratch, &is_whole);
    room->leaving = take(run, n, widest(request), &is_whole);
    return is_whole;
}

/* ---- keys --------------------------------------------------------------------- */

static void map_part(const struct array *array, const void *elements, uint64_t *keys)
{
    struct kernel_room room;
    int64_t n = array_mine_length(array);

    for (int64_t i = 0; i < n; i += KERNEL_PIECE) {
        int64_t n_here = n - i < KERNEL_PIECE ? n - i : KERNEL_PIECE;
        const unsigned char *from =
            (const unsigned char *)elements + (size_t)i * array->element_bytes;

        numeric_sort_map(kernel_element_of(array->element),
                         kernel_widen(array->element, from, n_here, &room), n_here,
                         keys + i);
    }
}

struct has_nan {
    bool it_has;
};

static void look_for_nan(void *context, const void *x, int64_t n, int64_t first)
{
    struct has_nan *found = context;
    const double *doubles = x;

    (void)first;
    for (int64_t i = 0; i < n; i++)
        found->it_has |= doubles[i] != doubles[i];
}

/* Are there elements that differ though their keys do not? */
static troupe_status keys_say_all(struct kernel_run *run,
                                  const struct kernel_request *request,
                                  bool *they_do)
{
    const struct array *keys = request->out[0];
    struct has_nan found = {.it_has = keys->element == TROUPE_FLOAT};
    int64_t any, first = array_mine_first(keys);
    const troupe_reduction reduction = {.mine = &any,
                                        .result = &any,
                                        .element = TROUPE_INT64,
                                        .combine = TROUPE_MAX,
                                        .n_items = 1};

    *they_do = request->n_out == 1;
    if (!*they_do || !kernel_is_real(keys->element))
        return TROUPE_OK;
    if (keys->element == TROUPE_DOUBLE)
        kernel_each_piece(keys, first, first + array_mine_length(keys), look_for_nan,
                          &found);
    any = found.it_has;
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

static troupe_status
sort_keys(struct kernel_run *run, const struct array *array, struct sort_room *room)
{
    int64_t n = array_mine_length(array);
    const uint64_t *sorted;

    map_part(array, array->memory.bytes, room->keys);
    numeric_sort_keys(room->keys, room->spare, n);
    TROUPE_TRY(kernel_split(run, array, room->keys, 1, room->at));
    TROUPE_TRY(exchange_sizes(run, room));
    TROUPE_TRY(exchange_parts(run, room, room->keys, sizeof *room->keys, room->spare));
    sizes_to_ends(room->sizes, run->team->size);
    sorted = numeric_merge_keys(room->spare, room->keys, room->sizes, run->team->size);
    kernel_unmap(array->element, sorted, n, array->memory.bytes);
    return TROUPE_OK;
}

static void set_places(const uint64_t *keys, int64_t n, struct numeric_keyed *items)
{
    for (int64_t i = 0; i < n; i++)
        items[i] = (struct numeric_keyed){keys[i], (uint64_t)i};
}

/* All arrays travel in the order of `items`; each then holds the runs that have come.
 */
static troupe_status move_arrays(struct kernel_run *run,
                                 const struct kernel_request *request,
                                 const struct sort_room *room)
{
    for (int i = 0; i < request->n_out; i++) {
        const struct array *array = request->out[i];

        numeric_sort_gather(room->items, array_mine_length(array), array->memory.bytes,
                            array->element_bytes, room->leaving);
        TROUPE_TRY(exchange_parts(run, room, room->leaving, array->element_bytes,
                                  array->memory.bytes));
    }
    return TROUPE_OK;
}

static void merge_arrays(const struct kernel_request *request, struct sort_room *room)
{
    const struct array *keys = request->out[0];
    int64_t n = array_mine_length(keys);
    const struct numeric_keyed *order;

    map_part(keys, keys->memory.bytes, room->keys);
    set_places(room->keys, n, room->items);
    sizes_to_ends(room->sizes, keys->n_members);
    order =
        numeric_merge_keyed(room->items, room->scratch, room->sizes, keys->n_members);
    for (int i = 0; i < request->n_out; i++) {
        const struct array *array = request->out[i];

        numeric_sort_gather(order, n, array->memory.bytes, array->element_bytes,
                            room->leaving);
        if (n > 0)
            memcpy(array->memory.bytes, room->leaving,
                   (size_t)n * array->element_bytes);
    }
}

static troupe_status sort_by_place(struct kernel_run *run,
                                   const struct kernel_request *request,
                                   struct sort_room *room)
{
    const struct array *keys = request->out[0];
    int64_t n = array_mine_length(keys);

    map_part(keys, keys->memory.bytes, room->keys);
    set_places(room->keys, n, room->items);
    numeric_sort_keyed(room->items, room->scratch, n);
    TROUPE_TRY(kernel_split(run, keys, &room->items->key, 2, room->at));
    TROUPE_TRY(exchange_sizes(run, room));
    TROUPE_TRY(move_arrays(run, request, room));
    merge_arrays(request, room);
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
