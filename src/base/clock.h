/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

/*
 * The machine's own clock, for comm's mpi back end and for measuring. Everything above
 * comm asks comm for the time instead (virtual on sim).
 */

#include <stdint.h>

/* Monotonic nanoseconds, never 0. */
int64_t base_clock_ns(void);
/* The same to a few milliseconds, for a tenth of the price. */
int64_t base_clock_coarse_ns(void);
/* Sleeps for about `duration_ns`; may return early. */
void base_clock_sleep_ns(int64_t duration_ns);

#endif
