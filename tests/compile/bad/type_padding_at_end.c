/* expect: struct work: after field 'n' there is padding or a field that TROUPE_TYPE
 * does not name */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "troupe/message.h"

struct work {
    double low;
    int32_t n;
};
TROUPE_TYPE(work, low, n);
