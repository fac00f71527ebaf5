/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BENCH_RADIX_H
#define BENCH_RADIX_H

#include <stdint.h>

/* Sorts by one byte at a time, the least significant first, all counts in one pass
 * (Knuth, volume 3, 5.2.5). `room` is as large as `keys`. */
void bench_radix_sort(int64_t *keys, int64_t *room, int64_t n);

#endif
