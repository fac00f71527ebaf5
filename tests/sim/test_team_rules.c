/* seeds: 10 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "runtime/sim.h"
#include "support/check_main.h"
#include "support/scene.h"
#include "team/internal.h"
#include <stdio.h>
#include <string.h>

/*
 * The rules of teams one by one: members that differ, that never come, that ended
 * before; the window; names of operations; wrong use.
 */

#define REQUIRE(condition)                                                             \
    do {                                                                               \
        if (!(condition)) {                                                            \
            fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__,           \
                    #condition);                                                       \
            return TROUPE_FAILED;                                                      \
        }                                                                              \
    } while (0)

/* With every number of ranks; all have to end with this code. */
static void
run_all(const troupe_behavior *main_behavior, int min_ranks, int max_ranks, int code)
{
    for (int n_ranks = min_ranks; n_ranks <= max_ranks; n_ranks++)
        scene_play(&(struct scene){.main = main_behavior,
                                   .n_ranks = n_ranks,
                                   .is_exact = true,
                                   .exit_code = code});
}

/* ---- members that differ ------------------------------------------------------ */

enum { N_WAYS = 14 };

static bool is_for_all(int way)
{
    return way < 6;
}

/* One of many operations, any two of which differ. */
static troupe_status do_one(troupe_actor *self, troupe_team *team, int way)
{
    int64_t mine[4] = {1, 2, 3, 4}, result[4 * 8];
    int last = troupe_team_size(team) - 1;
    troupe_reduction reduction = {.mine = mine, .result = result, .n_items = 1};
    troupe_team *child;

    switch (way) {
    case 0:
        return troupe_barrier(self, team);
    case 1:
        return troupe_gather(self, team, -1, mine, 8, result);
    case 2:
        return troupe_gather(self, team, -1, mine, 16, result);
    case 3:
        return troupe_reduce(self, team, -1, &reduction);
    case 4:
        reduction.combine = TROUPE_MAX;
        return troupe_reduce(self, team, -1, &reduction);
    case 5:
        return troupe_team_split(self, team, 0, 0, &child);
    case 6:
        return troupe_broadcast(self, team, 0, mine, 8);
    case 7:
        return troupe_broadcast(self, team, last, mine, 8);
    case 8:
        return troupe_broadcast(self, team, last, mine, 24);
    case 9:
        return troupe_gather(self, team, 0, mine, 8, result);
    case 10:
        return troupe_gather(self, team, last, mine, 8, result);
    case 11:
        return troupe_reduce(self, team, 0, &reduction);
    case 12:
        return troupe_reduce(self, team, last, &reduction);
    default:
        return troupe_exscan(self, team, &reduction);
    }
}

/* The member in the middle does another thing than the others; all learn of it. */
static troupe_status differ(troupe_actor *self, int way, int other_way)
{
    troupe_team *all = troupe_rank_team(self), *team;
    int n = troupe_team_size(all), me = troupe_team_index(all);
    int mine = me == n / 2 ? other_way : way;
    troupe_status status;

    TROUPE_TRY(troupe_team_split(self, all, 0, 0, &team));
    TROUPE_TRY(troupe_barrier(self, team));
    status = do_one(self, team, mine);
    REQUIRE(status == TROUPE_MISMATCH || (status == TROUPE_OK && !is_for_all(mine)));
    REQUIRE(troupe_barrier(self, team) == TROUPE_MISMATCH);
    REQUIRE(do_one(self, team, 6) == TROUPE_MISMATCH);
    REQUIRE(do_one(self, team, 9) == TROUPE_MISMATCH);
    return troupe_barrier(self, all);
}

static troupe_status differing_body(troupe_actor *self)
{
    for (int way = 0; way < N_WAYS; way++)
        for (int other_way = 0; other_way < N_WAYS; other_way++)
            if (way != other_way)
                TROUPE_TRY(differ(self, way, other_way));
    return TROUPE_OK;
}
TROUPE_PROCESS(differing, differing_body);

START_TEST(members_that_differ)
{
    run_all(&differing, 2, 6, 0);
}
END_TEST

/* Both wait for what the other one should send: nothing would ever move. */
static troupe_status crossed_body(troupe_actor *self)
{
    troupe_team *team = troupe_rank_team(self);
    int64_t value = 0;
    int other = troupe_team_size(team) - 1 - troupe_team_index(team);

    REQUIRE(troupe_broadcast(self, team, other, &value, 8) == TROUPE_MISMATCH);
    return TROUPE_OK;
}
TROUPE_PROCESS(crossed, crossed_body);

START_TEST(roots_that_differ)
{
    run_all(&crossed, 2, 2, 0);
}
END_TEST

/* ---- members that do not come ------------------------------------------------- */

static troupe_status absent_body(troupe_actor *self)
{
    troupe_team *team = troupe_rank_team(self);

    if (troupe_team_index(team) > 0)
        return troupe_barrier(self, team);
    return troupe_receive_any(self, TROUPE_FOREVER, NULL);
}
TROUPE_PROCESS(absent, absent_body);

/* It lives and does something else: nobody can know what it will do. */
START_TEST(who_never_comes_is_a_deadlock)
{
    freopen("/dev/null", "w", stderr);
    run_all(&absent, 2, 5, TROUPE_CODE_DEADLOCK);
}
END_TEST

static troupe_status early_body(troupe_actor *self)
{
    troupe_team *team = troupe_rank_team(self);
    int me = troupe_team_index(team), n = troupe_team_size(team);
    int64_t value = me;

    TROUPE_TRY(troupe_barrier(self, team));
    if (me == n / 2)
        return TROUPE_OK;
    /* What it left before counts; what it did not enter fails for all alike. */
    REQUIRE(troupe_barrier(self, team) == TROUPE_PEER_GONE);
    REQUIRE(troupe_broadcast(self, team, n - 1, &value, 8) == TROUPE_PEER_GONE);
    REQUIRE(troupe_barrier(self, team) == TROUPE_PEER_GONE);
    return TROUPE_OK;
}
TROUPE_PROCESS(early, early_body);

static troupe_status rooted_body(troupe_actor *self)
{
    troupe_team *team = troupe_rank_team(self);
    int me = troupe_team_index(team), n = troupe_team_size(team);
    int64_t value = me, all[8];

    if (me == n - 1)
        return TROUPE_OK;
    /* Its own root misses it; the others have done their part. */
    REQUIRE(troupe_gather(self, team, n / 2 % (n - 1), &value, 8, all) ==
            (me == n / 2 % (n - 1) ? TROUPE_PEER_GONE : TROUPE_OK));
    REQUIRE(troupe_broadcast(self, team, n - 1, &value, 8) == TROUPE_PEER_GONE);
    return TROUPE_OK;
}
TROUPE_PROCESS(rooted, rooted_body);

START_TEST(who_has_returned_is_missed)
{
    run_all(&early, 2, 9, 0);
    run_all(&rooted, 2, 8, 0);
}
END_TEST

/* ---- spawned members ---------------------------------------------------------- */

TROUPE_SIGNAL(go);

static struct {
    int n_members, n_rounds, n_teams, absentee, n_done;
    troupe_address members[64];
} stage;

static troupe_status member_body(troupe_actor *self)
{
    troupe_team *teams[4];
    double sum;

    TROUPE_TRY(troupe_receive_any(self, TROUPE_FOREVER, NULL));
    if (troupe_rank(self) == stage.absentee) {
        if (stage.n_teams % 2)
            troupe_sleep_until(self,
                               troupe_after_s(self, 0.01)); /* it is asked for first */
        return TROUPE_OK;
    }
    for (int i = 0; i < stage.n_teams; i++)
        TROUPE_TRY(troupe_team_create(self, stage.members, stage.n_members, &teams[i]));
    for (int i = stage.n_teams - 1; i >= 0; i--) {
        troupe_status status = troupe_sum_double(self, teams[i], i + 1, &sum);

        REQUIRE(status == (stage.absentee < 0 ? TROUPE_OK : TROUPE_PEER_GONE));
        REQUIRE(status != TROUPE_OK || sum == (double)stage.n_members * (i + 1));
    }
    stage.n_done++;
    return TROUPE_OK;
}
TROUPE_PROCESS(member_process, member_body, TROUPE_ACCEPTS(go));

static troupe_status play(troupe_actor *self)
{
    for (int i = 0; i < stage.n_members; i++) {
        troupe_reference monitor;
        const troupe_spawn_options options = {.place = TROUPE_ON_RANK(i),
                                              .monitor = &monitor};

        TROUPE_TRY(troupe_spawn(self, &member_process, &options, &stage.members[i]));
    }
    for (int i = 0; i < stage.n_members; i++)
        TROUPE_TRY(troupe_send(self, stage.members[i], go));
    for (int i = 0; i < stage.n_members; i++) {
        const struct troupe_down *down;

        TROUPE_TRY(troupe_receive(self, troupe_down, TROUPE_FOREVER, &down));
        REQUIRE(down->kind == TROUPE_EXIT_NORMAL);
    }
    return TROUPE_OK;
}

/* Rounds of spawned teams, each with somebody else missing; then nothing may be left.
 */
static troupe_status stage_body(troupe_actor *self)
{
    troupe_team *all = troupe_rank_team(self);
    struct team_rank *here = team_of(self->home->rank);
    int n = troupe_n_ranks(self);

    for (int round = 0; round < 3 * n && troupe_rank(self) == 0; round++) {
        stage.n_members = n;
        stage.n_teams = 1 + round % 4;
        stage.absentee = round % 3 == 0 ? round / 3 : -1;
        stage.n_done = 0;
        TROUPE_TRY(play(self));
        REQUIRE(stage.n_done == n - (stage.absentee >= 0));
    }
    if (troupe_rank(self) == 0)
        troupe_sleep_until(self, troupe_after_s(self, 0.1));
    TROUPE_TRY(troupe_barrier(self, all));
    REQUIRE(here->teams.n_items == 1 && here->strays.n_items == 0);
    REQUIRE(here->fetching.n_items == 0 && here->fetched == NULL);
    return TROUPE_OK;
}
TROUPE_PROCESS(stage_process,
               stage_body,
               TROUPE_ACCEPTS(troupe_down),
               TROUPE_SENDS(go),
               TROUPE_SPAWNS(&member_process));

START_TEST(teams_from_lists)
{
    run_all(&stage_process, 1, 6, 0);
}
END_TEST

static troupe_status tidy_body(troupe_actor *self)
{
    troupe_team *all = troupe_rank_team(self);
    struct team_rank *here = team_of(self->home->rank);

    stage.n_members = troupe_n_ranks(self);
    stage.n_teams = 3;
    stage.absentee = -1;
    for (int round = 0; round < 10 && troupe_rank(self) == 0; round++)
        TROUPE_TRY(play(self));
    if (troupe_rank(self) == 0)
        troupe_sleep_until(self, troupe_after_s(self, 0.1));
    TROUPE_TRY(troupe_barrier(self, all));
    REQUIRE(here->teams.n_items == 1 && here->strays.n_items == 0);
    return TROUPE_OK;
}
TROUPE_PROCESS(tidy_process,
               tidy_body,
               TROUPE_ACCEPTS(troupe_down),
               TROUPE_SENDS(go),
               TROUPE_SPAWNS(&member_process));

START_TEST(teams_whose_members_have_ended_are_freed)
{
    run_all(&tidy_process, 1, 7, 0);
}
END_TEST

/* ---- the window --------------------------------------------------------------- */

static int n_entered;

/* Only operations that need no answer; the last member comes late. */
static troupe_status window_body(troupe_actor *self)
{
    troupe_team *team = troupe_rank_team(self);
    bool is_late = troupe_team_index(team) == troupe_team_size(team) - 1;
    troupe_operation operation;
    int64_t value = 0;

    if (troupe_rank(self) == 0)
        n_entered = 0;
    if (is_late) {
        troupe_sleep_until(self, troupe_after_s(self, 0.01));
        REQUIRE(n_entered == 16);
    }
    for (int64_t i = 0; i < 100; i++) {
        value = i;
        TROUPE_TRY(troupe_broadcast_start(self, team, 0, &value, 8, &operation));
        n_entered += troupe_rank(self) == 0;
        TROUPE_TRY(troupe_team_wait(self, team, operation));
        REQUIRE(value == i);
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(window, window_body);

START_TEST(sixteen_ahead_and_no_more)
{
    run_all(&window, 2, 9, 0);
}
END_TEST

/* ---- names of operations, arguments ------------------------------------------- */

static troupe_status names_body(troupe_actor *self)
{
    troupe_team *team = troupe_rank_team(self), *other;
    int n = troupe_team_size(team), me = troupe_team_index(team);
    double mine = 1, result = 0;
    troupe_reduction reduction = {
        .mine = &mine, .result = &result, .element = TROUPE_DOUBLE, .n_items = 1};
    troupe_address list[2] = {troupe_self(self), troupe_self(self)};
    troupe_operation first, second, none = {0}, far = {999};
    troupe_status again;

    REQUIRE(me == troupe_rank(self) && n == troupe_n_ranks(self));
    REQUIRE(troupe_team_wait(self, team, none) == TROUPE_NOT_FOUND);
    REQUIRE(troupe_team_test(self, team, far) == TROUPE_NOT_FOUND);
    REQUIRE(troupe_broadcast(self, team, n, &mine, 8) == TROUPE_INVALID);
    REQUIRE(troupe_broadcast(self, team, -1, &mine, 8) == TROUPE_INVALID);
    REQUIRE(troupe_gather(self, team, -2, &mine, 8, &result) == TROUPE_INVALID);
    REQUIRE(troupe_reduce(self, team, n, &reduction) == TROUPE_INVALID);
    REQUIRE(troupe_reduce(self, team, -2, &reduction) == TROUPE_INVALID);
    reduction.combine = TROUPE_AND;
    REQUIRE(troupe_reduce(self, team, -1, &reduction) == TROUPE_INVALID);
    REQUIRE(troupe_exscan(self, team, &reduction) == TROUPE_INVALID);
    reduction.combine = TROUPE_SUM;
    REQUIRE(troupe_team_create(self, list, 2, &other) == TROUPE_INVALID);
    REQUIRE(troupe_team_create(self, list, 0, &other) == TROUPE_INVALID);
    list[0] = troupe_rank_process(self, (me + 1) % n);
    REQUIRE(n == 1 || troupe_team_create(self, list, 1, &other) == TROUPE_INVALID);
    /* None of these has counted. */
    TROUPE_TRY(troupe_reduce_start(self, team, -1, &reduction, &first));
    TROUPE_TRY(troupe_barrier_start(self, team, &second));
    TROUPE_TRY(troupe_team_wait(self, team, second));
    while (troupe_team_test(self, team, first) == TROUPE_PENDING)
        troupe_yield(self);
    REQUIRE(result == n);
    /* One that was done when it was started has its status in its name. */
    again = troupe_team_wait(self, team, second);
    REQUIRE(again == TROUPE_NOT_FOUND || again == TROUPE_OK);
    return TROUPE_OK;
}
TROUPE_PROCESS(names, names_body);

START_TEST(names_and_arguments)
{
    run_all(&names, 1, 4, 0);
}
END_TEST

/* ---- wrong use ---------------------------------------------------------------- */

static troupe_team *somebody_elses;

static troupe_status thief_body(troupe_actor *self)
{
    if (troupe_rank_team(self))
        return TROUPE_OK; /* would be a fault: it is not a rank process */
    return troupe_barrier(self, somebody_elses);
}
TROUPE_PROCESS(thief, thief_body);

static troupe_status robbed_body(troupe_actor *self)
{
    const troupe_spawn_options here = {.monitor = &(troupe_reference){0}};
    const struct troupe_down *down;
    troupe_address address;

    somebody_elses = troupe_rank_team(self);
    TROUPE_TRY(troupe_spawn(self, &thief, &here, &address));
    TROUPE_TRY(troupe_receive(self, troupe_down, TROUPE_FOREVER, &down));
    REQUIRE(down->kind == TROUPE_EXIT_BAD_CALL);
    return TROUPE_OK;
}
TROUPE_PROCESS(robbed, robbed_body, TROUPE_ACCEPTS(troupe_down), TROUPE_SPAWNS(&thief));

START_TEST(the_team_of_somebody_else)
{
    run_all(&robbed, 1, 1, 0);
}
END_TEST

CHECK_MAIN("team rules",
           members_that_differ,
           roots_that_differ,
           who_never_comes_is_a_deadlock,
           who_has_returned_is_missed,
           teams_from_lists,
           teams_whose_members_have_ended_are_freed,
           sixteen_ahead_and_no_more,
           names_and_arguments,
           the_team_of_somebody_else)
