/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
#include "runtime/internal.h"
#include "runtime/place.h"
#include <stdio.h>

/*
 * Start and stop. On mpi this process is one rank, on sim it is all of them; what
 * follows the opening is the same. A rank that finds something wrong after its comm is
 * open goes on to the comparison and says so there: then all ranks end in the same way.
 */

/* ---- a rank
 * -------------------------------------------------------------------------- */

static struct runtime_rank *rank_create(struct runtime_job *job, int number)
{
    struct runtime_rank *rank = base_new(struct runtime_rank);

    rank->job = job;
    rank->troupe.log = job->handle.log;
    rank->troupe.slot[BASE_SLOT_RUNTIME] = rank;
    rank->program = job->options.program;
    if (job->sim_options && job->sim_options->programs)
        rank->program = job->sim_options->programs[number];
    base_bytes_init(&rank->peer_lines);
    job->ranks[number] = rank;
    job->n_ranks = number + 1;
    return rank;
}

static void note_failure(struct runtime_rank *rank, troupe_status status)
{
    if (rank->start_status == TROUPE_OK)
        rank->start_status = status;
}

static void start_actors(struct runtime_rank *rank)
{
    const struct runtime_job *job = rank->job;
    const struct actor_options options = {
        .program = rank->program,
        .argc = job->options.argc,
        .argv = job->options.argv,
        .comm = rank->comm,
        .pool = rank->pool,
        .modules = runtime_modules,
        .n_slots = job->settings.n_slots,
        .stack_bytes = job->settings.stack_bytes,
        .queued_limit_bytes = job->settings.queued_limit_bytes,
        /* On sim a turn takes no time, and the machine may be busy. */
        .handler_timeout_ns =
            job->settings.use_sim ? 0 : job->settings.handler_timeout_ns,
    };
    troupe_status status =
        actor_start(&rank->troupe, &options, rank->why, sizeof rank->why);

    if (status == TROUPE_OK)
        status = runtime_modules_init(rank);
    if (status == TROUPE_OK)
        status = checkpoint_configure(&rank->troupe, &job->settings.checkpoint);
    if (status != TROUPE_OK && !rank->why[0])
        snprintf(rank->why, sizeof rank->why, "cannot start: %s",
                 troupe_status_text(status));
    note_failure(rank, status);
}

/* The rank's comm is open. */
static troupe_status rank_start(struct runtime_rank *rank)
{
    rank->pool = message_pool_create();
    TROUPE_TRY(
        comm_start(rank->comm, &rank->job->settings.comm, rank->pool, &actor_upper));
    runtime_modules_add_kinds(rank->comm);
    if (rank->start_status == TROUPE_OK)
        start_actors(rank);
    return TROUPE_OK;
}

/* All actors have ended, or have never run: no module is to hear of them any more. */
void runtime_rank_end_actors(struct runtime_rank *rank)
{
    static const struct base_module *const none[] = {NULL};

    if (!actor_of(&rank->troupe))
        return;
    actor_of(&rank->troupe)->modules = none;
    runtime_modules_fini(rank);
    actor_stop(&rank->troupe);
}

static void abandon_actor(troupe_actor *actor)
{
    struct actor_rank *home = actor->home;

    if (actor->process && actor->process->fiber)
        fiber_destroy(home->fibers, actor->process->fiber);
    if (actor->extra)
        base_map_fini(&actor->extra->xoff_ranks);
}

/* What else actors have is the pool's. */
static void abandon_actors(struct actor_rank *home)
{
    if (home->rank_process)
        abandon_actor(home->rank_process);
    home->rank_process = NULL;
    for (uint32_t s = 0; s < home->n_own_slots; s++)
        for (uint32_t i = 1; i < home->slots[s].n_entries; i++)
            if (home->slots[s].entries[i].actor)
                abandon_actor(home->slots[s].entries[i].actor);
}

void runtime_rank_abandon(struct runtime_rank *rank)
{
    struct actor_rank *home = actor_of(&rank->troupe);

    if (home && home->slots)
        abandon_actors(home);
}

void runtime_rank_close(struct runtime_rank *rank)
{
    if (rank->comm)
        comm_stop(rank->comm);
    runtime_rank_end_actors(rank);
    if (rank->comm)
        comm_close(rank->comm);
    runtime_control_stop(rank->control); /* its thread watches the end of MPI, too */
    message_pool_destroy(rank->pool);
    base_bytes_fini(&rank->peer_lines);
    base_free(rank->rows);
    base_free(rank->row_bytes);
    placement_here_destroy(placement_of(&rank->troupe));
    base_free(rank);
}

/* ---- a job
 * --------------------------------------------------------------------------- */

static struct runtime_job *
job_create(const troupe_options *options, const struct base_log *log, int n_ranks)
{
    int64_t n_live_before = base_alloc_live();
    struct runtime_job *job = base_new(struct runtime_job);

    job->handle.log = *log;
    job->options = *options;
    job->n_live_before = n_live_before;
    job->ranks = base_new_array(struct runtime_rank *, n_ranks);
    return job;
}

static void job_destroy(struct runtime_job *job)
{
    struct base_log log = job->handle.log;
    int64_t n_live_before = job->n_live_before;
    bool is_audited = job->is_audited;

    for (int i = 0; i < job->n_ranks; i++)
        runtime_rank_close(job->ranks[i]);
    comm_sim_destroy(job->sim);
    base_free(job->ranks);
    base_free(job);
    if (is_audited)
        runtime_audit_memory(&log, n_live_before);
}

/* ---- mpi
 * ----------------------------------------------------------------------------- */

/* The comparison alone; the same steps go on in troupe_run(). */
static struct comm_step compare(struct troupe *holder)
{
    const struct runtime_rank *rank = runtime_rank_of(holder);

    if (rank->phase == RUNTIME_ACTORS || rank->phase == RUNTIME_CHOOSE)
        return (struct comm_step){.result = COMM_STEP_DONE};
    return runtime_step(holder);
}

static troupe_status status_of(const struct runtime_verdict *verdict)
{
    if (verdict->first_failed >= 0)
        return (troupe_status)verdict->status;
    return verdict->first_different >= 0 ? TROUPE_SCHEMA : TROUPE_OK;
}

static troupe_status open_mpi(struct runtime_job *job, struct runtime_rank *rank)
{
    const struct comm_mpi_options options = {.argc = &job->options.argc,
                                             .argv = &job->options.argv,
                                             .communicator = job->options.communicator};
    char why[512] = "";
    troupe_status status =
        comm_mpi_open(&options, &rank->troupe, &rank->comm, why, sizeof why);

    if (status != TROUPE_OK) {
        log_error(&job->handle.log, "%s", why);
        return status;
    }
    job->handle.log.rank = comm_rank(rank->comm);
    return TROUPE_OK;
}

static troupe_status start_mpi(struct runtime_job *job, troupe_status settings_status)
{
    struct runtime_rank *rank = rank_create(job, 0);

    TROUPE_TRY(open_mpi(job, rank));
    runtime_checkpoint_listen(&job->settings.checkpoint);
    if (job->handle.log.rank == 0)
        runtime_strangers_report(&job->handle.log);
    note_failure(rank, settings_status);
    note_failure(rank, runtime_control_start(&rank->control, &job->handle.log,
                                             comm_size(rank->comm)));
    rank->troupe.slot[BASE_SLOT_PLACEMENT] =
        runtime_place(rank->comm, &job->handle.log, &job->settings.wish, NULL);
    base_require_memory(rank_start(rank) == TROUPE_OK,
                        "no memory for the buffers of a rank");
    comm_mpi_drive(rank->comm, compare);
    return status_of(&rank->verdict);
}

/* ---- sim
 * ----------------------------------------------------------------------------- */

static struct comm_sim *create_sim(const struct runtime_job *job)
{
    struct comm_sim_options options = {.slow_percent = 10, .stop_percent = 5};

    if (job->sim_options)
        options = job->sim_options->sim;
    options.n_ranks = job->settings.sim_ranks;
    options.seed = job->settings.sim_seed;
    return comm_sim_create(&options);
}

static troupe_status start_sim(struct runtime_job *job)
{
    int n_ranks = job->settings.sim_ranks;

    if (job->settings.has_two_hops && !job->settings.comm.route)
        job->settings.comm.route = comm_route_two_hops;
    runtime_strangers_report(&job->handle.log);
    job->sim = create_sim(job);
    for (int i = 0; i < n_ranks; i++) {
        struct runtime_rank *rank = rank_create(job, i);

        rank->comm = comm_sim_open(job->sim, i, &rank->troupe);
        TROUPE_TRY(rank_start(rank));
    }
    return TROUPE_OK;
}

/* ---- the calls
 * ----------------------------------------------------------------------- */

static troupe_status start_job(const troupe_options *options,
                               const struct runtime_sim *sim_options,
                               const struct runtime_settings *settings,
                               troupe_status settings_status,
                               troupe **runtime)
{
    struct base_log log = {.level = settings->log_level, .rank = -1, .descriptor = 2};
    struct runtime_job *job =
        job_create(options, &log, settings->use_sim ? settings->sim_ranks : 1);
    troupe_status status;

    job->settings = *settings;
    job->sim_options = sim_options;
    status = settings->use_sim ? start_sim(job) : start_mpi(job, settings_status);
    if (status == TROUPE_OK)
        *runtime = &job->handle;
    else
        job_destroy(job);
    return status;
}

/* A log that says nothing: on mpi one rank alone is to name what is wrong. */
static const struct base_log silence = {
    .level = BASE_LOG_ERROR, .rank = -1, .descriptor = -1};
static const struct base_log loud = {
    .level = BASE_LOG_WARNING, .rank = -1, .descriptor = 2};

troupe_status troupe_start(const troupe_options *options, troupe **runtime)
{
    struct runtime_settings settings = {0};
    troupe_status status;

    base_require(
        options && options->program && options->program->main && runtime,
        "troupe_start needs options with a program, and where to put the runtime");
    status = runtime_settings_read(&silence, options, &settings);
    if (status != TROUPE_OK && settings.use_sim)
        return runtime_settings_read(&loud, options, &settings);
    return start_job(options, NULL, &settings, status, runtime);
}

troupe_status runtime_start_sim(const troupe_options *options,
                                const struct runtime_sim *sim,
                                troupe **runtime)
{
    struct runtime_settings settings = {0};

    TROUPE_TRY(runtime_settings_read(&loud, options, &settings));
    settings.use_sim = true;
    settings.comm = sim->comm;
    if (sim->checkpoint)
        settings.checkpoint = *sim->checkpoint;
    if (sim->sim.n_ranks)
        settings.sim_ranks = sim->sim.n_ranks;
    if (sim->sim.seed)
        settings.sim_seed = sim->sim.seed;
    return start_job(options, sim, &settings, TROUPE_OK, runtime);
}

struct comm_sim_result runtime_sim_result(const troupe *runtime)
{
    return ((const struct runtime_job *)(const void *)runtime)->sim_result;
}

void troupe_stop(troupe *runtime)
{
    struct runtime_job *job = (struct runtime_job *)(void *)runtime;

    if (job)
        job_destroy(job);
}
