/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/still.h"
#include "comm/sim.h"
#include "output/output.h"
#include "runtime/internal.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- records in memory -------------------------------------------------------- */

struct saver {
    struct base_saver base; /* first */
    struct still_store *store;
    int rank;
};

static troupe_status put(struct base_saver *saver,
                         uint8_t kind,
                         uint64_t key,
                         const void *data,
                         size_t size_bytes)
{
    struct saver *own = (struct saver *)(void *)saver;
    struct still_store *store = own->store;
    struct still_record *record;

    if (store->n_records == store->capacity) {
        store->capacity = store->capacity ? store->capacity * 2 : 1024;
        store->records =
            realloc(store->records, store->capacity * sizeof *store->records);
    }
    record = &store->records[store->n_records++];
    *record = (struct still_record){.kind = kind,
                                    .key = key,
                                    .rank = own->rank,
                                    .size_bytes = size_bytes,
                                    .data = malloc(size_bytes ? size_bytes : 1)};
    memcpy(record->data, data, size_bytes);
    store->n_bytes += size_bytes;
    return TROUPE_OK;
}

void still_free(struct still_store *store)
{
    for (size_t i = 0; i < store->n_records; i++)
        free(store->records[i].data);
    free(store->records);
    *store = (struct still_store){.n_ranks = 0};
}

static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static troupe_status save_rank(struct runtime_rank *rank, struct still_store *store)
{
    struct saver saver = {
        .base = {.put = put}, .store = store, .rank = comm_rank(rank->comm)};
    const struct base_module *const *module = runtime_modules;

    for (; *module; module++)
        if ((*module)->save)
            TROUPE_TRY((*module)->save(&rank->troupe, &saver.base));
    for (module = runtime_modules; *module; module++)
        if ((*module)->sync)
            TROUPE_TRY((*module)->sync(&rank->troupe));
    return TROUPE_OK;
}

/* ---- a still moment ----------------------------------------------------------- */

/* Of the process, like the simulator: its driver gives a step no context. */
static uint64_t n_steps_left;
static void (*ask_now)(struct troupe *rank);

void still_checkpoints_set(void (*ask)(struct troupe *rank))
{
    ask_now = ask;
}

static void stand_still(struct actor_rank *home)
{
    if (!home->is_frozen)
        actor_freeze(home);
    if (home->is_quiet_offered)
        comm_quiet_withdraw(home->comm);
    home->is_quiet_offered = false;
}

/* After so many steps nobody runs, and what is on its way comes to its mailbox. */
static struct comm_step step(struct troupe *holder)
{
    struct runtime_rank *rank = runtime_rank_of(holder);
    bool moved;

    if (n_steps_left > 0 || rank->phase != RUNTIME_ACTORS) {
        n_steps_left -= n_steps_left > 0;
        return runtime_step(holder);
    }
    stand_still(actor_of(holder));
    moved = runtime_pump(rank) || actor_payloads_fetch(holder);
    return runtime_wait(rank, moved);
}

static bool is_over(const struct runtime_rank *rank)
{
    const struct actor_rank *home =
        rank->troupe.slot[BASE_SLOT_ACTOR]; /* NULL: it could not start */

    return rank->phase != RUNTIME_ACTORS || !home || home->is_ending ||
           home->verdict != ACTOR_VERDICT_NONE;
}

/* A process that knows of restarts is cut only where it receives. */
static bool is_ready(const troupe_actor *actor)
{
    const struct actor_wait *wait = actor->process ? actor->process->wait : NULL;

    if (!actor->process || !(actor->flags & ACTOR_STARTED))
        return true;
    if (!actor->behavior->source->state && !(actor->flags & ACTOR_IS_RANK_PROCESS))
        return true;
    return wait && wait->kind == ACTOR_WAIT_RECEIVE && !wait->is_done;
}

static bool are_ready(const struct runtime_rank *rank)
{
    const struct actor_rank *home = rank->troupe.slot[BASE_SLOT_ACTOR];

    if (home->rank_process && !is_ready(home->rank_process))
        return false;
    for (uint32_t s = 0; s < home->n_own_slots; s++)
        for (uint32_t i = 1; i < home->slots[s].n_entries; i++)
            if (home->slots[s].entries[i].actor &&
                !is_ready(home->slots[s].entries[i].actor))
                return false;
    return true;
}

static enum still_end end_of(const struct runtime_job *job)
{
    for (int i = 0; i < job->n_ranks; i++)
        if (is_over(job->ranks[i]))
            return STILL_OVER;
    for (int i = 0; i < job->n_ranks; i++)
        if (!are_ready(job->ranks[i]))
            return STILL_BUSY;
    return STILL_SAVED;
}

static void save_all(const struct runtime_job *job, struct still_store *store)
{
    double began_s = now_s();

    store->n_ranks = job->n_ranks;
    store->status = TROUPE_OK;
    for (int i = 0; i < job->n_ranks && store->status == TROUPE_OK; i++)
        store->status = save_rank(job->ranks[i], store);
    store->save_s = now_s() - began_s;
}

/* ---- jobs --------------------------------------------------------------------- */

static char *arguments[] = {(char[]){"test"}, NULL};

static troupe *start(const troupe_program *program, int n_ranks, uint64_t seed)
{
    const troupe_options options = {.program = program,
                                    .argc = 1,
                                    .argv = arguments,
                                    .sim_ranks = n_ranks,
                                    .sim_seed = seed};
    const struct runtime_job *job;
    troupe *runtime;

    if (troupe_start(&options, &runtime) != TROUPE_OK)
        return NULL;
    job = (const struct runtime_job *)(void *)runtime;
    for (int i = 0; ask_now && i < job->n_ranks; i++)
        output_checkpoints_set(&job->ranks[i]->troupe, ask_now);
    return runtime;
}

static enum still_end
save_at(struct runtime_job *job, uint64_t n, struct still_store *store)
{
    enum still_end end;

    n_steps_left = n;
    job->sim_result = comm_sim_drive(job->sim, step);
    end = job->sim_result.end == COMM_SIM_STUCK ? end_of(job) : STILL_OVER;
    if (end == STILL_SAVED)
        save_all(job, store);
    return end;
}

/* Leaves the job as it stands. */
static enum still_end stop_at(troupe *runtime, uint64_t n, struct still_store *store)
{
    struct runtime_job *job = (struct runtime_job *)(void *)runtime;
    enum still_end end = save_at(job, n, store);

    for (int i = 0; i < job->n_ranks; i++)
        runtime_rank_abandon(job->ranks[i]);
    troupe_stop(runtime);
    return end;
}

enum still_end still_save(const troupe_program *program,
                          int n_ranks,
                          uint64_t seed,
                          uint64_t n_steps,
                          struct still_store *store)
{
    return stop_at(start(program, n_ranks, seed), n_steps, store);
}

static void publish(const struct runtime_job *job)
{
    const struct base_module *const *module;

    for (int i = 0; i < job->n_ranks; i++) {
        for (module = runtime_modules; *module; module++)
            if ((*module)->published)
                (*module)->published(&job->ranks[i]->troupe);
        actor_thaw(actor_of(&job->ranks[i]->troupe));
        sim_wake(job->sim, i, job->sim->rank[i].clock_ns);
    }
    job->sim->last_activity_ns = job->sim_result.virtual_ns;
}

static int run_to_end(struct runtime_job *job)
{
    n_steps_left = UINT64_MAX;
    job->sim_result = comm_sim_drive(job->sim, step);
    for (int i = 0; i < job->n_ranks; i++)
        if (job->sim_result.end == COMM_SIM_DONE) {
            comm_stop(job->ranks[i]->comm);
            runtime_rank_end_actors(job->ranks[i]);
        } else {
            runtime_rank_abandon(job->ranks[i]);
        }
    return job->sim_result.end == COMM_SIM_DONE ? job->ranks[0]->exit_code : -1;
}

int still_publish(const troupe_program *program,
                  int n_ranks,
                  uint64_t seed,
                  uint64_t n_steps,
                  struct still_store *store)
{
    troupe *runtime = start(program, n_ranks, seed);
    struct runtime_job *job = (struct runtime_job *)(void *)runtime;
    int exit_code;

    if (save_at(job, n_steps, store) == STILL_SAVED)
        publish(job);
    exit_code = run_to_end(job);
    troupe_stop(runtime);
    return exit_code;
}

/* ---- going on ----------------------------------------------------------------- */

struct source {
    struct base_saved_source base; /* first */
    const struct still_store *store;
};

static struct base_saved give(const struct still_store *store,
                              const struct still_record *record)
{
    return (struct base_saved){.kind = record->kind,
                               .key = record->key,
                               .rank_then = record->rank,
                               .n_ranks_then = store->n_ranks,
                               .data = record->data,
                               .size_bytes = record->size_bytes};
}

static troupe_status read_range(struct base_saved_source *source,
                                uint8_t kind,
                                uint64_t first_key,
                                uint64_t last_key,
                                troupe_status (*take)(void *context,
                                                      const struct base_saved *record),
                                void *context)
{
    const struct still_store *store = ((struct source *)(void *)source)->store;

    for (size_t i = 0; i < store->n_records; i++) {
        const struct still_record *record = &store->records[i];
        struct base_saved given = give(store, record);

        if (record->kind == kind && record->key >= first_key && record->key <= last_key)
            TROUPE_TRY(take(context, &given));
    }
    return TROUPE_OK;
}

static bool falls_to(const struct actor_rank *home,
                     const struct base_saved_kind *kind,
                     const struct still_record *record)
{
    switch (kind->key) {
    case BASE_SAVED_ADDRESS:
        return actor_rank_of(home, record->key) == home->me;
    case BASE_SAVED_RANK:
        return record->rank == home->me;
    default:
        return kind->key == BASE_SAVED_ALL;
    }
}

static troupe_status load_kind(struct troupe *rank,
                               const struct base_module *module,
                               const struct base_saved_kind *kind,
                               struct source *source)
{
    const struct still_store *store = source->store;

    for (size_t i = 0; i < store->n_records; i++) {
        struct base_saved given = give(store, &store->records[i]);

        if (given.kind == kind->kind &&
            falls_to(actor_of(rank), kind, &store->records[i]))
            TROUPE_TRY(module->load(rank, &source->base, &given));
    }
    return TROUPE_OK;
}

static troupe_status load_rank(struct troupe *rank, struct source *source)
{
    const struct base_module *const *module;

    for (module = runtime_modules; *module; module++)
        for (uint32_t i = 0; i < (*module)->n_saved; i++)
            TROUPE_TRY(load_kind(rank, *module, &(*module)->saved[i], source));
    return TROUPE_OK;
}

static troupe_status tell_loaded(struct troupe *rank, struct source *source)
{
    const struct base_module *const *module;

    for (module = runtime_modules; *module; module++)
        if ((*module)->loaded)
            TROUPE_TRY((*module)->loaded(rank, &source->base));
    return TROUPE_OK;
}

static troupe_status load_all(const struct runtime_job *job, struct source *source)
{
    for (int i = 0; i < job->n_ranks; i++)
        TROUPE_TRY(load_rank(&job->ranks[i]->troupe, source));
    for (int i = 0; i < job->n_ranks; i++)
        TROUPE_TRY(tell_loaded(&job->ranks[i]->troupe, source));
    return TROUPE_OK;
}

static troupe *start_from(const troupe_program *program,
                          int n_ranks,
                          uint64_t seed,
                          struct still_store *store,
                          struct source *source)
{
    troupe *runtime = start(program, n_ranks, seed);
    double began_s = now_s();

    *source = (struct source){
        .base = {.read = read_range, .n_ranks_then = store->n_ranks}, .store = store};
    store->status = load_all((struct runtime_job *)(void *)runtime, source);
    store->load_s = now_s() - began_s;
    if (store->status == TROUPE_OK)
        return runtime;
    troupe_stop(runtime);
    return NULL;
}

int still_resume(const troupe_program *program,
                 int n_ranks,
                 uint64_t seed,
                 struct still_store *store)
{
    struct source source;
    troupe *runtime = start_from(program, n_ranks, seed, store, &source);
    int exit_code;

    if (!runtime)
        return -1;
    exit_code = troupe_run(runtime);
    troupe_stop(runtime);
    return exit_code;
}

enum still_end still_resume_and_save(const troupe_program *program,
                                     int n_ranks,
                                     uint64_t seed,
                                     uint64_t n_steps,
                                     struct still_store *store)
{
    struct still_store next = {.n_ranks = 0};
    struct source source;
    troupe *runtime = start_from(program, n_ranks, seed, store, &source);
    enum still_end end = runtime ? stop_at(runtime, n_steps, &next) : STILL_OVER;

    if (end == STILL_SAVED) {
        still_free(store);
        *store = next;
    }
    return end;
}
