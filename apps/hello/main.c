/* SPDX-License-Identifier: BSD-3-Clause */
/* Pi as the area under 4 / (1 + x^2) from 0 to 1: each rank has a part worked out. */
#include <troupe/troupe.h>

struct work {
    double low, high;
};
TROUPE_TYPE(work, low, high);
struct area {
    double value;
};
TROUPE_TYPE(area, value);

static troupe_status on_work(troupe_actor *self, const struct work *work)
{
    double sum = 0, step = (work->high - work->low) / 1000000;
    for (int i = 0; i < 1000000; i++) {
        double x = work->low + (i + 0.5) * step;
        sum += step * 4 / (1 + x * x);
    }
    return troupe_reply(self, work, area, .value = sum);
}
TROUPE_BEHAVIOR(worker, troupe_no_state, TROUPE_ON(work, on_work), TROUPE_SENDS(area));

static troupe_status body(troupe_actor *self) /* every rank runs it */
{
    double rank = troupe_rank(self), n = troupe_n_ranks(self), pi;
    troupe_spawn_options options = {.place = TROUPE_ANYWHERE};
    troupe_address helper;
    const struct area *area;
    TROUPE_TRY(troupe_spawn(self, &worker, &options, &helper));
    TROUPE_TRY(troupe_call(self, helper, area, &area, troupe_after_s(self, 60), work,
                           .low = rank / n, .high = (rank + 1) / n));
    TROUPE_TRY(troupe_sum_double(self, troupe_rank_team(self), area->value, &pi));
    return rank > 0 ? TROUPE_OK : troupe_print(self, "pi is %.9f", pi);
}
TROUPE_PROCESS(main_process, body, TROUPE_SPAWNS(&worker));

int main(int argc, char **argv)
{
    return troupe_main(argc, argv, &(troupe_program){.main = &main_process});
}
