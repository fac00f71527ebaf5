// SPDX-License-Identifier: BSD-3-Clause
// In C++ the macros are absent; structs and functions are there.
#include "troupe/system.h"
#include "troupe/verbs.h"

#if defined(TROUPE_TYPE) || defined(TROUPE_BEHAVIOR) || defined(troupe_send)
#error "a C macro in C++"
#endif

struct work {
    double low, high;
};

static const troupe_field fields[] = {
    {"low", nullptr, offsetof(work, low), 1, 8, TROUPE_KIND_DOUBLE, TROUPE_FORM_SCALAR},
    {"high", nullptr, offsetof(work, high), 1, 8, TROUPE_KIND_DOUBLE, TROUPE_FORM_SCALAR},
};
static const troupe_type work_type = {"work", fields, 2, sizeof(work), 0, 0, 0,
                                      TROUPE_SHAPE_FIELDS};

troupe_status give(troupe_actor *self, troupe_address to);
troupe_status give(troupe_actor *self, troupe_address to)
{
    work body = {0, 1};
    troupe_down down = {};

    if (down.kind != TROUPE_EXIT_NORMAL)
        return down.status;
    return troupe_send_bytes(self, to, &work_type, &body, sizeof body);
}
