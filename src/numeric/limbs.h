/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NUMERIC_LIMBS_H
#define NUMERIC_LIMBS_H

/* What exact sums have in common (exact.c, running.c): what was seen besides finite
 * numbers, and rounding. */

#include "numeric/numeric.h"
#include <math.h>
#include <stdbool.h>

__extension__ typedef unsigned __int128 numeric_limbs_wide;

enum numeric_limbs_flag {
    NUMERIC_PLUS_INFINITY = 1,
    NUMERIC_MINUS_INFINITY = 2,
    NUMERIC_NOT_A_NUMBER = 4,
    NUMERIC_SOME_ELEMENT = 8,
    NUMERIC_NOT_MINUS_ZERO = 16,
    NUMERIC_ALL_FLAGS = 31
};

/* Of an element that is no finite number. */
static inline uint32_t numeric_limbs_special(uint64_t bits)
{
    if (bits << 12 != 0)
        return NUMERIC_NOT_A_NUMBER;
    return bits >> 63 ? NUMERIC_MINUS_INFINITY : NUMERIC_PLUS_INFINITY;
}

/* What the sum is if it is no finite number; false: it is one. */
static inline bool numeric_limbs_is_special(uint32_t flags, double *sum)
{
    const uint32_t infinities = NUMERIC_PLUS_INFINITY | NUMERIC_MINUS_INFINITY;

    if (!(flags & (infinities | NUMERIC_NOT_A_NUMBER)))
        return false;
    if (flags & NUMERIC_NOT_A_NUMBER || (flags & infinities) == infinities)
        *sum = numeric_from_bits(NUMERIC_NAN_BITS);
    else
        *sum = flags & NUMERIC_PLUS_INFINITY ? INFINITY : -INFINITY;
    return true;
}

/* A sum that comes to nothing. */
static inline double numeric_limbs_zero(uint32_t flags)
{
    return (flags & NUMERIC_SOME_ELEMENT) && !(flags & NUMERIC_NOT_MINUS_ZERO) ? -0.0
                                                                               : 0.0;
}

/* Likewise, of a sum that is below 2^-1022: bits go away from below 2^-1074. */
static inline uint64_t
numeric_limbs_round_subnormal(numeric_limbs_wide top, bool is_more, int scale)
{
    int n_dropped = -1074 - scale;

    if (n_dropped > 127) /* top has fewer bits then */
        return 0;
    numeric_limbs_wide kept = top >> n_dropped, rest = top - (kept << n_dropped);
    numeric_limbs_wide half = (numeric_limbs_wide)1 << (n_dropped - 1);
    bool is_up = rest > half || (rest == half && (is_more || kept % 2 == 1));
    return (uint64_t)kept + is_up;
}

/* The bits of the double nearest to (top + 0 or a little more) 2^scale, top >= 2^64.
 * Without branches that the numbers decide: running sums are rounded one by one. */
static inline uint64_t
numeric_limbs_round(numeric_limbs_wide top, bool is_more, int scale)
{
    enum { DROPPED = 10 }; /* of 63 bits, the lowest of which stands for all below */
    int length = 128 - __builtin_clzll((uint64_t)(top >> 64));
    int last = length - 53 + scale;

    if (last < -1074)
        return numeric_limbs_round_subnormal(top, is_more, scale);
    if (length - 1 + scale > 1023)
        return UINT64_C(0x7ff0000000000000);
    top <<= 128 - length;
    uint64_t upper = (uint64_t)(top >> 64), bits = upper >> 1;
    bits |= (uint64_t)is_more | (upper & 1) | ((uint64_t)top != 0);
    bits += (UINT64_C(1) << (DROPPED - 1)) - 1 + (bits >> DROPPED & 1);
    /* The leading one, at bit 52, adds 1 to the exponent's field; so does a carry. */
    return ((uint64_t)(last + 1074) << 52) + (bits >> DROPPED);
}

#endif
