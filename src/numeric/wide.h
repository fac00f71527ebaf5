/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NUMERIC_WIDE_H
#define NUMERIC_WIDE_H

/* Sums of integers of 64 bits, too wide to overflow: they are the same in any order. */

#include <stdbool.h>
#include <stdint.h>

__extension__ typedef __int128 numeric_wide;

static inline bool numeric_wide_fits(numeric_wide sum, bool has_sign)
{
    return has_sign ? sum >= INT64_MIN && sum <= INT64_MAX
                    : sum >= 0 && sum <= UINT64_MAX;
}

#endif
