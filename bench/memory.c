/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * handlers, processes: resident memory of one idle actor. 100 000 of a kind are
 * spawned, each handles one message and waits for the next. Prints the bytes of one; a
 * script runs it again and again.
 *
 * transport: 64 simulated ranks in one process, every actor of which writes to every
 * other. With TROUPE_STATS=1 the runtime says afterwards what the transport took.
 *
 *   bench_memory handlers|processes|transport
 */
#include "common/interleave.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { N_ACTORS = 100000, ACTORS_BETWEEN_YIELDS = 50, N_SIM_RANKS = 64, N_SMALL = 50 };

struct greeting {
    int64_t number;
};
TROUPE_TYPE(greeting, number);
struct large {
    int64_t number, filling[1023];
};
TROUPE_TYPE(large, number, filling);

struct memory {
    int64_t number;
};
TROUPE_TYPE(memory, number);

static troupe_status
on_greeting(troupe_actor *self, struct memory *memory, const struct greeting *greeting)
{
    (void)self;
    memory->number = greeting->number;
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(idle_handler, memory, TROUPE_ON(greeting, on_greeting));

static troupe_status wait_twice(troupe_actor *self)
{
    TROUPE_TRY(troupe_receive(self, greeting, TROUPE_FOREVER, NULL));
    return troupe_receive(self, greeting, TROUPE_FOREVER, NULL);
}
TROUPE_PROCESS(idle_process, wait_twice, TROUPE_ACCEPTS(greeting));

static double resident_bytes(void)
{
    long long total, resident;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%lld %lld", &total, &resident) != 2)
        bench_die("cannot read /proc/self/statm");
    fclose(file);
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

static troupe_status
spawn_all(troupe_actor *self, const troupe_behavior *behavior, troupe_address *actors)
{
    for (int i = 0; i < N_ACTORS; i++) {
        TROUPE_TRY(troupe_spawn(self, behavior, NULL, &actors[i]));
        TROUPE_TRY(troupe_send(self, actors[i], greeting, .number = i));
        if (i % ACTORS_BETWEEN_YIELDS == 0)
            troupe_yield(self);
    }
    troupe_yield(self);
    return TROUPE_OK;
}

static troupe_status measure_actors(troupe_actor *self, const troupe_behavior *behavior)
{
    size_t list_bytes = N_ACTORS * sizeof(troupe_address);
    troupe_address *actors = malloc(list_bytes);
    if (!actors)
        return TROUPE_NO_MEMORY;
    memset(actors, 0xff, list_bytes); /* resident from now on */
    double before = resident_bytes();
    TROUPE_TRY(spawn_all(self, behavior, actors));
    double after = resident_bytes();
    printf("%.6g\n", (after - before) / N_ACTORS);
    for (int i = 0; i < N_ACTORS; i++)
        TROUPE_TRY(troupe_stop_actor(self, actors[i], TROUPE_EXIT_SHUTDOWN));
    free(actors);
    return TROUPE_OK;
}

/* Small messages and one of several chunks, to all and from all. */
static troupe_status all_to_all(troupe_actor *self)
{
    int me = troupe_rank(self), n_ranks = troupe_n_ranks(self);
    struct large large = {.number = me};
    for (int i = 1; i < n_ranks; i++) {
        troupe_address to = troupe_rank_process(self, (me + i) % n_ranks);
        for (int j = 0; j < N_SMALL; j++)
            TROUPE_TRY(troupe_send(self, to, greeting, .number = j));
        TROUPE_TRY(troupe_send_value(self, to, large, &large));
    }
    for (int i = 0; i < (n_ranks - 1) * (N_SMALL + 1); i++) {
        troupe_mail mail;
        TROUPE_TRY(troupe_receive_any(self, TROUPE_FOREVER, &mail));
    }
    return TROUPE_OK;
}

static troupe_status body(troupe_actor *self, int argc, char **argv)
{
    struct bench_options options = bench_parse(argc, argv);
    const char *what = options.argc == 1 ? options.argv[0] : "";
    if (strcmp(what, "handlers") == 0)
        return measure_actors(self, &idle_handler);
    if (strcmp(what, "processes") == 0)
        return measure_actors(self, &idle_process);
    if (strcmp(what, "transport") == 0)
        return all_to_all(self);
    bench_die("usage: bench_memory handlers|processes|transport");
}
TROUPE_PROCESS(main_process,
               body,
               TROUPE_ACCEPTS(greeting, large),
               TROUPE_SPAWNS(&idle_handler, &idle_process));

int main(int argc, char **argv)
{
    static const troupe_program program = {.main = &main_process};
    if (argc != 2 || strcmp(argv[1], "transport") != 0)
        return bench_main(argc, argv, &program);
    troupe *runtime;
    troupe_options options = {
        .program = &program, .argc = argc, .argv = argv, .sim_ranks = N_SIM_RANKS};
    if (troupe_start(&options, &runtime) != TROUPE_OK)
        bench_die("the runtime did not start");
    int code = troupe_run(runtime);
    troupe_stop(runtime);
    return code;
}
