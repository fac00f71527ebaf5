/* seeds: 100 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "runtime/sim.h"
#include "support/check_main.h"
#include "test_team_script.h"
#include <math.h>

/*
 * Random programs of collectives on 1 to 64 simulated ranks, with members that end,
 * fail, are stopped or do something else, and operations that are waited for in any
 * order. Checked against test_team_script.h: values, and that the status of all-to-all
 * operations is what the faults make of it, the same on all members.
 */

enum { MOST_PENDING = 12 };

static struct script script;
static struct {
    troupe_address workers[MOST_WORKERS];
    char wrong[256];
    uint64_t n_ok, n_gone, n_mismatch;
} world;

TROUPE_SIGNAL(go);

static void note_wrong(const char *what, const struct step *step, int worker)
{
    if (world.wrong[0])
        return;
    snprintf(world.wrong, sizeof world.wrong,
             "%s: form %d, slot %d, operation %d, %zu bytes, worker %d", what,
             (int)step->form, step->slot, step->number, step->size_bytes, worker);
}

/* ---- an exchange -------------------------------------------------------------- */

/* What is sent stands before what comes, in the order of the members. */
struct parts {
    troupe_outgoing sends[MOST_WORKERS];
    troupe_incoming receives[MOST_WORKERS];
};

static void make_parts(const struct step *step,
                       const struct group *group,
                       int index,
                       unsigned char *at,
                       struct parts *parts)
{
    int me = group->members[index];

    for (int i = 0; i < group->n_members; i++) {
        int peer = group->members[i];
        size_t n_out = script_part_bytes(&script, step, me, peer);
        size_t n_in = script_part_bytes(&script, step, peer, me);

        memset(at, script_part_byte(step, me, peer), n_out);
        parts->sends[i] = (troupe_outgoing){i, at, n_out};
        at += step->size_bytes;
        parts->receives[i] = (troupe_incoming){i, at, n_in};
        at += step->size_bytes;
    }
}

static bool is_traded(const struct step *step,
                      const struct group *group,
                      int index,
                      const unsigned char *at)
{
    int me = group->members[index];

    for (int i = 0; i < group->n_members; i++, at += 2 * step->size_bytes) {
        int peer = group->members[i];
        size_t n_in = script_part_bytes(&script, step, peer, me);

        for (size_t j = 0; j < n_in; j++)
            if (at[step->size_bytes + j] != script_part_byte(step, peer, me))
                return false;
    }
    return true;
}

/* ---- a member ----------------------------------------------------------------- */

struct pending {
    struct step step;
    int number; /* as the member counts */
    troupe_operation operation;
    unsigned char *result;
};

struct member {
    troupe_actor *self;
    int worker;
    struct base_random random;
    troupe_team *teams[MOST_SLOTS];
    int n_pending;
    struct pending pending[MOST_PENDING];
};

static bool is_receiver(const struct step *step, const struct group *group, int index)
{
    int root = script_root(step, group->n_members);

    if (step->form == EXSCAN)
        return index > 0;
    return root < 0 || root == index || step->form == BROADCAST;
}

static bool is_right(const struct step *step,
                     const struct group *group,
                     int index,
                     const void *result)
{
    size_t n = step->size_bytes;
    uint64_t *expected = malloc(n + 8);
    int levels = 0, root = script_root(step, group->n_members);
    bool is_same = true;

    while (1 << levels < group->n_members)
        levels++;
    if (step->form == BROADCAST) {
        script_mine(&script, step, group->members[root], expected);
        is_same = memcmp(result, expected, n) == 0;
    } else if (step->form == GATHER) {
        for (int i = 0; i < group->n_members && is_same; i++) {
            script_mine(&script, step, group->members[i], expected);
            is_same = memcmp((const char *)result + (size_t)i * n, expected, n) == 0;
        }
    } else if (step->form == REDUCE) {
        script_block(&script, step, group, 0, levels, expected);
        is_same = memcmp(result, expected, n) == 0;
    } else if (step->form == TRADE) {
        is_same = is_traded(step, group, index, result);
    } else if (step->form == EXSCAN) {
        script_prefix(&script, step, group, index, expected);
        is_same = memcmp(result, expected, n) == 0;
    }
    free(expected);
    return is_same;
}

static bool is_odd_after(const struct step *step, int number)
{
    const struct step *odd =
        script.odd_worker < 0 ? NULL : &script.steps[script.odd_step];

    return odd && odd->slot == step->slot && number >= odd->number;
}

static void
note_status(struct member *member, const struct pending *pending, troupe_status status)
{
    struct group *group = script_group(&script, pending->step.slot, member->worker);
    int index = script_index(group, member->worker);

    group->status[index][pending->number] = (uint8_t)status;
    group->is_for_all[index][pending->number] =
        script_is_for_all(&pending->step, group->n_members);
    if (status == TROUPE_OK && is_receiver(&pending->step, group, index) &&
        !is_odd_after(&pending->step, pending->number) &&
        !is_right(&pending->step, group, index, pending->result))
        note_wrong("a wrong result", &pending->step, member->worker);
}

static void wait_for(struct member *member, int which)
{
    struct pending pending = member->pending[which];
    troupe_team *team = member->teams[pending.step.slot];
    troupe_status status = TROUPE_PENDING;

    if (base_random_below(&member->random, 4) == 0)
        status = troupe_team_test(member->self, team, pending.operation);
    if (status == TROUPE_PENDING)
        status = troupe_team_wait(member->self, team, pending.operation);
    member->pending[which] = member->pending[--member->n_pending];
    note_status(member, &pending, status);
}

/* No member may be 16 operations ahead of another, as long as all is well. */
static void check_window(const struct group *group, const struct step *step, int worker)
{
    int number = group->n_entered[script_index(group, worker)] - 1;

    for (int i = 0; i < script.n_workers; i++)
        if (script.death[i] != LIVES || script.odd_worker >= 0)
            return;
    for (int i = 0; i < group->n_members; i++)
        if (number - group->n_entered[i] >= 16)
            note_wrong("too far ahead", step, worker);
}

static troupe_status start_reduction(struct member *member,
                                     const struct step *step,
                                     troupe_team *team,
                                     const void *mine,
                                     struct pending *pending)
{
    troupe_reduction reduction = {.mine = mine, .result = pending->result};
    int root = script_root(step, troupe_team_size(team));

    reduction.element = step->element;
    reduction.combine = step->combine;
    reduction.n_items = step->size_bytes / 8;
    if (step->is_fold) {
        reduction.fold = script_fold;
        reduction.context = &script_salt;
        reduction.context_bytes = sizeof script_salt;
        reduction.size_bytes = step->size_bytes;
    }
    if (step->form == REDUCE)
        return troupe_reduce_start(member->self, team, root, &reduction,
                                   &pending->operation);
    return troupe_exscan_start(member->self, team, &reduction, &pending->operation);
}

static troupe_status start_trade(struct member *member,
                                 const struct step *step,
                                 troupe_team *team,
                                 struct pending *pending)
{
    const struct group *group = script_group(&script, step->slot, member->worker);
    struct parts parts;
    const troupe_exchange_lists lists = {parts.sends, group->n_members, parts.receives,
                                         group->n_members};

    make_parts(step, group, script_index(group, member->worker), pending->result,
               &parts);
    return troupe_exchange_start(member->self, team, &lists, &pending->operation);
}

static troupe_status start(struct member *member,
                           const struct step *step,
                           troupe_team *team,
                           void *mine,
                           struct pending *pending)
{
    int root = script_root(step, troupe_team_size(team));

    switch (step->form) {
    case BARRIER:
        return troupe_barrier_start(member->self, team, &pending->operation);
    case BROADCAST:
        if (root == troupe_team_index(team) && step->size_bytes)
            memcpy(pending->result, mine, step->size_bytes);
        return troupe_broadcast_start(member->self, team, root, pending->result,
                                      step->size_bytes, &pending->operation);
    case GATHER:
        return troupe_gather_start(member->self, team, root, mine, step->size_bytes,
                                   pending->result, &pending->operation);
    case TRADE:
        return start_trade(member, step, team, pending);
    default:
        return start_reduction(member, step, team, mine, pending);
    }
}

static void start_step(struct member *member, const struct step *step)
{
    struct group *group = script_group(&script, step->slot, member->worker);
    struct pending *pending = &member->pending[member->n_pending];
    size_t n_all = (step->form == GATHER  ? (size_t)group->n_members
                    : step->form == TRADE ? 2 * (size_t)group->n_members
                                          : 1) *
                   step->size_bytes;
    unsigned char *mine = troupe_alloc(member->self, step->size_bytes + 8);

    while (member->n_pending == MOST_PENDING)
        wait_for(member, (int)base_random_below(&member->random, MOST_PENDING));
    pending = &member->pending[member->n_pending];
    pending->step = *step;
    pending->result = troupe_alloc(member->self, n_all + 8);
    pending->number = group->n_entered[script_index(group, member->worker)];
    script_mine(&script, step, member->worker, mine);
    if (start(member, step, member->teams[step->slot], mine, pending) != TROUPE_OK) {
        note_wrong("could not start", step, member->worker);
        return;
    }
    memset(mine, 0xee, step->size_bytes); /* it was copied */
    group->n_entered[script_index(group, member->worker)]++;
    member->n_pending++;
    check_window(group, step, member->worker);
}

static void split_step(struct member *member, int i)
{
    const struct step *step = &script.steps[i];
    struct group *group = script_group(&script, step->slot, member->worker);
    struct group *child = script_group(&script, step->child_slot, member->worker);
    int *n_entered = &group->n_entered[script_index(group, member->worker)];
    struct pending pending = {.step = *step, .number = (*n_entered)++};
    troupe_team *team = NULL;
    troupe_status status =
        troupe_team_split(member->self, member->teams[step->slot],
                          script_colour(&script, i, member->worker),
                          script_key(&script, i, member->worker), &team);

    note_status(member, &pending, status);
    if (status != TROUPE_OK || is_odd_after(step, pending.number))
        return;
    member->teams[step->child_slot] = team;
    if (!team != !child ||
        (team && (troupe_team_size(team) != child->n_members ||
                  child->members[troupe_team_index(team)] != member->worker)))
        note_wrong("the wrong team", step, member->worker);
}

/* Does another operation than the others, or none. False: as usual. */
static bool do_otherwise(struct member *member, int i)
{
    struct step step = script.steps[i];

    if (member->worker != script.odd_worker || i != script.odd_step)
        return false;
    if (script.odd_is_skip)
        return true;
    if (script.odd_is_size && step.form != BARRIER)
        step.size_bytes += 8;
    else
        step.form = (enum form)((step.form + 1) % SPLIT);
    if (step.form == BARRIER)
        step.size_bytes = 0;
    if (step.form == REDUCE || step.form == EXSCAN)
        step.size_bytes &= ~(size_t)7;
    start_step(member, &step);
    return true;
}

static void dawdle(struct member *member)
{
    uint32_t choice = base_random_below(&member->random, 40);

    if (script.is_hasty)
        return;
    if (choice == 0)
        troupe_sleep_until(member->self, troupe_after_s(member->self, 3e-3));
    else if (choice < 6)
        troupe_sleep_until(
            member->self,
            troupe_after_s(member->self,
                           1e-6 * base_random_below(&member->random, 100)));
    else if (choice < 12)
        troupe_yield(member->self);
}

static bool dies(const struct member *member, int i)
{
    return script.death[member->worker] != LIVES && script.dies_at[member->worker] == i;
}

static troupe_status die(struct member *member)
{
    switch (script.death[member->worker]) {
    case FAILS:
        return TROUPE_FAILED;
    case ABORTS:
        troupe_fail(member->self, TROUPE_FAILED, "on purpose");
    default:
        return TROUPE_OK;
    }
}

static troupe_status run_script(struct member *member)
{
    for (int i = 0; i < script.n_steps; i++) {
        const struct step *step = &script.steps[i];

        if (dies(member, i) && script.death[member->worker] != AMONG_OPERATIONS)
            return die(member);
        dawdle(member);
        if (!member->teams[step->slot])
            continue;
        if (step->form == SPLIT)
            split_step(member, i);
        else if (!do_otherwise(member, i))
            start_step(member, step);
        if (dies(member, i)) /* with operations started and not waited for */
            return TROUPE_OK;
        while (step->is_waited && member->n_pending)
            wait_for(member, (int)base_random_below(&member->random,
                                                    (uint32_t)member->n_pending));
    }
    while (member->n_pending)
        wait_for(member, member->n_pending - 1);
    return TROUPE_OK;
}

static troupe_status run_member(troupe_actor *self, int worker, troupe_team *all)
{
    struct member *member = troupe_alloc(self, sizeof *member);

    member->self = self;
    member->worker = worker;
    member->random.state = script_hash(script.seed, 7, (uint64_t)worker, 7);
    member->teams[0] = all;
    return run_script(member);
}

/* ---- processes ---------------------------------------------------------------- */

static troupe_status worker_body(troupe_actor *self)
{
    troupe_address list[MOST_WORKERS];
    int worker = troupe_rank(self);
    troupe_team *team;

    TROUPE_TRY(troupe_receive_any(self, TROUPE_FOREVER, NULL));
    if (script.death[worker] != LIVES && script.dies_at[worker] < 0) {
        troupe_sleep_until(self,
                           troupe_after_s(self, (double)(script.seed % 5) * 1e-3));
        return TROUPE_FAILED;
    }
    for (int i = 0; i < script.n_workers; i++)
        list[i] = world.workers[script.groups[0].members[i]];
    TROUPE_TRY(troupe_team_create(self, list, script.n_workers, &team));
    return run_member(self, worker, team);
}
TROUPE_PROCESS(worker_process, worker_body, TROUPE_ACCEPTS(go));

/* Spawns a worker on each rank, sets them going, and later stops some. */
static troupe_status lead(troupe_actor *self)
{
    struct base_random random = {script_hash(script.seed, 8, 8, 8)};
    bool stops = base_random_below(&random, 6) == 0;

    for (int i = 0; i < script.n_workers; i++) {
        const troupe_spawn_options options = {.place = TROUPE_ON_RANK(i)};

        TROUPE_TRY(troupe_spawn(self, &worker_process, &options, &world.workers[i]));
    }
    for (int i = 0; i < script.n_workers; i++)
        TROUPE_TRY(troupe_send(self, world.workers[i], go));
    for (int i = 0; stops && i < 3; i++) {
        int worker = (int)base_random_below(&random, (uint32_t)script.n_workers);

        troupe_sleep_until(
            self, troupe_after_s(self, 1e-6 * base_random_below(&random, 2000)));
        script.death[worker] = ABORTS; /* it may die anywhere */
        script.dies_at[worker] = MOST_STEPS;
        TROUPE_TRY(troupe_stop_actor(self, world.workers[worker], TROUPE_EXIT_KILLED));
    }
    return TROUPE_OK;
}

static troupe_status main_body(troupe_actor *self)
{
    if (!script.is_spawned)
        return run_member(self, troupe_rank(self), troupe_rank_team(self));
    return troupe_rank(self) == 0 ? lead(self) : TROUPE_OK;
}
TROUPE_PROCESS(main_process,
               main_body,
               TROUPE_SENDS(go),
               TROUPE_SPAWNS(&worker_process));

static const troupe_program program = {.main = &main_process};

/* ---- afterwards --------------------------------------------------------------- */

/* The first operation that some member has not entered; only one that ended has not. */
static int first_missed(const struct group *group)
{
    int first = script.n_operations[group->slot];

    for (int i = 0; i < group->n_members; i++)
        if (group->n_entered[i] < first)
            first = group->n_entered[i];
    return first;
}

static bool is_trade(const struct group *group, int number)
{
    for (int i = 0; i < script.n_steps; i++)
        if (script.steps[i].slot == group->slot && script.steps[i].number == number)
            return script.steps[i].form == TRADE;
    return false;
}

static bool may_end(const struct group *group)
{
    for (int i = 0; i < group->n_members; i++)
        if (script.death[group->members[i]] != LIVES)
            return true;
    return false;
}

static const char *
check_one(const struct group *group, int first_bad, int member, int number)
{
    uint8_t status = group->status[member][number];
    const struct step *odd =
        script.odd_worker < 0 ? NULL : &script.steps[script.odd_step];
    bool is_odd = odd && odd->slot == group->slot && group->n_members > 1;
    int missed = first_missed(group);

    world.n_ok += status == TROUPE_OK;
    world.n_gone += status == TROUPE_PEER_GONE;
    world.n_mismatch += status == TROUPE_MISMATCH;
    /* Of an exchange, parts may be on their way when a member ends. */
    if (status == TROUPE_PEER_GONE && is_trade(group, number) && may_end(group))
        return NULL;
    if (number < first_bad && status != TROUPE_OK)
        return "an error in an operation that all had entered alike";
    /* Where a step is left out, the next one may be the same. */
    if (number >= (script.odd_is_skip ? missed : first_bad) &&
        group->is_for_all[member][number] && status == TROUPE_OK)
        return "an all-to-all operation was well without all";
    if (status == TROUPE_PEER_GONE && number < missed)
        return "a member was missed that was there";
    if (status == TROUPE_MISMATCH && !is_odd)
        return "a mismatch where there was none";
    if (status != TROUPE_OK && status != TROUPE_PEER_GONE && status != TROUPE_MISMATCH)
        return "a strange status";
    return NULL;
}

static const char *check_group(const struct group *group)
{
    const struct step *odd =
        script.odd_worker < 0 ? NULL : &script.steps[script.odd_step];
    int first_bad = first_missed(group), n = script.n_operations[group->slot];
    uint8_t of_all;

    if (odd && odd->slot == group->slot && odd->number < first_bad &&
        script.group_of[group->slot][script.odd_worker] ==
            (int)(group - script.groups) &&
        group->n_members > 1)
        first_bad = odd->number;
    for (int number = 0; number < n; number++) {
        of_all = UNSET;
        for (int i = 0; i < group->n_members; i++) {
            const char *wrong;

            if (group->status[i][number] == UNSET)
                continue;
            wrong = check_one(group, first_bad, i, number);
            if (wrong)
                return wrong;
            if (!group->is_for_all[i][number])
                continue;
            if (of_all != UNSET && of_all != group->status[i][number])
                return "members disagree about an all-to-all operation";
            of_all = group->status[i][number];
        }
    }
    return NULL;
}

/* What a skipped or changed step does to later statuses is not foreseen: only
 * agreement. */
static const char *check(int exit_code)
{
    if (exit_code != 0)
        return "the job did not end well";
    if (world.wrong[0])
        return world.wrong;
    for (int g = 0; g < script.n_groups; g++) {
        const char *wrong = check_group(&script.groups[g]);

        if (wrong)
            return wrong;
    }
    return NULL;
}

/* ---- seeds -------------------------------------------------------------------- */

static void choose_transport(struct base_random *random, struct runtime_sim *sim)
{
    static const uint32_t frames[] = {64, 200, 1024, 4032},
                          chunks[] = {600, 1000, 4000, 60000};

    sim->sim.slow_percent = base_random_below(random, 30);
    sim->sim.stop_percent = base_random_below(random, 10);
    if (base_random_below(random, 2))
        return;
    sim->comm.frame_bytes = frames[base_random_below(random, 4)];
    sim->comm.chunk_limit_bytes = chunks[base_random_below(random, 4)];
    sim->comm.initial_credits = 1 + base_random_below(random, 2);
    if (base_random_below(random, 3) == 0)
        sim->comm.route = comm_route_two_hops;
}

static int choose_ranks(struct base_random *random)
{
    uint32_t choice = base_random_below(random, 4);

    if (choice == 0)
        return 1 + (int)base_random_below(random, MOST_WORKERS);
    return choice == 1 ? 2 : 1 + (int)base_random_below(random, 9);
}

static int run_seed(uint64_t seed)
{
    struct base_random random = {seed * 77 + 5};
    int n_ranks = choose_ranks(&random);
    char *argv[] = {"test_team", NULL};
    troupe_options options = {.program = &program,
                              .argc = 1,
                              .argv = argv,
                              .sim_ranks = n_ranks,
                              .sim_seed = seed};
    struct runtime_sim sim = {0};
    troupe *runtime;
    const char *wrong;
    int exit_code;

    choose_transport(&random, &sim);
    sim.sim.step_limit = 20 * 1000 * 1000;
    script_make(&script, seed, n_ranks);
    world.wrong[0] = '\0';
    ck_assert_int_eq(runtime_start_sim(&options, &sim, &runtime), TROUPE_OK);
    exit_code = troupe_run(runtime);
    troupe_stop(runtime);
    wrong = check(exit_code);
    if (wrong)
        fprintf(stderr,
                "seed %llu, %d ranks, exit code %d: %s\n  again: TROUPE_TEST_SEED=%llu "
                "bin/tests/sim_team\n",
                (unsigned long long)seed, n_ranks, exit_code, wrong,
                (unsigned long long)seed);
    return wrong != NULL;
}

START_TEST(random_programs)
{
    const char *one = getenv("TROUPE_TEST_SEED"), *many = getenv("TROUPE_TEST_SEEDS");
    int n_seeds = many && *many ? atoi(many) : 100, n_failed = 0;

    setenv("TROUPE_LOG", "error", 0);
    if (one && *one)
        n_failed = run_seed(strtoull(one, NULL, 10));
    for (int i = 0; !(one && *one) && i < n_seeds && n_failed < 3; i++)
        n_failed += run_seed((uint64_t)i + 1);
    fprintf(stderr,
            "operations that were well: %llu, that missed a member: %llu, that "
            "differed: %llu\n",
            (unsigned long long)world.n_ok, (unsigned long long)world.n_gone,
            (unsigned long long)world.n_mismatch);
    ck_assert_int_eq(n_failed, 0);
}
END_TEST

CHECK_MAIN("team", random_programs)
