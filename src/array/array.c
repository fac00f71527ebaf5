/* SPDX-License-Identifier: BSD-3-Clause */
#include "array/array.h"
#include "base/alloc.h"
#include "team/team.h"
#include <string.h>

/* Arrays are made, found, freed. */

struct array *array_find(troupe_actor *self, troupe_array id, const char *call)
{
    struct array *array = base_map_get(&array_of(self->home->rank)->arrays, id.bits);

    actor_require(self, array && array->member == self,
                  "%s: it is none of the caller's arrays", call);
    return array;
}

void array_require(troupe_actor *self,
                   const troupe_team *team,
                   const void *options,
                   const void *made,
                   const char *call)
{
    actor_require_process(self, call);
    actor_require(self, team && team->member == self, "%s: it is not the caller's team",
                  call);
    actor_require(self, options && made, "%s: no options, or no place for the result",
                  call);
}

/* ---- making ------------------------------------------------------------------- */

/* All that can go wrong at this member; what was made hangs on `array`. */
static troupe_status prepare(struct array_rank *here,
                             struct array *array,
                             const troupe_array_options *options)
{
    size_t n = (size_t)array->n_members;

    TROUPE_TRY(array_shape(array, options));
    TROUPE_TRY(array_name(array, options->saved_as));
    array->sends = base_try_alloc(n * sizeof *array->sends);
    array->receives = base_try_alloc(n * sizeof *array->receives);
    array->memos = base_try_alloc(ARRAY_MEMOS * sizeof *array->memos);
    if (array->memos)
        memset(array->memos, 0, ARRAY_MEMOS * sizeof *array->memos);
    if (!array->sends || !array->receives || !array->memos ||
        !array_memory_take(&array->memory,
                           (size_t)array_mine_length(array) * array->element_bytes) ||
        !base_map_put(&here->arrays, array->id, array))
        return TROUPE_NO_MEMORY;
    return TROUPE_OK;
}

void array_destroy(struct array *array)
{
    struct array_rank *here = array->here;

    if (base_map_get(&here->arrays, array->id) == array)
        (void)base_map_remove(&here->arrays, array->id);
    base_list_remove(&array->node);
    array_memory_give(&array->memory);
    array_memory_give(&array->fresh);
    base_free(array->cuts);
    base_free(array->fresh_cuts);
    base_free(array->memos);
    base_free(array->sends);
    base_free(array->receives);
    base_free(array);
}

/* With its name, and whether there is something under it. */
static uint64_t fingerprint(const struct array *array)
{
    return team_mix(array_fingerprint(array), array->name_hash + array->is_restored);
}

static troupe_status fill(troupe_actor *self, struct array *array)
{
    array_memory_touch(self, array);
    return array->is_restored ? array_agree(self, array->team, array_fill(array), 0)
                              : TROUPE_OK;
}

troupe_status array_create(troupe_actor *self,
                           troupe_team *team,
                           const troupe_array_options *options,
                           struct array **made)
{
    struct array_rank *here = array_of(self->home->rank);
    struct array *array = base_new(struct array);
    troupe_status status;

    array->here = here;
    array->member = self;
    array->team = team;
    array->n_members = team->size;
    array->index = team->index;
    /* The place in the row of the team's operations, which is the same for all. */
    array->id = team_mix(team->id, team->next + 1) | 1;
    base_list_append(&here->all,
                     &array->node); /* it goes with the member from here on */
    status = prepare(here, array, options);
    status = array_agree(self, team, status, fingerprint(array));
    if (status == TROUPE_OK)
        status = fill(self, array);
    if (status != TROUPE_OK) {
        if (array->is_restored) /* it may be tried again */
            (void)base_map_remove(&here->filled, array->name_hash);
        array_destroy(array);
        return status;
    }
    array->is_made = true;
    *made = array;
    return TROUPE_OK;
}

void array_hand_over(struct array *array, troupe_actor *member, troupe_team *team)
{
    array->member = member;
    array->team = team;
}

troupe_status troupe_array_create(troupe_actor *self,
                                  troupe_team *team,
                                  const troupe_array_options *options,
                                  troupe_array *array)
{
    struct array *made;

    array_require(self, team, options, array, "troupe_array_create");
    TROUPE_TRY(array_create(self, team, options, &made));
    array->bits = made->id;
    return TROUPE_OK;
}

/* ---- the end ------------------------------------------------------------------ */

void troupe_array_destroy(troupe_actor *self, troupe_array *id)
{
    struct array *array;

    actor_require(self, id != NULL, "troupe_array_destroy: no array");
    array = array_find(self, *id, "troupe_array_destroy");
    actor_require(self, array->n_uses == 0,
                  "troupe_array_destroy: an operation on the array is not done");
    array_destroy(array);
    id->bits = 0;
}

/* ---- asked of an array -------------------------------------------------------- */

troupe_array_facts troupe_array_describe(troupe_actor *self, troupe_array id)
{
    const struct array *array = array_find(self, id, "troupe_array_describe");

    return (troupe_array_facts){
        .team = array->team,
        .element = array->element,
        .element_bytes = array->element_bytes,
        .length = array->length,
        .block_length = array->block_length,
        .n_blocks = array->n_blocks,
        .cuts = array->cuts,
        .is_restored = array->is_restored,
    };
}

troupe_array_part troupe_array_mine(troupe_actor *self, troupe_array id)
{
    const struct array *array = array_find(self, id, "troupe_array_mine");

    return (troupe_array_part){
        .data = array->memory.bytes,
        .first = array_mine_first(array),
        .n_elements = array_mine_length(array),
    };
}

int troupe_array_owner(troupe_actor *self, troupe_array id, int64_t index)
{
    const struct array *array = array_find(self, id, "troupe_array_owner");

    return index < 0 || index >= array->length ? -1 : array_owner(array, index);
}
