/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WORDCOUNT_BATCH_H
#define WORDCOUNT_BATCH_H

/*
 * Words and counts in a row of bytes, as they travel in messages: count and length as
 * numbers of seven bits a byte, lowest first, then the text. After the last word come
 * WORD_SLACK zeros, so that the words may be looked up where they stand.
 */

#include "table.h"

struct batch {
    unsigned char *bytes;
    size_t n_bytes;
    size_t capacity;
};

/* How many bytes make a message worth sending, to each of n receivers. */
size_t batch_wanted_bytes(size_t n_receivers);

/* False without memory. */
bool batch_append(struct batch *batch, const struct word *word);

/* Puts the zeros behind the last word. After it, batch_clear() comes next. */
void batch_seal(struct batch *batch);
void batch_clear(struct batch *batch);
void batch_fini(struct batch *batch);

/*
 * Goes through a sealed batch: start with *position = 0. False at the end, or where it
 * is cut off.
 */
bool batch_next(const unsigned char *bytes,
                size_t n_bytes,
                size_t *position,
                struct word *word);

#endif
