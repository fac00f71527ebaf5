/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
#include "checkpoint/cut.h"
#include "output/output.h"
#include <errno.h>
#include <string.h>

/* Checkpoints as one of the rank's modules, and what is set at its start. */

static const int64_t patience_ns = INT64_C(60) * 1000 * 1000 * 1000;
enum { KEEP = 2 };

static troupe_status init(struct troupe *rank, const void *options)
{
    struct checkpoint_rank *here = base_new(struct checkpoint_rank);

    (void)options;
    rank->slot[BASE_SLOT_CHECKPOINT] = here;
    here->home = actor_of(rank);
    checkpoint_cut_init(here);
    base_map_init(&here->safe);
    base_map_init(&here->receivers);
    checkpoint_image_init(&here->image);
    here->lock_descriptor = -1;
    return TROUPE_OK;
}

static void fini(struct troupe *rank)
{
    struct checkpoint_rank *here = checkpoint_of(rank);

    if (!here)
        return;
    checkpoint_tick_stop(here);
    here->home->cut = NULL;
    if (here->options.directory)
        checkpoint_worker_fini(&here->worker);
    checkpoint_source_close(here);
    store_unlock(&here->lock_descriptor);
    checkpoint_image_fini(&here->image);
    base_map_fini(&here->safe);
    base_map_fini(&here->receivers);
    if (here->lead) {
        base_free(here->lead->status);
        base_free(here->lead->has_written);
        base_free(here->lead->manifest.parts);
    }
    base_free(here->lead);
    base_free(here);
    rank->slot[BASE_SLOT_CHECKPOINT] = NULL;
}

static void
actor_ended(struct troupe *rank, troupe_actor *actor, troupe_address address)
{
    struct checkpoint_rank *here = checkpoint_of(rank);

    if (UNLIKELY(actor->flags & ACTOR_SAFE))
        (void)base_map_remove(&here->safe, address.bits);
    if (UNLIKELY(actor->flags & ACTOR_SAFE_RECEIVES))
        (void)base_map_remove(&here->receivers, address.bits);
}

/* What is under way is brought to its end first. Before it is written the cut itself
 * sees to that. */
static bool is_still(struct troupe *rank)
{
    const struct checkpoint_rank *here = checkpoint_of(rank);

    return here->phase != CHECKPOINT_WRITING &&
           (!here->lead ||
            (here->lead->chore == CHORE_NONE && !here->lead->must_abandon));
}

static void statistics(struct troupe *rank, struct base_bytes *text)
{
    const struct checkpoint_statistics *counts = &checkpoint_of(rank)->statistics;

    if (counts->n_published + counts->n_given_up > 0)
        base_bytes_append_format(
            text,
            "checkpoints: %llu published, %llu given up, the last frozen %.0f ms\n",
            (unsigned long long)counts->n_published,
            (unsigned long long)counts->n_given_up, (double)counts->frozen_ns * 1e-6);
}

const struct base_module checkpoint_module = {
    .name = "checkpoint",
    .slot = BASE_SLOT_CHECKPOINT,
    .kinds = checkpoint_kinds,
    .n_kinds = CHECKPOINT_N_KINDS,
    .init = init,
    .fini = fini,
    .actor_ended = actor_ended,
    .is_still = is_still,
    .saved = checkpoint_saved_kinds,
    .n_saved = CHECKPOINT_N_SAVED_KINDS,
    .save = checkpoint_state_save,
    .loaded = checkpoint_state_load,
    .statistics = statistics,
};

/* ---- configuring --------------------------------------------------------------- */

static bool is_on_sim(const struct actor_rank *home)
{
    return strcmp(comm_backend_name(home->comm), "sim") == 0;
}

static void make_lead(struct checkpoint_rank *here)
{
    here->lead = base_new(struct checkpoint_lead);
    here->lead->status = base_new_array(struct checkpoint_status, here->home->n_ranks);
    here->lead->has_written = base_new_array(bool, here->home->n_ranks);
    here->lead->manifest.parts = base_new_array(struct store_part, here->home->n_ranks);
    here->lead->next_ns = here->lead->deadline_ns = INT64_MAX;
    here->lead->reason = "";
}

troupe_status checkpoint_configure(struct troupe *rank,
                                   const struct checkpoint_options *options)
{
    struct checkpoint_rank *here = checkpoint_of(rank);
    const struct actor_rank *home = here->home;

    if (!options->directory)
        return TROUPE_OK;
    here->options = *options;
    if (!here->options.files)
        here->options.files = &base_files_real;
    if (here->options.patience_ns == 0)
        here->options.patience_ns = patience_ns;
    if (here->options.n_keep == 0)
        here->options.n_keep = KEEP;
    here->is_threaded = !is_on_sim(home);
    here->schema_hash = actor_program_hash(home);
    checkpoint_worker_init(&here->worker, here->is_threaded);
    if (home->me == 0)
        make_lead(here);
    return TROUPE_OK;
}

bool checkpoint_is_on(struct troupe *rank)
{
    return checkpoint_of(rank)->options.directory != NULL;
}

/* Its rank processes would begin at the top and do again what they have done. */
static bool may_be_restarted(const struct troupe_behavior *main)
{
    return main->state || (main->flags & TROUPE_RESTARTABLE_FROM_TOP);
}

static void ask(struct troupe *rank)
{
    (void)checkpoint_ask(rank);
}

/* Not before all ranks have accepted the checkpoint: a start that is refused leaves
 * everything as it was. If the mark stays, who starts the job again is asked once more.
 */
static void remove_mark(struct checkpoint_rank *here)
{
    errno = 0;
    if (store_complete(&here->store, false) != TROUPE_OK)
        log_warning(&here->home->rank->log,
                    "the mark that the job is completed stays in %s: %s",
                    here->store.path, strerror(errno));
}

void checkpoint_begin(struct troupe *rank)
{
    struct checkpoint_rank *here = checkpoint_of(rank);
    const struct troupe_behavior *main = here->home->program->main;

    here->is_on = may_be_restarted(main);
    if (here->lead && !here->is_on)
        log_warning(&rank->log,
                    "no checkpoints: '%s' has neither a state (TROUPE_STATE) nor the "
                    "flag TROUPE_RESTARTABLE_FROM_TOP",
                    main->name);
    if (here->is_on)
        output_checkpoints_set(rank, ask);
    if (here->lead) {
        remove_mark(here);
        checkpoint_lead_plan(here);
    }
    checkpoint_tick_arm(here);
}

void checkpoint_count(struct troupe *rank, struct checkpoint_statistics *statistics)
{
    static const char *const doing[] = {
        [CHECKPOINT_IDLE] = "idle",       [CHECKPOINT_PREPARING] = "preparing",
        [CHECKPOINT_FROZEN] = "frozen",   [CHECKPOINT_SAVED] = "frozen",
        [CHECKPOINT_WRITING] = "writing",
    };
    struct checkpoint_rank *here = checkpoint_of(rank);

    *statistics = here->statistics;
    statistics->doing = doing[here->phase];
}
