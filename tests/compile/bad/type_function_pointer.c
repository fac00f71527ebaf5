/* expect: struct work: field 'run' is of no kind that can be sent: a pointer, a union,
 * long double */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "troupe/message.h"

struct work {
    void (*run)(void);
};
TROUPE_TYPE(work, run);
