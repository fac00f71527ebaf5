/* SPDX-License-Identifier: BSD-3-Clause */
#include "comm/internal.h"

/* Reading what came from outside, without believing any of it. */

/* A chunk reaches to the end of its frame, or of its record. */
static const unsigned char *read_chunk(const unsigned char *at,
                                       const unsigned char *end,
                                       struct comm_wire_state *state,
                                       struct comm_wire_record *record,
                                       uint64_t n_left)
{
    size_t room = (size_t)(end - at);
    size_t padded = comm_wire_padded((size_t)n_left);

    record->payload = at;
    record->n_here = n_left < room ? (size_t)n_left : room;
    state->n_missing = n_left - record->n_here;
    return padded < room ? at + padded : end;
}

static const unsigned char *read_ticket(const unsigned char *at,
                                        const unsigned char *end,
                                        struct comm_wire_record *record)
{
    if (end - at < 2 * COMM_WORD_BYTES)
        return NULL;
    record->size_bytes = comm_wire_load(at);
    record->ticket = comm_wire_load(at + COMM_WORD_BYTES);
    if (record->ticket == 0 || record->size_bytes > INT64_MAX)
        return NULL;
    record->payload = NULL;
    record->n_here = 0;
    return at + 2 * COMM_WORD_BYTES;
}

static const unsigned char *read_whole(const unsigned char *at,
                                       uint64_t word,
                                       struct comm_wire_state *state,
                                       struct comm_wire_record *record)
{
    comm_wire_run_open(state, word, &record->header);
    record->size_bytes = comm_wire_whole_size(word);
    record->payload = at;
    record->n_here = (size_t)record->size_bytes;
    return at + comm_wire_padded(record->n_here);
}

/* The next of a run; its head has been checked for all of them. */
static const unsigned char *read_more(const unsigned char *at,
                                      struct comm_wire_state *state,
                                      struct comm_wire_record *record)
{
    state->n_more--;
    *record = (struct comm_wire_record){.header = state->run,
                                        .size_bytes = state->run_bytes,
                                        .payload = at,
                                        .n_here = state->run_bytes};
    return at + comm_wire_padded(state->run_bytes);
}

const unsigned char *comm_wire_next(const unsigned char *at,
                                    const unsigned char *end,
                                    struct comm_wire_state *state,
                                    struct comm_wire_record *record)
{
    if (state->n_more > 0)
        return read_more(at, state, record);
    if (end - at < COMM_WORD_BYTES)
        return NULL;
    uint64_t word = comm_wire_load(at);
    if ((size_t)(end - at) < comm_wire_n_words(word) * COMM_WORD_BYTES)
        return NULL;
    record->shape = comm_wire_shape(word);
    record->size_bytes = comm_wire_size(word);
    record->ticket = 0;
    if (record->shape == 0 && !comm_wire_whole_fits(word, (size_t)(end - at)))
        return NULL;
    /* Only the next chunk may follow a chunk. */
    if ((state->n_missing != 0) != (record->shape == COMM_FORM_MORE))
        return NULL;
    at = comm_wire_get(at, word, &state->last, &record->header);
    switch (record->shape) {
    case COMM_FORM_TICKET:
        return read_ticket(at, end, record);
    case COMM_FORM_MORE:
        if (record->size_bytes != state->n_missing)
            return NULL;
        return read_chunk(at, end, state, record, state->n_missing);
    case COMM_FORM_FIRST:
        return read_chunk(at, end, state, record, record->size_bytes);
    default:
        return read_whole(at, word, state, record);
    }
}

/* ---- control frames ---- */

static unsigned char *put_pair(unsigned char *at, uint32_t low, uint32_t high)
{
    comm_wire_store(at, low | (uint64_t)high << 32);
    return at + COMM_WORD_BYTES;
}

size_t comm_wire_put_control(unsigned char *at, const struct comm_control *control)
{
    unsigned char *begin = at;

    comm_wire_store(at, control->flags | (uint64_t)control->keep[0] << 16 |
                            (uint64_t)control->keep[1] << 32);
    at += COMM_WORD_BYTES;
    at = put_pair(at, control->allowed[0], control->allowed[1]);
    at = put_pair(at, control->forfeited[0], control->forfeited[1]);
    if (control->flags & COMM_CONTROL_DOWN) {
        at = put_pair(at, control->down.wave, control->down.verdict);
        at = put_pair(at, control->down.any, control->down.all);
    }
    if (control->flags & COMM_CONTROL_UP) {
        at = put_pair(at, control->up.wave, 0);
        at = put_pair(at, control->up.any, control->up.all);
        comm_wire_store(at, control->up.n_posted);
        comm_wire_store(at + COMM_WORD_BYTES, control->up.n_taken);
        at += 2 * COMM_WORD_BYTES;
    }
    return (size_t)(at - begin);
}

static const unsigned char *
get_pair(const unsigned char *at, uint32_t *low, uint32_t *high)
{
    uint64_t word = comm_wire_load(at);
    *low = (uint32_t)word;
    *high = (uint32_t)(word >> 32);
    return at + COMM_WORD_BYTES;
}

bool comm_wire_get_control(const unsigned char *at,
                           size_t size_bytes,
                           struct comm_control *control)
{
    uint32_t unused;

    if (size_bytes < 3 * COMM_WORD_BYTES)
        return false;
    uint64_t word = comm_wire_load(at);
    size_t n_words = 3;
    if (word & COMM_CONTROL_DOWN)
        n_words += 2;
    if (word & COMM_CONTROL_UP)
        n_words += 4;
    if (size_bytes != n_words * COMM_WORD_BYTES)
        return false;
    *control = (struct comm_control){
        .flags = (uint8_t)word,
        .keep = {(uint16_t)(word >> 16), (uint16_t)(word >> 32)},
    };
    at = get_pair(at + COMM_WORD_BYTES, &control->allowed[0], &control->allowed[1]);
    at = get_pair(at, &control->forfeited[0], &control->forfeited[1]);
    if (control->flags & COMM_CONTROL_DOWN) {
        at = get_pair(at, &control->down.wave, &control->down.verdict);
        at = get_pair(at, &control->down.any, &control->down.all);
    }
    if (control->flags & COMM_CONTROL_UP) {
        at = get_pair(at, &control->up.wave, &unused);
        at = get_pair(at, &control->up.any, &control->up.all);
        control->up.n_posted = comm_wire_load(at);
        control->up.n_taken = comm_wire_load(at + COMM_WORD_BYTES);
    }
    return true;
}
