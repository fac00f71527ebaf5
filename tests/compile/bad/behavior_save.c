/* expect: behavior worker needs: troupe_status save(troupe_actor *, const struct tally
 * *, troupe_writer *) */
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

troupe_status save(troupe_actor *self, struct tally *tally, troupe_writer *writer);
TROUPE_BEHAVIOR(worker, tally, TROUPE_SAVE(save));
