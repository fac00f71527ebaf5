/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/segment.h"
#include "team/team.h"
#include "troupe/scan.h"
#include <string.h>

/*
 * Sums of segments, each in the tree of its own elements: leaf i is the segment's
 * element i, whatever its place in the array; or exact. A segment that begins and ends
 * in one member's part is summed there. Of one that passes on, members hold what
 * segment.h makes of their elements; what stands open before a part comes by an
 * exclusive scan that forgets at each head. A segment's sum is first known where the
 * segment ends, and spread from there.
 */

enum { TASK_SEGMENTS = 256 };

struct segments_work {
    const struct array *x, *heads;
    const struct numeric_isa *isa;
    enum troupe_level level;
    int64_t first, n;
    int64_t n_heads, n_leading; /* elements before the first */
    int64_t *starts;    /* of the segments that begin here, within the part; then n */
    double *sums;       /* of those that end here */
    bool begins_inside; /* the part's first elements belong to a segment of others */
};

/* ---- heads -------------------------------------------------------------------- */

static bool is_head(const struct segments_work *work, int64_t i)
{
    return work->first + i == 0 || work->heads->memory.bytes[i] != 0;
}

static troupe_status find_heads(struct kernel_run *run, struct segments_work *work)
{
    int64_t n = 0;

    for (int64_t i = 0; i < work->n; i++)
        n += is_head(work, i);
    work->n_heads = n;
    work->starts = kernel_take(run, (size_t)(n + 1) * sizeof *work->starts);
    work->sums = kernel_take(run, (size_t)(n + 1) * sizeof *work->sums);
    if (!work->starts || !work->sums)
        return TROUPE_NO_MEMORY;
    n = 0;
    for (int64_t i = 0; i < work->n; i++)
        if (is_head(work, i))
            work->starts[n++] = i;
    work->starts[n] = work->n;
    work->n_leading = work->starts[0];
    work->begins_inside = work->n > 0 && work->starts[0] > 0;
    return TROUPE_OK;
}

/* ---- what passes on ----------------------------------------------------------- */

/* What a fold's word says: all but the carriers, or a level. */
enum { LENGTHS_ALONE = 4 };

_Static_assert((int)TROUPE_LEVEL_FAST < (int)LENGTHS_ALONE, "no level");

static size_t travelling_bytes(uint64_t word)
{
    return word == LENGTHS_ALONE ? offsetof(struct kernel_open, bytes)
                                 : kernel_open_bytes((enum troupe_level)word);
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
        TROUPE_TRY(kernel_open_join((enum troupe_level)fold->word, &left, &right));
    left.n_items += right.n_items;
    memcpy(left_bytes, &left, size_bytes);
    return TROUPE_OK;
}

/* What stands open before the part. */
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

/* Never NULL, so that a part without elements may be counted on from it. */
static const double *elements(const struct segments_work *work)
{
    static const double none = 0;

    if (!work->x->memory.bytes)
        return &none;
    return (const double *)(const void *)work->x->memory.bytes;
}

/* The last segment so far as it stands here; `before` says where it goes on. */
static troupe_status make_open(struct kernel_run *run,
                               const struct segments_work *work,
                               const struct kernel_open *before,
                               struct kernel_open *open)
{
    int64_t start = work->n_heads > 0 ? work->starts[work->n_heads - 1] : 0;
    int64_t leaf = work->n_heads > 0 ? 0 : (int64_t)before->n_items;

    memset(open, 0, sizeof *open);
    open->has_head = work->n_heads > 0;
    open->n_items = (uint64_t)(work->n - start);
    return kernel_open_put(run, work->level, elements(work) + start, work->n - start,
                           leaf, open);
}

/* ---- the sums ----------------------------------------------------------------- */

/* Segments that begin here and end here or with the array: their sums, each after the
 * one of the segment that began elsewhere. */
static void sum_task(void *context, int64_t task, int thread)
{
    const struct segments_work *work = context;
    int64_t begin = task * TASK_SEGMENTS, end = begin + TASK_SEGMENTS;
    double *sums = work->sums + work->begins_inside;

    (void)thread;
    if (end > work->n_heads)
        end = work->n_heads;
    kernel_segments_sum(work->isa, work->level, elements(work), work->starts + begin,
                        end - begin, sums + begin);
}

/* How many segments end here: one before each head that is not the array's first
 * element, and the last with the array. */
static int64_t n_ending(const struct segments_work *work)
{
    bool has_last = work->n > 0 && work->first + work->n == work->x->length;
    bool has_first = work->n > 0 && work->first == 0;

    return work->n_heads - has_first + has_last;
}

/*
 * sums[0] is of the segment open before the part, if that ends here; a part that begins
 * with a head closes one that has all its elements before.
 */
static troupe_status close_open(struct kernel_run *run,
                                const struct segments_work *work,
                                const struct kernel_open *before,
                                double *sums,
                                bool *is_closed)
{
    bool ends_here =
        work->n_heads > 0 || (work->n > 0 && work->first + work->n == work->x->length);

    *is_closed = work->first > 0 && work->n > 0 && ends_here;
    if (!*is_closed)
        return TROUPE_OK;
    TROUPE_TRY(kernel_open_close(run, work->level, before, elements(work),
                                 work->n_leading, sums));
    *sums = numeric_canonical(*sums);
    return TROUPE_OK;
}

static troupe_status sum_part(struct kernel_run *run, struct segments_work *work)
{
    struct kernel_open before, open;
    bool is_closed;
    troupe_status status = TROUPE_OK;

    memset(&before, 0, sizeof before);
    before.has_head = work->n_heads > 0;
    before.n_items =
        (uint64_t)(work->n - (work->n_heads > 0 ? work->starts[work->n_heads - 1] : 0));
    if (work->level != TROUPE_LEVEL_EXACT) /* where a carrier begins */
        status = open_before(run, LENGTHS_ALONE, &before);
    if (status == TROUPE_OK)
        status = make_open(run, work, &before, &open);
    TROUPE_TRY(array_agree(run->self, run->team, status, 0));
    status = open_before(run, (uint64_t)work->level, &open);
    if (status == TROUPE_OK) {
        status = close_open(run, work, &open, work->sums, &is_closed);
        work->begins_inside = is_closed;
        kernel_work(run, (work->n_heads + TASK_SEGMENTS - 1) / TASK_SEGMENTS, sum_task,
                    work);
    }
    return array_agree(run->self, run->team, status, 0);
}

static troupe_status give_sums(struct kernel_run *run, const struct segments_work *work)
{
    int64_t *shares = NULL;
    struct array *made = NULL;
    troupe_status status = kernel_share(run, n_ending(work), &shares);

    if (status == TROUPE_OK) {
        const troupe_array_options options = {.element = TROUPE_DOUBLE,
                                              .length = shares[run->team->size]};

        status = array_create(run->self, run->team, &options, &made);
    }
    if (status == TROUPE_OK) {
        run->made[run->n_made++] = made;
        status = kernel_spread(run, made, shares, work->sums);
    }
    kernel_give(shares);
    return status;
}

static troupe_status perform_segments(struct kernel_run *run,
                                      const struct kernel_request *request,
                                      troupe_status mine)
{
    struct segments_work work = {.x = request->in[0],
                                 .heads = request->in[1],
                                 .isa = run->here->isa,
                                 .level = request->how.level,
                                 .first = array_mine_first(request->in[0]),
                                 .n = array_mine_length(request->in[0])};

    if (mine == TROUPE_OK)
        mine = find_heads(run, &work);
    mine = array_agree(run->self, run->team, mine, run->fingerprint);
    if (mine == TROUPE_OK && work.sums)
        mine = sum_part(run, &work);
    if (mine == TROUPE_OK)
        mine = give_sums(run, &work);
    kernel_give(work.starts);
    kernel_give(work.sums);
    return mine;
}

static const struct kernel_operation segments_operation = {
    .name = "troupe_sum_segments",
    .levels = KERNEL_ALL_LEVELS,
    .expression = {"tree over a segment's elements",
                   "tree over a segment's elements, twice the precision",
                   "each rounded once", "tree over a segment's elements"},
    .perform = perform_segments,
};

troupe_status troupe_sum_segments(troupe_actor *self,
                                  troupe_array x,
                                  troupe_array heads,
                                  troupe_how how,
                                  troupe_array *sums)
{
    struct kernel_request request = {
        .operation = &segments_operation, .how = how, .made = sums};
    troupe_status mine = TROUPE_OK;

    actor_require(self, sums != NULL, "troupe_sum_segments: no place for the sums");
    kernel_take_in(self, &request, x);
    kernel_take_in(self, &request, heads);
    if (request.in[0]->element != TROUPE_DOUBLE ||
        request.in[1]->element != TROUPE_UINT8)
        mine = kernel_refuse(kernel_of(self->home->rank), &request,
                             "it wants elements of double, and heads of uint8");
    return kernel_call(self, &request, mine);
}
