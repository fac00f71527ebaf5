/* SPDX-License-Identifier: BSD-3-Clause */
/* seeds: 1 */
#include "base/alloc.h"
#include "sim/test_later_calls.h"
#include "support/check_main.h"
#include "support/sim_job.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Kernels while every n-th allocation fails. Each gives one status on all members: well
 * done, or TROUPE_NO_MEMORY with nothing changed. What members cannot take part without
 * ends the job at last, with the words of the rank that had no memory.
 */

enum { LENGTH = 5000, BLOCK = 16, N_RANKS = 3, N_BINS = 9 };
/* Kernels, then what is started. */
enum { N_KERNELS = 20, N_CALLS = N_KERNELS + N_LATER_CALLS };

static uint64_t fail_every;

static struct {
    int n_ready, n_done, n_refused;
    troupe_status statuses[N_RANKS][N_CALLS];
    double results[N_RANKS][N_CALLS];
} seen;

static troupe_array
make(troupe_actor *self, enum troupe_element element, int64_t length)
{
    const troupe_array_options shape = {
        .element = element, .length = length, .block_length = BLOCK};
    troupe_array array;

    EXPECT_OK(troupe_array_create(self, troupe_rank_team(self), &shape, &array));
    return array;
}

static void
keep_third(const troupe_block *block, unsigned char *keep, const void *argument)
{
    (void)argument;
    for (int64_t i = 0; i < block->n; i++)
        keep[i] = (block->first + i) % 3 == 0;
}
TROUPE_FILTER(third_filter, keep_third);

static void add_block(const troupe_block *block, void *result, const void *argument)
{
    const double *x = block->in[0];
    double sum = 0;

    (void)argument;
    for (int64_t i = 0; i < block->n; i++)
        sum += x[i];
    memcpy(result, &sum, sizeof sum);
}
static void add_sums(void *left, const void *right)
{
    *(double *)left += *(const double *)right;
}
TROUPE_REDUCTION_KERNEL(add_kernel, add_block, add_sums, double);

struct arrays {
    troupe_array x, to, heads, keys, counts, weights;
    struct later_props on;
};

/* The first of a member's elements, or none. */
static double first_of(troupe_actor *self, troupe_array array)
{
    troupe_array_part part = troupe_array_mine(self, array);

    return part.n_elements > 0 ? *(const double *)part.data : 0;
}

static troupe_status
filter(troupe_actor *self, const struct arrays *a, double *result, bool is_task)
{
    troupe_array kept = {0};
    troupe_status status;
    troupe_task task;

    if (is_task) {
        TROUPE_TRY(troupe_filter(self, &third_filter, &(troupe_arrays){.in = {a->x}},
                                 NULL, troupe_later(TROUPE_TREE, &task), &kept));
        status = troupe_task_wait(self, &task);
    } else {
        status = troupe_filter(self, &third_filter, &(troupe_arrays){.in = {a->x}},
                               NULL, TROUPE_TREE, &kept);
    }
    if (status != TROUPE_OK) {
        EXPECT_INT(kept.bits, 0);
        return status;
    }
    *result = first_of(self, kept);
    troupe_array_destroy(self, &kept);
    return TROUPE_OK;
}

static troupe_status
scan(troupe_actor *self, const struct arrays *a, troupe_how how, double *result)
{
    troupe_status status = troupe_scan(self, a->x, a->to, TROUPE_SUM, how);

    if (status == TROUPE_OK)
        *result = first_of(self, a->to);
    return status;
}

static troupe_status
segments(troupe_actor *self, const struct arrays *a, troupe_how how, double *result)
{
    troupe_array sums = {0};
    troupe_status status =
        troupe_reduce_segments(self, a->x, a->heads, TROUPE_SUM, how, &sums);

    if (status != TROUPE_OK) {
        EXPECT_INT(sums.bits, 0);
        return status;
    }
    *result = first_of(self, sums);
    troupe_array_destroy(self, &sums);
    return TROUPE_OK;
}

static troupe_status
extremes(troupe_actor *self, const struct arrays *a, double *result)
{
    troupe_array made[2] = {{0}, {0}};
    troupe_status status = troupe_extremes_of_segments(self, a->x, a->heads, TROUPE_MAX,
                                                       TROUPE_TREE, made);

    if (status != TROUPE_OK) {
        EXPECT(made[0].bits == 0 && made[1].bits == 0);
        return status;
    }
    *result = first_of(self, made[0]);
    troupe_array_destroy(self, &made[0]);
    troupe_array_destroy(self, &made[1]);
    return TROUPE_OK;
}

/* The weight that is infinite leaves EXACT a bin to do with an accumulator. */
static troupe_status
weigh(troupe_actor *self, const struct arrays *a, troupe_how how, double *result)
{
    double sums[N_BINS + TROUPE_BINS_EXTRA] = {-1};
    troupe_status status = troupe_histogram_weighted(
        self, a->x, a->weights, (troupe_bins){0, 1, N_BINS}, how, sums);

    EXPECT(status == TROUPE_OK || sums[0] == -1);
    if (status == TROUPE_OK)
        *result = sums[3];
    return status;
}

static troupe_status count(troupe_actor *self, const struct arrays *a, double *result)
{
    troupe_status status = troupe_histogram_spread(
        self, a->x, (troupe_bins){0, 1, N_BINS}, TROUPE_TREE, a->counts);

    if (status == TROUPE_OK)
        *result = first_of(self, a->counts);
    return status;
}

static troupe_status
later(troupe_actor *self, const struct arrays *a, int which, double *result)
{
    struct later_made made = LATER_NOTHING;
    troupe_status status;
    troupe_task task;

    TROUPE_TRY(later_calls[which].call(self, &a->on, &made, &task));
    status = troupe_task_wait(self, &task);
    if (status == TROUPE_OK)
        *result = 1;
    else
        EXPECT(made.array.bits + made.matrix.bits + made.grid.bits == 0);
    later_made_free(self, &made);
    return status;
}

static troupe_status
call(troupe_actor *self, const struct arrays *a, int which, double *result)
{
    troupe_moments moments = {.mean = -1};
    troupe_number number = {.real = -1};
    troupe_status status;

    switch (which) {
    case 0:
        return troupe_sum(self, a->x, TROUPE_TREE, result);
    case 1:
        return troupe_sum(self, a->x, TROUPE_TREE_DD, result);
    case 2:
        return troupe_sum(self, a->x, TROUPE_EXACT, result);
    case 3:
        status = troupe_moments_of(self, a->x, TROUPE_TREE, &moments);
        *result = moments.mean;
        return status;
    case 4:
        status = troupe_kth(self, a->x, LENGTH / 2, TROUPE_TREE, &number);
        *result = number.real;
        return status;
    case 5:
        return scan(self, a, TROUPE_TREE, result);
    case 6:
        return filter(self, a, result, false);
    case 7:
        return filter(self, a, result, true);
    case 8:
        return segments(self, a, TROUPE_TREE, result);
    case 9:
        return weigh(self, a, TROUPE_TREE, result);
    case 10:
        return troupe_reduce_blocks(self, &add_kernel, &(troupe_arrays){.in = {a->x}},
                                    NULL, TROUPE_TREE, result);
    case 11:
        return count(self, a, result);
    case 12:
        return scan(self, a, TROUPE_TREE_DD, result);
    case 13:
        return scan(self, a, TROUPE_EXACT, result);
    case 14:
        return segments(self, a, TROUPE_TREE_DD, result);
    case 15:
        return segments(self, a, TROUPE_EXACT, result);
    case 16:
        return weigh(self, a, TROUPE_TREE_DD, result);
    case 17:
        return weigh(self, a, TROUPE_EXACT, result);
    case 18:
        return extremes(self, a, result);
    default:
        status =
            troupe_sort(self, a->keys, &(troupe_arrays){.out = {a->to}}, TROUPE_TREE);
        if (status == TROUPE_OK)
            *result = first_of(self, a->keys);
        return status;
    }
}

static troupe_status hungry_body(troupe_actor *self)
{
    const troupe_random random = {.seed = 1};
    struct arrays a = {make(self, TROUPE_DOUBLE, LENGTH),
                       make(self, TROUPE_DOUBLE, LENGTH),
                       make(self, TROUPE_UINT8, LENGTH),
                       make(self, TROUPE_DOUBLE, LENGTH),
                       make(self, TROUPE_UINT64, N_BINS + TROUPE_BINS_EXTRA),
                       make(self, TROUPE_DOUBLE, LENGTH),
                       {NULL, {0}, {0}, {0}}};
    troupe_array_part weights = troupe_array_mine(self, a.weights);
    troupe_array_part heads = troupe_array_mine(self, a.heads);
    int me = troupe_rank(self);

    EXPECT_OK(troupe_fill_uniform(self, a.x, random, TROUPE_TREE));
    EXPECT_OK(troupe_fill_uniform(self, a.keys, random, TROUPE_TREE));
    for (int64_t i = 0; i < heads.n_elements; i += 7)
        ((uint8_t *)heads.data)[i] = 1;
    EXPECT_OK(troupe_fill_uniform(self, a.weights, random, TROUPE_TREE));
    if (weights.n_elements > 0)
        *(double *)weights.data = INFINITY;
    later_begin(self, troupe_rank_team(self), &a.on);
    EXPECT_OK(troupe_barrier(self, troupe_rank_team(self)));
    if (++seen.n_ready == 1)
        (void)base_alloc_fail_every(fail_every);
    for (int i = 0; i < N_CALLS; i++) {
        seen.results[me][i] = -1;
        seen.statuses[me][i] =
            i < N_KERNELS ? call(self, &a, i, &seen.results[me][i])
                          : later(self, &a, i - N_KERNELS, &seen.results[me][i]);
    }
    if (++seen.n_done == N_RANKS)
        (void)base_alloc_fail_every(0);
    return TROUPE_OK;
}
TROUPE_PROCESS(hungry, hungry_body);

static void check_calls(void)
{
    for (int i = 0; i < N_CALLS; i++) {
        troupe_status status = seen.statuses[0][i];
        troupe_status wanted =
            i < N_KERNELS ? TROUPE_OK : later_calls[i - N_KERNELS].status;

        if (status != wanted && status != TROUPE_NO_MEMORY)
            scene_fail(__FILE__, __LINE__, "every %d: not so: call %d gives %s",
                       (int)fail_every, i, troupe_status_name(status));
        seen.n_refused += status == TROUPE_NO_MEMORY;
        for (int rank = 0; rank < N_RANKS; rank++) {
            EXPECT_INT(seen.statuses[rank][i], status);
            EXPECT(status == TROUPE_OK || seen.results[rank][i] == -1);
        }
    }
}

enum { EXIT_REFUSED = 7 }; /* some call was, and all went on */

static void run_hungry(void *argument)
{
    const troupe_program program = {.main = &hungry};
    int exit_code;

    (void)argument;
    alarm(100); /* what hangs dies of a signal */
    later_files_begin();
    exit_code = sim_job_once(&program, N_RANKS, fail_every + 1);
    (void)base_alloc_fail_every(0);
    later_files_end();
    if (exit_code == 0)
        check_calls();
    exit(exit_code == 0 && seen.n_refused > 0 ? EXIT_REFUSED : exit_code);
}

static int run_with(uint64_t n)
{
    struct child_end end;

    fail_every = n;
    child_run(run_hungry, NULL, &end);
    ck_assert_msg(end.signal_number == 0, "every %d: signal %d; it said:\n%.3000s",
                  (int)n, end.signal_number, end.text);
    ck_assert_msg(!strstr(end.text, "not so") && !strstr(end.text, "our own fault") &&
                      !strstr(end.text, "Sanitizer") &&
                      !strstr(end.text, "never freed"),
                  "every %d: it said:\n%.3000s", (int)n, end.text);
    if (end.exit_code != 0 && end.exit_code != EXIT_REFUSED)
        ck_assert_msg(strstr(end.text, "no memory") != NULL,
                      "every %d: exit code %d; it said:\n%.3000s", (int)n,
                      end.exit_code, end.text);
    return end.exit_code;
}

static void fail_every_nth(void)
{
    int n_refused = 0, n_ended = 0;

    setenv("TROUPE_LOG", "error", 1);
    for (uint64_t n = 2; n < 250; n += 1 + n / 40) {
        int exit_code = run_with(n);

        n_refused += exit_code == EXIT_REFUSED;
        n_ended += exit_code != 0 && exit_code != EXIT_REFUSED;
    }
    ck_assert_int_gt(n_refused, n_ended);
    ck_assert_int_eq(run_with(0), 0);
}

START_TEST(every_nth)
{
    fail_every_nth();
}
END_TEST

/* And of the check, which puts back what it has done so far. */
START_TEST(every_nth_of_the_check)
{
    setenv("TROUPE_CHECK", "1", 1);
    fail_every_nth();
    unsetenv("TROUPE_CHECK");
}
END_TEST

CHECK_MAIN("kernel no memory", every_nth, every_nth_of_the_check)
