/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
#include "linear/linear.h"

/* Matrices and grids as one of the rank's modules. */

static troupe_status init(struct troupe *rank, const void *options)
{
    struct linear_rank *here = base_new(struct linear_rank);

    (void)options;
    rank->slot[BASE_SLOT_LINEAR] = here;
    here->home = actor_of(rank);
    base_map_init(&here->matrices);
    base_list_init(&here->all);
    base_map_init(&here->grids);
    base_list_init(&here->all_grids);
    return TROUPE_OK;
}

/* Of one actor, or of all. The arrays in them go by themselves. */
static void free_matrices(struct linear_rank *here, const troupe_actor *member)
{
    BASE_LIST_EACH(node, &here->all)
    {
        struct linear_matrix *matrix = CONTAINER_OF(node, struct linear_matrix, node);

        if (!member || matrix->member == member)
            linear_matrix_free(matrix);
    }
}

static void
actor_ended(struct troupe *rank, troupe_actor *actor, troupe_address address)
{
    struct linear_rank *here = linear_of(rank);

    (void)address;
    if (!here)
        return;
    free_matrices(here, actor);
    linear_grids_free(here, actor);
}

static void fini(struct troupe *rank)
{
    struct linear_rank *here = linear_of(rank);

    if (!here)
        return;
    free_matrices(here, NULL);
    linear_grids_free(here, NULL);
    base_map_fini(&here->matrices);
    base_map_fini(&here->grids);
    base_free(here);
    rank->slot[BASE_SLOT_LINEAR] = NULL;
}

const struct base_module linear_module = {
    .name = "linear",
    .slot = BASE_SLOT_LINEAR,
    .init = init,
    .fini = fini,
    .actor_ended = actor_ended,
};
