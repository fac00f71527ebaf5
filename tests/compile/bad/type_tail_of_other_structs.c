/* expect: struct cloud: tail 'points' has elements other than struct point */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "troupe/message.h"

struct point {
    double x, y;
};
TROUPE_TYPE(point, x, y);
struct cloud {
    uint64_t n;
    double points[];
};
TROUPE_TYPE(cloud, n, TROUPE_TAIL(points, n, point));
