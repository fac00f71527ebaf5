/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMM_COMM_INLINE_H
#define COMM_COMM_INLINE_H
#ifndef COMM_COMM_H
#error "include comm/comm.h, which includes this"
#endif

/*
 * The hot paths of comm.h, and of its structs what they touch. Budget: a posted record
 * of 8 bytes some 2 ns, a received one the same; all else goes through the functions at
 * the end, which live in post.c and receive.c.
 */

#include "base/list.h"
#include "comm/wire.h"

struct comm_link;
struct comm_frame;

/* The sending end of a stream: everything for one rank. */
struct comm_stream {
    unsigned char *at, *end; /* where the next record goes; equal: no frame is open */
    struct comm_wire_memory last;
    struct comm_wire_run run;
    uint64_t n_posted;
    const bool *is_congested; /* of the link */
    struct comm_frame *frame; /* the open one, or NULL */
    struct comm_link *link;   /* next hop */
    struct base_list node;    /* in comm's `open`, or in its lane's `waiting` */
    int64_t opened_ns;
    int destination;
    uint8_t lane;
    uint8_t cause;   /* why the open frame is to leave, while */
    bool is_waiting; /* it only lacks a credit */
};

/* The frame being read. */
struct comm_reader {
    const unsigned char *at, *end; /* equal: none, or the slow path is to look first */
    struct comm_wire_state *state; /* of the stream it belongs to */
    uint64_t n_taken;              /* records of it taken so far */
    int source;
    struct comm_frame *frame;
};

/* The head of struct comm. */
struct comm_fast {
    struct comm_stream **streams; /* by destination; never NULL, see comm_stream_of() */
    struct comm_reader reader;
    struct comm_frame *unread; /* arrived, in order */
    const struct base_frame_kind *kinds[256];
};

static inline struct comm_fast *comm_fast(struct comm *comm)
{
    return (struct comm_fast *)(void *)comm;
}

static inline const struct comm_fast *comm_fast_const(const struct comm *comm)
{
    return (const struct comm_fast *)(const void *)comm;
}

/* Kinds below are comm's own and are not given out. */
enum { COMM_N_OWN_KINDS = 16 };

static inline bool comm_stream_has_room(const struct comm_stream *stream,
                                        size_t size_bytes)
{
    enum { SLACK = COMM_HEAD_BYTES + COMM_WORD_BYTES };
    size_t room = (size_t)(stream->end - stream->at);

    return room >= SLACK && size_bytes <= room - SLACK;
}

/* Writes a record where it stands whole. False: there is no room, or no frame is open.
 */
static inline bool comm_stream_put(struct comm_stream *stream,
                                   const struct comm_header *header,
                                   const void *payload,
                                   size_t size_bytes)
{
    if (UNLIKELY(!comm_stream_has_room(stream, size_bytes)))
        return false;
    uint64_t plain = comm_wire_word(header, size_bytes);
    unsigned char *at = stream->at;

    if (!comm_wire_run_add(&stream->run, &stream->last, header, plain)) {
        comm_wire_run_begin(&stream->run, at, header, plain, size_bytes);
        at = comm_wire_put(at, &stream->last, header, size_bytes, 0);
    }
    comm_wire_copy(at, payload, size_bytes);
    stream->at = at + comm_wire_padded(size_bytes);
    stream->n_posted++;
    return true;
}

static inline troupe_status comm_post(struct comm *comm,
                                      int rank,
                                      const struct comm_header *header,
                                      const void *payload,
                                      size_t size_bytes)
{
    if (LIKELY(comm_stream_put(comm_fast(comm)->streams[rank], header, payload,
                               size_bytes)))
        return TROUPE_OK;
    return comm_post_parts(comm, rank, header, payload, size_bytes, NULL, 0);
}

static inline bool comm_is_congested(const struct comm *comm, int rank)
{
    return *comm_fast_const(comm)->streams[rank]->is_congested;
}

/* Begins and ends frames, puts chunks together, takes comm's own records. */
bool comm_next_slowly(struct comm *comm, struct comm_record *record);

/* Where the next payload stands of the run that is being read; there is one. */
static inline const void *comm_read_more(struct comm_reader *reader)
{
    const void *payload = reader->at;

    reader->state->n_more--;
    reader->at += comm_wire_padded(reader->state->run_bytes);
    reader->n_taken++;
    return payload;
}

/* The same as a record. */
static inline void comm_next_more(struct comm_reader *reader,
                                  struct comm_record *record)
{
    record->header = reader->state->run;
    record->source = reader->source;
    record->size_bytes = reader->state->run_bytes;
    record->payload = comm_read_more(reader);
    record->envelope = NULL;
    record->ticket = 0;
}

/* Takes the next record if it stands whole in the frame, as nearly all do. */
static inline bool comm_read_whole(const struct comm *comm,
                                   struct comm_reader *reader,
                                   struct comm_record *record)
{
    const struct comm_fast *fast = comm_fast_const(comm);

    if (UNLIKELY(reader->at == reader->end))
        return false;
    if (reader->state->n_more > 0) {
        comm_next_more(reader, record);
        return true;
    }
    uint64_t word = comm_wire_load(reader->at);
    if (UNLIKELY(comm_wire_shape(word) != 0 || !fast->kinds[comm_wire_kind(word)] ||
                 !comm_wire_whole_fits(word, (size_t)(reader->end - reader->at))))
        return false;
    record->payload =
        comm_wire_get(reader->at, word, &reader->state->last, &record->header);
    comm_wire_run_open(reader->state, word, &record->header);
    record->source = reader->source;
    record->size_bytes = comm_wire_whole_size(word);
    record->envelope = NULL;
    record->ticket = 0;
    reader->at =
        (const unsigned char *)record->payload + comm_wire_padded(record->size_bytes);
    reader->n_taken++;
    return true;
}

/* Of the frame that comm_next() reads. */
static inline struct comm_reader *comm_reader(struct comm *comm)
{
    return &comm_fast(comm)->reader;
}

static inline bool comm_next(struct comm *comm, struct comm_record *record)
{
    return LIKELY(comm_read_whole(comm, &comm_fast(comm)->reader, record)) ||
           comm_next_slowly(comm, record);
}

static inline bool comm_has_frame(const struct comm *comm)
{
    const struct comm_fast *fast = comm_fast_const(comm);
    return fast->reader.frame || fast->unread;
}

static inline const struct base_frame_kind *comm_kind(const struct comm *comm,
                                                      uint8_t kind)
{
    return comm_fast_const(comm)->kinds[kind];
}

#endif
