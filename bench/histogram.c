/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random updates to a table that is spread over the ranks. Every rank draws indices;
 * each update is a message to the table actor of the index's rank, the own one
 * included. The peers make the same updates: with one 8 B MPI message each (those to
 * the own rank too, and for information once more without), and with buffers of 1024
 * updates, where own updates are applied at once.
 */
#include "common/histogram_mpi.h"
#include "common/interleave.h"

#include <inttypes.h>
#include <string.h>

struct update {
    int64_t index; /* within the table of the receiver's rank */
};
TROUPE_TYPE(update, index);
/* A generator's last message to a table; when all have sent it, the table answers. */
TROUPE_SIGNAL(finish);
TROUPE_SIGNAL(applied);
/* Asks for the sums of a table and clears it. */
TROUPE_SIGNAL(reckon);
TROUPE_TYPE(histogram_sums, n_updates, weighted);

struct table {
    int64_t counts[HISTOGRAM_SIZE];
    int32_t n_finished, reserved;
};
TROUPE_TYPE(table, counts, n_finished, reserved);

static troupe_status
on_update(troupe_actor *self, struct table *table, const struct update *update)
{
    (void)self;
    table->counts[update->index]++;
    return TROUPE_OK;
}

static troupe_status on_finish(troupe_actor *self, struct table *table)
{
    if (++table->n_finished < troupe_n_ranks(self))
        return TROUPE_OK;
    table->n_finished = 0;
    return troupe_send(self, troupe_rank_process(self, troupe_rank(self)), applied);
}

static troupe_status on_reckon(troupe_actor *self, struct table *table)
{
    struct histogram_sums sums = histogram_reckon(table->counts);
    memset(table->counts, 0, sizeof table->counts);
    return troupe_send_value(self, troupe_sender(self), histogram_sums, &sums);
}

TROUPE_BEHAVIOR(table_keeper,
                table,
                TROUPE_ON(update, on_update),
                TROUPE_ON(finish, on_finish),
                TROUPE_ON(reckon, on_reckon),
                TROUPE_SENDS(applied, histogram_sums));

/* What the rank processes keep; the peers' half is in `mpi`. */
struct work {
    struct histogram_mpi mpi;
    int64_t n_updates;
    struct histogram_sums expected; /* of this rank's table */
    troupe_address tables[HISTOGRAM_MAX_RANKS];
};

/* Every variant has to leave the same table behind. */
static void check_sums(struct work *work, const struct histogram_sums *sums)
{
    if (work->expected.n_updates == 0)
        work->expected = *sums;
    if (memcmp(&work->expected, sums, sizeof *sums) != 0)
        bench_die("rank %d: %" PRId64 " updates, weighted %" PRId64 ", and not %" PRId64
                  ", %" PRId64,
                  work->mpi.rank, sums->n_updates, sums->weighted,
                  work->expected.n_updates, work->expected.weighted);
}

static double million_per_s(const struct work *work, double seconds)
{
    return 1e-6 * (double)work->n_updates * work->mpi.n_ranks / seconds;
}

static troupe_status send_updates(troupe_actor *self, const struct work *work)
{
    uint64_t random = histogram_seed(work->mpi.rank);
    uint64_t size = (uint64_t)work->mpi.n_ranks * HISTOGRAM_SIZE;
    for (int64_t i = 0; i < work->n_updates; i++) {
        uint64_t index = histogram_draw(&random, size);
        TROUPE_TRY(troupe_send(self, work->tables[index / HISTOGRAM_SIZE], update,
                               .index = (int64_t)(index % HISTOGRAM_SIZE)));
    }
    for (int rank = 0; rank < work->mpi.n_ranks; rank++)
        TROUPE_TRY(troupe_send(self, work->tables[rank], finish));
    return TROUPE_OK;
}

static troupe_status with_actors(troupe_actor *self, void *context, double *value)
{
    struct work *work = context;
    troupe_team *team = troupe_rank_team(self);
    const struct histogram_sums *sums;
    TROUPE_TRY(troupe_barrier(self, team));
    double begin_s = bench_now_s();
    TROUPE_TRY(send_updates(self, work));
    TROUPE_TRY(troupe_receive(self, applied, TROUPE_FOREVER, NULL));
    TROUPE_TRY(troupe_barrier(self, team));
    *value = million_per_s(work, bench_now_s() - begin_s);
    TROUPE_TRY(troupe_send(self, work->tables[work->mpi.rank], reckon));
    TROUPE_TRY(troupe_receive(self, histogram_sums, TROUPE_FOREVER, &sums));
    check_sums(work, sums);
    return TROUPE_OK;
}

/* The peers' common frame. */
static troupe_status
timed(struct work *work, void (*run)(struct histogram_mpi *), double *value)
{
    MPI_Barrier(work->mpi.communicator);
    double begin_s = bench_now_s();
    work->mpi.n_updates = work->n_updates;
    run(&work->mpi);
    MPI_Barrier(work->mpi.communicator);
    *value = million_per_s(work, bench_now_s() - begin_s);
    struct histogram_sums sums = histogram_reckon(work->mpi.counts);
    memset(work->mpi.counts, 0, sizeof work->mpi.counts);
    check_sums(work, &sums);
    return TROUPE_OK;
}

static troupe_status one_message_each(troupe_actor *self, void *context, double *value)
{
    struct work *work = context;
    (void)self;
    work->mpi.is_own_direct = false;
    return timed(work, histogram_mpi_single, value);
}

static troupe_status
one_message_each_other(troupe_actor *self, void *context, double *value)
{
    struct work *work = context;
    (void)self;
    work->mpi.is_own_direct = true;
    return timed(work, histogram_mpi_single, value);
}

static troupe_status by_hand(troupe_actor *self, void *context, double *value)
{
    (void)self;
    return timed(context, histogram_mpi_buffered, value);
}

static troupe_status prepare(troupe_actor *self, struct work *work)
{
    struct histogram_mpi *mpi = &work->mpi;
    mpi->communicator = bench_communicator();
    mpi->rank = troupe_rank(self);
    mpi->n_ranks = troupe_n_ranks(self);
    if (mpi->n_ranks > HISTOGRAM_MAX_RANKS)
        bench_die("at most %d ranks", HISTOGRAM_MAX_RANKS);
    troupe_address mine;
    TROUPE_TRY(troupe_spawn(self, &table_keeper, NULL, &mine));
    return troupe_gather(self, troupe_rank_team(self), -1, &mine, sizeof mine,
                         work->tables);
}

static troupe_status
measure(troupe_actor *self, struct work *work, const struct bench_options *options)
{
    static const struct {
        const char *name, *peer_name;
        bench_block_fn *peer;
    } variants[] = {
        {"random updates", "MPI, 8 B message per update", one_message_each},
        {"random updates", "MPI, 8 B message per update to the other rank",
         one_message_each_other},
        {"random updates", "MPI by hand, buffers of 1024", by_hand},
    };
    work->n_updates = options->is_quick ? 100000 : 300000;
    for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++) {
        if (!bench_wants(options, variants[i].peer_name))
            continue;
        struct bench_plan plan = {.about = {.bench = "histogram",
                                            .name = variants[i].name,
                                            .unit = "million updates/s",
                                            .peer_name = variants[i].peer_name,
                                            .is_rate = true},
                                  .ours = with_actors,
                                  .peer = variants[i].peer,
                                  .context = work,
                                  .n_pairs = options->is_quick ? 11 : 31};
        TROUPE_TRY(bench_interleave(self, &plan));
    }
    return TROUPE_OK;
}

static troupe_status body(troupe_actor *self, int argc, char **argv)
{
    struct bench_options options = bench_parse(argc, argv);
    struct work *work = troupe_alloc(self, sizeof *work);
    if (!work)
        return TROUPE_NO_MEMORY;
    TROUPE_TRY(prepare(self, work));
    TROUPE_TRY(measure(self, work, &options));
    MPI_Comm_free(&work->mpi.communicator);
    return TROUPE_OK;
}
TROUPE_PROCESS(main_process,
               body,
               TROUPE_ACCEPTS(applied, histogram_sums),
               TROUPE_SPAWNS(&table_keeper));

int main(int argc, char **argv)
{
    return bench_main(argc, argv, &(troupe_program){.main = &main_process});
}
