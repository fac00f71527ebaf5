/* SPDX-License-Identifier: BSD-3-Clause */
#include "comm/internal.h"

/*
 * The agreed end. Rings are emptied with messages to oneself and never by a cancel,
 * which MPI does not promise to work. For that nothing may be on its way any more, so
 * the ranks compare what each has sent to each:
 *
 *   agree    a reduction: all are here, nothing new is posted but the reduction itself
 *   count    records posted, by pair
 *   arrive   until all of them have been taken and all own frames have left
 *   meet     all have arrived, so no data frame is on its way; control frames end here
 *   tally    frames sent, by pair and kind
 *   empty    until they have come, the last being control frames
 */

enum phase { AGREE, COUNT, ARRIVE, MEET, TALLY, EMPTY, THROUGH };

enum { N_VALUES = 3 }; /* the most that one exchange carries to a rank */

struct comm_ending {
    enum phase phase;
    uint64_t n_dropped; /* records that came when nobody wanted them any more */
    uint64_t *to_each, *from_each, *expected;
};

static void merge_nothing(void *into, const void *from)
{
    (void)into;
    (void)from;
}

static void begin(struct comm *comm)
{
    static const struct comm_reduce arrival = {.merge = merge_nothing};
    size_t n = (size_t)comm->n_ranks;
    struct comm_ending *ending = base_new(struct comm_ending);

    ending->to_each = base_new_array(uint64_t, n * N_VALUES);
    ending->from_each = base_new_array(uint64_t, n * N_VALUES);
    ending->expected = base_new_array(uint64_t, n);
    comm->ending = ending;
    comm->upper = (struct comm_upper){0};
    comm_quiet_withdraw(comm);
    comm_reduce_start(comm, &arrival, NULL, 0);
}

static void exchange(struct comm *comm, int n_values)
{
    comm->backend->exchange_begin(comm, comm->ending->to_each, comm->ending->from_each,
                                  n_values);
}

/* Takes what the layer above no longer does; after quiescence there is nothing. */
static void drop_records(struct comm *comm)
{
    struct comm_record record;
    while (comm_has_frame(comm)) {
        while (comm_next(comm, &record)) {
            comm->ending->n_dropped++;
            if (record.ticket)
                comm_fetch_discard(comm, record.source, record.ticket);
        }
    }
}

/* ---- the phases: true when done, having begun the next ---- */

static bool agree(struct comm *comm)
{
    if (comm->reduction.is_running)
        return false;
    for (int i = 0; i < comm->n_ranks; i++)
        comm->ending->to_each[i] = comm->fast.streams[i]->n_posted;
    exchange(comm, 1);
    return true;
}

static bool count(struct comm *comm)
{
    if (!comm->backend->exchange_is_done(comm))
        return false;
    memcpy(comm->ending->expected, comm->ending->from_each,
           (size_t)comm->n_ranks * sizeof(uint64_t));
    return true;
}

static bool arrive(struct comm *comm)
{
    for (int i = 0; i < comm->n_ranks; i++) {
        const struct comm_origin *origin = comm->origins[i];
        /* A ticket that is never fetched is a fault, but must not hold up the end. */
        uint64_t n_here = origin ? origin->n_taken + origin->n_tickets : 0;
        if (n_here < comm->ending->expected[i])
            return false;
    }
    if (comm->n_stalled > 0 || comm->flight || comm->transfers ||
        !base_list_is_empty(&comm->open))
        return false;
    exchange(comm, 1);
    return true;
}

static bool meet(struct comm *comm)
{
    if (!comm->backend->exchange_is_done(comm))
        return false;
    comm->is_mute = true;
    for (int i = 0; i < comm->n_ranks; i++) {
        const struct comm_link *link = comm->links[i];
        uint64_t *values = comm->ending->to_each + (ptrdiff_t)i * N_VALUES;
        values[0] = link ? link->out[COMM_LAST_HOP].used : COMM_COUNT_BASE;
        values[1] = link ? link->out[COMM_FIRST_HOP].used : COMM_COUNT_BASE;
        values[2] = link ? link->n_control_sent : 0;
    }
    exchange(comm, N_VALUES);
    return true;
}

static bool tally(struct comm *comm)
{
    return comm->backend->exchange_is_done(comm);
}

/* What came from the peer, forfeits included, against what it says it sent. */
static bool has_come(const struct comm *comm, int peer)
{
    const struct comm_link *link = comm->links[peer];
    const uint64_t *values = comm->ending->from_each + (ptrdiff_t)peer * N_VALUES;
    if (!link)
        return values[0] == COMM_COUNT_BASE && values[1] == COMM_COUNT_BASE &&
               values[2] == 0;
    return link->in[COMM_LAST_HOP].received == values[0] &&
           link->in[COMM_FIRST_HOP].received == values[1] &&
           link->n_control_received == values[2];
}

static bool empty(struct comm *comm)
{
    for (int i = 0; i < comm->n_ranks; i++) {
        if (!has_come(comm, i))
            return false;
    }
    if (comm->to_post || comm->flight)
        return false;
    comm->backend->drain(comm);
    return true;
}

static bool (*const phases[])(struct comm *comm) = {
    [AGREE] = agree, [COUNT] = count, [ARRIVE] = arrive,
    [MEET] = meet,   [TALLY] = tally, [EMPTY] = empty,
};

bool comm_end_turn(struct comm *comm)
{
    if (!comm->ending)
        begin(comm);
    if (comm->ending->phase == THROUGH)
        return true;
    comm_flush(comm, COMM_FLUSH_BLOCK);
    comm_poll(comm);
    drop_records(comm);
    while (comm->ending->phase != THROUGH && phases[comm->ending->phase](comm))
        comm->ending->phase++;
    return comm->ending->phase == THROUGH;
}

void comm_end_fini(struct comm *comm)
{
    if (!comm->ending)
        return;
    base_free(comm->ending->to_each);
    base_free(comm->ending->from_each);
    base_free(comm->ending->expected);
    base_free(comm->ending);
}

/* ---- the audit ---- */

static void audit_pairs(const struct comm *comm, struct base_bytes *faults)
{
    for (int i = 0; i < comm->n_ranks; i++) {
        const struct comm_origin *origin = comm->origins[i];
        uint64_t n_taken = origin ? origin->n_taken : 0;
        if (n_taken != comm->ending->expected[i])
            base_bytes_append_format(
                faults,
                "comm: rank %d posted %llu records to rank %d, which took %llu\n", i,
                (unsigned long long)comm->ending->expected[i], comm->rank,
                (unsigned long long)n_taken);
        if (origin && origin->partial)
            base_bytes_append_format(faults,
                                     "comm: half a record from rank %d is left\n", i);
    }
    if (comm->ending->n_dropped > 0)
        base_bytes_append_format(
            faults, "comm: %llu records came to rank %d after its end\n",
            (unsigned long long)comm->ending->n_dropped, comm->rank);
    if (comm->n_kept_live > 0)
        base_bytes_append_format(faults,
                                 "comm: %u payloads of rank %d were never fetched\n",
                                 comm->n_kept_live, comm->rank);
}

static void audit_credits(const struct comm *comm, struct base_bytes *faults)
{
    uint32_t n_used =
        comm->n_spare + comm->n_fresh_lanes * comm->options.initial_credits;

    for (int i = 0; i < comm->n_ranks; i++) {
        const struct comm_link *link = comm->links[i];

        for (int lane = 0; link && lane < COMM_N_LANES; lane++)
            n_used += link->in[lane].allowed - link->in[lane].received;
    }
    if (n_used != comm->n_slots)
        base_bytes_append_format(
            faults, "comm: rank %d has %u slots, and %u credits are out or spare\n",
            comm->rank, comm->n_slots, n_used);
}

static void audit_frames(const struct comm *comm, struct base_bytes *faults)
{
    uint32_t n_made = 0, n_known = comm->n_free + comm->n_slots +
                                   comm->n_control_slots + comm->n_pipe_slots;

    BASE_LIST_EACH(node, &comm->frames)
    n_made++;
    for (int i = 0; i < comm->n_ranks; i++)
        n_known += comm->links[i] && comm->links[i]->control;
    if (n_made != n_known)
        base_bytes_append_format(faults,
                                 "comm: rank %d made %u frames and knows of %u\n",
                                 comm->rank, n_made, n_known);
}

bool comm_audit(const struct comm *comm, struct base_bytes *text)
{
    if (!comm->ending || comm->ending->phase != THROUGH) {
        base_bytes_append_format(text, "comm: rank %d was not stopped\n", comm->rank);
        return false;
    }
    size_t size_before = text->size;
    audit_pairs(comm, text);
    audit_credits(comm, text);
    audit_frames(comm, text);
    return text->size == size_before;
}

void comm_stop(struct comm *comm)
{
    enum { TURN_NS = 20 * 1000 }; /* the end of an exchange does not show in a poll */

    if (!comm->backend->idle || !comm->is_started)
        return;
    while (!comm_end_turn(comm))
        comm->backend->idle(comm, comm_look_at_clock(comm) + TURN_NS);
}

void comm_close(struct comm *comm)
{
    comm->backend->close(comm);
    comm_destroy(comm);
}
