/* expect: struct work: before field 'integer' there is padding or a field */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "troupe/message.h"

struct work {
    union {
        double number;
        int64_t integer;
    };
};
TROUPE_TYPE(work, number, integer);
