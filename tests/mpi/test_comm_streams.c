/* ranks: 1 2 4 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "comm/mpi_pipes.h"
#include "mpi/test_comm_mpi.h"
#include "sim/test_comm_traffic.h"

/*
 * The traffic of the simulator's test over real MPI, with several options one after the
 * other in one process, in an MPI that the program itself initialised; each by pipes,
 * without, and as if the ranks were on several machines.
 */

static const struct comm_options plans[] = {
    {.spin_ns = -1},
    {.spin_ns = -1, .route = comm_route_two_hops},
    {.spin_ns = 0, .frame_bytes = 64, .initial_credits = 1, .chunk_limit_bytes = 256},
    {.spin_ns = 50000, .frame_bytes = 512, .receive_budget_bytes = 8192},
    {.spin_ns = -1, .chunk_limit_bytes = 1, .pending_limit_bytes = 100},
    {.spin_ns = -1, .initial_credits = 64}, /* more than a pipe holds */
};

enum way { BY_PIPES, ONE_WITHOUT_PIPES, WITHOUT_PIPES, MIXED, N_WAYS };
enum { MIXED_RANKS = 2 }; /* to a machine */

static void expect_way(const struct comm *comm, enum way way)
{
    const struct mpi_port *port = mpi_port_of(comm);
    bool has_pipes = comm->n_ranks > 1 && (way == BY_PIPES || way == MIXED);

    MUST((port->pipes != NULL) == has_pipes, "pipes");
    MUST(port->is_alone ==
             (has_pipes && (way == BY_PIPES || comm->n_ranks <= MIXED_RANKS)),
         "alone");
    MUST((port->posted[COMM_DATA] == NULL) == (port->is_alone || comm->n_slots == 0),
         "slots of MPI");
}

static void run(const struct comm_options *plan, enum way way, uint64_t seed)
{
    struct comm_options changed = *plan, *options = &changed;
    changed.most_on_machine = way == MIXED ? MIXED_RANKS : 0;
    world = calloc(1, sizeof *world);
    MUST(world, "memory");
    MPI_Comm_size(MPI_COMM_WORLD, &world->n_ranks);
    int rank;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    struct side *side = &world->side[rank];
    changed.without_pipes =
        way == WITHOUT_PIPES || (way == ONE_WITHOUT_PIPES && rank == 0);
    world->n_records = world->n_ranks > 1 ? 3000 : 0;
    world->max_bytes = options->frame_bytes == 64 ? 2000 : 40960;
    world->heeds_congestion = true;
    side->n_to_post = world->n_records;
    side->random.state = seed * 100 + (uint64_t)rank;
    side->pool = message_pool_create();
    side->comm = test_mpi_open(&side->troupe);
    comm_kind_add(side->comm, &kind);
    MUST(comm_start(side->comm, options, side->pool, &upper) == TROUPE_OK, "start");
    expect_way(side->comm, way);
    comm_mpi_drive(side->comm, step);
    MUST(!world->failed && side->n_verdicts > 0 && side->n_fetching == 0,
         "the traffic");
    test_mpi_end(side->comm, side->pool);
    free(world);
}

int main(int argc, char **argv)
{
    int n_ranks;

    test_mpi_begin(&argc, &argv);
    MPI_Comm_size(MPI_COMM_WORLD, &n_ranks);
    int n_ways = n_ranks > 1 ? N_WAYS : 1;
    for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++) {
        for (int way = 0; way < n_ways; way++)
            run(&plans[i], (enum way)way, i + 1);
    }
    MPI_Finalize();
    return EXIT_SUCCESS;
}
