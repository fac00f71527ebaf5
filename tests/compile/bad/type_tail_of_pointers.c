/* expect: struct work: tail 'names' has elements of no kind that can be sent */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "troupe/message.h"

struct work {
    uint64_t n;
    char *names[];
};
TROUPE_TYPE(work, n, TROUPE_TAIL(names, n));
