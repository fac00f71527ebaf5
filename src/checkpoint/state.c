/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
#include "checkpoint/cut.h"
#include "message/snapshot.h"
#include <string.h>

/*
 * The states of the rank processes. On the same number of ranks each gets its own back.
 * On another it gets that of all, if all were the same, or its part of what they come
 * to together; else nobody knows what a further rank should begin with.
 */

const struct base_saved_kind checkpoint_saved_kinds[CHECKPOINT_N_SAVED_KINDS] = {
    {CHECKPOINT_SAVED_JOB, BASE_SAVED_ASKED, "job"},
    {CHECKPOINT_SAVED_STATE, BASE_SAVED_ASKED, "state of a rank process"},
};

/* ---- saving -------------------------------------------------------------------- */

static troupe_status save_own(troupe_actor *actor, struct base_saver *saver)
{
    struct base_bytes bytes;
    struct troupe_writer writer = {&bytes};
    troupe_status status;

    base_bytes_init(&bytes);
    actor->home->no_fail_depth++;
    status = actor->behavior->source->save(actor, actor->state, &writer);
    actor->home->no_fail_depth--;
    if (status == TROUPE_OK && bytes.failed)
        status = TROUPE_NO_MEMORY;
    if (status == TROUPE_OK)
        status = saver->put(saver, CHECKPOINT_SAVED_STATE, (uint64_t)actor->home->me,
                            bytes.data, bytes.size);
    base_bytes_fini(&bytes);
    return status;
}

troupe_status checkpoint_state_save(struct troupe *rank, struct base_saver *saver)
{
    const struct actor_rank *home = actor_of(rank);
    troupe_actor *process = home->rank_process;
    uint64_t n_slots = home->n_slots;

    if (home->me == 0)
        TROUPE_TRY(
            saver->put(saver, CHECKPOINT_SAVED_JOB, 0, &n_slots, sizeof n_slots));
    if (!process || !process->state)
        return TROUPE_OK;
    if (process->behavior->source->save && process->behavior->source->restore)
        return save_own(process, saver);
    return saver->put(saver, CHECKPOINT_SAVED_STATE, (uint64_t)home->me, process->state,
                      process->behavior->state_bytes);
}

/* ---- loading ------------------------------------------------------------------- */

static troupe_status
restore(troupe_actor *actor, void *state, const struct base_saved *record)
{
    const struct actor_behavior *behavior = actor->behavior;
    struct troupe_reader reader;
    troupe_status status;

    if (!behavior->source->save || !behavior->source->restore) {
        if (record->size_bytes != behavior->state_bytes)
            return TROUPE_SCHEMA;
        memcpy(state, record->data, record->size_bytes);
        return TROUPE_OK;
    }
    base_cursor_init(&reader.cursor, record->data, record->size_bytes);
    actor->home->no_fail_depth++;
    status = behavior->source->restore(actor, state, &reader);
    actor->home->no_fail_depth--;
    return status;
}

static troupe_status take_own(void *context, const struct base_saved *record)
{
    troupe_actor *actor = context;

    return restore(actor, actor->state, record);
}

/* What the ranks' states come to, in the order of ranks. */
struct joining {
    troupe_actor *actor;
    void *whole, *part; /* of the size of a state */
    int n_joined;
    bool is_different; /* that of some rank from the first's */
};

static troupe_status join(void *context, const struct base_saved *record)
{
    struct joining *joining = context;
    const struct actor_behavior *behavior = joining->actor->behavior;
    void *place = joining->n_joined ? joining->part : joining->whole;

    memset(place, 0, behavior->state_bytes);
    TROUPE_TRY(restore(joining->actor, place, record));
    if (joining->n_joined++ == 0)
        return TROUPE_OK;
    if (behavior->source->merge)
        behavior->source->merge(joining->whole, joining->part);
    else if (memcmp(joining->whole, joining->part, behavior->state_bytes) != 0)
        joining->is_different = true;
    return TROUPE_OK;
}

static troupe_status hand_out(const struct joining *joining)
{
    troupe_actor *actor = joining->actor;
    const struct actor_rank *home = actor->home;
    const troupe_behavior *source = actor->behavior->source;

    if (joining->is_different) {
        log_error(&home->rank->log,
                  "'%s' says that its state is the same on all ranks, and in the "
                  "checkpoint it is not",
                  source->name);
        return TROUPE_REFUSED;
    }
    if (source->split)
        source->split(joining->whole, actor->state, home->me, home->n_ranks);
    else
        memcpy(actor->state, joining->whole, actor->behavior->state_bytes);
    return TROUPE_OK;
}

static troupe_status load_joined(troupe_actor *actor, struct base_saved_source *source)
{
    size_t size_bytes = actor->behavior->state_bytes;
    struct joining joining = {.actor = actor,
                              .whole = base_try_alloc(size_bytes),
                              .part = base_try_alloc(size_bytes)};
    troupe_status status = TROUPE_NO_MEMORY;

    if (joining.whole && joining.part)
        status =
            source->read(source, CHECKPOINT_SAVED_STATE, 0, UINT64_MAX, join, &joining);
    if (status == TROUPE_OK && joining.n_joined)
        status = hand_out(&joining);
    base_free(joining.whole);
    base_free(joining.part);
    return status;
}

static bool may_be_joined(const troupe_behavior *source)
{
    return (source->flags & TROUPE_REPLICATED) || (source->merge && source->split);
}

troupe_status checkpoint_state_load(struct troupe *rank,
                                    struct base_saved_source *source)
{
    const struct actor_rank *home = actor_of(rank);
    troupe_actor *process = home->rank_process;
    uint64_t me = (uint64_t)home->me;

    if (!process)
        return TROUPE_OK;
    if (!process->state)
        return TROUPE_OK;
    if (source->n_ranks_then == home->n_ranks)
        return source->read(source, CHECKPOINT_SAVED_STATE, me, me, take_own, process);
    if (may_be_joined(process->behavior->source))
        return load_joined(process, source);
    if (home->me > 0)
        return TROUPE_REFUSED;
    log_error(&rank->log,
              "the checkpoint is of %d ranks, and '%s' says neither that its state is "
              "the same on all (TROUPE_REPLICATED) nor how to part it (TROUPE_PARTS): "
              "start it on %d ranks",
              source->n_ranks_then, process->behavior->source->name,
              source->n_ranks_then);
    return TROUPE_REFUSED;
}
