/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/segment.h"
#include "team/team.h"
#include "troupe/scan.h"
#include <stdatomic.h>
#include <string.h>

/*
 * Segments are reduced one by one: by the tree over a segment's own elements, of which
 * leaf i is the segment's element i whatever its place in the array, or by what needs
 * no tree. A segment that begins and ends in one member's part is reduced there. Of one
 * that passes on, members hold what segment.h makes of their elements; what stands open
 * before a part comes by an exclusive scan that forgets at each head. What a segment
 * comes to is first known where it ends, and spread from there.
 */

enum { TASK_SEGMENTS = 256 };

struct segments_work {
    const struct array *x, *heads;
    const struct numeric_isa *isa;
    enum kernel_segment segment;
    const struct kernel_segment_kind *kind;
    int64_t first, end;           /* the part */
    int64_t n_heads;              /* in it */
    int64_t *starts;              /* of the segments that begin here; then the end */
    union numeric_number *values; /* of those that end here */
    int64_t *indexes;             /* likewise, if they are asked for */
    bool closes_open;             /* a segment of others ends here: the first result */
    atomic_bool overflows;
};

/* ---- heads -------------------------------------------------------------------- */

static bool
is_head(const struct segments_work *work, const unsigned char *heads, int64_t i)
{
    return heads[i] != 0 || work->first + i == 0;
}

static troupe_status
find_heads(struct kernel_run *run, struct segments_work *work, bool wants_indexes)
{
    const unsigned char *heads = work->heads->memory.bytes;
    int64_t n = 0, n_items = work->end - work->first;
    size_t room_bytes;

    for (int64_t i = 0; i < n_items; i++)
        n += is_head(work, heads, i);
    work->n_heads = n;
    room_bytes = (size_t)(n + 1) * 8;
    work->starts = kernel_take(run, room_bytes);
    work->values = kernel_take(run, room_bytes);
    if (wants_indexes)
        work->indexes = kernel_take(run, room_bytes);
    if (!work->starts || !work->values || (wants_indexes && !work->indexes))
        return TROUPE_NO_MEMORY;
    n = 0;
    for (int64_t i = 0; i < n_items; i++)
        if (is_head(work, heads, i))
            work->starts[n++] = work->first + i;
    work->starts[n] = work->end;
    return TROUPE_OK;
}

/* Where the last segment begins as far as it stands here. */
static int64_t last_start(const struct segments_work *work)
{
    return work->n_heads > 0 ? work->starts[work->n_heads - 1] : work->first;
}

/* ---- what passes on ----------------------------------------------------------- */

/* What a fold's word says: a kind, or that the lengths alone pass on. */
enum { LENGTHS_ALONE = KERNEL_SEGMENT_KINDS };

static size_t travelling_bytes(uint64_t word)
{
    size_t packed_bytes =
        word == LENGTHS_ALONE ? 0 : kernel_segment_kinds[word]->packed_bytes;

    return offsetof(struct kernel_open, bytes) + packed_bytes;
}

static troupe_status join_open(unsigned char *left_bytes,
                               const unsigned char *right_bytes,
                               size_t size_bytes,
                               const struct kernel_fold *fold)
{
    struct kernel_open left, right;

    memcpy(&right, right_bytes, size_bytes);
    if (right.has_head) {
        memcpy(left_bytes, &right, size_bytes);
        return TROUPE_OK;
    }
    if (right.n_items == 0)
        return TROUPE_OK;
    memcpy(&left, left_bytes, size_bytes);
    if (fold->word != LENGTHS_ALONE)
        TROUPE_TRY(kernel_segment_kinds[fold->word]->join(&left, &right));
    left.n_items += right.n_items;
    memcpy(left_bytes, &left, size_bytes);
    return TROUPE_OK;
}

/* What stands open before the part; *open comes as the part's own. */
static troupe_status
open_before(struct kernel_run *run, uint64_t word, struct kernel_open *open)
{
    const struct kernel_fold fold = {.join = join_open, .word = word};
    struct {
        struct kernel_partial partial;
        struct kernel_open open;
    } all = {.open = *open};

    TROUPE_TRY(kernel_combine_before(
        run, &all.partial, sizeof all.partial + travelling_bytes(word), &fold));
    if (run->team->index > 0)
        *open = all.open;
    else
        memset(open, 0, sizeof *open);
    return TROUPE_OK;
}

/* The last segment so far as it stands here, but for what it comes to. */
static struct kernel_open begin_open(const struct segments_work *work)
{
    return (struct kernel_open){.has_head = work->n_heads > 0,
                                .n_items = (uint64_t)(work->end - last_start(work))};
}

/* And with that. */
static troupe_status make_open(struct kernel_run *run,
                               const struct segments_work *work,
                               struct kernel_open *open)
{
    struct kernel_open before;
    int64_t place = 0;

    *open = before = begin_open(work);
    if (work->kind->has_places) {
        TROUPE_TRY(open_before(run, LENGTHS_ALONE, &before));
        place = open->has_head ? 0 : (int64_t)before.n_items;
    }
    return work->kind->put(run, work->x, last_start(work), work->end, place, open);
}

/* ---- what segments come to ---------------------------------------------------- */

static bool has_elements(const struct segments_work *work)
{
    return work->first < work->end;
}

/* The array's last element is here, and ends a segment. */
static bool has_last(const struct segments_work *work)
{
    return has_elements(work) && work->end == work->x->length;
}

/* Segments that begin here and end before another, or with the array. */
static int64_t n_inside(const struct segments_work *work)
{
    return work->n_heads - (work->n_heads > 0 && !has_last(work));
}

/* Each result stands after that of the segment that began elsewhere. */
static void reduce_task(void *context, int64_t task, int thread)
{
    struct segments_work *work = context;
    int64_t begin = task * TASK_SEGMENTS, n_left = n_inside(work) - begin;
    int64_t at = begin + work->closes_open;
    const struct kernel_segments segments = {
        .isa = work->isa,
        .x = work->x,
        .starts = work->starts + begin,
        .n = n_left < TASK_SEGMENTS ? n_left : TASK_SEGMENTS,
        .values = work->values + at,
        .indexes = work->indexes ? work->indexes + at : NULL};

    (void)thread;
    if (!work->kind->reduce(&segments))
        atomic_store_explicit(&work->overflows, true, memory_order_relaxed);
}

/* How many segments end here: one before each head that is not the array's first
 * element, and the last with the array. */
static int64_t n_ending(const struct segments_work *work)
{
    bool has_first = has_elements(work) && work->first == 0;

    return work->n_heads - has_first + has_last(work);
}

/*
 * The first result is of the segment open before the part, if that ends here; a part
 * that begins with a head closes one that has all its elements before.
 */
static troupe_status close_open(struct kernel_run *run,
                                struct segments_work *work,
                                struct kernel_open *before)
{
    struct kernel_open rest = {.has_head = 0};
    struct kernel_found found = {.index = -1};

    work->closes_open =
        has_elements(work) && work->first > 0 && (work->n_heads > 0 || has_last(work));
    if (!work->closes_open)
        return TROUPE_OK;
    TROUPE_TRY(work->kind->put(run, work->x, work->first, work->starts[0],
                               (int64_t)before->n_items, &rest));
    TROUPE_TRY(work->kind->join(before, &rest));
    TROUPE_TRY(work->kind->finish(before, work->x->element, &found));
    work->values[0] = found.value;
    if (work->indexes)
        work->indexes[0] = found.index;
    return TROUPE_OK;
}

static troupe_status reduce_part(struct kernel_run *run, struct segments_work *work)
{
    struct kernel_open open;
    troupe_status status = make_open(run, work, &open);

    TROUPE_TRY(array_agree(run->self, run->team, status, 0));
    status = open_before(run, work->segment, &open);
    if (status == TROUPE_OK)
        status = close_open(run, work, &open);
    if (status == TROUPE_OK)
        kernel_work(run, (n_inside(work) + TASK_SEGMENTS - 1) / TASK_SEGMENTS,
                    reduce_task, work);
    if (status == TROUPE_OK && work->overflows)
        status = TROUPE_INVALID;
    return array_agree(run->self, run->team, status, 0);
}

/* ---- the operations ----------------------------------------------------------- */

static troupe_status give_array(struct kernel_run *run,
                                enum troupe_element element,
                                const int64_t *shares,
                                const void *mine)
{
    const troupe_array_options options = {.element = element,
                                          .length = shares[run->team->size]};
    struct array *made = NULL;

    TROUPE_TRY(array_create(run->self, run->team, &options, &made));
    run->made[run->n_made++] = made;
    return kernel_spread(run, made, shares, mine);
}

static troupe_status give_results(struct kernel_run *run,
                                  const struct segments_work *work)
{
    int64_t *shares = NULL;
    troupe_status status = kernel_share(run, n_ending(work), &shares);

    if (status == TROUPE_OK)
        status =
            give_array(run, kernel_result_of(work->x->element), shares, work->values);
    if (status == TROUPE_OK && work->indexes)
        status = give_array(run, TROUPE_INT64, shares, work->indexes);
    kernel_give(shares);
    return status;
}

static enum kernel_segment segment_of(const struct kernel_request *request)
{
    if (request->words[0] == TROUPE_MIN)
        return KERNEL_SEGMENT_MINIMUM;
    if (request->words[0] == TROUPE_MAX)
        return KERNEL_SEGMENT_MAXIMUM;
    if (!kernel_is_real(request->in[0]->element))
        return KERNEL_SEGMENT_INTEGERS;
    return request->how.level == TROUPE_LEVEL_EXACT     ? KERNEL_SEGMENT_EXACT
           : request->how.level == TROUPE_LEVEL_TREE_DD ? KERNEL_SEGMENT_TREE_DD
                                                        : KERNEL_SEGMENT_TREE;
}

static troupe_status reduce_all(struct kernel_run *run,
                                const struct kernel_request *request,
                                struct segments_work *work)
{
    troupe_status status = reduce_part(run, work);

    if (status == TROUPE_INVALID && work->segment == KERNEL_SEGMENT_INTEGERS)
        (void)kernel_refuse(run->here, request,
                            "there are sums that do not fit into 64 bits");
    return status == TROUPE_OK ? give_results(run, work) : status;
}

static troupe_status perform(struct kernel_run *run,
                             const struct kernel_request *request,
                             troupe_status mine,
                             bool wants_indexes)
{
    struct segments_work work = {
        .x = request->in[0], .heads = request->in[1], .isa = run->here->isa};

    work.segment = segment_of(request);
    work.kind = kernel_segment_kinds[work.segment];
    work.first = array_mine_first(work.x);
    work.end = work.first + array_mine_length(work.x);
    if (mine == TROUPE_OK)
        mine = find_heads(run, &work, wants_indexes);
    mine = array_agree(run->self, run->team, mine, run->fingerprint);
    if (mine == TROUPE_OK && work.starts)
        mine = reduce_all(run, request, &work);
    kernel_give(work.starts);
    kernel_give(work.values);
    kernel_give(work.indexes);
    return mine;
}

static troupe_status perform_reduce(struct kernel_run *run,
                                    const struct kernel_request *request,
                                    troupe_status mine)
{
    return perform(run, request, mine, false);
}

static troupe_status perform_extremes(struct kernel_run *run,
                                      const struct kernel_request *request,
                                      troupe_status mine)
{
    return perform(run, request, mine, true);
}

#define ALIKE(text_)                                                                   \
    {                                                                                  \
        text_, text_, text_, text_                                                     \
    }
static const struct kernel_operation reduce_reals = {
    .name = "troupe_reduce_segments",
    .levels = KERNEL_ALL_LEVELS,
    .expression = {"tree over a segment's elements",
                   "tree over a segment's elements, twice the precision",
                   "each rounded once", "tree over a segment's elements"},
    .perform = perform_reduce,
};
static const struct kernel_operation reduce_integers = {
    .name = "troupe_reduce_segments",
    .levels = KERNEL_ALL_LEVELS,
    .expression = ALIKE("any order"),
    .perform = perform_reduce,
};
static const struct kernel_operation reduce_extremes = {
    .name = "troupe_reduce_segments",
    .levels = KERNEL_ALL_LEVELS,
    .expression = ALIKE("IEEE 754-2019"),
    .perform = perform_reduce,
};
static const struct kernel_operation extremes_operation = {
    .name = "troupe_extremes_of_segments",
    .levels = KERNEL_ALL_LEVELS,
    .expression = ALIKE("IEEE 754-2019"),
    .perform = perform_extremes,
};

static troupe_status call_segments(troupe_actor *self,
                                   bool wants_indexes,
                                   troupe_array x,
                                   troupe_array heads,
                                   enum troupe_combine combine,
                                   troupe_how how,
                                   troupe_array *made)
{
    bool is_extreme = combine == TROUPE_MIN || combine == TROUPE_MAX;
    struct kernel_request request = {.operation = wants_indexes ? &extremes_operation
                                                  : is_extreme  ? &reduce_extremes
                                                                : &reduce_reals,
                                     .how = how,
                                     .made = made,
                                     .words = {(uint64_t)combine}};
    troupe_status mine = TROUPE_OK;

    actor_require(self, made != NULL, "%s: no place for the results",
                  request.operation->name);
    kernel_take_in(self, &request, x);
    kernel_take_in(self, &request, heads);
    if (request.operation == &reduce_reals && !kernel_is_real(request.in[0]->element))
        request.operation = &reduce_integers;
    if (!is_extreme && (wants_indexes || combine != TROUPE_SUM))
        mine = kernel_refuse(kernel_of(self->home->rank), &request,
                             "it has no such combination");
    else if (!kernel_is_number(request.in[0]->element) ||
             request.in[1]->element != TROUPE_UINT8)
        mine = kernel_refuse(kernel_of(self->home->rank), &request,
                             "it wants numbers, and heads of uint8");
    return kernel_call(self, &request, mine);
}

troupe_status troupe_reduce_segments(troupe_actor *self,
                                     troupe_array x,
                                     troupe_array heads,
                                     enum troupe_combine combine,
                                     troupe_how how,
                                     troupe_array *results)
{
    return call_segments(self, false, x, heads, combine, how, results);
}

troupe_status troupe_extremes_of_segments(troupe_actor *self,
                                          troupe_array x,
                                          troupe_array heads,
                                          enum troupe_combine combine,
                                          troupe_how how,
                                          troupe_array extremes[2])
{
    return call_segments(self, true, x, heads, combine, how, extremes);
}
