/* ranks: 1 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "actor/actor.h"
#include "base/clock.h"
#include "troupe/troupe.h"

/*
 * How much a rank does between two polls: little after a sleep, as nobody knows what
 * comes; all of it where turns are short; little again at the next poll but one after a
 * turn that was long, also after a wait. A busy machine makes turns longer, and is
 * waited for.
 */

static uint32_t share_now(troupe_actor *self)
{
    return comm_share(self->home->comm);
}

static troupe_status expect(troupe_actor *self, bool is_so, const char *what)
{
    if (!is_so)
        troupe_fail(self, TROUPE_FAILED, "%s: a share of %u", what, share_now(self));
    return TROUPE_OK;
}

static void compute(int64_t duration_ns)
{
    int64_t begin_ns = base_clock_ns();

    while (base_clock_ns() - begin_ns < duration_ns)
        continue;
}

static troupe_status body(troupe_actor *self)
{
    enum { LONG_MS = 30, FEW = 4, ROUNDS = 5, PATIENCE_S = 20 };
    int64_t too_late_ns = base_clock_ns() + (int64_t)PATIENCE_S * 1000 * 1000 * 1000;

    for (int round = 0; round < ROUNDS; round++) {
        troupe_sleep_until(self, troupe_after_s(self, 0.02));
        TROUPE_TRY(expect(self, share_now(self) <= FEW, "after a sleep"));
        while (share_now(self) < COMM_WHOLE_SHARE && base_clock_ns() < too_late_ns)
            troupe_yield(self);
        if (share_now(self) < COMM_WHOLE_SHARE)
            return troupe_print(self, "even empty turns take too long here to tell");
        for (int i = 0; i < 10 * COMM_WHOLE_SHARE; i++)
            troupe_yield(self); /* looks at the clock become rare */
        compute((int64_t)LONG_MS * 1000 * 1000);
        troupe_yield(self);
        troupe_yield(self);
        TROUPE_TRY(expect(self, share_now(self) <= FEW, "after a long turn"));
        troupe_sleep_until(self, troupe_after_s(self, 1e-4)); /* waits, asleep or not */
        TROUPE_TRY(
            expect(self, share_now(self) <= COMM_WHOLE_SHARE / 2, "after a wait"));
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(main_process, body);

int main(int argc, char **argv)
{
    return troupe_main(argc, argv, &(troupe_program){.main = &main_process});
}
