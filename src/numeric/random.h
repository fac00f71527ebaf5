/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NUMERIC_RANDOM_H
#define NUMERIC_RANDOM_H

/*
 * Random numbers as functions: Philox4x32-10 (Salmon, Moraes, Dror, Shaw, SC11) of a
 * seed, a stream, the global index of an element, and the number of the draw where an
 * element needs several. Who computes an element makes no difference.
 *
 *   key      the 64 bits of the seed
 *   counter  words 0 and 1 the index, word 2 the draw, word 3 the stream
 *
 * So no two of (seed, stream, index, draw) have the same key and counter. Each has 128
 * bits: `low` is words 0 and 1 of the result, `high` words 2 and 3. The fills take draw
 * 0 and one call an element.
 */

#include "numeric/isa.h"

struct numeric_random {
    uint64_t seed;
    uint32_t stream;
};

struct numeric_random_bits {
    uint64_t low, high;
};

/* One element's bits. */
struct numeric_random_bits
numeric_random_at(const struct numeric_random *random, int64_t index, uint32_t draw);

/* (low >> 11) 2^-53: multiples of 2^-53 in [0, 1), each as likely. */
void numeric_random_uniform(const struct numeric_isa *isa,
                            const struct numeric_random *random,
                            int64_t first,
                            int64_t n,
                            double *values);

/*
 * Mean 0, variance 1: sqrt(-2 ln u) cos(2 pi v) (Box and Muller 1958), with u = (2k +
 * 1) 2^-53 from the upper 52 bits of `low` and v from those of `high` but the last 10,
 * likewise. Made of + - * / sqrt alone, so the bits are the same everywhere; relative
 * error below 1e-15. The largest magnitude is 8.57.
 */
void numeric_random_normal(const struct numeric_isa *isa,
                           const struct numeric_random *random,
                           int64_t first,
                           int64_t n,
                           double *values);

/*
 * lowest .. highest, both included: the upper part of the product of all 128 bits with
 * the number of values. The probability of each differs from 1 / number by less than
 * 2^-128. lowest <= highest.
 */
void numeric_random_integers(const struct numeric_isa *isa,
                             const struct numeric_random *random,
                             int64_t first,
                             int64_t n,
                             int64_t lowest,
                             int64_t highest,
                             int64_t *values);

#endif
