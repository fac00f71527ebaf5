/* SPDX-License-Identifier: BSD-3-Clause */
#include "comm/mpi_pipes.h"
#include <sys/statvfs.h>

#ifdef TROUPE_HOSTILE
enum { BUDGET_BYTES = 1, LEAST_BYTES = 256, MOST_BYTES = 256, MAX_PEERS = 255 };
#else
enum {
    BUDGET_BYTES = 1 << 20, /* of pipes to one rank, if that is not too little each */
    LEAST_BYTES = 1 << 15,  /* as many large frames as a link is granted at first, */
    MOST_BYTES = 1 << 17,   /* and at most */
    MAX_PEERS = 255         /* 8 MiB a rank, which are there as they are used */
};
#endif

enum {
    LOOKS = 16,  /* pipes that one poll looks into */
    HAS_LEFT = 1 /* `send` of a frame that had to wait: no address is odd */
};

_Static_assert(ATOMIC_LONG_LOCK_FREE == 2 && ATOMIC_LLONG_LOCK_FREE == 2,
               "locks do not work between processes");

/* ---- building them ---- */

static uint64_t capacity_for(int n_peers, uint32_t frame_bytes)
{
    uint64_t capacity_bytes = MOST_BYTES;
    while (capacity_bytes > LEAST_BYTES &&
           capacity_bytes * (uint64_t)n_peers > BUDGET_BYTES)
        capacity_bytes /= 2;
    while (comm_pipe_limit(capacity_bytes) < frame_bytes)
        capacity_bytes *= 2;
    return capacity_bytes;
}

/*
 * Open MPI 4.1 does not return from making a window that does not fit the file system
 * of the shared memory, and writing to one that was made and does not fit any more is
 * SIGBUS. So we ask first, and leave as much again to others.
 */
static bool has_room(uint64_t n_bytes)
{
    struct statvfs disk;
    if (statvfs("/dev/shm", &disk) != 0)
        return true; /* MPI has its files somewhere else */
    return (uint64_t)disk.f_bavail * disk.f_frsize / 2 >= n_bytes;
}

/* What all of them say. */
static bool all_agree(MPI_Comm machine, bool mine)
{
    int all, me = mine;
    mpi_port_check(MPI_Allreduce(&me, &all, 1, MPI_INT, MPI_MIN, machine),
                   "MPI_Allreduce");
    return all != 0;
}

/* The pipes to a rank stand in its own part of the window, by who writes to them. The
 * parts may not be aligned, but what the window is in is mapped by whole pages, so that
 * all see the same misfit. */
static void *
find_memory(MPI_Win window, int reader, int writer, uint64_t capacity_bytes)
{
    MPI_Aint part_bytes;
    int unit, place = writer < reader ? writer : writer - 1;
    unsigned char *part;

    mpi_port_check(
        MPI_Win_shared_query(window, reader, &part_bytes, &unit, (void *)&part),
        "MPI_Win_shared_query");
    uintptr_t misfit = (uintptr_t)part % COMM_PIPE_LINE_BYTES;
    return part + (misfit ? COMM_PIPE_LINE_BYTES - misfit : 0) +
           (uint64_t)place * comm_pipe_memory_bytes(capacity_bytes);
}

/* The first line is cleared for who reads; the writer clears the others as it comes to
 * them. */
static void
join(struct comm *comm, struct mpi_pipes *pipes, const int *ranks, uint64_t capacity)
{
    int me;

    MPI_Comm_rank(pipes->machine, &me);
    for (int i = 0, k = 0; i <= pipes->n_peers; i++) {
        if (i == me)
            continue;
        struct mpi_pipe_in *in = &pipes->in[k];
        struct mpi_pipe_out *out = &pipes->out[k++];
        void *memory = find_memory(pipes->window, me, i, capacity);
        memset(memory, 0, comm_pipe_memory_bytes(COMM_PIPE_LINE_BYTES));
        comm_pipe_init(&in->pipe, memory, capacity);
        memory = find_memory(pipes->window, i, me, capacity);
        comm_pipe_init(&out->pipe, memory, capacity);
        base_require(ranks[i] >= 0 && ranks[i] < comm->n_ranks, "rank %d of %d",
                     ranks[i], comm->n_ranks);
        in->rank = ranks[i];
        pipes->to[ranks[i]] = out;
    }
}

/* False: MPI does not give us any. Where it fails for the first rank alone, Open
 * MPI 4.1 leaves the others waiting; TROUPE_PIPES=0 is the way out then. */
static bool make_window(MPI_Comm machine, uint64_t size_bytes, MPI_Win *window)
{
    MPI_Info info;
    void *mine;

    MPI_Info_create(&info);
    MPI_Info_set(info, "alloc_shared_noncontig",
                 "true"); /* parts in pages of their own */
    MPI_Comm_set_errhandler(machine, MPI_ERRORS_RETURN);
    int code = MPI_Win_allocate_shared((MPI_Aint)(size_bytes + COMM_PIPE_LINE_BYTES), 1,
                                       info, machine, &mine, window);
    MPI_Info_free(&info);
    return all_agree(machine, code == MPI_SUCCESS);
}

static void
create_pipes(struct comm *comm, MPI_Comm machine, MPI_Win window, uint64_t capacity)
{
    struct mpi_pipes *pipes = base_new(struct mpi_pipes);
    int n;

    MPI_Comm_size(machine, &n);
    pipes->machine = machine;
    pipes->window = window;
    pipes->n_peers = n - 1;
    pipes->in = base_new_array(struct mpi_pipe_in, n - 1);
    pipes->out = base_new_array(struct mpi_pipe_out, n - 1);
    pipes->to = base_new_array(struct mpi_pipe_out *, comm->n_ranks);
    int *ranks = base_new_array(int, n);
    mpi_port_check(MPI_Allgather(&comm->rank, 1, MPI_INT, ranks, 1, MPI_INT, machine),
                   "MPI_Allgather");
    join(comm, pipes, ranks, capacity);
    base_free(ranks);
    mpi_port_of(comm)->pipes = pipes;
    mpi_port_of(comm)->is_alone = n == comm->n_ranks;
}

void mpi_pipes_connect(struct comm *comm)
{
    struct mpi_port *port = mpi_port_of(comm);
    int n, most = comm->options.most_on_machine;
    MPI_Comm machine;
    MPI_Win window;

    mpi_port_check(
        MPI_Comm_split(port->node, most ? comm->rank / most : 0, comm->rank, &machine),
        "MPI_Comm_split");
    MPI_Comm_size(machine, &n);
    uint64_t capacity = capacity_for(n - 1, comm->options.frame_bytes);
    uint64_t size_bytes = (uint64_t)(n - 1) * comm_pipe_memory_bytes(capacity);
    bool wants = n > 1 && !comm->options.without_pipes;
    bool can = wants && n <= MAX_PEERS + 1 && has_room((uint64_t)n * size_bytes);
    if (!all_agree(machine, can) || !make_window(machine, size_bytes, &window)) {
        MPI_Comm_free(&machine);
        if (wants && comm->troupe)
            log_info(
                &comm->troupe->log,
                "messages to the other ranks of this machine go by MPI: there is no "
                "memory to share for %d ranks, or not all want it",
                n);
        return;
    }
    create_pipes(comm, machine, window, capacity);
    comm_count_memory(comm, (int64_t)size_bytes);
}

void mpi_pipes_close(struct mpi_port *port)
{
    struct mpi_pipes *pipes = port->pipes;
    if (!pipes)
        return;
    MPI_Win_free(&pipes->window);
    MPI_Comm_free(&pipes->machine);
    base_free(pipes->in);
    base_free(pipes->out);
    base_free(pipes->to);
    base_free(pipes);
    port->pipes = NULL;
}

/* ---- sending ---- */

static struct comm_frame *next_waiting(const struct comm_frame *frame)
{
    return (struct comm_frame *)(uintptr_t)frame->send; // NOLINT: kept in 8 bytes
}

static void wait_for_room(struct mpi_pipes *pipes,
                          struct mpi_pipe_out *out,
                          struct comm_frame *frame)
{
    frame->send = 0;
    if (out->first) {
        out->last->send = (uint64_t)(uintptr_t)frame;
    } else {
        out->first = frame;
        out->next = pipes->blocked;
        pipes->blocked = out;
    }
    out->last = frame;
}

bool mpi_pipe_send(struct mpi_port *port,
                   struct mpi_pipe_out *out,
                   struct comm_frame *frame)
{
    if (LIKELY(!out->first &&
               comm_pipe_write(&out->pipe, frame->bytes, frame->size_bytes)))
        return true;
    wait_for_room(port->pipes, out, frame);
    return false;
}

/* True: all that waited has left. */
static bool let_go(struct mpi_pipe_out *out)
{
    while (out->first &&
           comm_pipe_write(&out->pipe, out->first->bytes, out->first->size_bytes)) {
        struct comm_frame *frame = out->first;
        out->first = next_waiting(frame);
        frame->send = HAS_LEFT;
    }
    return !out->first;
}

bool mpi_pipe_send_is_done(const struct comm_frame *frame)
{
    return frame->send == HAS_LEFT;
}

COLD static void let_all_go(struct mpi_pipes *pipes)
{
    for (struct mpi_pipe_out **at = &pipes->blocked; *at;) {
        if (let_go(*at))
            *at = (*at)->next;
        else
            at = &(*at)->next;
    }
}

/* ---- receiving ---- */

void mpi_pipes_post(struct mpi_port *port, struct comm_frame *slot)
{
    slot->next = port->pipes->free;
    port->pipes->free = slot;
}

/* NULL: no memory, now. */
static struct comm_frame *find_slot(struct comm *comm)
{
    struct mpi_pipes *pipes = mpi_port_of(comm)->pipes;
    struct comm_frame *slot = pipes->free;

    if (LIKELY(slot)) {
        pipes->free = slot->next;
        return slot;
    }
    slot = comm_frame_create(comm, comm->options.frame_bytes);
    if (slot) {
        slot->is_slot = true;
        comm->n_pipe_slots++;
    }
    return slot;
}

static struct comm_frame *
take_from(struct comm *comm, struct mpi_pipe_in *in, uint64_t size_bytes)
{
    struct comm_frame *slot = find_slot(comm);
    if (!slot)
        return NULL;
    base_require(size_bytes <= slot->capacity_bytes,
                 "a frame of %llu bytes from rank %d, in slots of %u",
                 (unsigned long long)size_bytes, in->rank, slot->capacity_bytes);
    comm_pipe_read(&in->pipe, slot->bytes, size_bytes);
    slot->size_bytes = (uint32_t)size_bytes;
    slot->peer = in->rank;
    return slot;
}

struct comm_frame *mpi_pipes_take(struct comm *comm)
{
    struct mpi_pipes *pipes = mpi_port_of(comm)->pipes;
    int n_looks = pipes->n_peers < LOOKS ? pipes->n_peers : LOOKS;

    if (UNLIKELY(pipes->blocked))
        let_all_go(pipes);
    for (int i = 0; i < n_looks; i++) {
        struct mpi_pipe_in *in = &pipes->in[pipes->at];
        uint64_t size_bytes;
        if (++pipes->at == pipes->n_peers)
            pipes->at = 0;
        if (comm_pipe_has_frame(&in->pipe, &size_bytes))
            return take_from(comm, in, size_bytes);
    }
    return NULL;
}

int mpi_pipes_n_takes(const struct mpi_port *port)
{
    return port->pipes ? (port->pipes->n_peers + LOOKS - 1) / LOOKS : 1;
}
