/* expect: struct work: field 'data' is of no kind that can be sent: a pointer, a union,
 * long double */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "troupe/message.h"

struct work {
    void *data;
};
TROUPE_TYPE(work, data);
