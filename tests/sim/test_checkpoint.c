/* seeds: 150 */
/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "base/alloc.h"
#include "base/random.h"
#include "runtime/sim.h"
#include "support/check_main.h"
#include "test_checkpoint_disk.h"
#include "troupe/troupe.h"
#include <stdio.h>

/*
 * Jobs that are dropped at any moment and started again, on other numbers of ranks too,
 * until they come to their end. Each must end with the values that a plain loop
 * computes, whatever was lost on the way.
 */

enum { N_STEPS = 24, MOST_RANKS = 6, MOST_ATTEMPTS = 60 };

/* Of the test, as all ranks live in this process. */
static struct world {
    uint64_t seed;
    int attempt, n_finished, n_wrong, n_restored;
    bool is_asking;
} world;

static uint64_t mixed(uint64_t a, uint64_t b)
{
    struct base_random random = {a ^ b * UINT64_C(0x9e3779b97f4a7c15)};

    return base_random_next(&random);
}

static bool by_chance(troupe_actor *self, uint64_t step, uint32_t one_in)
{
    uint64_t word = mixed(world.seed + (uint64_t)world.attempt * 1000,
                          step * MOST_RANKS + (uint64_t)troupe_rank(self));

    return word % one_in == 0;
}

/* ---- the program --------------------------------------------------------------- */

struct toy {
    int64_t step;
    uint64_t hash;
};
TROUPE_TYPE(toy, step, hash);

/* What it comes to, on any number of ranks. */
static uint64_t next_hash(uint64_t hash, int64_t step)
{
    return mixed(hash, (uint64_t)step);
}

static uint64_t expected(void)
{
    uint64_t hash = 0;

    for (int64_t step = 0; step < N_STEPS; step++)
        hash = next_hash(hash, step);
    return hash;
}

/* All learn the sum of what each knows a part of. */
static troupe_status step_together(troupe_actor *self, struct toy *toy)
{
    int n_ranks = troupe_n_ranks(self), rank = troupe_rank(self);
    uint64_t whole = next_hash(toy->hash, toy->step);
    uint64_t mine = rank == 0 ? whole - (uint64_t)(n_ranks - 1) : 1, sum;
    const troupe_reduction reduction = {.mine = &mine,
                                        .result = &sum,
                                        .element = TROUPE_UINT64,
                                        .combine = TROUPE_SUM,
                                        .n_items = 1};

    TROUPE_TRY(troupe_reduce(self, troupe_rank_team(self), -1, &reduction));
    toy->hash = sum;
    return TROUPE_OK;
}

/* Rank 0 is up to sixteen operations ahead. */
static troupe_status step_apart(troupe_actor *self, struct toy *toy)
{
    uint64_t hash =
        troupe_rank(self) == 0 ? next_hash(toy->hash, toy->step) : UINT64_MAX;

    TROUPE_TRY(troupe_broadcast(self, troupe_rank_team(self), 0, &hash, sizeof hash));
    toy->hash = hash;
    return TROUPE_OK;
}

static troupe_status run(troupe_actor *self)
{
    struct toy *toy;

    if (troupe_restored(self, &toy))
        world.n_restored++;
    for (; toy->step < N_STEPS; toy->step++) {
        if (world.is_asking && by_chance(self, (uint64_t)toy->step, 12))
            (void)troupe_checkpoint_request(self);
        troupe_safepoint(self);
        TROUPE_TRY(world.seed % 2 ? step_together(self, toy) : step_apart(self, toy));
        if (by_chance(self, (uint64_t)toy->step + 500, 4))
            troupe_yield(self);
    }
    world.n_finished++;
    world.n_wrong += toy->hash != expected();
    return TROUPE_OK;
}
TROUPE_PROCESS(toy_process, run, TROUPE_STATE(toy), .flags = TROUPE_REPLICATED);

/* ---- running it ---------------------------------------------------------------- */

static uint64_t number_in(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

static int attempt_once(const struct checkpoint_options *checkpoint,
                        const troupe_behavior *main,
                        int n_ranks,
                        uint64_t step_limit,
                        struct comm_sim_result *result)
{
    char *argv[] = {"toy", NULL};
    const troupe_program program = {.main = main};
    const troupe_options options = {.program = &program, .argc = 1, .argv = argv};
    const struct runtime_sim sim = {
        .sim = {.n_ranks = n_ranks,
                .seed = mixed(world.seed, (uint64_t)world.attempt),
                .slow_percent = 20,
                .stop_percent = 10,
                .step_limit = step_limit},
        .comm = {.spin_ns = -1},
        .checkpoint = checkpoint};
    troupe *runtime;
    int exit_code;

    ck_assert_int_eq(runtime_start_sim(&options, &sim, &runtime), TROUPE_OK);
    exit_code = troupe_run(runtime);
    *result = runtime_sim_result(runtime);
    troupe_stop(runtime);
    return exit_code;
}

/* One that had returned when the checkpoint was made does not begin again. */
static void check_final(void)
{
    ck_assert_int_gt(world.n_finished, 0);
    ck_assert_msg(world.n_wrong == 0, "%d ranks end with another value: %s%llu",
                  world.n_wrong, "TROUPE_TEST_SEED=", (unsigned long long)world.seed);
}

/* Dropped at a random step, again and again; later attempts may take longer. */
static void survive(const struct checkpoint_options *checkpoint, uint64_t seed)
{
    struct base_random random = {seed};
    struct comm_sim_result result = {.end = COMM_SIM_LIMIT};
    int n_ranks = 1;

    world.seed = seed;
    for (world.attempt = 1; result.end == COMM_SIM_LIMIT; world.attempt++) {
        uint64_t most = 600 + 400 * (uint64_t)world.attempt;
        int exit_code;

        ck_assert_int_lt(world.attempt, MOST_ATTEMPTS);
        n_ranks = 1 + (int)base_random_below(&random, MOST_RANKS);
        exit_code =
            attempt_once(checkpoint, &toy_process, n_ranks,
                         1 + base_random_below(&random, (uint32_t)most), &result);
        ck_assert_msg(result.end == COMM_SIM_LIMIT || exit_code == 0,
                      "exit code %d in attempt %d: TROUPE_TEST_SEED=%llu", exit_code,
                      world.attempt, (unsigned long long)seed);
    }
    check_final();
}

START_TEST(comes_to_its_end)
{
    uint64_t first = number_in("TROUPE_TEST_SEED", 1);
    uint64_t last = number_in("TROUPE_TEST_SEED", number_in("TROUPE_TEST_SEEDS", 20));

    for (uint64_t seed = first; seed <= last; seed++) {
        struct quick_disk disk;
        const struct checkpoint_options checkpoint = {.directory =
                                                          quick_disk_open(&disk),
                                                      .job = "toy",
                                                      .program = "toy",
                                                      .every_ns = -1,
                                                      .files = &disk.files};
        int64_t n_live = base_alloc_live();

        world = (struct world){.is_asking = true};
        survive(&checkpoint, seed);
        ck_assert_int_eq(base_alloc_live(), n_live);
        quick_disk_close(&disk);
    }
}
END_TEST

CHECK_MAIN("checkpoint", comes_to_its_end)
