/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Merging two sorted runs of items of one type; no include guard, for sort.c includes
 * it once a type, with MERGE_NAME, MERGE_ITEM and MERGE_KEY(item) set.
 *
 * Any piece of what comes of it can be made by itself: where the piece begins in the
 * two runs is found by halving (merge path: Odeh, Green et al., "Merge Path", IPDPSW
 * 2012). Choices are computed, not branched on: with random keys every second branch
 * would be guessed wrong. What waits then is one chain of loads, so a piece is merged
 * from both of its ends at once, which are two.
 */
#define MERGE_JOIN_(a, b) a##b
#define MERGE_JOIN(a, b)  MERGE_JOIN_(a, b)
#define MERGE_SPLIT       MERGE_JOIN(MERGE_NAME, _split)
#define MERGE_FORWARD     MERGE_JOIN(MERGE_NAME, _forward)
#define MERGE_WHOLE       MERGE_JOIN(MERGE_NAME, _whole)
#define MERGE_IS_SORTED   MERGE_JOIN(MERGE_NAME, _is_sorted_at)

/* How many of the first `place` items come from the left run. */
static int64_t MERGE_SPLIT(const struct numeric_pair *pair, int64_t place)
{
    const MERGE_ITEM *left = pair->left, *right = pair->right;
    int64_t low = place > pair->n_right ? place - pair->n_right : 0;
    int64_t high = place < pair->n_left ? place : pair->n_left;

    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        bool is_before =
            MERGE_KEY(left[middle]) <= MERGE_KEY(right[place - middle - 1]);

        low = is_before ? middle + 1 : low;
        high = is_before ? high : middle;
    }
    return low;
}

static void MERGE_FORWARD(const MERGE_ITEM *left,
                          const MERGE_ITEM *left_end,
                          const MERGE_ITEM *right,
                          const MERGE_ITEM *right_end,
                          MERGE_ITEM *to)
{
    while (left < left_end && right < right_end) {
        bool is_right = MERGE_KEY(*right) < MERGE_KEY(*left);

        *to++ = is_right ? *right : *left;
        right += is_right;
        left += !is_right;
    }
    memcpy(to, left, (size_t)(left_end - left) * sizeof *to);
    to += left_end - left;
    memcpy(to, right, (size_t)(right_end - right) * sizeof *to);
}

/* Half as many steps as the shorter run has items cannot pass its end from either side.
 */
static void MERGE_WHOLE(const MERGE_ITEM *left,
                        const MERGE_ITEM *left_end,
                        const MERGE_ITEM *right,
                        const MERGE_ITEM *right_end,
                        MERGE_ITEM *to)
{
    enum { FEW = 8 };
    MERGE_ITEM *to_end = to + (left_end - left) + (right_end - right);

    for (;;) {
        int64_t n_left = left_end - left, n_right = right_end - right;
        int64_t n_steps = (n_left < n_right ? n_left : n_right) / 2;

        if (n_steps < FEW)
            break;
        for (int64_t i = 0; i < n_steps; i++) {
            bool is_right = MERGE_KEY(*right) < MERGE_KEY(*left);
            bool is_left = MERGE_KEY(right_end[-1]) < MERGE_KEY(left_end[-1]);

            *to++ = is_right ? *right : *left;
            right += is_right;
            left += !is_right;
            *--to_end = is_left ? left_end[-1] : right_end[-1];
            left_end -= is_left;
            right_end -= !is_left;
        }
    }
    MERGE_FORWARD(left, left_end, right, right_end, to);
}

static void
MERGE_NAME(const struct numeric_pair *pair, int64_t begin, int64_t end, void *to)
{
    const MERGE_ITEM *left = pair->left, *right = pair->right;
    int64_t at = MERGE_SPLIT(pair, begin), at_end = MERGE_SPLIT(pair, end);

    MERGE_WHOLE(left + at, left + at_end, right + (begin - at), right + (end - at_end),
                to);
}

static bool MERGE_IS_SORTED(const void *items, int64_t place)
{
    const MERGE_ITEM *at = (const MERGE_ITEM *)items + place;

    return MERGE_KEY(at[-1]) <= MERGE_KEY(at[0]);
}

#undef MERGE_JOIN_
#undef MERGE_JOIN
#undef MERGE_SPLIT
#undef MERGE_FORWARD
#undef MERGE_WHOLE
#undef MERGE_IS_SORTED
#undef MERGE_NAME
#undef MERGE_ITEM
#undef MERGE_KEY
