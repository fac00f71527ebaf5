/* expect: struct work: before field 'high' there is padding or a field that TROUPE_TYPE
 * does not name (or names in another order) */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "troupe/message.h"

struct work {
    int32_t low;
    double high;
};
TROUPE_TYPE(work, low, high);
