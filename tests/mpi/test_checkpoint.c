/* ranks: 1 3 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "troupe/troupe.h"
#include <stdio.h>
#include <stdlib.h>

/*
 * A job that goes on from a checkpoint where there is one: [STEPS [MILLISECONDS]].
 * Alone it shows that without checkpoints nothing is different;
 * system/checkpoint_restart.sh kills its ranks.
 */

struct toy {
    int64_t step;
    uint64_t hash;
};
TROUPE_TYPE(toy, step, hash);

static uint64_t mixed(uint64_t word)
{
    word = (word ^ word >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    return word ^ word >> 27;
}

/* The ranks' parts of a number that all know afterwards. */
static troupe_status step(troupe_actor *self, struct toy *toy)
{
    uint64_t others = (uint64_t)troupe_n_ranks(self) - 1;
    uint64_t whole = mixed(toy->hash + (uint64_t)toy->step + 1);
    uint64_t mine = troupe_rank(self) == 0 ? whole - others : 1;
    const troupe_reduction sum = {.mine = &mine,
                                  .result = &toy->hash,
                                  .element = TROUPE_UINT64,
                                  .combine = TROUPE_SUM,
                                  .n_items = 1};

    return troupe_reduce(self, troupe_rank_team(self), -1, &sum);
}

/* One that no checkpoint so far can have; what the job began with may be gone by now.
 */
static troupe_status make_late_array(troupe_actor *self, int64_t number)
{
    char name[32];
    const troupe_array_options options = {.length = 100, .saved_as = name};
    troupe_array array;

    snprintf(name, sizeof name, "late %lld", (long long)number);
    TROUPE_TRY(troupe_array_create(self, troupe_rank_team(self), &options, &array));
    if (troupe_array_describe(self, array).is_restored)
        return TROUPE_FAILED;
    troupe_array_destroy(self, &array);
    return TROUPE_OK;
}

static troupe_status run(troupe_actor *self, int argc, char **argv)
{
    int64_t n_steps = argc > 1 ? atoll(argv[1]) : 50, first;
    double pause_s = argc > 2 ? atof(argv[2]) * 1e-3 : 0;
    bool is_leader = troupe_rank(self) == 0;
    struct toy *toy;

    if (troupe_restored(self, &toy) && is_leader)
        TROUPE_TRY(troupe_print(self, "restored at %lld", (long long)toy->step));
    first = toy->step;
    for (; toy->step < n_steps; toy->step++) {
        troupe_safepoint(self);
        TROUPE_TRY(step(self, toy));
        TROUPE_TRY(make_late_array(self, toy->step));
        if (pause_s > 0)
            troupe_sleep_until(self, troupe_after_s(self, pause_s));
    }
    if (first == 0 && !troupe_is_restored(self) &&
        getenv("TROUPE_CHECKPOINT") == NULL &&
        troupe_checkpoint_request(self) != TROUPE_REFUSED)
        return TROUPE_FAILED;
    return is_leader
               ? troupe_print(self, "value %016llx", (unsigned long long)toy->hash)
               : TROUPE_OK;
}
TROUPE_PROCESS(checkpoint_toy, run, TROUPE_STATE(toy), .flags = TROUPE_REPLICATED);

int main(int argc, char **argv)
{
    return troupe_main(argc, argv, &(troupe_program){.main = &checkpoint_toy});
}
