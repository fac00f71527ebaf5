/* expect: struct work: before field 'high' there is padding or a field */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "troupe/message.h"

struct work {
    double low, high;
};
TROUPE_TYPE(work, high, low);
