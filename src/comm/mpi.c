/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/clock.h"
#include "base/random.h"
#include "comm/mpi_pipes.h"

/*
 * The MPI back end: rings of persistent receives from anybody, tested at their head,
 * and immediate sends; data frames to ranks of the same machine go by mpi_pipes.c
 * instead. Each class has a communicator of its own and one tag, so every
 * match is the first of a list. All frames are below the eager limit, so they complete
 * in the order in which they are matched, which is the order in which the slots were
 * posted.
 */

enum { FRAME_TAG = 1, PIECE_BYTES = 1 << 30 };

_Static_assert(sizeof(MPI_Request) <= sizeof(uint64_t), "requests are kept in 8 bytes");

void mpi_port_check(int code, const char *call)
{
    if (LIKELY(code == MPI_SUCCESS))
        return;
    char text[MPI_MAX_ERROR_STRING] = "unknown error";
    int length;
    MPI_Error_string(code, text, &length);
    base_die(__FILE__, __LINE__, "%s: %s", call, text);
}

static MPI_Request load_request(const uint64_t *place)
{
    MPI_Request request;
    memcpy(&request, place, sizeof request);
    return request;
}

static void store_request(uint64_t *place, MPI_Request request)
{
    memcpy(place, &request, sizeof request);
}

/* ---- frames ---- */

static void
mpi_slot_open(struct comm *comm, enum comm_class class, struct comm_frame *slot)
{
    MPI_Request request;
    if (class == COMM_DATA && mpi_port_of(comm)->is_alone)
        return;
    mpi_port_check(MPI_Recv_init(slot->bytes, (int)slot->capacity_bytes, MPI_BYTE,
                                 MPI_ANY_SOURCE, FRAME_TAG,
                                 mpi_port_of(comm)->communicator[class], &request),
                   "MPI_Recv_init");
    store_request(&slot->receive, request);
}

static void
mpi_slot_post(struct comm *comm, enum comm_class class, struct comm_frame *slot)
{
    struct mpi_port *port = mpi_port_of(comm);
    if (!slot->receive) { /* no request: not MPI's */
        mpi_pipes_post(port, slot);
        return;
    }
    MPI_Request request = load_request(&slot->receive);

    mpi_port_check(MPI_Start(&request), "MPI_Start");
    slot->next = NULL;
    *port->posted_end[class] = slot;
    port->posted_end[class] = &slot->next;
}

/*
 * Only a posted head is tested: MPI_Test calls a request that was not started complete.
 * The budget of a poll that finds nothing is some 15 ns, nearly all of it MPI's
 * progress.
 */
static struct comm_frame *take_from_ring(struct mpi_port *port, enum comm_class class)
{
    struct comm_frame *slot = port->posted[class];
    if (UNLIKELY(!slot))
        return NULL;
    MPI_Request request = load_request(&slot->receive);
    MPI_Status status;
    int is_done, n_bytes;

    mpi_port_check(MPI_Test(&request, &is_done, &status), "MPI_Test");
    if (!is_done)
        return NULL;
    port->posted[class] = slot->next;
    if (!slot->next)
        port->posted_end[class] = &port->posted[class];
    MPI_Get_count(&status, MPI_BYTE, &n_bytes);
    slot->size_bytes = (uint32_t)n_bytes;
    slot->peer = status.MPI_SOURCE;
    return slot;
}

/* Whoever was asked first this time is second next time, or who sends without end by
 * the one way would keep from us what comes by the other. */
static struct comm_frame *mpi_slot_take(struct comm *comm, enum comm_class class)
{
    struct mpi_port *port = mpi_port_of(comm);
    struct comm_frame *slot;

    if (class != COMM_DATA || !port->pipes)
        return take_from_ring(port, class);
    if (port->is_alone)
        return mpi_pipes_take(comm);
    port->is_turn_of_ring = !port->is_turn_of_ring;
    if (port->is_turn_of_ring) {
        slot = take_from_ring(port, class);
        return slot ? slot : mpi_pipes_take(comm);
    }
    slot = mpi_pipes_take(comm);
    return slot ? slot : take_from_ring(port, class);
}

static bool is_request_done(uint64_t *place)
{
    MPI_Request request = load_request(place);
    int is_done;
    mpi_port_check(MPI_Test(&request, &is_done, MPI_STATUS_IGNORE), "MPI_Test");
    store_request(place, request);
    return is_done;
}

static bool
mpi_send(struct comm *comm, enum comm_class class, struct comm_frame *frame, int peer)
{
    struct mpi_port *port = mpi_port_of(comm);
    MPI_Request request;
    struct mpi_pipe_out *out = class == COMM_DATA ? mpi_pipe_to(port, peer) : NULL;

    frame->peer = peer;
    if (out)
        return mpi_pipe_send(port, out, frame);
    mpi_port_check(MPI_Isend(frame->bytes, (int)frame->size_bytes, MPI_BYTE, peer,
                             FRAME_TAG, port->communicator[class], &request),
                   "MPI_Isend");
    store_request(&frame->send, request);
    return is_request_done(&frame->send);
}

static bool mpi_send_is_done(struct comm *comm, struct comm_frame *frame)
{
    if (!frame->is_control && mpi_pipe_to(mpi_port_of(comm), frame->peer))
        return mpi_pipe_send_is_done(frame);
    return is_request_done(&frame->send);
}

/* ---- payloads apart ---- */

/* Pieces go one after the other under the same tag, so that any size will do. */
static void begin_piece(struct comm *comm, struct comm_transfer *transfer)
{
    struct mpi_port *port = mpi_port_of(comm);
    MPI_Comm communicator = port->communicator[MPI_PORT_BULK];
    int tag = (int)(transfer->ticket & port->tag_mask);
    uint64_t n_left = transfer->size_bytes - transfer->n_done_bytes;
    int n_bytes = n_left < PIECE_BYTES ? (int)n_left : PIECE_BYTES;
    unsigned char *at = transfer->payload + transfer->n_done_bytes;
    MPI_Request request;

    if (transfer->is_send)
        mpi_port_check(MPI_Isend(at, n_bytes, MPI_BYTE, transfer->peer, tag,
                                 communicator, &request),
                       "MPI_Isend");
    else
        mpi_port_check(MPI_Irecv(at, n_bytes, MPI_BYTE, transfer->peer, tag,
                                 communicator, &request),
                       "MPI_Irecv");
    transfer->n_done_bytes += (uint64_t)n_bytes;
    store_request(&transfer->request, request);
}

static bool mpi_transfer_is_done(struct comm *comm, struct comm_transfer *transfer)
{
    while (is_request_done(&transfer->request)) {
        if (transfer->n_done_bytes == transfer->size_bytes)
            return true;
        begin_piece(comm, transfer);
    }
    return false;
}

/* ---- the user's ---- */

static bool mpi_foreign_is_done(struct comm *comm, void *request)
{
    int is_done;
    (void)comm;
    mpi_port_check(MPI_Test(request, &is_done, MPI_STATUS_IGNORE),
                   "MPI_Test of a request of the program");
    return is_done;
}

static void *mpi_communicator(struct comm *comm)
{
    return &mpi_port_of(comm)->user;
}

/* ---- time, chance, agreement ---- */

static int64_t mpi_now_ns(struct comm *comm)
{
    (void)comm;
    return base_clock_ns();
}

static uint64_t mpi_random(struct comm *comm)
{
    struct base_random random = {mpi_port_of(comm)->random_state};
    uint64_t value = base_random_next(&random);
    mpi_port_of(comm)->random_state = random.state;
    return value;
}

static void mpi_abort(struct comm *comm, int exit_code)
{
    (void)comm;
    MPI_Abort(MPI_COMM_WORLD, exit_code);
}

static uint32_t mpi_frame_limit(struct comm *comm)
{
    (void)comm;
    return mpi_port_eager_limit();
}

static void mpi_agree(struct comm *comm, uint64_t *values, int n_values)
{
    mpi_port_check(MPI_Allreduce(MPI_IN_PLACE, values, n_values, MPI_UINT64_T, MPI_MIN,
                                 mpi_port_of(comm)->communicator[MPI_PORT_CONTROL]),
                   "MPI_Allreduce");
}

static void mpi_all_posted(struct comm *comm)
{
    struct mpi_port *port = mpi_port_of(comm);
    port->is_crowded = mpi_port_is_crowded(port);
    mpi_port_check(MPI_Barrier(port->communicator[MPI_PORT_CONTROL]), "MPI_Barrier");
}

/* ---- the end ---- */

static void mpi_exchange_begin(struct comm *comm,
                               const uint64_t *to_each,
                               uint64_t *from_each,
                               int n_values)
{
    struct mpi_port *port = mpi_port_of(comm);
    mpi_port_check(MPI_Ialltoall(to_each, n_values, MPI_UINT64_T, from_each, n_values,
                                 MPI_UINT64_T, port->communicator[MPI_PORT_BULK],
                                 &port->exchange),
                   "MPI_Ialltoall");
}

static bool mpi_exchange_is_done(struct comm *comm)
{
    int is_done;
    mpi_port_check(MPI_Test(&mpi_port_of(comm)->exchange, &is_done, MPI_STATUS_IGNORE),
                   "MPI_Test");
    return is_done;
}

/* Every slot completes with an empty message from this rank itself. */
static void drain_ring(struct mpi_port *port, int rank, enum comm_class class)
{
    for (struct comm_frame *slot = port->posted[class]; slot; slot = slot->next) {
        MPI_Request request = load_request(&slot->receive);
        mpi_port_check(
            MPI_Send(NULL, 0, MPI_BYTE, rank, FRAME_TAG, port->communicator[class]),
            "MPI_Send");
        mpi_port_check(MPI_Wait(&request, MPI_STATUS_IGNORE), "MPI_Wait");
        MPI_Request_free(&request);
    }
    port->posted[class] = NULL;
    port->posted_end[class] = &port->posted[class];
}

static void mpi_drain(struct comm *comm)
{
    drain_ring(mpi_port_of(comm), comm->rank, COMM_DATA);
    drain_ring(mpi_port_of(comm), comm->rank, COMM_CONTROL);
}

static void mpi_close(struct comm *comm)
{
    struct mpi_port *port = mpi_port_of(comm);
    bool must_finalize = port->must_finalize;

    mpi_pipes_close(port);
    for (int i = 0; i < MPI_PORT_N; i++)
        MPI_Comm_free(&port->communicator[i]);
    MPI_Comm_free(&port->node);
    base_free(port);
    base_death_set(NULL);
    if (must_finalize)
        MPI_Finalize();
}

const struct comm_backend comm_mpi_backend = {
    .name = "mpi",
    .now_ns = mpi_now_ns,
    .random = mpi_random,
    .abort = mpi_abort,
    .frame_limit = mpi_frame_limit,
    .agree = mpi_agree,
    .connect = mpi_pipes_connect,
    .all_posted = mpi_all_posted,
    .slot_open = mpi_slot_open,
    .slot_post = mpi_slot_post,
    .slot_take = mpi_slot_take,
    .send = mpi_send,
    .send_is_done = mpi_send_is_done,
    .transfer_begin = begin_piece,
    .transfer_is_done = mpi_transfer_is_done,
    .foreign_is_done = mpi_foreign_is_done,
    .communicator = mpi_communicator,
    .exchange_begin = mpi_exchange_begin,
    .exchange_is_done = mpi_exchange_is_done,
    .drain = mpi_drain,
    .close = mpi_close,
    .idle = mpi_port_idle,
};
