/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_CHECKPOINT_H
#define TROUPE_CHECKPOINT_H

/*
 * Checkpoints, as a program sees them. With TROUPE_CHECKPOINT=DIR a job is saved now
 * and then as a whole: actors, mail, timers, names, arrays. Started again, on the same
 * number of ranks or another, it goes on from the newest checkpoint.
 *
 * Handler actors need do nothing. A process begins again at the top of its function;
 * what it is to know then stands in its state (TROUPE_STATE in TROUPE_PROCESS), and is
 * saved where it calls troupe_safepoint():
 *
 *     struct sums *sums;
 *     if (!troupe_restored(self, &sums))
 *         sums->step = 0;                     // a fresh start; the state is zeroed
 *     for (; sums->step < n_steps; sums->step++) {
 *         troupe_safepoint(self);
 *         ...
 *     }
 *
 * A job is checkpointed only if its rank processes have a state, or say with the flag
 * TROUPE_RESTARTABLE_FROM_TOP that they ask troupe_is_restored() before they spawn. A
 * process without a state that is not a rank process is started anew.
 */

#include "troupe/behavior.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Here the caller's state is all that it needs to begin again. Returns at once unless a
 * checkpoint is about to be made; then it waits until that is copied. Does nothing in a
 * process without a state, or while it has operations, calls or tasks (troupe_task)
 * that it has not waited for: the checkpoint waits for these, too.
 *
 * \call     local
 * \blocks   until a checkpoint that has begun is copied into memory
 * \threads  the runtime's thread
 * \errors   none
 * \aborts   the actor: it is a handler
 */
TROUPE_API void troupe_safepoint(troupe_actor *self);

/**
 * Makes every receive in which the caller waits a safe point from now on, or none any
 * more. For a process whose state is complete whenever it asks for mail. While others
 * are on the way to their safe points, mail waits for it there; but it goes on if its
 * mailbox is full and somebody waits for room, or if somebody calls it.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   TROUPE_NO_MEMORY  nothing has changed
 * \aborts   the actor: it is a handler
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_safe_receives(troupe_actor *self,
                                                              bool is_safe);

/**
 * Whether the caller goes on from a checkpoint.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   none
 */
TROUPE_API bool troupe_is_restored(const troupe_actor *self);

/** Points *state to the caller's state; true: it has what it had at the checkpoint. */
#define troupe_restored(self, state)                                                   \
    (*(state) = troupe_state(self), troupe_is_restored(self))

/**
 * Asks for a checkpoint, soon, beside those that are made by time. Several such
 * requests may be met by one.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   TROUPE_REFUSED  this job makes none
 */
TROUPE_API troupe_status troupe_checkpoint_request(troupe_actor *self);

#ifdef __cplusplus
}
#endif
#endif
