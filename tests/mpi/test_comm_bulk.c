/* ranks: 2 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "mpi/test_comm_mpi.h"
#include "runtime/memory.h"

/*
 * Payloads apart: several in flight, between chunks and small records whose order they
 * must not disturb, and once one of more than 2 GiB, which no MPI call takes at once.
 * That one takes 5 GiB of memory and some 15 s: with TROUPE_TEST_FULL=1, where 8 GiB
 * are available.
 */

enum { KIND = BASE_KIND(BASE_SLOT_ACTOR, 1) };

static struct troupe rank_state;
static struct comm *comm;
static struct message_pool *pool;
static uint64_t sizes[64];
static size_t n_sizes, n_posted, n_ticketed, n_fetched;
static bool has_ended;

/* NULL: nothing is in the way of the huge payload. */
static const char *what_forbids_huge(void)
{
    const char *full = getenv("TROUPE_TEST_FULL");

    if (!full || *full != '1')
        return "takes long, and is for TROUPE_TEST_FULL=1";
    if (runtime_free_bytes() < UINT64_C(4) << 30) /* of each rank */
        return "wants 8 GiB of available memory";
    return NULL;
}

static void choose_sizes(void)
{
    const char *why_not = what_forbids_huge();

    for (size_t i = 0; i < 60; i++)
        sizes[n_sizes++] = i % 3 == 0   ? 8
                           : i % 3 == 1 ? 16 * 1024 + i
                                        : (i * 131072) + 5;
    if (why_not)
        printf("left out: the payload of more than 2 GiB %s\n", why_not);
    else
        sizes[n_sizes++] = (UINT64_C(2) << 30) + 4099;
}

/* Sparse, so that gigabytes do not take minutes. */
static uint64_t stride_of(uint64_t size_bytes)
{
    return size_bytes < 1 << 20 ? 1 : 4093;
}

static unsigned char byte_at(size_t n, uint64_t offset)
{
    return (unsigned char)(offset * 31 + offset / 4099 + n);
}

static void post_next(void)
{
    const struct comm_header header = {.kind = KIND, .reference = n_posted + 1};
    uint64_t size_bytes = sizes[n_posted];
    struct message_envelope *envelope = message_take(pool, (size_t)size_bytes);
    MUST(envelope, "%llu bytes", (unsigned long long)size_bytes);
    for (uint64_t i = 0; i < size_bytes; i += stride_of(size_bytes))
        envelope->inline_payload[i] = byte_at(n_posted, i);
    envelope->inline_payload[size_bytes - 1] = byte_at(n_posted, size_bytes - 1);
    MUST(comm_post_envelope(comm, 1, &header, &envelope) == TROUPE_OK, "post");
    n_posted++;
}

static void check(size_t n, const unsigned char *payload, uint64_t size_bytes)
{
    MUST(size_bytes == sizes[n], "record %zu has %llu bytes", n,
         (unsigned long long)size_bytes);
    for (uint64_t i = 0; i < size_bytes; i += stride_of(size_bytes))
        MUST(payload[i] == byte_at(n, i), "record %zu at %llu", n,
             (unsigned long long)i);
    MUST(payload[size_bytes - 1] == byte_at(n, size_bytes - 1), "the end of record %zu",
         n);
    n_fetched++;
}

static void take(struct troupe *rank, struct comm_record *record)
{
    (void)rank;
    size_t n = n_ticketed++;
    MUST(record->header.reference == n + 1, "record %zu came as number %zu",
         (size_t)record->header.reference, n + 1);
    if (!record->ticket) {
        check(n, record->payload, record->size_bytes);
        return;
    }
    struct message_envelope *envelope = message_take(pool, (size_t)record->size_bytes);
    MUST(envelope, "%llu bytes", (unsigned long long)record->size_bytes);
    envelope->flags |= MESSAGE_PENDING;
    envelope->reference = n;
    comm_fetch(comm, record->source, record->ticket, envelope);
}

static void fetched(struct troupe *rank, struct message_envelope *envelope)
{
    (void)rank;
    check((size_t)envelope->reference, envelope->inline_payload, envelope->size_bytes);
    message_give(pool, envelope);
}

static void quiet(struct troupe *rank, uint32_t any, uint32_t all)
{
    (void)rank;
    (void)any;
    (void)all;
    has_ended = true;
}

static struct comm_step step(struct troupe *rank)
{
    struct comm_record record;
    comm_poll(comm);
    while (comm_next(comm, &record))
        comm_kind(comm, record.header.kind)->take(rank, &record);
    if (has_ended)
        return (struct comm_step){COMM_STEP_DONE, 0};
    if (comm_rank(comm) == 0 && n_posted < n_sizes) {
        post_next();
        return (struct comm_step){COMM_STEP_BUSY, 0};
    }
    comm_flush(comm, COMM_FLUSH_IDLE);
    comm_quiet_offer(comm, 0, 0, false);
    return (struct comm_step){COMM_STEP_IDLE, INT64_MAX};
}

int main(int argc, char **argv)
{
    static const struct base_frame_kind kind = {KIND, false, "test", take};
    static const struct comm_upper upper = {.fetched = fetched, .quiet = quiet};
    const struct comm_options options = {.spin_ns = -1};

    test_mpi_begin(&argc, &argv);
    pool = message_pool_create();
    comm = test_mpi_open(&rank_state);
    comm_kind_add(comm, &kind);
    MUST(comm_start(comm, &options, pool, &upper) == TROUPE_OK, "start");
    if (comm_rank(comm) == 0)
        choose_sizes();
    uint64_t n = n_sizes;
    MPI_Bcast(&n, 1, MPI_UINT64_T, 0, MPI_COMM_WORLD);
    MPI_Bcast(sizes, 64, MPI_UINT64_T, 0, MPI_COMM_WORLD);
    comm_mpi_drive(comm, step);
    MUST(comm_rank(comm) == 0 || n_fetched == n, "%zu of %zu came", n_fetched,
         (size_t)n);
    test_mpi_end(comm, pool);
    MPI_Finalize();
    return EXIT_SUCCESS;
}
