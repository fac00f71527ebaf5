/* expect: behavior worker: chunk has a tail or is a signal and cannot be a state */
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

struct chunk {
    uint64_t n;
    char text[];
};
TROUPE_TYPE(chunk, n, TROUPE_TAIL(text, n));
TROUPE_BEHAVIOR(worker, chunk);
