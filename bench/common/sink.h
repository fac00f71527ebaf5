/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BENCH_SINK_H
#define BENCH_SINK_H

/*
 * The state and the first words of an actor that is sent items and adds them up: it is
 * told how many come, and says when all are there.
 */

#include "troupe/troupe.h"

/* How many are to come. The answer says that the sink is awake. */
struct expect {
    int64_t n_items;
};
TROUPE_TYPE(expect, n_items);
TROUPE_SIGNAL(ready);
/* All are there. */
struct received {
    int64_t sum;
};
TROUPE_TYPE(received, sum);

struct sink {
    int64_t n_left, sum;
    troupe_address source;
};
TROUPE_TYPE(sink, n_left, sum, source);

static inline troupe_status
sink_expect(troupe_actor *self, struct sink *sink, const struct expect *expect)
{
    *sink = (struct sink){.n_left = expect->n_items, .source = troupe_sender(self)};
    return troupe_reply(self, expect, ready);
}

static inline troupe_status
sink_take(troupe_actor *self, struct sink *sink, int64_t number)
{
    sink->sum += number;
    if (--sink->n_left > 0)
        return TROUPE_OK;
    return troupe_send(self, sink->source, received, .sum = sink->sum);
}

#endif
