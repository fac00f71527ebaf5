/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/split.h"
#include "kernel/element.h"
#include "team/team.h"
#include <string.h>

/*
 * Exact splitters: for each inner boundary, at which r elements are to stand before it,
 * the greatest key of which at most r are less is found bit by bit; 64 rounds in which
 * the members add up counts for all boundaries at once. What is missing to r is taken
 * from the keys that equal it, in the order of the members.
 */

struct boundary {
    uint64_t key;
    int64_t wanted; /* elements before it */
};

static int64_t
count_less(const uint64_t *sorted, size_t stride, int64_t n, uint64_t key)
{
    int64_t low = 0;

    while (n > 0) {
        int64_t half = n / 2;

        if (sorted[(size_t)(low + half) * stride] < key) {
            low += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return low;
}

/* Sum over the members of n counts. */
static troupe_status
add_up(struct kernel_run *run, const int64_t *mine, int64_t *sums, int n)
{
    const troupe_reduction reduction = {.mine = mine,
                                        .result = sums,
                                        .element = TROUPE_INT64,
                                        .combine = TROUPE_SUM,
                                        .n_items = (size_t)n};

    return array_reduce(run->self, run->team, &reduction);
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

struct sorted {
    const uint64_t *keys;
    size_t stride;
    int64_t n;
};

static troupe_status find_keys(struct kernel_run *run,
                               const struct sorted *sorted,
                               struct boundary *boundaries,
                               int n,
                               int64_t *counts[2])
{
    for (uint64_t bit = UINT64_C(1) << 63; bit; bit >>= 1) {
        for (int i = 0; i < n; i++)
            counts[0][i] = count_less(sorted->keys, sorted->stride, sorted->n,
                                      boundaries[i].key | bit);
        TROUPE_TRY(add_up(run, counts[0], counts[1], n));
        for (int i = 0; i < n; i++)
            if (counts[1][i] <= boundaries[i].wanted)
                boundaries[i].key |= bit;
    }
    return TROUPE_OK;
}

static troupe_status cut(struct kernel_run *run,
                         const struct sorted *sorted,
                         const struct boundary *boundaries,
                         int n,
                         int64_t *counts[2],
                         int64_t *at)
{
    for (int i = 0; i < n; i++)
        at[i] = count_less(sorted->keys, sorted->stride, sorted->n, boundaries[i].key);
    TROUPE_TRY(add_up(run, at, counts[0], n)); /* less, of all members */
    for (int i = 0; i < n; i++) {
        int64_t end = boundaries[i].key == UINT64_MAX
                          ? sorted->n
                          : count_less(sorted->keys, sorted->stride, sorted->n,
                                       boundaries[i].key + 1);

        counts[0][i] = boundaries[i].wanted - counts[0][i]; /* equal ones to take */
        at[n + i] = end - at[i];
    }
    TROUPE_TRY(add_up_before(run, at + n, counts[1], n));
    for (int i = 0; i < n; i++) {
        int64_t take = counts[0][i] - counts[1][i];

        at[i] += take < 0 ? 0 : take < at[n + i] ? take : at[n + i];
    }
    return TROUPE_OK;
}

troupe_status kernel_split(struct kernel_run *run,
                           const struct array *array,
                           const uint64_t *keys,
                           size_t stride,
                           int64_t *at)
{
    const struct sorted sorted = {keys, stride, array_mine_length(array)};
    int n = array->n_members - 1;
    troupe_status status = TROUPE_OK;

    if (n > 0) {
        struct boundary *boundaries =
            kernel_need(run, (size_t)n * sizeof(struct boundary));
        int64_t *room = kernel_need(run, 4 * (size_t)n * sizeof(int64_t));
        int64_t *counts[2] = {room, room + n};

        for (int i = 0; i < n; i++)
            boundaries[i].wanted = array_member_first(array, i + 1);
        status = find_keys(run, &sorted, boundaries, n, counts);
        if (status == TROUPE_OK)
            status = cut(run, &sorted, boundaries, n, counts, room + 2 * n);
        memcpy(at + 1, room + 2 * n, (size_t)n * sizeof *at);
        kernel_give(room);
        kernel_give(boundaries);
    }
    at[0] = 0;
    at[n + 1] = sorted.n;
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
