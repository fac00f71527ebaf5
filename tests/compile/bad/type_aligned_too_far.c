/* expect: struct work: messages are aligned to 8 bytes, not more */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "troupe/message.h"

struct work {
    _Alignas(16) double low;
    double high;
};
TROUPE_TYPE(work, low, high);
