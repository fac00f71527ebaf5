/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ACTOR_PARTS_H
#define ACTOR_PARTS_H

/* What the actors of a rank are made of; what is done with it: actor.h. */

#include "actor/frames.h"
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
#include "troupe/dead_letter.h"
#include "troupe/life.h"
#include "troupe/mail.h"
#include "troupe/owned.h"
#include "troupe/program.h"
#include <setjmp.h>

/* ---- addresses ---- */

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

static inline uint64_t
actor_address_make(uint32_t slot, uint32_t index, uint32_t generation)
{
    return ((uint64_t)slot << (ACTOR_INDEX_BITS + ACTOR_GENERATION_BITS)) |
           ((uint64_t)index << ACTOR_GENERATION_BITS) | generation;
}

/* One index of a slot. Free entries form a first-in first-out list through next_free.
 */
struct actor_entry {
    troupe_actor *actor; /* NULL: free, reserved or retired */
    uint32_t generation; /* of the present or, when free, of the next use */
    uint32_t next_free : 31;
    uint32_t is_reserved : 1; /* leased to another rank */
};

struct actor_slot {
    struct actor_entry *entries;
    uint32_t n_entries, capacity;   /* entry 0 stands unused */
    uint32_t first_free, last_free; /* 0: none */
    uint32_t highest_generation;
};

/* ---- behaviors ---- */

/* A behavior as this rank sees it: its look-ups by wire id of a type. */
struct actor_behavior {
    const troupe_behavior *source;
    uint16_t id; /* place in the order by name, from 1 */
    uint32_t state_bytes, capacity;
    enum troupe_overflow overflow;
    bool is_internal; /* a module's own process: in no checkpoint */
    bool is_process, accepts_down, accepts_refused, accepts_call_result,
        accepts_shutdown;
    troupe_thunk *
        *handle; /* by wire id: NULL refuses; in a process a mark that is not NULL */
};

/* ---- one actor ---- */

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
    ACTOR_FINI_DONE = 2048,
    ACTOR_RESTORED = 4096,      /* it comes from a checkpoint */
    ACTOR_SAFE = 8192,          /* at a safe point, held there until the cut is over */
    ACTOR_SAFE_RECEIVES = 16384 /* where it waits for mail is a safe point */
};

/* The message being handled or last received, wherever it lies. What it begins with is
 * what an envelope has after its link, in the same order. */
struct actor_current {
    uint64_t sender, reference, size_bytes;
    uint32_t incarnation;
    uint16_t type;
    uint8_t flags, size_class;
    const void *body;
    struct message_envelope *envelope; /* NULL: it lies in a frame */
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
    ACTOR_WAIT_SAFE,
    ACTOR_N_WAITS
};

/* Why a process is parked; lives on its own stack while it is. */
struct actor_wait {
    enum actor_wait_kind kind;
    bool is_done; /* set by whoever wakes it for its reason */
    bool is_timed_out;
    bool is_blocking, is_holding; /* counts for which verdict */
    troupe_status status;
    uint16_t type;                     /* RECEIVE: 0 any */
    uint64_t address;                  /* SEND, CALL: whom for; LEASE: rank */
    uint64_t reference;                /* CALL */
    struct message_envelope *envelope; /* CALL: the reply; RECEIVE: see deliver.h */
    troupe_deadline until;       /* CALL: also of the request's waiting to be sent */
    const char *what;            /* for the report; may be NULL */
    struct actor_parcel *parcel; /* SEND: the message */
    void (*withdraw)(
        struct actor_wait *wait); /* not NULL: called if the process is stopped */
    struct heap_node deadline;    /* in home->timers while there is one */
    troupe_actor *owner;
};

/* What most actors never need. */
struct actor_extra {
    struct base_list monitors; /* struct actor_monitor: who watches me */
    struct base_list watching; /* struct actor_watch: whom I watch */
    struct base_list calls;    /* struct actor_pending_call: my asynchronous calls */
    struct base_list requests; /* struct actor_request: received, not answered yet */
    struct base_list timers;   /* struct actor_timer by owner */
    struct base_list owned;    /* struct actor_owned: messages kept or made */
    struct base_list reserved; /* struct actor_parcel: my messages in gates */
    struct base_list gate;     /* struct actor_parcel: who waits for my mailbox */
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
    struct actor_wait *wait;    /* NULL: not parked */
    struct actor_wait *calling; /* the call it is in, whose request may yet be sent */
    struct actor_current current;
    /* A receive for the same type goes on where the last one stopped. */
    struct message_envelope **seen_link;
    uint16_t seen_type;
    uint8_t block_class;
    uint32_t n_looked_at; /* held at a safe point: the unread mail without a request */
};

struct troupe_actor {
    struct actor_rank *home;
    const struct actor_behavior *behavior;
    void *state;
    struct message_envelope *head, **tail;
    uint32_t n_queued, capacity; /* n_queued: also what the loopback holds for it */
    troupe_actor *next_ready;
    uint64_t address;
    struct actor_extra *extra;     /* NULL until needed */
    struct actor_process *process; /* NULL in a handler */
    uint32_t incarnation;
    uint16_t flags; /* enum actor_flags */
    uint8_t overflow;
    uint8_t block_class;
    uint32_t n_reserved; /* my messages that wait in gates */
    uint32_t n_exempt;   /* of n_queued: what the capacity does not count */
    /* The state follows. */
};

/* ---- small things hung on actors ---------------------------------------------------
 */

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

/* As saved. HOLDING: as EVERY, and holds the job's end as AFTER does. */
enum actor_timer_kind { ACTOR_TIMER_AFTER, ACTOR_TIMER_EVERY, ACTOR_TIMER_HOLDING };

struct actor_timer {
    struct heap_node heap; /* at_ns and order of making */
    struct base_list node; /* in extra->timers */
    enum actor_timer_kind kind;
    troupe_actor *owner;
    uint64_t to, reference;
    int64_t period_ns;
    uint16_t type;
    size_t size_bytes;
    bool is_vain; /* its last tick was dropped */
    uint8_t block_class;
    unsigned char body[] __attribute__((aligned(8)));
};

/*
 * A message on its way to a receiver that has no room: a parked process's (`sender`
 * waits on its stack) or a handler's (in the reserve). Stands in the gate it waits at.
 */
struct actor_parcel {
    struct base_list node;      /* in the gate */
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
    struct base_list gate;          /* parcels waiting for the link */
    struct base_list lease_waiters; /* struct actor_lease_wait */
    uint64_t *leases;               /* ring of addresses to spawn on */
    uint32_t n_leases, first_lease;
    bool is_lease_asked;
    uint64_t load; /* its actors as last told, and what we spawned since */
};

/* ---- dead letters -------------------------------------------------------------------
 */

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

/* ---- the rank ---- */

struct actor_queue {
    troupe_actor *head, **tail;
};

struct actor_counts {
    uint64_t n_sent_local, n_sent_remote, n_delivered, n_parked_sends, n_reserved;
    uint64_t n_spawned, n_ended, n_xoff_sent, n_xon_sent, n_dropped_ticks;
    uint64_t n_dead[ACTOR_N_DEAD_REASONS];
    uint32_t most_queued; /* in one mailbox */
};

enum { ACTOR_FOUND_BITS = 4, ACTOR_N_FOUND = 1 << ACTOR_FOUND_BITS };

enum actor_verdict { ACTOR_VERDICT_NONE, ACTOR_VERDICT_END, ACTOR_VERDICT_DEADLOCK };

/*
 * A cut through the job is being made (checkpoint). The owner is asked at each step,
 * and told when the detector finds all ranks passive with the same `tag`, and to what
 * verdict it would come if there were no cut: NONE says that something will happen yet.
 */
struct actor_cut {
    void (*step)(struct troupe *rank);
    void (*quiet)(struct troupe *rank, uint8_t tag, enum actor_verdict otherwise);
    int64_t wake_ns; /* while frozen: when it wants to be asked again */
    uint8_t tag;     /* not 0 */
};

struct actor_rank {
    struct actor_found {
        uint64_t address;    /* UINT64_MAX: nobody's */
        troupe_actor *actor; /* NULL: not here */
        int peer;            /* < 0: it is here, or nowhere */
        /* What was sent there last, if the same again needs no further look. */
        uint32_t size_bytes; /* UINT32_MAX: nothing was */
        const troupe_type *type;
        uint16_t type_id;
        /* Where such a message goes, and in whose mailbox it counts. */
        struct comm_stream *stream; /* NULL: into the mailbox at once */
        troupe_actor *counted;
    } __attribute__((aligned(64))) found[ACTOR_N_FOUND]; /* by actor_found_at() */

    struct troupe *rank;
    struct comm *comm;
    struct message_pool *pool;
    struct message_table *table;
    struct fiber_pool *fibers;
    int me, n_ranks;

    uint32_t n_slots, slot_bits, first_slot, n_own_slots, next_slot;
    struct actor_slot *slots;
    troupe_actor *rank_process;
    struct actor_loopback loopback;
    struct troupe_actor abroad; /* whose mailbox is never full: all other ranks' */
    uint64_t n_actors;

    struct actor_queue ready;
    uint32_t n_ready;
    uint32_t n_hand_overs; /* how often processes may yet hand over to each other */
    troupe_actor *running;
    struct actor_current current; /* of the handler that runs */
    jmp_buf escape;               /* where troupe_fail leaves a handler to */
    bool is_in_fini;              /* defers and fini run: nothing may wait */
    bool may_dispatch;            /* a frame is being read by the scheduler itself */
    uint8_t n_extra_turns;        /* that may yet be taken while a frame is read */
    uint32_t n_read;              /* records of that, or runs of them */
    uint32_t n_unwatched;         /* n_read at which the clock is looked at; */
    uint32_t turn;                /* messages; below ACTOR_TURN where turns take long */
    int64_t late_ns;              /* and when enough has been read */
    int64_t handler_timeout_ns, turn_began_ns; /* coarse clock */
    bool is_watching_closely, wants_poll;
    uint16_t last_type;     /* the last that ran, and on what, to name a slow turn */
    uint32_t no_fail_depth; /* > 0: in a function that only computes */
    uint64_t last_address;

    struct heap timers;
    uint64_t next_order, next_reference, next_held;
    /* By reference: own watches, calls and timers; whom actors here are watched by. */
    struct base_map watches, calls, timers_by_reference, monitors;
    struct base_map fetching; /* envelope of a payload on its way: whom it is for */
    uint64_t n_tickets;       /* payloads that nobody has asked for yet */
    struct base_map awaited;  /* the same of other records: what stood in them */
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
    struct saved_loading *loading;            /* NULL: not at a restart's start */

    uint32_t n_blocked, n_holding; /* waits that count for the verdicts */
    uint32_t n_ticking, n_vain; /* timers of troupe_send_every; those that are vain */
    bool is_ending, is_done, has_deadlock, is_quiet_offered;
    bool is_frozen;             /* nobody runs and no timer fires; records are taken */
    bool is_halted;             /* is_ending or is_frozen: who sends must look */
    struct actor_cut *cut;      /* NULL: none */
    uint32_t n_stateful;        /* processes with a state, which a cut waits for */
    uint64_t state_bytes;       /* of all actors */
    enum actor_verdict verdict; /* to be acted on at the next step */
    int exit_code, wanted_exit_code;
    struct base_bytes reports; /* rank 0: the ranks' parts of the wait-for report */

    struct actor_dead_letter dead[ACTOR_DEAD_KEPT];
    uint64_t n_dead;
    troupe_dead_letter_fn *dead_letter_hook;
    void *dead_letter_context;
    struct actor_counts counts;
};

#define ACTOR_FOUND_NOBODY                                                             \
    ((struct actor_found){.address = UINT64_MAX, .peer = -1, .size_bytes = UINT32_MAX})

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

/*
 * What a rank asks about checkpoints as messages come and go. A build without them
 * (TROUPE_WITHOUT_CHECKPOINTS) asks nothing: for bench/run.sh, which counts what that
 * saves.
 */
#ifdef TROUPE_WITHOUT_CHECKPOINTS
enum { ACTOR_HAS_CUTS = 0 };
#else
enum { ACTOR_HAS_CUTS = 1 };
#endif

static inline bool actor_is_frozen(const struct actor_rank *home)
{
    return ACTOR_HAS_CUTS && home->is_frozen;
}

/* NULL: none is being made. */
static inline struct actor_cut *actor_cut_of(const struct actor_rank *home)
{
    return ACTOR_HAS_CUTS ? home->cut : NULL;
}

#endif
