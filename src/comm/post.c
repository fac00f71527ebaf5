/* SPDX-License-Identifier: BSD-3-Clause */
#include "comm/internal.h"

/* Posting: what the inline path leaves, and when open frames leave. */

enum {
    AGE_NS = COMM_LONG_STEP_NS, /* none stays open longer while anybody polls */
    MIN_FIRST_CHUNK = 256 /* less room than that in an open frame is not worth a copy */
};

/* ---- open frames ---- */

/* The caller has made sure of a frame. */
static void open_frame(struct comm *comm, struct comm_stream *stream)
{
    struct comm_frame *frame = comm_frame_take(comm);
    stream->frame = frame;
    stream->at = frame->bytes + COMM_WORD_BYTES;
    stream->end = frame->bytes + comm->options.frame_bytes;
    stream->run.plain = 0;
    stream->opened_ns = comm->now_ns;
    base_list_append(&comm->open, &stream->node);
}

void comm_stream_close(struct comm *comm,
                       struct comm_stream *stream,
                       enum comm_flush_cause cause)
{
    struct comm_frame *frame = stream->frame;
    const struct comm_frame_header header = {.source = comm->rank,
                                             .destination = stream->destination};

    comm_wire_put_header(frame->bytes, &header);
    frame->size_bytes = (uint32_t)(stream->at - frame->bytes);
    frame->lane = stream->lane;
    comm->counts.n_flushes[cause]++;
    comm->counts.n_filled_bytes += frame->size_bytes;
    stream->frame = NULL;
    stream->at = stream->end;
    base_list_remove(&stream->node);
    if (stream->is_waiting) {
        frame->has_waited = true;
        stream->is_waiting = false;
        comm->n_stalled--;
    }
    comm_link_submit(comm, stream->link, (enum comm_lane)stream->lane, frame);
}

/*
 * Without a credit the frame stays open and goes on filling: nothing is gained by a
 * queue of half empty ones. It leaves with the next credit.
 */
static void
flush_stream(struct comm *comm, struct comm_stream *stream, enum comm_flush_cause cause)
{
    struct comm_lane_out *out = &stream->link->out[stream->lane];
    if (LIKELY(comm_lane_is_free(out))) {
        comm_stream_close(comm, stream, cause);
        return;
    }
    if (stream->is_waiting)
        return;
    base_list_remove(&stream->node);
    base_list_append(&out->waiting, &stream->node);
    stream->is_waiting = true;
    stream->cause = (uint8_t)cause;
    comm->n_stalled++;
    comm->attention |= COMM_SEE_STALL;
}

void comm_flush(struct comm *comm, enum comm_flush_cause cause)
{
    while (!base_list_is_empty(&comm->open))
        flush_stream(comm, CONTAINER_OF(comm->open.next, struct comm_stream, node),
                     cause);
}

void comm_flush_rank(struct comm *comm, int rank, enum comm_flush_cause cause)
{
    struct comm_stream *stream = comm->fast.streams[rank];
    if (stream->frame)
        flush_stream(comm, stream, cause);
}

bool comm_age_poll(struct comm *comm)
{
    bool moved = false;
    while (comm_age_wake_ns(comm) <= comm->now_ns) {
        flush_stream(comm, CONTAINER_OF(comm->open.next, struct comm_stream, node),
                     COMM_FLUSH_AGE);
        moved = true;
    }
    return moved;
}

int64_t comm_age_wake_ns(const struct comm *comm)
{
    if (base_list_is_empty(&comm->open))
        return INT64_MAX;
    return CONTAINER_OF(comm->open.next, struct comm_stream, node)->opened_ns + AGE_NS;
}

/* ---- records that do not fit the inline path ---- */

/* A payload in two parts, as a source of bytes. */
struct parts {
    const unsigned char *head, *tail;
    size_t head_bytes, tail_bytes;
};

static void take_parts(struct parts *parts, unsigned char *at, size_t size_bytes)
{
    size_t n = size_bytes < parts->head_bytes ? size_bytes : parts->head_bytes;
    if (n > 0) {
        memcpy(at, parts->head, n);
        parts->head += n;
        parts->head_bytes -= n;
    }
    size_bytes -= n;
    if (size_bytes > 0) {
        memcpy(at + n, parts->tail, size_bytes);
        parts->tail += size_bytes;
        parts->tail_bytes -= size_bytes;
    }
}

/* Copies, and clears what pads. */
static void
put_payload(struct comm_stream *stream, struct parts *parts, size_t size_bytes)
{
    size_t padded = comm_wire_padded(size_bytes);
    if (padded > size_bytes)
        comm_wire_store(stream->at + padded - COMM_WORD_BYTES, 0);
    take_parts(parts, stream->at, size_bytes);
    stream->at += padded;
}

static size_t room_of(const struct comm_stream *stream)
{
    return stream->frame ? (size_t)(stream->end - stream->at) : 0;
}

/* What an empty frame has room for. */
static size_t fresh_room(const struct comm *comm)
{
    return comm->options.frame_bytes - COMM_WORD_BYTES;
}

static void put_whole(struct comm *comm,
                      struct comm_stream *stream,
                      const unsigned char *words,
                      size_t n_words_bytes,
                      struct parts *parts,
                      size_t size_bytes)
{
    if (room_of(stream) < n_words_bytes + comm_wire_padded(size_bytes)) {
        if (stream->frame)
            comm_stream_close(comm, stream, COMM_FLUSH_FULL);
        open_frame(comm, stream);
    }
    memcpy(stream->at, words, n_words_bytes);
    stream->at += n_words_bytes;
    put_payload(stream, parts, size_bytes);
}

static size_t put_chunk(struct comm_stream *stream, struct parts *parts, size_t n_left)
{
    size_t room = room_of(stream);
    size_t n = n_left < room ? n_left : room;
    put_payload(stream, parts, n);
    return n_left - n;
}

/* Room for the words and a first chunk worth the while. */
static bool is_roomy(const struct comm *comm, size_t room, size_t n_words_bytes)
{
    size_t least = fresh_room(comm) / 4;
    return room >= n_words_bytes + (least < MIN_FIRST_CHUNK ? least : MIN_FIRST_CHUNK);
}

static void put_chunks(struct comm *comm,
                       struct comm_stream *stream,
                       const unsigned char *words,
                       size_t n_words_bytes,
                       struct parts *parts,
                       size_t size_bytes)
{
    const struct comm_header more = {.kind = words[0]};
    if (!is_roomy(comm, room_of(stream), n_words_bytes)) {
        if (stream->frame)
            comm_stream_close(comm, stream, COMM_FLUSH_FULL);
        open_frame(comm, stream);
    }
    memcpy(stream->at, words, n_words_bytes);
    stream->at += n_words_bytes;
    size_t n_left = put_chunk(stream, parts, size_bytes);
    while (n_left > 0) {
        comm_stream_close(comm, stream, COMM_FLUSH_FULL);
        open_frame(comm, stream);
        struct comm_wire_memory nothing = {0};
        unsigned char head[COMM_HEAD_BYTES];
        comm_wire_put(head, &nothing, &more, n_left, COMM_FORM_MORE);
        memcpy(stream->at, head, COMM_WORD_BYTES);
        stream->at += COMM_WORD_BYTES;
        n_left = put_chunk(stream, parts, n_left);
    }
}

/* The frames a record of so many bytes may need, at most. */
static uint32_t frames_for(const struct comm *comm, size_t n_bytes)
{
    return (uint32_t)(n_bytes / (fresh_room(comm) - COMM_WORD_BYTES)) + 2;
}

troupe_status comm_post_here(struct comm *comm,
                             struct comm_stream *stream,
                             const struct comm_header *header,
                             unsigned shape,
                             const void *head,
                             size_t head_bytes,
                             const void *tail,
                             size_t tail_bytes)
{
    struct parts parts = {head, tail, head_bytes, tail_bytes};
    unsigned char words[COMM_HEAD_BYTES];
    struct comm_wire_memory last = stream->last;
    size_t size_bytes = head_bytes + tail_bytes;
    /* Two words after a ticket are its own, no payload. */
    size_t stated_bytes = shape == COMM_FORM_TICKET ? 0 : size_bytes;

    base_assert(size_bytes <= COMM_RECORD_MAX_BYTES);
    size_t n_words_bytes =
        (size_t)(comm_wire_put(words, &last, header, stated_bytes, shape) - words);
    size_t n_bytes = n_words_bytes + comm_wire_padded(size_bytes);
    bool is_whole = n_bytes <= fresh_room(comm);
    if (room_of(stream) < n_bytes &&
        !comm_frame_reserve(comm, is_whole ? 1 : frames_for(comm, n_bytes)))
        return TROUPE_NO_MEMORY;
    stream->last = last;
    stream->run.plain = 0;
    if (is_whole) {
        put_whole(comm, stream, words, n_words_bytes, &parts, size_bytes);
    } else {
        /* The form stands in the last byte of the first word. */
        words[COMM_WORD_BYTES - 1] |= COMM_FORM_FIRST;
        put_chunks(comm, stream, words, n_words_bytes, &parts, size_bytes);
    }
    stream->n_posted++;
    return TROUPE_OK;
}

/* ---- the calls ---- */

/* comm's own records never do. */
bool comm_goes_apart(const struct comm *comm, uint8_t kind, uint64_t size_bytes)
{
    const struct base_frame_kind *known = comm->fast.kinds[kind];

    return size_bytes > comm->options.chunk_limit_bytes && kind >= COMM_N_OWN_KINDS &&
           !(known && known->is_never_apart);
}

/* Fits a fresh frame whatever words come with it. */
static bool is_small(const struct comm *comm, size_t size_bytes)
{
    return size_bytes <= comm->options.chunk_limit_bytes &&
           size_bytes + COMM_HEAD_BYTES + 2 * COMM_WORD_BYTES <=
               comm->options.frame_bytes;
}

static troupe_status post_copy_apart(struct comm *comm,
                                     struct comm_stream *stream,
                                     const struct comm_header *header,
                                     struct parts *parts)
{
    size_t size_bytes = parts->head_bytes + parts->tail_bytes;
    struct message_envelope *envelope = message_take(comm->pool, size_bytes);
    if (!envelope)
        return TROUPE_NO_MEMORY;
    take_parts(parts, envelope->inline_payload, size_bytes);
    troupe_status status = comm_bulk_post(comm, stream, header, envelope);
    if (status != TROUPE_OK)
        message_give(comm->pool, envelope);
    return status;
}

troupe_status comm_post_parts(struct comm *comm,
                              int rank,
                              const struct comm_header *header,
                              const void *head,
                              size_t head_bytes,
                              const void *tail,
                              size_t tail_bytes)
{
    struct comm_stream *stream = comm_stream_of(comm, rank);

    /* The first of a frame goes the inline way, too. */
    if (LIKELY(!stream->frame && tail_bytes == 0 && is_small(comm, head_bytes) &&
               (comm->free || comm_frame_reserve(comm, 1)))) {
        open_frame(comm, stream);
        return comm_post(comm, rank, header, head, head_bytes);
    }
    if (comm_goes_apart(comm, header->kind, head_bytes + tail_bytes)) {
        struct parts parts = {head, tail, head_bytes, tail_bytes};
        return post_copy_apart(comm, stream, header, &parts);
    }
    return comm_post_here(comm, stream, header, 0, head, head_bytes, tail, tail_bytes);
}

void comm_post_must(struct comm *comm,
                    int rank,
                    const struct comm_header *header,
                    const void *payload,
                    size_t size_bytes)
{
    enum { TRIES = 8 };
    for (int i = 0; i < TRIES; i++) {
        if (comm_post(comm, rank, header, payload, size_bytes) == TROUPE_OK)
            return;
    }
    base_die_with(BASE_EXIT_FAILED, __FILE__, __LINE__,
                  "no memory to send %zu bytes of the runtime to rank %d", size_bytes,
                  rank);
}

troupe_status comm_post_envelope(struct comm *comm,
                                 int rank,
                                 const struct comm_header *header,
                                 struct message_envelope **envelope)
{
    struct comm_stream *stream = comm_stream_of(comm, rank);
    struct message_envelope *taken = *envelope;
    troupe_status status;

    if (comm_goes_apart(comm, header->kind, taken->size_bytes)) {
        status = comm_bulk_post(comm, stream, header, taken);
    } else {
        status = comm_post(comm, rank, header, message_payload(taken),
                           (size_t)taken->size_bytes);
        if (status == TROUPE_OK)
            message_give(comm->pool, taken);
    }
    if (status == TROUPE_OK)
        *envelope = NULL;
    return status;
}
