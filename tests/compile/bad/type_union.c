/* expect: struct work: field 'value' is of no kind that can be sent: a pointer, a
 * union, long double */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "troupe/message.h"

struct work {
    union {
        double number;
        int64_t integer;
    } value;
};
TROUPE_TYPE(work, value);
