/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/watch.h"

troupe_status watch_wait(troupe_actor *self, struct watch *watch, troupe_task *task)
{
    const double interval_s = 0.02;
    troupe_status status;

    if (troupe_rank(self) != 0 || !watch->progress.on)
        return troupe_task_wait(self, task);
    while ((status = troupe_task_test(self, task)) == TROUPE_PENDING) {
        troupe_sleep_until(self, troupe_after_s(self, interval_s));
        progress_show(&watch->progress, watch->n_done, troupe_now_ns(self));
    }
    progress_hide(&watch->progress);
    return status;
}
