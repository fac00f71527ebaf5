/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/narrow.h"
#include <string.h>

/* Few at a time, by way of arrays that overlap nothing: compilers make vectors then. */
enum { CHUNK = 1024 };

uint32_t kernel_narrow_bits(const uint32_t *numbers, size_t n)
{
    uint32_t bits = 0;

    for (size_t i = 0; i < n; i++)
        bits |= numbers[i];
    return bits;
}

size_t kernel_narrow_width(uint64_t bits)
{
    return bits <= UINT8_MAX    ? sizeof(uint8_t)
           : bits <= UINT16_MAX ? sizeof(uint16_t)
                                : sizeof(uint32_t);
}

static void store_chunk(const uint32_t *from, size_t n, size_t width, void *to)
{
    if (width == sizeof(uint8_t)) {
        uint8_t bytes[CHUNK];
        for (size_t i = 0; i < n; i++)
            bytes[i] = (uint8_t)from[i];
        // cppcheck-suppress uninitvar
        memcpy(to, bytes, n * sizeof(uint8_t));
    } else {
        uint16_t halves[CHUNK];
        for (size_t i = 0; i < n; i++)
            halves[i] = (uint16_t)from[i];
        // cppcheck-suppress uninitvar
        memcpy(to, halves, n * sizeof(uint16_t));
    }
}

static void load_chunk(const void *from, size_t n, size_t width, uint32_t *to)
{
    uint16_t halves[CHUNK];
    uint8_t bytes[CHUNK];

    if (width == sizeof(uint8_t)) {
        memcpy(bytes, from, n * sizeof(uint8_t));
        for (size_t i = 0; i < n; i++)
            to[i] = bytes[i];
    } else if (width == sizeof(uint16_t)) {
        memcpy(halves, from, n * sizeof(uint16_t));
        for (size_t i = 0; i < n; i++)
            to[i] = halves[i];
    } else {
        memcpy(to, from, n * sizeof *to);
    }
}

static size_t chunk_length(size_t begin, size_t n)
{
    return n - begin < CHUNK ? n - begin : CHUNK;
}

void kernel_narrow(uint32_t *numbers, size_t n, size_t width)
{
    unsigned char *to = (unsigned char *)numbers;

    if (width == sizeof *numbers)
        return;
    for (size_t at = 0; at < n; at += CHUNK)
        store_chunk(numbers + at, chunk_length(at, n), width, to + at * width);
}

/* From the last on: the place of a chunk is behind what stands there narrow. */
void kernel_narrow_undo(uint32_t *numbers, size_t n, size_t width)
{
    const unsigned char *from = (const unsigned char *)numbers;
    uint32_t wide[CHUNK];

    if (width == sizeof *numbers)
        return;
    for (size_t n_chunks = (n + CHUNK - 1) / CHUNK; n_chunks-- > 0;) {
        size_t at = n_chunks * CHUNK, n_here = chunk_length(at, n);

        load_chunk(from + at * width, n_here, width, wide);
        memcpy(numbers + at, wide, n_here * sizeof *wide);
    }
}

void kernel_narrow_add(const void *narrow, size_t n, size_t width, uint32_t *sums)
{
    const unsigned char *from = narrow;
    uint32_t wide[CHUNK];

    for (size_t at = 0; at < n; at += CHUNK) {
        size_t n_here = chunk_length(at, n);

        load_chunk(from + at * width, n_here, width, wide);
        for (size_t i = 0; i < n_here; i++)
            sums[at + i] += wide[i];
    }
}
