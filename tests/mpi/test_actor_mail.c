/* ranks: 1 2 4; without_pipes: 2 4; timeout: 60 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/require.h"
#include "troupe/mpi.h"
#include "troupe/troupe.h"
#include <stdlib.h>
#include <string.h>

/*
 * Actors over MPI: mail of all sizes both ways at once in order, full mailboxes, calls,
 * monitors and ends, all with actors that other ranks have spawned; and a foreign
 * request that is waited for meanwhile.
 */

struct chunk {
    int64_t number;
    uint64_t n_data;
    uint8_t data[];
};
TROUPE_TYPE(chunk, number, n_data, TROUPE_TAIL(data, n_data));
struct note {
    int64_t number;
};
TROUPE_TYPE(note, number);
struct count {
    int64_t n_taken, n_bytes;
};
TROUPE_TYPE(count, n_taken, n_bytes);
TROUPE_SIGNAL(ask_count);
TROUPE_SIGNAL(quit);

enum { N_ROUNDS = 300, LARGEST = 200000 };

static uint8_t bytes[LARGEST];

static size_t size_of(int64_t number)
{
    static const size_t sizes[] = {0, 8, 100, 1000, 5000, 17000, 60, LARGEST, 3, 400};

    return sizes[number % 10];
}

static void fill(size_t n, int64_t number)
{
    memset(bytes, (int)(number % 251), n);
}

/* ---- a sink that checks: each message is the next ---- */

static troupe_status take(troupe_actor *self, struct count *count, int64_t number)
{
    REQUIRE(number == count->n_taken);
    count->n_taken++;
    return TROUPE_OK;
}

static troupe_status
on_note(troupe_actor *self, struct count *count, const struct note *note)
{
    return take(self, count, note->number);
}

static troupe_status
on_chunk(troupe_actor *self, struct count *count, const struct chunk *chunk)
{
    REQUIRE(chunk->n_data == size_of(chunk->number));
    for (uint64_t i = 0; i < chunk->n_data; i += 1 + i / 8)
        REQUIRE(chunk->data[i] == chunk->number % 251);
    count->n_bytes += (int64_t)chunk->n_data;
    return take(self, count, chunk->number);
}

static troupe_status on_ask(troupe_actor *self, struct count *count)
{
    return troupe_reply(self, ask_count, count, .n_taken = count->n_taken,
                        .n_bytes = count->n_bytes);
}

static troupe_status on_quit(troupe_actor *self, struct count *count)
{
    troupe_fail(self, TROUPE_FAILED, "after %d", (int)count->n_taken);
}
TROUPE_BEHAVIOR(sink,
                count,
                TROUPE_ON(note, on_note),
                TROUPE_ON(chunk, on_chunk),
                TROUPE_ON(ask_count, on_ask),
                TROUPE_ON(quit, on_quit));

/* The same with a mailbox of two and a rest after each message: senders must wait. */
static troupe_status slow_body(troupe_actor *self)
{
    struct count *count = troupe_state(self);

    for (;;) {
        troupe_mail mail;

        TROUPE_TRY(troupe_receive_any(self, TROUPE_FOREVER, &mail));
        REQUIRE(troupe_n_waiting(self) < 2000);
        if (troupe_as(&mail, note))
            TROUPE_TRY(on_note(self, count, troupe_as(&mail, note)));
        else if (troupe_as(&mail, chunk))
            TROUPE_TRY(on_chunk(self, count, troupe_as(&mail, chunk)));
        else
            TROUPE_TRY(on_ask(self, count));
        if (count->n_taken % 16 == 0)
            troupe_sleep_until(self, troupe_after_s(self, 1e-4));
    }
}
TROUPE_PROCESS(slow,
               slow_body,
               TROUPE_STATE(count),
               TROUPE_ACCEPTS(note, chunk, ask_count),
               TROUPE_SENDS(count),
               .capacity = 2);

/* ---- the senders: every rank, to an actor on every rank ---- */

static troupe_status send_one(troupe_actor *self, troupe_address to, int64_t number)
{
    size_t n = size_of(number);
    troupe_message *message;
    struct chunk *chunk;

    if (number % 3 == 0)
        return troupe_send(self, to, note, .number = number);
    fill(n, number);
    if (number % 3 == 1)
        return troupe_send_tail(self, to, chunk, data, bytes, n, .number = number);
    TROUPE_TRY(troupe_new_message(self, chunk, n, &message, &chunk));
    chunk->number = number;
    memcpy(chunk->data, bytes, n);
    return troupe_send_message(self, to, &message);
}

static int64_t sum_of_bytes(void)
{
    int64_t sum = 0;

    for (int64_t number = 0; number < N_ROUNDS; number++)
        sum += number % 3 == 0 ? 0 : (int64_t)size_of(number);
    return sum;
}

static troupe_status all_sizes(troupe_actor *self, const troupe_behavior *behavior)
{
    enum { MOST = 4 };
    troupe_address to[MOST];
    int n = troupe_n_ranks(self);

    for (int rank = 0; rank < n; rank++) {
        const troupe_spawn_options there = {.place = TROUPE_ON_RANK(rank)};

        TROUPE_TRY(troupe_spawn(self, behavior, &there, &to[rank]));
    }
    for (int64_t number = 0; number < N_ROUNDS; number++)
        for (int rank = 0; rank < n; rank++)
            TROUPE_TRY(send_one(self, to[rank], number));
    for (int rank = 0; rank < n; rank++) {
        const struct count *count;

        TROUPE_TRY(
            troupe_call(self, to[rank], count, &count, TROUPE_FOREVER, ask_count));
        REQUIRE(count->n_taken == N_ROUNDS && count->n_bytes == sum_of_bytes());
    }
    return TROUPE_OK;
}

/* ---- calls, watches, ends ---- */

static troupe_status lives(troupe_actor *self)
{
    int n = troupe_n_ranks(self), next = (troupe_rank(self) + 1) % n;
    troupe_reference monitor, late;
    const troupe_spawn_options there = {.place = TROUPE_ON_RANK(next),
                                        .monitor = &monitor};
    const struct troupe_down *down;
    const struct count *count;
    troupe_address who;

    for (int round = 0; round < 50; round++) {
        TROUPE_TRY(troupe_spawn(self, &sink, &there, &who));
        REQUIRE(troupe_rank_of(self, who) == next);
        for (int64_t number = 0; number < round; number++)
            TROUPE_TRY(troupe_send(self, who, note, .number = number));
        TROUPE_TRY(troupe_call(self, who, count, &count, TROUPE_FOREVER, ask_count));
        REQUIRE(count->n_taken == round);
        TROUPE_TRY(troupe_send(self, who, quit));
        REQUIRE(troupe_call(self, who, count, NULL, TROUPE_FOREVER, ask_count) ==
                TROUPE_DOWN);
        TROUPE_TRY(troupe_receive(self, troupe_down, TROUPE_FOREVER, &down));
        REQUIRE(down->who.bits == who.bits && down->monitor.bits == monitor.bits);
        REQUIRE(down->kind == TROUPE_EXIT_FAILED && strstr(down->text, "after"));
        TROUPE_TRY(troupe_monitor(self, who, &late));
        TROUPE_TRY(troupe_receive(self, troupe_down, TROUPE_FOREVER, &down));
        REQUIRE(down->kind == TROUPE_EXIT_NO_ACTOR && down->monitor.bits == late.bits);
    }
    return TROUPE_OK;
}

/* ---- MPI of one's own ---- */

static troupe_status foreign(troupe_actor *self)
{
    int mine = troupe_rank(self) + 1, sum = 0, n = troupe_n_ranks(self), size;
    MPI_Comm communicator;
    MPI_Request request;

    troupe_mpi_communicator(self, &communicator);
    MPI_Comm_size(communicator, &size);
    REQUIRE(size == n);
    if (troupe_rank(self) == 0) /* the others wait meanwhile */
        troupe_sleep_until(self, troupe_after_s(self, 0.01));
    MPI_Iallreduce(&mine, &sum, 1, MPI_INT, MPI_SUM, communicator, &request);
    troupe_mpi_wait(self, &request);
    REQUIRE(request == MPI_REQUEST_NULL);
    REQUIRE(sum == n * (n + 1) / 2);
    return TROUPE_OK;
}

static troupe_status body(troupe_actor *self)
{
    TROUPE_TRY(all_sizes(self, &sink));
    TROUPE_TRY(all_sizes(self, &slow));
    TROUPE_TRY(lives(self));
    return foreign(self);
}
TROUPE_PROCESS(main_process,
               body,
               TROUPE_ACCEPTS(count, troupe_down),
               TROUPE_SPAWNS(&sink, &slow));

int main(int argc, char **argv)
{
    setenv("TROUPE_LOG", "error", 0); /* the ends that are wanted need not be told */
    return troupe_main(argc, argv, &(troupe_program){.main = &main_process});
}
