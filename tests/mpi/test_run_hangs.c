/* ranks: 1 2 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/misbehave.h"
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * A job of some seconds that can be saved, for system/hung.sh: when the file
 * TROUPE_TEST_HANG_WHEN is there, its last rank hangs as TROUPE_TEST_HANG says; but
 * first it makes the file TROUPE_TEST_HANG_ONCE, and where that is there it does not.
 * Without these it only shows its value.
 */

enum { N_STEPS = 300 };

struct sum {
    int64_t step, value;
};
TROUPE_TYPE(sum, step, value);

static bool is_its_time(void)
{
    int descriptor;

    if (access(variable("TROUPE_TEST_HANG_WHEN"), F_OK) != 0)
        return false;
    descriptor = open(variable("TROUPE_TEST_HANG_ONCE"), O_WRONLY | O_CREAT | O_EXCL,
                      S_IRUSR | S_IWUSR);
    return descriptor >= 0 && close(descriptor) == 0;
}

static void never_end(void)
{
    volatile bool for_ever = true;

    while (for_ever)
        continue;
}

static troupe_status on_work(troupe_actor *self, const struct work *work)
{
    (void)self;
    (void)work;
    never_end();
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(endless, troupe_no_state, TROUPE_ON(work, on_work));

static troupe_status hang(troupe_actor *self, const char *how)
{
    const struct work *nothing;
    troupe_address helper;

    if (strcmp(how, "stop") == 0)
        return kill(getpid(), SIGSTOP) == 0 ? TROUPE_OK : TROUPE_FAILED;
    if (strcmp(how, "process") == 0)
        never_end();
    TROUPE_TRY(troupe_spawn(self, &endless, NULL, &helper));
    return troupe_call(self, helper, work, &nothing, TROUPE_FOREVER, work, .number = 1);
}

static troupe_status add(troupe_actor *self, struct sum *sum)
{
    int64_t mine = troupe_rank(self) == 0 ? sum->step : 0, whole = 0;
    const troupe_reduction reduction = {.mine = &mine,
                                        .result = &whole,
                                        .element = TROUPE_INT64,
                                        .combine = TROUPE_SUM,
                                        .n_items = 1};

    TROUPE_TRY(troupe_reduce(self, troupe_rank_team(self), -1, &reduction));
    sum->value += whole;
    return TROUPE_OK;
}

static troupe_status body(troupe_actor *self)
{
    const char *how = variable("TROUPE_TEST_HANG");
    bool may_hang = how[0] && troupe_rank(self) == troupe_n_ranks(self) - 1;
    struct sum *sum;
    bool is_restored = troupe_restored(self, &sum);

    for (; sum->step < N_STEPS; sum->step++) {
        troupe_safepoint(self);
        TROUPE_TRY(add(self, sum));
        if (may_hang && is_its_time())
            TROUPE_TRY(hang(self, how));
        if (how[0] && !is_restored)
            troupe_sleep_until(self, troupe_after_s(self, 0.02));
    }
    return troupe_rank(self) > 0
               ? TROUPE_OK
               : troupe_print(self, "the sum is %lld", (long long)sum->value);
}
TROUPE_PROCESS(main_process,
               body,
               TROUPE_STATE(sum),
               TROUPE_SPAWNS(&endless),
               TROUPE_ACCEPTS(work),
               .flags = TROUPE_REPLICATED);

int main(int argc, char **argv)
{
    return troupe_main(argc, argv, &(troupe_program){.main = &main_process});
}
