/* SPDX-License-Identifier: BSD-3-Clause */
#include "actor/deliver.h"
#include "actor/loopback.h"

/*
 * Handlers: their turns, and mail that is handled where it stands in a frame. A turn
 * ends after the messages that were there at its start, at most ACTOR_TURN; else an
 * actor that feeds itself would outrun everybody (and its mail the caches).
 */

enum {
    EXTRA_TURNS = 16,               /* so many may run while a frame is read */
    LONG_RUN_TURN = ACTOR_TURN / 2, /* where a turn is so long, a frame is read whole */
    MOST_UNWATCHED = 16,
    READING_NS = COMM_LONG_STEP_NS / 2 /* which alone makes no step a long one */
};

/* ---- a message ---- */

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

/*
 * Where steps have been long, the clock says when a rank has been deaf for long enough:
 * it is looked at after as many messages as are a turn now, and, if that was early,
 * again after farther(). So who computes for long between its yields does not keep
 * others from their mail.
 */
static void begin_to_take(struct actor_rank *home)
{
    home->n_extra_turns = EXTRA_TURNS;
    home->n_unwatched = UINT32_MAX;
    if (LIKELY(home->turn >= LONG_RUN_TURN))
        return;
    home->n_unwatched = home->turn;
    home->late_ns = comm_now_ns(home->comm) + READING_NS;
}

/* How many messages more until the next look: as many again, but not too many, in case
 * they begin to take long. */
static uint32_t farther(uint32_t n)
{
    return n < MOST_UNWATCHED ? n : MOST_UNWATCHED;
}

static bool is_late(const struct actor_rank *home)
{
    return comm_now_ns(home->comm) >= home->late_ns;
}

static void handler_turn(troupe_actor *actor)
{
    struct actor_rank *home = actor->home;
    uint32_t n = actor->n_queued < ACTOR_TURN ? actor->n_queued : ACTOR_TURN;
    uint32_t n_unwatched = home->turn;

    if (UNLIKELY(!(actor->flags & ACTOR_STARTED)))
        start_handler(actor);
    for (uint32_t i = 0; i < n && is_ready(actor); i++) {
        if (UNLIKELY(i >= n_unwatched)) {
            if (is_late(home))
                break;
            n_unwatched += farther(n_unwatched);
        }
        actor_current_set(&home->current, actor_mailbox_unlink(actor, &actor->head));
        handle(actor, &home->current);
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

void actor_run_handler(troupe_actor *actor)
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
           LIKELY(actor->home->turn >= LONG_RUN_TURN) &&
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

    if (n_counted && actor->n_queued > home->counts.most_queued)
        home->counts.most_queued = actor->n_queued;
    take_in_hand(actor, record);
    for (;;) {
        actor->n_queued -= n_counted;
        home->counts.n_delivered++;
        handle(actor, current);
        /* Its end is looked at first: the mail may have been moved meanwhile, and the
         * run be that of another frame. */
        if (reader->at == reader->end || reader->state->n_more == 0 ||
            UNLIKELY(!could_take_more(actor, behavior)))
            break;
        current->body = comm_read_more(reader);
        current->type = record->header.type;
        current->is_answered = false;
        current->is_kept = false;
    }
    turn_done(actor);
}

/* To a process that waits for just this. False: nothing is done. */
static bool hand_plainly(struct actor_rank *home,
                         troupe_actor *actor,
                         const struct comm_record *record)
{
    const struct comm_header *header = &record->header;
    struct message_envelope *envelope;

    if (header->flags || record->envelope || home->is_ending ||
        !actor_waits_for(actor, header->type))
        return false;
    envelope =
        message_take_for(home->pool, record->size_bytes, header->from, header->type);
    if (UNLIKELY(!envelope))
        return false;
    comm_wire_copy(envelope->inline_payload, record->payload, record->size_bytes);
    actor_hand(actor, envelope);
    return true;
}

/* The usual case: mail of one size for an idle handler that takes it, or for a process
 * that waits. False: nothing is done, actor_take_mail() looks at everything. */
static inline bool dispatch_plainly(struct actor_rank *home, struct comm_record *record)
{
    const struct comm_header *header = &record->header;
    troupe_actor *actor = actor_find_again(home, header->to)->actor;

    if (UNLIKELY(!actor || header->type > home->n_types ||
                 home->plain_bytes[header->type] != record->size_bytes ||
                 record->ticket ||
                 (header->flags & ~(MESSAGE_REQUEST | MESSAGE_EXEMPT)) ||
                 !actor_accepts(actor, header->type)))
        return false;
    if (actor->process)
        return hand_plainly(home, actor, record);
    if (UNLIKELY(!actor_is_idle_handler(actor)))
        return false;
    dispatch_run(actor, comm_reader(home->comm), record, 0);
    return true;
}

/* ---- frames ---- */

/*
 * Who has mail already, or was never run, may run at once, while a frame is read: else
 * it would never be idle again as long as somebody sends to it without a break.
 */
static void catch_up(struct actor_rank *home, troupe_actor *actor)
{
    if (home->n_extra_turns == 0 || !is_ready(actor))
        return;
    home->n_extra_turns--;
    home->last_address = actor->address;
    home->last_type = 0;
    actor_now_runs(actor);
    handler_turn(actor);
    turn_done(actor);
}

/* From another rank, by all the rules. */
static void take_mail(struct actor_rank *home, struct comm_record *record)
{
    uint64_t to = record->header.to;
    troupe_actor *actor;

    actor_take_mail(home, record);
    actor = actor_is_local(home, to) ? actor_find(home, to) : NULL;
    if (actor && !actor->process && actor->head && !(actor->flags & ACTOR_EMBRYO))
        catch_up(home, actor);
}

static inline bool has_read_enough(struct actor_rank *home, uint32_t n_read)
{
    if (LIKELY(n_read < home->n_unwatched))
        return false;
    home->n_unwatched = n_read + farther(n_read);
    return is_late(home);
}

/* There is more to read: of this frame, or of what it has led to, which is read at once
 * where nobody else is ready. */
static bool reads_on(struct actor_rank *home)
{
    struct actor_loopback *loopback = &home->loopback;

    if (loopback->n_read >= ACTOR_TURN || has_read_enough(home, loopback->n_read))
        return false;
    if (loopback->reader.at != loopback->reader.end)
        return true;
    if (actor_loopback_is_empty(home) ||
        (loopback->n_read > 0 && (home->n_ready || home->wants_poll)))
        return false;
    actor_loopback_turn(home);
    return true;
}

uint32_t actor_read_loopback(struct actor_rank *home)
{
    struct comm_reader *reader = &home->loopback.reader;
    struct comm_record record;

    home->loopback.n_read = 0;
    begin_to_take(home);
    if (_setjmp(home->escape) != 0)
        turn_done(home->running);
    while (reads_on(home) && comm_read_whole(home->comm, reader, &record)) {
        troupe_actor *actor = actor_find_again(home, record.header.to)->actor;

        home->loopback.n_read++;
        if (LIKELY(actor_is_idle_handler(actor))) {
            dispatch_run(actor, reader, &record, 1);
        } else { /* its receiver lives and takes it, see loopback.h */
            actor_loopback_deliver(home, &record);
            catch_up(home, actor);
        }
        if (UNLIKELY(home->is_watching_closely))
            actor_watch_turns(home, 1);
    }
    return home->loopback.n_read;
}

/* troupe_fail lands before the loop. */
static void read_frame(struct actor_rank *home)
{
    struct comm_record record;

    home->n_read = 0;
    if (UNLIKELY(home->turn < LONG_RUN_TURN))
        home->n_unwatched = home->turn;
    if (_setjmp(home->escape) != 0)
        turn_done(home->running);
    home->may_dispatch = true;
    while (!has_read_enough(home, home->n_read) && comm_next(home->comm, &record)) {
        home->n_read++;
        if (LIKELY(record.header.kind == ACTOR_KIND_MAIL)) {
            if (!dispatch_plainly(home, &record))
                take_mail(home, &record);
        } else {
            comm_kind(home->comm, record.header.kind)->take(home->rank, &record);
        }
        if (UNLIKELY(home->is_watching_closely))
            actor_watch_turns(home, 1);
    }
    comm_pause(home->comm);
    home->may_dispatch = false;
}

/* One; but where steps have been long, all that there is time for. */
void actor_read_frames(struct actor_rank *home)
{
    begin_to_take(home);
    read_frame(home);
    while (UNLIKELY(home->turn < LONG_RUN_TURN) && !is_late(home)) {
        (void)comm_poll_within(home->comm);
        if (!comm_has_frame(home->comm))
            break;
        read_frame(home);
    }
}
