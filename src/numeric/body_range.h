/* SPDX-License-Identifier: BSD-3-Clause */
/* Part of body.h: both ends of some elements. */
enum {
    RANGE_CHAINS = 16 / BODY_WIDTH > 4 ? 4 : 16 / BODY_WIDTH,
    RANGE_STEP = RANGE_CHAINS * WIDTH
};

struct ends {
    vector low[RANGE_CHAINS], high[RANGE_CHAINS];
    integers signs_or, signs_and, unordered;
};

INLINE void look_at(struct ends *ends, int chain, vector v)
{
    ends->low[chain] = choose(v < ends->low[chain], v, ends->low[chain]);
    ends->high[chain] = choose(v > ends->high[chain], v, ends->high[chain]);
    ends->signs_or |= (integers)v;
    ends->signs_and &= (integers)v;
    /* True of NaNs. */
    ends->unordered |= v != v; /* NOLINT(misc-redundant-expression) */
}

/*
 * Comparison takes zeros for equal. When the lowest is a zero there is no negative
 * element, so a sign bit can only be that of a -0; the highest likewise.
 */
static void conclude(const struct ends *ends, struct numeric_range *range)
{
    double low = INFINITY, high = -INFINITY;
    bool some_sign = false, all_signs = true;

    for (int i = 0; i < RANGE_STEP; i++) {
        double l = ends->low[i / WIDTH][i % WIDTH],
               h = ends->high[i / WIDTH][i % WIDTH];
        low = l < low ? l : low;
        high = h > high ? h : high;
        some_sign = some_sign || ends->signs_or[i % WIDTH] < 0;
        all_signs = all_signs && ends->signs_and[i % WIDTH] < 0;
    }
    range->low.real = low != 0 ? low : some_sign ? -0.0 : 0.0;
    range->high.real = high != 0 ? high : all_signs ? -0.0 : 0.0;
    range->has_nan = any_set(ends->unordered);
}

/* `tail` is what is over after the last full step, filled up with the last element. */
INLINE void range_of_reals(const struct source *from,
                           const struct source *tail,
                           int64_t n,
                           struct numeric_range *range)
{
    struct ends ends = {.signs_and = (integers){0} - 1};
    int64_t i = 0;

    for (int chain = 0; chain < RANGE_CHAINS; chain++) {
        ends.low[chain] = splat(INFINITY);
        ends.high[chain] = splat(-INFINITY);
    }
    for (; i + RANGE_STEP <= n; i += RANGE_STEP) {
        fetch_ahead((const char *)from->x + i * from->item_bytes,
                    RANGE_STEP * from->item_bytes);
        for (int chain = 0; chain < RANGE_CHAINS; chain++)
            look_at(&ends, chain, term(from, i + chain * WIDTH));
    }
    if (i < n)
        for (int chain = 0; chain < RANGE_CHAINS; chain++)
            look_at(&ends, chain, term(tail, chain * WIDTH));
    conclude(&ends, range);
}

#define RANGE_OF_REALS(type, load)                                                     \
    static void range_##type(const void *x, int64_t n, struct numeric_range *range)    \
    {                                                                                  \
        type rest[RANGE_STEP];                                                         \
        int64_t whole = n - n % RANGE_STEP;                                            \
        for (int64_t i = 0; i < RANGE_STEP; i++)                                       \
            rest[i] = ((const type *)x)[whole + i < n ? whole + i : n - 1];            \
        struct source from = {load, (int64_t)sizeof(type), x, NULL};                   \
        struct source tail = {load, (int64_t)sizeof(type), rest, NULL};                \
        range_of_reals(&from, &tail, n, range);                                        \
    }
RANGE_OF_REALS(double, load_double)
RANGE_OF_REALS(float, load_float)

#define RANGE_OF_INTEGERS(name, type, member)                                          \
    static void range_##name(const void *x, int64_t n, struct numeric_range *range)    \
    {                                                                                  \
        const type *values = x;                                                        \
        type low = values[0], high = values[0];                                        \
        for (int64_t i = 0; i < n; i++) {                                              \
            low = values[i] < low ? values[i] : low;                                   \
            high = values[i] > high ? values[i] : high;                                \
        }                                                                              \
        range->low.member = low;                                                       \
        range->high.member = high;                                                     \
        range->has_nan = false;                                                        \
    }
RANGE_OF_INTEGERS(int32, int32_t, integer)
RANGE_OF_INTEGERS(int64, int64_t, integer)
RANGE_OF_INTEGERS(uint64, uint64_t, natural)
