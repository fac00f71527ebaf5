/* expect: troupe_shape_point */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "troupe/message.h"

struct point {
    double x, y;
};
struct work {
    struct point where;
};
TROUPE_TYPE(work, TROUPE_NESTED(where, point));
