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

struct play {
    double length;
};
troupe_status on_play(troupe_actor *self, struct tally *tally, const struct play *play);
TROUPE_BEHAVIOR(worker, tally, TROUPE_ON(play, on_play));
