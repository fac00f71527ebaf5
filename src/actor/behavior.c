/* SPDX-License-Identifier: BSD-3-Clause */
#include "actor/actor.h"
#include "base/alloc.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The behaviors of a program: found by walking what it lists, and what those spawn,
 * transitively. Numbers are places in the order by name, so equal programs agree on
 * them.
 */

struct walk {
    struct actor_rank *home;
    const troupe_behavior **found;
    uint32_t n_found, capacity;
    char *why;
    size_t why_capacity;
};

static bool is_message_type(const troupe_type *type)
{
    return type && type->shape != TROUPE_SHAPE_PRIVATE && type->name != NULL;
}

static troupe_status add_type(struct walk *walk, const troupe_type *type)
{
    if (!is_message_type(type))
        return TROUPE_OK;
    return message_table_add(walk->home->table, type, walk->why, walk->why_capacity);
}

static troupe_status add_types(struct walk *walk, const troupe_type *const *types)
{
    for (; types && *types; types++)
        TROUPE_TRY(add_type(walk, *types));
    return TROUPE_OK;
}

static troupe_status add_own_types(struct walk *walk, const troupe_behavior *behavior)
{
    TROUPE_TRY(add_type(walk, behavior->arguments));
    TROUPE_TRY(add_type(walk, behavior->state));
    for (uint32_t i = 0; i < behavior->n_accepts; i++)
        TROUPE_TRY(add_type(walk, behavior->accepts[i].type));
    return add_types(walk, behavior->sends);
}

/* 1: found already; -1: another one of this name. */
static int look(const struct walk *walk, const troupe_behavior *behavior)
{
    for (uint32_t i = 0; i < walk->n_found; i++) {
        if (walk->found[i] == behavior)
            return 1;
        if (strcmp(walk->found[i]->name, behavior->name) == 0)
            return -1;
    }
    return 0;
}

static troupe_status keep(struct walk *walk, const troupe_behavior *behavior)
{
    if (walk->n_found == walk->capacity) {
        uint32_t capacity = walk->capacity ? walk->capacity * 2 : 16;
        const troupe_behavior **found =
            base_try_realloc(walk->found, capacity * sizeof *found);

        if (!found)
            return TROUPE_NO_MEMORY;
        walk->found = found;
        walk->capacity = capacity;
    }
    walk->found[walk->n_found++] = behavior;
    return TROUPE_OK;
}

/* Breadth first: what is found later is walked later, so no recursion is needed. */
static troupe_status add_behavior(struct walk *walk, const troupe_behavior *behavior)
{
    int seen = look(walk, behavior);

    if (seen > 0)
        return TROUPE_OK;
    if (seen < 0) {
        snprintf(walk->why, walk->why_capacity,
                 "two behaviors are called '%s': give one another name",
                 behavior->name);
        return TROUPE_INVALID;
    }
    TROUPE_TRY(keep(walk, behavior));
    return add_own_types(walk, behavior);
}

static troupe_status add_behaviors(struct walk *walk,
                                   const troupe_behavior *const *behaviors)
{
    for (; behaviors && *behaviors; behaviors++)
        TROUPE_TRY(add_behavior(walk, *behaviors));
    return TROUPE_OK;
}

static troupe_status add_all(struct walk *walk, const troupe_program *program)
{
    static const troupe_type *const system_types[] = {
        TROUPE_TYPE_OF(troupe_down), TROUPE_TYPE_OF(troupe_refused),
        TROUPE_TYPE_OF(troupe_call_failed), TROUPE_TYPE_OF(troupe_shutdown), NULL};
    const struct base_module *const *module = walk->home->modules;

    TROUPE_TRY(add_types(walk, system_types));
    TROUPE_TRY(add_behavior(walk, program->main));
    TROUPE_TRY(add_behaviors(walk, program->behaviors));
    TROUPE_TRY(add_types(walk, program->types));
    for (; module && *module; module++) {
        TROUPE_TRY(add_types(walk, (*module)->types));
        TROUPE_TRY(add_behaviors(walk, (*module)->behaviors));
    }
    for (uint32_t i = 0; i < walk->n_found; i++)
        TROUPE_TRY(add_behaviors(walk, walk->found[i]->spawns));
    return TROUPE_OK;
}

static int by_name(const void *a, const void *b)
{
    const troupe_behavior *const *left = a, *const *right = b;

    return strcmp((*left)->name, (*right)->name);
}

/* What a process accepts has no function; it only must not be NULL. */
static troupe_status
accepted_by_process(troupe_actor *self, void *state, const void *body)
{
    (void)self;
    (void)state;
    (void)body;
    return TROUPE_INVALID;
}

static void know(struct actor_rank *home,
                 struct actor_behavior *known,
                 const troupe_behavior *source)
{
    known->source = source;
    known->state_bytes = source->state ? source->state->size_bytes : 0;
    known->capacity = source->capacity ? source->capacity : 1024;
#ifdef TROUPE_HOSTILE
    known->capacity = source->capacity ? source->capacity : 1;
#endif
    known->overflow = source->overflow;
    known->is_process = source->body || source->body_with_arguments;
    known->handle = base_new_array(troupe_thunk *, message_table_size(home->table) + 1);
    for (uint32_t i = 0; i < source->n_accepts; i++) {
        uint16_t id = message_table_id(home->table, source->accepts[i].type);

        known->handle[id] =
            known->is_process ? accepted_by_process : source->accepts[i].handle;
    }
    known->accepts_down = known->handle[home->down_type] != NULL;
    known->accepts_refused = known->handle[home->refused_type] != NULL;
    known->accepts_call_result = known->handle[home->call_result_type] != NULL;
    known->accepts_shutdown = known->handle[home->shutdown_type] != NULL;
}

/* Most messages have one size and no bools: for those comparing the size is enough. */
static void know_types(struct actor_rank *home)
{
    home->n_types = message_table_size(home->table);
    home->plain_bytes = base_new_array(uint32_t, home->n_types + 1);
    for (uint32_t id = 1; id <= home->n_types; id++) {
        const troupe_type *type = message_table_type(home->table, (uint16_t)id);

        home->plain_bytes[id] = message_is_plain(type) ? type->size_bytes : UINT32_MAX;
    }
}

/* Processes that a module keeps for itself are made anew by it. */
static void know_internal(struct actor_rank *home)
{
    const struct base_module *const *module = home->modules;

    for (; module && *module; module++) {
        const troupe_behavior *const *behavior = (*module)->behaviors;

        for (; behavior && *behavior; behavior++) {
            struct actor_behavior *known =
                base_map_get(&home->behavior_by_pointer, (uintptr_t)*behavior);

            known->is_internal = known->is_process;
        }
    }
}

static troupe_status know_all(struct actor_rank *home, struct walk *walk)
{
    qsort(walk->found, walk->n_found, sizeof *walk->found, by_name);
    home->behaviors = base_new_array(struct actor_behavior, walk->n_found);
    home->n_behaviors = walk->n_found;
    for (uint32_t i = 0; i < walk->n_found; i++) {
        know(home, &home->behaviors[i], walk->found[i]);
        home->behaviors[i].id = (uint16_t)(i + 1);
        if (!base_map_put(&home->behavior_by_pointer, (uintptr_t)walk->found[i],
                          &home->behaviors[i]))
            return TROUPE_NO_MEMORY;
    }
    know_internal(home);
    return TROUPE_OK;
}

troupe_status actor_program_walk(struct actor_rank *home,
                                 const troupe_program *program,
                                 char *why,
                                 size_t why_capacity)
{
    struct walk walk = {.home = home, .why = why, .why_capacity = why_capacity};
    troupe_status status = add_all(&walk, program);

    if (status == TROUPE_OK) {
        message_table_seal(home->table);
        home->down_type = message_table_id(home->table, TROUPE_TYPE_OF(troupe_down));
        home->refused_type =
            message_table_id(home->table, TROUPE_TYPE_OF(troupe_refused));
        home->call_result_type =
            message_table_id(home->table, TROUPE_TYPE_OF(troupe_call_failed));
        home->shutdown_type =
            message_table_id(home->table, TROUPE_TYPE_OF(troupe_shutdown));
        know_types(home);
        status = know_all(home, &walk);
    }
    base_free(walk.found);
    return status;
}

void actor_program_free(struct actor_rank *home)
{
    for (uint32_t i = 0; i < home->n_behaviors; i++)
        base_free(home->behaviors[i].handle);
    base_free(home->behaviors);
    base_free(home->plain_bytes);
    home->behaviors = NULL;
    home->n_behaviors = 0;
    base_map_fini(&home->behavior_by_pointer);
}

const struct actor_behavior *actor_behavior_find(struct actor_rank *home,
                                                 const troupe_behavior *behavior)
{
    return behavior ? base_map_get(&home->behavior_by_pointer, (uintptr_t)behavior)
                    : NULL;
}

uint64_t actor_program_hash(const struct actor_rank *home)
{
    uint64_t hash = message_table_hash(home->table);

    for (uint32_t i = 0; i < home->n_behaviors; i++) {
        const char *name = home->behaviors[i].source->name;

        hash = base_hash_bytes(name, strlen(name), hash);
    }
    return hash;
}

bool actor_state_type_equal(const struct actor_behavior *a,
                            const struct actor_behavior *b)
{
    const troupe_type *left = a->source->state, *right = b->source->state;

    if (left == right)
        return true;
    return left && right && strcmp(left->name, right->name) == 0;
}

const troupe_type *troupe_find_type(troupe_actor *self, const char *name)
{
    const struct message_table *table = self->home->table;

    actor_require(self, name, "a type without a name");
    return message_table_type(table, message_table_find_name(table, name));
}
