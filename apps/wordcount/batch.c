/* SPDX-License-Identifier: BSD-3-Clause */
#include "batch.h"
#include <stdlib.h>

#define NUMBER_BYTES 10 /* of 64 bits by seven */

size_t batch_wanted_bytes(size_t n_receivers)
{
    size_t share = ((size_t)4 << 20) / n_receivers;
    if (share > 60000)
        return 60000;
    return share < 4000 ? 4000 : share;
}

static size_t put_number(unsigned char *to, uint64_t number)
{
    size_t n = 0;
    for (; number >= 0x80; number >>= 7)
        to[n++] = (unsigned char)(number | 0x80);
    to[n++] = (unsigned char)number;
    return n;
}

static bool get_number(const unsigned char *bytes,
                       size_t n_bytes,
                       size_t *position,
                       uint64_t *number)
{
    *number = 0;
    for (unsigned shift = 0; shift < 64 && *position < n_bytes; shift += 7) {
        unsigned char byte = bytes[(*position)++];
        *number |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return true;
    }
    return false;
}

bool batch_append(struct batch *batch, const struct word *word)
{
    size_t needed = batch->n_bytes + 2 * NUMBER_BYTES + word->length + WORD_SLACK;
    if (needed > batch->capacity) {
        size_t capacity = needed + needed / 2;
        unsigned char *bytes = realloc(batch->bytes, capacity);
        if (!bytes)
            return false;
        batch->bytes = bytes;
        batch->capacity = capacity;
    }
    unsigned char *to = batch->bytes + batch->n_bytes;
    to += put_number(to, word->count);
    to += put_number(to, word->length);
    memcpy(to, word->text, word->length);
    batch->n_bytes = (size_t)(to - batch->bytes) + word->length;
    return true;
}

void batch_seal(struct batch *batch)
{
    if (batch->n_bytes == 0)
        return;
    memset(batch->bytes + batch->n_bytes, 0, WORD_SLACK);
    batch->n_bytes += WORD_SLACK;
}

void batch_clear(struct batch *batch)
{
    batch->n_bytes = 0;
}

void batch_fini(struct batch *batch)
{
    free(batch->bytes);
    *batch = (struct batch){0};
}

bool batch_next(const unsigned char *bytes,
                size_t n_bytes,
                size_t *position,
                struct word *word)
{
    if (n_bytes < WORD_SLACK || *position >= n_bytes - WORD_SLACK)
        return false;
    size_t end = n_bytes - WORD_SLACK, at = *position;
    uint64_t length;
    if (!get_number(bytes, end, &at, &word->count) ||
        !get_number(bytes, end, &at, &length) || length > end - at)
        return false;
    word->text = bytes + at;
    word->length = (size_t)length;
    *position = at + (size_t)length;
    return true;
}
