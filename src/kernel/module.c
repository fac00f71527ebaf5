/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
#include "base/environment.h"
#include "kernel/kernel.h"
#include "kernel/task.h"

/* The kernels as one of the rank's modules. */

static troupe_status choose(struct kernel_rank *here, const struct base_log *log)
{
    const char *name = NULL;

    TROUPE_TRY(base_env_bool(log, "TROUPE_CHECK", false, &here->is_checking));
    TROUPE_TRY(base_env_word(log, "TROUPE_ISA", "", &name));
    here->isa = numeric_isa_choose(name);
    if (here->isa)
        return TROUPE_OK;
    base_env_report(log, "TROUPE_ISA", "one that this processor has");
    return TROUPE_INVALID;
}

static troupe_status init(struct troupe *rank, const void *options)
{
    struct kernel_rank *here = base_new(struct kernel_rank);

    (void)options;
    rank->slot[BASE_SLOT_KERNEL] = here;
    here->home = actor_of(rank);
    base_map_init(&here->tasks);
    base_list_init(&here->crews);
    base_list_init(&here->loans);
    return choose(here, &rank->log);
}

static void
actor_ended(struct troupe *rank, troupe_actor *actor, troupe_address address)
{
    struct kernel_rank *here = kernel_of(rank);

    (void)address;
    if (!here)
        return;
    if (!base_list_is_empty(&here->crews))
        kernel_worker_ended(here, actor);
    if (!base_list_is_empty(&here->loans))
        kernel_loans_end(here, actor);
}

static void fini(struct troupe *rank)
{
    struct kernel_rank *here = kernel_of(rank);

    if (!here)
        return;
    kernel_owner_ended(here, NULL);
    kernel_loans_end(here, NULL);
    kernel_spare_end(here);
    base_map_fini(&here->tasks);
    base_free(here);
    rank->slot[BASE_SLOT_KERNEL] = NULL;
}

static const struct troupe_behavior *const behaviors[] = {&kernel_crew_behavior, NULL};

const struct base_module kernel_module = {
    .name = "kernel",
    .slot = BASE_SLOT_KERNEL,
    .behaviors = behaviors,
    .init = init,
    .fini = fini,
    .actor_ended = actor_ended,
};

static void
owner_ended(struct troupe *rank, troupe_actor *actor, troupe_address address)
{
    struct kernel_rank *here = kernel_of(rank);

    (void)address;
    if (here && !base_list_is_empty(&here->crews))
        kernel_owner_ended(here, actor);
}

const struct base_module kernel_first_module = {
    .name = "kernel crews",
    .slot = BASE_SLOT_KERNEL,
    .actor_ended = owner_ended,
};
