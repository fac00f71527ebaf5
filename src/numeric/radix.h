/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A stable radix sort of items of one type; no include guard, for sort.c includes it
 * once a type, with RADIX_NAME, RADIX_ITEM, RADIX_KEY(item) and RADIX_BYTES (of a key)
 * set. All bytes are counted in one pass. Each further pass moves by one byte, from one
 * array to the other; bytes that are the same in all keys are left out.
 */
#define RADIX_JOIN_(a, b) a##b
#define RADIX_JOIN(a, b)  RADIX_JOIN_(a, b)
#define RADIX_COUNT       RADIX_JOIN(RADIX_NAME, _count)
#define RADIX_MOVE        RADIX_JOIN(RADIX_NAME, _move)

/* False when the keys are in order already. */
static bool
RADIX_COUNT(const RADIX_ITEM *items, int64_t n, int64_t counts[][RADIX_SIZE])
{
    bool is_sorted = true;

    for (int64_t i = 0; i < n; i++) {
        uint64_t key = RADIX_KEY(items[i]);
        is_sorted = is_sorted && (i == 0 || RADIX_KEY(items[i - 1]) <= key);
        for (int byte = 0; byte < RADIX_BYTES; byte++)
            counts[byte][key >> 8 * byte & 255]++;
    }
    return !is_sorted;
}

static void RADIX_MOVE(
    const RADIX_ITEM *from, RADIX_ITEM *to, int64_t n, int byte, const int64_t *counts)
{
    RADIX_ITEM *next[RADIX_SIZE];

    for (int digit = 0; digit < RADIX_SIZE; digit++) {
        next[digit] = to;
        to += counts[digit];
    }
    for (int64_t i = 0; i < n; i++)
        *next[RADIX_KEY(from[i]) >> 8 * byte & 255]++ = from[i];
}

static void RADIX_NAME(void *items, void *scratch, int64_t n)
{
    int64_t counts[RADIX_BYTES][RADIX_SIZE] = {{0}};
    RADIX_ITEM *from = items, *to = scratch;

    if (n < 2 || !RADIX_COUNT(items, n, counts))
        return;
    for (int byte = 0; byte < RADIX_BYTES; byte++) {
        if (counts[byte][RADIX_KEY(from[0]) >> 8 * byte & 255] == n)
            continue;
        RADIX_MOVE(from, to, n, byte, counts[byte]);
        RADIX_ITEM *kept = from;
        from = to;
        to = kept;
    }
    if (from != items)
        memcpy(items, from, (size_t)n * sizeof(RADIX_ITEM));
}

#undef RADIX_JOIN_
#undef RADIX_JOIN
#undef RADIX_COUNT
#undef RADIX_MOVE
#undef RADIX_NAME
#undef RADIX_ITEM
#undef RADIX_KEY
#undef RADIX_BYTES
