/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/segment.h"
#include "kernel/exact.h"
#include "numeric/extreme.h"
#include "numeric/running.h"
#include <string.h>

/* What segments come to that no tree is needed for: exact sums, sums of integers,
 * extremes. */

_Static_assert((int)KERNEL_OPEN_BYTES >= (int)NUMERIC_EXACT_PACKED_BYTES,
               "an open segment's bytes");

/* ---- exact sums ----------------------------------------------------------------- */

/* From here on piles save more than they cost. */
enum { LONG = 1 << 14 };

static struct numeric_exact
sum_up(const struct numeric_isa *isa, const struct array *x, int64_t begin, int64_t n)
{
    const struct numeric_terms terms = {
        .isa = isa,
        .term = x->element == TROUPE_FLOAT ? NUMERIC_SUM_FLOAT : NUMERIC_SUM_DOUBLE,
        .x = array_at(x, begin)};
    struct numeric_exact sum;
    struct numeric_piles piles;

    numeric_exact_init(&sum);
    if (n < LONG) {
        numeric_exact_add(&sum, NULL, &terms, n);
        return sum;
    }
    numeric_piles_init(&piles);
    numeric_exact_add(&sum, &piles, &terms, n);
    numeric_exact_take_piles(&sum, &piles);
    return sum;
}

static void put_exactly(const struct numeric_isa *isa,
                        const struct array *x,
                        int64_t begin,
                        int64_t end,
                        int64_t place,
                        struct kernel_open *open)
{
    struct numeric_exact sum = sum_up(isa, x, begin, end - begin);

    (void)place;
    numeric_exact_pack(&sum, open->bytes);
}

static troupe_status join_exactly(struct kernel_open *left,
                                  const struct kernel_open *right)
{
    return kernel_exact_join(left->bytes, right->bytes, NUMERIC_EXACT_PACKED_BYTES,
                             NULL);
}

static troupe_status finish_exactly(const struct kernel_open *open,
                                    enum troupe_element element,
                                    struct kernel_found *found)
{
    struct numeric_exact sum;

    (void)element;
    TROUPE_TRY(numeric_exact_unpack(&sum, open->bytes));
    found->value.real = numeric_exact_round(&sum);
    return TROUPE_OK;
}

/* Up to here an accumulator costs more to make and to round than a running sum to add
 * up: both are exact. */
enum { SHORT = 64 };

static double
sum_short_floats(struct numeric_running *running, const float *x, int64_t n)
{
    double wide[SHORT];

    for (int64_t i = 0; i < n; i++)
        wide[i] = (double)x[i];
    return numeric_running_sum(running, wide, n);
}

static double sum_exactly(const struct kernel_segments *of,
                          struct numeric_running *running,
                          int64_t begin,
                          int64_t n)
{
    const void *items = array_at(of->x, begin);
    struct numeric_exact exact;

    if (n <= SHORT)
        return of->x->element == TROUPE_FLOAT ? sum_short_floats(running, items, n)
                                              : numeric_running_sum(running, items, n);
    exact = sum_up(of->isa, of->x, begin, n);
    return numeric_exact_round(&exact);
}

static bool reduce_exactly(const struct kernel_segments *of)
{
    struct numeric_running running = {.used = 0};

    for (int64_t i = 0; i < of->n; i++)
        of->values[i].real =
            sum_exactly(of, &running, of->starts[i], of->starts[i + 1] - of->starts[i]);
    return true;
}

static const struct kernel_segment_kind exact_kind = {
    .packed_bytes = NUMERIC_EXACT_PACKED_BYTES,
    .put = put_exactly,
    .join = join_exactly,
    .finish = finish_exactly,
    .reduce = reduce_exactly,
};

/* ---- sums of integers ----------------------------------------------------------- */

struct adding {
    const struct numeric_isa *isa;
    enum numeric_element element;
    numeric_wide sum;
};

static void add_piece(void *context, const void *x, int64_t n, int64_t first)
{
    struct adding *adding = context;

    (void)first;
    adding->sum += adding->isa->sum_integers(adding->element, x, n);
}

static numeric_wide sum_integers(const struct numeric_isa *isa,
                                 const struct array *x,
                                 int64_t begin,
                                 int64_t end)
{
    struct adding adding = {.isa = isa, .element = kernel_element_of(x->element)};

    kernel_each_piece(x, begin, end, add_piece, &adding);
    return adding.sum;
}

static void put_integers(const struct numeric_isa *isa,
                         const struct array *x,
                         int64_t begin,
                         int64_t end,
                         int64_t place,
                         struct kernel_open *open)
{
    numeric_wide sum = sum_integers(isa, x, begin, end);

    (void)place;
    memcpy(open->bytes, &sum, sizeof sum);
}

static troupe_status join_integers(struct kernel_open *left,
                                   const struct kernel_open *right)
{
    numeric_wide a, b;

    memcpy(&a, left->bytes, sizeof a);
    memcpy(&b, right->bytes, sizeof b);
    a += b;
    memcpy(left->bytes, &a, sizeof a);
    return TROUPE_OK;
}

static bool
narrow(numeric_wide sum, enum troupe_element element, union numeric_number *number)
{
    number->natural = (uint64_t)sum; /* the same bits, with a sign or not */
    return numeric_wide_fits(sum, kernel_result_of(element) == TROUPE_INT64);
}

static troupe_status finish_integers(const struct kernel_open *open,
                                     enum troupe_element element,
                                     struct kernel_found *found)
{
    numeric_wide sum;

    memcpy(&sum, open->bytes, sizeof sum);
    return narrow(sum, element, &found->value) ? TROUPE_OK : TROUPE_INVALID;
}

static bool reduce_integers(const struct kernel_segments *of)
{
    bool fits = true;

    for (int64_t i = 0; i < of->n; i++)
        fits &= narrow(sum_integers(of->isa, of->x, of->starts[i], of->starts[i + 1]),
                       of->x->element, &of->values[i]);
    return fits;
}

static const struct kernel_segment_kind integers_kind = {
    .packed_bytes = sizeof(numeric_wide),
    .put = put_integers,
    .join = join_integers,
    .finish = finish_integers,
    .reduce = reduce_integers,
};

/* ---- extremes ------------------------------------------------------------------- */

struct looking {
    const struct numeric_isa *isa;
    enum numeric_which which;
    enum numeric_element element;
    struct numeric_extreme found;
};

static void look_at_piece(void *context, const void *x, int64_t n, int64_t first)
{
    struct looking *looking = context;
    struct numeric_extreme here;

    numeric_extreme_find(looking->isa, looking->which, looking->element, x, n, first,
                         &here);
    numeric_extreme_merge(looking->which, &looking->found, &here);
}

static struct numeric_extreme look(enum numeric_which which,
                                   const struct numeric_isa *isa,
                                   const struct array *x,
                                   int64_t begin,
                                   int64_t end)
{
    struct looking looking = {.isa = isa,
                              .which = which,
                              .element = kernel_element_of(x->element),
                              .found = {.index = -1}};

    kernel_each_piece(x, begin, end, look_at_piece, &looking);
    return looking.found;
}

static void join_extremes(enum numeric_which which,
                          struct kernel_open *left,
                          const struct kernel_open *right)
{
    struct numeric_extreme a, b;

    memcpy(&a, left->bytes, sizeof a);
    memcpy(&b, right->bytes, sizeof b);
    numeric_extreme_merge(which, &a, &b);
    memcpy(left->bytes, &a, sizeof a);
}

static troupe_status finish_extreme(const struct kernel_open *open,
                                    enum troupe_element element,
                                    struct kernel_found *found)
{
    struct numeric_extreme extreme;

    memcpy(&extreme, open->bytes, sizeof extreme);
    found->value = numeric_extreme_value(&extreme, kernel_element_of(element));
    found->index = extreme.index;
    return TROUPE_OK;
}

static bool reduce_extremes(enum numeric_which which, const struct kernel_segments *of)
{
    enum numeric_element element = kernel_element_of(of->x->element);

    for (int64_t i = 0; i < of->n; i++) {
        struct numeric_extreme extreme =
            look(which, of->isa, of->x, of->starts[i], of->starts[i + 1]);

        of->values[i] = numeric_extreme_value(&extreme, element);
        if (of->indexes)
            of->indexes[i] = extreme.index;
    }
    return true;
}

#define EXTREME_KIND(name_, which_)                                                    \
    static void put_##name_(const struct numeric_isa *isa, const struct array *x,      \
                            int64_t begin, int64_t end, int64_t place,                 \
                            struct kernel_open *open)                                  \
    {                                                                                  \
        struct numeric_extreme extreme = look(which_, isa, x, begin, end);             \
                                                                                       \
        (void)place;                                                                   \
        memcpy(open->bytes, &extreme, sizeof extreme);                                 \
    }                                                                                  \
    static troupe_status join_##name_(struct kernel_open *left,                        \
                                      const struct kernel_open *right)                 \
    {                                                                                  \
        join_extremes(which_, left, right);                                            \
        return TROUPE_OK;                                                              \
    }                                                                                  \
    static bool reduce_##name_(const struct kernel_segments *of)                       \
    {                                                                                  \
        return reduce_extremes(which_, of);                                            \
    }                                                                                  \
    static const struct kernel_segment_kind name_##_kind = {                           \
        .packed_bytes = sizeof(struct numeric_extreme),                                \
        .put = put_##name_,                                                            \
        .join = join_##name_,                                                          \
        .finish = finish_extreme,                                                      \
        .reduce = reduce_##name_,                                                      \
    };
EXTREME_KIND(minimum, NUMERIC_MINIMUM)
EXTREME_KIND(maximum, NUMERIC_MAXIMUM)

const struct kernel_segment_kind *const kernel_segment_kinds[KERNEL_SEGMENT_KINDS] = {
    [KERNEL_SEGMENT_TREE] = &kernel_segment_tree,
    [KERNEL_SEGMENT_TREE_DD] = &kernel_segment_tree_dd,
    [KERNEL_SEGMENT_EXACT] = &exact_kind,
    [KERNEL_SEGMENT_INTEGERS] = &integers_kind,
    [KERNEL_SEGMENT_MINIMUM] = &minimum_kind,
    [KERNEL_SEGMENT_MAXIMUM] = &maximum_kind,
};

/* ---- what passes on ------------------------------------------------------------- */

size_t kernel_open_bytes(uint64_t word)
{
    size_t packed_bytes =
        word == KERNEL_LENGTHS_ALONE ? 0 : kernel_segment_kinds[word]->packed_bytes;

    return offsetof(struct kernel_open, bytes) + packed_bytes;
}

troupe_status kernel_open_join(unsigned char *left_bytes,
                               const unsigned char *right_bytes,
                               size_t size_bytes,
                               const struct kernel_fold *fold)
{
    struct kernel_open left, right;

    memcpy(&left, left_bytes, size_bytes);
    memcpy(&right, right_bytes, size_bytes);
    if (right.n_items == 0)
        return TROUPE_OK;
    if (right.has_head || left.n_items == 0) {
        memcpy(left_bytes, &right, size_bytes);
        return TROUPE_OK;
    }
    if (fold->word != KERNEL_LENGTHS_ALONE)
        TROUPE_TRY(kernel_segment_kinds[fold->word]->join(&left, &right));
    left.n_items += right.n_items;
    memcpy(left_bytes, &left, size_bytes);
    return TROUPE_OK;
}
