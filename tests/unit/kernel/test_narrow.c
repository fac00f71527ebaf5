/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/compiler.h"
#include "base/random.h"
#include "kernel/narrow.h"
#include "support/check_main.h"
#include <string.h>

enum { MOST = 5000 };

static void fill(struct base_random *random, size_t width, size_t n, uint32_t *numbers)
{
    unsigned n_dropped = 32 - 8 * (unsigned)width;

    for (size_t i = 0; i < n; i++)
        numbers[i] = (uint32_t)(base_random_next(random) >> 32) >> n_dropped;
}

START_TEST(numbers_come_back_and_nothing_else_changes)
{
    static const size_t lengths[] = {0, 1, 3, 1023, 1024, 1025, 2048, 4999};
    static const size_t widths[] = {1, 2, 4};
    struct base_random random = {1};

    for (size_t k = 0; k < ARRAY_LENGTH(lengths) * ARRAY_LENGTH(widths); k++) {
        size_t n = lengths[k / ARRAY_LENGTH(widths)];
        size_t width = widths[k % ARRAY_LENGTH(widths)];
        uint32_t numbers[MOST], before[MOST], sums[MOST], wanted[MOST];
        unsigned char moved[MOST * sizeof *numbers + 1];

        fill(&random, width, MOST, numbers);
        fill(&random, sizeof *sums, MOST, sums);
        memcpy(before, numbers, sizeof before);
        memcpy(wanted, sums, sizeof wanted);
        kernel_narrow(numbers, n, width);
        for (size_t i = 0; i < n; i++)
            wanted[i] += before[i];
        memcpy(moved + 1, numbers, n * width); /* where no number begins */
        kernel_narrow_add(moved + 1, n, width, sums);
        ck_assert_mem_eq(sums, wanted, sizeof sums);
        kernel_narrow_undo(numbers, n, width);
        ck_assert_mem_eq(numbers, before, sizeof before);
    }
}
END_TEST

START_TEST(as_few_bytes_as_hold_them)
{
    const uint32_t numbers[] = {1, 4, 0x100};

    ck_assert_uint_eq(kernel_narrow_bits(numbers, 0), 0);
    ck_assert_uint_eq(kernel_narrow_bits(numbers, 2), 5);
    ck_assert_uint_eq(kernel_narrow_bits(numbers, 3), 0x105);
    ck_assert_uint_eq(kernel_narrow_width(0), 1);
    ck_assert_uint_eq(kernel_narrow_width(UINT8_MAX), 1);
    ck_assert_uint_eq(kernel_narrow_width(UINT8_MAX + 1), 2);
    ck_assert_uint_eq(kernel_narrow_width(UINT16_MAX), 2);
    ck_assert_uint_eq(kernel_narrow_width(UINT16_MAX + 1), 4);
    ck_assert_uint_eq(kernel_narrow_width(UINT32_MAX), 4);
}
END_TEST

CHECK_MAIN("kernel narrow",
           numbers_come_back_and_nothing_else_changes,
           as_few_bytes_as_hold_them)
