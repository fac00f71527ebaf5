/* SPDX-License-Identifier: BSD-3-Clause */
#include "checkpoint/cut.h"
#include <errno.h>
#include <stdio.h>
#include <time.h>

/* What rank 0's worker does for all: the folder, the manifest, what is pruned. */

static void ignore(void *context, const struct store_entry *entry)
{
    (void)context;
    (void)entry;
}

/* What cannot be pruned stays: that is no fault of the new one. */
static troupe_status publish(struct checkpoint_rank *here)
{
    TROUPE_TRY(store_publish(&here->store, &here->lead->manifest));
    here->lead->prune_status = store_prune(&here->store, here->options.n_keep,
                                           STORE_QUICK, false, ignore, NULL);
    return TROUPE_OK;
}

static void run(void *context)
{
    struct checkpoint_rank *here = context;
    struct checkpoint_lead *lead = here->lead;

    if (lead->chore == CHORE_BEGIN)
        checkpoint_image_reserve(&here->image, here->wanted_bytes);
    errno = 0;
    lead->chore_status = TROUPE_OK;
    if (lead->chore == CHORE_BEGIN)
        lead->chore_status =
            store_epoch_begin(&here->store, lead->manifest.epoch, here->attempt);
    else if (lead->chore == CHORE_PUBLISH)
        lead->chore_status = publish(here);
    else if (lead->has_folder)
        store_epoch_abandon(&here->store, lead->manifest.epoch, here->attempt);
    lead->chore_error = lead->chore_status == TROUPE_OK ? 0 : errno;
}

/* On sim nothing may depend on when it runs. */
static int64_t seconds_since_1970(const struct checkpoint_rank *here)
{
    return here->is_threaded ? (int64_t)time(NULL)
                             : checkpoint_now_ns(here) / 1000000000;
}

void checkpoint_chore_give(struct checkpoint_rank *here, enum checkpoint_chore chore)
{
    struct store_manifest *manifest = &here->lead->manifest;

    manifest->epoch = here->epoch;
    manifest->attempt = here->attempt;
    manifest->n_parts = (uint32_t)here->home->n_ranks;
    manifest->schema_hash = here->schema_hash;
    manifest->created_s = seconds_since_1970(here);
    snprintf(manifest->program, sizeof manifest->program, "%s", here->options.program);
    snprintf(manifest->library, sizeof manifest->library, "%s", troupe_version());
    snprintf(manifest->reason, sizeof manifest->reason, "%s", here->lead->reason);
    here->lead->chore = chore;
    checkpoint_worker_give(&here->worker, run, here);
    checkpoint_tick_arm(here);
}
