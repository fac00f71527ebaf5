/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One way: a process sends as fast as it can to a handler actor of the other rank,
 * which adds up what it gets. The peer is MPI_Isend and MPI_Irecv in windows of 64, two
 * of them under way, each acknowledged when it has been read.
 */
#include "common/interleave.h"
#include "common/sink.h"

#include <stdlib.h>
#include <string.h>

struct item8 {
    int64_t number;
};
TROUPE_TYPE(item8, number);
struct item64 {
    int64_t number, filling[7];
};
TROUPE_TYPE(item64, number, filling);
struct item4096 {
    int64_t number, filling[511];
};
TROUPE_TYPE(item4096, number, filling);

/* ---- ours ------------------------------------------------------------------------ */

static troupe_status
on_item8(troupe_actor *self, struct sink *sink, const struct item8 *item)
{
    return sink_take(self, sink, item->number);
}

static troupe_status
on_item64(troupe_actor *self, struct sink *sink, const struct item64 *item)
{
    return sink_take(self, sink, item->number);
}

static troupe_status
on_item4096(troupe_actor *self, struct sink *sink, const struct item4096 *item)
{
    return sink_take(self, sink, item->number);
}

TROUPE_BEHAVIOR(sink_actor,
                sink,
                TROUPE_ON(expect, sink_expect),
                TROUPE_ON(item8, on_item8),
                TROUPE_ON(item64, on_item64),
                TROUPE_ON(item4096, on_item4096),
                TROUPE_SENDS(ready, received));

static troupe_status send_items8(troupe_actor *self, troupe_address sink, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        TROUPE_TRY(troupe_send(self, sink, item8, .number = i));
    return TROUPE_OK;
}

static troupe_status send_items64(troupe_actor *self, troupe_address sink, int64_t n)
{
    struct item64 item = {.filling = {1}};
    for (int64_t i = 0; i < n; i++) {
        item.number = i;
        TROUPE_TRY(troupe_send_value(self, sink, item64, &item));
    }
    return TROUPE_OK;
}

static troupe_status send_items4096(troupe_actor *self, troupe_address sink, int64_t n)
{
    struct item4096 item = {.filling = {1}};
    for (int64_t i = 0; i < n; i++) {
        item.number = i;
        TROUPE_TRY(troupe_send_value(self, sink, item4096, &item));
    }
    return TROUPE_OK;
}

enum { WINDOW = 64, N_WINDOWS = 2 };

static const struct kind {
    const char *name;
    troupe_status (*send)(troupe_actor *self, troupe_address sink, int64_t n);
    size_t bytes;
    int64_t n_items; /* of a block, in windows */
} kinds[] = {
    {"8 B messages to an actor", send_items8, 8, 1600 * WINDOW},
    {"64 B messages to an actor", send_items64, 64, 400 * WINDOW},
    {"4 KiB messages to an actor", send_items4096, 4096, 40 * WINDOW},
};
enum { N_KINDS = sizeof kinds / sizeof kinds[0], MAX_BYTES = 4096 };

struct work {
    const struct kind *kind;
    MPI_Comm communicator;
    int rank;
    troupe_address sink;
    MPI_Request requests[N_WINDOWS][WINDOW];
    _Alignas(64) unsigned char buffers[N_WINDOWS][WINDOW * MAX_BYTES];
};

static int64_t expected_sum(const struct kind *kind)
{
    return kind->n_items * (kind->n_items - 1) / 2;
}

static double million_per_s(const struct kind *kind, double seconds)
{
    return 1e-6 * (double)kind->n_items / seconds;
}

static troupe_status with_actors(troupe_actor *self, void *context, double *value)
{
    struct work *work = context;
    const struct kind *kind = work->kind;
    const struct received *received;
    if (work->rank != 0)
        return TROUPE_OK;
    TROUPE_TRY(troupe_call(self, work->sink, ready, NULL, TROUPE_FOREVER, expect,
                           .n_items = kind->n_items));
    double begin_s = bench_now_s();
    TROUPE_TRY(kind->send(self, work->sink, kind->n_items));
    TROUPE_TRY(troupe_receive(self, received, TROUPE_FOREVER, &received));
    *value = million_per_s(kind, bench_now_s() - begin_s);
    if (received->sum != expected_sum(kind))
        bench_die("%s: a wrong sum arrived", kind->name);
    return TROUPE_OK;
}

/* ---- plain MPI ------------------------------------------------------------------- */

static void await_acknowledgement(struct work *work)
{
    MPI_Recv(NULL, 0, MPI_BYTE, 1, 1, work->communicator, MPI_STATUS_IGNORE);
}

static void mpi_send(struct work *work)
{
    const struct kind *kind = work->kind;
    int64_t n_windows = kind->n_items / WINDOW;
    for (int64_t i = 0; i < n_windows; i++) {
        MPI_Request *requests = work->requests[i % N_WINDOWS];
        unsigned char *buffer = work->buffers[i % N_WINDOWS];
        if (i >= N_WINDOWS) {
            MPI_Waitall(WINDOW, requests, MPI_STATUSES_IGNORE);
            await_acknowledgement(work);
        }
        for (int j = 0; j < WINDOW; j++) {
            unsigned char *item = buffer + (size_t)j * kind->bytes;
            memcpy(item, &(int64_t){i * WINDOW + j}, sizeof(int64_t));
            MPI_Isend(item, (int)kind->bytes, MPI_BYTE, 1, 0, work->communicator,
                      &requests[j]);
        }
    }
    for (int i = 0; i < N_WINDOWS; i++) {
        MPI_Waitall(WINDOW, work->requests[i], MPI_STATUSES_IGNORE);
        await_acknowledgement(work);
    }
}

static void mpi_post(struct work *work, int window)
{
    size_t bytes = work->kind->bytes;
    for (size_t j = 0; j < WINDOW; j++)
        MPI_Irecv(work->buffers[window] + j * bytes, (int)bytes, MPI_BYTE, 0, 0,
                  work->communicator, &work->requests[window][j]);
}

/* The windows are posted before the clock starts. */
static int64_t mpi_receive(struct work *work)
{
    const struct kind *kind = work->kind;
    int64_t sum = 0, n_windows = kind->n_items / WINDOW;
    for (int64_t i = 0; i < n_windows; i++) {
        int window = (int)(i % N_WINDOWS);
        MPI_Waitall(WINDOW, work->requests[window], MPI_STATUSES_IGNORE);
        for (size_t j = 0; j < WINDOW; j++) {
            int64_t number;
            memcpy(&number, work->buffers[window] + j * kind->bytes, sizeof number);
            sum += number;
        }
        if (i + N_WINDOWS < n_windows)
            mpi_post(work, window);
        MPI_Send(NULL, 0, MPI_BYTE, 0, 1, work->communicator);
    }
    return sum;
}

static troupe_status with_mpi(troupe_actor *self, void *context, double *value)
{
    struct work *work = context;
    (void)self;
    if (work->rank == 1)
        for (int i = 0; i < N_WINDOWS; i++)
            mpi_post(work, i);
    MPI_Barrier(work->communicator);
    double begin_s = bench_now_s();
    if (work->rank == 0)
        mpi_send(work);
    else if (mpi_receive(work) != expected_sum(work->kind))
        bench_die("%s: a wrong sum arrived by MPI", work->kind->name);
    *value = million_per_s(work->kind, bench_now_s() - begin_s);
    return TROUPE_OK;
}

/* ---- the program ----------------------------------------------------------------- */

static troupe_status prepare(troupe_actor *self, struct work *work)
{
    work->rank = troupe_rank(self);
    work->communicator = bench_communicator();
    if (troupe_n_ranks(self) != 2)
        bench_die("two ranks are needed");
    if (work->rank == 1)
        TROUPE_TRY(troupe_spawn(self, &sink_actor, NULL, &work->sink));
    return troupe_broadcast(self, troupe_rank_team(self), 1, &work->sink,
                            sizeof work->sink);
}

static troupe_status body(troupe_actor *self, int argc, char **argv)
{
    struct bench_options options = bench_parse(argc, argv);
    struct work *work = aligned_alloc(64, sizeof *work);
    if (!work)
        return TROUPE_NO_MEMORY;
    memset(work, 0, sizeof *work);
    TROUPE_TRY(prepare(self, work));
    for (size_t i = 0; i < N_KINDS; i++) {
        work->kind = &kinds[i];
        if (!bench_wants(&options, work->kind->name))
            continue;
        struct bench_plan plan = {
            .about = {.bench = "stream",
                      .name = work->kind->name,
                      .unit = "million messages/s",
                      .peer_name = "MPI_Isend, MPI_Irecv, windows of 64",
                      .is_rate = true},
            .ours = with_actors,
            .peer = with_mpi,
            .context = work,
            .n_pairs = options.is_quick ? 15 : 41};
        TROUPE_TRY(bench_interleave(self, &plan));
    }
    MPI_Comm_free(&work->communicator);
    free(work);
    return TROUPE_OK;
}
TROUPE_PROCESS(main_process,
               body,
               TROUPE_ACCEPTS(ready, received),
               TROUPE_SPAWNS(&sink_actor));

int main(int argc, char **argv)
{
    return bench_main(argc, argv, &(troupe_program){.main = &main_process});
}
