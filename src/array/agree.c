/* SPDX-License-Identifier: BSD-3-Clause */
#include "array/array.h"
#include "base/require.h"
#include <string.h>

struct verdict {
    uint64_t status, fingerprint;
};

/* `into` stands before `from` in the order of the members. */
static void fold(void *into, const void *from, size_t size_bytes, const void *context)
{
    struct verdict left, right;

    (void)size_bytes;
    (void)context;
    memcpy(&left, into, sizeof left);
    memcpy(&right, from, sizeof right);
    if (left.status == TROUPE_OK)
        left.status = right.status;
    if (left.status == TROUPE_OK && left.fingerprint != right.fingerprint)
        left.status = TROUPE_MISMATCH;
    memcpy(into, &left, sizeof left);
}

enum { TRIES = 64 }; /* of what may lack memory for a moment */

troupe_status
array_reduce(troupe_actor *self, troupe_team *team, const troupe_reduction *reduction)
{
    troupe_operation operation;
    int n_tries = 0;

    while (troupe_reduce_start(self, team, -1, reduction, &operation) != TROUPE_OK)
        base_require_memory(++n_tries < TRIES,
                            "no memory to agree with the members of a team");
    return troupe_team_wait(self, team, operation);
}

troupe_status array_add_up(
    troupe_actor *self, troupe_team *team, const void *mine, void *sums, size_t n)
{
    const troupe_reduction reduction = {.mine = mine,
                                        .result = sums,
                                        .element = TROUPE_INT64,
                                        .combine = TROUPE_SUM,
                                        .n_items = n};

    return array_reduce(self, team, &reduction);
}

troupe_status array_gather(troupe_actor *self,
                           troupe_team *team,
                           const void *mine,
                           size_t size_bytes,
                           void *all)
{
    troupe_operation operation;
    int n_tries = 0;

    while (troupe_gather_start(self, team, -1, mine, size_bytes, all, &operation) !=
           TROUPE_OK)
        base_require_memory(++n_tries < TRIES,
                            "no memory to ask the members of a team");
    return troupe_team_wait(self, team, operation);
}

troupe_status
array_exscan(troupe_actor *self, troupe_team *team, const troupe_reduction *reduction)
{
    troupe_operation operation;
    int n_tries = 0;

    while (troupe_exscan_start(self, team, reduction, &operation) != TROUPE_OK)
        base_require_memory(++n_tries < TRIES, "no memory to add up with the members");
    return troupe_team_wait(self, team, operation);
}

troupe_operation array_exchange_start(troupe_actor *self,
                                      troupe_team *team,
                                      const troupe_exchange_lists *lists)
{
    troupe_operation operation;
    int n_tries = 0;

    while (troupe_exchange_start(self, team, lists, &operation) != TROUPE_OK)
        base_require_memory(++n_tries < TRIES,
                            "no memory to exchange with the members");
    return operation;
}

troupe_status array_exchange(troupe_actor *self,
                             troupe_team *team,
                             const troupe_exchange_lists *lists)
{
    return troupe_team_wait(self, team, array_exchange_start(self, team, lists));
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

    TROUPE_TRY(array_reduce(self, team, &reduction));
    return (troupe_status)verdict.status;
}
