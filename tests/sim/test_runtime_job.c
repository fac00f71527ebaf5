/* seeds: 5 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
#include "base/require.h"
#include "runtime/sim.h"
#include "support/check_main.h"
#include "support/child.h"
#include "troupe/troupe.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Whole jobs from start to stop, on several numbers of ranks: exit codes, trace, leaks.
 */

struct work {
    int64_t number;
};
TROUPE_TYPE(work, number);

static troupe_status on_work(troupe_actor *self, const struct work *work)
{
    return troupe_reply(self, work, work, .number = work->number + 1);
}
TROUPE_BEHAVIOR(worker, troupe_no_state, TROUPE_ON(work, on_work));

enum { N_CALLS = 3 };

static troupe_status call_workers(troupe_actor *self)
{
    for (int i = 0; i < N_CALLS; i++) {
        const troupe_spawn_options anywhere = {.place = TROUPE_ANYWHERE};
        const struct work *answer;
        troupe_address helper;

        TROUPE_TRY(troupe_spawn(self, &worker, &anywhere, &helper));
        TROUPE_TRY(troupe_call(self, helper, work, &answer, TROUPE_FOREVER, work,
                               .number = i));
        if (answer->number != i + 1)
            return TROUPE_FAILED;
    }
    return TROUPE_OK;
}

static bool is_last(troupe_actor *self)
{
    return troupe_rank(self) == troupe_n_ranks(self) - 1;
}

static troupe_status good(troupe_actor *self)
{
    return call_workers(self);
}
TROUPE_PROCESS(good_process, good, TROUPE_ACCEPTS(work), TROUPE_SPAWNS(&worker));

static troupe_status failing(troupe_actor *self)
{
    TROUPE_TRY(call_workers(self));
    return is_last(self) ? TROUPE_FAILED : TROUPE_OK;
}
TROUPE_PROCESS(failing_process, failing, TROUPE_ACCEPTS(work), TROUPE_SPAWNS(&worker));

static troupe_status stuck(troupe_actor *self)
{
    const struct work *none;

    TROUPE_TRY(call_workers(self));
    return is_last(self) ? troupe_receive(self, work, TROUPE_FOREVER, &none)
                         : TROUPE_OK;
}
TROUPE_PROCESS(stuck_process, stuck, TROUPE_ACCEPTS(work), TROUPE_SPAWNS(&worker));

struct unlisted {
    int32_t value;
};
TROUPE_TYPE(unlisted, value);

static troupe_status misusing(troupe_actor *self)
{
    TROUPE_TRY(call_workers(self));
    if (!is_last(self))
        return TROUPE_OK;
    return troupe_send(self, troupe_self(self), unlisted, .value = 1);
}
TROUPE_PROCESS(misusing_process,
               misusing,
               TROUPE_ACCEPTS(work),
               TROUPE_SPAWNS(&worker));

static uint64_t number_in(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

static uint64_t first_seed(void)
{
    return number_in("TROUPE_TEST_SEED", 1);
}

/* TROUPE_TEST_SEED names one that is to be run alone. */
static uint64_t last_seed(void)
{
    return number_in("TROUPE_TEST_SEED", number_in("TROUPE_TEST_SEEDS", 1));
}

static int run_on(int n_ranks,
                  uint64_t seed,
                  const troupe_behavior *main,
                  const troupe_program *const *programs,
                  struct comm_sim_result *result)
{
    const troupe_program program = {.main = main};
    const troupe_options options = {.program = &program};
    const struct runtime_sim sim = {.sim = {.n_ranks = n_ranks,
                                            .seed = seed,
                                            .slow_percent = 20,
                                            .stop_percent = 10},
                                    .comm = {.spin_ns = -1},
                                    .programs = programs};
    int64_t n_live = base_alloc_live();
    troupe *runtime;
    int exit_code;

    ck_assert_int_eq(runtime_start_sim(&options, &sim, &runtime), TROUPE_OK);
    exit_code = troupe_run(runtime);
    *result = runtime_sim_result(runtime);
    troupe_stop(runtime);
    ck_assert_int_eq(base_alloc_live(), n_live);
    return exit_code;
}

static const int sizes[] = {1, 2, 8, 64};
enum { N_SIZES = sizeof sizes / sizeof sizes[0] };

/* Twice, as one seed is one run. */
static void
check_seed(int n_ranks, uint64_t seed, const troupe_behavior *main, int expected)
{
    struct comm_sim_result first, second;

    ck_assert_msg(run_on(n_ranks, seed, main, NULL, &first) == expected,
                  "%d ranks, again with TROUPE_TEST_SEED=%llu", n_ranks,
                  (unsigned long long)seed);
    ck_assert_int_eq(run_on(n_ranks, seed, main, NULL, &second), expected);
    ck_assert_int_eq(first.end, COMM_SIM_DONE);
    ck_assert_uint_eq(first.trace_hash, second.trace_hash);
    ck_assert_uint_eq(first.n_steps, second.n_steps);
}

/* Many ranks take their time: one seed of them. */
static void check_exit_code(const troupe_behavior *main, int expected)
{
    for (int i = 0; i < N_SIZES; i++)
        for (uint64_t seed = first_seed(); seed <= last_seed(); seed++)
            if (sizes[i] < 64 || seed == first_seed())
                check_seed(sizes[i], seed, main, expected);
}

START_TEST(ends_well)
{
    check_exit_code(&good_process, TROUPE_CODE_OK);
}
END_TEST

START_TEST(rank_process_fails)
{
    check_exit_code(&failing_process, TROUPE_CODE_RANK_FAILED);
}
END_TEST

START_TEST(deadlock)
{
    check_exit_code(&stuck_process, TROUPE_CODE_DEADLOCK);
}
END_TEST

START_TEST(misuse)
{
    check_exit_code(&misusing_process, TROUPE_CODE_MISUSE);
}
END_TEST

START_TEST(seeds_differ)
{
    struct comm_sim_result one, other;
    const troupe_program program = {.main = &good_process};
    const troupe_options options = {
        .program = &program, .sim_ranks = 8, .sim_seed = first_seed() + 1};
    troupe *runtime;

    ck_assert_int_eq(run_on(8, first_seed(), &good_process, NULL, &one),
                     TROUPE_CODE_OK);
    ck_assert_int_eq(troupe_start(&options, &runtime), TROUPE_OK);
    ck_assert_int_eq(troupe_run(runtime), TROUPE_CODE_OK);
    other = runtime_sim_result(runtime);
    troupe_stop(runtime);
    ck_assert_uint_ne(one.trace_hash, other.trace_hash);
}
END_TEST

/* ---- ranks that do not run the same program
 * --------------------------------------------- */

struct extra {
    int32_t value;
};
TROUPE_TYPE(extra, value);
struct wide {
    int64_t value;
};
TROUPE_TYPE(wide, value);

static troupe_status idle(troupe_actor *self)
{
    (void)self;
    return TROUPE_OK;
}
TROUPE_PROCESS(idle_process, idle, TROUPE_ACCEPTS(work));

/* Runs where rank `odd` knows `extra` with another schema. */
static int run_different(int n_ranks, int odd, struct comm_sim_result *result)
{
    troupe_type narrow = *TROUPE_TYPE_OF(extra), other = *TROUPE_TYPE_OF(wide);
    const troupe_type *const narrow_types[] = {&narrow, NULL};
    const troupe_type *const other_types[] = {&other, NULL};
    const troupe_program plain = {.main = &idle_process, .types = narrow_types};
    const troupe_program different = {.main = &idle_process, .types = other_types};
    const troupe_program *programs[64];

    other.name = narrow.name;
    for (int rank = 0; rank < n_ranks; rank++)
        programs[rank] = rank == odd ? &different : &plain;
    return run_on(n_ranks, first_seed(), &idle_process, programs, result);
}

START_TEST(programs_differ)
{
    for (int i = 1; i < N_SIZES; i++) {
        for (int odd = 0; odd < sizes[i]; odd += 1 + odd) {
            struct comm_sim_result result;

            ck_assert_int_eq(run_different(sizes[i], odd, &result), TROUPE_CODE_MISUSE);
            ck_assert_int_eq(result.end, COMM_SIM_DONE);
        }
    }
}
END_TEST

static void run_rank_5_different(void *argument)
{
    struct comm_sim_result result;

    (void)argument;
    exit(run_different(8, 5, &result));
}

START_TEST(difference_is_shown)
{
    struct child_end end;

    child_run(run_rank_5_different, NULL, &end);
    ck_assert_int_eq(end.exit_code, TROUPE_CODE_MISUSE);
    ck_assert_ptr_nonnull(strstr(end.text, "ranks 0 and 5 differ"));
    ck_assert_ptr_nonnull(strstr(end.text, "rank 0 has extra{value:i32}"));
    ck_assert_ptr_nonnull(strstr(end.text, "rank 5 has extra{value:i64}"));
    /* And nothing that is the same on both. */
    ck_assert_ptr_null(strstr(end.text, "work{"));
}
END_TEST

/* ---- the report of a deadlock
 * ---------------------------------------------------------- */

static troupe_status on_work_never(troupe_actor *self, const struct work *work)
{
    (void)self;
    (void)work;
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(silent, troupe_no_state, TROUPE_ON(work, on_work_never));

enum { N_CALLERS = 8 };

static troupe_status call_silent(troupe_actor *self)
{
    const struct work *answer;
    troupe_address server;

    TROUPE_TRY(troupe_spawn(self, &silent, NULL, &server));
    return troupe_call(self, server, work, &answer, TROUPE_FOREVER, work, .number = 1);
}
TROUPE_PROCESS(caller, call_silent, TROUPE_ACCEPTS(work), TROUPE_SPAWNS(&silent));

static troupe_status spawn_callers(troupe_actor *self)
{
    for (int i = 0; i < N_CALLERS; i++)
        TROUPE_TRY(troupe_spawn(self, &caller, NULL, NULL));
    return TROUPE_OK;
}
TROUPE_PROCESS(callers_process, spawn_callers, TROUPE_SPAWNS(&caller));

static void run_callers(void *argument)
{
    struct comm_sim_result result;

    (void)argument;
    exit(run_on(4, first_seed(), &callers_process, NULL, &result));
}

static int count(const char *text, const char *part)
{
    int n = 0;

    while ((text = strstr(text, part)) != NULL) {
        text += strlen(part);
        n++;
    }
    return n;
}

/* Everybody who waits is named once, those of all ranks. */
START_TEST(deadlock_is_shown)
{
    struct child_end end;

    child_run(run_callers, NULL, &end);
    ck_assert_int_eq(end.exit_code, TROUPE_CODE_DEADLOCK);
    ck_assert_int_eq(count(end.text, "deadlock: nothing is on its way"), 1);
    ck_assert_int_eq(count(end.text, "waits for the answer to 'work'"), 4 * N_CALLERS);
    for (int rank = 0; rank < 4; rank++) {
        char prefix[32];

        snprintf(prefix, sizeof prefix, "error:   rank %d: caller", rank);
        ck_assert_int_eq(count(end.text, prefix), N_CALLERS);
    }
}
END_TEST

/* ---- the driver is left in the middle
 * ---------------------------------------------------- */

static troupe_status giving_up(troupe_actor *self)
{
    TROUPE_TRY(call_workers(self));
    /* What names need is let go of too. */
    TROUPE_TRY(troupe_register(self, TROUPE_LOCAL, "a name", troupe_self(self)));
    if (is_last(self))
        base_die_with(3, __FILE__, __LINE__, "this rank dies on purpose");
    return TROUPE_OK;
}
TROUPE_PROCESS(giving_up_process,
               giving_up,
               TROUPE_ACCEPTS(work),
               TROUPE_SPAWNS(&worker));

START_TEST(rank_dies)
{
    for (int i = 0; i < N_SIZES; i++) {
        struct comm_sim_result result;

        ck_assert_int_eq(
            run_on(sizes[i], first_seed(), &giving_up_process, NULL, &result), 3);
        ck_assert_int_eq(result.end, COMM_SIM_ABORTED);
    }
}
END_TEST

START_TEST(limit_is_reached)
{
    const troupe_program program = {.main = &good_process};
    const troupe_options options = {.program = &program};
    const struct runtime_sim sim = {.sim = {.n_ranks = 8, .step_limit = 100}};
    troupe *runtime;

    ck_assert_int_eq(runtime_start_sim(&options, &sim, &runtime), TROUPE_OK);
    ck_assert_int_eq(troupe_run(runtime), TROUPE_CODE_RANK_FAILED);
    ck_assert_int_eq(runtime_sim_result(runtime).end, COMM_SIM_LIMIT);
    troupe_stop(runtime);
}
END_TEST

/* A job that is started and stopped, but never run. */
START_TEST(never_run)
{
    const troupe_program program = {.main = &good_process};
    const troupe_options options = {.program = &program, .sim_ranks = 3};
    troupe *runtime;

    ck_assert_int_eq(troupe_start(&options, &runtime), TROUPE_OK);
    troupe_stop(runtime);
    troupe_stop(NULL);
}
END_TEST

/* ---- lines
 * ------------------------------------------------------------------------------ */

enum { LONG = 5000 };

static void print_lines(void *argument)
{
    char line[LONG + 1];

    (void)argument;
    memset(line, 'x', LONG);
    line[LONG] = '\0';
    dup2(STDERR_FILENO, STDOUT_FILENO);
    if (troupe_print(NULL, "one %d", 1) != TROUPE_OK ||
        troupe_print(NULL, "two\n") != TROUPE_OK || troupe_print(NULL, "%s", "") ||
        troupe_print(NULL, "%.*s", 1023, line) != TROUPE_OK ||
        troupe_print(NULL, "%s!", line) != TROUPE_OK)
        exit(EXIT_FAILURE);
    close(STDOUT_FILENO);
    exit(troupe_print(NULL, "nobody hears") == TROUPE_IO ? EXIT_SUCCESS : EXIT_FAILURE);
}

START_TEST(lines_are_whole)
{
    static const char head[] = "one 1\ntwo\n\n";
    struct child_end end;
    const char *at = end.text + sizeof head - 1;

    child_run(print_lines, NULL, &end);
    ck_assert_int_eq(end.exit_code, EXIT_SUCCESS);
    ck_assert_int_eq(strncmp(end.text, head, sizeof head - 1), 0);
    ck_assert_uint_eq(strspn(at, "x"), 1023);
    ck_assert_uint_eq(strspn(at + 1024, "x"), LONG);
    ck_assert_str_eq(at + 1024 + LONG, "!\n");
}
END_TEST

CHECK_MAIN("runtime_job",
           ends_well,
           rank_process_fails,
           deadlock,
           misuse,
           seeds_differ,
           deadlock_is_shown,
           programs_differ,
           difference_is_shown,
           rank_dies,
           limit_is_reached,
           never_run,
           lines_are_whole)
