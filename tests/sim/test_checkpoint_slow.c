/* seeds: 40 */
/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "test_checkpoint_job.h"

/*
 * Ranks of very different speed, as where there are more of them than cores: the others
 * have written their parts before rank 0 has looked at what they saved. Each checkpoint
 * that was asked for comes, and the job ends.
 */

enum { N_STEPS = 20, N_RANKS = 4, STEP_COST_NS = 20 * 1000 };

struct toy {
    int64_t step;
};
TROUPE_TYPE(toy, step);

static troupe_status run(troupe_actor *self)
{
    struct toy *toy;

    (void)troupe_restored(self, &toy);
    for (; toy->step < N_STEPS; toy->step++) {
        if (troupe_rank(self) == 0)
            TROUPE_TRY(troupe_checkpoint_request(self));
        troupe_safepoint(self);
        TROUPE_TRY(troupe_barrier(self, troupe_rank_team(self)));
        troupe_sleep_until(self, troupe_after_s(self, 5e-3));
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(stepping, run, TROUPE_STATE(toy));

START_TEST(parts_may_be_written_at_once)
{
    for (uint64_t seed = attempt_first_seed(); seed <= attempt_last_seed(40); seed++) {
        struct quick_disk disk;
        const struct checkpoint_options checkpoint = attempt_options(&disk);
        struct attempt attempt = {.main = &stepping,
                                  .n_ranks = N_RANKS,
                                  .seed = seed,
                                  .checkpoint = &checkpoint,
                                  .slow_percent = 50,
                                  .step_cost_ns = STEP_COST_NS};

        ck_assert_msg(attempt_run(&attempt) == 0 && attempt.result.end == COMM_SIM_DONE,
                      "it does not end: TROUPE_TEST_SEED=%llu",
                      (unsigned long long)seed);
        quick_disk_close(&disk);
    }
}
END_TEST

CHECK_MAIN("checkpoint_slow", parts_may_be_written_at_once)
