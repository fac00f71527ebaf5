/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NUMERIC_EXTREME_H
#define NUMERIC_EXTREME_H

/*
 * Minimum and maximum, and where they stand. As in IEEE 754-2019 `minimum`: -0 < +0,
 * and a NaN wins over every number. The place is the lowest index at which the extreme
 * stands; with NaNs, that of the first of them. Merging is associative and commutative.
 */

#include "numeric/isa.h"

enum numeric_which { NUMERIC_MINIMUM, NUMERIC_MAXIMUM };

struct numeric_extreme {
    uint64_t key;  /* rises with the value, whatever its type */
    int64_t index; /* -1: there was no element */
};

/* x[0] has the index `first`. n may be 0. */
void numeric_extreme_find(const struct numeric_isa *isa,
                          enum numeric_which which,
                          enum numeric_element element,
                          const void *x,
                          int64_t n,
                          int64_t first,
                          struct numeric_extreme *extreme);

void numeric_extreme_merge(enum numeric_which which,
                           struct numeric_extreme *into,
                           const struct numeric_extreme *from);

/* The value that the key stands for; floats are given as doubles, int32 as int64. There
 * must have been an element. */
union numeric_number numeric_extreme_value(const struct numeric_extreme *extreme,
                                           enum numeric_element element);

#endif
