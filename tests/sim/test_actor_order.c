/* SPDX-License-Identifier: BSD-3-Clause */
/* seeds: 150 */
#include "base/random.h"
#include "support/check_main.h"
#include "support/sim_job.h"
#include <string.h>

/*
 * Order, loss and doubling: processes and handlers on all ranks send numbered messages
 * of all shapes and sizes to sinks with small mailboxes. A sink checks that each
 * sender's come in order without a gap; at the end everything sent has been counted.
 */

struct note {
    int64_t from, number;
};
TROUPE_TYPE(note, from, number);

struct parcel {
    int64_t from, number;
    uint64_t n_data;
    uint8_t data[];
};
TROUPE_TYPE(parcel, from, number, n_data, TROUPE_TAIL(data, n_data));

TROUPE_SIGNAL(go);

enum { MOST_SENDERS = 256, MOST_SINKS = 64 };

struct seen {
    int64_t index;
    int64_t next[MOST_SENDERS];
};
TROUPE_TYPE(seen, index, next);

/* The oracle: all ranks of a sim share it. */
static struct {
    uint64_t seed;
    int n_ranks, n_sinks, n_messages, n_senders;
    int64_t n_sent, n_taken, n_disordered, n_damaged, most_queued, capacity;
    troupe_address sinks[MOST_SINKS];
    int64_t next[MOST_SENDERS][MOST_SINKS];
} world;

static void take(troupe_actor *self, struct seen *seen, int64_t from, int64_t number)
{
    (void)self;
    world.n_taken++;
    if (seen->next[from] != number)
        world.n_disordered++;
    seen->next[from] = number + 1;
}

static troupe_status
on_note(troupe_actor *self, struct seen *seen, const struct note *note)
{
    take(self, seen, note->from, note->number);
    return TROUPE_OK;
}

static troupe_status
on_parcel(troupe_actor *self, struct seen *seen, const struct parcel *parcel)
{
    for (uint64_t i = 0; i < parcel->n_data; i++)
        if (parcel->data[i] != (uint8_t)(parcel->number + (int64_t)i)) {
            world.n_damaged++;
            break;
        }
    take(self, seen, parcel->from, parcel->number);
    return TROUPE_OK;
}

TROUPE_BEHAVIOR(sink, seen, TROUPE_ON(note, on_note), TROUPE_ON(parcel, on_parcel));

/* The same as a process that receives by type, parcels first. */
static troupe_status sink_body(troupe_actor *self)
{
    struct seen *seen = troupe_state(self);

    for (;;) {
        troupe_mail mail;
        const struct note *note;
        const struct parcel *parcel;

        TROUPE_TRY(troupe_receive_any(self, TROUPE_FOREVER, &mail));
        note = troupe_as(&mail, note);
        parcel = troupe_as(&mail, parcel);
        if (note)
            TROUPE_TRY(on_note(self, seen, note));
        else if (parcel)
            TROUPE_TRY(on_parcel(self, seen, parcel));
    }
}
TROUPE_PROCESS(sink_process,
               sink_body,
               TROUPE_ACCEPTS(note, parcel),
               TROUPE_STATE(seen));

static size_t random_size(struct base_random *random)
{
    switch (base_random_below(random, 12)) {
    case 0:
        return base_random_below(random, 60000);
    case 1:
        return base_random_below(random, 9000);
    case 2:
        return 0;
    default:
        return base_random_below(random, 300);
    }
}

static void fill(uint8_t *data, size_t n, int64_t number)
{
    for (size_t i = 0; i < n; i++)
        data[i] = (uint8_t)(number + (int64_t)i);
}

static uint8_t buffer[60000];

static troupe_status
send_one(troupe_actor *self, int64_t from, struct base_random *random)
{
    uint32_t to = base_random_below(random, (uint32_t)world.n_sinks);
    int64_t number = world.next[from][to];
    size_t n = random_size(random);
    troupe_status status;

    if (base_random_below(random, 3)) {
        status =
            troupe_send(self, world.sinks[to], note, .from = from, .number = number);
    } else if (base_random_below(random, 2)) {
        fill(buffer, n, number);
        status = troupe_send_tail(self, world.sinks[to], parcel, data, buffer, n,
                                  .from = from, .number = number);
    } else {
        troupe_message *message;
        struct parcel *parcel;

        TROUPE_TRY(troupe_new_message(self, parcel, n, &message, &parcel));
        parcel->from = from;
        parcel->number = number;
        fill(parcel->data, n, number);
        status = troupe_send_message(self, world.sinks[to], &message);
        if (status != TROUPE_OK)
            troupe_release(self, &message);
    }
    if (status == TROUPE_OK) {
        world.next[from][to]++;
        world.n_sent++;
    }
    return status;
}

struct source {
    int64_t from, left;
    uint64_t random;
};
TROUPE_TYPE(source, from, left, random);

static troupe_status source_body(troupe_actor *self)
{
    const struct source *source = troupe_arguments(self, source);
    struct base_random random = {source->random};

    for (int64_t left = source->left; left > 0; left--) {
        TROUPE_TRY(send_one(self, source->from, &random));
        if (base_random_below(&random, 20) == 0)
            troupe_yield(self);
        if (base_random_below(&random, 50) == 0)
            troupe_sleep_until(self, troupe_after_s(self, 1e-5));
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(source_process,
               source_body,
               TROUPE_ARGUMENTS(source),
               TROUPE_SENDS(note, parcel));

/* A handler that sends a few at a time and goes on by a message to itself. */
static troupe_status
begin_source(troupe_actor *self, struct source *source, const struct source *arguments)
{
    *source = *arguments;
    return troupe_send(self, troupe_self(self), go);
}

static troupe_status on_go(troupe_actor *self, struct source *source)
{
    struct base_random random = {source->random};

    for (uint32_t n = 1 + base_random_below(&random, 5); n > 0 && source->left > 0;
         n--) {
        troupe_status status = send_one(self, source->from, &random);

        if (status == TROUPE_FULL)
            break;
        TROUPE_TRY(status);
        source->left--;
    }
    source->random = base_random_next(&random);
    if (source->left == 0) {
        troupe_exit(self);
        return TROUPE_OK;
    }
    return troupe_send(self, troupe_self(self), go);
}
TROUPE_BEHAVIOR(source_handler,
                source,
                TROUPE_INIT(source, begin_source),
                TROUPE_ON(go, on_go),
                TROUPE_SENDS(note, parcel));

static troupe_status spawn_sinks(troupe_actor *self, struct base_random *random)
{
    for (int i = 0; i < world.n_sinks; i++) {
        troupe_spawn_options options = {.place = TROUPE_ON_RANK((int)base_random_below(
                                            random, (uint32_t)world.n_ranks)),
                                        .capacity = (uint32_t)world.capacity};
        const troupe_behavior *behavior =
            base_random_below(random, 2) ? &sink : &sink_process;

        TROUPE_TRY(troupe_spawn(self, behavior, &options, &world.sinks[i]));
    }
    return TROUPE_OK;
}

static troupe_status spawn_sources(troupe_actor *self, struct base_random *random)
{
    for (int64_t i = 0; i < world.n_senders; i++) {
        troupe_spawn_options options = {
            TROUPE_WITH(source, .from = i, .left = world.n_messages,
                        .random = base_random_next(random)),
            .place = TROUPE_ON_RANK(
                (int)base_random_below(random, (uint32_t)world.n_ranks))};
        const troupe_behavior *behavior =
            base_random_below(random, 2) ? &source_process : &source_handler;
        troupe_address address;

        TROUPE_TRY(troupe_spawn(self, behavior, &options, &address));
    }
    return TROUPE_OK;
}

static troupe_status body(troupe_actor *self)
{
    struct base_random random = {world.seed};

    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    TROUPE_TRY(spawn_sinks(self, &random));
    return spawn_sources(self, &random);
}
TROUPE_PROCESS(main_process, body);

static const troupe_program program = {
    .main = &main_process,
    .behaviors = (const troupe_behavior *const[]){&sink, &sink_process, &source_process,
                                                  &source_handler, NULL}};

static void begin(uint64_t seed, int n_ranks)
{
    struct base_random random = {seed * 77};
    static const int64_t capacities[] = {1, 2, 3, 16, 1024};

    memset(&world, 0, sizeof world);
    world.seed = seed;
    world.n_ranks = n_ranks;
    world.n_sinks = 1 + (int)base_random_below(&random, 8);
    world.n_senders = 1 + (int)base_random_below(&random, 24);
    world.n_messages = 1 + (int)base_random_below(&random, 120);
    world.capacity = capacities[base_random_below(&random, 5)];
}

static const char *check(uint64_t seed, int n_ranks, int exit_code)
{
    (void)seed;
    (void)n_ranks;
    if (exit_code != 0)
        return "the job failed";
    if (world.n_disordered)
        return "messages out of order, lost or doubled";
    if (world.n_damaged)
        return "a message's bytes were damaged";
    if (world.n_sent != (int64_t)world.n_senders * world.n_messages)
        return "not everything was sent";
    if (world.n_taken != world.n_sent)
        return "not everything sent was taken";
    return NULL;
}

START_TEST(order_over_all_sizes)
{
    static const struct sim_job job = {&program, 12, begin, check};

    ck_assert_int_eq(sim_job_run(&job, 150), 0);
}
END_TEST

CHECK_MAIN("actor order", order_over_all_sizes)
