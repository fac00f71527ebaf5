/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMM_COMM_H
#define COMM_COMM_H

/*
 * Streams of records between ranks. post(rank, record) is FIFO per pair of ranks; small
 * records gather in one open frame per link (next hop); large ones go in chunks; larger
 * ones leave a ticket in the stream and their payload travels apart, when the receiver
 * asks for it. Credits never exceed posted slots, so no frame is ever unexpected.
 *
 * comm moves bytes and never runs user code. One thread per rank calls it. Nothing here
 * blocks: who has to wait goes back to its scheduler.
 *
 * Below are the back ends (backend.h): mpi, and sim, where all ranks live in one
 * process on a virtual clock.
 */

#include "base/module.h"
#include "message/envelope.h"

struct comm;

/* ---- opening and closing ---- */

struct comm_options {
    uint64_t receive_budget_bytes; /* 0: 2 MiB; ring slots beyond two per link */
    uint32_t frame_bytes;          /* 0: the eager limit, at most 4160; hostile: 64 */
    uint32_t pending_limit_bytes;  /* 0: 16 KiB: B of protocols 3, per link */
    uint32_t chunk_limit_bytes;    /* 0: 16 KiB; larger payloads are bulk */
    uint32_t initial_credits;      /* 0: 4, of many ranks 2; hostile: 1 */
    bool without_pipes;  /* mpi: all frames are MPI's, within a machine, too */
    int most_on_machine; /* mpi, for tests: pipes as if machines had no more ranks */
    int64_t spin_ns;     /* -1: automatic */
    /* Next hop from `here` towards `destination`; NULL: straight there. Constant. */
    int (*route)(int here, int destination, int n_ranks);
};

/* What the layer above wants to hear; called from comm_poll only, no user code behind
 */
struct comm_upper {
    /* A congested link has room again. */
    void (*link_open)(struct troupe *rank, int peer);
    /* A fetch ended: the payload stands in the envelope, MESSAGE_PENDING is cleared. */
    void (*fetched)(struct troupe *rank, struct message_envelope *envelope);
    /* All ranks passive, nothing on its way: OR and AND of what the ranks offered. */
    void (*quiet)(struct troupe *rank, uint32_t any, uint32_t all);
};

/* Kinds of records are looked up in the modules' tables: comm_kind_add() each. */
void comm_kind_add(struct comm *comm, const struct base_frame_kind *kind);

/* ---- who we are, what time it is ---- */

int comm_rank(const struct comm *comm);
int comm_size(const struct comm *comm);
int64_t comm_now_ns(struct comm *comm);  /* virtual on sim; never 0 */
uint64_t comm_random(struct comm *comm); /* seeded on sim */
const char *comm_backend_name(const struct comm *comm);

/* Ends the job at once (MPI_Abort; on sim the driver returns exit_code). */
TROUPE_NORETURN void comm_abort(struct comm *comm, int exit_code);

/* ---- posting ---- */

/* The words of a record; all but kind may be zero. Zero words cost nothing on the wire,
 * nor do `to` and `from` when the record before it in the frame has the same. */
struct comm_header {
    uint64_t to, from, reference;
    uint32_t incarnation;
    uint16_t type;
    uint8_t kind;
    uint8_t flags; /* the layer above's own */
};

/*
 * Posts a record whose payload is head and then tail (each may be empty). Copies.
 * TROUPE_NO_MEMORY: nothing was posted. The runtime's own records use comm_post_must,
 * which ends the rank instead. Never polls, never blocks, ignores congestion: ask
 * comm_is_congested() first where a sender can park. `rank` is another rank.
 */
static inline troupe_status comm_post(struct comm *comm,
                                      int rank,
                                      const struct comm_header *header,
                                      const void *payload,
                                      size_t size_bytes);
troupe_status comm_post_parts(struct comm *comm,
                              int rank,
                              const struct comm_header *header,
                              const void *head,
                              size_t head_bytes,
                              const void *tail,
                              size_t tail_bytes);
void comm_post_must(struct comm *comm,
                    int rank,
                    const struct comm_header *header,
                    const void *payload,
                    size_t size_bytes);

/*
 * Posts a record whose payload is the envelope's, and takes the envelope: it is given
 * back to the pool when its bytes have left (or at once). No copy for bulk. The words
 * come from `header`. On failure the envelope stays the caller's.
 */
troupe_status comm_post_envelope(struct comm *comm,
                                 int rank,
                                 const struct comm_header *header,
                                 struct message_envelope **envelope);
/* Whether a record of this size leaves a ticket and its payload travels apart. */
bool comm_goes_apart(const struct comm *comm, uint8_t kind, uint64_t size_bytes);

/* More than pending_limit_bytes wait for credits on the way to `rank`. */
static inline bool comm_is_congested(const struct comm *comm, int rank);

/* The stream to another rank, made if it is not there yet; see comm_inline.h. */
struct comm_stream *comm_stream_to(struct comm *comm, int rank);

/* Why frames leave before they are full; counted. */
enum comm_flush_cause {
    COMM_FLUSH_FULL,
    COMM_FLUSH_IDLE,
    COMM_FLUSH_AGE,
    COMM_FLUSH_BLOCK,
    COMM_FLUSH_URGENT,
    COMM_N_FLUSH_CAUSES
};
/* All open frames leave, as far as credits go; the rest follows as they come. */
void comm_flush(struct comm *comm, enum comm_flush_cause cause);
void comm_flush_rank(struct comm *comm, int rank, enum comm_flush_cause cause);

/* ---- receiving ---- */

struct comm_record {
    struct comm_header header;
    int source;
    uint64_t size_bytes;
    const void *payload; /* NULL: bulk, see ticket */
    /* Not NULL: the payload stands in this envelope (it came in chunks), its words
     * unset; who wants it takes it and sets this to NULL. */
    struct message_envelope *envelope;
    uint64_t ticket; /* not 0: fetch the payload with comm_fetch() */
};

/* Moves bytes both ways, handles control; true if anything moved. Ages open frames. */
bool comm_poll(struct comm *comm);
/* Within a step: that it is near the one before says nothing of how long steps take. */
bool comm_poll_within(struct comm *comm);

/*
 * Nobody hears a rank between two polls: how much of a full step's work the layer above
 * should do until the next one, of COMM_WHOLE_SHARE; at least 1. Less, once that took
 * longer than other ranks should wait. Found out where the clock is looked at, which is
 * not at each poll: who knows of a time that was long asks for that.
 */
enum {
    COMM_WHOLE_SHARE = 64,
    COMM_LONG_STEP_NS = 50 * 1000 /* as long as an open frame may wait */
};
uint32_t comm_share(const struct comm *comm);
void comm_hurry(struct comm *comm);

/*
 * The next record of the frame being read; false at its end (the next call begins the
 * next frame, if one has come). So a caller that runs actors after each false unpacks
 * one frame at a time. Payloads are good until the next call, until which `record`
 * itself must stay, too.
 */
static inline bool comm_next(struct comm *comm, struct comm_record *record);
/* The rest of the frame is read later: `record` need not stay. */
void comm_pause(struct comm *comm);
/* Received frames wait to be read. */
static inline bool comm_has_frame(const struct comm *comm);
/*
 * For what no layer of another rank ever sends: ends the rank, naming the record, where
 * it is from and `why` it cannot be. What may only have come late is let be instead.
 */
COLD TROUPE_NORETURN void comm_refuse(const struct comm *comm,
                                      const struct comm_record *record,
                                      const char *file,
                                      int line,
                                      const char *why);
#define comm_require(comm, record, condition, why)                                     \
    do {                                                                               \
        if (UNLIKELY(!(condition)))                                                    \
            comm_refuse((comm), (record), __FILE__, __LINE__, (why));                  \
    } while (0)

/* The table row for a kind; never NULL for a record that comm_next gave. */
static inline const struct base_frame_kind *comm_kind(const struct comm *comm,
                                                      uint8_t kind);

/*
 * Asks for the payload of a ticket, to be put into `envelope` (taken from the pool with
 * the ticket's size, MESSAGE_PENDING set); upper.fetched follows. Discard: the sender
 * frees it; counts as received. A ticket holds up no verdict until it is asked for,
 * which only a rank that is not passive may do.
 */
void comm_fetch(struct comm *comm,
                int source,
                uint64_t ticket,
                struct message_envelope *envelope);
void comm_fetch_discard(struct comm *comm, int source, uint64_t ticket);

/* ---- quiescence ---- */

/*
 * A rank that has nothing to run offers its flags, each time before it idles, and
 * withdraws when it runs something again. When all ranks have offered, and two waves
 * one after the other found the same number of records posted and taken everywhere
 * (Mattern, "Algorithms for distributed termination detection", 1987, the four-counter
 * method), upper.quiet is called on every rank with the flags of the second wave. Waves
 * begin at once if `eager`, else after the rank has been passive for a while.
 */
void comm_quiet_offer(struct comm *comm, uint32_t any, uint32_t all, bool eager);
void comm_quiet_withdraw(struct comm *comm);
/*
 * One record that was just posted, or taken, is not to hold up the verdict: it may
 * still be on its way when that falls. Its two ends must agree on that.
 */
void comm_quiet_disregard_posted(struct comm *comm);
void comm_quiet_disregard_taken(struct comm *comm);
/* From now on all records count, those disregarded before too. */
void comm_quiet_regard_all(struct comm *comm);

/* ---- rank collectives ---- */

/*
 * A reduction over all ranks and its result on all, for start-up and verdicts: `merge`
 * folds `from` into `into` (same size, at most 256 bytes), in rank order within each
 * subtree of a binomial tree. One at a time per comm; `done` comes from comm_poll.
 */
struct comm_reduce {
    void (*merge)(void *into, const void *from);
    void (*done)(struct troupe *rank, const void *result, size_t size_bytes);
};
void comm_reduce_start(struct comm *comm,
                       const struct comm_reduce *reduce,
                       const void *value,
                       size_t size_bytes);

/* ---- a foreign MPI request ---- */

/* Tests *request (an MPI_Request of the user's) at every poll; calls back when done. */
void comm_watch(struct comm *comm,
                void *request,
                void (*done)(struct troupe *rank, void *context),
                void *context);
/* The user's communicator, an MPI_Comm *; NULL on sim. */
void *comm_communicator(struct comm *comm);

/* ---- statistics and audit ---- */

struct comm_counts {
    uint64_t n_records_posted, n_records_taken; /* the four counters' two */
    uint64_t n_frames_sent, n_frames_received;
    uint64_t n_bytes_sent, n_bytes_received;
    uint64_t n_flushes[COMM_N_FLUSH_CAUSES];
    uint64_t
        n_filled_bytes; /* of the frames sent: mean fill = filled / (frames * size) */
    uint64_t n_credit_stalls; /* a full frame found no credit */
    uint64_t n_bulk_sent, n_bulk_received;
    int64_t longest_poll_gap_ns;
    uint64_t transport_bytes; /* memory of rings, frames and links, now */
    uint64_t peak_transport_bytes;
};
void comm_count(const struct comm *comm, struct comm_counts *counts);

/* After comm_stop: what is not as it should be, one line each; true: all well. */
bool comm_audit(const struct comm *comm, struct base_bytes *text);

/* ---- driving ---- */

enum comm_step_result {
    COMM_STEP_BUSY, /* did something, or has something to do at once */
    COMM_STEP_IDLE, /* nothing to do before wake_ns or the next arrival */
    COMM_STEP_DONE  /* this rank is through */
};
struct comm_step {
    enum comm_step_result result;
    int64_t wake_ns; /* INT64_MAX: only an arrival wakes */
};
/* One turn of a rank's scheduler. */
typedef struct comm_step comm_step_fn(struct troupe *rank);

#include "comm/comm_inline.h"

#endif
