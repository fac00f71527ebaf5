/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../../apps/wordcount/batch.c"
#include "../../../apps/wordcount/sort.c"
#include "../../../apps/wordcount/table.c"
#include "base/random.h"
#include "support/check_main.h"
#include <stdio.h>

enum { N_WORDS = 3000, N_STEPS = 60000, LONGEST = 300 };

/* A table that is too simple to be wrong. */
struct entry {
    unsigned char text[LONGEST + WORD_SLACK];
    size_t length;
    uint64_t count;
};

static int by_count_then_text(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    int order = memcmp(a->text, b->text, a->length < b->length ? a->length : b->length);
    return order ? order : a->length < b->length ? -1 : a->length > b->length;
}

/* Words that begin alike, of lengths around those where something changes. */
static struct entry *make_words(struct base_random *random)
{
    static const size_t lengths[] = {1,  2,  4,  7,   8,   9,   12,
                                     16, 17, 30, 254, 255, 256, 300};
    struct entry *entries = calloc(N_WORDS, sizeof *entries);
    ck_assert_ptr_nonnull(entries);
    for (uint32_t i = 0; i < N_WORDS; i++) {
        struct entry *entry = &entries[i];
        entry->length = lengths[base_random_below(random, 14)];
        memset(entry->text, 'a' + (int)base_random_below(random, 2), entry->length);
        /* The number at the end tells them apart, where it fits. */
        for (size_t k = 0; k < 3 && k < entry->length; k++)
            entry->text[entry->length - 1 - k] =
                (unsigned char)(0x30 + (i >> 4 * k & 15) * (k == 1 ? 13 : 1));
    }
    return entries;
}

static void
add(struct table *table, struct entry *entries, size_t number, uint64_t count)
{
    struct entry *entry = &entries[number];
    uint64_t hash = word_hash(entry->text, entry->length);
    ck_assert(table_add(table, entry->text, entry->length, hash, count));
    /* Short ones may be equal: the first of them counts. */
    for (size_t i = 0; i <= number; i++) {
        if (entries[i].length == entry->length &&
            memcmp(entries[i].text, entry->text, entry->length) == 0) {
            entries[i].count += count;
            return;
        }
    }
}

static bool is_entry(const struct word *word, const struct entry *entry)
{
    return word->count == entry->count && word->length == entry->length &&
           memcmp(word->text, entry->text, entry->length) == 0;
}

enum { N_COUNTS = 8, N_NARROW_COUNTS = 7 };

static void fill(struct table *table,
                 struct entry *entries,
                 struct base_random *random,
                 uint32_t n_counts)
{
    /* Counts that need one byte, that fill 24 bits exactly, and that do not fit 32. */
    static const uint64_t counts[N_COUNTS] = {
        1, 1, 1, 2, 0xfffffe, 0xffffff, 0x1000000, 1ULL << 33};
    for (int i = 0; i < N_STEPS; i++) {
        size_t number = base_random_below(random, N_WORDS);
        uint64_t count = counts[base_random_below(random, number % 5 ? 3 : n_counts)];
        add(table, entries, number, count);
    }
}

static void no_pause(void *context)
{
    (void)context;
}

START_TEST(sorts_what_a_naive_table_counts)
{
    struct base_random random = {7};
    struct entry *entries = make_words(&random);
    struct table table;
    table_init(&table, SIZE_MAX, no_pause, NULL);
    fill(&table, entries, &random, N_COUNTS);
    qsort(entries, N_WORDS, sizeof *entries, by_count_then_text);

    ck_assert(table_sort(&table, SIZE_MAX));
    bool good = true;
    struct word word;
    for (size_t i = 0; i < table.n_words; i++) {
        table_sorted(&table, i, &word);
        good = good && is_entry(&word, &entries[i]);
    }
    ck_assert(good);
    ck_assert_uint_eq(entries[table.n_words].count, 0);
    ck_assert_uint_gt(table.n_words, N_WORDS / 2);
    table_fini(&table);
    free(entries);
}
END_TEST

static void check_first(uint32_t n_counts)
{
    struct base_random random = {8};
    struct entry *entries = make_words(&random);
    struct table table;
    table_init(&table, SIZE_MAX, no_pause, NULL);
    fill(&table, entries, &random, n_counts);
    qsort(entries, N_WORDS, sizeof *entries, by_count_then_text);
    ck_assert(table_sort(&table, 10));
    struct word word;
    for (size_t i = 0; i < 10; i++) {
        table_sorted(&table, i, &word);
        ck_assert(is_entry(&word, &entries[i]));
    }
    table_fini(&table);
    free(entries);
}

START_TEST(sorts_only_the_first)
{
    check_first(N_NARROW_COUNTS);
    check_first(N_COUNTS);
}
END_TEST

/* The least and the most that need one number of 32 bits, and two. */
START_TEST(sorts_counts_about_32_bits)
{
    static const uint64_t counts[] = {1, UINT32_MAX, (uint64_t)UINT32_MAX + 1};
    for (size_t n = 2; n <= 3; n++) {
        struct table table;
        table_init(&table, SIZE_MAX, no_pause, NULL);
        unsigned char text[1 + WORD_SLACK] = "a";
        for (size_t i = 0; i < n; i++, text[0]++)
            ck_assert(table_add(&table, text, 1, word_hash(text, 1), counts[i]));
        ck_assert(table_sort(&table, SIZE_MAX));
        for (size_t i = 0; i < n; i++) {
            struct word word;
            table_sorted(&table, i, &word);
            ck_assert_uint_eq(word.count, counts[n - 1 - i]);
        }
        table_fini(&table);
    }
}
END_TEST

/* A word longer than the stack may be deep, twice: sorting looks at all of it. */
START_TEST(sorts_long_words_that_begin_alike)
{
    size_t n = 1 << 20;
    unsigned char *text = calloc(1, n + WORD_SLACK);
    ck_assert_ptr_nonnull(text);
    memset(text, 'x', n);
    struct table table;
    table_init(&table, SIZE_MAX, no_pause, NULL);
    ck_assert(table_add(&table, text, n, word_hash(text, n), 1));
    ck_assert(table_add(&table, text, n - 1, word_hash(text, n - 1), 1));
    text[n - 1] = 'w';
    ck_assert(table_add(&table, text, n, word_hash(text, n), 1));
    ck_assert(table_sort(&table, SIZE_MAX));
    size_t lengths[3];
    struct word word;
    for (size_t i = 0; i < 3; i++) {
        table_sorted(&table, i, &word);
        lengths[i] = word.length;
    }
    ck_assert_uint_eq(lengths[0], n - 1);
    ck_assert_uint_eq(lengths[1], n);
    ck_assert_uint_eq(word.text[n - 1], 'x');
    table_fini(&table);
    free(text);
}
END_TEST

START_TEST(stays_below_its_limit)
{
    struct table table;
    size_t limit = 1 << 20;
    table_init(&table, limit, no_pause, NULL);
    unsigned char text[32 + WORD_SLACK] = "a_word_of_32_bytes_number_";
    uint32_t n = 0;
    for (;; n++) {
        memcpy(text + 26, &n, sizeof n);
        if (!table_add(&table, text, 32, word_hash(text, 32), 1))
            break;
    }
    ck_assert_uint_eq(table.n_words, n);
    ck_assert_uint_le(table.end + table.n_slots * sizeof *table.slots, limit);
    ck_assert_uint_gt(n, limit / (32 + 4 + 8) * 8 / 10);

    /* The refused one has left no trace, and the others still count. */
    uint32_t one = 1;
    memcpy(text + 26, &one, sizeof one);
    ck_assert(table_add(&table, text, 32, word_hash(text, 32), 5));
    size_t position = 0, n_seen = 0;
    uint64_t total = 0;
    struct word word;
    while (table_next(&table, &position, &word)) {
        n_seen++;
        total += word.count;
    }
    ck_assert_uint_eq(n_seen, n);
    ck_assert_uint_eq(total, n + 5);

    table_clear(&table);
    position = 0;
    ck_assert(!table_next(&table, &position, &word));
    ck_assert(table_add(&table, text, 32, word_hash(text, 32), 1));
    ck_assert_uint_eq(table.n_words, 1);
    table_fini(&table);
}
END_TEST

START_TEST(batches_come_back_as_they_were)
{
    struct base_random random = {9};
    struct entry *entries = make_words(&random);
    struct batch batch = {0};
    for (size_t i = 0; i < N_WORDS; i++) {
        entries[i].count = base_random_next(&random) >> base_random_below(&random, 64);
        struct word word = {entries[i].text, entries[i].length, entries[i].count};
        ck_assert(batch_append(&batch, &word));
    }
    batch_seal(&batch);
    size_t position = 0, n = 0;
    bool good = true;
    struct word word;
    while (batch_next(batch.bytes, batch.n_bytes, &position, &word))
        good = good && n < N_WORDS && is_entry(&word, &entries[n++]);
    ck_assert(good);
    ck_assert_uint_eq(n, N_WORDS);
    /* What is cut off anywhere ends early, and within its bounds (sanitizers look on).
     */
    for (size_t length = 0; length < 600; length++) {
        unsigned char *cut = malloc(length + 1);
        ck_assert_ptr_nonnull(cut);
        memcpy(cut, batch.bytes, length);
        position = 0;
        while (batch_next(cut, length, &position, &word))
            good = good && word.text + word.length + WORD_SLACK <= cut + length;
        free(cut);
    }
    ck_assert(good);
    batch_fini(&batch);
    free(entries);
}
END_TEST

START_TEST(hash_spreads_words_over_owners)
{
    enum { N_OWNERS = 7, N_KEYS = 70000 };
    uint32_t counts[N_OWNERS] = {0};
    for (uint32_t i = 0; i < N_KEYS; i++) {
        unsigned char text[16 + WORD_SLACK] = {0};
        int length = snprintf((char *)text, sizeof text, "x%u", i);
        counts[word_owner(word_hash(text, (size_t)length), N_OWNERS)]++;
    }
    for (size_t i = 0; i < N_OWNERS; i++) {
        ck_assert_uint_gt(counts[i], N_KEYS / N_OWNERS * 95 / 100);
        ck_assert_uint_lt(counts[i], N_KEYS / N_OWNERS * 105 / 100);
    }
}
END_TEST

CHECK_MAIN("wordcount table",
           sorts_what_a_naive_table_counts,
           sorts_only_the_first,
           sorts_counts_about_32_bits,
           sorts_long_words_that_begin_alike,
           stays_below_its_limit,
           batches_come_back_as_they_were,
           hash_spreads_words_over_owners)
