/* expect: troupe_type_play */
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

troupe_status body(troupe_actor *self);
TROUPE_PROCESS(main_process, body, TROUPE_ACCEPTS(play));
