/* expect: process main_process: TROUPE_ON belongs to a TROUPE_BEHAVIOR */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "troupe/behavior.h"

struct work {
    double low, high;
};
TROUPE_TYPE(work, low, high);
struct tally {
    int64_t n_done;
};
TROUPE_TYPE(tally, n_done);
TROUPE_SIGNAL(stop);

troupe_status on_work(troupe_actor *self, const struct work *work);
troupe_status body(troupe_actor *self);
TROUPE_PROCESS(main_process, body, TROUPE_ON(work, on_work));
