/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bandwidth of messages of 1 MiB. Ours are made in place and handed over: the sender
 * gives its message away and makes a new one, the receiver acknowledges each, and at
 * most so many are under way. The peer is MPI_Isend and MPI_Irecv with that many
 * buffers on either side. Both sides mark and check both ends of each message.
 */
#include "common/interleave.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SLAB_BYTES = 1 << 20,
    SLAB_WORDS = SLAB_BYTES / 8 - 2,
    N_SLABS = 64,
    N_FILLED = 8,
    MAX_FLIGHT = 4
};

struct slab {
    int64_t number, n_words;
    int64_t words[];
};
TROUPE_TYPE(slab, number, n_words, TROUPE_TAIL(words, n_words));
TROUPE_SIGNAL(taken);
/* Wakes the receiver; it counts from 0 again. */
TROUPE_SIGNAL(hello);

struct work {
    MPI_Comm communicator;
    int rank, n_in_flight;
    bool is_filled; /* each message is written from end to end */
    troupe_address sink;
    int64_t *buffers[MAX_FLIGHT];
};

static double gigabytes_per_s(double seconds)
{
    return 1e-9 * N_SLABS * (double)SLAB_BYTES / seconds;
}

/* ---- ours ------------------------------------------------------------------------ */

struct sink {
    int64_t n_taken;
};
TROUPE_TYPE(sink, n_taken);

static troupe_status on_hello(troupe_actor *self, struct sink *sink)
{
    sink->n_taken = 0;
    return troupe_reply(self, hello, taken);
}

static troupe_status
on_slab(troupe_actor *self, struct sink *sink, const struct slab *slab)
{
    if (slab->number != sink->n_taken++ || slab->n_words != SLAB_WORDS ||
        slab->words[SLAB_WORDS - 1] != slab->number)
        bench_die("another slab than expected");
    return troupe_send(self, troupe_sender(self), taken);
}

TROUPE_BEHAVIOR(sink_actor,
                sink,
                TROUPE_ON(hello, on_hello),
                TROUPE_ON(slab, on_slab),
                TROUPE_SENDS(taken));

static troupe_status
send_slab(troupe_actor *self, troupe_address sink, int64_t number, bool is_filled)
{
    troupe_message *message;
    struct slab *slab;
    TROUPE_TRY(troupe_new_message(self, slab, SLAB_WORDS, &message, &slab));
    if (is_filled)
        memset(slab->words, 1, SLAB_WORDS * sizeof slab->words[0]);
    slab->number = number;
    slab->words[SLAB_WORDS - 1] = number;
    return troupe_send_message(self, sink, &message);
}

static troupe_status
send_slabs(troupe_actor *self, const struct work *work, int n_slabs, bool is_filled)
{
    for (int i = 0; i < n_slabs; i++) {
        if (i >= work->n_in_flight)
            TROUPE_TRY(troupe_receive(self, taken, TROUPE_FOREVER, NULL));
        TROUPE_TRY(send_slab(self, work->sink, i, is_filled));
    }
    for (int i = 0; i < work->n_in_flight; i++)
        TROUPE_TRY(troupe_receive(self, taken, TROUPE_FOREVER, NULL));
    return TROUPE_OK;
}

static troupe_status with_actors(troupe_actor *self, void *context, double *value)
{
    struct work *work = context;
    if (work->rank != 0)
        return TROUPE_OK;
    TROUPE_TRY(troupe_call(self, work->sink, taken, NULL, TROUPE_FOREVER, hello));
    TROUPE_TRY(send_slabs(self, work, N_FILLED, true));
    TROUPE_TRY(troupe_call(self, work->sink, taken, NULL, TROUPE_FOREVER, hello));
    double begin_s = bench_now_s();
    TROUPE_TRY(send_slabs(self, work, N_SLABS, work->is_filled));
    *value = gigabytes_per_s(bench_now_s() - begin_s);
    return TROUPE_OK;
}

/* ---- plain MPI ------------------------------------------------------------------- */

enum { LAST_WORD = SLAB_BYTES / 8 - 1 };

static void mpi_send(const struct work *work)
{
    MPI_Request requests[MAX_FLIGHT];
    for (int i = 0; i < MAX_FLIGHT; i++)
        requests[i] = MPI_REQUEST_NULL;
    for (int64_t i = 0; i < N_SLABS; i++) {
        int64_t place = i % work->n_in_flight;
        int64_t *slab = work->buffers[place];
        MPI_Wait(&requests[place], MPI_STATUS_IGNORE);
        if (work->is_filled)
            memset(slab, 1, SLAB_BYTES);
        slab[0] = slab[LAST_WORD] = i;
        MPI_Isend(slab, SLAB_BYTES, MPI_BYTE, 1, 0, work->communicator,
                  &requests[place]);
    }
    MPI_Waitall(work->n_in_flight, requests, MPI_STATUSES_IGNORE);
    MPI_Recv(NULL, 0, MPI_BYTE, 1, 1, work->communicator, MPI_STATUS_IGNORE);
}

static void mpi_post(const struct work *work, int place, MPI_Request *request)
{
    MPI_Irecv(work->buffers[place], SLAB_BYTES, MPI_BYTE, 0, 0, work->communicator,
              request);
}

static void mpi_receive(const struct work *work)
{
    MPI_Request requests[MAX_FLIGHT];
    for (int i = 0; i < work->n_in_flight; i++)
        mpi_post(work, i, &requests[i]);
    MPI_Barrier(work->communicator);
    for (int i = 0; i < N_SLABS; i++) {
        int place = i % work->n_in_flight;
        const int64_t *slab = work->buffers[place];
        MPI_Wait(&requests[place], MPI_STATUS_IGNORE);
        if (slab[0] != i || slab[LAST_WORD] != i)
            bench_die("another slab than expected by MPI");
        if (i + work->n_in_flight < N_SLABS)
            mpi_post(work, place, &requests[place]);
    }
    MPI_Send(NULL, 0, MPI_BYTE, 0, 1, work->communicator);
}

static troupe_status with_mpi(troupe_actor *self, void *context, double *value)
{
    struct work *work = context;
    (void)self;
    if (work->rank == 1) {
        mpi_receive(work);
        return TROUPE_OK;
    }
    MPI_Barrier(work->communicator);
    double begin_s = bench_now_s();
    mpi_send(work);
    *value = gigabytes_per_s(bench_now_s() - begin_s);
    return TROUPE_OK;
}

/* ---- the program ----------------------------------------------------------------- */

static troupe_status prepare(troupe_actor *self, struct work *work)
{
    work->rank = troupe_rank(self);
    work->communicator = bench_communicator();
    if (troupe_n_ranks(self) != 2)
        bench_die("two ranks are needed");
    for (int i = 0; i < MAX_FLIGHT; i++) {
        work->buffers[i] = aligned_alloc(4096, SLAB_BYTES);
        if (!work->buffers[i])
            return TROUPE_NO_MEMORY;
        memset(work->buffers[i], 1, SLAB_BYTES);
        TROUPE_TRY(troupe_defer(self, free, work->buffers[i]));
    }
    if (work->rank == 1)
        TROUPE_TRY(troupe_spawn(self, &sink_actor, NULL, &work->sink));
    return troupe_broadcast(self, troupe_rank_team(self), 1, &work->sink,
                            sizeof work->sink);
}

static troupe_status body(troupe_actor *self, int argc, char **argv)
{
    static const struct {
        int n_in_flight;
        bool is_filled;
    } variants[] = {{1, false}, {2, false}, {4, false}, {2, true}};
    struct bench_options options = bench_parse(argc, argv);
    struct work work = {.rank = 0};
    TROUPE_TRY(prepare(self, &work));
    for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++) {
        char name[60];
        work.n_in_flight = variants[i].n_in_flight;
        work.is_filled = variants[i].is_filled;
        snprintf(name, sizeof name, "1 MiB messages%s, %d in flight",
                 work.is_filled ? " written anew" : "", work.n_in_flight);
        if (!bench_wants(&options, name))
            continue;
        struct bench_plan plan = {.about = {.bench = "bulk",
                                            .name = name,
                                            .unit = "GB/s",
                                            .peer_name = "MPI_Isend, MPI_Irecv",
                                            .is_rate = true},
                                  .ours = with_actors,
                                  .peer = with_mpi,
                                  .context = &work,
                                  .n_pairs = options.is_quick ? 15 : 41};
        TROUPE_TRY(bench_interleave(self, &plan));
    }
    MPI_Comm_free(&work.communicator);
    return TROUPE_OK;
}
TROUPE_PROCESS(main_process, body, TROUPE_ACCEPTS(taken), TROUPE_SPAWNS(&sink_actor));

int main(int argc, char **argv)
{
    return bench_main(argc, argv, &(troupe_program){.main = &main_process});
}
