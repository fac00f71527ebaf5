/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ARRAY_WORK_H
#define ARRAY_WORK_H

/*
 * Work of a process on its part of an array, by the threads of the rank. Tasks go to
 * threads in equal runs, always the same: a thread works on what it has touched first.
 * About every millisecond the runtime's thread, which is one of them, moves what comes
 * and goes; if then an actor is ready, all threads stop between two tasks and the
 * process yields. So a task should take some microseconds and no more than a few
 * hundred.
 *
 * On the simulator tasks run one after the other on the calling thread.
 */

#include "troupe/base.h"

/* A task must not call the runtime. `thread` counts from 0. */
typedef void array_task_fn(void *context, int64_t task, int thread);

/* Runs them all; collective over nobody, the process may wait inside. */
void array_work(troupe_actor *self, int64_t n_tasks, array_task_fn *run, void *context);

/* The place where the i-th of n equal shares of `whole` begins: no product overflows.
 */
static inline int64_t array_share(int64_t whole, int64_t n, int64_t i)
{
    return whole / n * i + whole % n * i / n;
}

/* How many threads that takes part at most. */
int array_n_threads(const troupe_actor *self);
/* Whether this build has OpenMP; without, all is done by one thread. */
bool array_has_threads(void);

/* The thread that runs a task. */
int array_thread_of(const troupe_actor *self, int64_t n_tasks, int64_t task);

#endif
