/* expect: struct work: before field 'values' there is padding */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "troupe/message.h"

struct work {
    uint32_t n;
    double values[];
};
TROUPE_TYPE(work, n, TROUPE_TAIL(values, n));
