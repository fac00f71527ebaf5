/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ACTOR_ACTOR_H
#define ACTOR_ACTOR_H

/*
 * The actors of one rank: what they are made of, and what the files of this folder and the
 * layers above need of each other. One thread; the scheduler (schedule.c) alone runs user
 * code, handlers on its own stack, processes on theirs.
 */

#include "actor/heap.h"
#include "base/bytes.h"
#include "base/list.h"
#include "base/map.h"
#include "base/require.h"
#include "comm/comm.h"
#include "fiber/fiber.h"
#include "message/envelope.h"
#include "message/table.h"
#include "troupe/actor.h"
#include "troupe/call.h"
#include "troupe/life.h"
#include "troupe/mail.h"
#include "troupe/owned.h"
#include "troupe/program.h"
#include <setjmp.h>

/* ---- addresses ------------------------------------------------------------------- */

enum {
    ACTOR_SLOT_BITS = 20,
    ACTOR_INDEX_BITS = 22,
    ACTOR_GENERATION_BITS = 22,
    ACTOR_MAX_INDEX = (1 << ACTOR_INDEX_BITS) - 1,
    ACTOR_MAX_GENERATION = (1 << ACTOR_GENERATION_BITS) - 1
};

static inline uint32_t actor_address_slot(uint64_t bits)
{
    return (uint32_t)(bits >> (ACTOR_INDEX_BITS + ACTOR_GENERATION_BITS));
}

static inline uint32_t actor_address_index(uint64_t bits)
{
    return (uint32_t)(bits >> ACTOR_GENERATION_BITS) & ACTOR_MAX_INDEX;
}

static inline uint32_t actor_address_generation(uint64_t bits)
{
    return (uint32_t)bits & ACTOR_MAX_GENERATION;
}

static inline uint64_t actor_address_make(uint32_t slot, uint32_t index, uint32_t generation)
{
    return ((uint64_t)slot << (ACTOR_INDEX_BITS + ACTOR_GENERATION_BITS)) |
           ((uint64_t)index << ACTOR_GENERATION_BITS) | generation;
}

/* One index of a slot. Free entries form a first-in first-out list through next_free. */
struct actor_entry {
    troupe_actor *actor; /* NULL: free, reserved or retired */
    uint32_t generation; /* of the present or, when free, of the next use */
    uint32_t next_free : 31;
    uint32_t is_reserved : 1; /* leased to another rank */
};

struct actor_slot {
    struct actor_entry *entries;
    uint32_t n_entries, capacity; /* entry 0 stands unused */
    uint32_t first_free, last_free; /* 0: none */
    uint32_t highest_generation;
};

/* ---- behaviors ------------------------------------------------------------------- */

/* A behavior as this rank sees it: its look-ups by wire id of a type. */
struct actor_behavior {
    const troupe_behavior *source;
    uint16_t id;            /* place in the order by name, from 1 */
    uint32_t state_bytes, capacity;
    enum troupe_overflow overflow;
    bool is_process, accepts_down, accepts_refused, accepts_call_result, accepts_shutdown;
    troupe_thunk **handle; /* by wire id: NULL refuses; in a process a mark that is not NULL */
};

/* ---- one actor ------------------------------------------------------------------- */

enum actor_flags {
    ACTOR_IS_PROCESS = 1,
    ACTOR_IS_RANK_PROCESS = 2,
    ACTOR_STARTED = 4,    /* init has run */
    ACTOR_IN_READY = 8,   /* stands in the ready queue */
    ACTOR_RUNNING = 16,   /* its code is on the processor */
    ACTOR_HELD = 32,      /* a handler with messages in the reserve: does not run */
    ACTOR_ENDING = 64,    /* `extra->exit` is set: ends at the next boundary */
    ACTOR_EMBRYO = 128,   /* a reserved address that has got mail before its spawn */
    ACTOR_RETURNED = 256, /* rank process: its function has returned */
    ACTOR_HAS_STASH = 512,
    ACTOR_XOFF_SENT = 1024, /* some rank was told to stop sending */
    ACTOR_FINI_DONE = 2048
};

/* The message being handled or last received, wherever it lies. */
struct actor_current {
    uint64_t sender, reference, size_bytes;
    const void *body;
    struct message_envelope *envelope; /* NULL: it lies in a frame */
    uint32_t incarnation;
    uint16_t type;
    uint8_t flags;
    bool is_deferred, is_answered, is_kept;
};

enum actor_wait_kind {
    ACTOR_WAIT_NONE,
    ACTOR_WAIT_RECEIVE,
    ACTOR_WAIT_SLEEP,
    ACTOR_WAIT_YIELD,
    ACTOR_WAIT_SEND,
    ACTOR_WAIT_CALL,
    ACTOR_WAIT_LEASE,
    ACTOR_WAIT_TEAM,
    ACTOR_WAIT_NAME,
    ACTOR_WAIT_FOREIGN,
    ACTOR_N_WAITS
};

/* Why a process is parked; lives on its own stack while it is. */
struct actor_wait {
    enum actor_wait_kind kind;
    bool is_done; /* set by whoever wakes it for its reason */
    bool is_timed_out;
    bool is_blocking, is_holding; /* counts for which verdict */
    troupe_status status;
    uint16_t type;      /* RECEIVE: 0 any */
    uint64_t address;   /* SEND, CALL: whom for; LEASE: rank */
    uint64_t reference; /* CALL */
    struct message_envelope *envelope; /* CALL: the reply */
    const char *what;   /* for the report; may be NULL */
    struct actor_parcel *parcel; /* SEND: the message */
    void (*withdraw)(struct actor_wait *wait); /* not NULL: called if the process is stopped */
    struct heap_node deadline;   /* in home->timers while there is one */
    troupe_actor *owner;
};

/* What most actors never need. */
struct actor_extra {
    struct base_list monitors;  /* struct actor_monitor: who watches me */
    struct base_list watching;  /* struct actor_watch: whom I watch */
    struct base_list calls;     /* struct actor_pending_call: my asynchronous calls */
    struct base_list requests;  /* struct actor_request: received, not answered yet */
    struct base_list timers;    /* struct actor_timer by owner */
    struct base_list owned;     /* struct actor_owned: messages kept or made */
    struct base_list reserved;  /* struct actor_parcel: my messages in gates */
    struct base_list gate;      /* struct actor_parcel: who waits for my mailbox */
    struct actor_defer *defers;
    struct actor_arena *arena;
    struct message_envelope *stash_head, **stash_tail;
    uint32_t n_stashed;
    struct base_map xoff_ranks; /* rank + 1: told to stop sending to me */
    struct actor_exit {
        enum troupe_exit_kind kind;
        troupe_status status;
        char text[TROUPE_TEXT_BYTES];
    } exit;
    void *arguments;
    uint16_t arguments_type;
    uint8_t arguments_class;
    size_t stack_bytes;
    uint8_t block_class;
    void *team; /* the team layer's */
};

/* What a process needs beyond a handler; from the pool, beside the actor. */
struct actor_process {
    struct fiber *fiber;
    struct actor_wait *wait; /* NULL: not parked */
    struct actor_current current;
    /* A receive for the same type goes on where the last one stopped. */
    struct message_envelope **seen_link;
    uint16_t seen_type;
    uint8_t block_class;
};

struct troupe_actor {
    struct actor_rank *home;
    const struct actor_behavior *behavior;
    void *state;
    struct message_envelope *head, **tail;
    uint32_t n_queued, capacity;
    troupe_actor *next_ready;
    uint64_t address;
    struct actor_extra *extra; /* NULL until needed */
    struct actor_process *process; /* NULL in a handler */
    uint32_t incarnation;
    uint16_t flags; /* enum actor_flags */
    uint8_t overflow;
    uint8_t block_class;
    uint32_t n_reserved; /* my messages that wait in gates */
    uint32_t pad;
    /* The state follows. */
};

/* ---- small things hung on actors --------------------------------------------------- */

struct actor_monitor {
    struct base_list node; /* in the watched actor's extra->monitors */
    uint64_t watcher, reference;
    uint8_t block_class;
};

struct actor_watch {
    struct base_list node; /* in the watcher's extra->watching */
    uint64_t target, reference;
    troupe_actor *watcher;
    uint8_t block_class;
};

struct actor_pending_call {
    struct base_list node; /* in the caller's extra->calls */
    uint64_t server, reference;
    troupe_actor *caller;
    struct heap_node deadline;
    uint8_t block_class;
};

struct actor_request {
    struct base_list node;
    uint64_t caller, reference;
    uint32_t incarnation;
    uint8_t block_class;
};

struct actor_owned {
    struct base_list node;
    struct message_envelope *envelope;
    const troupe_type *type;
    troupe_actor *owner; /* NULL: no longer a message; checks a handle */
    uint64_t held;       /* its name in the state; 0: not held */
    uint8_t block_class;
};

struct actor_defer {
    struct actor_defer *next;
    void (*function)(void *argument);
    void *argument;
};

enum actor_timer_kind { ACTOR_TIMER_AFTER, ACTOR_TIMER_EVERY };

struct actor_timer {
    struct heap_node heap; /* at_ns and order of making */
    struct base_list node; /* in extra->timers */
    enum actor_timer_kind kind;
    troupe_actor *owner;
    uint64_t to, reference;
    int64_t period_ns;
    uint16_t type;
    size_t size_bytes;
    uint8_t block_class;
    unsigned char body[] __attribute__((aligned(8)));
};

/*
 * A message on its way to a receiver that has no room: a parked process's (`sender` waits
 * on its stack) or a handler's (in the reserve). Stands in the gate it waits at.
 */
struct actor_parcel {
    struct base_list node;   /* in the gate */
    struct base_list by_sender; /* in sender's extra->reserved; unused for a process */
    troupe_actor *sender;
    struct actor_wait *wait; /* a process's; NULL: in the reserve */
    struct message_envelope *envelope;
    uint64_t to;
    uint8_t block_class; /* of a parcel in the reserve */
};

struct actor_lease_wait {
    struct base_list node; /* in actor_peer.lease_waiters */
    troupe_actor *actor;
    struct actor_wait wait;
};

/* What we know of another rank. */
struct actor_peer {
    struct base_list gate;    /* parcels waiting for the link */
    struct base_list lease_waiters; /* struct actor_lease_wait */
    uint64_t *leases;         /* ring of addresses to spawn on */
    uint32_t n_leases, first_lease;
    bool is_lease_asked;
    uint64_t load;            /* its actors as last told, and what we spawned since */
};

/* ---- dead letters ------------------------------------------------------------------- */

enum actor_dead_reason {
    ACTOR_DEAD_NO_ACTOR,
    ACTOR_DEAD_REFUSED,
    ACTOR_DEAD_DROPPED,
    ACTOR_DEAD_UNREAD, /* its receiver ended before it read it */
    ACTOR_DEAD_MALFORMED,
    ACTOR_DEAD_LATE_REPLY,
    ACTOR_DEAD_ENDING, /* the job is ending */
    ACTOR_N_DEAD_REASONS
};

enum { ACTOR_DEAD_KEPT = 64 };

struct actor_dead_letter {
    uint64_t sender, to;
    uint16_t type;
    uint8_t reason;
};

/* ---- the rank ------------------------------------------------------------------------ */

struct actor_queue {
    troupe_actor *head, **tail;
};

struct actor_counts {
    uint64_t n_sent_local, n_sent_remote, n_delivered, n_parked_sends, n_reserved;
    uint64_t n_spawned, n_ended, n_xoff_sent, n_xon_sent, n_dropped_ticks;
    uint64_t n_dead[ACTOR_N_DEAD_REASONS];
    uint32_t most_queued; /* in one mailbox */
};

enum actor_verdict { ACTOR_VERDICT_NONE, ACTOR_VERDICT_END, ACTOR_VERDICT_DEADLOCK };

struct actor_rank {
    struct troupe *rank;
    struct comm *comm;
    struct message_pool *pool;
    struct message_table *table;
    struct fiber_pool *fibers;
    int me, n_ranks;

    uint32_t n_slots, first_slot, n_own_slots, next_slot;
    struct actor_slot *slots;
    troupe_actor *rank_process;
    uint64_t n_actors;

    struct actor_queue ready;
    uint32_t n_ready;
    troupe_actor *running;
    struct actor_current current; /* of the handler that runs */
    jmp_buf escape;               /* where troupe_fail leaves a handler to */
    bool is_in_fini;        /* defers and fini run: nothing may wait */
    bool may_dispatch;      /* a frame is being read by the scheduler itself */
    int64_t handler_timeout_ns, turn_began_ns; /* coarse clock */
    uint64_t last_address; /* the last that ran, and on what, to name a slow turn */
    uint16_t last_type;
    uint32_t no_fail_depth; /* > 0: in a predicate, save or restore */

    struct heap timers;
    uint64_t next_order, next_reference, next_held;
    /* By reference: own watches, calls and timers; whom actors here are watched by. */
    struct base_map watches, calls, timers_by_reference, monitors;
    struct base_map fetching; /* envelope of a payload on its way: whom it is for */
    /* A layer above's: true if the payload that has come is its own. May be NULL. */
    bool (*fetched_other)(struct troupe *rank, struct message_envelope *envelope);

    struct base_map xoff; /* remote address: struct actor_xoff */
    struct actor_peer *peers;
    uint32_t n_parcels_reserved, reserve_limit;
    uint64_t queued_bytes, queued_limit_bytes;

    struct actor_behavior *behaviors;
    uint32_t n_behaviors, n_types;
    uint32_t *plain_bytes; /* by wire id: the only size a payload can have and needs no
                            * other check; UINT32_MAX: see message_is_well_formed() */
    struct base_map behavior_by_pointer;
    const troupe_program *program;
    int argc;
    char **argv;
    uint16_t down_type, refused_type, call_result_type, shutdown_type;

    const struct base_module *const *modules; /* NULL-ended */

    uint32_t n_blocked, n_holding; /* waits that count for the verdicts */
    bool is_ending, is_done, has_deadlock, is_quiet_offered;
    enum actor_verdict verdict; /* to be acted on at the next step */
    int exit_code, wanted_exit_code;
    struct base_bytes reports; /* rank 0: the ranks' parts of the wait-for report */

    struct actor_dead_letter dead[ACTOR_DEAD_KEPT];
    uint64_t n_dead;
    troupe_dead_letter_fn *dead_letter_hook;
    void *dead_letter_context;
    struct actor_counts counts;
};

/* A remote mailbox that is full: who waits for it here. */
struct actor_xoff {
    uint64_t address;
    struct base_list gate;
};

/* The message that `self` has in hand. */
static inline struct actor_current *actor_current(const troupe_actor *self)
{
    return self->process ? &self->process->current : &self->home->current;
}

static inline struct actor_rank *actor_of(struct troupe *rank)
{
    return rank->slot[BASE_SLOT_ACTOR];
}

/* ---- wire: records of this layer ------------------------------------------------------ */

enum { ACTOR_RANK_PROCESS_STACK_BYTES = 8 << 20 }; /* as a main thread has */
enum { ACTOR_TURN = 64 }; /* messages an activation, activations a step */

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

/* ---- address.c -------------------------------------------------------------------------- */

void actor_addresses_init(struct actor_rank *home, uint32_t n_slots);
void actor_addresses_fini(struct actor_rank *home);
/* A fresh address of this rank; 0: no memory. */
uint64_t actor_address_take(struct actor_rank *home, bool is_reserved);
void actor_address_free(struct actor_rank *home, uint64_t address);
/* The entry if the generation is the present one, else NULL. */
struct actor_entry *actor_entry_find(struct actor_rank *home, uint64_t address);
int actor_rank_of(const struct actor_rank *home, uint64_t address);
/* Checks what init needs: a power of two, at least 1024 and 64 a rank, at most 2^20. */
uint32_t actor_slots_default(int n_ranks);

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

    if (UNLIKELY(index == 0))
        return home->rank_process;
    slot = &home->slots[actor_address_slot(address) - home->first_slot];
    if (UNLIKELY(index >= slot->n_entries))
        return NULL;
    if (UNLIKELY(slot->entries[index].generation != actor_address_generation(address)))
        return NULL;
    return slot->entries[index].actor;
}

/* ---- schedule.c --------------------------------------------------------------------------- */

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

void actor_ready_remove(troupe_actor *actor);

/*
 * Parks the running process until actor_wake() or the deadline; `wait` stands on its stack
 * with kind and what filled in. Afterwards is_done or is_timed_out says why; a process that
 * is being stopped does not come back.
 */
void actor_park(troupe_actor *self, struct actor_wait *wait, troupe_deadline deadline);
/* For the wait's own reason; does nothing when the process does not wait. */
void actor_wake(troupe_actor *actor);

/* Takes a wait out of the counts and the heap; the process is about to end or go on. */
void actor_wait_clear(troupe_actor *actor);
/* Runs defers and fini on the scheduler's stack; a failure inside ends that one call. */
void actor_run_last_calls(troupe_actor *actor);
/* Runs one message of a frame in place; the actor must be an idle handler. */
void actor_dispatch_record(troupe_actor *actor, struct comm_record *record);
static inline bool actor_is_idle_handler(const troupe_actor *actor)
{
    return !actor->process && !actor->head &&
           (actor->flags & (ACTOR_STARTED | ACTOR_RUNNING | ACTOR_HELD | ACTOR_ENDING |
                            ACTOR_EMBRYO | ACTOR_HAS_STASH)) == ACTOR_STARTED;
}

/* ---- the public calls' gate: wrong use ends the actor ---------------------------------------- */

/* Ends the running actor with bad_call. Returns only in fini and defers. */
TROUPE_NORETURN void actor_bad_call(troupe_actor *self, const char *file, int line,
                                    const char *format, ...) TROUPE_PRINTF(4, 5);
#define actor_require(self, condition, ...)                                              \
    do {                                                                                 \
        if (UNLIKELY(!(condition)))                                                      \
            actor_bad_call((self), __FILE__, __LINE__, __VA_ARGS__);                     \
    } while (0)

/* ---- mailbox.c ----------------------------------------------------------------------------------- */

enum actor_delivery {
    ACTOR_DELIVERED,
    ACTOR_IS_FULL,    /* policy park: the envelope is still the caller's */
    ACTOR_IS_REFUSED, /* policy refuse: likewise */
    ACTOR_IS_DROPPED  /* taken and freed, counted */
};
/* Appends by the receiver's policy; `envelope->type` must be accepted. Takes the envelope
 * unless it says otherwise. over_capacity: exempt mail and spill. */
enum actor_delivery actor_deliver(troupe_actor *actor, struct message_envelope *envelope,
                                  bool over_capacity);
static inline bool actor_accepts(const troupe_actor *actor, uint16_t type)
{
    return (actor->flags & ACTOR_EMBRYO) || actor->behavior->handle[type] != NULL;
}
/* After messages were taken out: room for those who wait. */
void actor_mailbox_drained(troupe_actor *actor);
/* A message with this timer's reference is unread. */
bool actor_has_tick(const troupe_actor *actor, uint64_t reference);
/* Everything unread becomes dead letters. */
void actor_mailbox_clear(troupe_actor *actor);
/* The first message of `type` (0: any), not yet unlinked; NULL: none. */
struct message_envelope **actor_mailbox_scan(troupe_actor *actor, uint16_t type);
/* The usual case of it: the oldest message is the one. */
static inline struct message_envelope **actor_mailbox_first(troupe_actor *actor, uint16_t type)
{
    if (LIKELY(actor->head && (type == 0 || actor->head->type == type)))
        return &actor->head;
    return actor->head ? actor_mailbox_scan(actor, type) : NULL;
}
struct message_envelope *actor_mailbox_unlink(troupe_actor *actor,
                                              struct message_envelope **link);
bool actor_mailbox_remove_reference(troupe_actor *actor, uint16_t type, uint64_t reference);

/* ---- send.c --------------------------------------------------------------------------------------- */

/* Sends the envelope from `sender` (may park it, or reserve). On OK it is taken. */
troupe_status actor_send(troupe_actor *sender, uint64_t to, struct message_envelope **envelope);
/* Mail the runtime itself sends: never parks, over capacity; takes the envelope always. */
void actor_send_exempt(struct actor_rank *home, uint64_t to, struct message_envelope *envelope);
/* Tries all parcels of a gate again, in order. */
void actor_gate_retry(struct actor_rank *home, struct base_list *gate);
/* Delivers what `sender` has in the reserve for `to` (0: for anyone) ahead of all rules. */
void actor_reserve_force(troupe_actor *sender, uint64_t to);
/* A parked process is being stopped: its message is not sent. */
void actor_parcel_cancel(struct actor_parcel *parcel);
/* Copies a body into a message from `sender`; flags and reference as in the envelope. */
troupe_status actor_send_copy(troupe_actor *sender, uint64_t to, uint16_t type,
                              const void *body, size_t size_bytes, uint8_t flags,
                              uint64_t reference);
/* The wire id of a type the caller names; ends the actor if the program lists it not, or if
 * the size is not the type's. */
uint16_t actor_type_checked(troupe_actor *self, const troupe_type *type, const void *body,
                            size_t size_bytes);
uint16_t actor_type_listed(troupe_actor *self, const troupe_type *type);
void actor_xon_arrived(struct actor_rank *home, uint64_t address);
void actor_xoff_arrived(struct actor_rank *home, uint64_t address);
void actor_link_open(struct troupe *rank, int peer);

/* ---- receive.c ------------------------------------------------------------------------------------- */

/* Frees the message in hand of a process: what it lent ends. */
void actor_release_current(troupe_actor *self);
/* Makes an envelope the message in hand of a process. */
void actor_hold_current(troupe_actor *self, struct message_envelope *envelope);
/* Ends the actor unless it may wait here. */
void actor_require_process(troupe_actor *self, const char *call);

/* ---- arrive.c: records taken from comm ---------------------------------------------------------------- */

extern const struct base_frame_kind actor_kinds[];
extern const uint32_t actor_n_kinds;
void actor_fetched(struct troupe *rank, struct message_envelope *envelope);
void actor_fetch_start(troupe_actor *actor, struct message_envelope **link);
/* Not accepted, or not now: counted, and the sender told if it listens. Frees it. */
void actor_refuse(struct actor_rank *home, uint64_t to, struct message_envelope *envelope);
void actor_take_mail(struct actor_rank *home, struct comm_record *record);
/* Frees an envelope in whatever state its payload is. */
void actor_envelope_discard(struct actor_rank *home, struct message_envelope *envelope);

/* ---- owned.c ---------------------------------------------------------------------------------------------------- */

/* Copies head and tail into a fresh envelope, the count set. NULL: *status says why. */
struct message_envelope *actor_compose(troupe_actor *self, const troupe_type *type,
                                       const void *head, const void *tail, size_t n_tail,
                                       troupe_status *status);
void actor_owned_free_all(troupe_actor *actor);

/* ---- life.c ------------------------------------------------------------------------------------------------ */

troupe_actor *actor_create(struct actor_rank *home, const struct actor_behavior *behavior,
                           uint64_t address);
void actor_end(troupe_actor *actor);
/* The block of an actor and its process part, without anything that hangs on it. */
void actor_free(troupe_actor *actor);
/* Notes why an actor is to end, and sees to it that it does. First reason wins. */
void actor_end_with(troupe_actor *actor, enum troupe_exit_kind kind, troupe_status status,
                    const char *format, ...) TROUPE_PRINTF(4, 5);
struct actor_extra *actor_extra(troupe_actor *actor); /* makes it; dies without memory */
/* NULL: no memory. */
struct actor_extra *actor_extra_try(troupe_actor *actor);
void actor_watches_free(troupe_actor *actor);
void actor_monitors_fire(troupe_actor *actor, const struct actor_exit *exit);
void actor_rank_process_ended(struct actor_rank *home, const struct actor_exit *exit);
void actor_monitor_add(struct actor_rank *home, uint64_t target, uint64_t watcher,
                       uint64_t reference);
void actor_monitor_remove(struct actor_rank *home, uint64_t reference);
void actor_down_arrived(struct actor_rank *home, struct comm_record *record);
void actor_stop_at(struct actor_rank *home, uint64_t target, enum troupe_exit_kind kind);

/* ---- spawn.c -------------------------------------------------------------------------------------------------- */

void actor_spawn_arrived(struct actor_rank *home, struct comm_record *record);
void actor_lease_asked(struct actor_rank *home, struct comm_record *record);
void actor_lease_given(struct actor_rank *home, struct comm_record *record);
/* The actor, or for a leased address an embryo that keeps what comes; NULL: nobody. */
troupe_actor *actor_find_or_embryo(struct actor_rank *home, uint64_t address);
/* The process of this rank. */
troupe_status actor_rank_process_create(struct actor_rank *home);

/* ---- call.c ---------------------------------------------------------------------------------------------------- */

/* A reply or a failure for a call of a local actor; takes the envelope (NULL: failure). */
void actor_call_end(struct actor_rank *home, uint64_t caller, uint64_t reference,
                    struct message_envelope *reply, troupe_status status);
/* Tells the caller that its request will not be answered. */
void actor_call_fail(struct actor_rank *home, uint64_t caller, uint64_t reference,
                     troupe_status status);
void actor_request_note(troupe_actor *self, const struct actor_current *current);
void actor_request_forget(struct actor_rank *home, uint64_t server, uint64_t reference);
void actor_requests_fail(troupe_actor *actor);
/* The caller ends: its outstanding calls are forgotten. */
void actor_calls_free(troupe_actor *actor);
uint64_t actor_reference_make(struct actor_rank *home);

/* ---- timer.c ---------------------------------------------------------------------------------------------------- */

/* Fires what is due; the time of the next, INT64_MAX: none. */
int64_t actor_timers_run(struct actor_rank *home);
bool actor_heap_add(struct actor_rank *home, struct heap_node *node, int64_t at_ns,
                    void (*fire)(struct heap_node *node));
void actor_timers_free(troupe_actor *actor);

/* ---- behavior.c --------------------------------------------------------------------------------------------------- */

/* Walks the program: types and behaviors, transitively; `why` says what is wrong. */
troupe_status actor_program_walk(struct actor_rank *home, const troupe_program *program,
                                 char *why, size_t why_capacity);
void actor_program_free(struct actor_rank *home);
const struct actor_behavior *actor_behavior_find(struct actor_rank *home,
                                                 const troupe_behavior *behavior);
/* Same state type, also when two files describe it. */
bool actor_state_type_equal(const struct actor_behavior *a, const struct actor_behavior *b);
/* One hash over types and behaviors, for the comparison at start. */
uint64_t actor_program_hash(const struct actor_rank *home);

/* ---- report.c ------------------------------------------------------------------------------------------------------- */

void actor_dead_letter(struct actor_rank *home, enum actor_dead_reason reason, uint64_t sender,
                       uint64_t to, uint16_t type);
const char *actor_dead_reason_text(enum actor_dead_reason reason);
/* "worker 2:1042.17.1" into text. */
void actor_describe(struct actor_rank *home, uint64_t address, char *text, size_t capacity);
/* A turn that took too long: who had it. */
void actor_report_slow(struct actor_rank *home, int64_t took_ns);
/* Who waits here, for what. */
void actor_report_waits(struct actor_rank *home, struct base_bytes *text);

/* ---- end.c -------------------------------------------------------------------------------------------------------------- */

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

/* ---- module.c: start and stop ---------------------------------------------------------------------------------------------- */

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
troupe_status actor_start(struct troupe *rank, const struct actor_options *options, char *why,
                          size_t why_capacity);
void actor_stop(struct troupe *rank);
extern const struct comm_upper actor_upper;

#endif
