/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A process of rank 0 sends messages of 8 bytes to a handler actor of the last rank, so
 * that two builds of the library can be compared: bench/without.sh counts and times it.
 *
 *   bench_messages N      prints million messages a second
 */
#include "common/measure.h"
#include "common/sink.h"

#include <stdio.h>
#include <stdlib.h>

struct item {
    int64_t number;
};
TROUPE_TYPE(item, number);

static troupe_status
on_item(troupe_actor *self, struct sink *sink, const struct item *item)
{
    return sink_take(self, sink, item->number);
}

TROUPE_BEHAVIOR(sink_actor,
                sink,
                TROUPE_ON(expect, sink_expect),
                TROUPE_ON(item, on_item),
                TROUPE_SENDS(ready, received));

static troupe_status send_all(troupe_actor *self, int64_t n_items)
{
    const troupe_spawn_options there = {.place =
                                            TROUPE_ON_RANK(troupe_n_ranks(self) - 1)};
    const struct received *received;
    troupe_address sink;

    TROUPE_TRY(troupe_spawn(self, &sink_actor, &there, &sink));
    TROUPE_TRY(troupe_call(self, sink, ready, NULL, TROUPE_FOREVER, expect,
                           .n_items = n_items));
    double begin_s = bench_now_s();
    for (int64_t i = 0; i < n_items; i++)
        TROUPE_TRY(troupe_send(self, sink, item, .number = i));
    TROUPE_TRY(troupe_receive(self, received, TROUPE_FOREVER, &received));
    double seconds = bench_now_s() - begin_s;
    if (received->sum != n_items * (n_items - 1) / 2)
        bench_die("a wrong sum arrived");
    printf("%.6g\n", 1e-6 * (double)n_items / seconds);
    return troupe_stop_actor(self, sink, TROUPE_EXIT_SHUTDOWN);
}

static troupe_status body(troupe_actor *self, int argc, char **argv)
{
    long long n_items = argc == 2 ? strtoll(argv[1], NULL, 10) : 0;

    if (n_items < 1)
        bench_die("usage: bench_messages N");
    return troupe_rank(self) == 0 ? send_all(self, n_items) : TROUPE_OK;
}
TROUPE_PROCESS(main_process,
               body,
               TROUPE_ACCEPTS(received, ready),
               TROUPE_SPAWNS(&sink_actor));

int main(int argc, char **argv)
{
    return troupe_main(argc, argv, &(troupe_program){.main = &main_process});
}
