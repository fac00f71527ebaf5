/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SUPPORT_MISBEHAVE_H
#define SUPPORT_MISBEHAVE_H

/* Programs that go wrong when their environment says so, for tests/system. */

#include "troupe/troupe.h"
#include <stdlib.h>

struct work {
    int64_t number;
};
TROUPE_TYPE(work, number);

static inline const char *variable(const char *name)
{
    const char *text = getenv(name);

    return text ? text : "";
}

#endif
