/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../../apps/wordcount/reading.c"
#include "../../../apps/wordcount/scan.c"
#include "../../../apps/wordcount/units.c"
#include "base/random.h"
#include "support/check_main.h"
#include <stdio.h>

/* What was found: an order-free sum over words, so that pieces can be added up. */
struct sum {
    uint64_t n_words;
    uint64_t n_bytes;
    uint64_t sum;
    uint64_t n_long;
    uint64_t long_at; /* sum of the offsets */
    uint64_t n_unreadable;
};

static void add_word(struct sum *sum, const unsigned char *text, size_t length)
{
    uint64_t hash = 1469598103934665603ULL;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ text[i]) * 1099511628211ULL;
    sum->n_words++;
    sum->n_bytes += length;
    sum->sum += hash;
}

static bool is_plain_word(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '_' || c >= 0x80;
}

static struct sum naive(const unsigned char *text, size_t n)
{
    struct sum sum = {0};
    for (size_t i = 0; i < n;) {
        size_t begin = i;
        while (i < n && is_plain_word(text[i]))
            i++;
        if (i - begin > WORD_LIMIT) {
            sum.n_long++;
            sum.long_at += begin;
        } else if (i > begin) {
            add_word(&sum, text + begin, i - begin);
        }
        if (i == begin)
            i++;
    }
    return sum;
}

static troupe_status
found(void *context, const unsigned char *text, const struct extent *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        add_word(context, text + words[i].start, words[i].length);
    return TROUPE_OK;
}

static void go_on(void *context)
{
    (void)context;
}

static troupe_status
note(void *context, const struct piece *piece, const struct fault *fault)
{
    (void)piece;
    struct sum *sum = context;
    if (fault->kind == TROUBLE_LONG_WORD) {
        sum->n_long++;
        sum->long_at += fault->offset;
    } else {
        sum->n_unreadable++;
    }
    return TROUPE_OK;
}

static const struct reading_calls calls = {found, go_on, note};

/* Words and gaps of random lengths, mostly short. */
static void make_text(struct base_random *random, unsigned char *text, size_t n)
{
    static const char word_bytes[] = "azAZ09_mM5\x80\xff\xc3";
    static const char gap_bytes[] = " \n\t.,/@[`{-\x7f\x1f";
    for (size_t i = 0; i < n;) {
        uint32_t length = base_random_below(random, 12) == 0
                              ? base_random_below(random, 300)
                              : base_random_below(random, 12);
        bool word = base_random_below(random, 2) == 0;
        for (; length > 0 && i < n; length--)
            text[i++] =
                (unsigned char)(word ? word_bytes[base_random_below(random, 13)]
                                     : gap_bytes[base_random_below(random, 13)]);
    }
}

START_TEST(every_byte_is_classed_right)
{
    for (int c = 0; c < 256; c++)
        ck_assert(scan_is_word((unsigned char)c) == is_plain_word((unsigned char)c));
}
END_TEST

/* In steps of any size, with the buffer beginning anywhere. */
START_TEST(scan_agrees_with_a_naive_one)
{
    enum { N = 5000 };
    struct base_random random = {1};
    unsigned char *text = calloc(1, N + 2 * SCAN_BLOCK);
    ck_assert_ptr_nonnull(text);
    for (int i = 0; i < 200; i++) {
        size_t offset = base_random_below(&random, SCAN_BLOCK);
        size_t n = base_random_below(&random, N);
        make_text(&random, text + offset, n);
        text[offset + n] = ' '; /* so that the last one ends */
        struct sum expected = naive(text + offset, n);
        struct sum sum = {0};
        struct scan scan = {.text = text + offset};
        while (scan.end < n + 1) {
            scan.end += 1 + base_random_below(&random, 200);
            if (scan.end > n + 1)
                scan.end = n + 1;
            struct extent words[2 * SCAN_BLOCK_WORDS];
            while (scan.at < scan.end) {
                size_t n_words = scan_words(&scan, words, 2 * SCAN_BLOCK_WORDS);
                found(&sum, scan.text, words, n_words);
            }
        }
        ck_assert(!scan.inside);
        ck_assert(memcmp(&sum, &expected, sizeof sum) == 0);
    }
    free(text);
}
END_TEST

static char path[64];

static void write_file(const unsigned char *text, size_t n)
{
    snprintf(path, sizeof path, "/tmp/wordcount_reading_%ld", (long)getpid());
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(text, 1, n, file), n);
    ck_assert_int_eq(fclose(file), 0);
}

/* Reads the file in pieces of random sizes up to `largest`, or in one if that is 0. */
static struct sum in_pieces(struct base_random *random, size_t n, uint32_t largest)
{
    struct sum sum = {0};
    struct reading reading;
    reading_init(&reading);
    for (uint64_t begin = 0, end; begin < n; begin = end) {
        end = largest ? begin + 1 + base_random_below(random, largest) : n;
        if (end > n)
            end = n;
        struct piece piece = {.begin = begin, .end = end, .path = path};
        ck_assert_int_eq(reading_piece(&reading, &piece, &calls, &sum), TROUPE_OK);
    }
    ck_assert_uint_eq(reading.n_bytes, n);
    reading_fini(&reading);
    return sum;
}

static void check_pieces(const unsigned char *text, size_t n, uint32_t largest)
{
    struct base_random random = {n};
    write_file(text, n);
    struct sum expected = naive(text, n);
    struct sum sum = in_pieces(&random, n, largest);
    unlink(path);
    ck_assert_uint_eq(sum.n_words, expected.n_words);
    ck_assert_uint_eq(sum.n_long, expected.n_long);
    ck_assert(memcmp(&sum, &expected, sizeof sum) == 0);
}

START_TEST(cuts_make_no_difference)
{
    struct base_random random = {2};
    size_t n = 1500000;
    unsigned char *text = malloc(n);
    ck_assert_ptr_nonnull(text);
    make_text(&random, text, n);
    check_pieces(text, 997, 1);
    check_pieces(text, 20011, 10);
    check_pieces(text, 300007, 5000);
    check_pieces(text, n, 1000000);
    free(text);
}
END_TEST

/* Just short enough and just too long, over the ends of chunks and pieces. */
START_TEST(words_that_are_too_long_are_told_of_once)
{
    struct base_random random = {3};
    size_t n = 6 * (size_t)WORD_LIMIT;
    unsigned char *text = malloc(n);
    ck_assert_ptr_nonnull(text);
    for (size_t extra = 0; extra < 3; extra++) {
        make_text(&random, text, n);
        memset(text + 1000, 'a', WORD_LIMIT);
        text[999] = text[1000 + WORD_LIMIT] = ' ';
        memset(text + 2 * WORD_LIMIT, 'b', WORD_LIMIT + extra);
        text[2 * WORD_LIMIT - 1] = text[3 * WORD_LIMIT + extra] = '\n';
        memset(text + n - WORD_LIMIT - extra, 'c', WORD_LIMIT + extra); /* to the end */
        text[n - WORD_LIMIT - extra - 1] = ' ';
        ck_assert_uint_eq(naive(text, n).n_long, extra ? 2 : 0);
        check_pieces(text, n, 0);
        check_pieces(text, n, 3000000);
        check_pieces(text, n, 70000);
    }
    memset(text, 'd', n);
    check_pieces(text, n, 300000);
    free(text);
}
END_TEST

START_TEST(what_cannot_be_read_is_told_of)
{
    struct sum sum = {0};
    struct reading reading;
    reading_init(&reading);
    struct piece piece = {.begin = 0, .end = 100, .path = "/nowhere/to/be/found"};
    ck_assert_int_eq(reading_piece(&reading, &piece, &calls, &sum), TROUPE_OK);
    ck_assert_uint_eq(sum.n_unreadable, 1);
    piece.path = "/"; /* opens, and cannot be read */
    ck_assert_int_eq(reading_piece(&reading, &piece, &calls, &sum), TROUPE_OK);
    ck_assert_uint_eq(sum.n_unreadable, 2);
    /* Shorter than it was said to be; what is there counts. */
    write_file((const unsigned char *)"one two", 7);
    piece.path = path;
    ck_assert_int_eq(reading_piece(&reading, &piece, &calls, &sum), TROUPE_OK);
    unlink(path);
    ck_assert_uint_eq(sum.n_unreadable, 3);
    ck_assert_uint_eq(sum.n_words, 2);
    reading_fini(&reading);
}
END_TEST

/* Every byte of every file is in one piece, in order, and units stay within bounds. */
static void check_units(struct file_list *list, size_t n_readers)
{
    struct units units;
    units_init(&units, list, n_readers);
    unsigned char *bytes = malloc(UNIT_MESSAGE_BYTES);
    ck_assert_ptr_nonnull(bytes);
    size_t file = 0;
    uint64_t offset = 0, total = 0;
    bool good = true;
    for (uint32_t n_bytes, n_pieces;
         (n_pieces = units_next(&units, bytes, &n_bytes)) > 0;) {
        good = good && n_bytes <= UNIT_MESSAGE_BYTES;
        struct piece piece;
        size_t position = 0;
        uint64_t unit_bytes = 0;
        for (; units_next_piece(bytes, n_bytes, &position, &piece); n_pieces--) {
            while (list->files[file].n_bytes == 0)
                file++;
            good = good && piece.file == file && piece.begin == offset &&
                   piece.end > offset && piece.end <= list->files[file].n_bytes &&
                   strcmp(piece.path, list->files[file].path) == 0;
            unit_bytes += piece.end - piece.begin;
            offset = piece.end;
            if (offset == list->files[file].n_bytes) {
                file++;
                offset = 0;
            }
        }
        good = good && n_pieces == 0 && unit_bytes <= 4 << 20;
        total += unit_bytes;
        ck_assert(good);
    }
    ck_assert_uint_eq(total, list->n_bytes);
    free(bytes);
}

START_TEST(units_cover_all_files)
{
    struct base_random random = {4};
    enum { N_FILES = 3000 };
    struct file_list list = {.n_files = N_FILES};
    list.files = calloc(N_FILES, sizeof *list.files);
    ck_assert_ptr_nonnull(list.files);
    for (size_t i = 0; i < N_FILES; i++) {
        struct file *file = &list.files[i];
        file->path = calloc(1, 4096);
        ck_assert_ptr_nonnull(file->path);
        memset(file->path, 'p', 1 + base_random_below(&random, i % 100 ? 400 : 4090));
        file->n_bytes = base_random_next(&random) >> (i % 200 ? 52 : 36);
        list.n_bytes += file->n_bytes;
    }
    check_units(&list, 1);
    check_units(&list, 64);
    for (size_t i = 0; i < N_FILES; i++)
        free(list.files[i].path);
    free(list.files);
    struct file_list empty = {0};
    check_units(&empty, 3);
}
END_TEST

/* The bytes of each reader, all as fast as each other: whoever is first done with its
 * unit takes the next one. */
static void deal(uint64_t n_file_bytes, size_t n_readers, uint64_t *n_bytes_of)
{
    struct file file = {.path = path, .n_bytes = n_file_bytes};
    const struct file_list list = {
        .files = &file, .n_files = 1, .n_bytes = n_file_bytes};
    unsigned char bytes[UNIT_MESSAGE_BYTES];
    struct units units;
    uint32_t n_bytes;

    units_init(&units, &list, n_readers);
    while (units_next(&units, bytes, &n_bytes) > 0) {
        struct piece piece;
        size_t position = 0, first = 0;
        for (size_t i = 1; i < n_readers; i++)
            first = n_bytes_of[i] < n_bytes_of[first] ? i : first;
        while (units_next_piece(bytes, n_bytes, &position, &piece))
            n_bytes_of[first] += piece.end - piece.begin;
    }
}

/* Of one file all get about as much, as long as there is enough for all. */
START_TEST(one_file_is_shared_by_all)
{
    static const struct {
        uint64_t n_mebibytes;
        size_t n_readers;
    } cases[] = {{1024, 64}, {1024, 4}, {1024, 1}, {64, 64}, {10, 4}, {3, 2}};
    enum { MOST_READERS = 64 };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n = cases[i].n_readers;
        uint64_t n_bytes = cases[i].n_mebibytes << 20, total = 0;
        uint64_t n_bytes_of[MOST_READERS] = {0};
        deal(n_bytes, n, n_bytes_of);
        for (size_t k = 0; k < n; k++) {
            ck_assert_uint_gt(n_bytes_of[k], n_bytes / n * 3 / 4);
            ck_assert_uint_lt(n_bytes_of[k], n_bytes / n * 5 / 4 + 1);
            total += n_bytes_of[k];
        }
        ck_assert_uint_eq(total, n_bytes);
    }
}
END_TEST

CHECK_MAIN("wordcount reading",
           every_byte_is_classed_right,
           scan_agrees_with_a_naive_one,
           cuts_make_no_difference,
           words_that_are_too_long_are_told_of_once,
           what_cannot_be_read_is_told_of,
           units_cover_all_files,
           one_file_is_shared_by_all)
