/* seeds: 150 */
/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "test_checkpoint_job.h"
#include <string.h>

/*
 * Money moves between accounts while the job is dropped at any moment and started again
 * on other numbers of ranks: no transfer may be lost, and none may come twice. Mail
 * waits in small mailboxes and at their gates, goes apart when it is large, comes from
 * timers; a process with a state counts what passes.
 */

enum {
    N_STEPS = 30,
    N_ACCOUNTS = 8,
    MOVES_A_STEP = 6,
    N_HOPS = 12, /* of an amount, through others' hands */
    MOST_RANKS = 5,
    MOST_ATTEMPTS = 80,
    LARGE_BYTES = 30000
};

/* Of the test, as all ranks live in this process. */
static struct world {
    uint64_t seed;
    int attempt;
    int64_t balance[N_ACCOUNTS]; /* when the job ended */
    int64_t n_counted;
    int n_ended;
} world;

static uint64_t mixed(uint64_t a, uint64_t b)
{
    struct base_random random = {a ^ b * UINT64_C(0x9e3779b97f4a7c15)};

    return base_random_next(&random);
}

/* ---- the moves ----------------------------------------------------------------- */

struct move {
    int from, to;
    int64_t amount;
    bool is_large, is_late;
};

static struct move move_of(int64_t step, int i)
{
    uint64_t word = mixed(world.seed, (uint64_t)step * MOVES_A_STEP + (uint64_t)i);

    return (struct move){.from = (int)(word % N_ACCOUNTS),
                         .to = (int)(word / 64 % N_ACCOUNTS),
                         .amount = (int64_t)(word / 4096 % 1000),
                         .is_large = word >> 60 == 0,
                         .is_late = word >> 62 == 3};
}

static void check_balances(void)
{
    int64_t expected[N_ACCOUNTS] = {0};

    for (int64_t step = 0; step < N_STEPS; step++)
        for (int i = 0; i < MOVES_A_STEP; i++) {
            struct move move = move_of(step, i);

            expected[move.from] -= move.amount;
            expected[move.to] += move.amount;
        }
    for (int i = 0; i < N_ACCOUNTS; i++)
        ck_assert_msg(world.balance[i] == expected[i],
                      "account %d has %lld, not %lld: TROUPE_TEST_SEED=%llu", i,
                      (long long)world.balance[i], (long long)expected[i],
                      (unsigned long long)world.seed);
    ck_assert_msg(world.n_counted == N_STEPS * MOVES_A_STEP,
                  "%lld moves were counted: TROUPE_TEST_SEED=%llu",
                  (long long)world.n_counted, (unsigned long long)world.seed);
}

/* ---- accounts, and who counts -------------------------------------------------- */

struct take {
    troupe_address to, counter;
    int64_t amount;
    uint64_t is_late;
    uint64_t n_bytes;
    uint8_t bytes[];
};
TROUPE_TYPE(take, to, counter, amount, is_late, n_bytes, TROUPE_TAIL(bytes, n_bytes));

struct give {
    int64_t amount, n_hops;
    troupe_address to, other;
};
TROUPE_TYPE(give, amount, n_hops, to, other);

struct passed {
    int64_t amount;
};
TROUPE_TYPE(passed, amount);

struct begin {
    int64_t number;
};
TROUPE_TYPE(begin, number);

struct account {
    int64_t number, balance;
};
TROUPE_TYPE(account, number, balance);

static troupe_status
on_begin(troupe_actor *self, struct account *account, const struct begin *begin)
{
    (void)self;
    account->number = begin->number;
    return TROUPE_OK;
}

static troupe_status
on_take(troupe_actor *self, struct account *account, const struct take *take)
{
    for (uint64_t i = 0; i < take->n_bytes; i += 997)
        if (take->bytes[i] != (uint8_t)i)
            return TROUPE_FAILED;
    account->balance -= take->amount;
    TROUPE_TRY(troupe_send(self, take->counter, passed, .amount = take->amount));
    if (take->is_late)
        return troupe_send_after(self, take->to, 1e-5 * (double)(take->amount % 7),
                                 NULL, give, .amount = take->amount, .n_hops = 0);
    return troupe_send(self, take->to, give, .amount = take->amount, .n_hops = N_HOPS,
                       .to = troupe_self(self), .other = take->to);
}

static troupe_status
on_give(troupe_actor *self, struct account *account, const struct give *give)
{
    if (give->n_hops > 0) /* to and fro, an even number of times */
        return troupe_send(self, give->to, give, .amount = give->amount,
                           .n_hops = give->n_hops - 1, .to = give->other,
                           .other = give->to);
    account->balance += give->amount;
    return TROUPE_OK;
}

static void on_end(troupe_actor *self, struct account *account)
{
    (void)self;
    world.balance[account->number] = account->balance;
    world.n_ended++;
}
TROUPE_BEHAVIOR(account_keeper,
                account,
                TROUPE_INIT(begin, on_begin),
                TROUPE_ON(take, on_take),
                TROUPE_ON(give, on_give),
                TROUPE_FINI(on_end),
                TROUPE_SENDS(passed),
                /* For all that is under way: they send each other in circles. */
                .capacity = N_STEPS * MOVES_A_STEP);

struct count {
    int64_t n_passed;
};
TROUPE_TYPE(count, n_passed);

static troupe_status counting(troupe_actor *self)
{
    struct count *count;

    (void)troupe_restored(self, &count);
    TROUPE_TRY(troupe_safe_receives(self, true));
    for (;;) {
        TROUPE_TRY(troupe_receive(self, passed, TROUPE_FOREVER, NULL));
        world.n_counted = ++count->n_passed;
    }
}
TROUPE_PROCESS(
    counter, counting, TROUPE_STATE(count), TROUPE_ACCEPTS(passed), .capacity = 4);

/* ---- who makes the moves ------------------------------------------------------- */

struct toy {
    int64_t step;
    troupe_address account[N_ACCOUNTS], counter;
};
TROUPE_TYPE(toy, step, account, counter);

static troupe_status open_accounts(troupe_actor *self, struct toy *toy)
{
    int n_ranks = troupe_n_ranks(self);
    const troupe_spawn_options last = {.place = TROUPE_ON_RANK(n_ranks - 1)};

    for (int i = 0; i < N_ACCOUNTS && troupe_rank(self) == 0; i++) {
        const troupe_spawn_options options = {.place = TROUPE_ON_RANK(i % n_ranks),
                                              TROUPE_WITH(begin, .number = i)};

        TROUPE_TRY(troupe_spawn(self, &account_keeper, &options, &toy->account[i]));
    }
    if (troupe_rank(self) == 0)
        TROUPE_TRY(troupe_spawn(self, &counter, &last, &toy->counter));
    return troupe_broadcast(self, troupe_rank_team(self), 0, toy, sizeof *toy);
}

static troupe_status make_move(troupe_actor *self, struct toy *toy, int i)
{
    static const uint8_t small[1] = {0};
    struct move move = move_of(toy->step, i);
    uint8_t *large = malloc(LARGE_BYTES);
    troupe_status status;

    for (int b = 0; b < LARGE_BYTES; b++)
        large[b] = (uint8_t)b;
    status = troupe_send_tail(
        self, toy->account[move.from], take, bytes, move.is_large ? large : small,
        move.is_large ? LARGE_BYTES : 1, .to = toy->account[move.to],
        .counter = toy->counter, .amount = move.amount, .is_late = move.is_late);
    free(large);
    return status;
}

static troupe_status run(troupe_actor *self)
{
    struct toy *toy;

    if (!troupe_restored(self, &toy))
        TROUPE_TRY(open_accounts(self, toy));
    for (; toy->step < N_STEPS; toy->step++) {
        uint64_t word =
            mixed(world.seed + (uint64_t)world.attempt,
                  (uint64_t)toy->step * MOST_RANKS + (uint64_t)troupe_rank(self));

        if (word % 12 == 0)
            TROUPE_TRY(troupe_checkpoint_request(self));
        troupe_safepoint(self);
        for (int i = 0; i < MOVES_A_STEP; i++)
            if (i % troupe_n_ranks(self) == troupe_rank(self))
                TROUPE_TRY(make_move(self, toy, i));
        if (world.seed % 3)
            TROUPE_TRY(troupe_barrier(self, troupe_rank_team(self)));
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(ledger_process,
               run,
               TROUPE_STATE(toy),
               TROUPE_SENDS(take),
               TROUPE_SPAWNS(&account_keeper, &counter),
               .flags = TROUPE_REPLICATED);

/* ---- running it ---------------------------------------------------------------- */

static void survive(const struct checkpoint_options *checkpoint)
{
    struct base_random random = {world.seed};
    struct attempt attempt = {.main = &ledger_process,
                              .checkpoint = checkpoint,
                              .result = {.end = COMM_SIM_LIMIT}};
    bool may_change = world.seed % 3 != 0; /* else the ranks' steps may differ */

    attempt.n_ranks = 1 + (int)base_random_below(&random, MOST_RANKS);
    for (world.attempt = 1; attempt.result.end == COMM_SIM_LIMIT; world.attempt++) {
        uint64_t most = 2000 + 800 * (uint64_t)world.attempt;
        int exit_code;

        ck_assert_int_lt(world.attempt, MOST_ATTEMPTS);
        if (may_change)
            attempt.n_ranks = 1 + (int)base_random_below(&random, MOST_RANKS);
        attempt.seed = mixed(world.seed, (uint64_t)world.attempt);
        attempt.step_limit = 1 + base_random_below(&random, (uint32_t)most);
        exit_code = attempt_run(&attempt);
        ck_assert_msg(attempt.result.end == COMM_SIM_LIMIT || exit_code == 0,
                      "exit code %d in attempt %d: TROUPE_TEST_SEED=%llu", exit_code,
                      world.attempt, (unsigned long long)world.seed);
    }
    check_balances();
}

START_TEST(nothing_is_lost_and_nothing_comes_twice)
{
    for (uint64_t seed = attempt_first_seed(); seed <= attempt_last_seed(20); seed++) {
        struct quick_disk disk;
        const struct checkpoint_options checkpoint = attempt_options(&disk);

        world = (struct world){.seed = seed};
        survive(&checkpoint);
        quick_disk_close(&disk);
    }
}
END_TEST

CHECK_MAIN("checkpoint_mail", nothing_is_lost_and_nothing_comes_twice)
