/* expect: TROUPE_TAIL_MUST_BE_NAMED|flexible array member */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "troupe/message.h"

struct work {
    uint64_t n;
    double values[];
};
TROUPE_TYPE(work, n);
