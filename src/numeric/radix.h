/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A stable radix sort of items of one type; no include guard, for sort.c includes it
 * once a type, with RADIX_NAME, RADIX_ITEM and RADIX_KEY(item) set.
 *
 * A pass moves all items by a digit of up to 11 bits, from one array to the other; two
 * passes are one step, so that items end where they began. Digits are of the distance
 * to the least key. Most often few keys are equal in somewhat more high bits than tell
 * n keys apart: then one step by these and an insertion sort do. Where that turns out
 * to be a lot of work all bits are taken, least significant first.
 */
#define RADIX_JOIN_(a, b) a##b
#define RADIX_JOIN(a, b)  RADIX_JOIN_(a, b)
#define RADIX_LOOK        RADIX_JOIN(RADIX_NAME, _look)
#define RADIX_MOVE        RADIX_JOIN(RADIX_NAME, _move)
#define RADIX_STEP        RADIX_JOIN(RADIX_NAME, _step)
#define RADIX_INSERT      RADIX_JOIN(RADIX_NAME, _insert)

/* The least key, and how far the greatest is from it. False: they are in order. */
static bool
RADIX_LOOK(const RADIX_ITEM *items, int64_t n, uint64_t *least, uint64_t *distance)
{
    uint64_t low = UINT64_MAX, high = 0, last = 0;
    bool is_sorted = true;

    for (int64_t i = 0; i < n; i++) {
        uint64_t key = RADIX_KEY(items[i]);

        is_sorted &= last <= key;
        last = key;
        low = key < low ? key : low;
        high = key > high ? key : high;
    }
    *least = low;
    *distance = high - low;
    return !is_sorted;
}

static void RADIX_MOVE(const RADIX_ITEM *from,
                       RADIX_ITEM *to,
                       int64_t n,
                       struct digit digit,
                       uint32_t *counts)
{
    digit_places(digit, counts);
    for (int64_t i = 0; i < n; i++)
        to[counts[digit_of(digit, RADIX_KEY(from[i]))]++] = from[i];
}

/* By n_bits <= 2 * DIGIT_BITS from `shift` on. */
static void RADIX_STEP(RADIX_ITEM *items,
                       RADIX_ITEM *scratch,
                       int64_t n,
                       uint64_t least,
                       int shift,
                       int n_bits)
{
    const struct digit low = {least, shift, n_bits / 2};
    const struct digit high = {least, shift + n_bits / 2, n_bits - n_bits / 2};
    uint32_t counts[2][N_DIGITS];

    memset(counts[0], 0, sizeof *counts[0] << low.n_bits);
    memset(counts[1], 0, sizeof *counts[1] << high.n_bits);
    for (int64_t i = 0; i < n; i++) {
        uint64_t key = RADIX_KEY(items[i]);

        counts[0][digit_of(low, key)]++;
        counts[1][digit_of(high, key)]++;
    }
    RADIX_MOVE(items, scratch, n, low, counts[0]);
    RADIX_MOVE(scratch, items, n, high, counts[1]);
}

/* False: it was given up, after as many steps aside as `n_steps`. */
static bool RADIX_INSERT(RADIX_ITEM *items, int64_t n, int64_t n_steps)
{
    for (int64_t i = 1; i < n; i++) {
        RADIX_ITEM item = items[i];
        int64_t place = i;

        for (; place > 0 && RADIX_KEY(items[place - 1]) > RADIX_KEY(item); place--)
            items[place] = items[place - 1];
        items[place] = item;
        n_steps -= i - place;
        if (n_steps < 0)
            return false;
    }
    return true;
}

static void RADIX_NAME(void *items, void *scratch, int64_t n)
{
    uint64_t least, distance;
    int n_bits, n_enough = enough_bits(n);

    if (!RADIX_LOOK(items, n, &least, &distance))
        return;
    if (n <= FEW_ITEMS && RADIX_INSERT(items, n, (int64_t)FEW_ITEMS * FEW_ITEMS))
        return;
    n_bits = 64 - __builtin_clzll(distance);
    if (n_bits > n_enough) {
        RADIX_STEP(items, scratch, n, least, n_bits - n_enough, n_enough);
        if (RADIX_INSERT(items, n, n))
            return;
    }
    for (int shift = 0; shift < n_bits; shift += 2 * DIGIT_BITS) {
        int n_left = n_bits - shift;

        RADIX_STEP(items, scratch, n, least, shift,
                   n_left < 2 * DIGIT_BITS ? n_left : 2 * DIGIT_BITS);
    }
}

#undef RADIX_JOIN_
#undef RADIX_JOIN
#undef RADIX_LOOK
#undef RADIX_MOVE
#undef RADIX_STEP
#undef RADIX_INSERT
#undef RADIX_NAME
#undef RADIX_ITEM
#undef RADIX_KEY
