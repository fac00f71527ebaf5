/* expect: TROUPE_NEITHER_BIT_FIELD_NOR_UNNAMED_TAIL|an array of arrays, a bit-field */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "troupe/message.h"

struct work {
    unsigned int bits : 3;
    unsigned int more : 29;
};
TROUPE_TYPE(work, bits, more);
