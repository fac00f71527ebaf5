/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/radix.h"

#include <stddef.h>

enum { N_BYTES = 8, N_VALUES = 256 };

static unsigned byte_of(int64_t key, int byte)
{
    return (unsigned)(((uint64_t)key ^ UINT64_C(1) << 63) >> (8 * byte)) & 255;
}

void bench_radix_sort(int64_t *keys, int64_t *room, int64_t n)
{
    static int64_t counts[N_BYTES][N_VALUES];
    for (int byte = 0; byte < N_BYTES; byte++)
        for (int value = 0; value < N_VALUES; value++)
            counts[byte][value] = 0;
    for (int64_t i = 0; i < n; i++)
        for (int byte = 0; byte < N_BYTES; byte++)
            counts[byte][byte_of(keys[i], byte)]++;
    for (int byte = 0; byte < N_BYTES; byte++) {
        int64_t *from = byte % 2 ? room : keys, *to = byte % 2 ? keys : room;
        int64_t sum = 0;
        for (int value = 0; value < N_VALUES; value++) {
            int64_t count = counts[byte][value];
            counts[byte][value] = sum;
            sum += count;
        }
        for (int64_t i = 0; i < n; i++)
            to[counts[byte][byte_of(from[i], byte)]++] = from[i];
    }
}
