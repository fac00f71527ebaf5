/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Sorting the words of a table. A word's key is its count, complemented so that large
 * comes first, and its text, taken as a string of numbers of 32 bits. Quicksort in
 * three parts on one number at a time: no byte that a part's words have in common is
 * looked at twice, and the number stands beside the word's place, so that few records
 * are touched.
 */

#include "table.h"
#include <stdlib.h>

#define COUNT_PARTS 2 /* numbers of the key that the count makes up */

struct range {
    size_t from, to;
    size_t depth; /* words in it agree in the numbers before this one */
};

static uint32_t key_of(uint64_t entry)
{
    return (uint32_t)(entry >> 32);
}

static uint32_t text_part(const struct word *word, size_t from)
{
    unsigned char bytes[4] = {0};
    size_t left = from < word->length ? word->length - from : 0;
    memcpy(bytes, word->text + word->length - left, left < 4 ? left : 4);
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
           (uint32_t)bytes[2] << 8 | bytes[3];
}

/*
 * Number `depth` of a word's key. Zeros follow the text; as no word has a zero in it, a
 * shorter word stands before a longer one that begins with it.
 */
static uint32_t key_part(const struct word *word, size_t depth)
{
    if (depth < COUNT_PARTS)
        return (uint32_t)(~word->count >> (depth == 0 ? 32 : 0));
    return text_part(word, (depth - COUNT_PARTS) * 4);
}

static void load_keys(struct table *table, const struct range *range)
{
    struct word word;
    for (size_t i = range->from; i < range->to; i++) {
        table_sorted(table, i, &word);
        table->sorted[i] =
            (uint64_t)key_part(&word, range->depth) << 32 | (uint32_t)table->sorted[i];
        table_rest(table, 1);
    }
}

static uint32_t middle_of_three(uint32_t a, uint32_t b, uint32_t c)
{
    if (a > b)
        return b > c ? b : a > c ? c : a;
    return a > c ? a : b > c ? c : b;
}

static void swap_entries(uint64_t *a, uint64_t *b)
{
    uint64_t kept = *a;
    *a = *b;
    *b = kept;
}

/* Parts a range into what is below, at and above one of its keys. */
static void divide(uint64_t *sorted,
                   const struct range *range,
                   struct range *below,
                   struct range *equal,
                   struct range *above)
{
    size_t low = range->from, high = range->to;
    size_t step = (range->to - range->from) / 4;
    uint32_t pivot =
        middle_of_three(key_of(sorted[low + step]), key_of(sorted[low + 2 * step]),
                        key_of(sorted[high - 1 - step]));
    for (size_t at = low; at < high;) {
        uint32_t key = key_of(sorted[at]);
        if (key < pivot)
            swap_entries(&sorted[low++], &sorted[at++]);
        else if (key > pivot)
            swap_entries(&sorted[at], &sorted[--high]);
        else
            at++;
    }
    *below = (struct range){range->from, low, range->depth};
    *equal = (struct range){low, high, range->depth + 1};
    *above = (struct range){high, range->to, range->depth};
}

static size_t range_length(const struct range *range)
{
    return range->to - range->from;
}

static void swap_ranges(struct range *a, struct range *b)
{
    struct range kept = *a;
    *a = *b;
    *b = kept;
}

/*
 * Recurses into the smaller parts only: the stack stays low, however long words are. It
 * comes to an end because no two words are equal.
 */
static void sort_range(struct table *table, struct range range, size_t n_wanted)
{
    struct range below, above, equal;
    while (range_length(&range) > 1 && range.from < n_wanted) {
        table_rest(table, range_length(&range));
        divide(table->sorted, &range, &below, &equal, &above);
        if (range_length(&equal) > 1 && equal.from < n_wanted)
            load_keys(table, &equal);
        range = equal;
        if (range_length(&below) > range_length(&range))
            swap_ranges(&range, &below);
        if (range_length(&above) > range_length(&range))
            swap_ranges(&range, &above);
        sort_range(table, below, n_wanted);
        sort_range(table, above, n_wanted);
    }
}

bool table_sort(struct table *table, size_t n_wanted)
{
    /* The slots find nothing any more; the order takes their memory. */
    free(table->slots);
    table->slots = NULL;
    table->n_slots = 0;
    table->sorted = malloc((table->n_words + 1) * sizeof *table->sorted);
    if (!table->sorted)
        return false;
    size_t n = 0, position = 0;
    uint64_t any_count = 0;
    struct word word;
    while (table_next(table, &position, &word)) {
        table->sorted[n++] = (uint64_t)key_part(&word, 1) << 32 | position;
        any_count |= word.count;
        table_rest(table, 1);
    }
    /* Counts of more than 32 bits are rare; without one no number before this differs.
     */
    struct range all = {0, n, any_count > UINT32_MAX ? 0 : 1};
    if (all.depth == 0)
        load_keys(table, &all);
    sort_range(table, all, n_wanted);
    return true;
}
