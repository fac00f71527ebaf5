/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SUPPORT_REQUIRE_H
#define SUPPORT_REQUIRE_H

/* In the functions of an actor `self`: it fails, and says which line, if the condition
 * does not hold. */

#include "troupe/troupe.h"

#define REQUIRE(condition)                                                             \
    do {                                                                               \
        if (!(condition))                                                              \
            troupe_fail(self, TROUPE_FAILED, "%s:%d: %s does not hold", __FILE__,      \
                        __LINE__, #condition);                                         \
    } while (0)
#define REQUIRE_OK(call) REQUIRE((call) == TROUPE_OK)

#endif
