/* expect: behavior worker needs: troupe_status restore(troupe_actor *, struct tally *,
 * troupe_reader *) */
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

troupe_status
restore(troupe_actor *self, const struct tally *tally, troupe_reader *reader);
TROUPE_BEHAVIOR(worker, tally, TROUPE_RESTORE(restore));
