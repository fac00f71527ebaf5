/* SPDX-License-Identifier: BSD-3-Clause */
#include "comm/internal.h"

/* Life of a rank's comm, its buffers, and what is asked of it seldom. */

enum {
    FRAME_BYTES =
        4160, /* a message of 4 KiB with all headers; see raise_eager_limit() */
    CHUNK_LIMIT_BYTES = 16 * 1024,
    PENDING_LIMIT_BYTES = 16 * 1024,
    RECEIVE_BUDGET_BYTES = 2 * 1024 * 1024,
    /* Two who send to each other all the time need three each: one is on its way, one
     * is being read, one has been told of. With many peers slots cost too much. */
    INITIAL_CREDITS = 4,
    INITIAL_CREDITS_OF_MANY = 2,
    MANY_RANKS = 256,
    MAX_INITIAL_CREDITS = 256
};

/* ---- creation ---- */

static void init_lists(struct comm *comm)
{
    comm->to_post_end = &comm->to_post;
    comm->unread_end = &comm->fast.unread;
    comm->flight_end = &comm->flight;
    comm->transfers_end = &comm->transfers;
    base_list_init(&comm->frames);
    base_list_init(&comm->open);
    base_list_init(&comm->hungry);
    base_list_init(&comm->to_tell);
}

struct comm *comm_create(const struct comm_backend *backend,
                         void *port,
                         struct troupe *holder,
                         int rank,
                         int n_ranks)
{
    static const bool never = false;

    base_require(n_ranks > 0 && n_ranks <= COMM_MAX_RANKS, "%d ranks; at most %d",
                 n_ranks, COMM_MAX_RANKS);
    struct comm *comm = base_new(struct comm);
    comm->backend = backend;
    comm->port = port;
    comm->troupe = holder;
    comm->rank = rank;
    comm->n_ranks = n_ranks;
    comm->countdown = comm->period = 1;
    comm->share = COMM_WHOLE_SHARE;
    comm->links = base_new_array(struct comm_link *, n_ranks);
    comm->origins = base_new_array(struct comm_origin *, n_ranks);
    comm->fast.streams = base_new_array(struct comm_stream *, n_ranks);
    comm->no_stream.is_congested = &never;
    comm->no_stream.at = comm->no_stream.end = (unsigned char *)comm;
    for (int i = 0; i < n_ranks; i++)
        comm->fast.streams[i] = &comm->no_stream;
    init_lists(comm);
    comm_quiet_init(&comm->quiet, rank, n_ranks);
    comm_reduction_init(comm);
    if (holder) {
        holder->slot[BASE_SLOT_COMM] = comm;
        holder->log.rank = rank;
    }
    return comm;
}

static void destroy_peers(struct comm *comm)
{
    for (int i = 0; i < comm->n_ranks; i++) {
        if (comm->fast.streams[i] != &comm->no_stream)
            base_free(comm->fast.streams[i]);
        struct comm_origin *origin = comm->origins[i];
        if (origin && origin->partial)
            message_give(comm->pool, origin->partial);
        base_free(origin);
        base_free(comm->links[i]);
    }
    base_free(comm->fast.streams);
    base_free(comm->origins);
    base_free(comm->links);
}

void comm_destroy(struct comm *comm)
{
    if (!comm)
        return;
    comm_bulk_fini(comm);
    destroy_peers(comm);
    BASE_LIST_EACH(node, &comm->frames)
    base_free(CONTAINER_OF(node, struct comm_frame, all));
    comm_reduction_fini(comm);
    comm_end_fini(comm);
    base_free(comm);
}

/* ---- start ---- */

#ifdef TROUPE_HOSTILE
static const struct comm_options defaults = {.receive_budget_bytes = 4096,
                                             .frame_bytes = COMM_FRAME_MIN_BYTES,
                                             .pending_limit_bytes = 128,
                                             .chunk_limit_bytes = 256,
                                             .initial_credits = 1};
#else
static const struct comm_options defaults = {.receive_budget_bytes =
                                                 RECEIVE_BUDGET_BYTES,
                                             .frame_bytes = FRAME_BYTES,
                                             .pending_limit_bytes = PENDING_LIMIT_BYTES,
                                             .chunk_limit_bytes = CHUNK_LIMIT_BYTES,
                                             .initial_credits = INITIAL_CREDITS};
#endif

static uint32_t clamp_u32(uint64_t value, uint32_t low, uint32_t high)
{
    return value < low ? low : value > high ? high : (uint32_t)value;
}

/* What ranks must not differ in is agreed on: the smallest wins. */
static void resolve_options(struct comm *comm, const struct comm_options *asked)
{
    struct comm_options *options = &comm->options;
    *options = asked ? *asked : (struct comm_options){.spin_ns = -1};
    if (!options->receive_budget_bytes)
        options->receive_budget_bytes = defaults.receive_budget_bytes;
    if (!options->frame_bytes)
        options->frame_bytes = defaults.frame_bytes;
    if (!options->pending_limit_bytes)
        options->pending_limit_bytes = defaults.pending_limit_bytes;
    if (!options->chunk_limit_bytes)
        options->chunk_limit_bytes = defaults.chunk_limit_bytes;
    if (!options->initial_credits)
        options->initial_credits = clamp_u32(
            defaults.initial_credits, 1,
            comm->n_ranks > MANY_RANKS ? INITIAL_CREDITS_OF_MANY : INITIAL_CREDITS);

    uint32_t limit = comm->backend->frame_limit(comm);
    uint64_t values[] = {options->frame_bytes < limit ? options->frame_bytes : limit,
                         options->initial_credits};
    comm->backend->agree(comm, values, ARRAY_LENGTH(values));
    options->frame_bytes =
        clamp_u32(values[0], COMM_FRAME_MIN_BYTES, COMM_FRAME_MAX_BYTES);
    options->frame_bytes &= ~(uint32_t)(COMM_WORD_BYTES - 1);
    options->initial_credits = clamp_u32(values[1], 1, MAX_INITIAL_CREDITS);
    options->chunk_limit_bytes =
        clamp_u32(options->chunk_limit_bytes, 0, COMM_RECORD_MAX_BYTES);
}

troupe_status comm_start(struct comm *comm,
                         const struct comm_options *options,
                         struct message_pool *pool,
                         const struct comm_upper *upper)
{
    base_require(!comm->is_started && pool, "comm_start: once, and with a pool");
    resolve_options(comm, options);
    if (comm->backend->connect)
        comm->backend->connect(comm);
    comm->pool = pool;
    if (upper)
        comm->upper = *upper;
    if (!comm_ring_start(comm) || !comm_control_start(comm))
        return TROUPE_NO_MEMORY;
    comm->is_started = true;
    comm_look_at_clock(comm);
    comm->backend->all_posted(comm);
    return TROUPE_OK;
}

void comm_kind_add(struct comm *comm, const struct base_frame_kind *kind)
{
    base_require(kind->kind >= COMM_N_OWN_KINDS && kind->take,
                 "kind %u (%s) is comm's own or has no function", kind->kind,
                 kind->name);
    const struct base_frame_kind *present = comm->fast.kinds[kind->kind];
    base_require(!present || present == kind, "kind %u is both %s and %s", kind->kind,
                 present->name, kind->name);
    comm->fast.kinds[kind->kind] = kind;
}

/* ---- buffers ---- */

void comm_count_memory(struct comm *comm, int64_t change)
{
    comm->counts.transport_bytes += (uint64_t)change;
    if (comm->counts.peak_transport_bytes < comm->counts.transport_bytes)
        comm->counts.peak_transport_bytes = comm->counts.transport_bytes;
}

struct comm_frame *comm_frame_create(struct comm *comm, uint32_t capacity_bytes)
{
    size_t size_bytes = sizeof(struct comm_frame) + capacity_bytes;
    struct comm_frame *frame = base_try_alloc_aligned(64, size_bytes);
    if (!frame)
        return NULL;
    memset(frame, 0, sizeof *frame);
    frame->capacity_bytes = capacity_bytes;
    base_list_append(&comm->frames, &frame->all);
    comm_count_memory(comm, (int64_t)size_bytes);
    return frame;
}

struct comm_frame *comm_frame_insist(struct comm *comm, uint32_t capacity_bytes)
{
    enum { TRIES = 8 };
    struct comm_frame *frame = NULL;
    for (int i = 0; i < TRIES && !frame; i++)
        frame = comm_frame_create(comm, capacity_bytes);
    return frame;
}

void comm_frame_destroy(struct comm *comm, struct comm_frame *frame)
{
    comm_count_memory(comm, -(int64_t)(sizeof *frame + frame->capacity_bytes));
    base_list_remove(&frame->all);
    base_free(frame);
}

bool comm_frame_reserve(struct comm *comm, uint32_t n)
{
    while (comm->n_free < n) {
        struct comm_frame *frame = comm_frame_create(comm, comm->options.frame_bytes);
        if (!frame)
            return false;
        frame->next = comm->free;
        comm->free = frame;
        comm->n_free++;
    }
    return true;
}

/* ---- peers ---- */

int comm_next_hop(const struct comm *comm, int here, int destination)
{
    return comm->options.route ? comm->options.route(here, destination, comm->n_ranks)
                               : destination;
}

struct comm_stream *comm_stream_make(struct comm *comm, int rank)
{
    base_require(rank >= 0 && rank < comm->n_ranks && rank != comm->rank,
                 "a record for rank %d from rank %d of %d", rank, comm->rank,
                 comm->n_ranks);
    int hop = comm_next_hop(comm, comm->rank, rank);
    base_require(hop == rank || comm_next_hop(comm, hop, rank) == rank,
                 "the route from %d to %d has more than two hops", comm->rank, rank);
    struct comm_stream *stream = base_new(struct comm_stream);
    stream->at = stream->end = comm->no_stream.at;
    stream->destination = rank;
    stream->link = comm_link_of(comm, hop);
    stream->is_congested = &stream->link->is_congested;
    stream->lane = hop == rank ? COMM_LAST_HOP : COMM_FIRST_HOP;
    base_list_init(&stream->node);
    comm->fast.streams[rank] = stream;
    comm_count_memory(comm, sizeof *stream);
    return stream;
}

struct comm_stream *comm_stream_to(struct comm *comm, int rank)
{
    return comm_stream_of(comm, rank);
}

struct comm_origin *comm_origin_make(struct comm *comm, int rank)
{
    comm->origins[rank] = base_new(struct comm_origin);
    comm_count_memory(comm, sizeof(struct comm_origin));
    return comm->origins[rank];
}

/* ---- questions ---- */

int comm_rank(const struct comm *comm)
{
    return comm->rank;
}

int comm_size(const struct comm *comm)
{
    return comm->n_ranks;
}

int64_t comm_now_ns(struct comm *comm)
{
    return comm->backend->now_ns(comm);
}

int64_t comm_look_at_clock(struct comm *comm)
{
    comm->now_ns = comm->backend->now_ns(comm);
    return comm->now_ns;
}

uint32_t comm_share(const struct comm *comm)
{
    return comm->share;
}

void comm_hurry(struct comm *comm)
{
    comm->countdown = 1;
}

uint64_t comm_random(struct comm *comm)
{
    return comm->backend->random(comm);
}

const char *comm_backend_name(const struct comm *comm)
{
    return comm->backend->name;
}

void *comm_communicator(struct comm *comm)
{
    return comm->backend->communicator(comm);
}

void comm_abort(struct comm *comm, int exit_code)
{
    comm->backend->abort(comm, exit_code);
    base_end(exit_code);
}

void comm_count(const struct comm *comm, struct comm_counts *counts)
{
    *counts = comm->counts;
    counts->n_records_posted = counts->n_records_taken = 0;
    for (int i = 0; i < comm->n_ranks; i++) {
        counts->n_records_posted += comm->fast.streams[i]->n_posted;
        if (comm->origins[i])
            counts->n_records_taken += comm->origins[i]->n_taken;
    }
    counts->n_records_taken += comm->fast.reader.n_taken;
}

/* Is some link's news to be sent and its control frame at hand? */
static bool can_tell(const struct comm *comm)
{
    BASE_LIST_EACH(node, &comm->to_tell)
    {
        if (!CONTAINER_OF(node, struct comm_link, tell_node)->control_is_out)
            return true;
    }
    return false;
}

int64_t comm_wake_ns(const struct comm *comm)
{
    if (comm->to_post || comm_has_frame(comm) || can_tell(comm) ||
        comm->quiet.has_verdict || comm->reduction.is_done ||
        comm_quiet_is_due(&comm->quiet, comm->now_ns))
        return comm->now_ns;
    int64_t wake_ns = comm_quiet_wake_ns(&comm->quiet);
    int64_t age_ns = comm_age_wake_ns(comm);
    return wake_ns < age_ns ? wake_ns : age_ns;
}
