/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * ep: the NAS Parallel Benchmark EP, "embarrassingly parallel": pairs of normal random
 * numbers by the polar method, their sums and how many lie in each square ring. One
 * kernel over an array of batches; the array holds nothing. --help says more.
 */

#include "common/npb.h"
#include "common/npb_job.h"
#include "common/output.h"
#include "common/watch.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N_RINGS = 10, BATCH_LOG = 16, BLOCK = 16 };

#define SEED UINT64_C(271828183)

/* Pairs are 2^log_pairs; sums that NPB gives for them, and accepted pairs where known.
 */
struct problem {
    char name;
    int log_pairs;
    double sx, sy;
    int64_t n_accepted; /* 0: not known */
};

/* NPB 3.4, EP/ep.f90, the verification values. */
static const struct problem classes[] = {
    {'S', 24, -3.247834652034740e+3, -6.958407078382297e+3, 13176389},
    {'W', 25, -2.863319731645753e+3, -6.320053679109499e+3, 26354769},
    {'A', 28, -4.295875165629892e+3, -1.580732573678431e+4, 210832767},
    {'B', 30, 4.033815542441498e+4, -2.660669192809235e+4, 0},
    {'C', 32, 4.764367927995374e+4, -8.084072988043731e+4, 0},
};

struct tally {
    double sx, sy;
    int64_t rings[N_RINGS];
};

/* ---- the kernel ------------------------------------------------------------------ */

static void run_batch(int64_t batch, struct tally *tally)
{
    uint64_t state = npb_jump(SEED, (uint64_t)batch << (BATCH_LOG + 1));

    for (int i = 0; i < 1 << BATCH_LOG; i++) {
        state = npb_next(state);
        double x = 2 * npb_real(state) - 1;
        state = npb_next(state);
        double y = 2 * npb_real(state) - 1;
        double t = x * x + y * y;
        if (t > 1)
            continue;
        double factor = sqrt(-2 * log(t) / t);
        x *= factor;
        y *= factor;
        tally->sx += x;
        tally->sy += y;
        tally->rings[(int)fmax(fabs(x), fabs(y))]++;
    }
}

static void run_batches(const troupe_block *block, void *result, const void *argument)
{
    struct watch *watch = *(struct watch *const *)argument;

    for (int64_t i = 0; i < block->n; i++) {
        struct tally tally = {0};
        struct tally *sum = result;

        run_batch(block->first + i, &tally);
        sum->sx += tally.sx;
        sum->sy += tally.sy;
        for (int ring = 0; ring < N_RINGS; ring++)
            sum->rings[ring] += tally.rings[ring];
        atomic_fetch_add(&watch->n_done, UINT64_C(1) << BATCH_LOG);
    }
}

static void add_tallies(void *left, const void *right)
{
    struct tally *sum = left;
    const struct tally *more = right;

    sum->sx += more->sx;
    sum->sy += more->sy;
    for (int ring = 0; ring < N_RINGS; ring++)
        sum->rings[ring] += more->rings[ring];
}

TROUPE_REDUCTION_KERNEL(batches, run_batches, add_tallies, struct tally);

/* ---- the result ------------------------------------------------------------------ */

static int64_t count_accepted(const struct tally *tally)
{
    int64_t n = 0;

    for (int ring = 0; ring < N_RINGS; ring++)
        n += tally->rings[ring];
    return n;
}

static bool is_near(double value, double wanted)
{
    return fabs((value - wanted) / wanted) <= 1e-8;
}

static bool is_verified(const struct problem *class, const struct tally *tally)
{
    return is_near(tally->sx, class->sx) && is_near(tally->sy, class->sy) &&
           (class->n_accepted == 0 || class->n_accepted == count_accepted(tally));
}

static void
print_text(const struct problem *class, const struct tally *tally, double seconds)
{
    printf("ep class %c: 2^%d pairs, %" PRId64 " accepted\n", class->name,
           class->log_pairs, count_accepted(tally));
    printf("sums   %.15e (%a)\n       %.15e (%a)\n", tally->sx, tally->sx, tally->sy,
           tally->sy);
    for (int ring = 0; ring < N_RINGS; ring++)
        if (tally->rings[ring] > 0)
            printf("ring %d %12" PRId64 "\n", ring, tally->rings[ring]);
    printf("%s", is_verified(class, tally) ? "verified" : "NOT VERIFIED");
    if (npb_has_speed())
        printf("; %.2f s, %.1f million pairs/s", seconds,
               ldexp(1e-6, class->log_pairs) / seconds);
    putchar('\n');
}

static void print_json(const struct problem *class,
                       const struct tally *tally,
                       int n_ranks,
                       double seconds)
{
    printf("{\"app\": \"ep\", \"class\": \"%c\", \"ranks\": %d, \"pairs\": %" PRId64
           ", \"accepted\": %" PRId64 ", \"sx\": %.17g, \"sy\": %.17g, \"rings\": [",
           class->name, n_ranks, INT64_C(1) << class->log_pairs, count_accepted(tally),
           tally->sx, tally->sy);
    for (int ring = 0; ring < N_RINGS; ring++)
        printf("%s%" PRId64, ring ? ", " : "", tally->rings[ring]);
    printf("], \"verified\": %s", is_verified(class, tally) ? "true" : "false");
    if (npb_has_speed())
        printf(", \"seconds\": %.6f", seconds);
    puts("}");
}

/* ---- the job --------------------------------------------------------------------- */

static const char usage[] =
    "usage: mpirun -n RANKS ep [--json] [CLASS]\n"
    "  CLASS  S (the default), W, A, B or C: 2^24, 2^25, 2^28, 2^30, 2^32 pairs\n"
    "The NAS Parallel Benchmark EP. Exit codes: 0 verified, 1 not, 2 no output, 64 "
    "usage.\n"
    "The sums have the same bits on any number of ranks and threads (TROUPE_WORKERS) "
    "of\n"
    "one kind of processor; between kinds the C library's logarithm may differ.\n";

static troupe_status
run(troupe_actor *self, const struct npb_options *options, int *exit_code)
{
    const struct problem *class = &classes[options->class];
    int64_t n_batches = INT64_C(1) << (class->log_pairs - BATCH_LOG);
    const troupe_array_options shape = {
        .element = TROUPE_UINT8, .length = n_batches, .block_length = BLOCK};
    int64_t begin_ns = troupe_now_ns(self);
    struct watch watch = {.n_done = 0}, *argument = &watch;
    struct tally tally = {0};
    troupe_array array;
    troupe_task task;

    TROUPE_TRY(troupe_array_create(self, troupe_rank_team(self), &shape, &array));
    progress_start(&watch.progress, "ep",
                   (uint64_t)troupe_array_mine(self, array).n_elements << BATCH_LOG,
                   begin_ns);
    watch.progress.unit = " pairs";
    TROUPE_TRY(troupe_reduce_blocks(self, &batches, &(troupe_arrays){.in = {array}},
                                    &argument, troupe_later(TROUPE_TREE, &task),
                                    &tally));
    TROUPE_TRY(watch_wait(self, &watch, &task));
    if (!is_verified(class, &tally))
        *exit_code = NPB_NOT_VERIFIED;
    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    double seconds = (double)(troupe_now_ns(self) - begin_ns) * 1e-9;
    if (options->json)
        print_json(class, &tally, troupe_n_ranks(self), seconds);
    else
        print_text(class, &tally, seconds);
    if (!output_finish("ep"))
        *exit_code = NPB_NO_RESULT;
    return TROUPE_OK;
}

static int exit_code;

static troupe_status body(troupe_actor *self, int argc, char **argv)
{
    static const struct npb_job job = {"ep", usage, run};

    return npb_body(self, argc, argv, &job, &exit_code);
}
TROUPE_PROCESS(ep_process, body, TROUPE_SPAWNS(&watch_process));

int main(int argc, char **argv)
{
    output_begin();
    int code = troupe_main(argc, argv, &(troupe_program){.main = &ep_process});

    return code == TROUPE_CODE_OK ? exit_code : code;
}
