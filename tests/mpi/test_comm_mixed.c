/* ranks: 3 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "comm/mpi_pipes.h"
#include "mpi/test_comm_mpi.h"

/*
 * Rank 1, which is on the machine of rank 0, sends to it without end and faster than it
 * takes, by a pipe; what rank 2 sends, as if from another machine, comes all the same.
 * Rank 0 says when: to rank 2 as soon as the stream flows, to rank 1 when it has heard
 * of rank 2. A stream that ends by itself has kept rank 2 out.
 */

enum { MAIL = BASE_KIND(BASE_SLOT_ACTOR, 1), WORD = BASE_KIND(BASE_SLOT_ACTOR, 2) };
enum { FLOWING = 500, TOO_MANY = 200 * 1000, WORK = 5000 };

static struct troupe rank_state;
static struct comm *comm;
static uint32_t n_posted, n_taken;
static bool has_word, has_ended;
static uint64_t sum;

static void say(int peer)
{
    const struct comm_header header = {.kind = WORD};
    MUST(comm_post(comm, peer, &header, NULL, 0) == TROUPE_OK, "a word");
    comm_flush(comm, COMM_FLUSH_BLOCK);
}

/* Rank 0 takes its time. */
static void take_mail(struct troupe *rank, struct comm_record *record)
{
    (void)rank;
    (void)record;
    for (uint64_t i = 0; i < WORK; i++)
        sum = (sum ^ i) * UINT64_C(0x9e3779b97f4a7c15);
    if (++n_taken == FLOWING)
        say(2);
}

static void take_word(struct troupe *rank, struct comm_record *record)
{
    (void)rank;
    (void)record;
    has_word = true;
    if (comm_rank(comm) == 0)
        say(1);
    if (comm_rank(comm) == 2)
        say(0);
}

static void quiet(struct troupe *rank, uint32_t any, uint32_t all)
{
    (void)rank;
    (void)any;
    (void)all;
    has_ended = true;
}

/* True: there is more to come. */
static bool stream(void)
{
    static const unsigned char payload[8];
    const struct comm_header header = {.kind = MAIL};

    if (comm_rank(comm) != 1 || has_word || n_posted == TOO_MANY)
        return false;
    while (n_posted < TOO_MANY && !comm_is_congested(comm, 0)) {
        MUST(comm_post(comm, 0, &header, payload, sizeof payload) == TROUPE_OK, "mail");
        n_posted++;
    }
    return true;
}

static struct comm_step step(struct troupe *rank)
{
    struct comm_record record;

    comm_poll(comm);
    while (comm_next(comm, &record))
        comm_kind(comm, record.header.kind)->take(rank, &record);
    if (has_ended)
        return (struct comm_step){COMM_STEP_DONE, 0};
    if (stream() || comm_has_frame(comm))
        return (struct comm_step){COMM_STEP_BUSY, 0};
    comm_flush(comm, COMM_FLUSH_IDLE);
    comm_quiet_offer(comm, 0, 0, true);
    return (struct comm_step){COMM_STEP_IDLE, INT64_MAX};
}

int main(int argc, char **argv)
{
    static const struct base_frame_kind mail = {MAIL, false, "mail", take_mail};
    static const struct base_frame_kind word = {WORD, false, "word", take_word};
    static const struct comm_upper upper = {.quiet = quiet};
    const struct comm_options options = {.spin_ns = -1, .most_on_machine = 2};

    test_mpi_begin(&argc, &argv);
    struct message_pool *pool = message_pool_create();
    comm = test_mpi_open(&rank_state);
    comm_kind_add(comm, &mail);
    comm_kind_add(comm, &word);
    MUST(comm_start(comm, &options, pool, &upper) == TROUPE_OK, "start");
    MUST(comm_rank(comm) == 2 || mpi_pipe_to(mpi_port_of(comm), 1 - comm_rank(comm)),
         "no pipe between ranks 0 and 1");
    comm_mpi_drive(comm, step);
    MUST(has_word, "rank %d heard of nobody", comm_rank(comm));
    MUST(n_posted < TOO_MANY, "rank 2 was kept out until the stream had ended");
    test_mpi_end(comm, pool);
    MPI_Finalize();
    return EXIT_SUCCESS;
}
