/* expect: behavior worker: struct secret is private and cannot be sent */
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

struct secret {
    void *data;
};
TROUPE_PRIVATE(secret);
troupe_status
on_it(troupe_actor *self, struct tally *tally, const struct secret *secret);
TROUPE_BEHAVIOR(worker, tally, TROUPE_ON(secret, on_it));
