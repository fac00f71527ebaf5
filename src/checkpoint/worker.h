/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CHECKPOINT_WORKER_H
#define CHECKPOINT_WORKER_H

/*
 * One thread beside the rank's own, for what waits on a disk: one job at a time. On sim
 * there is no thread: the job is done when somebody asks whether it is.
 */

#include <pthread.h>
#include <stdbool.h>

struct checkpoint_worker {
    bool is_threaded, is_started;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* Below: under the lock. */
    void (*run)(void *context); /* NULL: idle */
    void *context;
    bool quits;
};

void checkpoint_worker_init(struct checkpoint_worker *worker, bool is_threaded);
/* Waits for the job that is under way. */
void checkpoint_worker_fini(struct checkpoint_worker *worker);
/* It MUST be idle. What the job reads and writes is its own until it is idle again. */
void checkpoint_worker_give(struct checkpoint_worker *worker,
                            void (*run)(void *context),
                            void *context);
bool checkpoint_worker_is_idle(struct checkpoint_worker *worker);

#endif
