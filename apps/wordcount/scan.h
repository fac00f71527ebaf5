/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WORDCOUNT_SCAN_H
#define WORDCOUNT_SCAN_H

/*
 * Finds words in bytes. A word is a longest run of ASCII letters, digits, underscores
 * and bytes from 0x80 on, whatever these mean: no encoding is looked at.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* So many bytes are looked at together; as many must be readable from `at` on. */
#define SCAN_BLOCK 64
/* A block has at most so many ends of words: room for them is needed to go on. */
#define SCAN_BLOCK_WORDS 32

struct extent {
    uint32_t start;
    uint32_t length;
};

/* A place in a text of less than 4 GiB. */
struct scan {
    const unsigned char *text;
    size_t at;   /* up to here it has been scanned */
    size_t end;  /* of the text */
    size_t word; /* where the word begins that `at` is in */
    bool inside; /* is `at` in a word, or right behind one that may go on? */
};

/*
 * Goes on from `at` and writes the words that have ended, in their order. Returns how
 * many: 0 only at the end of the text. A word that reaches the end is not among them.
 */
size_t scan_words(struct scan *scan, struct extent *words, size_t capacity);

/* Does this byte belong to words? */
bool scan_is_word(unsigned char byte);

/* The first byte from `at` to `end` that belongs to no word, or `end`. */
size_t scan_word_end(const unsigned char *text, size_t at, size_t end);

#endif
