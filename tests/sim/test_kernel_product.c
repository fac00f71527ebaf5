/* SPDX-License-Identifier: BSD-3-Clause */
#include "array/array.h"
#include "base/compiler.h"
#include "mpi/test_kernel_trial.h"
#include "numeric/isa.h"
#include "support/check_main.h"
#include "support/sim_job.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/*
 * Every operation at every level has the same bits on 1, 2, 3, 5, 7 and 8 ranks, by 1,
 * 2 and 3 threads each, with any set of instructions and any cut, on hostile numbers of
 * awkward lengths. Numbers, lengths, cuts and schedules are drawn from a seed, and that
 * from the clock. Threads take turns here; system.kernel_threads has them at once.
 */

enum { N_TRIALS = HOSTILE_N_KINDS + 1, MOST_THREADS = 3 };
enum { MOST_STACK_BYTES = 128 * 1024 }; /* kernel.h; sanitizers' frames are larger */
enum { LONG = 140003 }; /* tasks may be of 65536 elements: one for each of 3 threads */

/* Of OpenMP, which not each build has. */
extern __attribute__((weak)) void omp_set_max_active_levels(int n);

static const int numbers_of_ranks[] = {1, 2, 3, 5, 7, 8};

struct found {
    uint64_t hashes[N_TRIALS][N_OPERATIONS][N_LEVELS]; /* 0: has no such level */
};

/* What all ranks of the job under way share. */
static struct {
    uint64_t seed;
    int n_threads, n_done;
    bool is_long; /* there is the last trial too, which takes time */
    struct found found;
} now;

/* By the seed alone; of each kind, every other one so long that all have some, and the
 * last so long that threads do. */
static struct trial draw_trial(troupe_actor *self, int i)
{
    enum {
        N = ARRAY_LENGTH(hostile_lengths),
        N_MORE = ARRAY_LENGTH(hostile_more_lengths)
    };
    struct base_random random = {now.seed * N_TRIALS + (uint64_t)i};
    struct trial trial = {.self = self,
                          .kind = (enum hostile_kind)(i % HOSTILE_N_KINDS)};

    do {
        uint32_t which = base_random_below(&random, N + N_MORE);

        trial.n = which < N ? hostile_lengths[which] : hostile_more_lengths[which - N];
    } while (i % 2 == 0 && trial.n < 1000);
    if (i == HOSTILE_N_KINDS) {
        trial.kind = (enum hostile_kind)base_random_below(&random, HOSTILE_N_KINDS);
        trial.n = LONG;
    }
    trial.block_length = block_length_of(trial.n);
    trial.cuts_seed = base_random_next(&random) + (uint64_t)troupe_n_ranks(self) +
                      (uint64_t)now.n_threads;
    return trial;
}

static bool is_lacking[N_OPERATIONS][N_LEVELS]; /* as one rank has found */

/* All members come to the same. */
static void try_operation(struct trial *trial, int operation, uint64_t *hashes)
{
    for (int level = 0; level < N_LEVELS; level++) {
        const troupe_how how = {.level = (enum troupe_level)level};
        bool may_lack = level != TROUPE_LEVEL_TREE && level != TROUPE_LEVEL_FAST;
        troupe_actor *self = trial->self;
        troupe_status status;

        if (is_lacking[operation][level])
            continue;
        trial->hash = 0;
        status = operations[operation].perform(trial, how);
        may_lack &= troupe_n_ranks(self) == 1 && now.n_threads == 1;
        REQUIRE(status == TROUPE_OK || (status == TROUPE_INVALID && may_lack));
        is_lacking[operation][level] = status != TROUPE_OK;
        if (status != TROUPE_OK)
            continue;
        REQUIRE(hashes[level] == 0 || hashes[level] == trial->hash);
        hashes[level] = trial->hash;
    }
}

static bool is_sanitized(void)
{
    const char *sanitize = getenv("TROUPE_SANITIZE");

    return sanitize && *sanitize;
}

static troupe_status body(troupe_actor *self)
{
    array_of(self->home->rank)->n_threads = now.n_threads;
    for (int i = 0; i < N_TRIALS - !now.is_long; i++) {
        struct trial trial = draw_trial(self, i);

        trial_begin(&trial);
        for (int k = 0; k < N_OPERATIONS; k++)
            try_operation(&trial, k, now.found.hashes[i][k]);
        trial_end(&trial);
    }
    REQUIRE(is_sanitized() || troupe_stack_used(self) <= MOST_STACK_BYTES);
    now.n_done++;
    return TROUPE_OK;
}
TROUPE_PROCESS(main_process, body);

static const troupe_program program = {.main = &main_process};

static void
run(uint64_t seed, int n_ranks, int n_threads, const char *isa, bool is_long)
{
    memset(&now, 0, sizeof now);
    now.seed = seed;
    now.is_long = is_long;
    now.n_threads = n_threads;
    setenv("TROUPE_ISA", isa, 1);
    ck_assert_int_eq(sim_job_once(&program, n_ranks, seed + (uint64_t)n_threads), 0);
    ck_assert_int_eq(now.n_done, n_ranks);
}

/* Whether a sum by FAST is another one, as it may be. */
static bool compare(const struct found *expected)
{
    bool fast_differs = false;

    for (int i = 0; i < N_TRIALS - !now.is_long; i++)
        for (int k = 0; k < N_OPERATIONS; k++) {
            const uint64_t *hashes = now.found.hashes[i][k];
            const uint64_t *wanted = expected->hashes[i][k];

            for (int level = 0; level < TROUPE_LEVEL_FAST; level++)
                ck_assert_msg(hashes[level] == wanted[level],
                              "%s, trial %d, level %d: other bits", operations[k].name,
                              i, level);
            fast_differs |= hashes[TROUPE_LEVEL_FAST] != wanted[TROUPE_LEVEL_FAST];
        }
    return fast_differs;
}

/* Each set of instructions falls to other numbers of ranks and threads by the seed. */
static void all_pairs(uint64_t seed)
{
    const struct numeric_isa *isas[4];
    uint64_t n_isas = (uint64_t)numeric_isa_list(isas), n_pairs = 0;
    size_t which_long = 1 + seed % (ARRAY_LENGTH(numbers_of_ranks) - 1);
    /* With sanitizers it takes long: one number of ranks, and nothing long. */
    bool is_brief = is_sanitized();
    int n_fast_differs = 0;
    struct found expected;

    if (omp_set_max_active_levels)
        omp_set_max_active_levels(0); /* one does the parts of all threads */
    run(seed, 1, 1, "baseline", !is_brief);
    expected = now.found;
    for (size_t i = 0; i < ARRAY_LENGTH(numbers_of_ranks); i++)
        for (int n_threads = is_brief && i != which_long ? MOST_THREADS + 1 : 1;
             n_threads <= MOST_THREADS; n_threads++) {
            const char *isa = isas[(seed + n_pairs++) % n_isas]->name;

            printf("seed %" PRIu64 ", %d ranks, %d threads, %s; again: "
                   "TROUPE_TEST_SEED=%" PRIu64 "\n",
                   seed, numbers_of_ranks[i], n_threads, isa, seed);
            fflush(stdout);
            run(seed, numbers_of_ranks[i], n_threads, isa,
                !is_brief && n_threads == MOST_THREADS && (i == 0 || i == which_long));
            n_fast_differs += compare(&expected);
        }
    ck_assert_int_ge(n_fast_differs, (int)n_pairs / 2);
}

START_TEST(same_bits)
{
    const char *one = getenv("TROUPE_TEST_SEED"), *many = getenv("TROUPE_TEST_SEEDS");
    uint64_t seed = one ? strtoull(one, NULL, 10) : (uint64_t)time(NULL);
    int n_seeds = one || !many ? 1 : atoi(many);

    for (int i = 0; i < n_seeds; i++)
        all_pairs(seed + (uint64_t)i);
}
END_TEST

CHECK_MAIN("kernel product", same_bits)
