/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/random.h"
#include "comm/quiet.h"
#include "support/check_main.h"
#include <string.h>

/*
 * The detector's state machine alone. Messages between the machines are states, of
 * which only the newest counts, and come in any time; records are numbers in a mailbox.
 */

enum { MAX_RANKS = 12 };

struct machine {
    struct comm_quiet quiet;
    uint64_t n_posted, n_taken;
    uint32_t n_waiting; /* records that have not been taken */
    bool is_active;
    uint32_t n_verdicts;
    /* On their way to this machine; a newer one replaces an older one. */
    bool has_down, has_up[MAX_RANKS];
    struct comm_wave_down down;
    struct comm_wave_up up[MAX_RANKS];
};

static struct machine machines[MAX_RANKS];
static int n_machines;
static int64_t now_ns;

static bool all_quiet(void)
{
    for (int i = 0; i < n_machines; i++) {
        if (machines[i].is_active || machines[i].n_waiting > 0)
            return false;
    }
    return true;
}

static void pass_on(struct machine *me)
{
    struct comm_quiet *quiet = &me->quiet;
    for (int i = 0; quiet->tell_children && i < quiet->n_children; i++) {
        machines[quiet->child[i]].down = quiet->down;
        machines[quiet->child[i]].has_down = true;
    }
    if (quiet->tell_parent) {
        machines[quiet->parent].up[quiet->rank] = quiet->answer;
        machines[quiet->parent].has_up[quiet->rank] = true;
    }
    quiet->tell_children = quiet->tell_parent = false;
}

static void receive(struct machine *me, struct base_random *random)
{
    if (me->has_down && base_random_below(random, 3) == 0) {
        me->has_down = false;
        comm_quiet_hear_down(&me->quiet, &me->down);
    }
    for (int i = 0; i < n_machines; i++) {
        if (me->has_up[i] && base_random_below(random, 3) == 0) {
            me->has_up[i] = false;
            ck_assert(comm_quiet_hear_up(&me->quiet, i, &me->up[i]));
        }
    }
}

static void work(struct machine *me, struct base_random *random, uint32_t *n_left)
{
    if (me->n_waiting > 0 && base_random_below(random, 3) == 0) {
        me->n_waiting--;
        me->n_taken++;
        me->is_active = true;
        comm_quiet_clear(&me->quiet);
    }
    if (!me->is_active)
        return;
    if (*n_left > 0 && base_random_below(random, 2) == 0) {
        (*n_left)--;
        machines[base_random_below(random, (uint32_t)n_machines)].n_waiting++;
        me->n_posted++;
    }
    if (base_random_below(random, 3) == 0)
        me->is_active = false;
}

static void turn(struct machine *me, struct base_random *random, uint32_t *n_left)
{
    uint32_t any, all;
    receive(me, random);
    work(me, random, n_left);
    if (!me->is_active && base_random_below(random, 2) == 0)
        comm_quiet_set(&me->quiet, 0, 1, base_random_below(random, 2), now_ns);
    if (comm_quiet_is_due(&me->quiet, now_ns))
        comm_quiet_answer(&me->quiet, me->n_posted, me->n_taken, now_ns);
    pass_on(me);
    if (comm_quiet_verdict(&me->quiet, &any, &all)) {
        ck_assert_msg(all_quiet(), "early");
        ck_assert_uint_eq(all, 1);
        me->n_verdicts++;
    }
}

static void run(uint64_t seed)
{
    struct base_random random = {seed};
    uint32_t n_left = base_random_below(&random, 200);

    memset(machines, 0, sizeof machines);
    now_ns = 1;
    n_machines = 1 + (int)base_random_below(&random, MAX_RANKS);
    for (int i = 0; i < n_machines; i++) {
        comm_quiet_init(&machines[i].quiet, i, n_machines);
        machines[i].is_active = base_random_below(&random, 2);
    }
    for (int i = 0; i < 200000; i++) {
        turn(&machines[base_random_below(&random, (uint32_t)n_machines)], &random,
             &n_left);
        now_ns += 500;
        if (machines[n_machines - 1].n_verdicts > 2)
            return;
    }
    ck_abort_msg("seed %llu: no verdict", (unsigned long long)seed);
}

START_TEST(never_early)
{
    for (uint64_t seed = 1; seed <= 500; seed++)
        run(seed);
}
END_TEST

/* One rank alone: what each call does, to the moment. */
START_TEST(times)
{
    struct comm_quiet quiet;
    uint32_t any, all;
    comm_quiet_init(&quiet, 0, 1);
    ck_assert(!comm_quiet_is_due(&quiet, 1000));
    comm_quiet_set(&quiet, 5, 6, false, 1000);
    ck_assert_int_eq(comm_quiet_wake_ns(&quiet), 101000);
    ck_assert(!comm_quiet_is_due(&quiet, 100999));
    ck_assert(comm_quiet_is_due(&quiet, 101000));
    comm_quiet_set(&quiet, 5, 6, true, 1000); /* now it is eager */
    ck_assert(comm_quiet_is_due(&quiet, 1000));
    comm_quiet_answer(&quiet, 10, 10, 1000);
    ck_assert(!comm_quiet_verdict(&quiet, &any, &all)); /* one wave is not enough */
    ck_assert(comm_quiet_is_due(&quiet, 1000));
    comm_quiet_answer(&quiet, 10, 10, 1000);
    ck_assert(comm_quiet_verdict(&quiet, &any, &all));
    ck_assert_uint_eq(any, 5);
    ck_assert_uint_eq(all, 6);
    ck_assert(!comm_quiet_verdict(&quiet, &any, &all)); /* once */
    /* Nobody acted: longer and longer, up to 64 ms. */
    int64_t at_ns = 1000, wait_ns = 1000000;
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(comm_quiet_wake_ns(&quiet), at_ns + wait_ns);
        at_ns += wait_ns;
        comm_quiet_answer(&quiet, 10, 10, at_ns);
        ck_assert(comm_quiet_verdict(&quiet, &any, &all));
        wait_ns = wait_ns < 32000000 ? 2 * wait_ns : 64000000;
    }
    /* Activity forgets that. */
    comm_quiet_clear(&quiet);
    ck_assert_int_eq(comm_quiet_wake_ns(&quiet), INT64_MAX);
    comm_quiet_set(&quiet, 0, 0, true, at_ns);
    comm_quiet_answer(&quiet, 12, 11, at_ns); /* something is on its way */
    ck_assert(!comm_quiet_verdict(&quiet, &any, &all));
    ck_assert_int_eq(comm_quiet_wake_ns(&quiet), at_ns + 10000);
    comm_quiet_answer(&quiet, 12, 12, at_ns);
    comm_quiet_answer(&quiet, 13, 13, at_ns); /* even, but not the same */
    ck_assert(!comm_quiet_verdict(&quiet, &any, &all));
    comm_quiet_answer(&quiet, 13, 13, at_ns);
    ck_assert(comm_quiet_verdict(&quiet, &any, &all));
}
END_TEST

START_TEST(strangers)
{
    struct comm_quiet quiet;
    const struct comm_wave_up up = {.wave = 1};
    comm_quiet_init(&quiet, 1, 4); /* its only child is 3 */
    ck_assert(comm_quiet_hear_up(&quiet, 3, &up));
    ck_assert(!comm_quiet_hear_up(&quiet, 2, &up));
    ck_assert(!comm_quiet_hear_up(&quiet, 0, &up));
}
END_TEST

CHECK_MAIN("comm_quiet", never_early, times, strangers)
