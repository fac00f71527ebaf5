/* ranks: 2 4; without_pipes: 4 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "troupe/troupe.h"
#include <stdio.h>
#include <sys/resource.h>

/*
 * A rank that waits leaves the processor to others: less than 5 % of a core once 10 ms
 * have passed without work. CPU time is counted, not wall time, so a busy machine does
 * not disturb it.
 */

static double cpu_s(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static troupe_status body(troupe_actor *self)
{
    enum { WAIT_S = 2 };
    double before_s, used_s, most_s;

    TROUPE_TRY(troupe_barrier(self, troupe_rank_team(self)));
    troupe_sleep_until(self, troupe_after_s(self, 0.01));
    before_s = cpu_s();
    troupe_sleep_until(self, troupe_after_s(self, WAIT_S));
    used_s = cpu_s() - before_s;
    TROUPE_TRY(troupe_barrier(self, troupe_rank_team(self)));
    troupe_reduction largest = {.mine = &used_s,
                                .result = &most_s,
                                .element = TROUPE_DOUBLE,
                                .combine = TROUPE_MAX,
                                .n_items = 1};
    TROUPE_TRY(troupe_reduce(self, troupe_rank_team(self), -1, &largest));
    if (troupe_rank(self) == 0)
        TROUPE_TRY(troupe_print(self, "idle for %d s: at most %.1f %% of a core",
                                WAIT_S, 100 * most_s / WAIT_S));
    if (most_s > 0.05 * WAIT_S)
        troupe_fail(self, TROUPE_FAILED, "%.1f %% of a core", 100 * most_s / WAIT_S);
    return TROUPE_OK;
}
TROUPE_PROCESS(main_process, body);

int main(int argc, char **argv)
{
    return troupe_main(argc, argv, &(troupe_program){.main = &main_process});
}
