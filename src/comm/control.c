/* SPDX-License-Identifier: BSD-3-Clause */
#include "comm/internal.h"

/*
 * Control frames carry the state of a link as it is when they leave, so a link never
 * needs more than one, and one that is late does no harm. They are answers: to frames
 * that the peer sent, to a recall, to a wave. So what may be on its way to a rank that
 * does not poll is bounded by a few per link, although nobody counts them.
 */

enum {
    SLOTS_PER_PEER = 2,
    MAX_SLOTS = 256 /* more peers than that rarely talk at once; MPI keeps the rest */
};

bool comm_control_start(struct comm *comm)
{
    int n_slots = SLOTS_PER_PEER * (comm->n_ranks - 1);
    if (n_slots > MAX_SLOTS)
        n_slots = MAX_SLOTS;
    for (int i = 0; i < n_slots; i++) {
        struct comm_frame *slot = comm_frame_insist(comm, COMM_CONTROL_BYTES);
        if (!slot)
            return false;
        slot->is_slot = slot->is_control = true;
        comm->backend->slot_open(comm, COMM_CONTROL, slot);
        comm->backend->slot_post(comm, COMM_CONTROL, slot);
        comm->n_control_slots++;
    }
    return true;
}

/* ---- sending ---- */

void comm_link_tell(struct comm *comm, struct comm_link *link)
{
    if (base_list_is_empty(&link->tell_node))
        base_list_append(&comm->to_tell, &link->tell_node);
    comm->attention |= COMM_SEE_TELL;
}

static bool has_news(const struct comm_link *link)
{
    return link->tell_recall || link->tell_state || link->tell_wave ||
           comm_link_owes_credit(link);
}

static void
describe(const struct comm *comm, struct comm_link *link, struct comm_control *control)
{
    const struct comm_quiet *quiet = &comm->quiet;

    *control = (struct comm_control){0};
    for (int lane = 0; lane < COMM_N_LANES; lane++) {
        struct comm_lane_in *in = &link->in[lane];
        control->allowed[lane] = in->announced = in->allowed;
        control->forfeited[lane] = link->out[lane].forfeited;
        control->keep[lane] = (uint16_t)in->grant;
    }
    if (link->tell_recall)
        control->flags |= COMM_CONTROL_RECALL;
    if (link->tell_wave && link->peer == quiet->parent) {
        control->flags |= COMM_CONTROL_UP;
        control->up = quiet->answer;
    } else if (link->tell_wave) {
        control->flags |= COMM_CONTROL_DOWN;
        control->down = quiet->down;
    }
    link->tell_recall = link->tell_state = link->tell_wave = false;
}

static void send_control(struct comm *comm, struct comm_link *link)
{
    struct comm_control control;

    if (!link->control) {
        link->control = comm_frame_insist(comm, COMM_CONTROL_BYTES);
        base_require_memory(link->control, "no memory for a control frame");
        link->control->is_control = true;
        link->control->link = link;
    }
    describe(comm, link, &control);
    link->control->size_bytes =
        (uint32_t)comm_wire_put_control(link->control->bytes, &control);
    link->n_control_sent++;
    if (!comm->backend->send(comm, COMM_CONTROL, link->control, link->peer)) {
        link->control_is_out = true;
        comm_flight_add(comm, link->control);
    }
}

bool comm_control_send(struct comm *comm)
{
    bool moved = false;

    BASE_LIST_EACH(node, &comm->to_tell)
    {
        struct comm_link *link = CONTAINER_OF(node, struct comm_link, tell_node);
        if (link->control_is_out)
            continue;
        base_list_remove(node);
        if (comm->is_mute || !has_news(link))
            continue;
        send_control(comm, link);
        moved = true;
    }
    if (base_list_is_empty(&comm->to_tell))
        comm->attention &= ~(uint32_t)COMM_SEE_TELL;
    return moved;
}

/* ---- receiving ---- */

static void take_credit(struct comm *comm,
                        struct comm_link *link,
                        const struct comm_control *control)
{
    for (int lane = 0; lane < COMM_N_LANES; lane++) {
        struct comm_lane_out *out = &link->out[lane];
        if ((int32_t)(control->allowed[lane] - out->allowed) <= 0)
            continue;
        out->allowed = control->allowed[lane];
        comm_link_resume(comm, link, (enum comm_lane)lane);
    }
}

/* Credits that the peer has given back can be lent to others. */
static void take_forfeits(struct comm *comm,
                          struct comm_link *link,
                          const struct comm_control *control)
{
    for (int lane = 0; lane < COMM_N_LANES; lane++) {
        int32_t n = (int32_t)(control->forfeited[lane] - link->in[lane].forfeited);
        if (n > 0)
            base_require(
                comm_link_forfeited(comm, link, (enum comm_lane)lane, (uint32_t)n),
                "rank %d gave back %d credits, more than it had", link->peer, n);
    }
    link->is_recalling = false;
}

static void take_recall(struct comm *comm,
                        struct comm_link *link,
                        const struct comm_control *control)
{
    for (int lane = 0; lane < COMM_N_LANES; lane++) {
        struct comm_lane_out *out = &link->out[lane];
        uint32_t n = out->allowed - out->used;
        if (n <= control->keep[lane])
            continue;
        n -= control->keep[lane];
        out->used += n;
        out->forfeited += n;
    }
    link->tell_state = true;
    comm_link_tell(comm, link);
}

static bool take_wave(struct comm *comm, int peer, const struct comm_control *control)
{
    if (control->flags & COMM_CONTROL_DOWN) {
        if (peer != comm->quiet.parent)
            return false;
        comm_quiet_hear_down(&comm->quiet, &control->down);
    }
    if (control->flags & COMM_CONTROL_UP)
        return comm_quiet_hear_up(&comm->quiet, peer, &control->up);
    return true;
}

static void take_control(struct comm *comm, const struct comm_frame *slot)
{
    struct comm_control control;

    base_require(comm_wire_get_control(slot->bytes, slot->size_bytes, &control) &&
                     take_wave(comm, slot->peer, &control),
                 "a malformed control frame of %u bytes from rank %d", slot->size_bytes,
                 slot->peer);
    struct comm_link *link = comm_link_of(comm, slot->peer);
    link->n_control_received++;
    take_credit(comm, link, &control);
    take_forfeits(comm, link, &control);
    if (control.flags & COMM_CONTROL_RECALL)
        take_recall(comm, link, &control);
}

bool comm_control_poll(struct comm *comm)
{
    bool moved = false;
    for (;;) {
        struct comm_frame *slot = comm->backend->slot_take(comm, COMM_CONTROL);
        if (!slot)
            return moved;
        take_control(comm, slot);
        comm->backend->slot_post(comm, COMM_CONTROL, slot);
        moved = true;
    }
}

/* ---- the detector ---- */

static void pass_waves(struct comm *comm)
{
    struct comm_quiet *quiet = &comm->quiet;

    for (int i = 0; quiet->tell_children && i < quiet->n_children; i++) {
        struct comm_link *link = comm_link_of(comm, quiet->child[i]);
        link->tell_wave = true;
        comm_link_tell(comm, link);
    }
    if (quiet->tell_parent) {
        struct comm_link *link = comm_link_of(comm, quiet->parent);
        link->tell_wave = true;
        comm_link_tell(comm, link);
    }
    quiet->tell_children = quiet->tell_parent = false;
}

/*
 * A ticket counts as taken, or one that nobody asks for would keep the verdict away for
 * ever; its payload is a record more, posted by who asks and taken when it is here.
 */
static void answer_wave(struct comm *comm)
{
    struct comm_counts counts;
    uint64_t n_posted, n_taken;

    comm_count(comm, &counts);
    n_posted = counts.n_records_posted + comm->n_asked - comm->n_posted_disregarded;
    n_taken =
        counts.n_records_taken + counts.n_bulk_received - comm->n_taken_disregarded;
    for (int i = 0; i < comm->n_ranks; i++)
        n_taken += comm->origins[i] ? comm->origins[i]->n_tickets : 0;
    comm_quiet_answer(&comm->quiet, n_posted, n_taken, comm->now_ns);
}

bool comm_quiet_poll(struct comm *comm)
{
    struct comm_quiet *quiet = &comm->quiet;
    uint32_t any, all;

    if (comm_quiet_is_due(quiet, comm->now_ns) && !comm_has_frame(comm) &&
        !comm->reduction.is_done)
        answer_wave(comm);
    if (quiet->tell_children || quiet->tell_parent)
        pass_waves(comm);
    if (!comm_quiet_verdict(quiet, &any, &all))
        return false;
    if (comm->upper.quiet)
        comm->upper.quiet(comm->troupe, any, all);
    return true;
}

void comm_quiet_offer(struct comm *comm, uint32_t any, uint32_t all, bool eager)
{
    comm_quiet_set(&comm->quiet, any, all, eager, comm->now_ns);
}

void comm_quiet_withdraw(struct comm *comm)
{
    comm_is_active(comm);
}

/*
 * The counters stand for the records that count, of which the proof in quiet.c speaks.
 * Ranks that regard all and ranks that do not may answer the same wave; but a verdict
 * whose last wave found all ranks of the first kind had equal sums in the wave before,
 * and these are only equal if nothing was disregarded there.
 */
void comm_quiet_disregard_posted(struct comm *comm)
{
    comm->n_posted_disregarded += !comm->regards_all;
}

void comm_quiet_disregard_taken(struct comm *comm)
{
    comm->n_taken_disregarded += !comm->regards_all;
}

void comm_quiet_regard_all(struct comm *comm)
{
    comm->regards_all = true;
    comm->n_posted_disregarded = comm->n_taken_disregarded = 0;
}
