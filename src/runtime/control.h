/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RUNTIME_CONTROL_H
#define RUNTIME_CONTROL_H

/*
 * A rank under `troupe run`. A helper thread tells the supervisor that the process
 * lives and how far the runtime's thread has come; so it does also while a handler
 * computes, and it stops when the process is stopped. Without TROUPE_CONTROL there is
 * no thread, and the scheduler's step is called without a detour.
 */

#include "base/bytes.h"
#include "base/log.h"
#include "comm/comm.h"
#include "control/control.h"
#include <pthread.h>
#include <stdatomic.h>

/* What is new about checkpoints since the last call. */
enum runtime_news { RUNTIME_NO_NEWS, RUNTIME_PUBLISHED, RUNTIME_GAVE_UP };

/* Who takes checkpoints; called by the runtime's thread of rank 0. */
struct runtime_saver {
    /* Please take one, for all wishes up to the n-th. False: there will be none, and
     * why. */
    bool (*ask)(struct troupe *rank, uint32_t n, char *why, size_t why_capacity);
    enum runtime_news (*news)(struct troupe *rank,
                              struct control_saved *saved,
                              char *why,
                              size_t why_capacity);
};

/* What the runtime's thread has for the supervisor; under the lock. */
struct runtime_outbox {
    struct base_bytes dump; /* lines */
    bool has_dump, has_saved, has_completed, stops;
    enum control_kind refusal; /* GAVE_UP or CANNOT; 0: neither */
    struct control_saved saved;
    char why[256]; /* of the refusal */
    int exit_code;
};

struct runtime_control {
    struct control_address address;
    struct base_log log;
    uint32_t rank, n_ranks;
    uint32_t n_steps;
    /* Written by the runtime's thread alone, each turn. */
    _Alignas(64) _Atomic uint64_t n_turns;
    _Atomic uint64_t n_messages;
    _Atomic int activity;
    /* Set by the helper, taken by the runtime's thread. */
    _Alignas(64) _Atomic bool wants_dump;
    _Atomic uint32_t n_saves; /* wishes for a checkpoint so far */
    pthread_mutex_t lock;
    struct runtime_outbox outbox;
    int bell; /* an eventfd: something is in the outbox */
    pthread_t helper;
    struct control_stream stream; /* the helper's */
    int64_t dump_asked_ns;        /* the helper's; 0: not */
};

/* *control is NULL without TROUPE_CONTROL. INVALID: it is none, which was logged. */
TROUPE_MUST_USE troupe_status runtime_control_start(struct runtime_control **control,
                                                    const struct base_log *log,
                                                    int n_ranks);
/* As runtime_step(), watched. */
struct comm_step runtime_control_step(struct troupe *holder);
/* The job has come to its end on this rank. */
void runtime_control_complete(struct runtime_control *control, int exit_code);
/* After the last word is out; tolerates NULL. */
void runtime_control_stop(struct runtime_control *control);

/* ---- helper.c ---- */

void *runtime_helper_run(void *control);

#endif
