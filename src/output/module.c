/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
#include "output/output.h"

/* The outputs as one of the rank's modules. */

static troupe_status init(struct troupe *rank, const void *options)
{
    struct output_rank *here = base_new(struct output_rank);

    (void)options;
    rank->slot[BASE_SLOT_OUTPUT] = here;
    here->home = actor_of(rank);
    here->files = &base_files_real;
    base_list_init(&here->all);
    base_list_init(&here->outbox);
    return TROUPE_OK;
}

/* Of one actor, or of all (0). */
static void close_all(struct output_rank *here, uint64_t owner)
{
    BASE_LIST_EACH(node, &here->all)
    {
        struct output *output = CONTAINER_OF(node, struct output, node);

        if (owner == 0 || output->owner == owner)
            (void)output_remove(here, output);
    }
}

static void
actor_ended(struct troupe *rank, troupe_actor *actor, troupe_address address)
{
    (void)actor;
    close_all(output_of(rank), address.bits);
}

static void fini(struct troupe *rank)
{
    struct output_rank *here = output_of(rank);

    if (!here)
        return;
    close_all(here, 0);
    output_syncing_close(here);
    outbox_free(here);
    base_free(here);
    rank->slot[BASE_SLOT_OUTPUT] = NULL;
}

static bool is_still(struct troupe *rank)
{
    return outbox_is_still(output_of(rank));
}

static void published(struct troupe *rank)
{
    outbox_release(output_of(rank));
}

static troupe_status loaded(struct troupe *rank, struct base_saved_source *source)
{
    (void)source;
    outbox_release(output_of(rank));
    return TROUPE_OK;
}

static const struct base_saved_kind saved_kinds[] = {
    {OUTPUT_SAVED_FILE, BASE_SAVED_ADDRESS, "output files"},
    {OUTPUT_SAVED_OUTBOX, BASE_SAVED_ADDRESS, "outbox"},
};

const struct base_module output_module = {
    .name = "outputs",
    .slot = BASE_SLOT_OUTPUT,
    .init = init,
    .fini = fini,
    .actor_ended = actor_ended,
    .is_still = is_still,
    .saved = saved_kinds,
    .n_saved = ARRAY_LENGTH(saved_kinds),
    .save = output_save,
    .load = output_load,
    .loaded = loaded,
    .sync = output_sync,
    .published = published,
};
