/* expect: troupe_receive of work needs the address of a: const struct work * */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "troupe/verbs.h"

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
    int64_t index;
    uint64_t n_text;
    char text[];
};
TROUPE_TYPE(chunk, index, n_text, TROUPE_TAIL(text, n_text));
struct secret {
    void *data;
};
TROUPE_PRIVATE(secret);

troupe_status f(troupe_actor *self, troupe_address to);
troupe_status f(troupe_actor *self, troupe_address to)
{
    const struct tally *tally;
    return troupe_receive(self, work, TROUPE_FOREVER, &tally);
}
