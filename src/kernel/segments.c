/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/segment_part.h"
#include "team/team.h"
#include "troupe/scan.h"
#include <string.h>

/*
 * Segments are reduced one by one: by the tree over a segment's own elements, of which
 * leaf i is the segment's element i whatever its place in the array, or by what needs
 * no tree. A segment that begins and ends in one member's part is reduced there. Of one
 * that passes on, members hold what segment.h makes of their elements; what stands open
 * before a part comes by an exclusive scan that forgets at each head. What a segment
 * comes to is first known where it ends, and spread from there.
 */

/* What stands open before the part; *open comes as the part's own. */
static troupe_status
open_before(struct kernel_run *run, uint64_t word, struct kernel_open *open)
{
    const struct kernel_fold fold = {.join = kernel_open_join, .word = word};
    struct {
        struct kernel_partial partial;
        struct kernel_open open;
    } all = {.open = *open};

    TROUPE_TRY(kernel_combine_before(
        run, &all.partial, sizeof all.partial + kernel_open_bytes(word), &fold));
    if (run->team->index > 0)
        *open = all.open;
    else
        memset(open, 0, sizeof *open);
    return TROUPE_OK;
}

/* How many elements of the segment open before the part there are. */
static troupe_status count_before(struct kernel_run *run,
                                  struct kernel_segment_part *part)
{
    int64_t start = part->n_heads > 0 ? part->starts[part->n_heads - 1] : part->first;
    struct kernel_open open = {.has_head = part->n_heads > 0,
                               .n_items = (uint64_t)(part->end - start)};

    TROUPE_TRY(open_before(run, KERNEL_LENGTHS_ALONE, &open));
    part->n_before = (int64_t)open.n_items;
    return TROUPE_OK;
}

/* What the segment open before the part comes to, if it ends here. A part that begins
 * with a head has nothing of it. */
static troupe_status close_open(const struct kernel_segment_part *part,
                                struct kernel_open *before,
                                const struct kernel_open *rest)
{
    if (!part->closes_open)
        return TROUPE_OK;
    if (rest->n_items > 0)
        TROUPE_TRY(part->kind->join(before, rest));
    return kernel_segment_finish(part, before, -1);
}

static troupe_status reduce_part(struct kernel_run *run,
                                 struct kernel_segment_part *part)
{
    struct kernel_open rest = {.n_items = 0}, open = {.n_items = 0};
    troupe_status status = TROUPE_OK;

    if (part->kind->has_places)
        status = count_before(run, part);
    if (status == TROUPE_OK)
        status = kernel_segment_reduce(run, part, &rest, &open);
    TROUPE_TRY(array_agree(run->self, run->team, status, 0));
    status = open_before(run, part->segment, &open);
    if (status == TROUPE_OK)
        status = close_open(part, &open, &rest);
    return array_agree(run->self, run->team, status, 0);
}

/* How many segments end here: one before each head that is not the array's first
 * element, and the last with the array. */
static int64_t n_ending(const struct kernel_segment_part *part)
{
    bool has_first = kernel_segment_has_elements(part) && part->first == 0;

    return part->n_heads - has_first + kernel_segment_has_last(part);
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
                                  const struct kernel_segment_part *part)
{
    int64_t *shares = NULL;
    troupe_status status = kernel_share(run, n_ending(part), &shares);

    if (status == TROUPE_OK)
        status =
            give_array(run, kernel_result_of(part->x->element), shares, part->values);
    if (status == TROUPE_OK && part->indexes)
        status = give_array(run, TROUPE_INT64, shares, part->indexes);
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
                                struct kernel_segment_part *part)
{
    troupe_status status = reduce_part(run, part);

    if (status == TROUPE_INVALID && part->segment == KERNEL_SEGMENT_INTEGERS)
        (void)kernel_refuse(run->here, request,
                            "there are sums that do not fit into 64 bits");
    return status == TROUPE_OK ? give_results(run, part) : status;
}

static troupe_status perform(struct kernel_run *run,
                             const struct kernel_request *request,
                             troupe_status mine,
                             bool wants_indexes)
{
    struct kernel_segment_part part = {
        .x = request->in[0], .heads = request->in[1], .isa = run->here->isa};

    part.segment = segment_of(request);
    part.kind = kernel_segment_kinds[part.segment];
    part.first = array_mine_first(part.x);
    part.end = part.first + array_mine_length(part.x);
    if (mine == TROUPE_OK)
        mine = kernel_segment_find(run, &part, wants_indexes);
    mine = array_agree(run->self, run->team, mine, run->fingerprint);
    if (mine == TROUPE_OK && part.starts)
        mine = reduce_all(run, request, &part);
    kernel_segment_free(&part);
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
