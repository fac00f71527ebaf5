/* SPDX-License-Identifier: BSD-3-Clause */
#include "numeric/reduce.h"

#include "base/require.h"
#include "numeric/pair.h"

/* An absent operand is skipped; only on the right can lanes be absent. */
static void merge_lanes(void *left, const void *right, const void *argument)
{
    struct numeric_lanes *a = left;
    const struct numeric_lanes *b = right;

    (void)argument;
    for (int i = 0; i < NUMERIC_LANES; i++)
        if (b->present >> i & 1)
            a->lane[i] = a->lane[i] + b->lane[i];
}

static void merge_lanes_dd(void *left, const void *right, const void *argument)
{
    struct numeric_lanes_dd *a = left;
    const struct numeric_lanes_dd *b = right;

    (void)argument;
    for (int i = 0; i < NUMERIC_LANES; i++)
        if (b->present >> i & 1)
            numeric_pair_add(&a->high[i], &a->low[i], b->high[i], b->low[i]);
}

struct numeric_tree numeric_lanes_tree(int64_t n, bool is_dd)
{
    return (struct numeric_tree){
        .n_leaves = n / NUMERIC_LANES + (n % NUMERIC_LANES != 0),
        .value_bytes =
            is_dd ? sizeof(struct numeric_lanes_dd) : sizeof(struct numeric_lanes),
        .merge = is_dd ? merge_lanes_dd : merge_lanes,
    };
}

static const void *item_at(enum numeric_term term, const void *items, int64_t i)
{
    bool is_float = term == NUMERIC_SUM_FLOAT || term == NUMERIC_DOT_FLOAT;

    return is_float ? (const void *)((const float *)items + i)
                    : (const void *)((const double *)items + i);
}

static bool is_dot(enum numeric_term term)
{
    return term == NUMERIC_DOT_DOUBLE || term == NUMERIC_DOT_FLOAT;
}

struct numeric_terms numeric_terms_at(const struct numeric_terms *terms, int64_t i)
{
    struct numeric_terms rest = *terms;

    rest.x = item_at(terms->term, terms->x, i);
    if (is_dot(terms->term))
        rest.y = item_at(terms->term, terms->y, i);
    return rest;
}

/* 2^level rows, all of them whole. */
static void
whole_node(const struct numeric_terms *terms, int level, bool is_dd, void *value)
{
    const uint64_t all = (UINT64_C(1) << NUMERIC_LANES) - 1;

    if (is_dd) {
        struct numeric_lanes_dd *lanes = value;
        double halves[2 * NUMERIC_LANES];
        terms->isa->tree_dd[terms->term](terms->x, terms->y, level, halves);
        memcpy(lanes->high, halves, sizeof lanes->high);
        memcpy(lanes->low, halves + NUMERIC_LANES, sizeof lanes->low);
        lanes->present = all;
    } else {
        struct numeric_lanes *lanes = value;
        terms->isa->tree[terms->term](terms->x, terms->y, level, lanes->lane);
        lanes->present = all;
    }
}

/* A row of n < 16 elements: a whole one with the others hidden. */
static void
short_row(const struct numeric_terms *terms, int64_t n, bool is_dd, void *value)
{
    double x[NUMERIC_LANES] = {0}, y[NUMERIC_LANES] = {0};
    struct numeric_terms padded = *terms;
    size_t item_bytes = (size_t)((const char *)item_at(terms->term, x, 1) - (char *)x);
    uint64_t present = (UINT64_C(1) << n) - 1;

    memcpy(x, terms->x, (size_t)n * item_bytes);
    padded.x = x;
    if (is_dot(terms->term) && terms->y) { /* products have both */
        memcpy(y, terms->y, (size_t)n * item_bytes);
        padded.y = y;
    }
    whole_node(&padded, 0, is_dd, value);
    if (is_dd)
        ((struct numeric_lanes_dd *)value)->present = present;
    else
        ((struct numeric_lanes *)value)->present = present;
}

void numeric_lanes_node(const struct numeric_terms *terms,
                        int64_t n,
                        bool is_dd,
                        void *value)
{
    int64_t n_rows = n / NUMERIC_LANES;

    base_assert(n > 0);
    if (n_rows == 0) {
        short_row(terms, n, is_dd, value);
        return;
    }
    /* The largest power of two, and what is left: a left and a right half, the one
     * whole and the other cut short or gone up some levels unchanged. */
    int level = 63 - __builtin_clzll((uint64_t)n_rows);
    int64_t n_left = (INT64_C(1) << level) * NUMERIC_LANES;
    whole_node(terms, level, is_dd, value);
    if (n_left == n)
        return;
    struct numeric_terms rest = numeric_terms_at(terms, n_left);
    union {
        struct numeric_lanes plain;
        struct numeric_lanes_dd dd;
    } right;
    numeric_lanes_node(&rest, n - n_left, is_dd, &right);
    (is_dd ? merge_lanes_dd : merge_lanes)(value, &right, NULL);
}

troupe_status numeric_lanes_add(const struct numeric_terms *terms,
                                int64_t n,
                                struct numeric_carrier *carrier)
{
    int64_t n_leaves = carrier->tree.n_leaves, first = carrier->end;
    int64_t end = first + n / NUMERIC_LANES + (n % NUMERIC_LANES != 0);
    bool is_dd = carrier->tree.value_bytes == sizeof(struct numeric_lanes_dd);
    union {
        struct numeric_lanes plain;
        struct numeric_lanes_dd dd;
    } value;

    base_assert(end <= n_leaves && (n % NUMERIC_LANES == 0 || end == n_leaves));
    while (carrier->end < end) {
        int level = numeric_tree_level(n_leaves, carrier->end, end);
        int64_t done = (carrier->end - first) * NUMERIC_LANES;
        int64_t n_node = (INT64_C(1) << level) * NUMERIC_LANES;
        struct numeric_terms rest = numeric_terms_at(terms, done);
        numeric_lanes_node(&rest, n_node < n - done ? n_node : n - done, is_dd, &value);
        TROUPE_TRY(numeric_carrier_push(carrier, level, &value));
    }
    return TROUPE_OK;
}

double numeric_lanes_finish(const struct numeric_lanes *root)
{
    struct numeric_lanes sums = *root;

    for (int width = 1; width < NUMERIC_LANES; width *= 2)
        for (int i = 0; i + width < NUMERIC_LANES; i += 2 * width)
            if (sums.present >> (i + width) & 1)
                sums.lane[i] += sums.lane[i + width];
    return numeric_canonical(sums.lane[0]);
}

double numeric_lanes_dd_finish(const struct numeric_lanes_dd *root)
{
    struct numeric_lanes_dd pairs = *root;

    for (int width = 1; width < NUMERIC_LANES; width *= 2)
        for (int i = 0; i + width < NUMERIC_LANES; i += 2 * width)
            if (pairs.present >> (i + width) & 1)
                numeric_pair_add(&pairs.high[i], &pairs.low[i], pairs.high[i + width],
                                 pairs.low[i + width]);
    return numeric_pair_round(pairs.high[0], pairs.low[0]);
}

void numeric_moments_block(const struct numeric_isa *isa,
                           const double *x,
                           int64_t n,
                           struct numeric_moments *moments)
{
    struct numeric_terms terms = {.isa = isa, .term = NUMERIC_SUM_DOUBLE, .x = x};
    struct numeric_lanes lanes;
    double sums[2];

    *moments = (struct numeric_moments){.n_items = n};
    if (n == 0)
        return;
    numeric_lanes_node(&terms, n, false, &lanes);
    double count = (double)n, guess = numeric_lanes_finish(&lanes) / count;
    isa->deviations(x, n, guess, sums);
    /* The first sum is what rounding has left of 0; it corrects both. */
    moments->mean = numeric_canonical(guess + sums[0] / count);
    moments->squares = numeric_canonical(sums[1] - sums[0] * sums[0] / count);
}

void numeric_moments_merge(void *left, const void *right, const void *argument)
{
    struct numeric_moments *a = left;
    const struct numeric_moments *b = right;

    (void)argument;
    if (b->n_items == 0)
        return;
    if (a->n_items == 0) {
        *a = *b;
        return;
    }
    double n_a = (double)a->n_items, n_b = (double)b->n_items, n = n_a + n_b;
    double distance = b->mean - a->mean;
    a->squares = numeric_canonical((a->squares + b->squares) +
                                   distance * distance * (n_a * (n_b / n)));
    a->mean = numeric_canonical(a->mean + distance * (n_b / n));
    a->n_items += b->n_items;
}
