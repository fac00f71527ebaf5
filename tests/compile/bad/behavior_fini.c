/* expect: behavior worker needs: void end(troupe_actor *, struct tally *) */
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

troupe_status end(troupe_actor *self, struct tally *tally);
TROUPE_BEHAVIOR(worker, tally, TROUPE_FINI(end));
