/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Loaded before all else by tests of what comes after minutes: the monotonic clocks
 * begin with the process and run a thousand times as fast. */

enum { FASTER = 1000, S_NS = 1000000000 };

static time_t begin_s; /* 0: the library is not yet ready */

static int read_clock(clockid_t clock, struct timespec *now)
{
    return (int)syscall(SYS_clock_gettime, clock, now);
}

__attribute__((constructor)) static void begin(void)
{
    struct timespec now;

    if (read_clock(CLOCK_MONOTONIC, &now) == 0)
        begin_s = now.tv_sec;
}

__attribute__((visibility("default"))) int clock_gettime(clockid_t clock,
                                                         struct timespec *now)
{
    int64_t ns;

    if (clock != CLOCK_MONOTONIC && clock != CLOCK_MONOTONIC_COARSE)
        return read_clock(clock, now);
    if (read_clock(CLOCK_MONOTONIC, now) != 0) /* one tick of the other is seconds */
        return -1;
    if (begin_s != 0) {
        ns = ((int64_t)(now->tv_sec - begin_s) * S_NS + now->tv_nsec) * FASTER;
        now->tv_sec = begin_s + ns / S_NS;
        now->tv_nsec = ns % S_NS;
    }
    return 0;
}
