/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/histogram_mpi.h"
#include "common/measure.h"

#include <stdlib.h>

struct histogram_sums histogram_reckon(const int64_t *counts)
{
    struct histogram_sums sums = {0, 0};
    for (int64_t i = 0; i < HISTOGRAM_SIZE; i++) {
        sums.n_updates += counts[i];
        sums.weighted += counts[i] * (i + 1);
    }
    return sums;
}

/* ---- one message for each update ------------------------------------------------- */

enum { N_POSTED = 64, SENDS_BETWEEN_POLLS = 64, END = -1 };

/* A ring of receives, completed in the order in which they were posted. */
struct ring {
    MPI_Comm communicator;
    int64_t *counts;
    int head, n_ended;
    int64_t index[N_POSTED];
    MPI_Request request[N_POSTED];
};

static void ring_post(struct ring *ring, int i)
{
    MPI_Irecv(&ring->index[i], 1, MPI_INT64_T, MPI_ANY_SOURCE, 0, ring->communicator,
              &ring->request[i]);
}

static void ring_drain(struct ring *ring)
{
    for (;;) {
        int is_done, head = ring->head;
        MPI_Test(&ring->request[head], &is_done, MPI_STATUS_IGNORE);
        if (!is_done)
            return;
        if (ring->index[head] == END)
            ring->n_ended++;
        else
            ring->counts[ring->index[head]]++;
        ring_post(ring, head);
        ring->head = (head + 1) % N_POSTED;
    }
}

void histogram_mpi_single(struct histogram_mpi *histogram)
{
    struct ring ring = {.communicator = histogram->communicator,
                        .counts = histogram->counts};
    int rank = histogram->rank, n_ranks = histogram->n_ranks;
    bool is_own_direct = histogram->is_own_direct;
    uint64_t random = histogram_seed(rank), size = (uint64_t)n_ranks * HISTOGRAM_SIZE;
    for (int i = 0; i < N_POSTED; i++)
        ring_post(&ring, i);
    for (int64_t i = 0; i < histogram->n_updates; i++) {
        uint64_t index = histogram_draw(&random, size);
        int owner = (int)(index / HISTOGRAM_SIZE);
        int64_t place = (int64_t)(index % HISTOGRAM_SIZE);
        if (is_own_direct && owner == rank) {
            histogram->counts[place]++;
            continue;
        }
        /* Eager, so it never waits for the other side; cheaper here than MPI_Isend. */
        MPI_Send(&place, 1, MPI_INT64_T, owner, 0, histogram->communicator);
        if (i % SENDS_BETWEEN_POLLS == 0)
            ring_drain(&ring);
    }
    for (int peer = 0; peer < n_ranks; peer++)
        MPI_Send(&(int64_t){END}, 1, MPI_INT64_T, peer, 0, histogram->communicator);
    while (ring.n_ended < n_ranks)
        ring_drain(&ring);
    for (int i = 0; i < N_POSTED; i++) {
        MPI_Cancel(&ring.request[i]);
        MPI_Wait(&ring.request[i], MPI_STATUS_IGNORE);
    }
}

/* ---- buffers --------------------------------------------------------------------- */

enum { N_BUFFERS = 2, N_RECEIVES = 4 };

struct outgoing {
    int64_t index[N_BUFFERS][HISTOGRAM_BUFFER];
    MPI_Request request[N_BUFFERS];
    int current, n_filled;
};

struct buffered {
    struct histogram_mpi *histogram;
    struct outgoing *to; /* by rank */
    int64_t received[N_RECEIVES][HISTOGRAM_BUFFER];
    MPI_Request request[N_RECEIVES];
    int head, n_ended;
};

static void buffered_post(struct buffered *work, int i)
{
    MPI_Irecv(work->received[i], HISTOGRAM_BUFFER, MPI_INT64_T, MPI_ANY_SOURCE, 0,
              work->histogram->communicator, &work->request[i]);
}

/* A buffer that is not full is its sender's last. */
static void buffered_drain(struct buffered *work)
{
    int64_t *counts = work->histogram->counts;
    for (;;) {
        int is_done, n_items, head = work->head;
        MPI_Status status;
        MPI_Test(&work->request[head], &is_done, &status);
        if (!is_done)
            return;
        MPI_Get_count(&status, MPI_INT64_T, &n_items);
        for (int i = 0; i < n_items; i++)
            counts[work->received[head][i]]++;
        work->n_ended += n_items < HISTOGRAM_BUFFER;
        buffered_post(work, head);
        work->head = (head + 1) % N_RECEIVES;
    }
}

static void buffered_send(struct buffered *work, int peer)
{
    struct outgoing *to = &work->to[peer];
    int is_free = 0;
    MPI_Isend(to->index[to->current], to->n_filled, MPI_INT64_T, peer, 0,
              work->histogram->communicator, &to->request[to->current]);
    to->current = (to->current + 1) % N_BUFFERS;
    to->n_filled = 0;
    buffered_drain(work);
    while (MPI_Test(&to->request[to->current], &is_free, MPI_STATUS_IGNORE), !is_free)
        buffered_drain(work);
}

static void buffered_begin(struct buffered *work)
{
    int n_ranks = work->histogram->n_ranks;
    work->to = calloc((size_t)n_ranks, sizeof *work->to);
    if (!work->to)
        bench_die("no memory for %d buffers", n_ranks);
    for (int peer = 0; peer < n_ranks; peer++)
        for (int i = 0; i < N_BUFFERS; i++)
            work->to[peer].request[i] = MPI_REQUEST_NULL;
    for (int i = 0; i < N_RECEIVES; i++)
        buffered_post(work, i);
}

static void buffered_end(struct buffered *work)
{
    int rank = work->histogram->rank, n_ranks = work->histogram->n_ranks;
    for (int peer = 0; peer < n_ranks; peer++)
        if (peer != rank)
            buffered_send(work, peer);
    while (work->n_ended < n_ranks - 1)
        buffered_drain(work);
    for (int peer = 0; peer < n_ranks; peer++)
        MPI_Waitall(N_BUFFERS, work->to[peer].request, MPI_STATUSES_IGNORE);
    for (int i = 0; i < N_RECEIVES; i++) {
        MPI_Cancel(&work->request[i]);
        MPI_Wait(&work->request[i], MPI_STATUS_IGNORE);
    }
    free(work->to);
}

void histogram_mpi_buffered(struct histogram_mpi *histogram)
{
    struct buffered *work = calloc(1, sizeof *work);
    if (!work)
        bench_die("no memory for buffers");
    work->histogram = histogram;
    int rank = histogram->rank;
    uint64_t random = histogram_seed(rank);
    uint64_t size = (uint64_t)histogram->n_ranks * HISTOGRAM_SIZE;
    buffered_begin(work);
    for (int64_t i = 0; i < histogram->n_updates; i++) {
        uint64_t index = histogram_draw(&random, size);
        int owner = (int)(index / HISTOGRAM_SIZE);
        int64_t place = (int64_t)(index % HISTOGRAM_SIZE);
        if (owner == rank) {
            histogram->counts[place]++;
            continue;
        }
        struct outgoing *to = &work->to[owner];
        to->index[to->current][to->n_filled++] = place;
        if (to->n_filled == HISTOGRAM_BUFFER)
            buffered_send(work, owner);
    }
    buffered_end(work);
    free(work);
}
