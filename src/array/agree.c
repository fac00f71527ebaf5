/* SPDX-License-Identifier: BSD-3-Clause */
#include "array/array.h"
#include "base/require.h"
#include <string.h>

struct verdict {
    uint64_t status, fingerprint;
};

/* `into` stands before `from` in the order of the members. */
static void fold(void *into, const void *from, size_t size_bytes)
{
    struct verdict left, right;

    (void)size_bytes;
    memcpy(&left, into, sizeof left);
    memcpy(&right, from, sizeof right);
    if (left.status == TROUPE_OK)
        left.status = right.status;
    if (left.status == TROUPE_OK && left.fingerprint != right.fingerprint)
        left.status = TROUPE_MISMATCH;
    memcpy(into, &left, sizeof left);
}

/*
 * A member that found no memory even for this would leave the others waiting, and could
 * not tell them so.
 */
static void start(troupe_actor *self,
                  troupe_team *team,
                  const troupe_reduction *reduction,
                  troupe_operation *operation)
{
    enum { TRIES = 64 };
    int n_tries = 0;

    while (troupe_reduce_start(self, team, -1, reduction, operation) != TROUPE_OK)
        base_require(++n_tries < TRIES,
                     "no memory to agree with the members of a team");
}

troupe_status array_agree(troupe_actor *self,
                          troupe_team *team,
                          troupe_status mine,
                          uint64_t fingerprint)
{
    struct verdict verdict = {(uint64_t)mine, fingerprint};
    const troupe_reduction reduction = {.mine = &verdict,
                                        .result = &verdict,
                                        .fold = fold,
                                        .size_bytes = sizeof verdict};
    troupe_operation operation;

    start(self, team, &reduction, &operation);
    TROUPE_TRY(troupe_team_wait(self, team, operation));
    return (troupe_status)verdict.status;
}
