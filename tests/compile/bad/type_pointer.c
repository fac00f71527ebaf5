/* expect: struct work: field 'name' is a pointer, which means nothing elsewhere */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "troupe/message.h"

struct work {
    char *name;
};
TROUPE_TYPE(work, name);
