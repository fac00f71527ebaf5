/* ranks: 8 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "comm/mpi_port.h"
#include "mpi/test_comm_mpi.h"

/*
 * Everybody sends to everybody as fast as it can, and MPI never holds a data frame for
 * which no receive was posted: what MPI itself says of its queue of unexpected
 * messages, asked again and again on every rank, is zero for every peer.
 */

enum { KIND = BASE_KIND(BASE_SLOT_ACTOR, 1), MAX_RANKS = 64, SKIPPED = 77 };
#ifdef TROUPE_HOSTILE
enum { N_RECORDS = 1000 }; /* in frames of 64 bytes */
#else
enum { N_RECORDS = 20000 };
#endif

static struct troupe rank_state;
static struct comm *comm;
static MPI_T_pvar_session session;
static MPI_T_pvar_handle queue;
static int n_values; /* 0: this MPI does not count its queues */
static uint32_t n_posted, n_samples;
static uint64_t n_taken;
static bool has_ended;

static void open_counter(void)
{
    int level, index, n_pvars;
    MPI_Comm data = mpi_port_of(comm)->communicator[MPI_PORT_DATA];

    MPI_T_init_thread(MPI_THREAD_FUNNELED, &level);
    MPI_T_pvar_get_num(&n_pvars);
    if (MPI_T_pvar_get_index("pml_ob1_unexpected_msgq_length", MPI_T_PVAR_CLASS_SIZE,
                             &index) != MPI_SUCCESS ||
        MPI_T_pvar_session_create(&session) != MPI_SUCCESS ||
        MPI_T_pvar_handle_alloc(session, index, &data, &queue, &n_values) !=
            MPI_SUCCESS)
        n_values = 0;
    if (n_values > 0)
        MPI_T_pvar_start(session, queue); /* refused where it always runs */
}

static void sample(void)
{
    unsigned lengths[MAX_RANKS] = {0};
    if (n_values == 0)
        return;
    MUST(n_values <= MAX_RANKS &&
             MPI_T_pvar_read(session, queue, lengths) == MPI_SUCCESS,
         "reading the counter");
    n_samples++;
    for (int i = 0; i < n_values; i++)
        MUST(lengths[i] == 0, "%u unexpected frames from rank %d", lengths[i], i);
}

static void take(struct troupe *rank, struct comm_record *record)
{
    (void)rank;
    if (record->ticket) /* in hostile builds */
        comm_fetch_discard(comm, record->source, record->ticket);
    n_taken++;
}

static void quiet(struct troupe *rank, uint32_t any, uint32_t all)
{
    (void)rank;
    (void)all;
    has_ended = any == 0;
}

static void post_some(void)
{
    static const unsigned char payload[600];
    const struct comm_header header = {.kind = KIND, .to = 1, .from = 2};
    for (int i = 0; i < 50 && n_posted < N_RECORDS; i++) {
        int peer =
            (comm_rank(comm) + 1 + (int)(n_posted % (unsigned)(comm_size(comm) - 1))) %
            comm_size(comm);
        if (comm_is_congested(comm, peer))
            return;
        MUST(comm_post(comm, peer, &header, payload, n_posted % sizeof payload) ==
                 TROUPE_OK,
             "post");
        n_posted++;
    }
}

static struct comm_step step(struct troupe *rank)
{
    struct comm_record record;
    comm_poll(comm);
    sample();
    while (comm_next(comm, &record))
        comm_kind(comm, record.header.kind)->take(rank, &record);
    if (has_ended)
        return (struct comm_step){COMM_STEP_DONE, 0};
    if (n_posted < N_RECORDS) {
        post_some();
        return (struct comm_step){COMM_STEP_BUSY, 0};
    }
    comm_flush(comm, COMM_FLUSH_IDLE);
    comm_quiet_offer(comm, 0, 0, true);
    return (struct comm_step){COMM_STEP_IDLE, INT64_MAX};
}

int main(int argc, char **argv)
{
    static const struct base_frame_kind kind = {KIND, false, "test", take};
    static const struct comm_upper upper = {.quiet = quiet};
    /* Pipes would keep all frames from MPI. */
    const struct comm_options options = {.spin_ns = -1, .without_pipes = true};
    struct comm_counts counts;

    test_mpi_begin(&argc, &argv);
    struct message_pool *pool = message_pool_create();
    comm = test_mpi_open(&rank_state);
    comm_kind_add(comm, &kind);
    open_counter();
    MUST(comm_start(comm, &options, pool, &upper) == TROUPE_OK, "start");
    comm_mpi_drive(comm, step);
    comm_count(comm, &counts);
    MUST(counts.n_credit_stalls > 0, "the traffic never reached the limit of credits");
    MUST(n_taken > 0, "nothing came");
    MUST(n_values == 0 || n_samples > 0, "the counter was never read");
    if (n_values > 0)
        MPI_T_pvar_handle_free(session, &queue);
    else if (comm_rank(comm) == 0)
        fprintf(stderr, "skipped: this MPI does not count its unexpected messages\n");
    test_mpi_end(comm, pool);
    MPI_Finalize();
    return n_values > 0 ? EXIT_SUCCESS : SKIPPED;
}
