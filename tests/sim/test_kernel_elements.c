/* seeds: 3 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/compiler.h"
#include "support/check_main.h"
#include "support/cuts.h"
#include "support/scene.h"
#include "test_kernel_numbers.h"
#include <string.h>

/* Sorts, places, extremes, sums and histograms of every element that is a number, on
 * uneven parts, against plain loops. */

enum { N_RANKS = 3, LENGTH = 5000, BLOCK = 112, N_BINS = 7, N_PLACES = N_BINS + 3 };

static struct {
    int n_done;
} seen;

/* The element at place i, in the first bytes of the result; no NaN. */
static uint64_t bits_at(enum troupe_element element, int64_t i)
{
    uint64_t bits = (uint64_t)(i + 1) * UINT64_C(0x9e3779b97f4a7c15), result = 0;
    double real = (double)(int64_t)bits;
    float narrow = (float)real;

    bits ^= bits >> 29;
    if (element == TROUPE_DOUBLE)
        memcpy(&result, &real, sizeof real);
    else if (element == TROUPE_FLOAT)
        memcpy(&result, &narrow, sizeof narrow);
    else
        memcpy(&result, &bits, troupe_element_bytes(element));
    return result;
}

static int compare_reals(const void *a, const void *b)
{
    return compare(REAL, *(const troupe_number *)a, *(const troupe_number *)b);
}

static int compare_signed(const void *a, const void *b)
{
    return compare(SIGNED, *(const troupe_number *)a, *(const troupe_number *)b);
}

static int compare_unsigned(const void *a, const void *b)
{
    return compare(UNSIGNED, *(const troupe_number *)a, *(const troupe_number *)b);
}

static double double_of(enum family family, troupe_number number)
{
    return family == REAL     ? number.real
           : family == SIGNED ? (double)number.integer
                              : (double)number.natural;
}

/* What is expected of one element. */
struct expected {
    enum troupe_element element;
    enum family family;
    troupe_number in_order[LENGTH];
    int64_t least, greatest; /* their lowest places */
};

static void expect_all_of(struct expected *expected, enum troupe_element element)
{
    static int (*const compares[])(const void *, const void *) = {
        compare_reals, compare_signed, compare_unsigned};
    troupe_number *numbers = expected->in_order;

    expected->element = element;
    expected->family = family_of(element);
    expected->least = expected->greatest = 0;
    for (int64_t i = 0; i < LENGTH; i++) {
        numbers[i] = number_of(element, bits_at(element, i));
        if (compare(expected->family, numbers[i], numbers[expected->least]) < 0)
            expected->least = i;
        if (compare(expected->family, numbers[i], numbers[expected->greatest]) > 0)
            expected->greatest = i;
    }
    qsort(numbers, LENGTH, sizeof *numbers, compares[expected->family]);
}

static void expect_number(const struct expected *expected,
                          const char *what,
                          troupe_number number,
                          troupe_number wanted)
{
    if (memcmp(&number, &wanted, sizeof wanted) != 0)
        scene_fail(__FILE__, __LINE__, "%s of %s: %llx, not %llx", what,
                   troupe_element_name(expected->element),
                   (unsigned long long)number.natural,
                   (unsigned long long)wanted.natural);
}

static void
pick_out(troupe_actor *self, const struct expected *expected, troupe_array x)
{
    troupe_extreme least, greatest;
    troupe_number number;

    EXPECT_OK(troupe_min(self, x, TROUPE_TREE, &least));
    EXPECT_OK(troupe_max(self, x, TROUPE_TREE, &greatest));
    EXPECT_INT(least.index, expected->least);
    EXPECT_INT(greatest.index, expected->greatest);
    expect_number(expected, "the least",
                  (troupe_number){.natural = least.value.natural},
                  expected->in_order[0]);
    expect_number(expected, "the greatest",
                  (troupe_number){.natural = greatest.value.natural},
                  expected->in_order[LENGTH - 1]);
    for (int64_t k = 0; k < LENGTH; k += 1249) {
        EXPECT_OK(troupe_kth(self, x, k, TROUPE_TREE, &number));
        expect_number(expected, "one in the middle", number, expected->in_order[k]);
    }
}

static void add_up(troupe_actor *self, const struct expected *expected, troupe_array x)
{
    uint64_t sum = 0;
    int64_t result;

    /* Sums of 64 bits do not fit: test_kernel_overflow.c. */
    if (expected->family == REAL || troupe_element_bytes(expected->element) == 8)
        return;
    for (int64_t i = 0; i < LENGTH; i++)
        sum += expected->in_order[i].natural;
    EXPECT_OK(troupe_sum_integers(self, x, TROUPE_TREE, &result));
    EXPECT(result == (int64_t)sum);
}

/* From a quarter to three quarters of the way between the least and the greatest. */
static void count(troupe_actor *self, const struct expected *expected, troupe_array x)
{
    double least = double_of(expected->family, expected->in_order[0]);
    double greatest = double_of(expected->family, expected->in_order[LENGTH - 1]);
    troupe_bins bins = {.low = least * 0.75 + greatest * 0.25,
                        .high = least * 0.25 + greatest * 0.75,
                        .n_bins = N_BINS};
    uint64_t counts[N_PLACES], wanted[N_PLACES] = {0};

    for (int64_t i = 0; i < LENGTH; i++) {
        double value = double_of(expected->family, expected->in_order[i]);
        int64_t bin = value < bins.low    ? N_BINS + TROUPE_BIN_BELOW
                      : value > bins.high ? N_BINS + TROUPE_BIN_ABOVE
                      : value == bins.high
                          ? N_BINS - 1
                          : (int64_t)((value - bins.low) *
                                      ((double)bins.n_bins / (bins.high - bins.low)));
        wanted[bin]++;
    }
    EXPECT_OK(troupe_histogram(self, x, bins, TROUPE_TREE, counts));
    EXPECT(memcmp(counts, wanted, sizeof wanted) == 0);
}

static void sort(troupe_actor *self, const struct expected *expected, troupe_array x)
{
    size_t n_bytes = troupe_element_bytes(expected->element);
    troupe_array_part part;

    EXPECT_OK(troupe_sort(self, x, NULL, TROUPE_TREE));
    part = troupe_array_mine(self, x);
    for (int64_t i = 0; i < part.n_elements; i++) {
        uint64_t bits = 0;

        memcpy(&bits, (char *)part.data + (size_t)i * n_bytes, n_bytes);
        expect_number(expected, "an element in order",
                      number_of(expected->element, bits),
                      expected->in_order[part.first + i]);
    }
}

static void
try_element(troupe_actor *self, enum troupe_element element, const int64_t *cuts)
{
    const troupe_array_options shape = {
        .element = element, .length = LENGTH, .block_length = BLOCK, .cuts = cuts};
    size_t n_bytes = troupe_element_bytes(element);
    struct expected *expected = malloc(sizeof *expected);
    troupe_array x;
    troupe_array_part part;

    EXPECT(expected != NULL);
    expect_all_of(expected, element);
    EXPECT_OK(troupe_array_create(self, troupe_rank_team(self), &shape, &x));
    part = troupe_array_mine(self, x);
    for (int64_t i = 0; i < part.n_elements; i++) {
        uint64_t bits = bits_at(element, part.first + i);

        memcpy((char *)part.data + (size_t)i * n_bytes, &bits, n_bytes);
    }
    pick_out(self, expected, x);
    add_up(self, expected, x);
    count(self, expected, x);
    sort(self, expected, x);
    troupe_array_destroy(self, &x);
    free(expected);
}

static troupe_status body(troupe_actor *self)
{
    enum { N_BLOCKS = (LENGTH + BLOCK - 1) / BLOCK };
    struct base_random random = {.state = 7};
    int64_t cuts[N_RANKS + 1];

    for (int element = 0; element < TROUPE_N_ELEMENTS; element++) {
        cuts_draw(&random, N_RANKS, N_BLOCKS, cuts);
        if (element != TROUPE_BYTES)
            try_element(self, (enum troupe_element)element, cuts);
    }
    seen.n_done++;
    return TROUPE_OK;
}
TROUPE_PROCESS(trying, body);

static void check_all_done(void)
{
    EXPECT_INT(seen.n_done, N_RANKS);
}

START_TEST(every_element)
{
    scene_play(&(struct scene){.main = &trying,
                               .n_ranks = N_RANKS,
                               .seen = &seen,
                               .seen_bytes = sizeof seen,
                               .check = check_all_done});
}
END_TEST

CHECK_MAIN("kernel elements", every_element)
