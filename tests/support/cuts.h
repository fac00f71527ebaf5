/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SUPPORT_CUTS_H
#define SUPPORT_CUTS_H

/* Cuts of an array at random: uneven parts, and some empty. */

#include "base/random.h"
#include <stdlib.h>

static inline int cuts_compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

/* n_members + 1 numbers of blocks, never falling. */
static inline void
cuts_draw(struct base_random *random, int n_members, int64_t n_blocks, int64_t *cuts)
{
    cuts[0] = 0;
    cuts[n_members] = n_blocks;
    for (int i = 1; i < n_members; i++)
        cuts[i] = base_random_below(random, (uint32_t)n_blocks + 1);
    qsort(cuts, (size_t)n_members + 1, sizeof *cuts, cuts_compare);
}

#endif
