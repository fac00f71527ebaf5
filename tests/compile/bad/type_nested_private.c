/* expect: struct work: field 'where': struct point has a tail or is private */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "troupe/message.h"

struct point {
    double x, y;
};
TROUPE_PRIVATE(point);
struct work {
    struct point where;
};
TROUPE_TYPE(work, TROUPE_NESTED(where, point));
