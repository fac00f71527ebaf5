/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "reading.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What is read at once: it stays in the cache until it is scanned. */
#define CHUNK_BYTES ((size_t)256 << 10)
/* What is read at once to find the end of a word behind the piece. */
#define TAIL_BYTES ((size_t)4096)

/* Where a piece's reading stands. */
struct state {
    struct reading *reading;
    const struct piece *piece;
    const struct reading_calls *calls;
    void *context;
    uint64_t at;   /* the next byte of the file to read */
    size_t kept;   /* bytes of an unfinished word at the front of the buffer */
    bool skipping; /* in a word that is not to be counted here */
};

void reading_init(struct reading *reading)
{
    *reading = (struct reading){.fd = -1};
}

void reading_fini(struct reading *reading)
{
    if (reading->fd >= 0)
        close(reading->fd);
    free(reading->buffer);
    reading_init(reading);
}

static troupe_status
complain(struct state *state, enum trouble_kind kind, uint64_t offset, int error)
{
    struct fault fault = {kind, offset, error};
    return state->calls->complain(state->context, state->piece, &fault);
}

/* Reads behind the kept bytes; less than 0 with errno, 0 at the end of the file. */
static ssize_t read_more(struct state *state, size_t most)
{
    unsigned char *to = state->reading->buffer + state->kept;
    ssize_t n;
    do {
        n = pread(state->reading->fd, to, most, (off_t)state->at);
    } while (n < 0 && errno == EINTR);
    if (n > 0)
        state->at += (uint64_t)n;
    return n;
}

/* Hands on words that are not too long. `base` is the buffer's place in the file. */
static troupe_status
hand_on(struct state *state, struct extent *words, size_t n, uint64_t base)
{
    size_t n_good = 0;
    for (size_t i = 0; i < n; i++) {
        if (words[i].length <= WORD_LIMIT)
            words[n_good++] = words[i];
        else
            TROUPE_TRY(complain(state, TROUBLE_LONG_WORD, base + words[i].start, 0));
    }
    return state->calls->found(state->context, state->reading->buffer, words, n_good);
}

/* The buffer holds `kept` bytes of a word and n new ones behind them. */
static troupe_status scan_chunk(struct state *state, size_t n)
{
    unsigned char *buffer = state->reading->buffer;
    size_t end = state->kept + n;
    uint64_t base = state->at - end;
    struct scan scan = {buffer, state->kept, end, 0, state->kept > 0};
    state->kept = 0;
    if (state->skipping) {
        scan.at = scan_word_end(buffer, 0, end);
        state->skipping = scan.at == end;
        if (state->skipping)
            return TROUPE_OK;
    }
    struct extent words[READING_WORDS];
    while (scan.at < end) {
        size_t n_words = scan_words(&scan, words, READING_WORDS);
        TROUPE_TRY(hand_on(state, words, n_words, base));
    }
    if (!scan.inside)
        return TROUPE_OK;
    state->kept = end - scan.word;
    if (state->kept > WORD_LIMIT) {
        state->kept = 0;
        state->skipping = true;
        return complain(state, TROUBLE_LONG_WORD, base + scan.word, 0);
    }
    memmove(buffer, buffer + scan.word, state->kept);
    return TROUPE_OK;
}

/* The piece has ended within a word of its own: reads on to the word's end. */
static troupe_status finish_word(struct state *state)
{
    uint64_t begin = state->at - state->kept;
    for (;;) {
        ssize_t n = read_more(state, TAIL_BYTES);
        if (n < 0)
            return complain(state, TROUBLE_UNREADABLE, state->at, errno);
        size_t end = state->kept + (size_t)n;
        state->kept = scan_word_end(state->reading->buffer, state->kept, end);
        if (n == 0 || state->kept < end || state->kept > WORD_LIMIT)
            break;
    }
    struct extent word = {0, (uint32_t)state->kept};
    state->kept = 0;
    return hand_on(state, &word, 1, begin);
}

static troupe_status read_words(struct state *state)
{
    const struct piece *piece = state->piece;
    /* The byte before tells whether a word comes in over the beginning. */
    bool before = piece->begin > 0;
    state->at = piece->begin - (before ? 1 : 0);
    while (state->at < piece->end) {
        uint64_t left = piece->end - state->at;
        ssize_t n = read_more(state, left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES);
        if (n < 0)
            return complain(state, TROUBLE_UNREADABLE, state->at, errno);
        if (n == 0) {
            TROUPE_TRY(complain(state, TROUBLE_SHORTER, state->at, 0));
            break;
        }
        state->reading->n_bytes += (uint64_t)n - (before ? 1 : 0);
        if (before)
            state->skipping = scan_is_word(state->reading->buffer[0]);
        before = false;
        TROUPE_TRY(scan_chunk(state, (size_t)n));
        state->calls->pause(state->context);
    }
    return state->kept > 0 ? finish_word(state) : TROUPE_OK;
}

troupe_status reading_piece(struct reading *reading,
                            const struct piece *piece,
                            const struct reading_calls *calls,
                            void *context)
{
    struct state state = {reading, piece, calls, context, 0, 0, false};
    if (!reading->buffer)
        reading->buffer = calloc(1, WORD_LIMIT + CHUNK_BYTES + SCAN_BLOCK);
    if (!reading->buffer)
        return TROUPE_NO_MEMORY;
    reading->fd = open(piece->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (reading->fd < 0)
        return complain(&state, TROUBLE_UNREADABLE, 0, errno);
    troupe_status status = read_words(&state);
    close(reading->fd);
    reading->fd = -1;
    return status;
}
