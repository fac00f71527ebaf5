/* ranks: 1 2 4 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "troupe/troupe.h"
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * A program that owns main and MPI: its own messages travel beside the runtime's,
 * before, during and after; it starts the runtime several times, also on a communicator
 * of its own.
 */

static void require(bool condition, const char *what, int line)
{
    if (condition)
        return;
    fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, line, what);
    MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
}
#define REQUIRE(condition) require((condition), #condition, __LINE__)

/* ---- the actors
 * ------------------------------------------------------------------------- */

struct work {
    int64_t number;
};
TROUPE_TYPE(work, number);

static troupe_status on_work(troupe_actor *self, const struct work *work)
{
    return troupe_reply(self, work, work, .number = work->number * 2);
}
TROUPE_BEHAVIOR(worker, troupe_no_state, TROUPE_ON(work, on_work));

enum { N_CALLS = 50, MANY = 1 << 16 };

/* What the rank process finds at the other end of main's arguments. */
static int expected_rank, expected_n_ranks;

static troupe_status call_worker(troupe_actor *self, troupe_address to, int64_t number)
{
    const struct work *answer;

    TROUPE_TRY(
        troupe_call(self, to, work, &answer, TROUPE_FOREVER, work, .number = number));
    return answer->number == 2 * number ? TROUPE_OK : TROUPE_FAILED;
}

/* The rank's workers have calls of others to answer meanwhile: no MPI call may block.
 */
static int sum_over_world(troupe_actor *self, int value)
{
    MPI_Request request;
    int sum, is_done = 0;

    MPI_Iallreduce(&value, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD, &request);
    while (!is_done) {
        troupe_yield(self);
        MPI_Test(&request, &is_done, MPI_STATUS_IGNORE);
    }
    return sum;
}

static troupe_status body(troupe_actor *self, int argc, char **argv)
{
    int rank = troupe_rank(self), n_ranks = troupe_n_ranks(self), n_world;
    const troupe_spawn_options next = {.place = TROUPE_ON_RANK((rank + 1) % n_ranks)};
    troupe_address helper;

    REQUIRE(argc == 2 && argv[1][0] == 'x');
    REQUIRE(rank == expected_rank && n_ranks == expected_n_ranks);
    TROUPE_TRY(troupe_spawn(self, &worker, &next, &helper));
    for (int i = 0; i < N_CALLS; i++)
        TROUPE_TRY(call_worker(self, helper, i));
    MPI_Comm_size(MPI_COMM_WORLD, &n_world);
    REQUIRE(sum_over_world(self, 1) == n_world);
    return call_worker(self, helper, N_CALLS);
}
TROUPE_PROCESS(main_process, body, TROUPE_ACCEPTS(work), TROUPE_SPAWNS(&worker));

/* ---- main's own traffic
 * ----------------------------------------------------------------- */

struct traffic {
    int *out, *in;
    MPI_Request requests[2];
};

/* Large, so that it is no copy in some buffer while the runtime runs. */
static void traffic_begin(struct traffic *traffic, int rank, int n_ranks)
{
    traffic->out = malloc(MANY * sizeof(int));
    traffic->in = malloc(MANY * sizeof(int));
    for (int i = 0; i < MANY; i++)
        traffic->out[i] = rank * MANY + i;
    MPI_Irecv(traffic->in, MANY, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD,
              &traffic->requests[0]);
    MPI_Isend(traffic->out, MANY, MPI_INT, (rank + 1) % n_ranks, 1, MPI_COMM_WORLD,
              &traffic->requests[1]);
}

static void traffic_end(struct traffic *traffic, int rank, int n_ranks)
{
    int source = (rank + n_ranks - 1) % n_ranks;

    MPI_Waitall(2, traffic->requests, MPI_STATUSES_IGNORE);
    for (int i = 0; i < MANY; i++)
        REQUIRE(traffic->in[i] == source * MANY + i);
    free(traffic->in);
    free(traffic->out);
}

/* ---- main
 * ------------------------------------------------------------------------------- */

static void run_once(MPI_Comm *communicator)
{
    static const troupe_program program = {.main = &main_process};
    char name[] = "test", argument[] = "x";
    char *argv[] = {name, argument, NULL};
    const troupe_options options = {
        .program = &program, .argc = 2, .argv = argv, .communicator = communicator};
    troupe *runtime;

    MPI_Comm_rank(communicator ? *communicator : MPI_COMM_WORLD, &expected_rank);
    MPI_Comm_size(communicator ? *communicator : MPI_COMM_WORLD, &expected_n_ranks);
    REQUIRE(troupe_start(&options, &runtime) == TROUPE_OK);
    MPI_Barrier(MPI_COMM_WORLD);
    REQUIRE(troupe_run(runtime) == TROUPE_CODE_OK);
    MPI_Barrier(MPI_COMM_WORLD);
    troupe_stop(runtime);
}

struct narrow {
    int32_t value;
};
TROUPE_TYPE(narrow, value);
struct wide {
    int64_t value;
};
TROUPE_TYPE(wide, value);

/* The last rank has another type of one name: refused on all ranks alike. */
static void start_different(int rank, int n_ranks)
{
    troupe_type type =
        rank == n_ranks - 1 ? *TROUPE_TYPE_OF(wide) : *TROUPE_TYPE_OF(narrow);
    const troupe_type *const types[] = {&type, NULL};
    const troupe_program program = {.main = &main_process, .types = types};
    const troupe_options options = {.program = &program};
    troupe *runtime;

    type.name = "value";
    if (n_ranks > 1)
        REQUIRE(troupe_start(&options, &runtime) == TROUPE_SCHEMA);
}

/* A program that no rank can start: likewise. */
static void start_broken(void)
{
    static const troupe_behavior twin = {.name = "worker", .body = NULL};
    static const troupe_behavior *const behaviors[] = {&twin, NULL};
    const troupe_program program = {.main = &main_process, .behaviors = behaviors};
    const troupe_options options = {.program = &program};
    troupe *runtime;

    REQUIRE(troupe_start(&options, &runtime) == TROUPE_INVALID);
}

int main(int argc, char **argv)
{
    int rank, n_ranks, level, is_finalised;
    MPI_Comm reversed, halves;
    struct traffic traffic;

    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    REQUIRE(level >= MPI_THREAD_FUNNELED);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &n_ranks);
    MPI_Comm_split(MPI_COMM_WORLD, 0, -rank, &reversed);
    MPI_Comm_split(MPI_COMM_WORLD, rank % 2, rank, &halves);

    traffic_begin(&traffic, rank, n_ranks);
    run_once(NULL);
    start_different(rank, n_ranks);
    start_broken();
    run_once(NULL);
    traffic_end(&traffic, rank, n_ranks);
    traffic_begin(&traffic, rank, n_ranks);
    run_once(&reversed);
    run_once(&halves);
    traffic_end(&traffic, rank, n_ranks);

    MPI_Finalized(&is_finalised);
    REQUIRE(!is_finalised);
    MPI_Comm_free(&reversed);
    MPI_Comm_free(&halves);
    MPI_Finalize();
    return EXIT_SUCCESS;
}
