/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_ARRAY_INLINE_H
#define TROUPE_ARRAY_INLINE_H

/* What is put together of the calls in array.h, which includes this. */

#include "troupe/array.h"

/** Copies all elements into another array, see troupe_array_copy_start(). */
static inline TROUPE_MUST_USE troupe_status troupe_array_copy(troupe_actor *self,
                                                              troupe_array from,
                                                              troupe_array to)
{
    troupe_operation operation;

    operation.bits = 0;
    TROUPE_TRY(troupe_array_copy_start(self, from, to, &operation));
    return troupe_team_wait(self, troupe_array_describe(self, to).team, operation);
}

#endif
