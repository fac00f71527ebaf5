/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
#include "base/random.h"
#include "comm/pipe.h"
#include "support/check_main.h"
#include <pthread.h>
#include <sched.h>

/* Pipes alone: against a model in one thread, and between two threads. */

enum { MOST_BYTES = 4096, LEAST_CAPACITY = 128 };

struct ends {
    void *memory;
    struct comm_pipe writer, reader;
};

/* What both have mapped holds at first what a pipe must not mind: only the first line
 * of the ring is cleared, as where pipes are made. */
static void open_ends(struct ends *ends, uint64_t capacity)
{
    ends->memory =
        base_try_alloc_aligned(COMM_PIPE_LINE_BYTES, comm_pipe_memory_bytes(capacity));
    ck_assert_ptr_nonnull(ends->memory);
    memset(ends->memory, 0xa5, comm_pipe_memory_bytes(capacity));
    memset(ends->memory, 0, sizeof(struct comm_pipe_memory) + COMM_PIPE_LINE_BYTES);
    comm_pipe_init(&ends->writer, ends->memory, capacity);
    comm_pipe_init(&ends->reader, ends->memory, capacity);
}

static void close_ends(struct ends *ends)
{
    base_free(ends->memory);
}

/* Sizes around everything that a line, a word and the pipe itself make special. */
static uint32_t some_size(struct base_random *random, uint64_t capacity)
{
    uint32_t limit = (uint32_t)comm_pipe_limit(capacity);
    uint32_t size = 0;
    switch (base_random_below(random, 4)) {
    case 0:
        size = base_random_below(random, 9);
        break;
    case 1:
        size = COMM_PIPE_LINE_BYTES * base_random_below(random, 3) +
               base_random_below(random, 17);
        break;
    case 2:
        size = base_random_below(random, limit + 1);
        break;
    default:
        size = limit - base_random_below(random, 3);
        break;
    }
    if (size > limit)
        size = limit;
    return size < MOST_BYTES ? size : MOST_BYTES;
}

/* What the n-th frame says; never the same in two neighbours. */
static void fill(unsigned char *bytes, uint32_t size, uint64_t n)
{
    struct base_random random = {n + 1};
    for (uint32_t i = 0; i < size; i += (uint32_t)sizeof(uint64_t)) {
        uint64_t word = base_random_next(&random);
        memcpy(bytes + i, &word, size - i < sizeof word ? size - i : sizeof word);
    }
}

static void expect_frame(struct comm_pipe *reader, uint64_t size, uint64_t n)
{
    unsigned char got[MOST_BYTES + 1], expected[MOST_BYTES];

    ck_assert_uint_le(size, MOST_BYTES);
    got[size] = 0x77;
    comm_pipe_read(reader, got, size);
    fill(expected, (uint32_t)size, n);
    ck_assert(memcmp(got, expected, size) == 0);
    ck_assert_uint_eq(got[size], 0x77);
}

/* What is written comes out in order and whole, and there is room exactly when the
 * lines of what was not read leave it. */
static void try_model(uint64_t seed)
{
    enum { TURNS = 1000, QUEUE = 64 };
    struct base_random random = {seed};
    struct ends ends;
    unsigned char bytes[MOST_BYTES];
    uint64_t n_written = 0, n_read = 0, n_used = 0, size;
    uint32_t sizes[QUEUE];

    uint64_t capacity = (uint64_t)LEAST_CAPACITY << base_random_below(&random, 6);
    open_ends(&ends, capacity);
    for (int i = 0; i < TURNS; i++) {
        if (base_random_below(&random, 2) == 0) {
            uint32_t next = some_size(&random, capacity);
            uint64_t lines = comm_pipe_lines(next);
            fill(bytes, next, n_written);
            bool has_room = n_used + lines + COMM_PIPE_LINE_BYTES <= capacity;
            ck_assert(comm_pipe_write(&ends.writer, bytes, next) == has_room);
            if (!has_room)
                continue;
            sizes[n_written++ % QUEUE] = next;
            n_used += lines;
        } else {
            ck_assert(comm_pipe_has_frame(&ends.reader, &size) == (n_read < n_written));
            if (n_read == n_written)
                continue;
            ck_assert_uint_eq(size, sizes[n_read % QUEUE]);
            expect_frame(&ends.reader, size, n_read++);
            n_used -= comm_pipe_lines(size);
        }
    }
    ck_assert_uint_gt(n_read, 0);
    close_ends(&ends);
}

START_TEST(a_pipe_is_a_queue)
{
    for (uint64_t seed = 1; seed <= 200; seed++)
        try_model(seed);
}
END_TEST

START_TEST(an_empty_pipe_takes_the_largest_frame_and_no_larger)
{
    unsigned char bytes[MOST_BYTES] = {0};
    for (uint64_t capacity = LEAST_CAPACITY; capacity <= MOST_BYTES; capacity *= 2) {
        uint32_t limit = (uint32_t)comm_pipe_limit(capacity);
        struct ends ends;
        open_ends(&ends, capacity);
        ck_assert(!comm_pipe_write(&ends.writer, bytes, limit + 1));
        ck_assert(comm_pipe_write(&ends.writer, bytes, limit));
        ck_assert(!comm_pipe_write(&ends.writer, bytes, 0));
        close_ends(&ends);
    }
}
END_TEST

struct crossing {
    struct ends ends;
    uint64_t seed, n_frames;
};

static void *write_all(void *argument)
{
    struct crossing *crossing = argument;
    struct base_random random = {crossing->seed};
    unsigned char bytes[MOST_BYTES];

    for (uint64_t n = 0; n < crossing->n_frames; n++) {
        uint32_t size = some_size(&random, crossing->ends.writer.capacity_bytes);
        fill(bytes, size, n);
        while (!comm_pipe_write(&crossing->ends.writer, bytes, size))
            sched_yield();
    }
    return NULL;
}

START_TEST(nothing_is_lost_or_torn_between_two_threads)
{
    for (uint64_t capacity = LEAST_CAPACITY; capacity <= 1 << 14; capacity *= 4) {
        struct crossing crossing = {.seed = capacity, .n_frames = 3000};
        struct base_random random = {crossing.seed};
        pthread_t writer;

        open_ends(&crossing.ends, capacity);
        ck_assert_int_eq(pthread_create(&writer, NULL, write_all, &crossing), 0);
        for (uint64_t n = 0; n < crossing.n_frames; n++) {
            uint64_t size;
            while (!comm_pipe_has_frame(&crossing.ends.reader, &size))
                sched_yield();
            ck_assert_uint_eq(size, some_size(&random, capacity));
            expect_frame(&crossing.ends.reader, size, n);
        }
        ck_assert_int_eq(pthread_join(writer, NULL), 0);
        close_ends(&crossing.ends);
    }
}
END_TEST

CHECK_MAIN("comm pipe",
           a_pipe_is_a_queue,
           an_empty_pipe_takes_the_largest_frame_and_no_larger,
           nothing_is_lost_or_torn_between_two_threads)
