/* SPDX-License-Identifier: BSD-3-Clause */
#include "comm/internal.h"

/*
 * Links: credits, the slots behind them, and frames that wait for either.
 *
 * Every posted slot without a frame is promised to somebody or spare, so a frame that
 * is sent on a credit always finds a slot. A slot counts as posted, and its credit may
 * be announced, only after the back end has it. All lanes begin with the same few
 * credits; what the budget leaves is lent to lanes that stall, and called back from
 * those that hold more than they use when there is nothing left to lend.
 */

enum {
    MAX_GRANT = 16,       /* more slots did not make a stream faster */
    RECLAIM_INTERVAL = 64 /* frames received between two attempts */
};

/* ---- neighbours ---- */

/* Does `from` send frames of this lane directly to `to`? */
static bool is_neighbour(const struct comm *comm, int from, int to, enum comm_lane lane)
{
    if (from == to)
        return false;
    if (!comm->options.route)
        return lane == COMM_LAST_HOP;
    if (lane == COMM_LAST_HOP)
        return comm_next_hop(comm, from, to) == to;
    for (int i = 0; i < comm->n_ranks; i++) {
        if (i != from && i != to && comm_next_hop(comm, from, i) == to)
            return true;
    }
    return false;
}

static void init_lanes(struct comm *comm, struct comm_link *link, enum comm_lane lane)
{
    struct comm_lane_out *out = &link->out[lane];
    struct comm_lane_in *in = &link->in[lane];

    out->allowed = out->used = COMM_COUNT_BASE;
    if (is_neighbour(comm, comm->rank, link->peer, lane))
        out->allowed += comm->options.initial_credits;
    out->pending_end = &out->pending;
    base_list_init(&out->waiting);
    if (is_neighbour(comm, link->peer, comm->rank, lane)) {
        in->grant = comm->options.initial_credits;
        comm->n_fresh_lanes--;
    }
    in->received = COMM_COUNT_BASE;
    in->allowed = in->announced = COMM_COUNT_BASE + in->grant;
    in->link = link;
    base_list_init(&in->node);
}

struct comm_link *comm_link_make(struct comm *comm, int peer)
{
    struct comm_link *link = base_new(struct comm_link);
    link->peer = peer;
    for (int lane = 0; lane < COMM_N_LANES; lane++)
        init_lanes(comm, link, (enum comm_lane)lane);
    base_list_init(&link->tell_node);
    comm->links[peer] = link;
    comm_count_memory(comm, sizeof *link);
    return link;
}

/* ---- the ring ---- */

static uint32_t n_promised(const struct comm_lane_in *in)
{
    return in->allowed - in->received;
}

static void add_slot(struct comm *comm, struct comm_frame *slot)
{
    slot->is_slot = true;
    comm->backend->slot_open(comm, COMM_DATA, slot);
    comm->backend->slot_post(comm, COMM_DATA, slot);
    comm->n_slots++;
}

static bool ring_grow(struct comm *comm)
{
    if (comm->n_slots >= comm->max_slots)
        return false;
    struct comm_frame *slot = comm_frame_create(comm, comm->options.frame_bytes);
    if (!slot)
        return false;
    add_slot(comm, slot);
    comm->n_spare++;
    return true;
}

bool comm_ring_start(struct comm *comm)
{
    for (int peer = 0; peer < comm->n_ranks; peer++) {
        for (int lane = 0; lane < COMM_N_LANES; lane++)
            comm->n_fresh_lanes +=
                is_neighbour(comm, peer, comm->rank, (enum comm_lane)lane);
    }
    uint32_t n = comm->n_fresh_lanes * comm->options.initial_credits;
    uint64_t slot_bytes = sizeof(struct comm_frame) + comm->options.frame_bytes;
    uint64_t n_affordable = comm->options.receive_budget_bytes / slot_bytes;
    comm->max_slots = n_affordable > n ? (uint32_t)n_affordable : n;
    comm->n_granted = n;
    while (comm->n_slots < n) {
        struct comm_frame *slot = comm_frame_insist(comm, comm->options.frame_bytes);
        if (!slot)
            return false;
        add_slot(comm, slot);
    }
    return true;
}

/* Gives the lane what its grant still lacks, as far as there are slots. */
static void lane_refill(struct comm *comm, struct comm_lane_in *in)
{
    base_list_remove(&in->node);
    while (n_promised(in) + in->n_held < in->grant) {
        if (comm->n_spare == 0 && !ring_grow(comm)) {
            base_list_append(&comm->hungry, &in->node);
            return;
        }
        comm->n_spare--;
        in->allowed++;
    }
}

static void feed_hungry(struct comm *comm)
{
    while (comm->n_spare > 0 && !base_list_is_empty(&comm->hungry)) {
        struct comm_lane_in *in =
            CONTAINER_OF(comm->hungry.next, struct comm_lane_in, node);
        lane_refill(comm, in);
        if (comm_link_owes_credit(in->link))
            comm_link_tell(comm, in->link);
    }
}

void comm_ring_post(struct comm *comm)
{
    struct comm_frame *slot = comm->to_post;
    comm->to_post = NULL;
    comm->to_post_end = &comm->to_post;
    while (slot) {
        struct comm_frame *next = slot->next;
        struct comm_link *link = slot->link;
        struct comm_lane_in *in = &link->in[slot->lane];
        comm->backend->slot_post(comm, COMM_DATA, slot);
        in->n_held--;
        if (LIKELY(n_promised(in) + in->n_held < in->grant)) {
            in->allowed++;
        } else {
            comm->n_spare++;
            feed_hungry(comm);
        }
        if (UNLIKELY(comm_lane_owes_credit(in)))
            comm_link_tell(comm, link);
        slot = next;
    }
}

/* ---- lending and calling back ---- */

/* How many credits the lane can spare for one with `needy_grant`. */
static uint32_t spare_grant(const struct comm *comm,
                            const struct comm_lane_in *in,
                            uint32_t needy_grant)
{
    uint32_t initial = comm->options.initial_credits;
    bool is_idle =
        comm->counts.n_frames_received - in->link->last_frame > comm->max_slots;

    if (in->grant <= initial)
        return 0;
    if (is_idle)
        return in->grant - initial;
    return in->grant > 2 * needy_grant ? (in->grant - needy_grant) / 2 : 0;
}

static struct comm_lane_in *find_victim(struct comm *comm, uint32_t needy_grant)
{
    struct comm_lane_in *victim = NULL;
    uint32_t most = 0;

    for (int peer = 0; peer < comm->n_ranks; peer++) {
        struct comm_link *link = comm->links[peer];
        for (int lane = 0; link && lane < COMM_N_LANES; lane++) {
            uint32_t n = spare_grant(comm, &link->in[lane], needy_grant);
            if (n > most) {
                most = n;
                victim = &link->in[lane];
            }
        }
    }
    return victim;
}

/*
 * Moves part of somebody's grant to the needy lane. The slots follow as the victim's
 * frames are consumed; credits it holds unused are asked back.
 */
static void reclaim(struct comm *comm, struct comm_lane_in *needy)
{
    if (comm->counts.n_frames_received < comm->next_reclaim)
        return;
    comm->next_reclaim = comm->counts.n_frames_received + RECLAIM_INTERVAL;
    struct comm_lane_in *victim = find_victim(comm, needy->grant);
    if (!victim)
        return;
    uint32_t n = spare_grant(comm, victim, needy->grant);
    if (n > MAX_GRANT - needy->grant)
        n = MAX_GRANT - needy->grant;
    victim->grant -= n;
    needy->grant += n;
    struct comm_link *link = victim->link;
    if (n_promised(victim) > victim->grant && !link->is_recalling) {
        link->is_recalling = link->tell_recall = true;
        comm_link_tell(comm, link);
    }
}

/* The peer has more to send than it has credits: doubles them while the budget lasts.
 */
static void lane_grow(struct comm *comm, struct comm_lane_in *in)
{
    if (in->grant >= MAX_GRANT)
        return;
    uint32_t n = in->grant < MAX_GRANT - in->grant ? in->grant : MAX_GRANT - in->grant;
    uint32_t n_free = comm->max_slots - comm->n_granted;
    if (n > n_free)
        n = n_free;
    if (n == 0)
        reclaim(comm, in);
    comm->n_granted += n;
    in->grant += n;
    lane_refill(comm, in);
    if (comm_link_owes_credit(in->link))
        comm_link_tell(comm, in->link);
}

bool comm_link_forfeited(struct comm *comm,
                         struct comm_link *link,
                         enum comm_lane lane,
                         uint32_t n)
{
    struct comm_lane_in *in = &link->in[lane];
    if (n > in->announced - in->received)
        return false;
    in->received += n;
    in->forfeited += n;
    comm->n_spare += n;
    lane_refill(comm, in);
    /* Having given back all it knew of, the peer waits for what it was not told of. */
    if (comm_link_owes_credit(link))
        comm_link_tell(comm, link);
    feed_hungry(comm);
    return true;
}

/* ---- sending ---- */

static void transmit(struct comm *comm,
                     struct comm_link *link,
                     enum comm_lane lane,
                     struct comm_frame *frame)
{
    struct comm_lane_out *out = &link->out[lane];
    struct comm_frame_header header = comm_wire_get_header(frame->bytes);
    bool is_first =
        link->in[COMM_FIRST_HOP].allowed != link->in[COMM_FIRST_HOP].announced;
    struct comm_lane_in *in = &link->in[is_first ? COMM_FIRST_HOP : COMM_LAST_HOP];

    base_assert(out->allowed != out->used);
    out->used++;
    header.credit = (uint16_t)in->allowed;
    header.flags = is_first ? COMM_FRAME_CREDIT_FIRST : 0;
    if (UNLIKELY(frame->has_waited || out->pending ||
                 !base_list_is_empty(&out->waiting)))
        header.flags |= COMM_FRAME_STALLED;
    in->announced = in->allowed;
    comm_wire_put_header(frame->bytes, &header);
    frame->has_waited = false;
    comm->counts.n_frames_sent++;
    comm->counts.n_bytes_sent += frame->size_bytes;
    if (LIKELY(comm->backend->send(comm, COMM_DATA, frame, link->peer)))
        comm_frame_give(comm, frame);
    else
        comm_flight_add(comm, frame);
}

/* Where a link counts as congested: earlier while much waits on all links together. */
static uint64_t congestion_limit(const struct comm *comm)
{
    uint64_t limit = comm->options.pending_limit_bytes;
    return comm->n_pending_bytes > 4 * limit ? limit / 16 : limit;
}

void comm_link_submit(struct comm *comm,
                      struct comm_link *link,
                      enum comm_lane lane,
                      struct comm_frame *frame)
{
    struct comm_lane_out *out = &link->out[lane];
    if (LIKELY(comm_lane_is_free(out))) {
        transmit(comm, link, lane, frame);
        return;
    }
    frame->has_waited = true;
    frame->next = NULL;
    *out->pending_end = frame;
    out->pending_end = &frame->next;
    link->n_pending_bytes += frame->size_bytes;
    comm->n_pending_bytes += frame->size_bytes;
    comm->n_stalled++;
    comm->counts.n_credit_stalls++;
    comm->attention |= COMM_SEE_STALL;
    if (link->n_pending_bytes > congestion_limit(comm))
        link->is_congested = true;
}

static void send_pending(struct comm *comm, struct comm_link *link, enum comm_lane lane)
{
    struct comm_lane_out *out = &link->out[lane];
    while (out->pending && out->allowed != out->used) {
        struct comm_frame *frame = out->pending;
        out->pending = frame->next;
        if (!out->pending)
            out->pending_end = &out->pending;
        link->n_pending_bytes -= frame->size_bytes;
        comm->n_pending_bytes -= frame->size_bytes;
        comm->n_stalled--;
        transmit(comm, link, lane, frame);
    }
    while (!base_list_is_empty(&out->waiting) && comm_lane_is_free(out)) {
        struct comm_stream *stream =
            CONTAINER_OF(out->waiting.next, struct comm_stream, node);
        comm_stream_close(comm, stream, (enum comm_flush_cause)stream->cause);
    }
}

/* Tells the layer above of every rank that is reached by this link. */
static void open_link(struct comm *comm, struct comm_link *link)
{
    link->is_congested = false;
    comm_is_active(comm);
    if (!comm->upper.link_open)
        return;
    for (int i = 0; i < comm->n_ranks; i++) {
        if (comm->fast.streams[i]->link == link && !link->is_congested)
            comm->upper.link_open(comm->troupe, i);
    }
}

void comm_link_resume(struct comm *comm, struct comm_link *link, enum comm_lane lane)
{
    send_pending(comm, link, lane);
    if (comm->n_stalled == 0)
        comm->attention &= ~(uint32_t)COMM_SEE_STALL;
    if (UNLIKELY(link->is_congested &&
                 2 * (uint64_t)link->n_pending_bytes <= congestion_limit(comm)))
        open_link(comm, link);
}

void comm_link_arrival(struct comm *comm,
                       struct comm_link *link,
                       enum comm_lane lane,
                       const struct comm_frame_header *header)
{
    struct comm_lane_in *in = &link->in[lane];
    enum comm_lane returned =
        header->flags & COMM_FRAME_CREDIT_FIRST ? COMM_FIRST_HOP : COMM_LAST_HOP;
    struct comm_lane_out *out = &link->out[returned];

    base_assert(n_promised(in) > 0);
    in->received++;
    in->n_held++;
    link->last_frame = ++comm->counts.n_frames_received;
    int16_t n_new = (int16_t)(header->credit - (uint16_t)out->allowed);
    if (n_new > 0) {
        out->allowed = out->allowed + (uint16_t)n_new;
        if (comm->n_stalled > 0)
            comm_link_resume(comm, link, returned);
    }
    if (UNLIKELY(header->flags & COMM_FRAME_STALLED))
        lane_grow(comm, in);
}

/* ---- bytes on their way out ---- */

void comm_flight_add(struct comm *comm, struct comm_frame *frame)
{
    frame->next = NULL;
    *comm->flight_end = frame;
    comm->flight_end = &frame->next;
    comm->attention |= COMM_SEE_FLIGHT;
}

bool comm_flight_poll(struct comm *comm)
{
    bool moved = false;
    while (comm->flight && comm->backend->send_is_done(comm, comm->flight)) {
        struct comm_frame *frame = comm->flight;
        comm->flight = frame->next;
        if (frame->is_control)
            frame->link->control_is_out = false;
        else
            comm_frame_give(comm, frame);
        moved = true;
    }
    if (!comm->flight) {
        comm->flight_end = &comm->flight;
        comm->attention &= ~(uint32_t)COMM_SEE_FLIGHT;
    }
    return moved;
}
