/* expect: struct work: field 'where' is a pointer */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "troupe/message.h"

struct point {
    double x, y;
};
TROUPE_TYPE(point, x, y);
struct work {
    struct point *where;
};
TROUPE_TYPE(work, TROUPE_NESTED(where, point));
