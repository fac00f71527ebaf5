/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Conjugate gradients on Poisson's equation, 128^3 points of 7 neighbours each, against
 * the triad a = b + s c of STREAM (McCalpin, 1995), in one program and in turns.
 *
 * On one rank: the time that the bytes of an iteration would take at the triad's rate,
 * over the time it takes. On two: what the second rank gains, against what the triad
 * gains when a second core does half of it; either is measured on one rank alone (the
 * other waits), then on both.
 */
#include "common/conjugate.h"
#include "common/interleave.h"

#include <stdlib.h>

enum { SIDE = 128, N_ITERATIONS = 10, TRIAD_TIMES = 3 };
static const int64_t triad_length = INT64_C(1) << 24; /* 3 times 128 MiB */

struct work {
    struct conjugate alone, all; /* on this rank alone; on all */
    troupe_team *team_alone;
    double *a, *b, *c;
    int rank, n_ranks;
};

/* ---- the triad ------------------------------------------------------------------- */

static void triad(const struct work *work, int64_t length)
{
    double *restrict a = work->a, *restrict b = work->b, *restrict c = work->c;
    for (int times = 0; times < TRIAD_TIMES; times++) {
        for (int64_t i = 0; i < length; i++)
            a[i] = b[i] + 3.0 * c[i];
    }
}

static double triad_seconds(const struct work *work)
{
    double begin_s = bench_now_s();
    triad(work, triad_length);
    return (bench_now_s() - begin_s) / TRIAD_TIMES;
}

/* Each of two ranks does a half: two threads, as good as any. */
static troupe_status
both_seconds(troupe_actor *self, const struct work *work, double *seconds)
{
    TROUPE_TRY(troupe_barrier(self, troupe_rank_team(self)));
    double begin_s = bench_now_s();
    triad(work, triad_length / 2);
    TROUPE_TRY(troupe_barrier(self, troupe_rank_team(self)));
    *seconds = (bench_now_s() - begin_s) / TRIAD_TIMES;
    return TROUPE_OK;
}

static void make_triad(struct work *work)
{
    size_t size_bytes = (size_t)triad_length * sizeof(double);
    work->a = aligned_alloc(64, size_bytes);
    work->b = aligned_alloc(64, size_bytes);
    work->c = aligned_alloc(64, size_bytes);
    if (!work->a || !work->b || !work->c)
        bench_die("no memory for the triad");
    for (int64_t i = 0; i < triad_length; i++) {
        work->a[i] = 0;
        work->b[i] = 1;
        work->c[i] = 2;
    }
}

/* ---- ours ------------------------------------------------------------------------ */

static troupe_status iteration_seconds(struct conjugate *conjugate, double *seconds)
{
    double begin_s = bench_now_s();
    for (int i = 0; i < N_ITERATIONS; i++)
        TROUPE_TRY(conjugate_step(conjugate));
    *seconds = (bench_now_s() - begin_s) / N_ITERATIONS;
    return TROUPE_OK;
}

/* Seconds for an iteration on rank 0. */
static troupe_status alone(troupe_actor *self, void *context, double *value)
{
    struct work *work = context;
    (void)self;
    return work->rank == 0 ? iteration_seconds(&work->alone, value) : TROUPE_OK;
}

/* Seconds for its bytes at the triad's rate. */
static troupe_status traffic(troupe_actor *self, void *context, double *value)
{
    struct work *work = context;
    (void)self;
    if (work->rank != 0)
        return TROUPE_OK;
    double rate = 24.0 * (double)triad_length / triad_seconds(work);
    *value = conjugate_iteration_bytes(&work->alone) / rate;
    return TROUPE_OK;
}

static troupe_status gain_of_rank(troupe_actor *self, void *context, double *value)
{
    struct work *work = context;
    double one = 0, two;
    TROUPE_TRY(alone(self, context, &one));
    TROUPE_TRY(bench_meet(self));
    TROUPE_TRY(iteration_seconds(&work->all, &two));
    *value = one / two;
    return TROUPE_OK;
}

static troupe_status gain_of_thread(troupe_actor *self, void *context, double *value)
{
    struct work *work = context;
    double one = work->rank == 0 ? triad_seconds(work) : 0, two;
    TROUPE_TRY(bench_meet(self));
    TROUPE_TRY(both_seconds(self, work, &two));
    *value = one / two;
    return TROUPE_OK;
}

/* ---- the program ----------------------------------------------------------------- */

static troupe_status
begin(troupe_actor *self, troupe_team *team, struct conjugate *conjugate)
{
    const troupe_matrix_options options = {0};
    troupe_matrix matrix;
    TROUPE_TRY(troupe_matrix_poisson(self, team, SIDE, 7, &options, &matrix));
    return conjugate_init(conjugate, self, matrix, CONJUGATE_ONES);
}

static troupe_status body(troupe_actor *self, int argc, char **argv)
{
    struct bench_options options = bench_parse(argc, argv);
    size_t n_pairs = options.is_quick ? 7 : 21;
    struct work *work = calloc(1, sizeof *work);
    if (!work)
        return TROUPE_NO_MEMORY;
    work->rank = troupe_rank(self);
    work->n_ranks = troupe_n_ranks(self);
    TROUPE_TRY(troupe_team_split(self, troupe_rank_team(self), work->rank, 0,
                                 &work->team_alone));
    make_triad(work);
    if (work->rank == 0)
        TROUPE_TRY(begin(self, work->team_alone, &work->alone));
    struct bench_plan plan = {.about = {.bench = "cg",
                                        .name = "poisson 128, 1 rank",
                                        .unit = "s/iteration",
                                        .peer_name = "its bytes at the triad's rate"},
                              .ours = alone,
                              .peer = traffic,
                              .context = work,
                              .n_pairs = n_pairs};
    TROUPE_TRY(bench_interleave(self, &plan));
    if (work->n_ranks == 2) {
        TROUPE_TRY(begin(self, troupe_rank_team(self), &work->all));
        plan.about = (struct bench_case){.bench = "cg",
                                         .name = "poisson 128, 2 ranks",
                                         .unit = "times faster than 1",
                                         .peer_name = "triad, 2 cores",
                                         .is_rate = true};
        plan.ours = gain_of_rank;
        plan.peer = gain_of_thread;
        TROUPE_TRY(bench_interleave(self, &plan));
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(main_process, body);

int main(int argc, char **argv)
{
    return bench_main(argc, argv, &(troupe_program){.main = &main_process});
}
