/* SPDX-License-Identifier: BSD-3-Clause */
#include "actor/actor.h"
#include "actor/loopback.h"
#include "actor/park.h"
#include "base/clock.h"

/*
 * The scheduler: first come, first served, one turn an activation; what handlers do
 * with theirs is in handler.c. It alone runs user code.
 */

/* ---- processes ---- */

static inline void run_process(troupe_actor *actor)
{
    struct actor_rank *home = actor->home;
    const struct actor_wait *wait;
    bool has_ended;

    actor_now_runs(actor);
    has_ended = fiber_resume(actor->process->fiber);
    actor = home->running; /* some may have handed over */
    home->running = NULL;
    actor->flags &= (uint16_t)~ACTOR_RUNNING;
    if (has_ended) {
        actor_end(actor);
        return;
    }
    wait = actor->process->wait;
    if (wait->is_done || wait->is_timed_out || wait->kind == ACTOR_WAIT_YIELD ||
        (actor->flags & ACTOR_ENDING))
        actor_make_ready(actor);
}

static void process_body(void *argument)
{
    troupe_actor *self = argument;
    const troupe_behavior *source = self->behavior->source;
    troupe_status status = TROUPE_OK;

    self->flags |= ACTOR_STARTED;
    if (source->init)
        status = source->init(self, self->state, actor_extra(self)->arguments);
    if (status == TROUPE_OK && source->body_with_arguments)
        status = source->body_with_arguments(self, self->home->argc, self->home->argv);
    else if (status == TROUPE_OK)
        status = source->body(self);
    if (status == TROUPE_OK)
        actor_end_with(self, TROUPE_EXIT_NORMAL, TROUPE_OK, "%s", "");
    else
        actor_end_with(self, TROUPE_EXIT_FAILED, status, "its function returned %s",
                       troupe_status_name(status));
}

static void run_new_process(troupe_actor *actor)
{
    size_t stack_bytes = actor->extra ? actor->extra->stack_bytes : 0;

    if (stack_bytes == 0)
        stack_bytes = actor->behavior->source->stack_size;
    actor->process->fiber =
        fiber_create(actor->home->fibers, stack_bytes, process_body, actor);
    if (actor->process->fiber) {
        run_process(actor);
        return;
    }
    actor_end_with(actor, TROUPE_EXIT_FAILED, TROUPE_NO_MEMORY, "%s",
                   "no memory for its stack");
    actor_end(actor);
}

void actor_deadline_fires(struct heap_node *node)
{
    struct actor_wait *wait = CONTAINER_OF(node, struct actor_wait, deadline);

    wait->is_timed_out = true;
    actor_make_ready(wait->owner);
}

void actor_park(troupe_actor *self, struct actor_wait *wait, troupe_deadline deadline)
{
    actor_park_here(self, wait, deadline);
}

void actor_wait_clear(troupe_actor *actor)
{
    struct actor_wait *wait = actor->process ? actor->process->wait : NULL;

    if (wait)
        actor_unpark(actor, wait, wait->is_blocking, wait->is_holding);
}

void troupe_yield(troupe_actor *self)
{
    struct actor_wait wait = {.kind = ACTOR_WAIT_YIELD};

    if (!self->process || self->home->is_in_fini) {
        (void)comm_poll(self->home->comm);
        return;
    }
    self->home->wants_poll = true;
    actor_park(self, &wait, TROUPE_FOREVER);
}

/* ---- the step ---- */

static inline void run_actor(troupe_actor *actor)
{
    if (UNLIKELY(actor->flags & ACTOR_ENDING))
        actor_end(actor);
    else if (!actor->process)
        actor_run_handler(actor);
    else if (LIKELY(actor->process->fiber != NULL))
        run_process(actor);
    else
        run_new_process(actor);
}

void actor_ready_remove(troupe_actor *actor)
{
    struct actor_queue *ready = &actor->home->ready;
    troupe_actor **link = &ready->head;

    if (!(actor->flags & ACTOR_IN_READY))
        return;
    while (*link != actor)
        link = &(*link)->next_ready;
    *link = actor->next_ready;
    if (!*link)
        ready->tail = link;
    actor->flags &= (uint16_t)~ACTOR_IN_READY;
    actor->home->n_ready--;
}

/*
 * Nothing else runs on a rank during a turn, so a long one is worth a word. The clock
 * is read once a step; if its turns took too long, from then on after each, so
 * that the next time it is known whose it was.
 */
void actor_watch_turns(struct actor_rank *home, uint32_t n_turns)
{
    int64_t now_ns;

    if (!home->handler_timeout_ns)
        return;
    now_ns = base_clock_coarse_ns();
    if (now_ns != home->turn_began_ns)
        comm_hurry(home->comm);
    if (UNLIKELY(now_ns - home->turn_began_ns > home->handler_timeout_ns)) {
        actor_report_slow(home, now_ns - home->turn_began_ns, n_turns);
        home->is_watching_closely = true;
    }
    home->turn_began_ns = now_ns;
}

/* The rank may have slept until now. */
static void begin_turns(struct actor_rank *home)
{
    if (home->handler_timeout_ns)
        home->turn_began_ns = base_clock_coarse_ns();
}

/* Handlers may keep each other in mail for ever: somebody who is ready runs as well. */
static uint32_t begin_with_mail(struct actor_rank *home)
{
    uint32_t n_read = actor_read_loopback(home);

    return home->n_ready && n_read >= home->turn ? home->turn - 1 : n_read;
}

/*
 * Also those that become ready meanwhile: a poll costs more than a round of two
 * processes. But who yields does so because it computes for long: then it is time for a
 * poll.
 */
static uint32_t run_ready(struct actor_rank *home)
{
    uint32_t n_run = begin_with_mail(home), n_watched = 0;

    while (n_run < home->turn && !home->wants_poll) {
        if (!home->n_ready) {
            if (actor_loopback_is_settled(home))
                break;
            n_run += actor_read_loopback(home);
            continue;
        }
        uint32_t n_may = home->is_watching_closely ? 0 : home->turn - 1 - n_run;

        home->n_hand_overs = n_may;
        run_actor(actor_ready_pop(home));
        n_run += 1 + n_may - home->n_hand_overs;
        if (UNLIKELY(home->is_watching_closely)) {
            actor_watch_turns(home, n_run - n_watched);
            n_watched = n_run;
        }
    }
    home->wants_poll = false;
    return n_run - n_watched;
}

/* Nobody runs: what comes waits in the mailboxes. */
COLD static void read_frame_frozen(struct actor_rank *home)
{
    struct comm_record record;

    while (comm_next(home->comm, &record))
        comm_kind(home->comm, record.header.kind)->take(home->rank, &record);
}

/* The detector must not count this rank as passive while it runs something. */
static void withdraw(struct actor_rank *home)
{
    if (!home->is_quiet_offered)
        return;
    comm_quiet_withdraw(home->comm);
    home->is_quiet_offered = false;
}

/* True: the rank stands still, and nothing else is to be done in this step. */
COLD static bool cut_step(struct actor_rank *home)
{
    bool was_frozen = actor_is_frozen(home);

    actor_cut_of(home)->step(home->rank);
    if (actor_is_frozen(home) != was_frozen) {
        withdraw(home);
        begin_turns(home);
    }
    return actor_is_frozen(home);
}

/* Once a step: a look at the clock costs a fiftieth of a round trip between ranks. */
static void watch(struct actor_rank *home, uint32_t *n_turns)
{
    if (*n_turns > 0)
        actor_watch_turns(home, *n_turns);
    *n_turns = 0;
}

struct comm_step actor_step(struct troupe *rank)
{
    struct actor_rank *home = actor_of(rank);
    uint32_t n_turns = 0; /* not yet watched */
    bool has_fired = false;

    (void)comm_poll(home->comm);
    home->turn = comm_share(home->comm);
    if (actor_has_work(home) || comm_has_frame(home->comm))
        begin_turns(home);
    if (comm_has_frame(home->comm)) {
        withdraw(home);
        if (UNLIKELY(actor_is_frozen(home)))
            read_frame_frozen(home);
        else
            actor_read_frames(home);
        n_turns = 1;
    }
    if (UNLIKELY(actor_cut_of(home))) {
        watch(home, &n_turns);
        if (cut_step(home))
            return actor_frozen_step(home);
    }
    if (heap_first(&home->timers))
        has_fired = actor_timers_run(home);
    if (has_fired) {
        watch(home, &n_turns);
        begin_turns(home);
    }
    if (actor_has_work(home)) {
        withdraw(home);
        n_turns += run_ready(home);
    }
    if (UNLIKELY(home->verdict != ACTOR_VERDICT_NONE)) {
        withdraw(home);
        actor_end_step(home);
    }
    bool is_idle = !(home->is_done || actor_has_work(home) || has_fired ||
                     comm_has_frame(home->comm));
    if (is_idle)
        comm_flush(home->comm, COMM_FLUSH_IDLE);
    watch(home, &n_turns);
    if (UNLIKELY(home->is_done))
        return (struct comm_step){.result = COMM_STEP_DONE};
    if (!is_idle)
        return (struct comm_step){.result = COMM_STEP_BUSY};
    actor_quiet_offer(home);
    return (struct comm_step){.result = COMM_STEP_IDLE,
                              .wake_ns = actor_timers_next_ns(home)};
}
