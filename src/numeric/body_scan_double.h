/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Part of body.h: the prefix sums of body_scan.h, each value a sum of two doubles, so
 * that the high parts are the values of the plain ones.
 */
INLINE struct pair choose_pair(integers mask, struct pair a, struct pair b)
{
    return (struct pair){choose(mask, a.high, b.high), choose(mask, a.low, b.low)};
}

INLINE struct pair splat_pair(struct numeric_dd pair)
{
    return (struct pair){splat(pair.high), splat(pair.low)};
}

#define SHIFT_PAIR(shift, a, b)                                                        \
    (struct pair)                                                                      \
    {                                                                                  \
        shift((a).high, (b).high), shift((a).low, (b).low)                             \
    }

#define SCAN_PAIR_STEP(row, distance, shift)                                           \
    do {                                                                               \
        for (int v = N_VECTORS - 1; v > 0; v--)                                        \
            (row)[v] = add_pairs(SHIFT_PAIR(shift, (row)[v - 1], (row)[v]), (row)[v]); \
        (row)[0] = choose_pair(                                                        \
            lanes_from(distance),                                                      \
            add_pairs(SHIFT_PAIR(shift, (row)[0], (row)[0]), (row)[0]), (row)[0]);     \
    } while (0)

INLINE void scan_pair_vectors(struct pair *row, int distance)
{
    for (int v = N_VECTORS - 1; v >= distance / WIDTH; v--)
        row[v] = add_pairs(row[v - distance / WIDTH], row[v]);
}

INLINE void scan_pair_row(struct pair *row)
{
    SCAN_PAIR_STEP(row, 1, SHIFT_1);
    if (WIDTH > 2)
        SCAN_PAIR_STEP(row, 2, SHIFT_2);
    else
        scan_pair_vectors(row, 2);
    if (WIDTH > 4)
        SCAN_PAIR_STEP(row, 4, SHIFT_4);
    else
        scan_pair_vectors(row, 4);
    scan_pair_vectors(row, 8);
}

/* numeric_dd_finish() */
INLINE vector finish_pair(struct pair pair)
{
    integers has_low = (pair.low != 0) & (magnitude(pair.low) < INFINITY);
    vector sum = choose(has_low, pair.high + pair.low, pair.high);

    /* NOLINTNEXTLINE(misc-redundant-expression): false of NaNs */
    return choose(sum == sum, sum, splat(numeric_from_bits(NUMERIC_NAN_BITS)));
}

/* What stands before a row: in its block, and before that. */
struct scan_before {
    struct numeric_dd rows, blocks;
    bool has_rows, has_blocks;
};

INLINE void
store_row(const struct pair *row, const struct scan_before *before, double *sums)
{
    for (int v = 0; v < N_VECTORS; v++) {
        struct pair pair = row[v];

        if (before->has_rows)
            pair = add_pairs(splat_pair(before->rows), pair);
        if (before->has_blocks)
            pair = add_pairs(splat_pair(before->blocks), pair);
        store(sums + v * WIDTH, finish_pair(pair));
    }
}

/* 16 elements, of which the last that counts is in `last`; sums may be NULL. */
INLINE void
scan_one_dd(const double *x, int last, struct scan_before *before, double *sums)
{
    struct pair row[N_VECTORS];
    struct numeric_dd total;

    for (int v = 0; v < N_VECTORS; v++)
        row[v] = (struct pair){load(x + v * WIDTH), (vector){0}};
    scan_pair_row(row);
    if (sums != NULL)
        store_row(row, before, sums);
    total = (struct numeric_dd){row[last / WIDTH].high[last % WIDTH],
                                row[last / WIDTH].low[last % WIDTH]};
    before->rows = before->has_rows ? numeric_dd_add(before->rows, total) : total;
    before->has_rows = true;
}

INLINE struct numeric_dd
scan_all_dd(const double *x, int64_t n, const struct numeric_dd *prefix, double *sums)
{
    struct scan_before before = {.has_blocks = prefix != NULL};
    double rest[NUMERIC_LANES] = {0}, rest_sums[NUMERIC_LANES];
    int64_t i = 0;

    if (prefix != NULL)
        before.blocks = *prefix;
    for (; i + NUMERIC_LANES <= n; i += NUMERIC_LANES)
        scan_one_dd(x + i, NUMERIC_LANES - 1, &before, sums != NULL ? sums + i : NULL);
    if (i < n) {
        memcpy(rest, x + i, (size_t)(n - i) * sizeof(double));
        scan_one_dd(rest, (int)(n - i) - 1, &before, sums != NULL ? rest_sums : NULL);
        if (sums != NULL)
            memcpy(sums + i, rest_sums, (size_t)(n - i) * sizeof(double));
    }
    return before.rows;
}

static void scan_doubles_dd(const double *x,
                            int64_t n,
                            const struct numeric_dd *prefix,
                            double *sums)
{
    (void)scan_all_dd(x, n, prefix, sums);
}

static struct numeric_dd scan_total_dd(const double *x, int64_t n)
{
    return scan_all_dd(x, n, NULL, NULL);
}
