/* SPDX-License-Identifier: BSD-3-Clause */
#include "scan.h"
#include <string.h>

bool scan_is_word(unsigned char byte)
{
    /* Without branches or a table, so that compilers do many bytes at once. */
    return ((unsigned char)((byte | 0x20) - 'a') < 26) |
           ((unsigned char)(byte - '0') < 10) | (byte == '_') | (byte >= 0x80);
}

static unsigned lowest_bit(uint64_t bits)
{
    return (unsigned)__builtin_ctzll(bits); /* gcc and clang alike */
}

/* Eight bytes of 0 or 1, the first in memory to the lowest bit. */
static uint64_t gather(const unsigned char *flags)
{
    uint64_t bytes;
    memcpy(&bytes, flags, sizeof bytes);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    /* Byte i times 2^(56 - 7 i) is bit 56 + i; no two products meet. */
    return bytes * UINT64_C(0x0102040810204080) >> 56;
#else
    return bytes * UINT64_C(0x8040201008040201) >> 56;
#endif
}

/* A bit for each byte of a block: does it belong to a word? */
static uint64_t word_bits(const unsigned char *block)
{
    unsigned char flags[SCAN_BLOCK];
    for (size_t i = 0; i < SCAN_BLOCK; i++)
        flags[i] = scan_is_word(block[i]);
    uint64_t bits = 0;
    for (size_t i = 0; i < SCAN_BLOCK; i += 8)
        bits |= gather(flags + i) << i;
    return bits;
}

size_t scan_words(struct scan *scan, struct extent *words, size_t capacity)
{
    size_t n = 0;
    while (scan->at < scan->end && n + SCAN_BLOCK_WORDS <= capacity) {
        uint64_t bits = word_bits(scan->text + scan->at);
        /* A bit where words begin and end, in turn. */
        uint64_t edges = bits ^ (bits << 1 | (scan->inside ? 1 : 0));
        size_t n_bytes = scan->end - scan->at;
        if (n_bytes < SCAN_BLOCK)
            edges &= (UINT64_C(1) << n_bytes) - 1;
        else
            n_bytes = SCAN_BLOCK;
        bool inside = scan->inside;
        size_t word = scan->word;
        for (; edges; edges &= edges - 1) {
            size_t place = scan->at + lowest_bit(edges);
            if (inside)
                words[n++] = (struct extent){(uint32_t)word, (uint32_t)(place - word)};
            else
                word = place;
            inside = !inside;
        }
        scan->inside = inside;
        scan->word = word;
        scan->at += n_bytes;
    }
    return n;
}

size_t scan_word_end(const unsigned char *text, size_t at, size_t end)
{
    while (at < end && scan_is_word(text[at]))
        at++;
    return at;
}
