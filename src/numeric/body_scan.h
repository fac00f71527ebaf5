/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Part of body.h: prefix sums. Within a row of 16 in four steps, each element taking
 * the one 1, 2, 4, 8 places before it (Hillis and Steele 1986); rows take the totals of
 * those before them one after the other.
 */
#if BODY_WIDTH == 2
#define SHIFT_1(a, b) __builtin_shufflevector(a, b, 1, 2)
#define SHIFT_2(a, b) (a)
#define SHIFT_4(a, b) (a)
#elif BODY_WIDTH == 4
#define SHIFT_1(a, b) __builtin_shufflevector(a, b, 3, 4, 5, 6)
#define SHIFT_2(a, b) __builtin_shufflevector(a, b, 2, 3, 4, 5)
#define SHIFT_4(a, b) (a)
#else
#define SHIFT_1(a, b) __builtin_shufflevector(a, b, 7, 8, 9, 10, 11, 12, 13, 14)
#define SHIFT_2(a, b) __builtin_shufflevector(a, b, 6, 7, 8, 9, 10, 11, 12, 13)
#define SHIFT_4(a, b) __builtin_shufflevector(a, b, 4, 5, 6, 7, 8, 9, 10, 11)
#endif

/* The lanes from `distance` on. */
INLINE integers lanes_from(int distance)
{
    integers mask = {0};
    for (int i = 0; i < WIDTH; i++)
        mask[i] = i < distance ? 0 : -1;
    return mask;
}

/* Element i + element i - distance where there is one; for distances within a vector.
 */
#define SCAN_STEP(row, distance, shift)                                                \
    do {                                                                               \
        for (int v = N_VECTORS - 1; v > 0; v--)                                        \
            (row)[v] += shift((row)[v - 1], (row)[v]);                                 \
        (row)[0] = choose(lanes_from(distance), (row)[0] + shift((row)[0], (row)[0]),  \
                          (row)[0]);                                                   \
    } while (0)

INLINE void scan_vectors(vector *row, int distance)
{
    for (int v = N_VECTORS - 1; v >= distance / WIDTH; v--)
        row[v] += row[v - distance / WIDTH];
}

INLINE void scan_row(vector *row)
{
    SCAN_STEP(row, 1, SHIFT_1);
    if (WIDTH > 2)
        SCAN_STEP(row, 2, SHIFT_2);
    else
        scan_vectors(row, 2);
    if (WIDTH > 4)
        SCAN_STEP(row, 4, SHIFT_4);
    else
        scan_vectors(row, 4);
    scan_vectors(row, 8);
}

INLINE void scan_one(const double *x, double *sums, bool first, double *carry)
{
    vector row[N_VECTORS];

    for (int v = 0; v < N_VECTORS; v++)
        row[v] = load(x + v * WIDTH);
    scan_row(row);
    for (int v = 0; v < N_VECTORS; v++)
        store(sums + v * WIDTH, first ? row[v] : splat(*carry) + row[v]);
    double total = row[N_VECTORS - 1][WIDTH - 1];
    *carry = first ? total : *carry + total;
}

static void scan_doubles(const double *x, int64_t n, double *sums)
{
    double carry = 0, rest[NUMERIC_LANES] = {0};
    int64_t i = 0;

    for (; i + NUMERIC_LANES <= n; i += NUMERIC_LANES)
        scan_one(x + i, sums + i, i == 0, &carry);
    if (i < n) {
        /* Nothing looks to its right, so that the filling never shows. */
        memcpy(rest, x + i, (size_t)(n - i) * sizeof(double));
        scan_one(rest, rest, i == 0, &carry);
        memcpy(sums + i, rest, (size_t)(n - i) * sizeof(double));
    }
}
