/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE /* CLOCK_MONOTONIC_COARSE */
#include "base/clock.h"
#include <time.h>

static const int64_t ns_per_s = 1000000000;

static int64_t read_clock(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    int64_t ns = (int64_t)now.tv_sec * ns_per_s + now.tv_nsec;
    return ns > 0 ? ns : 1;
}

int64_t base_clock_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t base_clock_coarse_ns(void)
{
    return read_clock(CLOCK_MONOTONIC_COARSE);
}

void base_clock_sleep_ns(int64_t duration_ns)
{
    if (duration_ns <= 0)
        return;
    struct timespec duration = {.tv_sec = (time_t)(duration_ns / ns_per_s),
                                .tv_nsec = (long)(duration_ns % ns_per_s)};
    nanosleep(&duration, NULL);
}
