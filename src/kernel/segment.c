/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/segment.h"
#include "kernel/exact.h"
#include "numeric/dd.h"
#include "numeric/running.h"
#include <string.h>

#define MOST_LEAVES (INT64_C(1) << NUMERIC_MAX_LEVEL)

_Static_assert((int)KERNEL_OPEN_BYTES >= (int)NUMERIC_EXACT_PACKED_BYTES,
               "an open segment's bytes");

/* ---- the tree of a segment ----------------------------------------------------- */

/* The value of a node, by level. */
union value {
    double plain;
    struct numeric_dd dd;
};

static void merge_plain(void *left, const void *right, const void *argument)
{
    double sum;

    (void)argument;
    memcpy(&sum, right, sizeof sum);
    *(double *)left += sum;
}

static void merge_dd(void *left, const void *right, const void *argument)
{
    struct numeric_dd sum;

    (void)argument;
    memcpy(&sum, right, sizeof sum);
    *(struct numeric_dd *)left = numeric_dd_add(*(struct numeric_dd *)left, sum);
}

static const struct numeric_tree plain_tree = {
    .n_leaves = MOST_LEAVES, .value_bytes = sizeof(double), .merge = merge_plain};
static const struct numeric_tree dd_tree = {.n_leaves = MOST_LEAVES,
                                            .value_bytes = sizeof(struct numeric_dd),
                                            .merge = merge_dd};

/* At any level but EXACT. */
static const struct numeric_tree *tree_of(enum troupe_level level)
{
    return level == TROUPE_LEVEL_TREE_DD ? &dd_tree : &plain_tree;
}

/* The elements below the left half of a tree over n > 1. */
static int64_t left_half(int64_t n)
{
    int64_t half = 1;

    while (2 * half < n)
        half *= 2;
    return half;
}

/* The tree over n > 0 elements. */
static double sum_plain(const double *x, int64_t n)
{
    int64_t half;

    if (n == 1)
        return x[0];
    if (n == 2)
        return x[0] + x[1];
    half = left_half(n);
    return sum_plain(x, half) + sum_plain(x + half, n - half);
}

static struct numeric_dd sum_dd(const double *x, int64_t n)
{
    int64_t half;

    if (n == 1)
        return (struct numeric_dd){x[0], 0};
    if (n == 2)
        return numeric_dd_add((struct numeric_dd){x[0], 0},
                              (struct numeric_dd){x[1], 0});
    half = left_half(n);
    return numeric_dd_add(sum_dd(x, half), sum_dd(x + half, n - half));
}

/* Adds n elements, the largest nodes there are at a time. */
static troupe_status carry(const double *x, int64_t n, struct numeric_carrier *carrier)
{
    int64_t end = carrier->end + n;

    while (carrier->end < end) {
        int level = numeric_tree_level(MOST_LEAVES, carrier->end, end);
        int64_t n_here = INT64_C(1) << level;
        union value value;

        if (carrier->tree.value_bytes == sizeof value.dd)
            value.dd = sum_dd(x, n_here);
        else
            value.plain = sum_plain(x, n_here);
        TROUPE_TRY(numeric_carrier_push(carrier, level, &value));
        x += n_here;
    }
    return TROUPE_OK;
}

/* The value of a carrier that begins at leaf 0, as if there were no leaf behind it. */
static double finish(const struct numeric_carrier *carrier)
{
    const struct numeric_tree *tree = &carrier->tree;
    int last = carrier->n_nodes - 1;
    union value sum, left;

    memcpy(&sum, carrier->values + (size_t)last * carrier->stride_bytes,
           tree->value_bytes);
    for (int i = last - 1; i >= 0; i--) {
        memcpy(&left, carrier->values + (size_t)i * carrier->stride_bytes,
               tree->value_bytes);
        tree->merge(&left, &sum, NULL);
        sum = left;
    }
    return tree->value_bytes == sizeof sum.dd ? numeric_dd_finish(sum.dd) : sum.plain;
}

/* ---- what passes on, as a carrier ----------------------------------------------- */

static troupe_status unpack(const struct numeric_tree *tree,
                            const struct kernel_open *open,
                            struct numeric_carrier *carrier)
{
    troupe_status status;

    if (open->n_packed > sizeof open->bytes)
        return TROUPE_INVALID;
    TROUPE_TRY(numeric_carrier_init(carrier, tree, 0));
    status = numeric_carrier_unpack(carrier, open->bytes, (size_t)open->n_packed);
    if (status != TROUPE_OK)
        numeric_carrier_fini(carrier);
    return status;
}

static void pack(const struct numeric_carrier *carrier, struct kernel_open *open)
{
    open->n_packed = numeric_carrier_packed_bytes(carrier);
    numeric_carrier_pack(carrier, open->bytes);
}

static troupe_status put_carrier(const struct numeric_tree *tree,
                                 const double *x,
                                 int64_t n,
                                 int64_t leaf,
                                 struct kernel_open *open)
{
    struct numeric_carrier carrier;
    troupe_status status;

    TROUPE_TRY(numeric_carrier_init(&carrier, tree, leaf));
    status = carry(x, n, &carrier);
    if (status == TROUPE_OK)
        pack(&carrier, open);
    numeric_carrier_fini(&carrier);
    return status;
}

static troupe_status join_carriers(const struct numeric_tree *tree,
                                   struct kernel_open *left,
                                   const struct kernel_open *right)
{
    struct numeric_carrier a, b;
    troupe_status status;

    TROUPE_TRY(unpack(tree, left, &a));
    status = unpack(tree, right, &b);
    if (status == TROUPE_OK) {
        status = numeric_carrier_join(&a, &b);
        numeric_carrier_fini(&b);
    }
    if (status == TROUPE_OK)
        pack(&a, left);
    numeric_carrier_fini(&a);
    return status;
}

static troupe_status close_carrier(const struct numeric_tree *tree,
                                   const struct kernel_open *open,
                                   const double *x,
                                   int64_t n,
                                   double *sum)
{
    struct numeric_carrier carrier;
    troupe_status status;

    TROUPE_TRY(unpack(tree, open, &carrier));
    status = carry(x, n, &carrier);
    if (status == TROUPE_OK)
        *sum = finish(&carrier);
    numeric_carrier_fini(&carrier);
    return status;
}

/* ---- what passes on, as an exact sum --------------------------------------------- */

static troupe_status add_exactly(struct kernel_run *run,
                                 const double *x,
                                 int64_t n,
                                 struct numeric_exact *sum)
{
    const struct numeric_terms terms = {
        .isa = run->here->isa, .term = NUMERIC_SUM_DOUBLE, .x = x};

    return kernel_exact_add(run, &terms, n, sum);
}

static troupe_status
put_sum(struct kernel_run *run, const double *x, int64_t n, struct kernel_open *open)
{
    struct numeric_exact sum;

    numeric_exact_init(&sum);
    TROUPE_TRY(add_exactly(run, x, n, &sum));
    numeric_exact_pack(&sum, open->bytes);
    open->n_packed = NUMERIC_EXACT_PACKED_BYTES;
    return TROUPE_OK;
}

static troupe_status close_sum(struct kernel_run *run,
                               const struct kernel_open *open,
                               const double *x,
                               int64_t n,
                               double *sum)
{
    struct numeric_exact exact;

    TROUPE_TRY(numeric_exact_unpack(&exact, open->bytes));
    TROUPE_TRY(add_exactly(run, x, n, &exact));
    *sum = numeric_exact_round(&exact);
    return TROUPE_OK;
}

/* ---- what passes on ---------------------------------------------------------------
 */

size_t kernel_open_bytes(enum troupe_level level)
{
    const size_t header_bytes = offsetof(struct kernel_open, bytes);

    if (level == TROUPE_LEVEL_EXACT)
        return header_bytes + NUMERIC_EXACT_PACKED_BYTES;
    return header_bytes + 2 * sizeof(int64_t) +
           NUMERIC_MAX_NODES * tree_of(level)->value_bytes;
}

troupe_status kernel_open_put(struct kernel_run *run,
                              enum troupe_level level,
                              const double *x,
                              int64_t n,
                              int64_t leaf,
                              struct kernel_open *open)
{
    if (level == TROUPE_LEVEL_EXACT)
        return put_sum(run, x, n, open);
    return put_carrier(tree_of(level), x, n, leaf, open);
}

troupe_status kernel_open_join(enum troupe_level level,
                               struct kernel_open *left,
                               const struct kernel_open *right)
{
    if (level == TROUPE_LEVEL_EXACT)
        return kernel_exact_join(left->bytes, right->bytes, NUMERIC_EXACT_PACKED_BYTES,
                                 NULL);
    return join_carriers(tree_of(level), left, right);
}

troupe_status kernel_open_close(struct kernel_run *run,
                                enum troupe_level level,
                                const struct kernel_open *open,
                                const double *x,
                                int64_t n,
                                double *sum)
{
    if (level == TROUPE_LEVEL_EXACT)
        return close_sum(run, open, x, n, sum);
    return close_carrier(tree_of(level), open, x, n, sum);
}

/* ---- whole segments ----------------------------------------------------------------
 */

/* Up to here an accumulator costs more to make and to round than a running sum to add
 * up: both are exact. */
enum { SHORT = 64 };

static double sum_exactly(const struct numeric_isa *isa,
                          struct numeric_running *running,
                          const double *x,
                          int64_t n)
{
    const struct numeric_terms terms = {.isa = isa, .term = NUMERIC_SUM_DOUBLE, .x = x};
    struct numeric_exact exact;

    if (n <= SHORT)
        return numeric_running_sum(running, x, n);
    numeric_exact_init(&exact);
    numeric_exact_add(&exact, NULL, &terms, n);
    return numeric_exact_round(&exact);
}

static void sum_all_exactly(const struct numeric_isa *isa,
                            const double *x,
                            const int64_t *starts,
                            int64_t n,
                            double *sums)
{
    struct numeric_running running = {.used = 0};

    for (int64_t i = 0; i < n; i++)
        sums[i] = sum_exactly(isa, &running, x + starts[i], starts[i + 1] - starts[i]);
}

void kernel_segments_sum(const struct numeric_isa *isa,
                         enum troupe_level level,
                         const double *x,
                         const int64_t *starts,
                         int64_t n,
                         double *sums)
{
    if (level == TROUPE_LEVEL_EXACT)
        sum_all_exactly(isa, x, starts, n, sums);
    else if (level == TROUPE_LEVEL_TREE_DD)
        for (int64_t i = 0; i < n; i++)
            sums[i] =
                numeric_dd_finish(sum_dd(x + starts[i], starts[i + 1] - starts[i]));
    else
        for (int64_t i = 0; i < n; i++)
            sums[i] =
                numeric_canonical(sum_plain(x + starts[i], starts[i + 1] - starts[i]));
}
