/* expect: troupe_shape_stop */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "troupe/message.h"

TROUPE_SIGNAL(stop);
struct stop {
    int32_t code;
};
TROUPE_TYPE(stop, code);
