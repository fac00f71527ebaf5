/* SPDX-License-Identifier: BSD-3-Clause */
#define _POSIX_C_SOURCE 200809L
#include "base/clock.h"
#include "support/check_main.h"
#include <time.h>

START_TEST(never_back_and_never_zero)
{
    int64_t last = base_clock_ns();
    for (int i = 0; i < 1000; i++) {
        int64_t now = base_clock_ns();
        ck_assert_int_gt(now, 0);
        ck_assert_int_ge(now, last);
        last = now;
    }
}
END_TEST

START_TEST(is_the_monotonic_clock_in_nanoseconds)
{
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    int64_t now = base_clock_ns();
    clock_gettime(CLOCK_MONOTONIC, &after);
    ck_assert_int_ge(now, before.tv_sec * INT64_C(1000000000) + before.tv_nsec);
    ck_assert_int_le(now, after.tv_sec * INT64_C(1000000000) + after.tv_nsec);
}
END_TEST

START_TEST(sleeps_about_as_long)
{
    int64_t start = base_clock_ns();
    base_clock_sleep_ns(20000000);
    ck_assert_int_ge(base_clock_ns() - start, 19000000);
    start = base_clock_ns();
    base_clock_sleep_ns(0);
    base_clock_sleep_ns(-5);
    base_clock_sleep_ns(INT64_MIN);
    ck_assert_int_lt(base_clock_ns() - start, 1000000000);
}
END_TEST

CHECK_MAIN("clock",
           never_back_and_never_zero,
           is_the_monotonic_clock_in_nanoseconds,
           sleeps_about_as_long)
