/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NUMERIC_EXACT_H
#define NUMERIC_EXACT_H

/*
 * Sums that are exact until the end and then rounded once, to nearest, ties to even. So
 * neither order nor grouping can show, and no partial sum overflows.
 *
 * The accumulator is a fixed-point number wide enough for products of any two doubles,
 * 2^63 of them. A dot product is the exact one: of the products themselves, not of the
 * products as rounded to double.
 *
 * Infinities of both signs or a NaN give NaN; one infinity wins over all numbers; what
 * is beyond the largest double when rounded is an infinity. A sum of nothing but -0 is
 * -0, any other that comes to zero is 0, as in IEEE 754.
 */

#include "numeric/reduce.h"

enum {
    NUMERIC_EXACT_LIMBS = 136,
    NUMERIC_PILES = 4096,
    NUMERIC_EXACT_PACKED_BYTES = 4 * NUMERIC_EXACT_LIMBS + 4
};

struct numeric_exact {
    int64_t limb[NUMERIC_EXACT_LIMBS]; /* limb i counts 2^(32 i - 2176) */
    int64_t n_pending; /* numbers added since the limbs were last tidy */
    uint32_t flags;
};

void numeric_exact_init(struct numeric_exact *exact);

/* Where elements of very different size wait, by sign and exponent: a place beside the
 * accumulator that makes adding many of them several times as fast. */
struct numeric_piles {
    uint64_t height[NUMERIC_PILES];
};

void numeric_piles_init(struct numeric_piles *piles);

/* Adds n elements or products; any n, at any place of an array, in any order. Some may
 * stay on the piles (NULL: none) until these are taken. */
void numeric_exact_add(struct numeric_exact *exact,
                       struct numeric_piles *piles,
                       const struct numeric_terms *terms,
                       int64_t n);

/* One double. */
void numeric_exact_add_number(struct numeric_exact *exact, double value);

void numeric_exact_take_piles(struct numeric_exact *exact, struct numeric_piles *piles);

void numeric_exact_merge(struct numeric_exact *into, struct numeric_exact *from);

double numeric_exact_round(struct numeric_exact *exact);

/* The same sum has the same bytes. Unpacking gives TROUPE_INVALID for what no sum packs
 * to, and changes nothing then. */
void numeric_exact_pack(struct numeric_exact *exact,
                        unsigned char bytes[NUMERIC_EXACT_PACKED_BYTES]);
troupe_status numeric_exact_unpack(
    struct numeric_exact *exact,
    const unsigned char bytes[NUMERIC_EXACT_PACKED_BYTES]) TROUPE_MUST_USE;

#endif
