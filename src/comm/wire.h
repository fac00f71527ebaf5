/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMM_WIRE_H
#define COMM_WIRE_H
#ifndef COMM_COMM_H
#error "include comm/comm.h, which includes this"
#endif

/*
 * What frames look like: little-endian words of 8 bytes.
 *
 *   frame    header, then records to its end
 *   header   source 20 bits, destination 20, credit 16, flags 8
 *   record   word: kind 8, flags 8, type 16, size 24, form 8
 *            then the words that `form` names (to, from, reference, incarnation)
 *            then the payload, padded to 8
 *   run      a record that stands whole, of a size of 13 bits and a count of 11, and so
 *            many further payloads of records that differ from it in nothing else
 *
 * `to` and `from` that are zero or the same as in the record before them in the stream
 * are left out. Frames of a pair of ranks neither vanish nor overtake, so both ends of
 * a stream remember the same record before, also from one frame to the next: every word
 * costs some percent of the latency of a small message.
 */

#include <stdint.h>
#include <string.h>

enum {
    COMM_WORD_BYTES = 8,
    COMM_HEAD_BYTES = 40, /* the most that stands before a payload */
    COMM_FRAME_MIN_BYTES = 64,
    COMM_FRAME_MAX_BYTES = 1 << 13, /* or a size and a run would not fit their bits */
    COMM_MAX_RANKS = 1 << 20,
    COMM_RECORD_MAX_BYTES = (1 << 24) - 1, /* what is not bulk */
    COMM_WHOLE_MAX_BYTES = (1 << 13) - 1,  /* what stands whole in a frame */
    COMM_RUN_SHIFT = 45,                   /* of the count in the word */
    COMM_RUN_MAX = (1 << 11) - 1
};

/* ---- the frame's header ---- */

enum comm_frame_flags {
    COMM_FRAME_STALLED = 1, /* the sender has more than its credits let it send */
    COMM_FRAME_CREDIT_FIRST =
        2 /* `credit` is of first-hop frames, else of last-hop ones */
};

struct comm_frame_header {
    int source, destination; /* the final ones, not this hop's */
    uint16_t credit;         /* low bits of the credits ever given to the receiver */
    uint8_t flags;
};

static inline uint64_t comm_wire_load(const unsigned char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

static inline void comm_wire_store(unsigned char *at, uint64_t word)
{
    memcpy(at, &word, sizeof word);
}

static inline void comm_wire_put_header(unsigned char *at,
                                        const struct comm_frame_header *header)
{
    comm_wire_store(at, (uint64_t)header->source | (uint64_t)header->destination << 20 |
                            (uint64_t)header->credit << 40 |
                            (uint64_t)header->flags << 56);
}

static inline struct comm_frame_header comm_wire_get_header(const unsigned char *at)
{
    uint64_t word = comm_wire_load(at);
    return (struct comm_frame_header){.source = (int)(word & 0xfffff),
                                      .destination = (int)(word >> 20 & 0xfffff),
                                      .credit = (uint16_t)(word >> 40),
                                      .flags = (uint8_t)(word >> 56)};
}

/* ---- records ---- */

enum comm_form {
    COMM_FORM_TO = 1, /* the word follows */
    COMM_FORM_FROM = 2,
    COMM_FORM_REFERENCE = 4,
    COMM_FORM_INCARNATION = 8,
    COMM_FORM_FIRST = 16, /* the first chunk: fills the frame, `size` is of the whole */
    COMM_FORM_MORE = 32,  /* a further chunk: `size` is what is left, with this one */
    COMM_FORM_TICKET = 48, /* two words follow: size, number of the ticket */
    COMM_FORM_SHAPE = 48,  /* 0: the whole record stands here */
    COMM_FORM_NO_TO = 64,  /* zero, and the one before stays in memory */
    COMM_FORM_NO_FROM = 128
};

/* What both ends of a stream remember. */
struct comm_wire_memory {
    uint64_t to, from; /* of the last record that had any */
};

/* The first word without what the form says. */
static inline uint64_t comm_wire_word(const struct comm_header *header,
                                      size_t size_bytes)
{
    return (uint64_t)header->kind | (uint64_t)header->flags << 8 |
           (uint64_t)header->type << 16 | (uint64_t)size_bytes << 32;
}

/*
 * Writes all before the payload, and gives the place after it. For `to` and `from`,
 * which change at random where many actors talk, there is no branch, so it may write up
 * to COMM_HEAD_BYTES, of which what follows the result is rubbish.
 */
static inline unsigned char *comm_wire_put(unsigned char *at,
                                           struct comm_wire_memory *last,
                                           const struct comm_header *header,
                                           size_t size_bytes,
                                           unsigned shape)
{
    uint64_t to = header->to, from = header->from;
    unsigned has_to = (to != last->to) & (to != 0);
    unsigned has_from = (from != last->from) & (from != 0);
    unsigned char *word = at;

    shape |= has_to * (unsigned)COMM_FORM_TO | has_from * (unsigned)COMM_FORM_FROM;
    shape |= to == 0 ? (unsigned)COMM_FORM_NO_TO : 0;
    shape |= from == 0 ? (unsigned)COMM_FORM_NO_FROM : 0;
    last->to = has_to ? to : last->to;
    last->from = has_from ? from : last->from;
    at += COMM_WORD_BYTES;
    comm_wire_store(at, to);
    at += has_to * (unsigned)COMM_WORD_BYTES;
    comm_wire_store(at, from);
    at += has_from * (unsigned)COMM_WORD_BYTES;
    if (header->reference != 0) {
        shape |= COMM_FORM_REFERENCE;
        comm_wire_store(at, header->reference);
        at += COMM_WORD_BYTES;
    }
    if (header->incarnation != 0) {
        shape |= COMM_FORM_INCARNATION;
        comm_wire_store(at, header->incarnation);
        at += COMM_WORD_BYTES;
    }
    comm_wire_store(word, comm_wire_word(header, size_bytes) | (uint64_t)shape << 56);
    return at;
}

/*
 * A run: where the record before in the frame is the same but for its payload, only the
 * payload is added and the count in its word raised. Half of the bytes where actors
 * send each other much that is small.
 */
struct comm_wire_run {
    unsigned char *word; /* of the record that a run may grow from */
    uint64_t plain;      /* comm_wire_word() of it; 0: none may */
};

/* To be called where comm_wire_put() has just written a whole record at `word`. */
static inline void comm_wire_run_begin(struct comm_wire_run *run,
                                       unsigned char *word,
                                       const struct comm_header *header,
                                       uint64_t plain,
                                       size_t size_bytes)
{
    bool may_grow = (header->to != 0) & (header->from != 0) & (size_bytes != 0) &
                    ((header->reference | header->incarnation) == 0);

    run->word = word;
    run->plain = may_grow ? plain : 0;
}

/* True: the record is in the run but for its payload, which goes to the frame's end.
 * A frame has no room for more payloads than a run counts. */
static inline bool comm_wire_run_add(struct comm_wire_run *run,
                                     const struct comm_wire_memory *last,
                                     const struct comm_header *header,
                                     uint64_t plain)
{
    if ((plain ^ run->plain) | (header->to ^ last->to) | (header->from ^ last->from) |
        header->reference | header->incarnation)
        return false;
    comm_wire_store(run->word,
                    comm_wire_load(run->word) + (UINT64_C(1) << COMM_RUN_SHIFT));
    return true;
}

static inline size_t comm_wire_padded(size_t size_bytes)
{
    return (size_bytes + (COMM_WORD_BYTES - 1)) & ~(size_t)(COMM_WORD_BYTES - 1);
}

/* Copies a payload and clears what pads it. Small multiples of a word stay inline. */
static inline void
comm_wire_copy(unsigned char *at, const void *payload, size_t size_bytes)
{
    const unsigned char *from = payload;
    if (LIKELY(size_bytes % COMM_WORD_BYTES == 0 && size_bytes <= 64)) {
        for (size_t i = 0; i < size_bytes; i += COMM_WORD_BYTES) {
            comm_wire_store(at + i, comm_wire_load(from + i));
            __asm__ volatile(""); /* vectors cost more than so few words */
        }
        return;
    }
    if (size_bytes % COMM_WORD_BYTES != 0)
        comm_wire_store(at + (size_bytes & ~(size_t)(COMM_WORD_BYTES - 1)), 0);
    memcpy(at, payload, size_bytes);
}

/* How many words come before the payload (ticket's own two not among them). */
static inline size_t comm_wire_n_words(uint64_t word)
{
    /* 1 + the number of bits in a nibble, sixteen of them in one constant. */
    return UINT64_C(0x5443433243323221) >> (word >> 54 & 0x3c) & 0xf;
}

static inline uint8_t comm_wire_kind(uint64_t word)
{
    return (uint8_t)word;
}

static inline unsigned comm_wire_shape(uint64_t word)
{
    return (unsigned)(word >> 56) & COMM_FORM_SHAPE;
}

/* Of a record in chunks, or a ticket. */
static inline size_t comm_wire_size(uint64_t word)
{
    return (size_t)(word >> 32 & COMM_RECORD_MAX_BYTES);
}

/* Of one that stands whole, */
static inline size_t comm_wire_whole_size(uint64_t word)
{
    return (size_t)(word >> 32 & COMM_WHOLE_MAX_BYTES);
}

/* and how many more of the kind follow. */
static inline uint32_t comm_wire_n_more(uint64_t word)
{
    return (uint32_t)(word >> COMM_RUN_SHIFT & COMM_RUN_MAX);
}

/* Reads the words behind `word`, which must be there; gives the place after them. */
static inline const unsigned char *comm_wire_get(const unsigned char *at,
                                                 uint64_t word,
                                                 struct comm_wire_memory *last,
                                                 struct comm_header *header)
{
    unsigned form = (unsigned)(word >> 56);

    at += COMM_WORD_BYTES;
    header->kind = comm_wire_kind(word);
    header->flags = (uint8_t)(word >> 8);
    header->type = (uint16_t)(word >> 16);
    header->reference = 0;
    header->incarnation = 0;
    if (UNLIKELY(form & COMM_FORM_TO)) {
        last->to = comm_wire_load(at);
        at += COMM_WORD_BYTES;
    }
    if (UNLIKELY(form & COMM_FORM_FROM)) {
        last->from = comm_wire_load(at);
        at += COMM_WORD_BYTES;
    }
    if (UNLIKELY(form & COMM_FORM_REFERENCE)) {
        header->reference = comm_wire_load(at);
        at += COMM_WORD_BYTES;
    }
    if (UNLIKELY(form & COMM_FORM_INCARNATION)) {
        header->incarnation = (uint32_t)comm_wire_load(at);
        at += COMM_WORD_BYTES;
    }
    header->to = form & COMM_FORM_NO_TO ? 0 : last->to;
    header->from = form & COMM_FORM_NO_FROM ? 0 : last->from;
    return at;
}

/* ---- reading with every check ---- */

/* What the receiver of a stream keeps from frame to frame. */
struct comm_wire_state {
    struct comm_wire_memory last;
    uint64_t n_missing; /* bytes of a chunked record still to come; 0: none is open */
    uint32_t n_more;    /* payloads of a run still to come in this frame */
    uint32_t run_bytes; /* each of so many, */
    struct comm_header run; /* of records such as this */
};

/* Of a record that stands whole, whose head has been read: the run that it begins. */
static inline void comm_wire_run_open(struct comm_wire_state *state,
                                      uint64_t word,
                                      const struct comm_header *header)
{
    state->n_more = comm_wire_n_more(word);
    if (UNLIKELY(state->n_more > 0)) {
        state->run_bytes = (uint32_t)comm_wire_whole_size(word);
        state->run = *header;
    }
}

/* Is there room for a record that stands whole, with its run? A run has payloads, or it
 * would go on beyond the end of its frame. */
static inline bool comm_wire_whole_fits(uint64_t word, size_t room)
{
    size_t padded = comm_wire_padded(comm_wire_whole_size(word));
    size_t n_more = comm_wire_n_more(word);

    return comm_wire_n_words(word) * COMM_WORD_BYTES + padded * (1 + n_more) <= room &&
           (padded > 0 || n_more == 0);
}

struct comm_wire_record {
    struct comm_header header;
    unsigned shape;               /* COMM_FORM_FIRST, _MORE, _TICKET or 0 */
    uint64_t size_bytes;          /* of the whole payload; MORE: unset */
    const unsigned char *payload; /* what stands in this frame, */
    size_t n_here;                /* so many bytes of it */
    uint64_t ticket;
};

/* Is this the beginning of a frame of a job of n_ranks? */
static inline bool
comm_wire_frame_is_good(const unsigned char *frame, size_t size_bytes, int n_ranks)
{
    if (size_bytes <= COMM_WORD_BYTES || size_bytes % COMM_WORD_BYTES != 0)
        return false;
    struct comm_frame_header header = comm_wire_get_header(frame);
    return header.source < n_ranks && header.destination < n_ranks &&
           header.source != header.destination;
}

/*
 * Reads the record at `at`. NULL: no record of ours, nothing may be believed any more.
 * Else the place of the next one. Never reads at or beyond `end`.
 */
const unsigned char *comm_wire_next(const unsigned char *at,
                                    const unsigned char *end,
                                    struct comm_wire_state *state,
                                    struct comm_wire_record *record);

/* ---- control frames ---- */

/* Rounds of the detector, see quiet.h. */
struct comm_wave_down {
    uint32_t wave;    /* the newest wave begun */
    uint32_t verdict; /* the newest wave that found all quiet; 0: none */
    uint32_t any, all;
};
struct comm_wave_up {
    uint32_t wave; /* the wave this answers */
    uint32_t any, all;
    uint64_t n_posted, n_taken;
};

enum comm_control_flags {
    COMM_CONTROL_RECALL = 1, /* give back unused credits above `keep` */
    COMM_CONTROL_DOWN = 2,
    COMM_CONTROL_UP = 4
};

enum { COMM_N_LANES = 2 };

/* The state of a link, as its sender sees it: a later one replaces an earlier one. */
struct comm_control {
    uint8_t flags;
    uint16_t keep[COMM_N_LANES];
    uint32_t allowed[COMM_N_LANES];   /* frames the receiver may ever send */
    uint32_t forfeited[COMM_N_LANES]; /* credits the sender has ever given back */
    struct comm_wave_down down;
    struct comm_wave_up up;
};

enum { COMM_CONTROL_BYTES = 72 };

size_t comm_wire_put_control(unsigned char *at, const struct comm_control *control);
/* False: no control frame of ours. */
bool comm_wire_get_control(const unsigned char *at,
                           size_t size_bytes,
                           struct comm_control *control);

#endif
