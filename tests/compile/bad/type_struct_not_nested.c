/* expect: struct work: field 'where' is of no kind that can be sent: a pointer, a
 * union, long double */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "troupe/message.h"

struct point {
    double x, y;
};
TROUPE_TYPE(point, x, y);
struct work {
    struct point where;
};
TROUPE_TYPE(work, where);
