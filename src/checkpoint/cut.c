/* SPDX-License-Identifier: BSD-3-Clause */
#include "checkpoint/cut.h"
#include <stddef.h>
#include <string.h>

/*
 * What each rank does in a cut. Records only note what is asked for; the step, between
 * the turns of actors, does it.
 */

/* ---- phases -------------------------------------------------------------------- */

/* Of all ranks' tags those are equal that stand in the same phase of the same cut. */
static uint8_t tag_of(uint32_t turn, enum checkpoint_phase phase)
{
    return (uint8_t)((turn % 63 + 1) << 2 | (uint32_t)phase);
}

static void enter(struct checkpoint_rank *here, enum checkpoint_phase phase)
{
    here->phase = phase;
    here->quiet_tag = 0;
    here->cut.tag = tag_of(here->turn, phase);
    here->cut.wake_ns = here->lead ? here->lead->deadline_ns : INT64_MAX;
    actor_cut_set(here->home, phase == CHECKPOINT_IDLE || phase == CHECKPOINT_WRITING
                                  ? NULL
                                  : &here->cut);
}

static void go_on(struct checkpoint_rank *here)
{
    actor_thaw(here->home);
    checkpoint_release_all(here);
}

void checkpoint_prepare(struct checkpoint_rank *here, uint64_t epoch, uint32_t turn)
{
    here->epoch = epoch;
    here->turn = turn;
    here->began_ns = checkpoint_now_ns(here);
    here->is_freeze_ordered = here->has_told = false;
    checkpoint_reserve_begin(here);
    enter(here, CHECKPOINT_PREPARING);
}

void checkpoint_drop(struct checkpoint_rank *here)
{
    if (here->phase != CHECKPOINT_PREPARING && here->phase != CHECKPOINT_FROZEN)
        return;
    go_on(here);
    enter(here, CHECKPOINT_IDLE);
}

void checkpoint_finish(struct checkpoint_rank *here)
{
    enter(here, CHECKPOINT_IDLE);
}

/* ---- preparing ----------------------------------------------------------------- */

/* Rank 0 hears of what has changed. */
static void tell(struct checkpoint_rank *here)
{
    const struct comm_header header = {.kind = CHECKPOINT_KIND_STATUS};
    struct checkpoint_status status;

    memset(&status, 0, sizeof status);
    checkpoint_status_take(here, &status);
    if (here->has_told && memcmp(&status, &here->told, sizeof status) == 0)
        return;
    here->told = status;
    here->has_told = true;
    if (here->lead) {
        checkpoint_lead_status(here, 0, &status);
        return;
    }
    comm_post_must(here->home->comm, 0, &header, &status, sizeof status);
    comm_flush_rank(here->home->comm, 0, COMM_FLUSH_URGENT);
}

static void prepare_step(struct checkpoint_rank *here)
{
    checkpoint_hold_receivers(here);
    tell(here);
    if (here->lead)
        checkpoint_lead_step(here);
    if (!here->is_freeze_ordered || here->phase != CHECKPOINT_PREPARING)
        return;
    here->froze_ns = checkpoint_now_ns(here);
    actor_freeze(here->home);
    enter(here, CHECKPOINT_FROZEN);
}

/* ---- frozen -------------------------------------------------------------------- */

troupe_status checkpoint_save_modules(struct checkpoint_rank *here,
                                      struct base_saver *saver)
{
    const struct base_module *const *module = here->home->modules;

    for (; *module; module++)
        if ((*module)->save)
            TROUPE_TRY((*module)->save(here->home->rank, saver));
    return TROUPE_OK;
}

/* A copy in memory, or the part itself, which takes longer. */
static troupe_status save_somewhere(struct checkpoint_rank *here)
{
    troupe_status status = TROUPE_NO_MEMORY;

    here->has_written = false;
    checkpoint_image_clear(&here->image);
    if (!here->is_short)
        status = checkpoint_save_modules(here, &here->image.saver);
    if (status != TROUPE_NO_MEMORY)
        return status;
    checkpoint_image_clear(&here->image);
    return checkpoint_write_frozen(here);
}

static void worse(void *into, const void *from)
{
    struct checkpoint_sum *low = into;
    const struct checkpoint_sum *high = from;

    if (high->outcome > low->outcome)
        *low = *high;
}

/* From comm_poll; what rank 0 has heard before does not hold any more. */
static void take_sum(struct troupe *rank, const void *result, size_t size_bytes)
{
    struct checkpoint_rank *here = checkpoint_of(rank);

    memcpy(&here->sum, result, size_bytes);
    here->has_sum = true;
    if (here->lead)
        memset(here->lead->status, 0,
               (size_t)here->home->n_ranks * sizeof *here->lead->status);
}

static void save(struct checkpoint_rank *here)
{
    static const struct comm_reduce reduce = {.merge = worse, .done = take_sum};
    struct checkpoint_sum mine = {.rank = here->home->me};

    if (!checkpoint_may_save(here)) {
        mine.outcome = OUTCOME_NOT_READY;
    } else {
        mine.status = (int32_t)save_somewhere(here);
        if (mine.status != TROUPE_OK)
            mine.outcome = OUTCOME_FAILED;
    }
    here->has_sum = false;
    enter(here, CHECKPOINT_SAVED);
    comm_reduce_start(here->home->comm, &reduce, &mine, sizeof mine);
}

static void frozen_step(struct checkpoint_rank *here)
{
    if (here->home->verdict != ACTOR_VERDICT_NONE)
        checkpoint_drop(here); /* the job ends; nobody can freeze any more */
    else if (here->quiet_tag == here->cut.tag)
        save(here);
    else if (here->lead)
        checkpoint_lead_step(here);
}

/* ---- saved --------------------------------------------------------------------- */

static void saved_step(struct checkpoint_rank *here)
{
    if (!here->has_sum)
        return;
    here->has_sum = false;
    if (here->sum.outcome == OUTCOME_NOT_READY) {
        actor_thaw(here->home);
        checkpoint_prepare(here, here->epoch, here->turn + 1);
    } else {
        go_on(here);
        enter(here,
              here->sum.outcome == OUTCOME_GOOD ? CHECKPOINT_WRITING : CHECKPOINT_IDLE);
    }
    if (here->phase == CHECKPOINT_WRITING)
        checkpoint_write_begin(here);
    if (here->lead)
        checkpoint_lead_summed(here);
    checkpoint_tick_arm(here);
}

/* ---- the step, and the detector ------------------------------------------------ */

static void step(struct troupe *rank)
{
    struct checkpoint_rank *here = checkpoint_of(rank);

    if (here->home->is_ending)
        checkpoint_drop(here);
    if (here->phase == CHECKPOINT_PREPARING)
        prepare_step(here);
    else if (here->phase == CHECKPOINT_FROZEN)
        frozen_step(here);
    else if (here->phase == CHECKPOINT_SAVED)
        saved_step(here);
    here->quiet_tag = 0;
}

static void quiet(struct troupe *rank, uint8_t tag, enum actor_verdict otherwise)
{
    struct checkpoint_rank *here = checkpoint_of(rank);

    here->quiet_tag = tag;
    here->otherwise = otherwise;
}

void checkpoint_cut_init(struct checkpoint_rank *here)
{
    here->cut = (struct actor_cut){.step = step, .quiet = quiet};
}

/* ---- what comes ---------------------------------------------------------------- */

/* What goes to rank 0. It may come before this rank has begun, but only where there are
 * checkpoints. */
static struct checkpoint_rank *
lead_of(struct troupe *rank, const struct comm_record *record, size_t size_bytes)
{
    struct checkpoint_rank *here = checkpoint_of(rank);

    comm_require(here->home->comm, record, here->lead,
                 "this rank leads no checkpoints");
    comm_require(here->home->comm, record, record->size_bytes == size_bytes,
                 "its size");
    return here;
}

/* What rank 0 tells the others. */
static struct checkpoint_rank *led_by(struct troupe *rank,
                                      const struct comm_record *record)
{
    struct checkpoint_rank *here = checkpoint_of(rank);

    comm_require(here->home->comm, record,
                 record->source == 0 && here->options.directory,
                 "that rank leads no checkpoints");
    return here;
}

/* All that follows is_known is a truth value, and may be read as one. */
static bool are_truths(const struct checkpoint_status *status)
{
    const unsigned char *bytes = (const unsigned char *)status;

    for (size_t i = offsetof(struct checkpoint_status, is_known); i < sizeof *status;
         i++)
        if (bytes[i] > 1)
            return false;
    return true;
}

static void ask_taken(struct troupe *rank, struct comm_record *record)
{
    (void)lead_of(rank, record, 0);
    (void)checkpoint_ask(rank);
}

static void prepare_taken(struct troupe *rank, struct comm_record *record)
{
    struct checkpoint_rank *here = led_by(rank, record);

    if (here->phase == CHECKPOINT_IDLE && !here->home->is_ending)
        checkpoint_prepare(here, record->header.reference, record->header.incarnation);
}

static void status_taken(struct troupe *rank, struct comm_record *record)
{
    struct checkpoint_status status;
    struct checkpoint_rank *here = lead_of(rank, record, sizeof status);

    memcpy(&status, record->payload, sizeof status);
    comm_require(here->home->comm, record, are_truths(&status),
                 "it says neither yes nor no");
    checkpoint_lead_status(here, record->source, &status);
}

static void release_taken(struct troupe *rank, struct comm_record *record)
{
    struct checkpoint_rank *here = led_by(rank, record);

    if (here->phase != CHECKPOINT_PREPARING)
        return;
    checkpoint_release(here, record->header.reference);
    here->has_told = false;
}

static void release_wanted_taken(struct troupe *rank, struct comm_record *record)
{
    struct checkpoint_rank *here = led_by(rank, record);

    if (here->phase == CHECKPOINT_PREPARING)
        checkpoint_release_wanted(here, record->header.reference);
}

static void freeze_taken(struct troupe *rank, struct comm_record *record)
{
    struct checkpoint_rank *here = led_by(rank, record);

    if (here->phase == CHECKPOINT_PREPARING && here->turn == record->header.incarnation)
        here->is_freeze_ordered = true;
}

static void give_up_taken(struct troupe *rank, struct comm_record *record)
{
    checkpoint_drop(led_by(rank, record));
}

static void written_taken(struct troupe *rank, struct comm_record *record)
{
    struct checkpoint_written written;
    struct checkpoint_rank *here = lead_of(rank, record, sizeof written);

    memcpy(&written, record->payload, sizeof written);
    comm_require(here->home->comm, record, !here->lead->has_written[record->source],
                 "that part has been written already");
    checkpoint_lead_written(here, record->source, &written);
}

static void done_taken(struct troupe *rank, struct comm_record *record)
{
    struct checkpoint_rank *here = led_by(rank, record);

    if (here->phase != CHECKPOINT_WRITING)
        return;
    if (record->header.type == TROUPE_OK) {
        here->statistics.published = here->epoch;
        checkpoint_tell_published(here);
    }
    enter(here, CHECKPOINT_IDLE);
}

const struct base_frame_kind checkpoint_kinds[CHECKPOINT_N_KINDS] = {
    {CHECKPOINT_KIND_ASK, true, "checkpoint ask", ask_taken},
    {CHECKPOINT_KIND_PREPARE, true, "checkpoint prepare", prepare_taken},
    {CHECKPOINT_KIND_STATUS, true, "checkpoint status", status_taken},
    {CHECKPOINT_KIND_RELEASE, true, "checkpoint release", release_taken},
    {CHECKPOINT_KIND_RELEASE_WANTED, true, "checkpoint release wanted",
     release_wanted_taken},
    {CHECKPOINT_KIND_FREEZE, true, "checkpoint freeze", freeze_taken},
    {CHECKPOINT_KIND_GIVE_UP, true, "checkpoint give up", give_up_taken},
    {CHECKPOINT_KIND_WRITTEN, true, "checkpoint written", written_taken},
    {CHECKPOINT_KIND_DONE, true, "checkpoint done", done_taken},
};
