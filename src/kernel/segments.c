/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/kernel.h"
#include "team/team.h"
#include "troupe/scan.h"
#include <string.h>

/*
 * Sums of segments, each in the tree of its own elements: leaf i is the segment's
 * element i, whatever its place in the array. A segment that begins and ends in one
 * member's part is summed there. Of one that passes on, members hold carriers; what
 * stands open before a part comes by an exclusive scan that forgets at each head. A
 * segment's sum is first known where the segment ends, and spread from there.
 */

enum { OPEN_BYTES = 1024, TASK_SEGMENTS = 256 };
#define MOST_LEAVES (INT64_C(1) << NUMERIC_MAX_LEVEL)

_Static_assert(OPEN_BYTES >= 24 + 8 * (NUMERIC_MAX_NODES + 2),
               "an open segment's bytes");

struct segments_work {
    const struct array *x, *heads;
    int64_t first, n;
    int64_t n_heads, n_leading; /* elements before the first */
    int64_t *starts;    /* of the segments that begin here, within the part; then n */
    double *sums;       /* of those that end here */
    bool begins_inside; /* the part's first elements belong to a segment of others */
};

static void merge_doubles(void *left, const void *right, const void *argument)
{
    double sum;

    (void)argument;
    memcpy(&sum, right, sizeof sum);
    *(double *)left += sum;
}

static const struct numeric_tree segment_tree = {
    .n_leaves = MOST_LEAVES, .value_bytes = sizeof(double), .merge = merge_doubles};

/* The tree over n > 0 elements. */
static double sum_tree(const double *x, int64_t n)
{
    int64_t half = 1;

    if (n == 1)
        return x[0];
    if (n == 2)
        return x[0] + x[1];
    while (2 * half < n)
        half *= 2;
    return sum_tree(x, half) + sum_tree(x + half, n - half);
}

/* The value of a carrier that begins at leaf 0, as if there were no leaf behind it. */
static double close(const struct numeric_carrier *carrier)
{
    double sum, left;

    memcpy(&sum,
           carrier->values + (size_t)(carrier->n_nodes - 1) * carrier->stride_bytes,
           sizeof sum);
    for (int i = carrier->n_nodes - 2; i >= 0; i--) {
        memcpy(&left, carrier->values + (size_t)i * carrier->stride_bytes, sizeof left);
        sum = left + sum;
    }
    return sum;
}

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

/* Of a member's part: the last segment so far as it stands there. */
struct open {
    uint64_t has_head; /* it begins in the part */
    uint64_t n_items;  /* it has elements: since the head, or the part's all */
    uint64_t n_packed;
    unsigned char bytes[OPEN_BYTES - 24];
};

static troupe_status open_unpack(const struct open *open,
                                 struct numeric_carrier *carrier)
{
    if (open->n_packed > sizeof open->bytes)
        return TROUPE_INVALID;
    return numeric_carrier_unpack(carrier, open->bytes, (size_t)open->n_packed);
}

static void open_pack(const struct numeric_carrier *carrier, struct open *open)
{
    open->n_packed = numeric_carrier_packed_bytes(carrier);
    numeric_carrier_pack(carrier, open->bytes);
}

static troupe_status join_packed(struct open *left, const struct open *right)
{
    struct numeric_carrier a, b;
    troupe_status status;

    TROUPE_TRY(numeric_carrier_init(&a, &segment_tree, 0));
    status = numeric_carrier_init(&b, &segment_tree, 0);
    if (status != TROUPE_OK) {
        numeric_carrier_fini(&a);
        return status;
    }
    status = open_unpack(left, &a);
    if (status == TROUPE_OK)
        status = open_unpack(right, &b);
    if (status == TROUPE_OK)
        status = numeric_carrier_join(&a, &b);
    if (status == TROUPE_OK)
        open_pack(&a, left);
    numeric_carrier_fini(&a);
    numeric_carrier_fini(&b);
    return status;
}

static troupe_status join_open(unsigned char *left_bytes,
                               const unsigned char *right_bytes,
                               size_t size_bytes,
                               const struct kernel_fold *fold)
{
    struct open left, right;

    (void)size_bytes;
    memcpy(&right, right_bytes, sizeof right);
    if (right.has_head) {
        memcpy(left_bytes, &right, sizeof right);
        return TROUPE_OK;
    }
    if (right.n_items == 0)
        return TROUPE_OK;
    memcpy(&left, left_bytes, sizeof left);
    if (fold->word) /* the second round: now the carriers */
        TROUPE_TRY(join_packed(&left, &right));
    left.n_items += right.n_items;
    memcpy(left_bytes, &left, sizeof left);
    return TROUPE_OK;
}

/* What stands open before the part. */
static troupe_status
open_before(struct kernel_run *run, bool has_carriers, struct open *open)
{
    const struct kernel_fold fold = {.join = join_open, .word = has_carriers};
    struct {
        struct kernel_partial partial;
        struct open open;
    } all = {.open = *open};

    TROUPE_TRY(kernel_combine_before(run, &all.partial, sizeof all, &fold));
    if (run->team->index > 0)
        *open = all.open;
    else
        memset(open, 0, sizeof *open);
    return TROUPE_OK;
}

/* The carrier of n elements that stand at `leaf` of their segment. */
static troupe_status
carry(const double *x, int64_t n, int64_t leaf, struct numeric_carrier *carrier)
{
    TROUPE_TRY(numeric_carrier_init(carrier, &segment_tree, leaf));
    for (int64_t i = 0; i < n; i++) {
        troupe_status status = numeric_carrier_push(carrier, 0, &x[i]);

        if (status != TROUPE_OK) {
            numeric_carrier_fini(carrier);
            return status;
        }
    }
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
static troupe_status make_open(const struct segments_work *work,
                               const struct open *before,
                               struct open *open)
{
    int64_t start = work->n_heads > 0 ? work->starts[work->n_heads - 1] : 0;
    int64_t leaf = work->n_heads > 0 ? 0 : (int64_t)before->n_items;
    struct numeric_carrier carrier;

    memset(open, 0, sizeof *open);
    open->has_head = work->n_heads > 0;
    open->n_items = (uint64_t)(work->n - start);
    TROUPE_TRY(carry(elements(work) + start, work->n - start, leaf, &carrier));
    open_pack(&carrier, open);
    numeric_carrier_fini(&carrier);
    return TROUPE_OK;
}

/* The sum of the segment that began elsewhere and ends here. */
static troupe_status
close_first(const struct segments_work *work, const struct open *before, double *sum)
{
    struct numeric_carrier carrier, here;
    troupe_status status;

    TROUPE_TRY(numeric_carrier_init(&carrier, &segment_tree, 0));
    status = open_unpack(before, &carrier);
    if (status == TROUPE_OK)
        status =
            carry(elements(work), work->n_leading, (int64_t)before->n_items, &here);
    if (status == TROUPE_OK) {
        status = numeric_carrier_join(&carrier, &here);
        numeric_carrier_fini(&here);
    }
    if (status == TROUPE_OK)
        *sum = close(&carrier);
    numeric_carrier_fini(&carrier);
    return status;
}

/* ---- the sums ----------------------------------------------------------------- */

/* Segments that begin here and end here or with the array: their sums, each after the
 * one of the segment that began elsewhere. */
static void sum_task(void *context, int64_t task, int thread)
{
    const struct segments_work *work = context;
    int64_t end = (task + 1) * TASK_SEGMENTS;
    double *sums = work->sums + work->begins_inside;

    (void)thread;
    for (int64_t i = task * TASK_SEGMENTS; i < end && i < work->n_heads; i++)
        sums[i] = numeric_canonical(sum_tree(elements(work) + work->starts[i],
                                             work->starts[i + 1] - work->starts[i]));
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
static troupe_status close_open(const struct segments_work *work,
                                const struct open *before,
                                double *sums,
                                bool *is_closed)
{
    bool ends_here =
        work->n_heads > 0 || (work->n > 0 && work->first + work->n == work->x->length);

    *is_closed = work->first > 0 && work->n > 0 && ends_here;
    if (!*is_closed)
        return TROUPE_OK;
    TROUPE_TRY(close_first(work, before, sums));
    *sums = numeric_canonical(*sums);
    return TROUPE_OK;
}

static troupe_status sum_part(struct kernel_run *run, struct segments_work *work)
{
    struct open before, open;
    bool is_closed;
    troupe_status status;

    memset(&before, 0, sizeof before);
    before.has_head = work->n_heads > 0;
    before.n_items =
        (uint64_t)(work->n - (work->n_heads > 0 ? work->starts[work->n_heads - 1] : 0));
    status = open_before(run, false, &before);
    if (status == TROUPE_OK)
        status = make_open(work, &before, &open);
    TROUPE_TRY(array_agree(run->self, run->team, status, 0));
    status = open_before(run, true, &open);
    if (status == TROUPE_OK) {
        status = close_open(work, &open, work->sums, &is_closed);
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
    .levels = KERNEL_TREE_LEVELS,
    .expression = {"tree over a segment's elements", NULL, NULL,
                   "tree over a segment's elements"},
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
