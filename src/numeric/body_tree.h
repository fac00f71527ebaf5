/* SPDX-License-Identifier: BSD-3-Clause */
/* Part of body.h: the tree over 2^level rows, each lane by itself. */

/* Some lanes of what is added up, at element i. */
typedef vector load_fn(const void *x, const void *y, int64_t i);

INLINE vector load_double(const void *x, const void *y, int64_t i)
{
    (void)y;
    return load((const double *)x + i);
}

INLINE vector load_float(const void *x, const void *y, int64_t i)
{
    (void)y;
    return widen((const float *)x + i);
}

INLINE vector load_product(const void *x, const void *y, int64_t i)
{
    return load((const double *)x + i) * load((const double *)y + i);
}

INLINE vector load_float_product(const void *x, const void *y, int64_t i)
{
    return widen((const float *)x + i) * widen((const float *)y + i);
}

/* What is added up; constants, once all is inlined. */
struct source {
    load_fn *load;
    int64_t item_bytes;
    const void *x, *y; /* y may be NULL */
};

/*
 * Rows are added up so fast that where vectors are short the processor fetches well on
 * its own: a sum of 512 MiB went at 0.86 of a plain loop's rate with 2 KiB, at 1.04
 * with half a KiB (AVX2, Zen 3), at 1.03 with 2 KiB (AVX-512).
 */
enum { ROWS_AHEAD_BYTES = WIDTH == 8 ? AHEAD_BYTES : 512 };

/* Element i of both arrays, so much ahead. */
INLINE void fetch(const struct source *from, int64_t i, int64_t ahead_bytes)
{
    int64_t byte = i * from->item_bytes + ahead_bytes;

    __builtin_prefetch((const char *)from->x + byte, 0, 2);
    if (from->y != NULL)
        __builtin_prefetch((const char *)from->y + byte, 0, 2);
}

INLINE vector term(const struct source *from, int64_t i)
{
    return from->load(from->x, from->y, i);
}

/* In a group the rows are fetched on the way, each line by the first vector that is in
 * it. */
INLINE vector rows_2(const struct source *from, int64_t i, bool is_fetching)
{
    if (is_fetching) {
        fetch(from, i, ROWS_AHEAD_BYTES);
        fetch(from, i + NUMERIC_LANES, ROWS_AHEAD_BYTES);
    }
    return term(from, i) + term(from, i + NUMERIC_LANES);
}

INLINE vector rows_4(const struct source *from, int64_t i, bool is_fetching)
{
    return rows_2(from, i, is_fetching) +
           rows_2(from, i + 2 * NUMERIC_LANES, is_fetching);
}

INLINE vector rows_few(const struct source *from, int level, int64_t i)
{
    return level == 0   ? term(from, i)
           : level == 1 ? rows_2(from, i, false)
                        : rows_4(from, i, false);
}

enum { GROUP = 8 * NUMERIC_LANES };

INLINE bool begins_line(const struct source *from, int v)
{
    return v * WIDTH * from->item_bytes % LINE_BYTES == 0;
}

/*
 * A binary counter: group g of 8 rows merges with as many finished nodes as g has
 * trailing ones.
 */
INLINE void tree(const struct source *from, int level, double *lanes)
{
    vector stack[NUMERIC_MAX_LEVEL][N_VECTORS], node[N_VECTORS];
    int depth = 0;

    if (level < 3) {
        for (int v = 0; v < N_VECTORS; v++)
            store(lanes + v * WIDTH, rows_few(from, level, v * WIDTH));
        return;
    }
    for (int64_t group = 0; group < INT64_C(1) << (level - 3); group++) {
        for (int v = 0; v < N_VECTORS; v++) {
            int64_t i = group * GROUP + v * WIDTH;
            node[v] = rows_4(from, i, begins_line(from, v)) +
                      rows_4(from, i + GROUP / 2, begins_line(from, v));
        }
        for (int64_t ones = group; ones & 1; ones >>= 1) {
            depth--;
            for (int v = 0; v < N_VECTORS; v++)
                node[v] = stack[depth][v] + node[v];
        }
        for (int v = 0; v < N_VECTORS; v++)
            stack[depth][v] = node[v];
        depth++;
    }
    for (int v = 0; v < N_VECTORS; v++)
        store(lanes + v * WIDTH, stack[0][v]);
}

static void sum_double(const void *x, const void *y, int level, double *lanes)
{
    (void)y;
    tree(&(struct source){load_double, 8, x, NULL}, level, lanes);
}

static void sum_float(const void *x, const void *y, int level, double *lanes)
{
    (void)y;
    tree(&(struct source){load_float, 4, x, NULL}, level, lanes);
}

static void dot_double(const void *x, const void *y, int level, double *lanes)
{
    tree(&(struct source){load_product, 8, x, y}, level, lanes);
}

static void dot_float(const void *x, const void *y, int level, double *lanes)
{
    tree(&(struct source){load_float_product, 4, x, y}, level, lanes);
}

/* Integers need no tree: their addition is associative. */
#define DOT_INTEGERS(type)                                                             \
    for (int64_t i = 0; i < n; i++)                                                    \
    sum += (uint64_t)(int64_t)((const type *)x)[i] *                                   \
           (uint64_t)(int64_t)((const type *)y)[i]

static numeric_wide sum_small_integers(const int32_t *x, int64_t n)
{
    int64_t sum = 0;

    for (int64_t i = 0; i < n; i++)
        sum += x[i];
    return sum;
}

/* Both halves of the elements, which `bias` makes natural numbers, by themselves: loops
 * without carries. */
static numeric_wide sum_large_integers(const uint64_t *x, int64_t n, uint64_t bias)
{
    uint64_t low = 0, high = 0;

    for (int64_t i = 0; i < n; i++) {
        uint64_t natural = x[i] ^ bias;

        low += natural & UINT32_MAX;
        high += natural >> 32;
    }
    return ((numeric_wide)high << 32) + low - (numeric_wide)bias * n;
}

static numeric_wide sum_integers(enum numeric_element element, const void *x, int64_t n)
{
    const int64_t chunk = INT64_C(1) << 30; /* no half of its sum overflows */
    const uint64_t bias = element == NUMERIC_UINT64 ? 0 : UINT64_C(1) << 63;
    numeric_wide sum = 0;

    for (int64_t i = 0; i < n; i += chunk) {
        int64_t n_here = n - i < chunk ? n - i : chunk;

        if (element == NUMERIC_INT32)
            sum += sum_small_integers((const int32_t *)x + i, n_here);
        else
            sum += sum_large_integers((const uint64_t *)x + i, n_here, bias);
    }
    return sum;
}

static uint64_t
dot_integers(enum numeric_element element, const void *x, const void *y, int64_t n)
{
    uint64_t sum = 0;

    if (element == NUMERIC_INT32)
        DOT_INTEGERS(int32_t);
    else
        DOT_INTEGERS(int64_t);
    return sum;
}

/* The sums over 16 lanes of a variance's second pass; rows in order, for a block has
 * few, and its bits depend on n alone. */
static void deviations(const double *x, int64_t n, double mean, double sums[2])
{
    double first[NUMERIC_LANES] = {0}, second[NUMERIC_LANES] = {0};
    int64_t i = 0;

    for (; i + NUMERIC_LANES <= n; i += NUMERIC_LANES)
        for (int v = 0; v < NUMERIC_LANES; v += WIDTH) {
            vector d = load(x + i + v) - splat(mean);
            store(first + v, load(first + v) + d);
            store(second + v, load(second + v) + d * d);
        }
    for (int lane = 0; i < n; i++, lane++) {
        double d = x[i] - mean;
        first[lane] += d;
        second[lane] += d * d;
    }
    for (int half = NUMERIC_LANES / 2; half > 0; half /= 2)
        for (int lane = 0; lane < half; lane++) {
            first[lane] = first[2 * lane] + first[2 * lane + 1];
            second[lane] = second[2 * lane] + second[2 * lane + 1];
        }
    sums[0] = first[0];
    sums[1] = second[0];
}
