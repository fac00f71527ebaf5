/* SPDX-License-Identifier: BSD-3-Clause */
#include "comm/backends.h"
#include "fuzz.h"
#include <stdlib.h>

/*
 * Frames from outside. Input: pieces, each a length byte (times 8) and so many bytes.
 * Each piece is read as a control frame and as a data frame of one stream, whose state
 * goes from frame to frame. Whatever stands in it, no reader may look beyond its end,
 * and what it gives must lie within.
 */

static uint64_t sum; /* what is read must be used */

static void expect(bool condition)
{
    if (!condition)
        abort();
}

static void read_control(const unsigned char *piece, size_t size_bytes)
{
    struct comm_control control;
    unsigned char again[COMM_CONTROL_BYTES];
    if (!comm_wire_get_control(piece, size_bytes, &control))
        return;
    expect(size_bytes <= COMM_CONTROL_BYTES);
    expect(comm_wire_put_control(again, &control) == size_bytes);
}

/* False: malformed; a rank would end here. */
static bool
read_frame(const unsigned char *piece, size_t size_bytes, struct comm_wire_state *state)
{
    enum { N_RANKS = 1000 };
    struct comm_wire_record record;
    const unsigned char *end = piece + size_bytes;

    if (!comm_wire_frame_is_good(piece, size_bytes, N_RANKS))
        return false;
    expect(comm_wire_get_header(piece).source < N_RANKS);
    for (const unsigned char *at = piece + COMM_WORD_BYTES; at != end;) {
        const unsigned char *next = comm_wire_next(at, end, state, &record);
        if (!next)
            return false;
        expect(next > at && next <= end);
        if (record.payload) {
            expect(record.payload >= at &&
                   record.n_here <= (size_t)(end - record.payload));
            for (size_t i = 0; i < record.n_here; i++)
                sum += record.payload[i];
        }
        expect(state->n_missing <= COMM_RECORD_MAX_BYTES);
        at = next;
    }
    expect(state->n_more == 0); /* a run ends with its frame */
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct comm_wire_state state = {0};
    while (size > 0) {
        size_t n = (size_t)data[0] * COMM_WORD_BYTES;
        data++;
        size--;
        n = n < size ? n : size;
        /* A copy of its own, aligned as a slot is, that ends where the frame ends. */
        unsigned char *piece = malloc(n ? n : 1);
        if (!piece)
            return 0;
        memcpy(piece, data, n);
        read_control(piece, n);
        bool is_good = read_frame(piece, n, &state);
        free(piece);
        if (!is_good)
            state = (struct comm_wire_state){0};
        data += n;
        size -= n;
    }
    return 0;
}
