/* SPDX-License-Identifier: BSD-3-Clause */
#include "checkpoint/cut.h"
#include <inttypes.h>
#include <string.h>

/* A rank gets back what falls to it: layer by layer, kind by kind, by the keys. */

enum { EXIT_NO_CHECKPOINT = 74, EXIT_CONFIGURATION = 78 };

struct loading {
    struct checkpoint_rank *here;
    const struct base_module *module;
    bool is_by_address;
};

static troupe_status take(void *context, const struct base_saved *record)
{
    const struct loading *loading = context;
    struct checkpoint_rank *here = loading->here;

    if (loading->is_by_address &&
        actor_rank_of(here->home, record->key) != here->home->me)
        return TROUPE_OK;
    return loading->module->load(here->home->rank, &here->source->base, record);
}

static uint64_t slot_key(uint32_t slot)
{
    return (uint64_t)slot << (ACTOR_INDEX_BITS + ACTOR_GENERATION_BITS);
}

static troupe_status
read_range(struct loading *loading, uint8_t kind, uint64_t first_key, uint64_t last_key)
{
    struct base_saved_source *source = &loading->here->source->base;

    return source->read(source, kind, first_key, last_key, take, loading);
}

/* The rank's slots, and its rank process, whose number may stand in another's slot. */
static troupe_status load_by_address(struct loading *loading, uint8_t kind)
{
    const struct actor_rank *home = loading->here->home;
    uint32_t me = (uint32_t)home->me, end = home->first_slot + home->n_own_slots;

    loading->is_by_address = true;
    TROUPE_TRY(
        read_range(loading, kind, slot_key(home->first_slot), slot_key(end) - 1));
    if (me - home->first_slot < home->n_own_slots)
        return TROUPE_OK;
    return read_range(loading, kind, slot_key(me),
                      actor_address_make(me, 0, ACTOR_MAX_GENERATION));
}

static troupe_status load_by_rank(struct loading *loading, uint8_t kind)
{
    struct checkpoint_source *source = loading->here->source;
    troupe_status status;

    if (loading->here->home->me >= source->base.n_ranks_then)
        return TROUPE_OK;
    source->only_part = loading->here->home->me;
    status = read_range(loading, kind, 0, UINT64_MAX);
    source->only_part = -1;
    return status;
}

static troupe_status load_kind(struct loading *loading,
                               const struct base_saved_kind *saved)
{
    switch (saved->key) {
    case BASE_SAVED_ADDRESS:
        return load_by_address(loading, saved->kind);
    case BASE_SAVED_RANK:
        return load_by_rank(loading, saved->kind);
    case BASE_SAVED_ALL:
        return read_range(loading, saved->kind, 0, UINT64_MAX);
    default:
        return TROUPE_OK;
    }
}

static troupe_status load_module(struct checkpoint_rank *here,
                                 const struct base_module *module)
{
    for (uint32_t i = 0; module->load && i < module->n_saved; i++) {
        struct loading loading = {.here = here, .module = module};

        TROUPE_TRY(load_kind(&loading, &module->saved[i]));
    }
    return TROUPE_OK;
}

/* ---- the whole ----------------------------------------------------------------- */

static troupe_status take_job(void *context, const struct base_saved *record)
{
    uint64_t *n_slots = context;

    if (record->size_bytes != sizeof *n_slots)
        return TROUPE_INVALID;
    memcpy(n_slots, record->data, sizeof *n_slots);
    return TROUPE_OK;
}

/* Addresses mean something only with the number of slots that they were made with. */
static troupe_status load_job(struct checkpoint_rank *here)
{
    struct base_saved_source *source = &here->source->base;
    struct actor_rank *home = here->home;
    uint64_t n_slots = 0;

    TROUPE_TRY(source->read(source, CHECKPOINT_SAVED_JOB, 0, 0, take_job, &n_slots));
    if (n_slots < (uint64_t)home->n_ranks || n_slots > 1u << ACTOR_SLOT_BITS ||
        (n_slots & (n_slots - 1)) != 0) {
        log_error(&home->rank->log,
                  "the checkpoint has %" PRIu64 " slots for actors, which %d ranks "
                  "cannot have",
                  n_slots, home->n_ranks);
        return TROUPE_REFUSED;
    }
    if (n_slots != home->n_slots)
        actor_addresses_renew(home, (uint32_t)n_slots);
    return TROUPE_OK;
}

static troupe_status load_all(struct checkpoint_rank *here,
                              const struct store_entry *entry)
{
    const struct base_module *const *module;

    TROUPE_TRY(checkpoint_source_open(here, entry));
    TROUPE_TRY(load_job(here));
    for (module = here->home->modules; *module; module++)
        TROUPE_TRY(load_module(here, *module));
    return TROUPE_OK;
}

static troupe_status tell_loaded(struct checkpoint_rank *here)
{
    const struct base_module *const *module;

    for (module = here->home->modules; *module; module++)
        if ((*module)->loaded)
            TROUPE_TRY((*module)->loaded(here->home->rank, &here->source->base));
    return TROUPE_OK;
}

/* The newest that is older, as far as headers tell; 0: there is none. */
static uint64_t find_older(const struct checkpoint_rank *here)
{
    struct store_problem problem;
    struct store_list list;
    uint64_t epoch = 0;

    if (store_list_read(&here->store, &list) != TROUPE_OK)
        return 0;
    for (size_t i = 0; i < list.n_items && epoch == 0; i++) {
        const struct store_entry *entry = &list.items[i];

        if (entry->epoch < here->epoch && entry->is_published && !entry->is_fenced &&
            store_verify(&here->store, entry, STORE_QUICK, &problem) == TROUPE_OK)
            epoch = entry->epoch;
    }
    store_list_fini(&list);
    return epoch;
}

/* Rank 0 has chosen by the headers; that a block is damaged shows only now, to whoever
 * reads it. A supervisor falls back, of a job without one that is the user's to say. */
static void say_way_out(struct checkpoint_rank *here)
{
    const struct base_log *log = &here->home->rank->log;
    uint64_t epoch = here->options.attempt ? 0 : find_older(here);

    if (epoch)
        log_error(log,
                  "checkpoint %" PRIu64 " is older and looks good: set "
                  "TROUPE_RESTART_FROM=%" PRIu64 " to go on from it, or start the job "
                  "by 'troupe run', which falls back by itself",
                  epoch, epoch);
    else if (!here->options.attempt)
        log_error(log, "no older checkpoint is there: TROUPE_RESTART_FROM=none begins "
                       "from the beginning");
}

static int exit_code_of(struct checkpoint_rank *here, troupe_status status)
{
    const struct store_problem *problem = &here->source->problem;
    const struct base_log *log = &here->home->rank->log;

    if (problem->verdict != STORE_GOOD) {
        log_error(log, "no restart: %s: %s: %s", store_verdict_text(problem->verdict),
                  problem->path, problem->text);
        if (problem->verdict == STORE_DAMAGED)
            say_way_out(here);
        return store_verdict_exit_code(problem->verdict);
    }
    if (status != TROUPE_REFUSED) /* whoever refused has said why */
        log_error(log, "no restart from checkpoint %" PRIu64 ": %s", here->epoch,
                  troupe_status_text(status));
    return status == TROUPE_REFUSED || status == TROUPE_SCHEMA ? EXIT_CONFIGURATION
                                                               : EXIT_NO_CHECKPOINT;
}

int checkpoint_load(struct troupe *rank, const struct checkpoint_choice *choice)
{
    struct checkpoint_rank *here = checkpoint_of(rank);
    const struct store_entry entry = {
        .is_published = true, .epoch = choice->epoch, .attempt = choice->of_attempt};
    int exit_code = checkpoint_store_open(here);
    troupe_status status;

    here->attempt = here->statistics.attempt = choice->attempt;
    here->epoch = choice->epoch;
    if (exit_code != 0 || !choice->is_restart)
        return exit_code;
    here->statistics.restarted_from = choice->epoch;
    status = load_all(here, &entry);
    return status == TROUPE_OK ? 0 : exit_code_of(here, status);
}

int checkpoint_join(struct troupe *rank)
{
    struct checkpoint_rank *here = checkpoint_of(rank);
    troupe_status status = here->source ? tell_loaded(here) : TROUPE_OK;

    return status == TROUPE_OK ? 0 : exit_code_of(here, status);
}
