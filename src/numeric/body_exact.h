/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Part of body.h: elements of similar size are summed exactly in two doubles.
 *
 * With all |x| < 2^E, adding C = 1.5 * 2^(E + k - 1) and taking it away again rounds x
 * to a multiple of u = 2^(E + k - 53); 2^k such multiples add up without rounding, for
 * their sum stays within 2^53 u. The rests, at most u / 2 each, are treated in the same
 * way with their own u, some 43 bits further down. When nothing is left after that, the
 * two sums are exact. (The slicing of Demmel and Nguyen, ARITH 2013, with its remainder
 * looked at.)
 */
enum {
    EXACT_CHAINS = 4,
    EXACT_STEP = EXACT_CHAINS * WIDTH,
    EXACT_LOWEST = -960 /* below, the second unit would be no double */
};

INLINE void look_at_magnitudes(const double *from, integers *largest)
{
    for (int c = 0; c < EXACT_CHAINS; c++) {
        integers bits = (integers)magnitude(load(from + c * WIDTH));
        integers larger = bits > largest[c];
        largest[c] = (bits & larger) | (largest[c] & ~larger);
    }
}

INLINE int64_t largest_magnitude(const double *x, const double *tail, int64_t n)
{
    integers largest[EXACT_CHAINS] = {{0}};
    int64_t i = 0, result = 0;

    for (; i + EXACT_STEP <= n; i += EXACT_STEP) {
        fetch_ahead(x + i, EXACT_STEP * (int64_t)sizeof(double));
        look_at_magnitudes(x + i, largest);
    }
    look_at_magnitudes(tail, largest);
    for (int c = 0; c < EXACT_STEP; c++) {
        int64_t bits = largest[c / WIDTH][c % WIDTH];
        result = bits > result ? bits : result;
    }
    return result;
}

INLINE double total_of(const vector sums[EXACT_CHAINS])
{
    double total = 0;
    for (int c = 0; c < EXACT_STEP; c++)
        total += sums[c / WIDTH][c % WIDTH];
    return total;
}

/* Takes off v what is a multiple of the unit that `offset` stands for. */
INLINE vector slice(vector *v, vector offset)
{
    vector part = (*v + offset) - offset;
    *v -= part;
    return part;
}

struct slices {
    vector first[EXACT_CHAINS], second[EXACT_CHAINS];
    integers left;
};

INLINE void
add_slices(struct slices *slices, const double *from, vector coarse, vector fine)
{
    for (int c = 0; c < EXACT_CHAINS; c++) {
        vector v = load(from + c * WIDTH);
        slices->first[c] += slice(&v, coarse);
        slices->second[c] += slice(&v, fine);
        slices->left |= (integers)magnitude(v);
    }
}

INLINE bool
sum_slices(const double *x, const double *tail, int64_t n, int exponent, double sums[2])
{
    int shift = exponent + NUMERIC_EXACT_CHUNK_LOG - 1;
    vector coarse = splat(1.5 * power_of_2(shift));
    vector fine = splat(1.5 * power_of_2(shift + NUMERIC_EXACT_CHUNK_LOG - 54));
    struct slices slices = {.left = {0}};
    int64_t i = 0;

    for (; i + EXACT_STEP <= n; i += EXACT_STEP)
        add_slices(&slices, x + i, coarse, fine);
    add_slices(&slices, tail, coarse, fine);
    sums[0] = total_of(slices.first);
    sums[1] = total_of(slices.second);
    return !any_set(slices.left);
}

static bool exact_chunk(const double *x, int64_t n, double sums[2])
{
    double tail[EXACT_STEP] = {0};
    int64_t whole = n - n % EXACT_STEP;

    memcpy(tail, x + whole, (size_t)(n - whole) * sizeof(double));
    int64_t field = largest_magnitude(x, tail, n) >> 52;
    if (field > 2046 - NUMERIC_EXACT_CHUNK_LOG)
        return false;
    int exponent = (int)field - 1022;
    return sum_slices(x, tail, n, exponent > EXACT_LOWEST ? exponent : EXACT_LOWEST,
                      sums);
}

static bool
products(const double *x, const double *y, int64_t n, double *products, double *errors)
{
    integers fit = (integers){0} - 1;

    for (int64_t i = 0; i < n; i += WIDTH) {
        vector a = load(x + i), b = load(y + i);
        struct split split = two_product(a, b);
        vector size = magnitude(split.product);
        fit &= ((size > 0x1p-960) & (size < 0x1p1020)) | (a == 0) | (b == 0);
        store(products + i, split.product);
        store(errors + i, split.error);
    }
    return !any_set(~fit);
}
