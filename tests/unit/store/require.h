/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef UNIT_STORE_REQUIRE_H
#define UNIT_STORE_REQUIRE_H

#include <check.h>

/* libcheck writes to a file at each of its own, and these are asked millions of times.
 */
#define REQUIRE(condition)                                                             \
    do {                                                                               \
        if (!(condition))                                                              \
            ck_abort_msg("%s does not hold", #condition);                              \
    } while (0)

#endif
