/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
#include "runtime/internal.h"
#include <stdio.h>
#include <string.h>

/* A rank's way from the comparison to its end, one turn at a time; and driving it. */

/* ---- what the phases share
 * --------------------------------------------------------------- */

/* Only where no actor runs: what is for actors waits in their mailboxes. */
bool runtime_pump(struct runtime_rank *rank)
{
    bool moved = comm_poll(rank->comm);
    struct comm_record record;

    while (comm_has_frame(rank->comm)) {
        while (comm_next(rank->comm, &record))
            comm_kind(rank->comm, record.header.kind)->take(&rank->troupe, &record);
        moved = true;
    }
    return moved;
}

struct comm_step runtime_wait(struct runtime_rank *rank, bool moved)
{
    if (moved)
        return (struct comm_step){.result = COMM_STEP_BUSY};
    comm_flush(rank->comm, COMM_FLUSH_IDLE);
    return (struct comm_step){.result = COMM_STEP_IDLE, .wake_ns = INT64_MAX};
}

void runtime_reduce(struct runtime_rank *rank,
                    void (*merge)(void *into, const void *from),
                    void (*done)(struct troupe *holder,
                                 const void *result,
                                 size_t size),
                    const void *value,
                    size_t size_bytes)
{
    const struct comm_reduce reduce = {.merge = merge, .done = done};

    rank->is_reducing = true;
    comm_reduce_start(rank->comm, &reduce, value, size_bytes);
}

bool runtime_reduced(struct runtime_rank *rank)
{
    if (!rank->has_result)
        return false;
    rank->has_result = rank->is_reducing = false;
    return true;
}

enum { PIECE_BYTES = 128 };

void runtime_send(struct runtime_rank *rank,
                  enum runtime_kind kind,
                  const void *data,
                  size_t size_bytes)
{
    struct comm_header header = {.kind = (uint8_t)kind};
    size_t n_sent = 0;

    do {
        size_t n =
            size_bytes - n_sent < PIECE_BYTES ? size_bytes - n_sent : PIECE_BYTES;

        header.reference = n_sent;
        comm_post_must(rank->comm, 0, &header, n ? (const char *)data + n_sent : NULL,
                       n);
        n_sent += n;
    } while (n_sent < size_bytes);
}

int runtime_exit_code_of(troupe_status status)
{
    if (status == TROUPE_OK)
        return TROUPE_CODE_OK;
    return status == TROUPE_NO_MEMORY ? TROUPE_CODE_RANK_FAILED : TROUPE_CODE_MISUSE;
}

/* ---- the phases
 * -------------------------------------------------------------------------- */

static struct comm_step actors_step(struct runtime_rank *rank)
{
    struct comm_step step = actor_step(&rank->troupe);

    if (step.result != COMM_STEP_DONE)
        return step;
    rank->phase = RUNTIME_SETTLE;
    return runtime_wait(rank, true);
}

static void larger(void *into, const void *from)
{
    int32_t *low = into;
    const int32_t *high = from;

    if (*high > *low)
        *low = *high;
}

static void keep_exit_code(struct troupe *holder, const void *result, size_t size_bytes)
{
    struct runtime_rank *rank = runtime_rank_of(holder);
    int32_t exit_code;

    memcpy(&exit_code, result, size_bytes);
    rank->exit_code = exit_code;
    rank->has_result = true;
}

void runtime_reduce_exit_code(struct runtime_rank *rank, int32_t exit_code)
{
    runtime_reduce(rank, larger, keep_exit_code, &exit_code, sizeof exit_code);
}

static struct comm_step settle_step(struct runtime_rank *rank)
{
    bool moved;

    if (!rank->is_reducing)
        runtime_reduce_exit_code(rank, actor_of(&rank->troupe)->exit_code);
    moved = runtime_pump(rank);
    if (runtime_reduced(rank)) {
        actor_report_print(actor_of(&rank->troupe));
        if (comm_rank(rank->comm) == 0 && rank->exit_code == TROUPE_CODE_OK)
            checkpoint_completed(&rank->troupe);
        rank->phase = rank->verdict.has_statistics ? RUNTIME_GATHER : RUNTIME_THROUGH;
        moved = true;
    }
    return runtime_wait(rank, moved);
}

static struct comm_step through_step(struct runtime_rank *rank)
{
    comm_flush(rank->comm, COMM_FLUSH_BLOCK);
    return (struct comm_step){.result = COMM_STEP_DONE};
}

static struct comm_step (*const steps[])(struct runtime_rank *rank) = {
    [RUNTIME_COMPARE] = runtime_compare_step, [RUNTIME_EXPLAIN] = runtime_explain_step,
    [RUNTIME_CHOOSE] = runtime_choose_step,   [RUNTIME_LOAD] = runtime_load_step,
    [RUNTIME_JOIN] = runtime_join_step,       [RUNTIME_ACTORS] = actors_step,
    [RUNTIME_SETTLE] = settle_step,           [RUNTIME_GATHER] = runtime_gather_step,
    [RUNTIME_THROUGH] = through_step,
};

struct comm_step runtime_step(struct troupe *holder)
{
    struct runtime_rank *rank = runtime_rank_of(holder);

    if (LIKELY(rank->phase == RUNTIME_ACTORS))
        return actors_step(rank);
    return steps[rank->phase](rank);
}

/* ---- running
 * ----------------------------------------------------------------------------- */

static int exit_code_of_job(const struct runtime_job *job)
{
    int exit_code = TROUPE_CODE_OK;

    for (int i = 0; i < job->n_ranks; i++)
        if (job->ranks[i]->exit_code > exit_code)
            exit_code = job->ranks[i]->exit_code;
    return exit_code;
}

static void print_trace(const struct runtime_job *job)
{
    const struct comm_sim_result *result = &job->sim_result;

    fprintf(
        stderr,
        "troupe sim: seed %llu, %d ranks, trace %016llx, %llu steps, %llu deliveries, "
        "%.6f s of virtual time\n",
        (unsigned long long)job->settings.sim_seed, job->n_ranks,
        (unsigned long long)result->trace_hash, (unsigned long long)result->n_steps,
        (unsigned long long)result->n_deliveries, (double)result->virtual_ns * 1e-9);
}

static int drive_sim(struct runtime_job *job)
{
    const struct base_log *log = &job->handle.log;
    unsigned long long seed = job->settings.sim_seed;

    job->sim_result = comm_sim_drive(job->sim, runtime_step);
    if (job->settings.has_sim_trace)
        print_trace(job);
    switch (job->sim_result.end) {
    case COMM_SIM_DONE:
        return exit_code_of_job(job);
    case COMM_SIM_ABORTED:
        log_error(log, "sim: a rank ended the job (seed %llu)", seed);
        return job->sim_result.exit_code;
    case COMM_SIM_STUCK:
        log_error(log,
                  "sim: no rank has anything to do, and yet the job has not ended "
                  "(seed %llu)",
                  seed);
        return TROUPE_CODE_DEADLOCK;
    default:
        log_error(log, "sim: the limit of time or steps is reached (seed %llu)", seed);
        return TROUPE_CODE_RANK_FAILED;
    }
}

/* Nothing to audit: what the ranks have is freed as it stands. */
static void leave(const struct runtime_job *job)
{
    for (int i = 0; i < job->n_ranks; i++)
        runtime_rank_abandon(job->ranks[i]);
}

static int drive_mpi(struct runtime_job *job)
{
    struct runtime_rank *rank = job->ranks[0];

    comm_mpi_drive(rank->comm, rank->control ? runtime_control_step : runtime_step);
    return exit_code_of_job(job);
}

static bool is_over(const struct runtime_job *job)
{
    return !job->sim || job->sim_result.end == COMM_SIM_DONE;
}

int troupe_run(troupe *runtime)
{
    struct runtime_job *job = (struct runtime_job *)(void *)runtime;
    uint64_t fail_before;
    int exit_code;
    bool is_refused;

    base_require(job && !job->has_run, "troupe_run: once, after troupe_start");
    job->has_run = true;
    fail_before = base_alloc_fail_every(job->settings.fail_every);
    exit_code = job->sim ? drive_sim(job) : drive_mpi(job);
    base_alloc_fail_every(fail_before);
    if (!is_over(job)) {
        leave(job);
        return exit_code;
    }
    /* What it had loaded belongs to actors that never ran, and goes with the pool. */
    is_refused = job->ranks[0]->is_refused;
    for (int i = 0; i < job->n_ranks; i++) {
        comm_stop(job->ranks[i]->comm); /* calls the actors' layer until it is done */
        if (is_refused)
            runtime_rank_abandon(job->ranks[i]);
        runtime_rank_end_actors(job->ranks[i]);
    }
    if (!is_refused && !runtime_audit(job) && exit_code == 0)
        exit_code = TROUPE_CODE_RANK_FAILED;
    if (job->ranks[0]->control)
        runtime_control_complete(job->ranks[0]->control, exit_code);
    return exit_code;
}

int troupe_main(int argc, char **argv, const troupe_program *program)
{
    const troupe_options options = {.program = program, .argc = argc, .argv = argv};
    troupe *runtime;
    troupe_status status = troupe_start(&options, &runtime);
    int exit_code;

    if (status != TROUPE_OK)
        return runtime_exit_code_of(status);
    exit_code = troupe_run(runtime);
    troupe_stop(runtime);
    return exit_code;
}
