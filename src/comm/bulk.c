/* SPDX-License-Identifier: BSD-3-Clause */
#include "comm/internal.h"

/*
 * Payloads that travel apart. The sender keeps the envelope in a table and posts a
 * ticket in its place; the receiver posts its receive first and then asks, so the
 * payload finds a place waiting whatever its size. A ticket is the index in the table
 * and the number of its use, so that an old one is recognised.
 */

enum {
    INDEX_BITS = 20,
    GENERATION_MASK = (1 << 11) - 1, /* the back end makes 31 bits of it */
    FIRST_KEPT = 16,
    TESTS_PER_POLL = 8 /* of transfers, however many there are */
};

/* ---- the table ---- */

static uint64_t ticket_of(const struct comm *comm, uint32_t index)
{
    return (uint64_t)(comm->kept[index].generation & GENERATION_MASK) << INDEX_BITS |
           (index + 1);
}

/* Index in the table, or UINT32_MAX: no ticket of ours. */
static uint32_t index_of(const struct comm *comm, uint64_t ticket)
{
    uint64_t index = (ticket & ((1 << INDEX_BITS) - 1)) - 1;
    if (index >= comm->n_kept || !comm->kept[index].envelope ||
        ticket_of(comm, (uint32_t)index) != ticket)
        return UINT32_MAX;
    return (uint32_t)index;
}

static bool grow_table(struct comm *comm)
{
    uint32_t n = comm->n_kept ? 2 * comm->n_kept : FIRST_KEPT;
    if (n >= UINT32_C(1) << INDEX_BITS)
        return false;
    struct comm_kept *kept = base_try_realloc(comm->kept, n * sizeof *kept);
    if (!kept)
        return false;
    comm->kept = kept;
    for (uint32_t i = n; i-- > comm->n_kept;) {
        kept[i] = (struct comm_kept){.next_free = comm->free_kept};
        comm->free_kept = i + 1;
    }
    comm->n_kept = n;
    return true;
}

static void free_kept(struct comm *comm, uint32_t index)
{
    struct comm_kept *kept = &comm->kept[index];
    message_give(comm->pool, kept->envelope);
    kept->envelope = NULL;
    kept->generation++;
    kept->next_free = comm->free_kept;
    comm->free_kept = index + 1;
    comm->n_kept_live--;
}

troupe_status comm_bulk_post(struct comm *comm,
                             struct comm_stream *stream,
                             const struct comm_header *header,
                             struct message_envelope *envelope)
{
    if (!comm->free_kept && !grow_table(comm))
        return TROUPE_NO_MEMORY;
    uint32_t index = comm->free_kept - 1;
    struct comm_kept *kept = &comm->kept[index];
    const uint64_t words[2] = {envelope->size_bytes, ticket_of(comm, index)};
    TROUPE_TRY(comm_post_here(comm, stream, header, COMM_FORM_TICKET, words,
                              sizeof words, NULL, 0));
    comm->free_kept = kept->next_free;
    kept->envelope = envelope;
    kept->destination = stream->destination;
    kept->is_leaving = false;
    comm->n_kept_live++;
    return TROUPE_OK;
}

/* ---- transfers ---- */

static void append_transfer(struct comm *comm, struct comm_transfer *transfer)
{
    transfer->next = NULL;
    *comm->transfers_end = transfer;
    comm->transfers_end = &transfer->next;
    comm->n_transfers++;
}

static struct comm_transfer *take_transfer(struct comm *comm)
{
    struct comm_transfer *transfer = comm->transfers;
    comm->transfers = transfer->next;
    if (!comm->transfers)
        comm->transfers_end = &comm->transfers;
    comm->n_transfers--;
    return transfer;
}

static void begin_transfer(struct comm *comm, const struct comm_transfer *what)
{
    struct comm_transfer *transfer = comm->free_transfers;
    if (transfer)
        comm->free_transfers = transfer->next;
    else
        transfer = base_new(struct comm_transfer);
    *transfer = *what;
    append_transfer(comm, transfer);
    comm->attention |= COMM_SEE_TRANSFERS;
    comm->backend->transfer_begin(comm, transfer);
}

static unsigned char *payload_of(struct message_envelope *envelope)
{
    if (envelope->flags & MESSAGE_APART)
        return message_shared_of(envelope)->payload;
    return envelope->inline_payload;
}

bool comm_bulk_requested(struct comm *comm, int peer, uint64_t ticket, bool is_wanted)
{
    uint32_t index = index_of(comm, ticket);
    if (index == UINT32_MAX)
        return false;
    struct comm_kept *kept = &comm->kept[index];
    if (kept->destination != peer || kept->is_leaving)
        return false;
    if (!is_wanted) {
        free_kept(comm, index);
        return true;
    }
    kept->is_leaving = true;
    begin_transfer(comm, &(struct comm_transfer){
                             .peer = peer,
                             .is_send = true,
                             .index = index,
                             .ticket = ticket,
                             .payload = payload_of(kept->envelope),
                             .size_bytes = kept->envelope->size_bytes,
                         });
    return true;
}

static void ask(struct comm *comm, int source, uint64_t ticket, enum comm_own_kind kind)
{
    const struct comm_header header = {.kind = (uint8_t)kind, .reference = ticket};
    comm_post_must(comm, source, &header, NULL, 0);
    comm_flush_rank(comm, source, COMM_FLUSH_URGENT);
}

void comm_fetch(struct comm *comm,
                int source,
                uint64_t ticket,
                struct message_envelope *envelope)
{
    begin_transfer(comm, &(struct comm_transfer){
                             .peer = source,
                             .ticket = ticket,
                             .payload = payload_of(envelope),
                             .size_bytes = envelope->size_bytes,
                             .envelope = envelope,
                         });
    comm->n_asked++;
    ask(comm, source, ticket, COMM_KIND_FETCH);
}

void comm_fetch_discard(struct comm *comm, int source, uint64_t ticket)
{
    struct comm_origin *origin = comm_origin_of(comm, source);
    base_assert(origin->n_tickets > 0);
    origin->n_tickets--;
    origin->n_taken++;
    ask(comm, source, ticket, COMM_KIND_DISCARD);
}

static void end_transfer(struct comm *comm, struct comm_transfer *transfer)
{
    if (transfer->is_send) {
        comm->counts.n_bulk_sent++;
        free_kept(comm, transfer->index);
        return;
    }
    struct comm_origin *origin = comm_origin_of(comm, transfer->peer);
    base_assert(origin->n_tickets > 0);
    origin->n_tickets--;
    origin->n_taken++;
    comm->counts.n_bulk_received++;
    comm_is_active(comm);
    transfer->envelope->flags &= (uint8_t)~MESSAGE_PENDING;
    if (comm->upper.fetched)
        comm->upper.fetched(comm->troupe, transfer->envelope);
}

/* In turn: whoever is not done goes to the end of the queue. */
bool comm_transfer_poll(struct comm *comm)
{
    bool moved = false;
    uint32_t n =
        comm->n_transfers < TESTS_PER_POLL ? comm->n_transfers : TESTS_PER_POLL;
    while (n-- > 0) {
        struct comm_transfer *transfer = take_transfer(comm);
        if (!comm->backend->transfer_is_done(comm, transfer)) {
            append_transfer(comm, transfer);
            continue;
        }
        end_transfer(comm, transfer);
        transfer->next = comm->free_transfers;
        comm->free_transfers = transfer;
        moved = true;
    }
    if (!comm->transfers)
        comm->attention &= ~(uint32_t)COMM_SEE_TRANSFERS;
    return moved;
}

static void free_transfers(struct comm_transfer *transfer)
{
    while (transfer) {
        struct comm_transfer *next = transfer->next;
        base_free(transfer);
        transfer = next;
    }
}

void comm_bulk_fini(struct comm *comm)
{
    for (uint32_t i = 0; i < comm->n_kept; i++) {
        if (comm->kept[i].envelope)
            free_kept(comm, i);
    }
    base_free(comm->kept);
    free_transfers(comm->transfers);
    free_transfers(comm->free_transfers);
}
