/* SPDX-License-Identifier: BSD-3-Clause */
/* seeds: 1200; processors: 2 */
#define _GNU_SOURCE
#include "base/alloc.h"
#include "sim/test_chaos_actors.h"
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>

/*
 * Jobs in which everybody does everything at random: mail of all sizes, calls, spawns,
 * monitors, timers, names, groups, ends of all kinds, over mailboxes of all kinds, on
 * ranks that are slow or stop for a while. Nothing may be lost, doubled or out of
 * order, each watch and each call ends once, a name has one holder, the job ends once,
 * not early, and with the right code; one seed is one run.
 */

/* ---- rank processes ---- */

/* A collective, the same on all ranks. */
static troupe_status meet(troupe_actor *self, int round)
{
    troupe_team *team = troupe_rank_team(self);
    int n = world.n_ranks, root = round % n;
    int64_t mine = troupe_rank(self) + round, all[MOST_RANKS] = {0}, sum = -1;
    double total = 0;

    switch (round % 5) {
    case 0:
        return troupe_barrier(self, team);
    case 1:
        TROUPE_TRY(troupe_sum_double(self, team, (double)mine, &total));
        EXPECT(total == n * (n - 1) / 2 + (double)n * round);
        return TROUPE_OK;
    case 2:
        sum = troupe_rank(self) == root ? round * 7 : 0;
        TROUPE_TRY(troupe_broadcast(self, team, root, &sum, sizeof sum));
        EXPECT(sum == round * 7);
        return TROUPE_OK;
    case 3:
        TROUPE_TRY(troupe_gather(self, team, -1, &mine, sizeof mine, all));
        for (int i = 0; i < n; i++)
            EXPECT(all[i] == i + round);
        return TROUPE_OK;
    default:
        TROUPE_TRY(troupe_exscan(self, team,
                                 &(troupe_reduction){.mine = &mine,
                                                     .result = &sum,
                                                     .element = TROUPE_INT64,
                                                     .combine = TROUPE_SUM,
                                                     .n_items = 1}));
        n = troupe_rank(self);
        EXPECT(sum == (n == 0 ? -1 : n * (n - 1) / 2 + n * round));
        return TROUPE_OK;
    }
}

static troupe_status end_the_job(troupe_actor *self)
{
    struct player *victim = &world.player[world.ending_rank];

    victim->own_kind =
        world.ending == END_MISUSES ? TROUPE_EXIT_BAD_CALL : TROUPE_EXIT_FAILED;
    victim->asked_kinds |= 1u << TROUPE_EXIT_KILLED;
    switch (world.ending) {
    case END_RETURNS:
        return TROUPE_FAILED;
    case END_FAILS:
        troupe_fail(self, TROUPE_FAILED, "as planned");
    case END_MISUSES:
        return troupe_send_bytes(self, troupe_self(self), TROUPE_TYPE_OF(small), bytes,
                                 3);
    case END_WAITS:
        return troupe_receive(self, never_sent, TROUPE_FOREVER, NULL);
    default: /* killed by whoever comes first, itself or another */
        return troupe_stop_actor(self, victim->address, TROUPE_EXIT_KILLED);
    }
}

static troupe_status rounds(troupe_actor *self, struct player *player)
{
    for (int round = 0; round < world.n_rounds; round++) {
        troupe_status status;

        for (uint32_t n = below(player, 6); n > 0; n--) {
            TROUPE_TRY(act(self, player));
            TROUPE_TRY(listen(self, some_deadline(self, player)));
        }
        if (round == world.ending_round && world.ending != END_WELL &&
            (world.ending_rank == troupe_rank(self) || world.ending == END_IS_KILLED))
            TROUPE_TRY(end_the_job(self));
        status = meet(self, round);
        if (status != TROUPE_OK) {
            EXPECT(status == TROUPE_PEER_GONE && world.ending != END_WELL);
            player->own_kind = TROUPE_EXIT_NORMAL;
            return TROUPE_OK;
        }
    }
    return TROUPE_OK;
}

/* Others may have lived and died here before. */
static void hear_of_letters(troupe_actor *self)
{
    troupe_dead_letter letters[64];
    size_t n = troupe_dead_letters(self, letters, 64);

    EXPECT(n == troupe_n_dead_letters(self));
    while (n > 0)
        letter_comes(&world, &letters[--n]);
    troupe_on_dead_letter(self, letter_comes, &world);
}

static troupe_status rank_body(troupe_actor *self)
{
    struct player *player = life_begins(self);

    hear_of_letters(self);
    EXPECT(id_of(player) == troupe_rank(self));
    for (int i = 0; i < 3; i++)
        spawn(self, player);
    TROUPE_TRY(rounds(self, player));
    player->own_kind = TROUPE_EXIT_NORMAL;
    world.n_returned++;
    return TROUPE_OK;
}
TROUPE_PROCESS(rank_process,
               rank_body,
               TROUPE_ACCEPTS(small,
                              load,
                              ask,
                              answer,
                              shout,
                              alarm_bell,
                              tick,
                              never_sent,
                              troupe_down,
                              troupe_call_failed,
                              troupe_name_result,
                              troupe_refused),
               TROUPE_SENDS(riddle),
               TROUPE_SPAWNS(&roamer, &mute, &walker),
               .capacity = 8,
               .overflow = TROUPE_REFUSE);

/* ---- a run ---- */

static uint32_t pick(struct base_random *random, const uint32_t *choices, uint32_t n)
{
    return choices[base_random_below(random, n)];
}
#define PICK(random, ...)                                                              \
    pick(random, (const uint32_t[]){__VA_ARGS__},                                      \
         sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

static void plan_ranks(struct runtime_sim *sim, struct base_random *random)
{
    sim->sim.n_ranks = (int)PICK(random, 2, 2, 2, 3, 3, 4, 5, 8, 13, 30);
    if (world.seed % 40 == 7)
        sim->sim.n_ranks = MOST_RANKS;
    sim->sim.seed = world.seed;
    sim->sim.slow_percent = PICK(random, 0, 10, 40);
    sim->sim.stop_percent = PICK(random, 0, 5, 30);
    sim->sim.max_delay_ns = PICK(random, 0, 500, 100000, 1000000);
    sim->sim.time_limit_ns = INT64_C(1000) * 1000 * 1000 * 1000;
    sim->sim.step_limit = 20 * 1000 * 1000;
    sim->comm.spin_ns = -1;
    sim->comm.receive_budget_bytes = PICK(random, 0, 0, 20000);
    sim->comm.frame_bytes = PICK(random, 0, 0, 64, 300);
    sim->comm.initial_credits = PICK(random, 0, 0, 1);
    sim->comm.pending_limit_bytes = PICK(random, 0, 0, 1000);
    sim->comm.chunk_limit_bytes = PICK(random, 0, 0, 100); /* beyond: apart */
    sim->comm.route = base_random_below(random, 4) ? NULL : comm_route_two_hops;
}

static void plan(struct runtime_sim *sim)
{
    struct base_random random = {world.seed * 31};

    plan_ranks(sim, &random);
    world.n_ranks = sim->sim.n_ranks;
    world.n_rounds = 1 + (int)base_random_below(&random, 10);
    world.budget = 20 * world.n_ranks + (int64_t)base_random_below(&random, 4000);
    if (base_random_below(&random, 4) == 0)
        world.ending = (enum ending)base_random_below(&random, N_ENDINGS);
    world.ending_rank = (int)base_random_below(&random, (uint32_t)world.n_ranks);
    world.ending_round = (int)base_random_below(&random, (uint32_t)world.n_rounds);
    world.may_tick = world.ending != END_WAITS; /* a tick may wake who waits */
}

static int exit_code_wanted(void)
{
    static const int codes[N_ENDINGS] = {
        [END_WELL] = TROUPE_CODE_OK,
        [END_RETURNS] = TROUPE_CODE_RANK_FAILED,
        [END_FAILS] = TROUPE_CODE_RANK_FAILED,
        [END_MISUSES] = TROUPE_CODE_MISUSE,
        [END_WAITS] = TROUPE_CODE_DEADLOCK,
        [END_IS_KILLED] = TROUPE_CODE_RANK_FAILED,
    };

    return codes[world.ending];
}

static void add_rank_processes(void)
{
    for (int rank = 0; rank < world.n_ranks; rank++) {
        struct player *player = player_add();

        player->level = 0;
        player->capacity = rank_process.capacity;
        player->overflow = rank_process.overflow;
        player_born(player, (troupe_address){actor_address_make((uint32_t)rank, 0, 1)});
    }
}

static struct comm_sim_result run(uint64_t seed)
{
    const troupe_program program = {.main = &rank_process};
    const troupe_options options = {.program = &program};
    struct runtime_sim sim = {.sim = {.seed = seed}};
    struct comm_sim_result result;
    int64_t n_live = base_alloc_live();
    troupe *runtime;
    int exit_code;

    world_begin(seed);
    plan(&sim);
    add_rank_processes();
    EXPECT(runtime_start_sim(&options, &sim, &runtime) == TROUPE_OK);
    exit_code = troupe_run(runtime);
    result = runtime_sim_result(runtime);
    troupe_stop(runtime);
    EXPECT(result.end == COMM_SIM_DONE);
    EXPECT(exit_code == exit_code_wanted());
    world_check();
    EXPECT(base_alloc_live() == n_live);
    return result;
}

enum { TWICE_EVERY = 8 };

static void run_seed(uint64_t seed)
{
    struct comm_sim_result first = run(seed), second;

    if (seed % TWICE_EVERY != 0)
        return;
    second = run(seed);
    EXPECT(first.trace_hash == second.trace_hash && first.n_steps == second.n_steps);
}

/* ---- seeds by several processes ---- */

enum { N_CHILDREN = 2 };

/* A child, what it says on standard error, and the seed it is at. */
struct trial {
    int said;
    uint64_t seed;
};

struct trials {
    struct trial trial[N_CHILDREN];
    atomic_uint_least64_t n_begun; /* seeds */
};

static void run_seeds(struct trials *all, struct trial *trial, uint64_t n_seeds)
{
    dup2(trial->said, STDERR_FILENO);
    while ((trial->seed = atomic_fetch_add(&all->n_begun, 1) + 1) <= n_seeds) {
        run_seed(trial->seed);
        /* Of jobs that ended as they should nobody needs to hear. */
        if (ftruncate(trial->said, 0) == 0)
            lseek(trial->said, 0, SEEK_SET);
    }
    exit(EXIT_SUCCESS);
}

static void print_said(const struct trial *trial)
{
    char part[1000];
    ssize_t n;

    lseek(trial->said, 0, SEEK_SET);
    while ((n = read(trial->said, part, sizeof part)) > 0)
        fwrite(part, 1, (size_t)n, stderr);
    fprintf(stderr, "again: TROUPE_TEST_SEED=%llu %s\n",
            (unsigned long long)trial->seed, program_invocation_name);
}

static int try_seeds(uint64_t n_seeds)
{
    struct trials *all = mmap(NULL, sizeof *all, PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t child[N_CHILDREN];
    int result = EXIT_SUCCESS;

    if (all == MAP_FAILED)
        return EXIT_FAILURE;
    for (int i = 0; i < N_CHILDREN; i++) {
        struct trial *trial = &all->trial[i];

        trial->said = memfd_create("said", 0);
        child[i] = trial->said < 0 ? -1 : fork();
        if (child[i] == 0)
            run_seeds(all, trial, n_seeds);
    }
    for (int i = 0; i < N_CHILDREN; i++) {
        int status = EXIT_FAILURE;

        if (child[i] > 0 && waitpid(child[i], &status, 0) == child[i] && status == 0)
            continue;
        print_said(&all->trial[i]);
        result = EXIT_FAILURE;
    }
    return result;
}

int main(void)
{
    const char *one = getenv("TROUPE_TEST_SEED"), *many = getenv("TROUPE_TEST_SEEDS");

    setenv("TROUPE_LOG", "error", 0);
    if (one && *one) {
        run_seed(strtoull(one, NULL, 10));
        return EXIT_SUCCESS;
    }
    return try_seeds(many && *many ? strtoull(many, NULL, 10) : 300);
}
