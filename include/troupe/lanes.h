/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_LANES_H
#define TROUPE_LANES_H

/*
 * For the body of a kernel: sums in the order that troupe's own sums have, without a
 * word of SIMD. Needs nothing of the library.
 *
 *     static double energy(const double *v, const double *mass, int64_t n)
 *     {
 *         double total;
 *         TROUPE_LANES_SUM(total, n, i, 0.5 * mass[i] * v[i] * v[i]);
 *         return total;
 *     }
 *
 * Element i goes to lane i mod 16; each lane adds up in pairs, pairs of pairs and so
 * on, then the lanes do (expression 1, the tree of WG21 P4016R0). The compiler turns
 * that into vectors of any width, and the bits stay what they are. A left fold could
 * not be vectorised, and `omp simd reduction` gives other bits on each machine.
 *
 * The file must be compiled with -ffp-contract=off (pkg-config and CMake say so), and
 * without -ffast-math; troupe/kernel_probe.h finds out.
 */

#include <stdint.h>
#include <string.h>

#ifdef __FAST_MATH__
#error "troupe/lanes.h: compile without -ffast-math and -Ofast"
#endif

enum { TROUPE_LANES = 16, TROUPE_LANES_GROUP = 128 };

/* Sums of finished groups of 8 rows, as a binary counter holds them. */
struct troupe_lanes {
    double node[56][TROUPE_LANES];
    uint64_t n_groups;
};

/** Sets \p total (a double) to the sum of \p expression, a double, for \p i = 0 .. n-1;
 * 0 when there is none. \p i is an int64_t of its own. */
#define TROUPE_LANES_SUM(total, n, i, expression)                                      \
    do {                                                                               \
        struct troupe_lanes troupe_lanes_;                                             \
        double troupe_values_[TROUPE_LANES_GROUP], troupe_node_[TROUPE_LANES];         \
        const int64_t troupe_n_ = (n);                                                 \
        int64_t troupe_first_ = 0;                                                     \
        troupe_lanes_.n_groups = 0;                                                    \
        for (; troupe_n_ - troupe_first_ >= TROUPE_LANES_GROUP;                        \
             troupe_first_ += TROUPE_LANES_GROUP) {                                    \
            for (int64_t troupe_l_ = troupe_first_;                                    \
                 troupe_l_ < troupe_first_ + TROUPE_LANES; troupe_l_++) {              \
                double troupe_row_[8];                                                 \
                TROUPE_LANES_ROW_(0, i, expression)                                    \
                TROUPE_LANES_ROW_(1, i, expression)                                    \
                TROUPE_LANES_ROW_(2, i, expression)                                    \
                TROUPE_LANES_ROW_(3, i, expression)                                    \
                TROUPE_LANES_ROW_(4, i, expression)                                    \
                TROUPE_LANES_ROW_(5, i, expression)                                    \
                TROUPE_LANES_ROW_(6, i, expression)                                    \
                TROUPE_LANES_ROW_(7, i, expression)                                    \
                troupe_node_[troupe_l_ - troupe_first_] =                              \
                    ((troupe_row_[0] + troupe_row_[1]) +                               \
                     (troupe_row_[2] + troupe_row_[3])) +                              \
                    ((troupe_row_[4] + troupe_row_[5]) +                               \
                     (troupe_row_[6] + troupe_row_[7]));                               \
            }                                                                          \
            troupe_lanes_push(&troupe_lanes_, troupe_node_);                           \
        }                                                                              \
        for (int64_t troupe_k_ = 0; troupe_k_ < troupe_n_ - troupe_first_;             \
             troupe_k_++) {                                                            \
            const int64_t i = troupe_first_ + troupe_k_;                               \
            troupe_values_[troupe_k_] = (expression);                                  \
        }                                                                              \
        (total) = troupe_lanes_finish(&troupe_lanes_, troupe_values_,                  \
                                      troupe_n_ - troupe_first_);                      \
    } while (0)

/* The expression is written out for each of 8 rows, so that they meet in registers. */
#define TROUPE_LANES_ROW_(row, i, expression)                                          \
    {                                                                                  \
        const int64_t i = troupe_l_ + (row)*TROUPE_LANES;                              \
        troupe_row_[row] = (expression);                                               \
    }

/* The node over 1, 2 or 4 rows. */
static inline void troupe_lanes_rows(const double *v, int n_rows, double *node)
{
    for (int l = 0; l < TROUPE_LANES; l++) {
        if (n_rows == 1)
            node[l] = v[l];
        else if (n_rows == 2)
            node[l] = v[l] + v[l + 16];
        else
            node[l] = (v[l] + v[l + 16]) + (v[l + 32] + v[l + 48]);
    }
}

/* left + right in the lanes that the right one has. */
static inline void
troupe_lanes_join(const double *left, const double *right, int n_lanes, double *node)
{
    for (int l = 0; l < n_lanes; l++)
        node[l] = left[l] + right[l];
    for (int l = n_lanes; l < TROUPE_LANES; l++)
        node[l] = left[l];
}

/* The lanes of 8 more rows. */
static inline void troupe_lanes_push(struct troupe_lanes *lanes, double *node)
{
    int top = 0;

    for (uint64_t rest = lanes->n_groups; rest != 0; rest &= rest - 1)
        top++;
    for (uint64_t ones = lanes->n_groups; (ones & 1) != 0; ones >>= 1) {
        top--;
        for (int l = 0; l < TROUPE_LANES; l++)
            node[l] = lanes->node[top][l] + node[l];
    }
    memcpy(lanes->node[top], node, TROUPE_LANES * sizeof(double));
    lanes->n_groups++;
}

/* The lanes of the last n < 128 values and of all before; returns how many there are.
 */
static inline int troupe_lanes_collapse(const struct troupe_lanes *lanes,
                                        const double *values,
                                        int64_t n,
                                        double *sum)
{
    int n_lanes = (int)(n % TROUPE_LANES), top = 0;
    int64_t rows = n / TROUPE_LANES, end = rows;
    double node[TROUPE_LANES];

    memcpy(sum, values + end * TROUPE_LANES, (size_t)n_lanes * sizeof(double));
    for (int size = 1; size <= 4; size *= 2) {
        if ((rows & size) == 0)
            continue;
        end -= size;
        troupe_lanes_rows(values + end * TROUPE_LANES, size, node);
        troupe_lanes_join(node, sum, n_lanes, sum);
        n_lanes = TROUPE_LANES;
    }
    for (uint64_t rest = lanes->n_groups; rest != 0; rest &= rest - 1)
        top++;
    while (top-- > 0) {
        troupe_lanes_join(lanes->node[top], sum, n_lanes, sum);
        n_lanes = TROUPE_LANES;
    }
    return n_lanes;
}

static inline double
troupe_lanes_finish(const struct troupe_lanes *lanes, const double *values, int64_t n)
{
    const uint64_t nan_bits = UINT64_C(0x7ff8000000000000);
    double sum[TROUPE_LANES] = {0};
    int n_lanes = troupe_lanes_collapse(lanes, values, n > 0 ? n : 0, sum);

    for (int width = 1; width < TROUPE_LANES; width *= 2)
        for (int l = 0; l + width < n_lanes; l += 2 * width)
            sum[l] = sum[l] + sum[l + width];
    /* The sign of a NaN differs between processors. */
    if (sum[0] != sum[0])
        memcpy(&sum[0], &nan_bits, sizeof nan_bits);
    return sum[0];
}

#endif
