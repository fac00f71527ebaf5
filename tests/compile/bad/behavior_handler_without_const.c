/* expect: behavior worker needs: troupe_status on_work(troupe_actor *, struct tally *,
 * const struct work *) */
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

troupe_status on_work(troupe_actor *self, struct tally *tally, struct work *work);
TROUPE_BEHAVIOR(worker, tally, TROUPE_ON(work, on_work));
