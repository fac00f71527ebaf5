/* SPDX-License-Identifier: BSD-3-Clause */
#include "comm/internal.h"

/*
 * What must hold between any two calls, so that the simulator can ask after its steps.
 * A rule that is broken here shows long before a stream that will stop stands still.
 */

static uint32_t count_stalled(const struct comm_lane_out *out)
{
    uint32_t n = 0;
    for (const struct comm_frame *frame = out->pending; frame; frame = frame->next)
        n++;
    BASE_LIST_EACH(node, &out->waiting)
    n++;
    return n;
}

/*
 * A peer without credits must hear of new ones: soon, or when the slot goes back into
 * the ring that holds its last frame.
 */
static bool is_left_waiting(const struct comm_link *link, const struct comm_lane_in *in)
{
    return in->announced == in->received && in->allowed != in->announced &&
           in->n_held == 0 && base_list_is_empty(&link->tell_node);
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
        return "the peer used credits that it does not know of";
    if (!comm->is_mute && is_left_waiting(link, in))
        return "the peer is not told of its credits";
    if (out->allowed != out->used && count_stalled(out) > 0)
        return "frames wait although there are credits";
    return NULL;
}

/* Sums over all links, against what comm keeps of them. */
struct sums {
    uint32_t n_promised, n_held, n_granted, n_stalled;
};

static const char *check_sums(const struct comm *comm, const struct sums *sums)
{
    if (sums->n_promised + sums->n_held + comm->n_spare != comm->n_slots)
        return "slots are neither promised nor spare nor full";
    if (comm->n_slots > comm->max_slots || comm->n_granted > comm->max_slots)
        return "there are more slots than the budget allows";
    if (sums->n_granted != comm->n_granted)
        return "grants are miscounted";
    if (sums->n_stalled != comm->n_stalled)
        return "what waits for credits is miscounted";
    return NULL;
}

static void
add_lane(const struct comm_link *link, enum comm_lane lane, struct sums *sums)
{
    sums->n_promised += link->in[lane].allowed - link->in[lane].received;
    sums->n_held += link->in[lane].n_held;
    sums->n_granted += link->in[lane].grant;
    sums->n_stalled += count_stalled(&link->out[lane]);
}

const char *comm_check(const struct comm *comm)
{
    uint32_t n_fresh = comm->n_fresh_lanes * comm->options.initial_credits;
    struct sums sums = {.n_promised = n_fresh, .n_granted = n_fresh};

    for (int peer = 0; peer < comm->n_ranks; peer++) {
        const struct comm_link *link = comm->links[peer];

        for (int i = 0; link && i < COMM_N_LANES; i++) {
            const char *fault = check_lane(comm, link, (enum comm_lane)i);
            if (fault)
                return fault;
            add_lane(link, (enum comm_lane)i, &sums);
        }
    }
    return check_sums(comm, &sums);
}
