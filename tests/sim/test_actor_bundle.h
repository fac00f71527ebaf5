/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TEST_ACTOR_BUNDLE_H
#define TEST_ACTOR_BUNDLE_H

/* Messages that travel apart, once there is room for them, to somebody on the last
 * rank. */

#include "support/scene.h"

enum { BUNDLE_LENGTH = 3000 }; /* 24 kB */

struct bundle {
    int64_t number, n;
    int64_t filling[];
};
TROUPE_TYPE(bundle, number, n, TROUPE_TAIL(filling, n));

static inline troupe_status
send_bundles(troupe_actor *self, const troupe_behavior *to, int64_t n_bundles)
{
    static const int64_t filling[BUNDLE_LENGTH];
    const troupe_spawn_options last = {.place =
                                           TROUPE_ON_RANK(troupe_n_ranks(self) - 1)};
    troupe_address address;

    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    EXPECT_OK(troupe_spawn(self, to, &last, &address));
    for (int64_t i = 0; i < n_bundles; i++)
        EXPECT_OK(troupe_send_tail(self, address, bundle, filling, filling,
                                   BUNDLE_LENGTH, .number = i));
    return TROUPE_OK;
}

#endif
