/* seeds: 150 */
/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "test_checkpoint_job.h"

/*
 * Jobs that are dropped at any moment and started again, on other numbers of ranks too,
 * until they come to their end. Each must end with the values that a plain loop
 * computes, whatever was lost on the way.
 */

enum { N_STEPS = 24, MOST_RANKS = 6, MOST_ATTEMPTS = 60 };

/* Of the test, as all ranks live in this process. */
static struct world {
    uint64_t seed;
    int attempt, n_finished, n_wrong, n_restored, n_looks;
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

/* One that had returned when the checkpoint was made does not begin again. */
static void check_final(void)
{
    ck_assert_int_gt(world.n_finished, 0);
    ck_assert_msg(world.n_wrong == 0, "%d ranks end with another value: %s%llu",
                  world.n_wrong, "TROUPE_TEST_SEED=", (unsigned long long)world.seed);
}

/* Dropped at a random step, again and again; later attempts may take longer. */
/* Whatever became of the job: what is published is whole. */
static void check_published(const struct checkpoint_options *checkpoint, uint64_t seed)
{
    struct store store;
    struct store_list list;
    struct store_problem problem = {.verdict = STORE_GOOD};

    if (store_open(&store, checkpoint->files, checkpoint->directory, checkpoint->job,
                   0) != TROUPE_OK)
        return; /* it has not begun */
    ck_assert_int_eq(store_list_read(&store, &list), TROUPE_OK);
    for (size_t i = 0; i < list.n_items; i++)
        if (list.items[i].is_published)
            ck_assert_msg(store_verify(&store, &list.items[i], STORE_DEEP, &problem) ==
                              TROUPE_OK,
                          "%s: %s; TROUPE_TEST_SEED=%llu", problem.path, problem.text,
                          (unsigned long long)seed);
    store_list_fini(&list);
}

static void survive(const struct checkpoint_options *checkpoint, uint64_t seed)
{
    struct base_random random = {seed};
    struct attempt attempt = {.main = &toy_process,
                              .checkpoint = checkpoint,
                              .result = {.end = COMM_SIM_LIMIT}};

    world.seed = seed;
    for (world.attempt = 1; attempt.result.end == COMM_SIM_LIMIT; world.attempt++) {
        uint64_t most = 600 + 400 * (uint64_t)world.attempt;
        int exit_code;

        ck_assert_int_lt(world.attempt, MOST_ATTEMPTS);
        attempt.n_ranks = 1 + (int)base_random_below(&random, MOST_RANKS);
        attempt.seed = mixed(seed, (uint64_t)world.attempt);
        attempt.step_limit = 1 + base_random_below(&random, (uint32_t)most);
        exit_code = attempt_run(&attempt);
        ck_assert_msg(attempt.result.end == COMM_SIM_LIMIT || exit_code == 0,
                      "exit code %d in attempt %d: TROUPE_TEST_SEED=%llu", exit_code,
                      world.attempt, (unsigned long long)seed);
        check_published(checkpoint, seed);
    }
    check_final();
}

/* Some ranks have room for a copy, and others write while they stand still. */
static uint64_t none_or_plenty(void)
{
    world.n_looks++;
    return world.n_looks % 3 ? 0 : UINT64_MAX;
}

START_TEST(comes_to_its_end)
{
    uint64_t last = attempt_last_seed(20);

    for (uint64_t seed = attempt_first_seed(); seed <= last; seed++) {
        struct quick_disk disk;
        struct checkpoint_options checkpoint = attempt_options(&disk);

        if (seed % 4 == 0)
            checkpoint.free_bytes = none_or_plenty;
        world = (struct world){.is_asking = true};
        survive(&checkpoint, seed);
        quick_disk_close(&disk);
    }
}
END_TEST

CHECK_MAIN("checkpoint", comes_to_its_end)
