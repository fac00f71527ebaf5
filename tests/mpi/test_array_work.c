/* ranks: 1 2 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "array/array.h"
#include "array/work.h"
#include "base/clock.h"
#include "support/require.h"
#include "troupe/troupe.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Work by threads: every task once, on the thread that its number says, and other
 * actors run meanwhile.
 */

enum { MOST_TASKS = 5000, N_THREADS = 3 };

struct seen {
    int n_runs[MOST_TASKS];
    int thread[MOST_TASKS];
    int64_t task_ns;
};

static void run(void *context, int64_t task, int thread)
{
    struct seen *seen = context;
    int64_t until_ns = base_clock_ns() + seen->task_ns;

    seen->n_runs[task]++;
    seen->thread[task] = thread;
    while (base_clock_ns() < until_ns)
        ;
}

static void work_once(troupe_actor *self, struct seen *seen, int64_t n_tasks)
{
    memset(seen->n_runs, 0, sizeof seen->n_runs);
    array_work(self, n_tasks, run, seen);
    for (int64_t task = 0; task < MOST_TASKS; task++)
        REQUIRE(seen->n_runs[task] == (task < n_tasks));
    for (int64_t task = 0; task < n_tasks; task++)
        REQUIRE(seen->thread[task] == array_thread_of(self, n_tasks, task));
}

/* ---- somebody else meanwhile -------------------------------------------------- */

struct tally {
    int64_t n;
};
TROUPE_TYPE(tally, n);
TROUPE_SIGNAL(tick);
TROUPE_SIGNAL(question);

static troupe_status on_tick(troupe_actor *self, struct tally *tally)
{
    (void)self;
    tally->n++;
    return TROUPE_OK;
}

static troupe_status on_question(troupe_actor *self, struct tally *tally)
{
    return troupe_reply(self, question, tally, .n = tally->n);
}
TROUPE_BEHAVIOR(counter,
                tally,
                TROUPE_ON(tick, on_tick),
                TROUPE_ON(question, on_question),
                TROUPE_SENDS(tally));

static troupe_status others_run(troupe_actor *self, struct seen *seen)
{
    troupe_spawn_options options = {.place = TROUPE_HERE};
    const struct tally *tally;
    troupe_address address;
    troupe_reference timer;

    TROUPE_TRY(troupe_spawn(self, &counter, &options, &address));
    TROUPE_TRY(troupe_send_every(self, address, 1e-3, &timer, tick));
    seen->task_ns = 100 * 1000;
    work_once(self, seen, 600); /* 20 ms and more */
    TROUPE_TRY(troupe_call(self, address, tally, &tally, TROUPE_FOREVER, question));
    REQUIRE(tally->n > 3);
    TROUPE_TRY(troupe_stop_actor(self, address, TROUPE_EXIT_KILLED));
    return TROUPE_OK;
}

static troupe_status body(troupe_actor *self)
{
    static const int64_t numbers[] = {0, 1, 2, 3, 4, 7, 100, MOST_TASKS};
    struct seen *seen = troupe_alloc(self, sizeof *seen);

    REQUIRE(array_n_threads(self) == 1 || array_n_threads(self) == N_THREADS);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        work_once(self, seen, numbers[i]);
    return others_run(self, seen);
}
TROUPE_PROCESS(main_process,
               body,
               TROUPE_SENDS(tick, question),
               TROUPE_SPAWNS(&counter));

int main(int argc, char **argv)
{
    setenv("TROUPE_WORKERS", "3", 1);
    return troupe_main(argc, argv, &(troupe_program){.main = &main_process});
}
