/* SPDX-License-Identifier: BSD-3-Clause */
#include "comm/internal.h"

/*
 * Polling, and reading what has come. Frames are read where they arrived; their slots
 * go back into the ring at the beginning of the next poll, when whatever the records
 * led to is already on its way.
 */

enum {
    MAX_PERIOD = 16,            /* polls between two close looks, at most */
    LONG_PERIOD_NS = 20 * 1000, /* fewer when looks are so far apart; */
    SHORT_PERIOD_NS = 4 * 1000, /* more when so near */
    TAKE_TRIES = 64
};

/* ---- frames arrive ---- */

static void append_unread(struct comm *comm, struct comm_frame *slot)
{
    slot->next = NULL;
    *comm->unread_end = slot;
    comm->unread_end = &slot->next;
}

/* A frame that only passes through goes on from its slot. */
static void forward(struct comm *comm,
                    struct comm_frame *slot,
                    const struct comm_frame_header *header)
{
    int destination = header->destination;
    base_require(comm_next_hop(comm, comm->rank, destination) == destination,
                 "a frame from rank %d to %d came astray", header->source, destination);
    comm_link_submit(comm, comm_link_of(comm, destination), COMM_LAST_HOP, slot);
}

static void take_frame(struct comm *comm, struct comm_frame *slot)
{
    base_require(comm_wire_frame_is_good(slot->bytes, slot->size_bytes, comm->n_ranks),
                 "a malformed frame of %u bytes from rank %d", slot->size_bytes,
                 slot->peer);
    struct comm_frame_header header = comm_wire_get_header(slot->bytes);
    struct comm_link *link = comm_link_of(comm, slot->peer);
    bool is_mine = header.destination == comm->rank;

    slot->link = link;
    slot->lane = is_mine ? COMM_LAST_HOP : COMM_FIRST_HOP;
    comm->counts.n_bytes_received += slot->size_bytes;
    if (LIKELY(is_mine))
        append_unread(comm, slot);
    comm_link_arrival(comm, link, (enum comm_lane)slot->lane, &header);
    if (UNLIKELY(!is_mine))
        forward(comm, slot, &header);
}

/* ---- polling ---- */

static bool watch_poll(struct comm *comm)
{
    bool moved = false;
    for (struct comm_watch **at = &comm->watches; *at;) {
        struct comm_watch *watch = *at;
        if (!comm->backend->foreign_is_done(comm, watch->request)) {
            at = &watch->next;
            continue;
        }
        *at = watch->next;
        comm_is_active(comm);
        watch->done(comm->troupe, watch->context);
        base_free(watch);
        moved = true;
    }
    if (!comm->watches)
        comm->attention &= ~(uint32_t)COMM_SEE_WATCHES;
    return moved;
}

void comm_watch(struct comm *comm,
                void *request,
                void (*done)(struct troupe *rank, void *context),
                void *context)
{
    struct comm_watch *watch = base_new(struct comm_watch);
    *watch = (struct comm_watch){comm->watches, request, done, context};
    comm->watches = watch;
    comm->attention |= COMM_SEE_WATCHES;
}

static uint32_t doubled(uint32_t number, uint32_t most)
{
    return 2 * number < most ? 2 * number : most;
}

/* So much of a number as is in the limit; at least 1. */
static uint32_t shrunk(uint32_t number, int64_t limit_ns, int64_t took_ns)
{
    int64_t n = (int64_t)number * limit_ns / took_ns;
    return n < 1 ? 1 : (uint32_t)n;
}

/* Shrinks at once to what there was time for, and grows where there was time. */
static void adapt_share(struct comm *comm, int64_t step_ns)
{
    if (step_ns > COMM_LONG_STEP_NS)
        comm->share = shrunk(comm->share, COMM_LONG_STEP_NS, step_ns);
    else
        comm->share = doubled(comm->share, COMM_WHOLE_SHARE);
}

/* The clock costs as much as an empty poll, so it is not read at each. */
static void keep_time(struct comm *comm)
{
    int64_t before_ns = comm->now_ns;
    int64_t gap_ns = comm_look_at_clock(comm) - before_ns;

    if (gap_ns > comm->counts.longest_poll_gap_ns)
        comm->counts.longest_poll_gap_ns = gap_ns;
    bool was_whole = comm->share == COMM_WHOLE_SHARE;
    adapt_share(comm, gap_ns / comm->period);
    if (gap_ns > LONG_PERIOD_NS)
        comm->period = shrunk(comm->period, LONG_PERIOD_NS, gap_ns);
    else if (gap_ns < SHORT_PERIOD_NS && was_whole)
        comm->period = doubled(comm->period, MAX_PERIOD);
    comm->countdown = comm->period;
}

static bool look_closer(struct comm *comm)
{
    bool moved = false;
    bool is_time = comm->countdown == 0;

    if (is_time)
        keep_time(comm);
    if (is_time || comm->attention & (COMM_SEE_STALL | COMM_SEE_TELL))
        moved |= comm_control_poll(comm);
    if (comm->attention & COMM_SEE_FLIGHT)
        moved |= comm_flight_poll(comm);
    if (comm->attention & COMM_SEE_TRANSFERS)
        moved |= comm_transfer_poll(comm);
    if (comm->attention & COMM_SEE_WATCHES)
        moved |= watch_poll(comm);
    if (comm->attention & COMM_SEE_REDUCTION)
        moved |= comm_reduction_poll(comm);
    if (is_time)
        moved |= comm_age_poll(comm);
    moved |= comm_quiet_poll(comm);
    if (comm->attention & COMM_SEE_TELL)
        moved |= comm_control_send(comm);
    return moved;
}

bool comm_poll(struct comm *comm)
{
    enum { SKIPS = 4 };
    bool moved = false;

    if (comm->to_post)
        comm_ring_post(comm);
    /* Who has a frame to read is about to; who does not read must still be heard. */
    if (LIKELY(!comm_has_frame(comm)) || ++comm->n_skipped % SKIPS == 0) {
        struct comm_frame *slot = comm->backend->slot_take(comm, COMM_DATA);
        if (slot) {
            take_frame(comm, slot);
            moved = true;
        }
    }
    if (UNLIKELY(--comm->countdown == 0 || comm->attention))
        moved |= look_closer(comm);
    return moved;
}

bool comm_poll_within(struct comm *comm)
{
    uint32_t share = comm->share, period = comm->period;
    bool moved = comm_poll(comm);

    comm->share = share;
    comm->period = period;
    comm->countdown = 1;
    return moved;
}

/* ---- frames are read ---- */

static bool begin_frame(struct comm *comm)
{
    struct comm_reader *reader = &comm->fast.reader;
    struct comm_frame *slot = comm->fast.unread;
    if (!slot)
        return false;
    comm->fast.unread = slot->next;
    if (!slot->next)
        comm->unread_end = &comm->fast.unread;
    reader->frame = slot;
    reader->source = comm_wire_get_header(slot->bytes).source;
    reader->state = &comm_origin_of(comm, reader->source)->state;
    reader->at = slot->bytes + COMM_WORD_BYTES;
    reader->end = slot->bytes + slot->size_bytes;
    reader->n_taken = 0;
    comm_is_active(comm);
    return true;
}

static void end_frame(struct comm *comm)
{
    struct comm_reader *reader = &comm->fast.reader;
    comm->origins[reader->source]->n_taken += reader->n_taken;
    comm_frame_give(comm, reader->frame);
    reader->frame = NULL;
    reader->n_taken = 0;
}

struct message_envelope *comm_must_take(struct comm *comm, uint64_t size_bytes)
{
    for (int i = 0; i < TAKE_TRIES; i++) {
        struct message_envelope *envelope =
            message_take(comm->pool, (size_t)size_bytes);
        if (envelope)
            return envelope;
    }
    base_die_with(BASE_EXIT_FAILED, __FILE__, __LINE__,
                  "no memory for a message of %llu bytes that arrived",
                  (unsigned long long)size_bytes);
}

/* True: the record is whole, in the envelope. */
static bool take_chunk(struct comm *comm,
                       struct comm_origin *origin,
                       const struct comm_wire_record *chunk)
{
    if (chunk->shape == COMM_FORM_FIRST) {
        origin->partial = comm_must_take(comm, chunk->size_bytes);
        origin->partial_header = chunk->header;
    }
    struct message_envelope *envelope = origin->partial;
    uint64_t n_done = envelope->size_bytes - origin->state.n_missing - chunk->n_here;
    if (chunk->n_here > 0)
        memcpy(envelope->inline_payload + n_done, chunk->payload, chunk->n_here);
    return origin->state.n_missing == 0;
}

static bool take_own(struct comm *comm, const struct comm_record *record)
{
    switch (record->header.kind) {
    case COMM_KIND_FETCH:
    case COMM_KIND_DISCARD:
        return comm_bulk_requested(comm, record->source, record->header.reference,
                                   record->header.kind == COMM_KIND_FETCH);
    case COMM_KIND_REDUCE_UP:
    case COMM_KIND_REDUCE_DOWN:
        return comm_reduction_take(comm, record);
    default:
        return false;
    }
}

/* Makes of what stands in the frame what the caller sees. False: a part of a record. */
static bool complete(struct comm *comm,
                     const struct comm_wire_record *wire,
                     struct comm_record *record)
{
    struct comm_reader *reader = &comm->fast.reader;
    struct comm_origin *origin = comm->origins[reader->source];

    *record = (struct comm_record){.header = wire->header,
                                   .source = reader->source,
                                   .size_bytes = wire->size_bytes,
                                   .payload = wire->payload,
                                   .ticket = wire->ticket};
    if (wire->shape == COMM_FORM_TICKET) {
        origin->n_tickets++; /* counts as taken when it has been fetched */
        return true;
    }
    if (wire->shape != 0) {
        if (!take_chunk(comm, origin, wire))
            return false;
        record->header = origin->partial_header;
        record->envelope = origin->partial;
        record->size_bytes = record->envelope->size_bytes;
        record->payload = record->envelope->inline_payload;
        origin->partial = NULL;
    }
    reader->n_taken++;
    return true;
}

/*
 * A record with an envelope: its taker may leave that to us, so the next call must come
 * here and not the inline way. To that one the frame seems to end.
 */
static void give_with_envelope(struct comm *comm, struct comm_record *record)
{
    struct comm_reader *reader = &comm->fast.reader;
    comm->given = record;
    comm->given_end = reader->end;
    reader->end = reader->at;
}

static void drop_given(struct comm *comm)
{
    if (LIKELY(!comm->given))
        return;
    if (comm->given->envelope)
        message_give(comm->pool, comm->given->envelope);
    comm->given = NULL;
    comm->fast.reader.end = comm->given_end;
}

void comm_pause(struct comm *comm)
{
    drop_given(comm);
}

/* By the layer whose kind it is; some of them never look for a ticket. */
static bool can_be_taken(const struct comm *comm, const struct comm_record *record)
{
    const struct base_frame_kind *kind = comm->fast.kinds[record->header.kind];

    return kind && !(record->ticket && kind->is_never_apart);
}

/* Reads one record, which is the caller's if true. */
static bool read_record(struct comm *comm, struct comm_record *record)
{
    struct comm_reader *reader = &comm->fast.reader;
    struct comm_wire_record wire;
    const unsigned char *next =
        comm_wire_next(reader->at, reader->end, reader->state, &wire);

    base_require(next, "a malformed record from rank %d", reader->source);
    reader->at = next;
    if (!complete(comm, &wire, record))
        return false;
    uint8_t kind = record->header.kind;
    bool is_own = kind < COMM_N_OWN_KINDS;
    base_require(
        is_own ? !record->ticket && take_own(comm, record) : can_be_taken(comm, record),
        "a record of kind %u from rank %d that makes no sense", kind, reader->source);
    if (is_own && record->envelope)
        message_give(comm->pool, record->envelope);
    return !is_own;
}

void comm_refuse(const struct comm *comm,
                 const struct comm_record *record,
                 const char *file,
                 int line,
                 const char *why)
{
    base_die(
        file, line,
        "a record '%s' from rank %d makes no sense: %s. Something wrote over memory "
        "there or here (a build with -DTROUPE_SANITIZE=address,undefined may say "
        "what), or this is a fault of Troupe",
        comm_kind(comm, record->header.kind)->name, record->source, why);
}

bool comm_next_slowly(struct comm *comm, struct comm_record *record)
{
    struct comm_reader *reader = &comm->fast.reader;

    drop_given(comm);
    if (!reader->frame && !begin_frame(comm))
        return false;
    if (LIKELY(comm_read_whole(comm, reader, record)))
        return true;
    while (reader->at != reader->end) {
        if (!read_record(comm, record))
            continue;
        if (record->envelope)
            give_with_envelope(comm, record);
        return true;
    }
    end_frame(comm);
    return false;
}
