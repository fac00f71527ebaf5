/* expect: struct work: tail 'values' must be declared as the last field, values[] */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "troupe/message.h"

struct work {
    uint64_t n;
    double values[1];
};
TROUPE_TYPE(work, n, TROUPE_TAIL(values, n));
