/* expect: struct work: 'n' counts the tail and must be an integer of 4 or 8 bytes */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "troupe/message.h"

struct work {
    double n;
    double values[];
};
TROUPE_TYPE(work, n, TROUPE_TAIL(values, n));
