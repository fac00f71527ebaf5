/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMM_INTERNAL_H
#define COMM_INTERNAL_H

/* What the files of this folder share. */

#include "base/alloc.h"
#include "base/list.h"
#include "base/require.h"
#include "comm/backend.h"
#include "comm/backends.h"
#include "comm/quiet.h"

/* ---- links ---- */

/*
 * Credits are counted by lane: frames on their last hop, which the receiver always
 * consumes, and frames on the first of two hops, whose credit comes back only when they
 * have gone on. So the first waits for the last, the last for nobody, and no cycle of
 * full buffers can close.
 */
enum comm_lane { COMM_LAST_HOP, COMM_FIRST_HOP };

/* Where counts of credits begin: in hostile builds just before they wrap. */
#ifdef TROUPE_HOSTILE
#define COMM_COUNT_BASE (UINT32_MAX - 20)
#else
#define COMM_COUNT_BASE UINT32_C(0)
#endif

/* Towards the peer. All counts are cumulative and may wrap. */
struct comm_lane_out {
    uint32_t allowed;           /* credits ever received */
    uint32_t used;              /* frames ever sent, and credits given back */
    uint32_t forfeited;         /* credits given back */
    struct comm_frame *pending; /* closed frames that wait for a credit, in order */
    struct comm_frame **pending_end;
    struct base_list waiting; /* streams whose open frame is to leave with a credit */
};

/* From the peer. `grant` slots are meant for it; its credits and the slots that hold
 * its frames make no more of them. */
struct comm_lane_in {
    uint32_t allowed;   /* credits ever given */
    uint32_t announced; /* of them told to the peer */
    uint32_t received;  /* frames ever received, and credits given back */
    uint32_t forfeited; /* credits given back */
    uint32_t grant;
    uint32_t n_held;       /* slots that hold frames of it */
    struct base_list node; /* in `hungry`, while it has less than its grant */
    struct comm_link *link;
};

/* A neighbour: a rank frames go to or come from directly. */
struct comm_link {
    bool is_congested;
    bool is_recalling; /* unused credits were asked back and no answer came yet */
    bool tell_recall, tell_state, tell_wave;
    int peer;
    uint32_t n_pending_bytes;
    struct comm_lane_out out[COMM_N_LANES];
    struct comm_lane_in in[COMM_N_LANES];
    struct base_list tell_node; /* in `to_tell` */
    struct comm_frame *control; /* the one control frame, made at first use */
    bool control_is_out;
    uint64_t last_frame; /* comm's count of frames when its last one came */
    uint64_t n_control_sent, n_control_received;
};

/* The receiving end of a stream. */
struct comm_origin {
    struct comm_wire_state state;
    uint64_t n_taken;
    uint64_t n_tickets;               /* given out, neither fetched nor discarded */
    struct message_envelope *partial; /* a chunked record, n_missing bytes short */
    struct comm_header partial_header;
};

/* ---- a rank's comm ---- */

/* Records that comm posts for itself. The reference is the ticket or the sequence. */
enum comm_own_kind {
    COMM_KIND_FETCH = BASE_KIND(BASE_SLOT_COMM, 1),
    COMM_KIND_DISCARD = BASE_KIND(BASE_SLOT_COMM, 2),
    COMM_KIND_REDUCE_UP = BASE_KIND(BASE_SLOT_COMM, 3),
    COMM_KIND_REDUCE_DOWN = BASE_KIND(BASE_SLOT_COMM, 4)
};

/* Why comm_poll must look closer. */
enum comm_attention {
    COMM_SEE_TELL = 1,
    COMM_SEE_FLIGHT = 2,
    COMM_SEE_TRANSFERS = 4,
    COMM_SEE_WATCHES = 8,
    COMM_SEE_REDUCTION = 16,
    COMM_SEE_STALL = 32 /* something waits for credits */
};

/* A payload whose ticket is out. */
struct comm_kept {
    struct message_envelope *envelope; /* NULL: free */
    uint32_t generation;
    uint32_t next_free;
    int destination;
    bool is_leaving;
};

struct comm_watch {
    struct comm_watch *next;
    void *request;
    void (*done)(struct troupe *rank, void *context);
    void *context;
};

enum { COMM_REDUCE_BYTES = 256 };

/* By k: of the child rank + 2^k. */
struct comm_child_value {
    bool is_here;
    size_t size_bytes;
    unsigned char bytes[COMM_REDUCE_BYTES];
};

struct comm_reduction {
    struct comm_reduce reduce;
    bool is_running, is_done;
    uint64_t sequence;
    size_t size_bytes;
    int n_children, n_heard;
    struct comm_child_value *child;
    unsigned char value[COMM_REDUCE_BYTES];
};

struct comm_ending; /* end.c */

struct comm {
    struct comm_fast fast; /* first: see comm_inline.h */
    uint32_t attention;
    uint32_t countdown; /* polls until the next close look */
    uint32_t period;    /* what the countdown begins with */
    uint32_t share;     /* of the work between two polls, see comm_share() */
    const struct comm_backend *backend;
    void *port;                                /* the back end's */
    struct comm_frame *to_post, **to_post_end; /* slots read, to be posted again */
    struct comm_frame *free;
    uint32_t n_free;
    uint32_t n_skipped;    /* polls that found unread frames */
    struct base_list open; /* streams with an open frame, oldest first */
    struct comm_frame **unread_end;
    int64_t now_ns; /* as of the last close look */

    int rank, n_ranks;
    bool is_started;
    bool is_mute; /* no more control frames: the end is near */
    bool regards_all;
    struct troupe *troupe;
    struct message_pool *pool;
    struct comm_upper upper;
    struct comm_options options; /* as in force, no zeros left */

    struct comm_link **links;       /* by peer, NULL before first use */
    struct comm_origin **origins;   /* by source, likewise */
    struct comm_stream no_stream;   /* what destinations without a stream point to */
    struct comm_record *given;      /* carries an envelope its taker may have left */
    const unsigned char *given_end; /* of the frame it came in */

    /* Slots of the data ring. Every posted slot without a frame is either promised, as
     * somebody's credit, or spare. */
    uint32_t n_slots, max_slots, n_control_slots;
    uint32_t n_pipe_slots; /* more, which the back end made for what is not credited */
    uint32_t n_spare;
    uint32_t n_granted;     /* sum of all grants, also of links not made yet */
    uint32_t n_fresh_lanes; /* in, from neighbours, of links not made yet */
    uint64_t next_reclaim;
    struct base_list hungry;
    struct base_list frames; /* all that were made, slots too */

    struct base_list to_tell;
    struct comm_frame *flight, **flight_end; /* on their way out, in order */
    uint64_t n_pending_bytes;                /* of all links */
    uint32_t n_stalled; /* pending frames and waiting streams, of all links */

    struct comm_kept *kept;
    uint32_t n_kept, free_kept, n_kept_live;
    struct comm_transfer *transfers, **transfers_end, *free_transfers;
    uint32_t n_transfers;
    uint64_t n_asked; /* payloads, so far */
    struct comm_watch *watches;
    struct comm_quiet quiet;
    uint64_t n_posted_disregarded, n_taken_disregarded;
    struct comm_reduction reduction;
    struct comm_ending *ending;
    struct comm_counts counts;
};

/* ---- comm.c: life ---- */

/* For back ends. */
struct comm *comm_create(const struct comm_backend *backend,
                         void *port,
                         struct troupe *holder,
                         int rank,
                         int n_ranks);
void comm_destroy(struct comm *comm); /* whatever state it is in */

void comm_count_memory(struct comm *comm, int64_t change);
/* NULL: no memory. */
struct comm_frame *comm_frame_create(struct comm *comm, uint32_t capacity_bytes);
/* Tries more than once: for what a rank cannot do without. */
struct comm_frame *comm_frame_insist(struct comm *comm, uint32_t capacity_bytes);
void comm_frame_destroy(struct comm *comm, struct comm_frame *frame);
/* Sees to it that the next n comm_frame_take() succeed. */
bool comm_frame_reserve(struct comm *comm, uint32_t n);
static inline struct comm_frame *comm_frame_take(struct comm *comm)
{
    struct comm_frame *frame = comm->free;
    base_assert(comm->n_free > 0);
    comm->free = frame->next;
    comm->n_free--;
    return frame;
}

enum { COMM_FREE_FRAMES = 64 }; /* kept for reuse */

/* The bytes have left or have been read: back to the free list, or into the ring. */
static inline void comm_frame_give(struct comm *comm, struct comm_frame *frame)
{
    if (frame->is_slot) {
        frame->next = NULL;
        *comm->to_post_end = frame;
        comm->to_post_end = &frame->next;
        return;
    }
    if (UNLIKELY(comm->n_free >= COMM_FREE_FRAMES)) {
        comm_frame_destroy(comm, frame);
        return;
    }
    frame->next = comm->free;
    comm->free = frame;
    comm->n_free++;
}

/* Made at first use; they end the rank when there is no memory. */
struct comm_stream *comm_stream_make(struct comm *comm, int rank);
struct comm_origin *comm_origin_make(struct comm *comm, int rank);
static inline struct comm_stream *comm_stream_of(struct comm *comm, int rank)
{
    struct comm_stream *stream = comm->fast.streams[rank];
    return LIKELY(stream != &comm->no_stream) ? stream : comm_stream_make(comm, rank);
}
static inline struct comm_origin *comm_origin_of(struct comm *comm, int rank)
{
    struct comm_origin *origin = comm->origins[rank];
    return LIKELY(origin != NULL) ? origin : comm_origin_make(comm, rank);
}
int comm_next_hop(const struct comm *comm, int here, int destination);

/* When comm itself wants to be polled; INT64_MAX: only when something arrives. */
int64_t comm_wake_ns(const struct comm *comm);
/* A fresh look at the clock. */
int64_t comm_look_at_clock(struct comm *comm);
/* An empty poll does not say how long work takes. */
static inline void comm_share_at_most(struct comm *comm, uint32_t share)
{
    if (comm->share > share)
        comm->share = share;
}
/* The rank was given something to do: no longer passive, whatever it offered. */
static inline void comm_is_active(struct comm *comm)
{
    if (comm->quiet.is_offered)
        comm_quiet_clear(&comm->quiet);
}

/* ---- link.c: credits, queues ---- */

/* Made at first use; ends the rank when there is no memory. */
struct comm_link *comm_link_make(struct comm *comm, int peer);
static inline struct comm_link *comm_link_of(struct comm *comm, int peer)
{
    struct comm_link *link = comm->links[peer];
    return LIKELY(link != NULL) ? link : comm_link_make(comm, peer);
}
/* Makes and posts the ring that all peers count on from the start. */
bool comm_ring_start(struct comm *comm);
/* Posts again what has been read. */
void comm_ring_post(struct comm *comm);
/* Sends a closed frame, or queues it. */
void comm_link_submit(struct comm *comm,
                      struct comm_link *link,
                      enum comm_lane lane,
                      struct comm_frame *frame);
static inline bool comm_lane_is_free(const struct comm_lane_out *out)
{
    return out->allowed != out->used && !out->pending;
}
/* Credits have come, or may have. */
void comm_link_resume(struct comm *comm, struct comm_link *link, enum comm_lane lane);
/* What the header of an arrived frame says of credits, both ways. */
void comm_link_arrival(struct comm *comm,
                       struct comm_link *link,
                       enum comm_lane lane,
                       const struct comm_frame_header *header);
/* Credits that the peer gave back. False: more than it had. */
bool comm_link_forfeited(struct comm *comm,
                         struct comm_link *link,
                         enum comm_lane lane,
                         uint32_t n);
/* Frames whose bytes are still on their way out. */
void comm_flight_add(struct comm *comm, struct comm_frame *frame);
bool comm_flight_poll(struct comm *comm);

/* ---- control.c ---- */

/* The link's state has changed and the peer ought to know. */
void comm_link_tell(struct comm *comm, struct comm_link *link);
/*
 * The peer lacks credits that it has been given, and no frame has carried them. At half
 * of its grant already, where that leaves it some to go on with meanwhile.
 */
static inline bool comm_lane_owes_credit(const struct comm_lane_in *in)
{
    uint32_t n_owed = in->allowed - in->announced;
    return n_owed > 0 && (in->announced == in->received ||
                          (in->grant >= 4 && 2 * n_owed >= in->grant));
}
static inline bool comm_link_owes_credit(const struct comm_link *link)
{
    return comm_lane_owes_credit(&link->in[COMM_LAST_HOP]) ||
           comm_lane_owes_credit(&link->in[COMM_FIRST_HOP]);
}
/* Sends the control frames that are due. */
bool comm_control_send(struct comm *comm);
/* Takes those that have come; true if any had. */
bool comm_control_poll(struct comm *comm);
bool comm_control_start(struct comm *comm);
/* The detector's turn. */
bool comm_quiet_poll(struct comm *comm);

/* ---- post.c ---- */

/* A record that stands in the stream, in chunks if need be, whatever its size. */
troupe_status comm_post_here(struct comm *comm,
                             struct comm_stream *stream,
                             const struct comm_header *header,
                             unsigned shape,
                             const void *head,
                             size_t head_bytes,
                             const void *tail,
                             size_t tail_bytes);
/* The open frame leaves, to its link. */
void comm_stream_close(struct comm *comm,
                       struct comm_stream *stream,
                       enum comm_flush_cause cause);
/* Lets frames leave that have been open for too long; and when the next will be. */
bool comm_age_poll(struct comm *comm);
int64_t comm_age_wake_ns(const struct comm *comm);

/* ---- receive.c ---- */

/* Retries, then ends the rank. */
struct message_envelope *comm_must_take(struct comm *comm, uint64_t size_bytes);

/* ---- bulk.c ---- */

troupe_status comm_bulk_post(struct comm *comm,
                             struct comm_stream *stream,
                             const struct comm_header *header,
                             struct message_envelope *envelope);
/* A peer's FETCH or DISCARD. False: the ticket is none of its. */
bool comm_bulk_requested(struct comm *comm, int peer, uint64_t ticket, bool is_wanted);
bool comm_transfer_poll(struct comm *comm);
void comm_bulk_fini(struct comm *comm);

/* ---- reduce.c ---- */

void comm_reduction_init(struct comm *comm);
void comm_reduction_fini(struct comm *comm);
/* Takes a record of a reduction; false: it makes no sense. */
bool comm_reduction_take(struct comm *comm, const struct comm_record *record);
bool comm_reduction_poll(struct comm *comm);

/* ---- check.c ---- */

/* What is wrong in the state of a rank; NULL: nothing. */
const char *comm_check(const struct comm *comm);

/* ---- end.c ---- */

/* One turn of the agreed end; true: this rank is through and its rings are empty. */
bool comm_end_turn(struct comm *comm);
void comm_end_fini(struct comm *comm);

#endif
