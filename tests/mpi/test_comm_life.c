/* ranks: 1 2 */
/* SPDX-License-Identifier: BSD-3-Clause */
#define _POSIX_C_SOURCE 200809L /* setenv */
#include "mpi/test_comm_mpi.h"

/*
 * Opening and closing inside a program that has MPI itself: what is refused and why, a
 * communicator of the program's, twice in one process, and the program's own requests.
 */

enum { TAG = 5 };

static struct troupe rank_state;
static struct comm *comm;
static int n_watched;
static bool has_ended;

static void expect_refusal(const char *words)
{
    const struct comm_mpi_options options = {0};
    struct comm *none = NULL;
    char why[400] = "";
    MUST(comm_mpi_open(&options, &rank_state, &none, why, sizeof why) == TROUPE_INVALID,
         "not refused: %s", words);
    MUST(!none && strstr(why, words), "\"%s\" does not say \"%s\"", why, words);
}

/* As a launcher of another MPI leaves it. */
static void test_launcher(void)
{
    int n_ranks;
    MPI_Comm_size(MPI_COMM_WORLD, &n_ranks);
    if (n_ranks > 1)
        return;
    const char *size = getenv("OMPI_COMM_WORLD_SIZE");
    char *kept = size ? strdup(size) : NULL;
    unsetenv("OMPI_COMM_WORLD_SIZE");
    setenv("PMI_SIZE", "4", 1);
    expect_refusal("PMI_SIZE=4");
    unsetenv("PMI_SIZE");
    if (kept)
        setenv("OMPI_COMM_WORLD_SIZE", kept, 1);
    free(kept);
}

static void watched(struct troupe *rank, void *context)
{
    MUST(rank == &rank_state && context == &n_watched, "what was given comes back");
    n_watched++;
}

static void quiet(struct troupe *rank, uint32_t any, uint32_t all)
{
    (void)rank;
    (void)all;
    has_ended = any == 0;
}

static struct comm_step step(struct troupe *rank)
{
    struct comm_record record;
    (void)rank;
    comm_poll(comm);
    while (comm_next(comm, &record))
        MUST(false, "nobody sends anything");
    if (has_ended)
        return (struct comm_step){COMM_STEP_DONE, 0};
    comm_quiet_offer(comm, n_watched < 2, 0, true);
    return (struct comm_step){COMM_STEP_IDLE, INT64_MAX};
}

static void run(MPI_Comm communicator)
{
    static const struct comm_upper upper = {.quiet = quiet};
    struct comm_mpi_options options = {.communicator = &communicator};
    char why[400] = "";
    int rank, n_ranks, sent = 1, received[2] = {0};
    MPI_Comm theirs;
    MPI_Request requests[3];

    n_watched = 0;
    has_ended = false;
    struct message_pool *pool = message_pool_create();
    MUST(comm_mpi_open(&options, &rank_state, &comm, why, sizeof why) == TROUPE_OK,
         "%s", why);
    MUST(comm_start(comm, NULL, pool, &upper) == TROUPE_OK, "start");
    MPI_Comm_rank(communicator, &rank);
    MPI_Comm_size(communicator, &n_ranks);
    MUST(comm_rank(comm) == rank && comm_size(comm) == n_ranks, "rank and size");
    memcpy(&theirs, comm_communicator(comm), sizeof theirs);
    MUST(theirs == communicator, "the communicator is the program's");
    MUST(comm_random(comm) != comm_random(comm), "chance");
    MUST(strcmp(comm_backend_name(comm), "mpi") == 0, "name");
    /* Two requests of the program, one a collective; both end while comm is driven. */
    MPI_Irecv(&received[0], 1, MPI_INT, (rank + 1) % n_ranks, TAG, communicator,
              &requests[0]);
    MPI_Isend(&sent, 1, MPI_INT, (rank + n_ranks - 1) % n_ranks, TAG, communicator,
              &requests[1]);
    MPI_Iallreduce(&sent, &received[1], 1, MPI_INT, MPI_SUM, communicator,
                   &requests[2]);
    comm_watch(comm, &requests[0], watched, &n_watched);
    comm_watch(comm, &requests[2], watched, &n_watched);
    comm_mpi_drive(comm, step);
    MUST(n_watched == 2 && received[0] == 1 && received[1] == n_ranks, "the requests");
    MUST(requests[0] == MPI_REQUEST_NULL && requests[2] == MPI_REQUEST_NULL,
         "completed");
    MPI_Wait(&requests[1], MPI_STATUS_IGNORE);
    test_mpi_end(comm, pool);
}

int main(int argc, char **argv)
{
    MPI_Comm reversed;
    int rank, is_finalised;

    test_mpi_begin(&argc, &argv);
    test_launcher();
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_split(MPI_COMM_WORLD, 0, -rank, &reversed);
    run(MPI_COMM_WORLD);
    run(reversed);
    MPI_Finalized(&is_finalised);
    MUST(!is_finalised, "MPI was the program's to finalise");
    MPI_Comm_free(&reversed);
    MPI_Finalize();
    expect_refusal("finalised");
    return EXIT_SUCCESS;
}
