/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/split.h"
#include "kernel/element.h"
#include "team/team.h"
#include <string.h>

/*
 * Exact splitters: for each boundary, at which r elements are to stand before it, the
 * greatest key of which at most r are less is found bit by bit, in rounds in which the
 * members add up counts for all boundaries at once. What is missing to r is taken from
 * the keys that equal it, in the order of the members.
 */

static int64_t count_less(const struct kernel_boundary *boundary, uint64_t key)
{
    int64_t low = 0, n = boundary->n;

    while (n > 0) {
        int64_t half = n / 2;

        if (boundary->sorted[(size_t)(low + half) * boundary->stride] < key) {
            low += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return low;
}

/* No key is greater than the greatest; not even where the distance goes beyond it. */
static int64_t count_nearer(const struct kernel_boundary *boundary, uint64_t distance)
{
    uint64_t key;

    return __builtin_add_overflow(boundary->key, distance, &key)
               ? boundary->n
               : count_less(boundary, key);
}

/* Sum over the members of n counts. */
static troupe_status
add_up(struct kernel_run *run, const int64_t *mine, int64_t *sums, int n)
{
    return array_add_up(run->self, run->team, mine, sums, (size_t)n);
}

static troupe_status
add_up_before(struct kernel_run *run, const int64_t *mine, int64_t *sums, int n)
{
    const troupe_reduction reduction = {.mine = mine,
                                        .result = sums,
                                        .element = TROUPE_INT64,
                                        .combine = TROUPE_SUM,
                                        .n_items = (size_t)n};

    memset(sums, 0, (size_t)n * sizeof *sums); /* what the first member keeps */
    return array_exscan(run->self, run->team, &reduction);
}

static troupe_status find_keys(struct kernel_run *run,
                               struct kernel_boundary *boundaries,
                               int n,
                               int n_bits,
                               int64_t *counts[2])
{
    for (int bit = n_bits - 1; bit >= 0; bit--) {
        for (int i = 0; i < n; i++)
            counts[0][i] = count_nearer(&boundaries[i], UINT64_C(1) << bit);
        TROUPE_TRY(add_up(run, counts[0], counts[1], n));
        for (int i = 0; i < n; i++)
            if (counts[1][i] <= boundaries[i].wanted)
                boundaries[i].key += UINT64_C(1) << bit;
    }
    return TROUPE_OK;
}

static troupe_status cut(struct kernel_run *run,
                         struct kernel_boundary *boundaries,
                         int n,
                         int64_t *counts[2])
{
    for (int i = 0; i < n; i++)
        counts[0][i] = boundaries[i].at = count_less(&boundaries[i], boundaries[i].key);
    TROUPE_TRY(add_up(run, counts[0], counts[1], n)); /* less, of all members */
    for (int i = 0; i < n; i++) {
        boundaries[i].wanted -= counts[1][i]; /* equal ones to take */
        counts[0][i] = count_nearer(&boundaries[i], 1) - boundaries[i].at;
    }
    TROUPE_TRY(add_up_before(run, counts[0], counts[1], n));
    for (int i = 0; i < n; i++) {
        int64_t take = boundaries[i].wanted - counts[1][i];

        boundaries[i].at += take < 0 ? 0 : take < counts[0][i] ? take : counts[0][i];
    }
    return TROUPE_OK;
}

troupe_status kernel_split(struct kernel_run *run,
                           struct kernel_boundary *boundaries,
                           int n_boundaries,
                           int n_bits)
{
    size_t n = (size_t)n_boundaries;
    troupe_status status;
    int64_t *room, *counts[2];

    if (n == 0)
        return TROUPE_OK;
    room = kernel_need(run, 2 * n * sizeof *room);
    counts[0] = room;
    counts[1] = room + n;
    status = find_keys(run, boundaries, n_boundaries, n_bits, counts);
    if (status == TROUPE_OK)
        status = cut(run, boundaries, n_boundaries, counts);
    kernel_give(room);
    return status;
}

/* ---- the way back from keys --------------------------------------------------- */

static int64_t signed_of(uint64_t key)
{
    return (int64_t)(key ^ UINT64_C(1) << 63);
}

static double real_of(uint64_t key)
{
    uint64_t bits = key >> 63 ? key ^ UINT64_C(1) << 63 : ~key;

    return numeric_from_bits(bits);
}

#define UNMAP(type_, expression_)                                                      \
    for (int64_t i = 0; i < n; i++)                                                    \
        ((type_ *)elements)[i] = (type_)(expression_);                                 \
    break

void kernel_unmap(enum troupe_element element,
                  const uint64_t *keys,
                  int64_t n,
                  void *elements)
{
    switch (element) {
    case TROUPE_INT8:
        UNMAP(int8_t, signed_of(keys[i]));
    case TROUPE_UINT8:
        UNMAP(uint8_t, signed_of(keys[i]));
    case TROUPE_INT16:
        UNMAP(int16_t, signed_of(keys[i]));
    case TROUPE_UINT16:
        UNMAP(uint16_t, signed_of(keys[i]));
    case TROUPE_INT32:
        UNMAP(int32_t, signed_of(keys[i]));
    case TROUPE_UINT32:
        UNMAP(uint32_t, signed_of(keys[i]));
    case TROUPE_INT64:
        UNMAP(int64_t, signed_of(keys[i]));
    case TROUPE_UINT64:
        UNMAP(uint64_t, keys[i]);
    default:
        UNMAP(double, real_of(keys[i]));
    }
}
