/* SPDX-License-Identifier: BSD-3-Clause */
#include "actor/actor.h"
#include "actor/loopback.h"
#include "actor/park.h"
#include "base/clock.h"

/*
 * The scheduler: first come, first served, one turn an activation. It alone runs user
 * code. A turn ends after the messages that were there at its start, at most
 * ACTOR_TURN; else an actor that feeds itself would outrun everybody (and its mail the
 * caches).
 */

enum { LOOPBACK_TURNS = 16 }; /* so many may run while a frame is read */

/* ---- handlers ----------------------------------------------------------------------
 */

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
        base_require_memory(envelope != NULL, "no memory to put a message aside");
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
    actor->n_exempt += (envelope->flags & MESSAGE_EXEMPT) != 0;
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

/* It takes other mail now than what was let in. */
COLD static void has_become(troupe_actor *actor)
{
    actor_loopback_settle(actor->home);
    if (actor->flags & ACTOR_HAS_STASH)
        unstash(actor);
    actor_refuse_strangers(actor);
}

static inline void handle(troupe_actor *actor, struct actor_current *current)
{
    actor->home->last_type = current->type;
    const struct actor_behavior *behavior = actor->behavior;
    troupe_status status =
        behavior->handle[current->type](actor, actor->state, current->body);

    if (UNLIKELY(status != TROUPE_OK))
        actor_end_with(actor, TROUPE_EXIT_FAILED, status, "%s",
                       "its handler returned an error");
    bool is_aside = current->is_deferred;
    if (UNLIKELY(is_aside))
        stash(actor, current);
    else
        current_done(actor, current);
    if (UNLIKELY(actor->behavior != behavior))
        has_become(actor);
    else if (UNLIKELY((actor->flags & ACTOR_HAS_STASH) && !is_aside))
        unstash(actor);
}

static void start_handler(troupe_actor *actor)
{
    const struct actor_behavior *behavior = actor->behavior;
    const troupe_behavior *source = behavior->source;
    troupe_status status = TROUPE_OK;

    actor->flags |= ACTOR_STARTED;
    if (source->init)
        status = source->init(actor, actor->state,
                              actor->extra ? actor->extra->arguments : NULL);
    if (actor->behavior != behavior)
        has_become(actor);
    if (status != TROUPE_OK)
        actor_end_with(actor, TROUPE_EXIT_FAILED, status, "%s",
                       "its init returned an error");
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
        actor_current_set(current, actor_mailbox_unlink(actor, &actor->head));
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
    actor_mailbox_drained(actor);
    if (is_ready(actor))
        actor_make_ready(actor);
}

static void run_handler(troupe_actor *actor)
{
    actor_now_runs(actor);
    if (_setjmp(actor->home->escape) == 0)
        handler_turn(actor);
    turn_done(actor->home->running);
}

/* Makes a record the message in hand of an idle handler. */
static inline void take_in_hand(troupe_actor *actor, struct comm_record *record)
{
    struct actor_rank *home = actor->home;
    struct actor_current *current = &home->current;

    home->last_address = actor->address;
    actor_now_runs(actor);
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
}

void actor_dispatch_record(troupe_actor *actor, struct comm_record *record)
{
    take_in_hand(actor, record);
    actor->home->counts.n_delivered++;
    handle(actor, &actor->home->current);
    turn_done(actor);
}

/* It runs, and could as well be idle. */
static inline bool could_take_more(const troupe_actor *actor,
                                   const struct actor_behavior *behavior)
{
    enum {
        LOOKED_AT = ACTOR_STARTED | ACTOR_RUNNING | ACTOR_HELD | ACTOR_ENDING |
                    ACTOR_EMBRYO | ACTOR_HAS_STASH
    };
    return !actor->head && actor->behavior == behavior &&
           (actor->flags & LOOKED_AT) == (ACTOR_STARTED | ACTOR_RUNNING);
}

/*
 * A record, and the run that it may begin, to an idle handler: what was looked at for
 * the first holds for all, as long as the handler stays as it was. n_counted: of each
 * in its mailbox.
 */
static inline void dispatch_run(troupe_actor *actor,
                                struct comm_reader *reader,
                                struct comm_record *record,
                                uint32_t n_counted)
{
    struct actor_rank *home = actor->home;
    struct actor_current *current = &home->current;
    const struct actor_behavior *behavior = actor->behavior;

    take_in_hand(actor, record);
    for (;;) {
        actor->n_queued -= n_counted;
        home->counts.n_delivered++;
        handle(actor, current);
        if (reader->state->n_more == 0 || UNLIKELY(!could_take_more(actor, behavior)))
            break;
        current->body = comm_read_more(reader);
        current->type = record->header.type;
        current->is_answered = false;
        current->is_kept = false;
    }
    turn_done(actor);
}

/* The usual case: mail of one size for an idle handler that takes it. False: nothing is
 * done, actor_take_mail() looks at everything. */
static inline bool dispatch_plainly(struct actor_rank *home, struct comm_record *record)
{
    const struct comm_header *header = &record->header;
    troupe_actor *actor = actor_find_again(home, header->to)->actor;

    if (UNLIKELY(!actor || header->type > home->n_types ||
                 home->plain_bytes[header->type] != record->size_bytes ||
                 record->ticket || (header->flags & (MESSAGE_REPLY | MESSAGE_TICK)) ||
                 !actor_accepts(actor, header->type) || !actor_is_idle_handler(actor)))
        return false;
    dispatch_run(actor, comm_reader(home->comm), record, 0);
    return true;
}

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
    if (actor->process && actor->process->wait)
        actor_unpark(actor, actor->process->wait);
}

void troupe_yield(troupe_actor *self)
{
    struct actor_wait wait = {.kind = ACTOR_WAIT_YIELD};

    self->home->wants_poll = true;
    if (!self->process || self->home->is_in_fini) {
        (void)comm_poll(self->home->comm);
        return;
    }
    actor_park(self, &wait, TROUPE_FOREVER);
}

/* ---- the step ---- */

/*
 * Its receiver lives and takes it, see loopback.h. Who has mail already, or was never
 * run, may run at once: else it would never be idle again while somebody sends to it
 * without a break.
 */
static void take_busy(struct actor_rank *home,
                      troupe_actor *actor,
                      const struct comm_record *record)
{
    actor_loopback_deliver(home, record);
    if (home->loopback.n_turns == 0 || (actor->flags & (ACTOR_HELD | ACTOR_ENDING)))
        return;
    home->loopback.n_turns--;
    actor_now_runs(actor);
    handler_turn(actor);
    turn_done(actor);
}

/* What the actors of this rank have sent to its handlers since the last time. */
static void read_loopback(struct actor_rank *home)
{
    struct comm_reader *reader = &home->loopback.reader;
    struct comm_record record;

    actor_loopback_turn(home);
    home->loopback.n_turns = LOOPBACK_TURNS;
    if (_setjmp(home->escape) != 0)
        turn_done(home->running);
    while (comm_read_whole(home->comm, reader, &record)) {
        troupe_actor *actor = actor_find_again(home, record.header.to)->actor;

        if (LIKELY(actor_is_idle_handler(actor)))
            dispatch_run(actor, reader, &record, 1);
        else
            take_busy(home, actor, &record);
    }
}

static inline void run_actor(troupe_actor *actor)
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
static void watch_turns(struct actor_rank *home, uint32_t n_turns)
{
    int64_t now_ns = base_clock_coarse_ns();

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

/*
 * Also those that become ready meanwhile: a poll costs more than a round of two
 * processes. But who yields does so because it computes for long: then it is time for a
 * poll.
 */
static void run_ready(struct actor_rank *home)
{
    uint32_t n_run = 0, n_watched = 0;

    if (!actor_loopback_is_empty(home))
        read_loopback(home);
    while (n_run < ACTOR_TURN && !home->wants_poll) {
        if (!home->n_ready) {
            if (actor_loopback_is_empty(home))
                break;
            read_loopback(home);
            n_run++;
            continue;
        }
        uint32_t n_may = home->is_watching_closely ? 0 : ACTOR_TURN - 1 - n_run;

        home->n_hand_overs = n_may;
        run_actor(actor_ready_pop(home));
        n_run += 1 + n_may - home->n_hand_overs;
        if (UNLIKELY(home->is_watching_closely)) {
            watch_turns(home, n_run - n_watched);
            n_watched = n_run;
        }
    }
    home->wants_poll = false;
    if (n_run > n_watched && home->handler_timeout_ns)
        watch_turns(home, n_run - n_watched);
}

/* One frame; idle handlers get their mail in place. troupe_fail lands before the loop.
 */
static void read_frame(struct actor_rank *home)
{
    struct comm_record record;

    if (_setjmp(home->escape) != 0)
        turn_done(home->running);
    home->may_dispatch = true;
    while (comm_next(home->comm, &record)) {
        if (LIKELY(record.header.kind == ACTOR_KIND_MAIL)) {
            if (!dispatch_plainly(home, &record))
                actor_take_mail(home, &record);
        } else {
            comm_kind(home->comm, record.header.kind)->take(home->rank, &record);
        }
    }
    home->may_dispatch = false;
    if (home->handler_timeout_ns)
        watch_turns(home, 1);
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
    bool was_frozen = home->is_frozen;

    home->cut->step(home->rank);
    if (home->is_frozen != was_frozen) {
        withdraw(home);
        begin_turns(home);
    }
    return home->is_frozen;
}

struct comm_step actor_step(struct troupe *rank)
{
    struct actor_rank *home = actor_of(rank);
    bool has_fired = false;

    (void)comm_poll(home->comm);
    if (actor_has_work(home) || comm_has_frame(home->comm))
        begin_turns(home);
    if (comm_has_frame(home->comm)) {
        withdraw(home);
        if (UNLIKELY(home->is_frozen))
            read_frame_frozen(home);
        else
            read_frame(home);
    }
    if (UNLIKELY(home->cut) && cut_step(home))
        return actor_frozen_step(home);
    if (heap_first(&home->timers))
        has_fired = actor_timers_run(home);
    if (has_fired)
        begin_turns(home);
    if (actor_has_work(home)) {
        withdraw(home);
        run_ready(home);
    }
    if (UNLIKELY(home->verdict != ACTOR_VERDICT_NONE)) {
        withdraw(home);
        actor_end_step(home);
    }
    if (UNLIKELY(home->is_done))
        return (struct comm_step){.result = COMM_STEP_DONE};
    if (actor_has_work(home) || has_fired || comm_has_frame(home->comm))
        return (struct comm_step){.result = COMM_STEP_BUSY};
    comm_flush(home->comm, COMM_FLUSH_IDLE);
    actor_quiet_offer(home);
    return (struct comm_step){.result = COMM_STEP_IDLE,
                              .wake_ns = actor_timers_next_ns(home)};
}
