/* expect: struct work: field 'name' is of no kind that can be sent: a pointer, a union,
 * long double */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "troupe/message.h"

struct work {
    const char *name;
};
TROUPE_TYPE(work, name);
