/* ranks: 1 2 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/clock.h"
#include "support/misbehave.h"
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * A job that comes to a good end, unless TROUPE_TEST_VICTIM says what its last rank is
 * to do in the middle: for system/run.sh. TROUPE_TEST_VICTIM_FILE grows by a byte each
 * time, and after TROUPE_TEST_VICTIM_TIMES all goes well.
 */

/* Is it still to go wrong? */
static bool is_its_time(void)
{
    const char *path = variable("TROUPE_TEST_VICTIM_FILE");
    int most = atoi(variable("TROUPE_TEST_VICTIM_TIMES"));
    int descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND, S_IRUSR | S_IWUSR);
    struct stat status = {0};

    if (descriptor < 0)
        return true;
    if (write(descriptor, ".", 1) != 1 || fstat(descriptor, &status) != 0)
        abort();
    close(descriptor);
    return most == 0 || status.st_size <= most;
}

/* No end of frames, each of which is written to. */
static unsigned dig(unsigned n) /* NOLINT(misc-no-recursion) */
{
    volatile unsigned char block[256];

    for (size_t i = 0; i < sizeof block; i++)
        block[i] = (unsigned char)n;
    return (n ? dig(n + 1) : 0) + block[n % sizeof block];
}

enum { SLOW_MS = 200 };

static void compute(void)
{
    int64_t end_ns = base_clock_ns() + (int64_t)SLOW_MS * 1000 * 1000;

    while (base_clock_ns() < end_ns)
        continue;
}

static troupe_status on_work(troupe_actor *self, const struct work *work)
{
    if (work->number < 0)
        compute();
    return troupe_reply(self, work, work, .number = work->number + 1);
}
TROUPE_BEHAVIOR(worker, troupe_no_state, TROUPE_ON(work, on_work));

/* Itself first, since then each turn is measured alone; a handler that never ran; the
 * same when it is idle; itself again. */
static troupe_status be_slow(troupe_actor *self)
{
    const struct work *answer;
    troupe_address helper;

    compute();
    troupe_yield(self);
    TROUPE_TRY(troupe_spawn(self, &worker, NULL, &helper));
    TROUPE_TRY(troupe_send(self, helper, work, .number = -1));
    troupe_yield(self);
    TROUPE_TRY(troupe_receive(self, work, TROUPE_FOREVER, &answer));
    TROUPE_TRY(
        troupe_call(self, helper, work, &answer, TROUPE_FOREVER, work, .number = -1));
    compute();
    troupe_yield(self);
    return TROUPE_OK;
}

static troupe_status misbehave(troupe_actor *self, const char *how)
{
    const struct work *nothing;

    if (strcmp(how, "kill") == 0)
        (void)kill(getpid(), SIGKILL);
    else if (strcmp(how, "dig") == 0)
        return dig(1) ? TROUPE_FAILED : TROUPE_OK;
    else if (strcmp(how, "exit") == 0)
        _exit(atoi(variable("TROUPE_TEST_VICTIM_CODE")));
    else if (strcmp(how, "fail") == 0)
        return TROUPE_FAILED;
    else if (strcmp(how, "slow") == 0)
        return be_slow(self);
    else if (strcmp(how, "sleep") == 0)
        troupe_sleep_until(self, troupe_after_s(self, 60));
    else if (strcmp(how, "deadlock") == 0)
        return troupe_receive(self, work, TROUPE_FOREVER, &nothing);
    return TROUPE_OK;
}

static troupe_status body(troupe_actor *self)
{
    const char *how = variable("TROUPE_TEST_VICTIM");
    troupe_team *all = troupe_rank_team(self);
    const struct work *answer;
    troupe_address helper;

    TROUPE_TRY(troupe_barrier(self, all));
    if (how[0] && troupe_rank(self) == troupe_n_ranks(self) - 1 && is_its_time())
        TROUPE_TRY(misbehave(self, how));
    TROUPE_TRY(troupe_spawn(self, &worker, NULL, &helper));
    TROUPE_TRY(troupe_call(self, helper, work, &answer, TROUPE_FOREVER, work,
                           .number = troupe_rank(self)));
    TROUPE_TRY(troupe_barrier(self, all));
    return troupe_rank(self) > 0 ? TROUPE_OK : troupe_print(self, "all is well");
}
TROUPE_PROCESS(main_process, body, TROUPE_SPAWNS(&worker), TROUPE_ACCEPTS(work));

int main(int argc, char **argv)
{
    static const troupe_program program = {.main = &main_process};

    int code = troupe_main(argc, argv, &program);

    return code == 0 && strcmp(variable("TROUPE_TEST_VICTIM"), "say") == 0
               ? atoi(variable("TROUPE_TEST_VICTIM_CODE"))
               : code;
}
