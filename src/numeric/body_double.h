/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Part of body.h: the same tree, each value a sum of two doubles.
 *
 * TwoSum (Knuth) at each node keeps what the addition lost; the losses are added up
 * beside the sums, as in Sum2 of Ogita, Rump and Oishi (2005), but in the tree. The
 * high parts are the values of the plain tree; a pair is not normalised until the end,
 * which saves a third of the operations and loses nothing above u^2.
 */
struct pair {
    vector high, low;
};

INLINE struct pair two_sum(vector a, vector b)
{
    vector s = a + b, t = s - a;
    return (struct pair){s, (a - (s - t)) + (b - t)};
}

INLINE struct pair add_pairs(struct pair a, struct pair b)
{
    struct pair sum = two_sum(a.high, b.high);
    sum.low = (a.low + b.low) + sum.low;
    return sum;
}

INLINE struct pair dd_product(load_fn *term, const void *x, const void *y, int64_t i)
{
    (void)term;
    struct split split =
        two_product(load((const double *)x + i), load((const double *)y + i));
    return (struct pair){split.product, split.error};
}

/* One row, when it is no product that has an error of its own. */
INLINE struct pair dd_plain(load_fn *term, const void *x, const void *y, int64_t i)
{
    return (struct pair){term(x, y, i), (vector){0}};
}

typedef struct pair pair_fn(load_fn *term, const void *x, const void *y, int64_t i);

INLINE struct pair dd_product_2(load_fn *term, const void *x, const void *y, int64_t i)
{
    return add_pairs(dd_product(term, x, y, i),
                     dd_product(term, x, y, i + NUMERIC_LANES));
}

INLINE struct pair dd_plain_2(load_fn *term, const void *x, const void *y, int64_t i)
{
    return two_sum(term(x, y, i), term(x, y, i + NUMERIC_LANES));
}

INLINE struct pair
dd_4(pair_fn *two, load_fn *term, const void *x, const void *y, int64_t i)
{
    return add_pairs(two(term, x, y, i), two(term, x, y, i + 2 * NUMERIC_LANES));
}

INLINE struct pair
dd_8(pair_fn *two, load_fn *term, const void *x, const void *y, int64_t i)
{
    return add_pairs(dd_4(two, term, x, y, i),
                     dd_4(two, term, x, y, i + 4 * NUMERIC_LANES));
}

INLINE void store_pair(double *lanes, int v, struct pair pair)
{
    store(lanes + v * WIDTH, pair.high);
    store(lanes + NUMERIC_LANES + v * WIDTH, pair.low);
}

INLINE void tree_dd(pair_fn *one,
                    pair_fn *two,
                    load_fn *term,
                    int64_t item_bytes,
                    const void *x,
                    const void *y,
                    int level,
                    double *lanes)
{
    struct pair stack[64][N_VECTORS];

    if (level < 3) {
        for (int v = 0; v < N_VECTORS; v++)
            store_pair(lanes, v,
                       level == 0   ? one(term, x, y, v * WIDTH)
                       : level == 1 ? two(term, x, y, v * WIDTH)
                                    : dd_4(two, term, x, y, v * WIDTH));
        return;
    }
    for (int64_t group = 0; group < INT64_C(1) << (level - 3); group++) {
        int depth = __builtin_popcountll((uint64_t)group);
        fetch_group(x, y, group * GROUP, item_bytes);
        for (int v = 0; v < N_VECTORS; v++) {
            struct pair node = dd_8(two, term, x, y, group * GROUP + v * WIDTH);
            int top = depth;
            for (int64_t ones = group; ones & 1; ones >>= 1)
                node = add_pairs(stack[--top][v], node);
            stack[top][v] = node;
        }
    }
    for (int v = 0; v < N_VECTORS; v++)
        store_pair(lanes, v, stack[0][v]);
}

static void sum_double_dd(const void *x, const void *y, int level, double *lanes)
{
    (void)y;
    tree_dd(dd_plain, dd_plain_2, load_double, 8, x, NULL, level, lanes);
}

static void sum_float_dd(const void *x, const void *y, int level, double *lanes)
{
    (void)y;
    tree_dd(dd_plain, dd_plain_2, load_float, 4, x, NULL, level, lanes);
}

static void dot_double_dd(const void *x, const void *y, int level, double *lanes)
{
    tree_dd(dd_product, dd_product_2, load_double, 8, x, y, level, lanes);
}

/* The product of two floats is exact in double. */
static void dot_float_dd(const void *x, const void *y, int level, double *lanes)
{
    tree_dd(dd_plain, dd_plain_2, load_float_product, 4, x, y, level, lanes);
}
