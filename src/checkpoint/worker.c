/* SPDX-License-Identifier: BSD-3-Clause */
#include "checkpoint/worker.h"
#include "base/require.h"
#include <signal.h>

static void *serve(void *argument)
{
    struct checkpoint_worker *worker = argument;

    pthread_mutex_lock(&worker->lock);
    for (;;) {
        while (!worker->run && !worker->quits)
            pthread_cond_wait(&worker->changed, &worker->lock);
        if (!worker->run)
            break;
        pthread_mutex_unlock(&worker->lock);
        worker->run(worker->context); /* nobody changes them while they are set */
        pthread_mutex_lock(&worker->lock);
        worker->run = NULL;
    }
    pthread_mutex_unlock(&worker->lock);
    return NULL;
}

void checkpoint_worker_init(struct checkpoint_worker *worker, bool is_threaded)
{
    *worker = (struct checkpoint_worker){.is_threaded = is_threaded};
    base_require(pthread_mutex_init(&worker->lock, NULL) == 0 &&
                     pthread_cond_init(&worker->changed, NULL) == 0,
                 "no lock for the thread that writes checkpoints");
}

void checkpoint_worker_fini(struct checkpoint_worker *worker)
{
    if (worker->is_started) {
        pthread_mutex_lock(&worker->lock);
        worker->quits = true;
        pthread_cond_signal(&worker->changed);
        pthread_mutex_unlock(&worker->lock);
        pthread_join(worker->thread, NULL);
    }
    pthread_cond_destroy(&worker->changed);
    pthread_mutex_destroy(&worker->lock);
}

/* Signals are for the rank's own thread. */
static void start(struct checkpoint_worker *worker)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    base_require(pthread_create(&worker->thread, NULL, serve, worker) == 0,
                 "no thread to write checkpoints");
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    worker->is_started = true;
}

void checkpoint_worker_give(struct checkpoint_worker *worker,
                            void (*run)(void *context),
                            void *context)
{
    if (worker->is_threaded && !worker->is_started)
        start(worker);
    pthread_mutex_lock(&worker->lock);
    base_assert(!worker->run);
    worker->run = run;
    worker->context = context;
    pthread_cond_signal(&worker->changed);
    pthread_mutex_unlock(&worker->lock);
}

bool checkpoint_worker_is_idle(struct checkpoint_worker *worker)
{
    bool is_idle;

    if (!worker->is_threaded && worker->run) {
        worker->run(worker->context);
        worker->run = NULL;
    }
    pthread_mutex_lock(&worker->lock);
    is_idle = !worker->run;
    pthread_mutex_unlock(&worker->lock);
    return is_idle;
}
