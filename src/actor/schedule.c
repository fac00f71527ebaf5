/* SPDX-License-Identifier: BSD-3-Clause */
#include "actor/actor.h"
#include "base/clock.h"

/*
 * The scheduler: first come, first served, one turn an activation. It alone runs user code.
 * A turn ends after the messages that were there at its start, at most ACTOR_TURN; else an
 * actor that feeds itself would outrun everybody (and its mail the caches).
 */

/* ---- handlers ---------------------------------------------------------------------- */

/* Lets go of the message in hand; a request that nobody answered is remembered. */
static void current_done(troupe_actor *actor, struct actor_current *current)
{
    if (UNLIKELY((current->flags & MESSAGE_REQUEST) && !current->is_answered))
        actor_request_note(actor, current);
    if (current->envelope)
        message_give(actor->home->pool, current->envelope);
    current->envelope = NULL;
    current->type = 0;
}

static void stash(troupe_actor *actor, struct actor_current *current)
{
    struct actor_extra *extra = actor_extra(actor);
    struct message_envelope *envelope = current->envelope;

    if (!envelope) {
        envelope = message_take(actor->home->pool, current->size_bytes);
        base_require(envelope != NULL, "no memory to put a message aside");
        __builtin_memcpy(envelope->inline_payload, current->body, current->size_bytes);
    }
    /* One that came in chunks has its bytes only. */
    envelope->sender = current->sender;
    envelope->reference = current->reference;
    envelope->incarnation = current->incarnation;
    envelope->type = current->type;
    envelope->flags = current->flags;
    envelope->next = NULL;
    *extra->stash_tail = envelope;
    extra->stash_tail = &envelope->next;
    actor->n_queued++;
    actor->home->queued_bytes += envelope->size_bytes;
    actor->flags |= ACTOR_HAS_STASH;
    current->envelope = NULL;
    current->type = 0;
}

/* What was put aside comes again, before everything else. */
static void unstash(troupe_actor *actor)
{
    struct actor_extra *extra = actor->extra;

    *extra->stash_tail = actor->head;
    if (!actor->head)
        actor->tail = extra->stash_tail;
    actor->head = extra->stash_head;
    extra->stash_head = NULL;
    extra->stash_tail = &extra->stash_head;
    actor->flags &= (uint16_t)~ACTOR_HAS_STASH;
}

static inline void handle(troupe_actor *actor, struct actor_current *current)
{
    actor->home->last_type = current->type;
    const struct actor_behavior *behavior = actor->behavior;
    troupe_status status = behavior->handle[current->type](actor, actor->state, current->body);

    if (UNLIKELY(status != TROUPE_OK))
        actor_end_with(actor, TROUPE_EXIT_FAILED, status, "%s", "its handler returned an error");
    if (UNLIKELY(current->is_deferred)) {
        stash(actor, current);
        if (actor->behavior != behavior)
            unstash(actor);
        return;
    }
    current_done(actor, current);
    if (UNLIKELY(actor->flags & ACTOR_HAS_STASH))
        unstash(actor);
}

static inline void current_set(struct actor_current *current, struct message_envelope *envelope)
{
    current->sender = envelope->sender;
    current->reference = envelope->reference;
    current->size_bytes = envelope->size_bytes;
    current->body = message_payload(envelope);
    current->envelope = envelope;
    current->incarnation = envelope->incarnation;
    current->type = envelope->type;
    current->flags = envelope->flags;
    current->is_deferred = false;
    current->is_answered = false;
    current->is_kept = false;
}

static void start_handler(troupe_actor *actor)
{
    const troupe_behavior *source = actor->behavior->source;
    troupe_status status = TROUPE_OK;

    actor->flags |= ACTOR_STARTED;
    if (source->init)
        status = source->init(
            actor, actor->state, actor->extra ? actor->extra->arguments : NULL);
    if (status != TROUPE_OK)
        actor_end_with(actor, TROUPE_EXIT_FAILED, status, "%s", "its init returned an error");
}

/* A payload that has not come yet holds up what stands behind it. */
static bool is_ready(troupe_actor *actor)
{
    if (actor->flags & (ACTOR_HELD | ACTOR_ENDING))
        return false;
    if (!actor->head)
        return false;
    if (LIKELY(!(actor->head->flags & MESSAGE_PENDING)))
        return true;
    if (actor->head->flags & MESSAGE_TICKET)
        actor_fetch_start(actor, &actor->head);
    return !(actor->head->flags & MESSAGE_PENDING);
}

static void handler_turn(troupe_actor *actor)
{
    struct actor_current *current = &actor->home->current;
    uint32_t n = actor->n_queued < ACTOR_TURN ? actor->n_queued : ACTOR_TURN;

    if (UNLIKELY(!(actor->flags & ACTOR_STARTED)))
        start_handler(actor);
    while (n-- > 0 && is_ready(actor)) {
        current_set(current, actor_mailbox_unlink(actor, &actor->head));
        handle(actor, current);
    }
}

/* After a turn, or where troupe_fail has left one. */
static void turn_done(troupe_actor *actor)
{
    struct actor_rank *home = actor->home;

    home->running = NULL;
    actor->flags &= (uint16_t)~ACTOR_RUNNING;
    if (UNLIKELY(home->current.type != 0))
        current_done(actor, &home->current);
    if (UNLIKELY(actor->flags & ACTOR_ENDING)) {
        actor_end(actor);
        return;
    }
    if (UNLIKELY(actor->extra != NULL))
        actor_mailbox_drained(actor);
    if (is_ready(actor))
        actor_make_ready(actor);
}

static void run_handler(troupe_actor *actor)
{
    actor->home->running = actor;
    actor->flags |= ACTOR_RUNNING;
    if (_setjmp(actor->home->escape) == 0)
        handler_turn(actor);
    turn_done(actor->home->running);
}

void actor_dispatch_record(troupe_actor *actor, struct comm_record *record)
{
    struct actor_rank *home = actor->home;
    struct actor_current *current = &home->current;

    home->running = actor;
    home->last_address = actor->address;
    actor->flags |= ACTOR_RUNNING;
    current->sender = record->header.from;
    current->reference = record->header.reference;
    current->size_bytes = record->size_bytes;
    current->body = record->payload;
    current->envelope = record->envelope;
    record->envelope = NULL;
    current->incarnation = record->header.incarnation;
    current->type = record->header.type;
    current->flags = record->header.flags;
    current->is_deferred = false;
    current->is_answered = false;
    current->is_kept = false;
    home->counts.n_delivered++;
    handle(actor, current);
    turn_done(actor);
}

/* ---- processes ------------------------------------------------------------------------ */

static void run_process(troupe_actor *actor)
{
    struct actor_process *process = actor->process;
    bool has_ended;

    actor->home->running = actor;
    actor->flags |= ACTOR_RUNNING;
    has_ended = fiber_resume(process->fiber);
    actor->home->running = NULL;
    actor->flags &= (uint16_t)~ACTOR_RUNNING;
    if (has_ended) {
        actor_end(actor);
        return;
    }
    if (process->wait->is_done || process->wait->is_timed_out ||
        process->wait->kind == ACTOR_WAIT_YIELD || (actor->flags & ACTOR_ENDING))
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
        actor_end_with(self,
                       TROUPE_EXIT_FAILED,
                       status,
                       "its function returned %s",
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
    actor_end_with(
        actor, TROUPE_EXIT_FAILED, TROUPE_NO_MEMORY, "%s", "no memory for its stack");
    actor_end(actor);
}

/* Which waits hold up which verdict (protocols 14, 15). */
static bool is_blocking(const troupe_actor *self, const struct actor_wait *wait)
{
    switch (wait->kind) {
    case ACTOR_WAIT_RECEIVE:
    case ACTOR_WAIT_SLEEP:
        return (self->flags & ACTOR_IS_RANK_PROCESS) != 0;
    case ACTOR_WAIT_YIELD:
    case ACTOR_WAIT_FOREIGN:
        return false;
    default:
        return true;
    }
}

static void deadline_fires(struct heap_node *node)
{
    struct actor_wait *wait = CONTAINER_OF(node, struct actor_wait, deadline);

    wait->is_timed_out = true;
    actor_make_ready(wait->owner);
}

void actor_park(troupe_actor *self, struct actor_wait *wait, troupe_deadline deadline)
{
    struct actor_rank *home = self->home;

    base_assert(home->running == self && self->process);
    wait->owner = self;
    wait->is_holding = wait->kind == ACTOR_WAIT_FOREIGN;
    wait->is_blocking = is_blocking(self, wait);
    if (deadline.at_ns != INT64_MAX) {
        wait->is_holding = true;
        base_require(
            actor_heap_add(home, &wait->deadline, deadline.at_ns, deadline_fires),
            "no memory for a deadline");
    }
    home->n_blocked += wait->is_blocking;
    home->n_holding += wait->is_holding;
    self->process->wait = wait;
    fiber_park(self->process->fiber);
    actor_wait_clear(self);
    if (UNLIKELY(self->flags & ACTOR_ENDING))
        fiber_end(self->process->fiber);
}

void actor_wait_clear(troupe_actor *actor)
{
    struct actor_wait *wait = actor->process ? actor->process->wait : NULL;

    if (!wait)
        return;
    if (UNLIKELY(wait->deadline.place))
        heap_remove(&actor->home->timers, &wait->deadline);
    actor->home->n_blocked -= wait->is_blocking;
    actor->home->n_holding -= wait->is_holding;
    actor->process->wait = NULL;
}

void actor_wake(troupe_actor *actor)
{
    if (!actor->process || !actor->process->wait)
        return;
    actor->process->wait->is_done = true;
    actor_make_ready(actor);
}

void troupe_yield(troupe_actor *self)
{
    struct actor_wait wait = {.kind = ACTOR_WAIT_YIELD};

    if (!self->process || self->home->is_in_fini) {
        (void)comm_poll(self->home->comm);
        return;
    }
    actor_park(self, &wait, TROUPE_FOREVER);
}

/* ---- the step -------------------------------------------------------------------------------- */

static void run_actor(troupe_actor *actor)
{
    if (UNLIKELY(actor->flags & ACTOR_ENDING))
        actor_end(actor);
    else if (!actor->process)
        run_handler(actor);
    else if (LIKELY(actor->process->fiber != NULL))
        run_process(actor);
    else
        run_new_process(actor);
}

static troupe_actor *ready_pop(struct actor_rank *home)
{
    troupe_actor *actor = home->ready.head;

    home->ready.head = actor->next_ready;
    if (!home->ready.head)
        home->ready.tail = &home->ready.head;
    actor->flags &= (uint16_t)~ACTOR_IN_READY;
    home->n_ready--;
    return actor;
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

/* Nothing else runs on a rank during a turn, so one that takes long is worth a word. The
 * coarse clock costs 5 ns. Names are taken beforehand: the actor may be gone afterwards. */
static inline void watch_turn(struct actor_rank *home)
{
    int64_t now_ns = base_clock_coarse_ns();

    if (UNLIKELY(now_ns - home->turn_began_ns > home->handler_timeout_ns))
        actor_report_slow(home, now_ns - home->turn_began_ns);
    home->turn_began_ns = now_ns;
}

/* Also those that become ready meanwhile: a poll costs more than two processes' round. */
static void run_ready(struct actor_rank *home)
{
    for (uint32_t n = ACTOR_TURN; n > 0 && home->n_ready; n--) {
        troupe_actor *actor = ready_pop(home);

        home->last_address = actor->address;
        run_actor(actor);
        if (home->handler_timeout_ns)
            watch_turn(home);
    }
}

/* One frame; idle handlers get their mail in place. troupe_fail lands before the loop. */
static void read_frame(struct actor_rank *home)
{
    struct comm_record record;

    if (_setjmp(home->escape) != 0)
        turn_done(home->running);
    home->may_dispatch = true;
    while (comm_next(home->comm, &record)) {
        if (LIKELY(record.header.kind == ACTOR_KIND_MAIL))
            actor_take_mail(home, &record);
        else
            comm_kind(home->comm, record.header.kind)->take(home->rank, &record);
    }
    home->may_dispatch = false;
    if (home->handler_timeout_ns)
        watch_turn(home);
}

/* The detector must not count this rank as passive while it runs something. */
static void withdraw(struct actor_rank *home)
{
    if (!home->is_quiet_offered)
        return;
    comm_quiet_withdraw(home->comm);
    home->is_quiet_offered = false;
}

struct comm_step actor_step(struct troupe *rank)
{
    struct actor_rank *home = actor_of(rank);
    int64_t wake_ns = INT64_MAX;

    (void)comm_poll(home->comm);
    if (home->handler_timeout_ns && (home->n_ready || comm_has_frame(home->comm)))
        home->turn_began_ns = base_clock_coarse_ns();
    if (comm_has_frame(home->comm)) {
        withdraw(home);
        read_frame(home);
    }
    if (heap_first(&home->timers))
        wake_ns = actor_timers_run(home);
    if (home->n_ready) {
        withdraw(home);
        run_ready(home);
    }
    if (UNLIKELY(home->verdict != ACTOR_VERDICT_NONE)) {
        withdraw(home);
        actor_end_step(home);
    }
    if (UNLIKELY(home->is_done))
        return (struct comm_step){.result = COMM_STEP_DONE};
    if (home->n_ready || comm_has_frame(home->comm))
        return (struct comm_step){.result = COMM_STEP_BUSY};
    comm_flush(home->comm, COMM_FLUSH_IDLE);
    actor_quiet_offer(home);
    return (struct comm_step){.result = COMM_STEP_IDLE, .wake_ns = wake_ns};
}
