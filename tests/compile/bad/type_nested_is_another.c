/* expect: struct work: field 'where' is no struct point and no array of them */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "troupe/message.h"

struct point {
    double x, y;
};
TROUPE_TYPE(point, x, y);
struct pixel {
    int32_t x, y;
};
TROUPE_TYPE(pixel, x, y);
struct work {
    struct pixel where;
};
TROUPE_TYPE(work, TROUPE_NESTED(where, point));
