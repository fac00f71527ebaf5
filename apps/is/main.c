/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * is: the NAS Parallel Benchmark IS, "integer sort": ten times two keys are changed and
 * all keys are ranked, by counting; at the end the keys are sorted. --help says more.
 */

#include "common/npb.h"
#include "common/npb_job.h"
#include "common/output.h"
#include "common/progress.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <troupe/troupe.h>

enum { N_ITERATIONS = 10, N_TESTS = 5, DRAWS = 4 };

#define SEED UINT64_C(314159265)

/* The ranks of some keys are known: rank[i], in iteration t by t + up more or by t +
 * down less. */
struct problem {
    int64_t test[N_TESTS], rank[N_TESTS];
    int log_keys, log_max;
    unsigned rises; /* bit i: the rank of test i grows */
    int up, down;
    char name;
};

/* NPB 3.4, IS/is.c, the verification arrays and partial_verify. */
static const struct problem classes[] = {
    {{48427, 17148, 23627, 62548, 4431},
     {0, 18, 346, 64917, 65463},
     16,
     11,
     7,
     0,
     0,
     'S'},
    {{357773, 934767, 875723, 898999, 404505},
     {1249, 11698, 1039987, 1043896, 1048018},
     20,
     16,
     3,
     -2,
     0,
     'W'},
    {{2112377, 662041, 5336171, 3642833, 4250760},
     {104, 17523, 123928, 8288932, 8388264},
     23,
     19,
     7,
     -1,
     -1,
     'A'},
    {{41869, 812306, 5102857, 18232239, 26860214},
     {33422937, 10244, 59149, 33135281, 99},
     25,
     21,
     22,
     0,
     0,
     'B'},
    {{44172927, 72999161, 74326391, 129606274, 21736814},
     {61147, 882988, 266290, 133997595, 133525895},
     27,
     23,
     7,
     0,
     0,
     'C'},
};

struct job {
    troupe_actor *self;
    const struct problem *class;
    troupe_array keys;
    troupe_array counts; /* of each value; then how many keys are less */
    int n_passed;
    struct progress progress;
};

/* ---- keys ------------------------------------------------------------------------ */

/* Sums of four numbers: their middle values are many. */
static void draw_keys(const troupe_block *block, void *result, const void *argument)
{
    double quarter = *(const double *)argument;
    uint64_t state = npb_jump(SEED, DRAWS * (uint64_t)block->first);
    int32_t *keys = block->out[0];

    (void)result;
    for (int64_t i = 0; i < block->n; i++) {
        double sum = 0;
        for (int draw = 0; draw < DRAWS; draw++) {
            state = npb_next(state);
            sum += npb_real(state);
        }
        keys[i] = (int32_t)(quarter * sum);
    }
}
TROUPE_KERNEL(drawn_keys, draw_keys);

static troupe_status make_keys(struct job *job)
{
    const troupe_array_options shape = {.element = TROUPE_INT32,
                                        .length = INT64_C(1) << job->class->log_keys};
    double quarter = (double)(1 << job->class->log_max) / 4;

    TROUPE_TRY(troupe_array_create(job->self, troupe_rank_team(job->self), &shape,
                                   &job->keys));
    return troupe_map(job->self, &drawn_keys, &(troupe_arrays){.out = {job->keys}},
                      &quarter, TROUPE_TREE);
}

static troupe_status make_counts(struct job *job)
{
    const troupe_array_options shape = {.element = TROUPE_UINT64,
                                        .length = (INT64_C(1) << job->class->log_max) +
                                                  TROUPE_BINS_EXTRA};

    return troupe_array_create(job->self, troupe_rank_team(job->self), &shape,
                               &job->counts);
}

/* ---- ranking --------------------------------------------------------------------- */

static int64_t expected_rank(const struct problem *class, int test, int iteration)
{
    if (class->rises >> test & 1)
        return class->rank[test] + iteration + class->up;
    return class->rank[test] - iteration - class->down;
}

static troupe_status change_keys(struct job *job, int iteration)
{
    int32_t low = iteration, high = (1 << job->class->log_max) - iteration;

    TROUPE_TRY(troupe_array_set(job->self, job->keys, iteration, &low));
    return troupe_array_set(job->self, job->keys, iteration + N_ITERATIONS, &high);
}

static troupe_status rank_keys(struct job *job)
{
    int64_t n_values = INT64_C(1) << job->class->log_max;
    const troupe_bins bins = {.low = 0, .high = (double)n_values, .n_bins = n_values};

    TROUPE_TRY(
        troupe_histogram_spread(job->self, job->keys, bins, TROUPE_TREE, job->counts));
    return troupe_scan_exclusive(job->self, job->counts, job->counts, TROUPE_SUM,
                                 TROUPE_TREE);
}

/* NPB asks of keys that are neither the least nor as many as there are keys. */
static troupe_status check_ranks(struct job *job, int iteration)
{
    for (int test = 0; test < N_TESTS; test++) {
        uint64_t n_less;
        int32_t key;

        TROUPE_TRY(
            troupe_array_get(job->self, job->keys, job->class->test[test], &key));
        if (key <= 0 || key > (1 << job->class->log_keys) - 1)
            continue;
        TROUPE_TRY(troupe_array_get(job->self, job->counts, key, &n_less));
        job->n_passed += (int64_t)n_less == expected_rank(job->class, test, iteration);
    }
    return TROUPE_OK;
}

/* ---- sorted? --------------------------------------------------------------------- */

struct order {
    int32_t first, last;
    int32_t is_broken;
};

static void look_at_order(const troupe_block *block, void *result, const void *argument)
{
    const int32_t *keys = block->in[0];
    struct order *order = result;

    (void)argument;
    order->first = keys[0];
    order->last = keys[block->n - 1];
    for (int64_t i = 1; i < block->n; i++)
        order->is_broken |= keys[i] < keys[i - 1];
}

static void join_orders(void *left, const void *right)
{
    struct order *order = left;
    const struct order *next = right;

    order->is_broken |= next->is_broken | (next->first < order->last);
    order->last = next->last;
}
TROUPE_REDUCTION_KERNEL(orders, look_at_order, join_orders, struct order);

static troupe_status check_sorted(struct job *job)
{
    struct order order = {0};

    TROUPE_TRY(troupe_sort(job->self, job->keys, NULL, TROUPE_TREE));
    TROUPE_TRY(troupe_reduce_blocks(job->self, &orders,
                                    &(troupe_arrays){.in = {job->keys}}, NULL,
                                    TROUPE_TREE, &order));
    job->n_passed += !order.is_broken;
    return TROUPE_OK;
}

/* ---- the job --------------------------------------------------------------------- */

static const char usage[] =
    "usage: mpirun -n RANKS is [--json] [CLASS]\n"
    "  CLASS  S (the default), W, A, B or C: 2^16, 2^20, 2^23, 2^25, 2^27 keys\n"
    "The NAS Parallel Benchmark IS. Exit codes: 0 verified, 1 not, 2 no output, 64 "
    "usage.\n"
    "TROUPE_WORKERS says how many threads a rank has.\n";

static void
print(const struct job *job, bool as_json, double ranking_s, double sorting_s)
{
    const int n_checks = N_ITERATIONS * N_TESTS + 1;
    bool is_verified = job->n_passed == n_checks;
    double mega_keys_per_s =
        1e-6 * N_ITERATIONS * (double)(1 << job->class->log_keys) / ranking_s;

    if (as_json) {
        printf("{\"app\": \"is\", \"class\": \"%c\", \"ranks\": %d, \"keys\": %d, "
               "\"passed\": %d, \"checks\": %d, \"verified\": %s",
               job->class->name, troupe_n_ranks(job->self), 1 << job->class->log_keys,
               job->n_passed, n_checks, is_verified ? "true" : "false");
        if (npb_has_speed())
            printf(", \"ranking_seconds\": %.6f, \"sorting_seconds\": %.6f, "
                   "\"million_keys_per_s\": %.2f",
                   ranking_s, sorting_s, mega_keys_per_s);
        puts("}");
        return;
    }
    printf("is class %c: 2^%d keys below 2^%d, ranked %d times\n", job->class->name,
           job->class->log_keys, job->class->log_max, N_ITERATIONS);
    printf("%s, %d of %d checks", is_verified ? "verified" : "NOT VERIFIED",
           job->n_passed, n_checks);
    if (npb_has_speed())
        printf("; ranking %.3f s, %.1f million keys/s; sorting %.3f s", ranking_s,
               mega_keys_per_s, sorting_s);
    putchar('\n');
}

static double seconds_since(troupe_actor *self, int64_t begin_ns)
{
    return (double)(troupe_now_ns(self) - begin_ns) * 1e-9;
}

static troupe_status iterate(struct job *job)
{
    for (int i = 1; i <= N_ITERATIONS; i++) {
        TROUPE_TRY(change_keys(job, i));
        TROUPE_TRY(rank_keys(job));
        TROUPE_TRY(check_ranks(job, i));
        if (troupe_rank(job->self) == 0)
            progress_show(&job->progress, (uint64_t)i << job->class->log_keys,
                          troupe_now_ns(job->self));
    }
    progress_hide(&job->progress);
    return TROUPE_OK;
}

static troupe_status
run(troupe_actor *self, const struct npb_options *options, int *exit_code)
{
    struct job job = {.self = self, .class = &classes[options->class]};
    double ranking_s;
    int64_t begin_ns;

    TROUPE_TRY(make_keys(&job));
    TROUPE_TRY(make_counts(&job));
    TROUPE_TRY(change_keys(&job, 1)); /* untimed, touches everything once */
    TROUPE_TRY(rank_keys(&job));
    begin_ns = troupe_now_ns(self);
    progress_start(&job.progress, "is", (uint64_t)N_ITERATIONS << job.class->log_keys,
                   begin_ns);
    job.progress.unit = " keys";
    TROUPE_TRY(iterate(&job));
    ranking_s = seconds_since(self, begin_ns);
    begin_ns = troupe_now_ns(self);
    TROUPE_TRY(check_sorted(&job));
    if (job.n_passed != N_ITERATIONS * N_TESTS + 1)
        *exit_code = NPB_NOT_VERIFIED;
    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    print(&job, options->json, ranking_s, seconds_since(self, begin_ns));
    if (!output_finish("is"))
        *exit_code = NPB_NO_RESULT;
    return TROUPE_OK;
}

static int exit_code;

static troupe_status body(troupe_actor *self, int argc, char **argv)
{
    static const struct npb_job job = {"is", usage, run};

    return npb_body(self, argc, argv, &job, &exit_code);
}
TROUPE_PROCESS(is_process, body);

int main(int argc, char **argv)
{
    output_begin();
    int code = troupe_main(argc, argv, &(troupe_program){.main = &is_process});

    return code == TROUPE_CODE_OK ? exit_code : code;
}
