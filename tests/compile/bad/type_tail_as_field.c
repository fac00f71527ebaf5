/* expect: TROUPE_NEITHER_BIT_FIELD_NOR_UNNAMED_TAIL|'sizeof' to incomplete type
 * 'double[]' */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "troupe/message.h"

struct work {
    uint64_t n;
    double values[];
};
TROUPE_TYPE(work, n, values);
