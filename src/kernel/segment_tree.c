/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/segment.h"
#include "numeric/dd.h"
#include <string.h>

/* Sums of segments by the tree over a segment's own elements, one lane. */

#define MOST_LEAVES (INT64_C(1) << NUMERIC_MAX_LEVEL)

/* The value of a node. */
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

/* ---- the tree of a segment ----------------------------------------------------- */

/* The elements below the left half of a tree over n > 1. */
static int64_t left_half(int64_t n)
{
    return INT64_C(1) << (63 - __builtin_clzll((uint64_t)n - 1));
}

/* The tree over n > 0 elements; floats are widened first. */
#define SUMS_OF(real_)                                                                 \
    static double sum_##real_(const real_ *x, int64_t n)                               \
    {                                                                                  \
        int64_t half;                                                                  \
                                                                                       \
        if (n == 1)                                                                    \
            return (double)x[0];                                                       \
        if (n == 2)                                                                    \
            return (double)x[0] + (double)x[1];                                        \
        half = left_half(n);                                                           \
        return sum_##real_(x, half) + sum_##real_(x + half, n - half);                 \
    }                                                                                  \
    static struct numeric_dd sum_dd_##real_(const real_ *x, int64_t n)                 \
    {                                                                                  \
        int64_t half;                                                                  \
                                                                                       \
        if (n == 1)                                                                    \
            return (struct numeric_dd){(double)x[0], 0};                               \
        if (n == 2)                                                                    \
            return numeric_dd_add((struct numeric_dd){(double)x[0], 0},                \
                                  (struct numeric_dd){(double)x[1], 0});               \
        half = left_half(n);                                                           \
        return numeric_dd_add(sum_dd_##real_(x, half),                                 \
                              sum_dd_##real_(x + half, n - half));                     \
    }
SUMS_OF(double)
SUMS_OF(float)

static double sum_plain(const struct array *x, int64_t begin, int64_t n)
{
    const void *items = array_at(x, begin);

    return x->element == TROUPE_FLOAT ? sum_float(items, n) : sum_double(items, n);
}

static struct numeric_dd sum_dd(const struct array *x, int64_t begin, int64_t n)
{
    const void *items = array_at(x, begin);

    return x->element == TROUPE_FLOAT ? sum_dd_float(items, n)
                                      : sum_dd_double(items, n);
}

/* ---- what passes on ------------------------------------------------------------- */

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

/* The packed carrier of the elements, whose nodes are the largest there are. */
static void put(const struct numeric_tree *tree,
                const struct array *x,
                int64_t begin,
                int64_t end,
                int64_t place,
                struct kernel_open *open)
{
    const int64_t range[2] = {place, place + end - begin};
    unsigned char *to = open->bytes + sizeof range;
    union value value;

    memcpy(open->bytes, range, sizeof range);
    while (begin < end) {
        int level = numeric_tree_level(MOST_LEAVES, place, range[1]);
        int64_t n_here = INT64_C(1) << level;

        if (tree == &dd_tree)
            value.dd = sum_dd(x, begin, n_here);
        else
            value.plain = sum_plain(x, begin, n_here);
        memcpy(to, &value, tree->value_bytes);
        to += tree->value_bytes;
        place += n_here;
        begin += n_here;
    }
    open->n_packed = (uint64_t)(to - open->bytes);
}

static void pack(const struct numeric_carrier *carrier, struct kernel_open *open)
{
    open->n_packed = numeric_carrier_packed_bytes(carrier);
    numeric_carrier_pack(carrier, open->bytes);
}

static troupe_status join(const struct numeric_tree *tree,
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

/* The value of a carrier that begins at leaf 0, as if there were no leaf behind it. */
static union value fold(const struct numeric_carrier *carrier)
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
    return sum;
}

static troupe_status finish(const struct numeric_tree *tree,
                            const struct kernel_open *open,
                            union value *sum)
{
    struct numeric_carrier carrier;

    TROUPE_TRY(unpack(tree, open, &carrier));
    *sum = fold(&carrier);
    numeric_carrier_fini(&carrier);
    return TROUPE_OK;
}

/* ---- TREE, TREE_DD -------------------------------------------------------------- */

#define TREE_KIND(kind_, name_, finish_)                                               \
    static void put_##name_(const struct numeric_isa *isa, const struct array *x,      \
                            int64_t begin, int64_t end, int64_t place,                 \
                            struct kernel_open *open)                                  \
    {                                                                                  \
        (void)isa;                                                                     \
        put(&name_##_tree, x, begin, end, place, open);                                \
    }                                                                                  \
    static troupe_status join_##name_(struct kernel_open *left,                        \
                                      const struct kernel_open *right)                 \
    {                                                                                  \
        return join(&name_##_tree, left, right);                                       \
    }                                                                                  \
    static troupe_status finish_##name_(const struct kernel_open *open,                \
                                        enum troupe_element element,                   \
                                        struct kernel_found *found)                    \
    {                                                                                  \
        union value sum;                                                               \
                                                                                       \
        (void)element;                                                                 \
        TROUPE_TRY(finish(&name_##_tree, open, &sum));                                 \
        found->value.real = finish_(sum.name_);                                        \
        return TROUPE_OK;                                                              \
    }                                                                                  \
    static bool reduce_##name_(const struct kernel_segments *of)                       \
    {                                                                                  \
        for (int64_t i = 0; i < of->n; i++)                                            \
            of->values[i].real = finish_(                                              \
                sum_##name_(of->x, of->starts[i], of->starts[i + 1] - of->starts[i])); \
        return true;                                                                   \
    }                                                                                  \
    const struct kernel_segment_kind kind_ = {                                         \
        .packed_bytes =                                                                \
            2 * sizeof(int64_t) + NUMERIC_MAX_NODES * sizeof((union value){0}.name_),  \
        .has_places = true,                                                            \
        .put = put_##name_,                                                            \
        .join = join_##name_,                                                          \
        .finish = finish_##name_,                                                      \
        .reduce = reduce_##name_,                                                      \
    };
TREE_KIND(kernel_segment_tree, plain, numeric_canonical)
TREE_KIND(kernel_segment_tree_dd, dd, numeric_dd_finish)
