/* expect: struct work: field 'names' is of no kind that can be sent: a pointer, a
 * union, long double */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "troupe/message.h"

struct work {
    char *names[4];
};
TROUPE_TYPE(work, names);
