/* expect: struct work: tail 'text' must be declared as the last field, text[] */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "troupe/message.h"

struct work {
    uint64_t n;
    uint32_t m;
    char text[4];
};
TROUPE_TYPE(work, n, m, TROUPE_TAIL(text, n));
