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

/*
 * a - b, by the units that multiply. Some processors (AMD's since Zen, Intel's since
 * Golden Cove) have others beside them that only add, and nothing here multiplies: with
 * half of the work there a sum in cache went at 36 GB/s instead of 24 (Zen 3). The bits
 * are the same, but for which of two NaNs comes out, and numeric_canonical() makes all
 * of them one. The compiler must not know the one that is multiplied by.
 */
#if BODY_WIDTH >= 4
INLINE vector minus(vector a, vector b)
{
    machine_doubles one = (machine_doubles)splat(1);
    __asm__("" : "+v"(one));
    return (vector)X86(fnmadd_pd)((machine_doubles)b, one, (machine_doubles)a);
}
#else
INLINE vector minus(vector a, vector b)
{
    return a - b;
}
#endif

INLINE struct pair two_sum(vector a, vector b)
{
    vector s = a + b, t = s - a;
    return (struct pair){s, minus(a, minus(s, t)) + minus(b, t)};
}

INLINE struct pair add_pairs(struct pair a, struct pair b)
{
    struct pair sum = two_sum(a.high, b.high);
    sum.low = (a.low + b.low) + sum.low;
    return sum;
}

/* One row and two; a product has an error of its own. */
typedef struct pair pair_fn(const struct source *from, int64_t i);

INLINE struct pair dd_product(const struct source *from, int64_t i)
{
    struct split split = two_product(load((const double *)from->x + i),
                                     load((const double *)from->y + i));
    return (struct pair){split.product, split.error};
}

INLINE struct pair dd_plain(const struct source *from, int64_t i)
{
    return (struct pair){term(from, i), (vector){0}};
}

INLINE struct pair dd_product_2(const struct source *from, int64_t i)
{
    return add_pairs(dd_product(from, i), dd_product(from, i + NUMERIC_LANES));
}

INLINE struct pair dd_plain_2(const struct source *from, int64_t i)
{
    return two_sum(term(from, i), term(from, i + NUMERIC_LANES));
}

INLINE struct pair dd_4(pair_fn *two, const struct source *from, int64_t i)
{
    return add_pairs(two(from, i), two(from, i + 2 * NUMERIC_LANES));
}

INLINE void store_pair(double *lanes, int v, struct pair pair)
{
    store(lanes + v * WIDTH, pair.high);
    store(lanes + NUMERIC_LANES + v * WIDTH, pair.low);
}

/*
 * The rows are read by columns, which no processor foresees, so they are asked for in
 * the order of memory, some with each half of a column. A sum of 512 MiB went at 0.84
 * of a plain loop's rate where each row was asked for as it was read, and goes at 1.01
 * (Zen 3).
 */
INLINE void fetch_part(const struct source *from, int64_t group, int part)
{
    enum { PART = GROUP / (2 * N_VECTORS), DD_AHEAD_BYTES = 4096 };
    int64_t begin = group + part * PART, n_in_line = LINE_BYTES / from->item_bytes;

    for (int64_t i = begin; i < begin + PART; i += n_in_line)
        fetch(from, i, DD_AHEAD_BYTES);
}

INLINE void
tree_dd(pair_fn *one, pair_fn *two, const struct source *from, int level, double *lanes)
{
    struct pair stack[NUMERIC_MAX_LEVEL][N_VECTORS];

    if (level < 3) {
        for (int v = 0; v < N_VECTORS; v++)
            store_pair(lanes, v,
                       level == 0   ? one(from, v * WIDTH)
                       : level == 1 ? two(from, v * WIDTH)
                                    : dd_4(two, from, v * WIDTH));
        return;
    }
    for (int64_t group = 0; group < INT64_C(1) << (level - 3); group++) {
        int depth = __builtin_popcountll((uint64_t)group);
        for (int v = 0; v < N_VECTORS; v++) {
            int64_t i = group * GROUP + v * WIDTH;
            fetch_part(from, group * GROUP, 2 * v);
            struct pair half = dd_4(two, from, i);
            fetch_part(from, group * GROUP, 2 * v + 1);
            struct pair node = add_pairs(half, dd_4(two, from, i + GROUP / 2));
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
    struct source from = {load_double, 8, x, NULL};
    tree_dd(dd_plain, dd_plain_2, &from, level, lanes);
}

static void sum_float_dd(const void *x, const void *y, int level, double *lanes)
{
    (void)y;
    struct source from = {load_float, 4, x, NULL};
    tree_dd(dd_plain, dd_plain_2, &from, level, lanes);
}

static void dot_double_dd(const void *x, const void *y, int level, double *lanes)
{
    struct source from = {load_product, 8, x, y};
    tree_dd(dd_product, dd_product_2, &from, level, lanes);
}

/* The product of two floats is exact in double. */
static void dot_float_dd(const void *x, const void *y, int level, double *lanes)
{
    struct source from = {load_float_product, 4, x, y};
    tree_dd(dd_plain, dd_plain_2, &from, level, lanes);
}
