/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "runtime/control.h"
#include "base/alloc.h"
#include "base/environment.h"
#include "runtime/internal.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

/* What the runtime's thread does for its supervisor. */

enum {
    HELPER_STACK_BYTES = 512 << 10,
    LOOK_NS = 50 * 1000 * 1000,
    STEPS_PER_LOOK = 64
};

static void ring(const struct runtime_control *control)
{
    const uint64_t one = 1;

    (void)!write(control->bell, &one, sizeof(one));
}

/* ---- start and stop
 * ------------------------------------------------------------------- */

/* Signals are for the thread that runs the actors. */
static bool start_helper(struct runtime_control *control)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    int error;

    sigfillset(&all);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, HELPER_STACK_BYTES);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&control->helper, &attributes, runtime_helper_run, control);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    errno = error;
    return error == 0;
}

/* Supervisors count the processes that were launched, whatever communicator the program
 * gives the runtime. */
static uint32_t launched(const char *name, int otherwise)
{
    const char *text = getenv(name);
    long number = text ? strtol(text, NULL, 10) : otherwise;

    return number >= 0 && number < INT32_MAX ? (uint32_t)number : 0;
}

troupe_status runtime_control_start(struct runtime_control **control,
                                    const struct base_log *log,
                                    int n_ranks)
{
    const char *text = base_env_text("TROUPE_CONTROL", NULL);
    struct control_address address;
    struct runtime_control *fresh;

    *control = NULL;
    if (!text)
        return TROUPE_OK;
    if (!control_address_parse(text, &address)) {
        base_env_report(log, "TROUPE_CONTROL", "what 'troupe run' sets it to");
        return TROUPE_INVALID;
    }
    fresh = base_try_alloc_aligned(_Alignof(struct runtime_control), sizeof(*fresh));
    if (!fresh)
        return TROUPE_NO_MEMORY;
    memset(fresh, 0, sizeof(*fresh));
    fresh->address = address;
    fresh->log = *log;
    fresh->rank = launched("OMPI_COMM_WORLD_RANK", log->rank);
    fresh->n_ranks = launched("OMPI_COMM_WORLD_SIZE", n_ranks);
    fresh->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&fresh->lock, NULL);
    base_bytes_init(&fresh->outbox.dump);
    /* If the launcher is killed, even a stopped rank goes with it. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    base_require(
        fresh->bell >= 0 && start_helper(fresh),
        "cannot start the thread that tells 'troupe run' that this rank lives: "
        "%s",
        strerror(errno));
    *control = fresh;
    return TROUPE_OK;
}

void runtime_control_stop(struct runtime_control *control)
{
    if (!control)
        return;
    pthread_mutex_lock(&control->lock);
    control->outbox.stops = true;
    pthread_mutex_unlock(&control->lock);
    ring(control);
    pthread_join(control->helper, NULL);
    close(control->bell);
    pthread_mutex_destroy(&control->lock);
    base_bytes_fini(&control->outbox.dump);
    base_free(control);
}

void runtime_control_complete(struct runtime_control *control, int exit_code)
{
    pthread_mutex_lock(&control->lock);
    control->outbox.has_completed = true;
    control->outbox.exit_code = exit_code;
    pthread_mutex_unlock(&control->lock);
    ring(control);
}

/* ---- wishes
 * --------------------------------------------------------------------------- */

static void say_waits(struct runtime_rank *rank)
{
    struct runtime_control *control = rank->control;

    pthread_mutex_lock(&control->lock);
    control->outbox.dump.size = 0;
    if (rank->phase == RUNTIME_ACTORS)
        actor_report_waits(actor_of(&rank->troupe), &control->outbox.dump);
    else
        base_bytes_append_format(&control->outbox.dump,
                                 "rank %u: its actors do not run yet, or no more\n",
                                 (unsigned)control->rank);
    control->outbox.has_dump = true;
    pthread_mutex_unlock(&control->lock);
    ring(control);
}

static void
say_refusal(struct runtime_control *control, enum control_kind refusal, const char *why)
{
    pthread_mutex_lock(&control->lock);
    snprintf(control->outbox.why, sizeof(control->outbox.why), "%s", why);
    control->outbox.refusal = refusal;
    pthread_mutex_unlock(&control->lock);
    ring(control);
}

static void say_saved(struct runtime_control *control,
                      const struct control_saved *saved)
{
    pthread_mutex_lock(&control->lock);
    control->outbox.saved = *saved;
    control->outbox.has_saved = true;
    pthread_mutex_unlock(&control->lock);
    ring(control);
}

static void ask_for_checkpoint(struct runtime_rank *rank)
{
    struct runtime_control *control = rank->control;
    uint32_t n = atomic_load_explicit(&control->n_saves, memory_order_acquire);
    char why[256] = "";

    if (n == rank->wishes.n_taken)
        return;
    if (!runtime_saver.ask(&rank->troupe, n, why, sizeof(why)))
        say_refusal(control, CONTROL_CANNOT, why);
}

static void look_for_news(struct runtime_rank *rank)
{
    struct runtime_control *control = rank->control;
    struct control_saved saved;
    char why[256] = "";

    switch (runtime_saver.news(&rank->troupe, &saved, why, sizeof(why))) {
    case RUNTIME_PUBLISHED:
        say_saved(control, &saved);
        return;
    case RUNTIME_GAVE_UP:
        say_refusal(control, CONTROL_GAVE_UP, why);
        return;
    default:
        return;
    }
}

static bool take_wish(_Atomic bool *wish)
{
    return atomic_load_explicit(wish, memory_order_relaxed) &&
           atomic_exchange_explicit(wish, false, memory_order_acquire);
}

static void look_around(struct runtime_rank *rank)
{
    struct runtime_control *control = rank->control;

    if (take_wish(&control->wants_dump))
        say_waits(rank);
    look_for_news(rank); /* before: what is published by now answers no new wish */
    ask_for_checkpoint(rank);
}

/* ---- a turn
 * --------------------------------------------------------------------------- */

static void publish(struct runtime_control *control, enum control_activity activity)
{
    atomic_store_explicit(&control->activity, (int)activity, memory_order_relaxed);
}

/* An idle rank sleeps until a message comes, and would not hear its supervisor. */
static void wake_soon(struct runtime_rank *rank, struct comm_step *step)
{
    int64_t look_ns = comm_now_ns(rank->comm) + LOOK_NS;

    if (step->wake_ns > look_ns)
        step->wake_ns = look_ns;
}

struct comm_step runtime_control_step(struct troupe *holder)
{
    struct runtime_rank *rank = runtime_rank_of(holder);
    struct runtime_control *control = rank->control;
    struct comm_step step;
    uint64_t n_turns =
        atomic_load_explicit(&control->n_turns, memory_order_relaxed) + 1;

    publish(control, CONTROL_BUSY);
    step = runtime_step(holder);
    atomic_store_explicit(&control->n_messages, actor_of(holder)->counts.n_delivered,
                          memory_order_relaxed);
    if (step.result == COMM_STEP_IDLE) {
        publish(control, step.wake_ns == INT64_MAX ? CONTROL_IDLE : CONTROL_WAITING);
        look_around(rank);
        wake_soon(rank, &step);
        return step;
    }
    atomic_store_explicit(&control->n_turns, n_turns, memory_order_relaxed);
    if (++control->n_steps % STEPS_PER_LOOK == 0)
        look_around(rank);
    return step;
}
