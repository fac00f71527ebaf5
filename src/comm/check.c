/* SPDX-License-Identifier: BSD-3-Clause */
#include "comm/internal.h"

/*
 * What must hold between any two calls, so that the simulator can ask after each step.
 * A rule that is broken here shows long before the stream that it will stop stands
 * still.
 */

static uint32_t count_pending(const struct comm_lane_out *out)
{
    uint32_t n = 0;
    for (const struct comm_frame *frame = out->pending; frame; frame = frame->next)
        n++;
    BASE_LIST_EACH(node, &out->waiting)
    n++;
    return n;
}

/* Credits that a peer without any was not told of are about to be, or will be when the
 * slot goes back into the ring that holds its last frame. */
static bool is_owing_in_vain(const struct comm_link *link,
                             const struct comm_lane_in *in)
{
    return comm_lane_owes_credit(in) && in->n_held == 0 &&
           base_list_is_empty(&link->tell_node);
}

static const char *
check_lane(const struct comm *comm, const struct comm_link *link, enum comm_lane lane)
{
    const struct comm_lane_in *in = &link->in[lane];
    const struct comm_lane_out *out = &link->out[lane];

    if ((int32_t)(out->allowed - out->used) < 0)
        return "more frames were sent than credits were there";
    if ((int32_t)(in->allowed - in->announced) < 0 ||
        (int32_t)(in->announced - in->received) < 0)
        return "the peer used credits it does not know";
    if (!comm->is_mute && is_owing_in_vain(link, in))
        return "the peer is not told of its credits";
    if (out->allowed != out->used && count_pending(out) > 0)
        return "frames wait although there are credits";
    return NULL;
}

/* All slots are promised, spare, or hold a frame. */
static const char *
check_slots(const struct comm *comm, uint32_t n_promised, uint32_t n_held)
{
    if (n_promised + n_held + comm->n_spare != comm->n_slots)
        return "slots are neither promised nor spare nor full";
    if (comm->n_slots > comm->max_slots || comm->n_granted > comm->max_slots)
        return "more slots than the budget allows";
    return NULL;
}

const char *comm_check(const struct comm *comm)
{
    uint32_t n_promised = 0, n_held = 0, n_granted = 0, n_stalled = 0;

    for (int peer = 0; peer < comm->n_ranks; peer++) {
        const struct comm_link *link = comm->links[peer];
        for (int i = 0; i < COMM_N_LANES; i++) {
            enum comm_lane lane = (enum comm_lane)i;
            if (!link && comm_is_neighbour(comm, peer, comm->rank, lane)) {
                n_promised += comm->options.initial_credits;
                n_granted += comm->options.initial_credits;
            }
            if (!link)
                continue;
            const char *fault = check_lane(comm, link, lane);
            if (fault)
                return fault;
            n_promised += link->in[lane].allowed - link->in[lane].received;
            n_held += link->in[lane].n_held;
            n_granted += link->in[lane].grant;
            n_stalled += count_pending(&link->out[lane]);
        }
    }
    if (n_stalled != comm->n_stalled)
        return "what waits for credits is miscounted";
    if (n_granted != comm->n_granted)
        return "grants are miscounted";
    return check_slots(comm, n_promised, n_held);
}
