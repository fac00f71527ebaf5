/* expect: hihg */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "troupe/message.h"

struct work {
    double low, high;
};
TROUPE_TYPE(work, low, hihg);
