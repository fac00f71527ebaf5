/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_WATCH_H
#define COMMON_WATCH_H

/* A kernel's progress, shown while it goes on. */

#include "common/progress.h"
#include <stdatomic.h>
#include <troupe/troupe.h>

struct watch {
    struct progress progress;
    atomic_ullong n_done; /* the kernel's blocks add to it */
};

/* Spawned by who waits. */
TROUPE_PROCESS_DECLARE(watch_process);

/*
 * Waits for the task and meanwhile shows how far the caller's own part is, of
 * progress.n_items. Rank 0 alone shows.
 */
troupe_status watch_wait(troupe_actor *self, struct watch *watch, troupe_task *task);

#endif
