/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ACTOR_ACTOR_H
#define ACTOR_ACTOR_H

/*
 * The actors of one rank: what they are made of, and what the files of this folder and
 * the layers above need of each other. One thread; the scheduler (schedule.c) alone
 * runs user code, handlers on its own stack, processes on theirs.
 */

#include "actor/mail.h"

/* ---- wire: records of this layer ---- */

enum { ACTOR_RANK_PROCESS_STACK_BYTES = 8 << 20 }; /* as a main thread has */
/* Messages an activation, activations a step; fewer if they take long. */
enum { ACTOR_TURN = COMM_WHOLE_SHARE };

enum actor_kind {
    ACTOR_KIND_MAIL = BASE_KIND(BASE_SLOT_ACTOR, 0),
    ACTOR_KIND_XOFF,
    ACTOR_KIND_XON,
    ACTOR_KIND_SPAWN,
    ACTOR_KIND_LEASE_ASK,
    ACTOR_KIND_LEASE_GIVE,
    ACTOR_KIND_MONITOR,
    ACTOR_KIND_DEMONITOR,
    ACTOR_KIND_DOWN,
    ACTOR_KIND_CALL_FAILED,
    ACTOR_KIND_CALL_CANCEL,
    ACTOR_KIND_STOP,
    ACTOR_KIND_END,
    ACTOR_KIND_REPORT,
    ACTOR_KIND_REFUSED
};

/* ---- address.c ---- */

void actor_addresses_init(struct actor_rank *home, uint32_t n_slots);
void actor_addresses_fini(struct actor_rank *home);
/* A fresh address of this rank; 0: no memory. */
uint64_t actor_address_take(struct actor_rank *home, bool is_reserved);
void actor_address_free(struct actor_rank *home, uint64_t address);
/* The entry if the generation is the present one, else NULL. */
struct actor_entry *actor_entry_find(struct actor_rank *home, uint64_t address);
int actor_rank_of(const struct actor_rank *home, uint64_t address);
/* What a record says of an address must be known on the rank that it is from. */
static inline bool actor_is_of_source(const struct actor_rank *home,
                                      uint64_t address,
                                      const struct comm_record *record)
{
    return actor_rank_of(home, address) == record->source;
}
/* Checks what init needs: a power of two, at least 1024 and 64 a rank, at most 2^20. */
uint32_t actor_slots_default(int n_ranks);

/* What stands in checkpoints of this rank's actors. */
static inline bool actor_is_saved(const troupe_actor *actor)
{
    return !actor->behavior->is_internal;
}

/* Who of this behavior knows of restarts, and keeps what hangs on it. */
static inline bool actor_knows_restarts(const struct actor_behavior *behavior)
{
    return !behavior->is_process || behavior->source->state != NULL ||
           (behavior->source->flags & TROUPE_RESTARTABLE_FROM_TOP);
}

static inline bool actor_is_local(const struct actor_rank *home, uint64_t address)
{
    uint32_t slot = actor_address_slot(address);

    if (UNLIKELY(actor_address_index(address) == 0))
        return (int)slot == home->me;
    return slot - home->first_slot < home->n_own_slots;
}

/* The living actor (or embryo) at a local address, NULL if there is none. */
static inline troupe_actor *actor_find(struct actor_rank *home, uint64_t address)
{
    uint32_t index = actor_address_index(address);
    struct actor_slot *slot;

    if (UNLIKELY(index ==
                 0)) /* one generation only: found by one address, as all are */
        return actor_address_generation(address) == 1 ? home->rank_process : NULL;
    slot = &home->slots[actor_address_slot(address) - home->first_slot];
    if (UNLIKELY(index >= slot->n_entries))
        return NULL;
    if (UNLIKELY(slot->entries[index].generation != actor_address_generation(address)))
        return NULL;
    return slot->entries[index].actor;
}

/* Where an address is: here (its actor), or on which rank; neither: nowhere. */
struct actor_found actor_look_up(struct actor_rank *home, uint64_t address);

/* Where an address has its place among those remembered. */
static inline struct actor_found *actor_found_at(struct actor_rank *home,
                                                 uint64_t address)
{
    /* The upper bits of a product with 2^64 / golden ratio (Knuth, The Art of Computer
     * Programming 3, 6.4): addresses of one index in several slots fall apart. */
    return &home->found[address * UINT64_C(0x9e3779b97f4a7c15) >>
                        (64 - ACTOR_FOUND_BITS)];
}

/* The same, remembering some: many messages go to the same few. */
static inline struct actor_found *actor_find_again(struct actor_rank *home,
                                                   uint64_t address)
{
    struct actor_found *found = actor_found_at(home, address);

    if (UNLIKELY(address != found->address))
        *found = actor_look_up(home, address);
    return found;
}

/* It is no longer there, or takes other mail now. */
static inline void actor_forget(const troupe_actor *actor)
{
    struct actor_found *found = actor_found_at(actor->home, actor->address);

    if (found->actor == actor)
        *found = ACTOR_FOUND_NOBODY;
}

/* ---- schedule.c ---- */

struct comm_step actor_step(struct troupe *rank);

static inline void actor_make_ready(troupe_actor *actor)
{
    struct actor_rank *home = actor->home;

    if (actor->flags & (ACTOR_IN_READY | ACTOR_RUNNING | ACTOR_HELD | ACTOR_EMBRYO))
        return;
    actor->flags |= ACTOR_IN_READY;
    actor->next_ready = NULL;
    *home->ready.tail = actor;
    home->ready.tail = &actor->next_ready;
    home->n_ready++;
}

/* The next that is ready; there is one. */
static inline troupe_actor *actor_ready_pop(struct actor_rank *home)
{
    troupe_actor *actor = home->ready.head;

    home->ready.head = actor->next_ready;
    if (!home->ready.head)
        home->ready.tail = &home->ready.head;
    actor->flags &= (uint16_t)~ACTOR_IN_READY;
    home->n_ready--;
    home->last_address = actor->address;
    home->last_type = 0;
    return actor;
}

void actor_ready_remove(troupe_actor *actor);

/* ---- handler.c ---- */

void actor_run_handler(troupe_actor *actor);
/* One, or more where steps have been long; idle handlers get their mail in place. */
void actor_read_frames(struct actor_rank *home);
/* What the actors of this rank have sent to its handlers, at most ACTOR_TURN records or
 * runs of such; how many. */
uint32_t actor_read_loopback(struct actor_rank *home);
/* After each turn where it is to be known whose was too long. */
void actor_watch_turns(struct actor_rank *home, uint32_t n_turns);

static inline void actor_now_runs(troupe_actor *actor)
{
    actor->home->running = actor;
    actor->flags |= ACTOR_RUNNING;
}

/*
 * Parks the running process until actor_wake() or the deadline; `wait` stands on its
 * stack with kind and what filled in. Afterwards is_done or is_timed_out says why; a
 * process that is being stopped does not come back.
 */
void actor_park(troupe_actor *self, struct actor_wait *wait, troupe_deadline deadline);
/* For the wait's own reason; does nothing when the process does not wait. */
static inline void actor_wake(troupe_actor *actor)
{
    if (!actor->process || !actor->process->wait)
        return;
    actor->process->wait->is_done = true;
    actor_make_ready(actor);
}

/* Takes a wait out of the counts and the heap; the process is about to end or go on. */
void actor_wait_clear(troupe_actor *actor);
/* Runs defers and fini on the scheduler's stack; a failure inside ends that one call.
 */
void actor_run_last_calls(troupe_actor *actor);
/* Runs one message of a frame in place; the actor must be an idle handler. */
void actor_dispatch_record(troupe_actor *actor, struct comm_record *record);
static inline bool actor_is_idle_handler(const troupe_actor *actor)
{
    return !actor->process && !actor->head &&
           (actor->flags & (ACTOR_STARTED | ACTOR_RUNNING | ACTOR_HELD | ACTOR_ENDING |
                            ACTOR_EMBRYO | ACTOR_HAS_STASH)) == ACTOR_STARTED;
}

/* ---- freeze.c: standing still for a checkpoint ---- */

/* A process that begins at the top after a restart, with what it had. */
static inline bool actor_is_stateful(const troupe_actor *actor)
{
    return actor->process && actor->behavior->state_bytes;
}
/* From now on, or no longer: `cut` is asked at each step. */
void actor_cut_set(struct actor_rank *home, struct actor_cut *cut);
/* Nobody runs from the next step on; payloads that were only announced are asked for.
 */
void actor_freeze(struct actor_rank *home);
void actor_thaw(struct actor_rank *home);
/* The process stays where it waits; what comes for it is kept. */
void actor_hold(troupe_actor *actor);
/* It goes on, if what it waits for has come or it waits for this. */
void actor_let_go(troupe_actor *actor);
struct comm_step actor_frozen_step(struct actor_rank *home);
/* The number of slots is that of a checkpoint; before anything was spawned. */
void actor_addresses_renew(struct actor_rank *home, uint32_t n_slots);

/* ---- the public calls' gate: wrong use ends the actor ---- */

/* Ends the running actor with bad_call. Returns only in fini and defers. */
TROUPE_NORETURN void
actor_bad_call(troupe_actor *self, const char *file, int line, const char *format, ...)
    TROUPE_PRINTF(4, 5);
#define actor_require(self, condition, ...)                                            \
    do {                                                                               \
        if (UNLIKELY(!(condition)))                                                    \
            actor_bad_call((self), __FILE__, __LINE__, __VA_ARGS__);                   \
    } while (0)

/* ---- life.c ---- */

troupe_actor *actor_create(struct actor_rank *home,
                           const struct actor_behavior *behavior,
                           uint64_t address);
void actor_end(troupe_actor *actor);
/* The block of an actor and its process part, without anything that hangs on it. */
void actor_free(troupe_actor *actor);
/* Notes why an actor is to end, and sees to it that it does. First reason wins. */
void actor_end_with(troupe_actor *actor,
                    enum troupe_exit_kind kind,
                    troupe_status status,
                    const char *format,
                    ...) TROUPE_PRINTF(4, 5);
struct actor_extra *
actor_extra(troupe_actor *actor); /* makes it; dies without memory */
/* NULL: no memory. */
struct actor_extra *actor_extra_try(troupe_actor *actor);
void actor_watches_free(troupe_actor *actor);
void actor_monitors_fire(troupe_actor *actor, const struct actor_exit *exit);
void actor_rank_process_ended(struct actor_rank *home, const struct actor_exit *exit);
/* A watch of self's; the watched actor's rank is to be told of it. */
troupe_status
actor_watch_begin(troupe_actor *self, uint64_t target, uint64_t *reference);
void actor_watch_cancel(struct actor_rank *home, uint64_t reference); /* 0: none */
void actor_monitor_add(struct actor_rank *home,
                       uint64_t target,
                       uint64_t watcher,
                       uint64_t reference);
void actor_monitor_arrived(struct actor_rank *home, const struct comm_record *record);
void actor_monitor_remove(struct actor_rank *home, uint64_t reference);
/* As it was before a restart; false: no memory. So do the other calls of this name. */
bool actor_monitor_hang(troupe_actor *actor, uint64_t watcher, uint64_t reference);
bool actor_watch_hang(troupe_actor *watcher, uint64_t target, uint64_t reference);
/* Ends all that hangs on an actor but its mail and who watches it. */
void actor_extra_release(troupe_actor *actor);
void actor_down_arrived(struct actor_rank *home, struct comm_record *record);
void actor_stop_at(struct actor_rank *home,
                   uint64_t target,
                   enum troupe_exit_kind kind);

/* ---- spawn.c ---- */

void actor_spawn_arrived(struct actor_rank *home, struct comm_record *record);
/* The actor, or for a leased address an embryo that keeps what comes; NULL: nobody. */
troupe_actor *actor_find_or_embryo(struct actor_rank *home, uint64_t address);
/* Unread mail of types that the actor does not take, as is known now, is refused. */
void actor_refuse_strangers(troupe_actor *actor);
/* Of who only keeps mail for an actor to come. */
const struct actor_behavior *actor_embryo_behavior(void);
/* The process of this rank. */
troupe_status actor_rank_process_create(struct actor_rank *home);

/* ---- lease.c ---- */

void actor_lease_asked(struct actor_rank *home, struct comm_record *record);
void actor_lease_given(struct actor_rank *home, struct comm_record *record);
/* An address of a rank to spawn on; a handler does not wait for one. 0: none at hand.
 */
uint64_t actor_lease_get(troupe_actor *self, int rank);
/* Nothing was spawned on it. */
void actor_lease_give_back(struct actor_rank *home, int rank, uint64_t address);

/* ---- call.c ---- */

/* A reply or a failure for a call of a local actor; takes the envelope (NULL: failure).
 */
void actor_call_end(struct actor_rank *home,
                    uint64_t caller,
                    uint64_t reference,
                    struct message_envelope *reply,
                    troupe_status status,
                    enum troupe_exit_kind kind);
/*
 * The same for a reply that has been announced and whose payload is still on its way:
 * it takes its place in the mailbox now, or later mail would overtake it. False: the
 * caller does not wait for it as mail, nothing is done.
 */
bool actor_call_end_apart(struct actor_rank *home,
                          uint64_t caller,
                          struct message_envelope *reply);
/* The mail that comes instead of a reply. */
void actor_call_tell(struct actor_rank *home,
                     uint64_t caller,
                     uint64_t reference,
                     troupe_status status,
                     enum troupe_exit_kind kind);
/* The caller ends: its outstanding calls are forgotten. */
void actor_calls_free(troupe_actor *actor);
uint64_t actor_reference_make(struct actor_rank *home);
bool actor_call_hang(troupe_actor *caller,
                     uint64_t server,
                     uint64_t reference,
                     int64_t at_ns,
                     uint64_t order);

/* ---- reply.c ---- */

/* Tells the caller that its request will not be answered; kind: how the server has
 * ended. */
void actor_call_fail(struct actor_rank *home,
                     uint64_t caller,
                     uint64_t reference,
                     troupe_status status,
                     enum troupe_exit_kind kind);
/* How an actor that ends does. */
static inline enum troupe_exit_kind actor_exit_kind(const troupe_actor *actor)
{
    return actor->extra ? actor->extra->exit.kind : TROUPE_EXIT_NORMAL;
}
void actor_request_note(troupe_actor *self, const struct actor_current *current);
void actor_request_forget(struct actor_rank *home, uint64_t server, uint64_t reference);
void actor_requests_fail(troupe_actor *actor);

/* ---- timer.c ---- */

/* Fires what is due; false: nothing. */
bool actor_timers_run(struct actor_rank *home);
/* When the next is due, INT64_MAX: none. */
int64_t actor_timers_next_ns(const struct actor_rank *home);
bool actor_heap_add(struct actor_rank *home,
                    struct heap_node *node,
                    int64_t at_ns,
                    void (*fire)(struct heap_node *node));
/* With an order that was given before. */
bool actor_heap_put(struct actor_rank *home,
                    struct heap_node *node,
                    int64_t at_ns,
                    uint64_t order,
                    void (*fire)(struct heap_node *node));
void actor_timers_free(troupe_actor *actor);
/* A tick may yet make somebody go on who waits now; called when nobody is ready. */
bool actor_ticks_matter(struct actor_rank *home);
/* heap.at_ns and heap.order of the model are the timer's. */
bool actor_timer_hang(troupe_actor *self,
                      const struct actor_timer *model,
                      const void *body);

/* ---- behavior.c ---- */

/* Walks the program: types and behaviors, transitively; `why` says what is wrong. */
troupe_status actor_program_walk(struct actor_rank *home,
                                 const troupe_program *program,
                                 char *why,
                                 size_t why_capacity);
void actor_program_free(struct actor_rank *home);
const struct actor_behavior *actor_behavior_find(struct actor_rank *home,
                                                 const troupe_behavior *behavior);
/* Same state type, also when two files describe it. */
bool actor_state_type_equal(const struct actor_behavior *a,
                            const struct actor_behavior *b);
/* One hash over types and behaviors, for the comparison at start. */
uint64_t actor_program_hash(const struct actor_rank *home);

/* ---- report.c ---- */

void actor_dead_letter(struct actor_rank *home,
                       enum actor_dead_reason reason,
                       uint64_t sender,
                       uint64_t to,
                       uint16_t type);
const char *actor_dead_reason_text(enum actor_dead_reason reason);
/* "worker 2:1042.17.1" into text. */
void actor_describe(struct actor_rank *home,
                    uint64_t address,
                    char *text,
                    size_t capacity);
/* A turn that took too long: who had it. */
void actor_report_slow(struct actor_rank *home, int64_t took_ns, uint32_t n_turns);
/* Who waits here, for what. */
void actor_report_waits(struct actor_rank *home, struct base_bytes *text);

/* ---- end.c ---- */

/* The flags this rank offers to the detector, and the verdict. */
void actor_quiet_offer(struct actor_rank *home);
void actor_quiet(struct troupe *rank, uint32_t any, uint32_t all);
/* The job is to end with this code; told to all ranks. */
void actor_job_end(struct actor_rank *home, int exit_code);
void actor_end_arrived(struct actor_rank *home, struct comm_record *record);
void actor_report_arrived(struct actor_rank *home, struct comm_record *record);
/* Acts on the verdict: every actor of the rank ends. */
void actor_end_step(struct actor_rank *home);
/* Rank 0, when all is done: who waited for whom. */
void actor_report_print(struct actor_rank *home);

/* ---- save.c, load.c: checkpoints ---- */

/* Asks for all payloads that stand with their senders yet; false: there are none. */
bool actor_payloads_fetch(struct troupe *rank);
uint64_t actor_save_bytes(struct troupe *rank);
troupe_status actor_save(struct troupe *rank, struct base_saver *saver);
troupe_status actor_load(struct troupe *rank,
                         struct base_saved_source *source,
                         const struct base_saved *record);
troupe_status actor_loaded(struct troupe *rank, struct base_saved_source *source);
/* While a rank loads: the number of a type now, by that in the checkpoint; 0: the
 * program has none of its name and fields, which is said. */
uint16_t actor_type_now(const struct actor_rank *home, uint64_t then);
void actor_loading_free(struct actor_rank *home);

/* ---- module.c: start and stop ---- */

struct actor_options {
    const troupe_program *program;
    int argc;
    char **argv;
    struct comm *comm;
    struct message_pool *pool;
    const struct base_module *const *modules; /* NULL-ended, lowest first */
    uint32_t n_slots;                         /* 0: default */
    size_t stack_bytes;
    uint64_t queued_limit_bytes; /* 0: 1 GiB */
    int64_t handler_timeout_ns;  /* 0: turns are not watched */
};
/* Walks the program, makes the rank process. `why` says what is wrong. */
troupe_status actor_start(struct troupe *rank,
                          const struct actor_options *options,
                          char *why,
                          size_t why_capacity);
void actor_stop(struct troupe *rank);
extern const struct comm_upper actor_upper;
/* For checkpoints only: runtime starts and stops the actors by name. */
extern const struct base_module actor_module;

#endif
