/* SPDX-License-Identifier: BSD-3-Clause */
#include "checkpoint/cut.h"

/* Looking now and then: at the clock, at the worker, at who outside wants something. */

enum {
    OUTSIDE_NS = 100 * 1000 * 1000, /* for requests from outside */
    WORKER_NS = 1000 * 1000,        /* for a job that is under way */
    SIM_WORKER_NS = 200 * 1000
};

static bool is_worker_awaited(const struct checkpoint_rank *here)
{
    return here->is_writing || here->is_reserving ||
           (here->lead &&
            (here->lead->chore != CHORE_NONE || here->lead->must_abandon));
}

/* On sim a job takes as long as chance says. */
static int64_t worker_span_ns(const struct checkpoint_rank *here)
{
    if (here->is_threaded)
        return WORKER_NS;
    return 1 + (int64_t)(comm_random(here->home->comm) % SIM_WORKER_NS);
}

static int64_t next_ns(const struct checkpoint_rank *here)
{
    int64_t now_ns = checkpoint_now_ns(here), at_ns = INT64_MAX;

    if (is_worker_awaited(here))
        return now_ns + worker_span_ns(here);
    if (here->options.take_request)
        at_ns = now_ns + OUTSIDE_NS;
    if (here->lead && checkpoint_lead_next_ns(here) < at_ns)
        at_ns = checkpoint_lead_next_ns(here);
    return at_ns > now_ns ? at_ns : now_ns + 1;
}

static void fire(struct heap_node *node)
{
    struct checkpoint_rank *here = CONTAINER_OF(node, struct checkpoint_rank, tick);

    if (here->options.take_request && here->options.take_request())
        (void)checkpoint_ask(here->home->rank);
    checkpoint_reserve_look(here);
    if (checkpoint_write_end(here)) {
        const struct comm_header header = {.kind = CHECKPOINT_KIND_WRITTEN};

        if (here->lead)
            checkpoint_lead_written(here, 0, &here->part.written);
        else
            comm_post_must(here->home->comm, 0, &header, &here->part.written,
                           sizeof here->part.written);
    }
    if (here->lead)
        checkpoint_lead_tick(here);
    checkpoint_tick_arm(here);
}

void checkpoint_tick_stop(struct checkpoint_rank *here)
{
    if (here->tick.place)
        heap_remove(&here->home->timers, &here->tick);
}

void checkpoint_tick_arm(struct checkpoint_rank *here)
{
    int64_t at_ns = here->is_on ? next_ns(here) : INT64_MAX;

    checkpoint_tick_stop(here);
    if (at_ns != INT64_MAX)
        base_require(actor_heap_add(here->home, &here->tick, at_ns, fire),
                     "no memory for a timer");
}
