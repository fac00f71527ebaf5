/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Within one rank: messages, a round trip of two processes, spawn and end. There is no
 * other system in the same program to compare with, so the yardsticks are what the
 * machine charges for the parts: jumps of jump_fcontext, pairs of malloc and free.
 */
#include "common/interleave.h"

#include <stdlib.h>

/* ---- the yardsticks -------------------------------------------------------------- */

typedef struct {
    void *fctx;
    void *data;
} bench_transfer;
/* Boost.Context's, which Troupe itself stands on. */
extern bench_transfer jump_fcontext(void *to, void *data);
extern void *make_fcontext(void *stack_top, size_t size, void (*entry)(bench_transfer));

enum {
    STACK_BYTES = 65536,
    SPAWNS_BETWEEN_YIELDS = 64,
    /* Of a block: one to a few milliseconds. */
    N_JUMPS = 200000,
    N_ALLOCATIONS = 50000,
    N_ITEMS = 100000,
    N_ROUNDS = 20000,
    N_SPAWNS = 200 * SPAWNS_BETWEEN_YIELDS
};

static void jump_back(bench_transfer transfer)
{
    for (;;)
        transfer = jump_fcontext(transfer.fctx, transfer.data);
}

static double jump_ns(void)
{
    _Alignas(64) unsigned char *stack = malloc(STACK_BYTES);
    if (!stack)
        bench_die("no memory for a stack");
    bench_transfer transfer = {
        .fctx = make_fcontext(stack + STACK_BYTES, STACK_BYTES, jump_back)};
    transfer = jump_fcontext(transfer.fctx, NULL);
    double begin_s = bench_now_s();
    for (int i = 0; i < N_JUMPS; i += 2)
        transfer = jump_fcontext(transfer.fctx, NULL);
    double seconds = bench_now_s() - begin_s;
    free(stack);
    return 1e9 * seconds / N_JUMPS;
}

static double allocation_ns(void)
{
    double begin_s = bench_now_s();
    for (int i = 0; i < N_ALLOCATIONS; i++) {
        void *block = malloc(256);
        __asm__ volatile("" : "+r"(block) : : "memory");
        free(block);
    }
    return 1e9 * (bench_now_s() - begin_s) / N_ALLOCATIONS;
}

/* What a case compares with. */
struct yardstick {
    int n;
};

static troupe_status jumps(troupe_actor *self, void *context, double *value)
{
    const struct yardstick *yardstick = context;
    (void)self;
    *value = yardstick->n * jump_ns();
    return TROUPE_OK;
}

static troupe_status allocations(troupe_actor *self, void *context, double *value)
{
    const struct yardstick *yardstick = context;
    (void)self;
    *value = yardstick->n * allocation_ns();
    return TROUPE_OK;
}

/* ---- a stream to a handler actor ------------------------------------------------- */

struct item {
    int64_t number;
};
TROUPE_TYPE(item, number);
struct received {
    int64_t sum;
};
TROUPE_TYPE(received, sum);

struct sink {
    int64_t n_taken, sum;
};
TROUPE_TYPE(sink, n_taken, sum);

static troupe_status
on_item(troupe_actor *self, struct sink *sink, const struct item *item)
{
    sink->sum += item->number;
    if (++sink->n_taken < N_ITEMS)
        return TROUPE_OK;
    int64_t sum = sink->sum;
    *sink = (struct sink){0, 0};
    return troupe_send(self, troupe_sender(self), received, .sum = sum);
}
TROUPE_BEHAVIOR(sink_actor, sink, TROUPE_ON(item, on_item), TROUPE_SENDS(received));

static troupe_status stream(troupe_actor *self, void *context, double *value)
{
    const struct received *received;
    troupe_address sink;
    (void)context;
    TROUPE_TRY(troupe_spawn(self, &sink_actor, NULL, &sink));
    double begin_s = bench_now_s();
    for (int64_t i = 0; i < N_ITEMS; i++)
        TROUPE_TRY(troupe_send(self, sink, item, .number = i));
    TROUPE_TRY(troupe_receive(self, received, TROUPE_FOREVER, &received));
    *value = 1e9 * (bench_now_s() - begin_s) / N_ITEMS;
    if (received->sum != (int64_t)N_ITEMS * (N_ITEMS - 1) / 2)
        bench_die("a wrong sum arrived");
    return troupe_stop_actor(self, sink, TROUPE_EXIT_SHUTDOWN);
}

/* ---- a round trip of two processes ----------------------------------------------- */

static troupe_status echo_body(troupe_actor *self)
{
    const struct item *item;
    for (int i = 0; i < N_ROUNDS; i++) {
        TROUPE_TRY(troupe_receive(self, item, TROUPE_FOREVER, &item));
        TROUPE_TRY(
            troupe_send(self, troupe_sender(self), item, .number = item->number));
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(echo, echo_body, TROUPE_ACCEPTS(item));

static troupe_status round_trips(troupe_actor *self, void *context, double *value)
{
    const struct item *item;
    troupe_address partner;
    (void)context;
    TROUPE_TRY(troupe_spawn(self, &echo, NULL, &partner));
    double begin_s = bench_now_s();
    for (int64_t i = 0; i < N_ROUNDS; i++) {
        TROUPE_TRY(troupe_send(self, partner, item, .number = i));
        TROUPE_TRY(troupe_receive(self, item, TROUPE_FOREVER, &item));
        if (item->number != i)
            bench_die("another number came back");
    }
    *value = 1e9 * (bench_now_s() - begin_s) / N_ROUNDS;
    return TROUPE_OK;
}

/* ---- spawn and end --------------------------------------------------------------- */

static troupe_status end_at_once(troupe_actor *self)
{
    troupe_exit(self);
    return TROUPE_OK;
}
TROUPE_SIGNAL(leave);
TROUPE_BEHAVIOR(mayfly, troupe_no_state, TROUPE_INIT(troupe_no_arguments, end_at_once));
TROUPE_BEHAVIOR(short_lived, troupe_no_state, TROUPE_ON(leave, end_at_once));

static troupe_status return_at_once(troupe_actor *self)
{
    (void)self;
    return TROUPE_OK;
}
TROUPE_PROCESS(short_process, return_at_once);

/* All that were spawned have ended if the last has: they had their turns in order. */
static troupe_status check_ended(troupe_actor *self, troupe_address last)
{
    troupe_reference monitor;
    TROUPE_TRY(troupe_monitor(self, last, &monitor));
    return troupe_receive(self, troupe_down, troupe_after_s(self, 1), NULL);
}

static troupe_status spawn_many(troupe_actor *self,
                                const troupe_behavior *behavior,
                                bool is_told_to_leave,
                                double *value)
{
    troupe_address last = TROUPE_NOBODY;
    double begin_s = bench_now_s();
    for (int i = 0; i < N_SPAWNS; i++) {
        TROUPE_TRY(troupe_spawn(self, behavior, NULL, &last));
        if (is_told_to_leave)
            TROUPE_TRY(troupe_send(self, last, leave));
        if (i % SPAWNS_BETWEEN_YIELDS == SPAWNS_BETWEEN_YIELDS - 1)
            troupe_yield(self);
    }
    *value = 1e9 * (bench_now_s() - begin_s) / N_SPAWNS;
    return check_ended(self, last);
}

static troupe_status spawn_mayflies(troupe_actor *self, void *context, double *value)
{
    (void)context;
    return spawn_many(self, &mayfly, false, value);
}

static troupe_status spawn_short_lived(troupe_actor *self, void *context, double *value)
{
    (void)context;
    return spawn_many(self, &short_lived, true, value);
}

static troupe_status spawn_processes(troupe_actor *self, void *context, double *value)
{
    (void)context;
    return spawn_many(self, &short_process, false, value);
}

/* ---- the program ----------------------------------------------------------------- */

static const struct {
    const char *name, *peer_name;
    bench_block_fn *ours, *peer;
    struct yardstick yardstick;
} cases[] = {
    {"stream to a handler actor", "4 jumps of jump_fcontext", stream, jumps, {4}},
    {"round trip of two processes",
     "10 jumps of jump_fcontext",
     round_trips,
     jumps,
     {10}},
    {"spawn and end of a handler actor",
     "10 malloc, free of 256 B",
     spawn_mayflies,
     allocations,
     {10}},
    {"spawn, one message and end of a handler actor",
     "10 malloc, free of 256 B",
     spawn_short_lived,
     allocations,
     {10}},
    {"spawn and end of a process",
     "20 malloc, free of 256 B",
     spawn_processes,
     allocations,
     {20}},
};

static troupe_status body(troupe_actor *self, int argc, char **argv)
{
    struct bench_options options = bench_parse(argc, argv);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (!bench_wants(&options, cases[i].name))
            continue;
        struct yardstick yardstick = cases[i].yardstick;
        struct bench_plan plan = {.about = {.bench = "local",
                                            .name = cases[i].name,
                                            .unit = "ns",
                                            .peer_name = cases[i].peer_name},
                                  .ours = cases[i].ours,
                                  .peer = cases[i].peer,
                                  .context = &yardstick,
                                  .n_pairs = options.is_quick ? 15 : 61};
        TROUPE_TRY(bench_interleave(self, &plan));
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(
    main_process,
    body,
    TROUPE_ACCEPTS(item, received, troupe_down),
    TROUPE_SPAWNS(&sink_actor, &echo, &mayfly, &short_lived, &short_process));

int main(int argc, char **argv)
{
    return bench_main(argc, argv, &(troupe_program){.main = &main_process});
}
