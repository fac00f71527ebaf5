/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/watch.h"

/* Of rank 0, which alone shows. */
static struct watch *watched;

/* A process of its own: who waits for the task hears at once when it is done. */
static troupe_status show(troupe_actor *self)
{
    while (watched) {
        double interval_s = watched->progress.is_log ? 1 : 0.02;
        progress_show(&watched->progress, watched->n_done, troupe_now_ns(self));
        troupe_sleep_until(self, troupe_after_s(self, interval_s));
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(watch_process, show);

troupe_status watch_wait(troupe_actor *self, struct watch *watch, troupe_task *task)
{
    troupe_address shower;
    troupe_status status;

    if (troupe_rank(self) != 0 || !watch->progress.on)
        return troupe_task_wait(self, task);
    watched = watch;
    if (troupe_spawn(self, &watch_process, NULL, &shower) != TROUPE_OK)
        shower = TROUPE_NOBODY;
    status = troupe_task_wait(self, task);
    watched = NULL;
    if (shower.bits != 0)
        (void)troupe_stop_actor(self, shower, TROUPE_EXIT_SHUTDOWN);
    progress_hide(&watch->progress);
    return status;
}
