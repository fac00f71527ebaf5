/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/require.h"
#include "numeric/sort.h"

/*
 * Two neighbours to one. The choice is computed, not branched on: with random keys
 * every second branch would be guessed wrong.
 */
#define MERGE_TWO(name, item, key_of)                                                  \
    static void name(const item *left, int64_t n_left, const item *right,              \
                     int64_t n_right, item *to)                                        \
    {                                                                                  \
        const item *left_end = left + n_left, *right_end = right + n_right;            \
        while (left < left_end && right < right_end) {                                 \
            bool is_right = key_of(*right) < key_of(*left);                            \
            const item *from = is_right ? right : left;                                \
            *to++ = *from;                                                             \
            right += is_right;                                                         \
            left += !is_right;                                                         \
        }                                                                              \
        memcpy(to, left, (size_t)(left_end - left) * sizeof(item));                    \
        to += left_end - left;                                                         \
        memcpy(to, right, (size_t)(right_end - right) * sizeof(item));                 \
    }

/* One round: runs 0 and 1 become run 0, 2 and 3 become run 1; an odd one is copied. */
#define MERGE_ROUND(name, merge_two, item)                                             \
    static int name(const item *from, item *to, int64_t *ends, int n_runs)             \
    {                                                                                  \
        int64_t begin = 0;                                                             \
        for (int run = 0; run < n_runs; run += 2) {                                    \
            int64_t middle = ends[run],                                                \
                    end = run + 1 < n_runs ? ends[run + 1] : middle;                   \
            base_assert(begin <= middle && middle <= end);                             \
            merge_two(from + begin, middle - begin, from + middle, end - middle,       \
                      to + begin);                                                     \
            begin = end;                                                               \
            ends[run / 2] = end;                                                       \
        }                                                                              \
        return (n_runs + 1) / 2;                                                       \
    }

#define MERGE_ALL(name, merge_round, item)                                             \
    item *name(item *items, item *scratch, int64_t *ends, int n_runs)                  \
    {                                                                                  \
        while (n_runs > 1) {                                                           \
            n_runs = merge_round(items, scratch, ends, n_runs);                        \
            item *kept = items;                                                        \
            items = scratch;                                                           \
            scratch = kept;                                                            \
        }                                                                              \
        return items;                                                                  \
    }

#define KEY_OF_KEYED(item) ((item).key)
MERGE_TWO(merge_two_keyed, struct numeric_keyed, KEY_OF_KEYED)
MERGE_ROUND(merge_round_keyed, merge_two_keyed, struct numeric_keyed)
MERGE_ALL(numeric_merge_keyed, merge_round_keyed, struct numeric_keyed)

#define KEY_OF_KEY(item) (item)
MERGE_TWO(merge_two_keys, uint64_t, KEY_OF_KEY)
MERGE_ROUND(merge_round_keys, merge_two_keys, uint64_t)
MERGE_ALL(numeric_merge_keys, merge_round_keys, uint64_t)
