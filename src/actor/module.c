/* SPDX-License-Identifier: BSD-3-Clause */
#include "actor/loopback.h"
#include "actor/saved.h"
#include "base/alloc.h"
#include <stdio.h>
#include <string.h>

/* Start and stop of a rank's actors. */

enum { RESERVE_LIMIT = 4096 };
#define QUEUED_LIMIT_BYTES ((uint64_t)1 << 30)

const struct comm_upper actor_upper = {
    .link_open = actor_link_open,
    .fetched = actor_fetched,
    .quiet = actor_quiet,
};

static const struct base_saved_kind saved_kinds[] = {
    {SAVED_TYPES, BASE_SAVED_ALL, "types and behaviors"},
    {SAVED_RANK, BASE_SAVED_ALL, "counts of a rank"},
    {SAVED_SLOT, BASE_SAVED_ADDRESS, "marks of a slot"},
    {SAVED_ACTORS, BASE_SAVED_ADDRESS, "actors"},
    {SAVED_STATE, BASE_SAVED_ADDRESS, "large state"},
    {SAVED_MAIN, BASE_SAVED_ADDRESS, "rank process"},
};

const struct base_module actor_module = {
    .name = "actors",
    .slot = BASE_SLOT_ACTOR,
    .saved = saved_kinds,
    .n_saved = ARRAY_LENGTH(saved_kinds),
    .save_bytes = actor_save_bytes,
    .save = actor_save,
    .load = actor_load,
    .loaded = actor_loaded,
};

static void init_maps(struct actor_rank *home)
{
    heap_init(&home->timers);
    base_map_init(&home->watches);
    base_map_init(&home->calls);
    base_map_init(&home->timers_by_reference);
    base_map_init(&home->monitors);
    base_map_init(&home->fetching);
    base_map_init(&home->awaited);
    base_map_init(&home->xoff);
    base_map_init(&home->behavior_by_pointer);
    base_bytes_init(&home->reports);
}

static void init_peers(struct actor_rank *home)
{
    home->peers = base_new_array(struct actor_peer, home->n_ranks);
    for (int i = 0; i < home->n_ranks; i++) {
        base_list_init(&home->peers[i].gate);
        base_list_init(&home->peers[i].lease_waiters);
    }
}

static bool is_slot_number(uint32_t n_slots, int n_ranks)
{
    return n_slots >= 1024 && (n_slots & (n_slots - 1)) == 0 &&
           n_slots <= 1u << ACTOR_SLOT_BITS && (uint32_t)n_ranks <= n_slots;
}

static const char *name_of(const void *actor)
{
    return ((const troupe_actor *)actor)->behavior->source->name;
}

troupe_status actor_start(struct troupe *rank,
                          const struct actor_options *options,
                          char *why,
                          size_t why_capacity)
{
    struct actor_rank *home =
        base_try_alloc_aligned(_Alignof(struct actor_rank), sizeof *home);
    const struct fiber_options fibers = {.stack_bytes = options->stack_bytes,
                                         .name = name_of,
                                         .rank = comm_rank(options->comm)};
    uint32_t n_slots;

    base_require_memory(home != NULL, "no memory for the actors of a rank");
    memset(home, 0, sizeof *home);
    rank->slot[BASE_SLOT_ACTOR] = home;
    home->rank = rank;
    home->comm = options->comm;
    home->pool = options->pool;
    home->me = comm_rank(options->comm);
    home->n_ranks = comm_size(options->comm);
    home->modules = options->modules;
    home->program = options->program;
    home->argc = options->argc;
    home->argv = options->argv;
    home->turn = ACTOR_TURN;
    home->reserve_limit = RESERVE_LIMIT;
    for (size_t i = 0; i < ARRAY_LENGTH(home->found); i++)
        home->found[i] = ACTOR_FOUND_NOBODY;
    home->handler_timeout_ns = options->handler_timeout_ns;
    home->queued_limit_bytes =
        options->queued_limit_bytes ? options->queued_limit_bytes : QUEUED_LIMIT_BYTES;
    home->ready.tail = &home->ready.head;
    init_maps(home);
    init_peers(home);
    actor_loopback_init(home);
    home->abroad.capacity = UINT32_MAX;
    n_slots = options->n_slots ? options->n_slots : actor_slots_default(home->n_ranks);
    if (!is_slot_number(n_slots, home->n_ranks)) {
        snprintf(
            why, why_capacity,
            "%u slots for %d ranks: it must be a power of two from 1024 to 2^20, and "
            "not less than the number of ranks",
            n_slots, home->n_ranks);
        return TROUPE_INVALID;
    }
    actor_addresses_init(home, n_slots);
    home->table = message_table_create();
    home->fibers = fiber_pool_create(&fibers);
    TROUPE_TRY(actor_program_walk(home, options->program, why, why_capacity));
    return actor_rank_process_create(home);
}

static void free_xoff(struct actor_rank *home)
{
    uint32_t position = 0;
    uint64_t key;
    void *value;

    while (base_map_next(&home->xoff, &position, &key, &value))
        base_free(value);
    base_map_fini(&home->xoff);
}

void actor_stop(struct troupe *rank)
{
    struct actor_rank *home = actor_of(rank);

    if (!home)
        return;
    actor_loading_free(home);                 /* of a start that failed */
    home->is_ending = home->is_halted = true; /* nobody hears of the end */
    if (home->rank_process && home->rank_process->process->fiber == NULL)
        actor_end(home->rank_process); /* started, but never run */
    for (int i = 0; i < home->n_ranks; i++)
        base_free(home->peers[i].leases);
    base_free(home->peers);
    actor_loopback_fini(home);
    free_xoff(home);
    base_map_fini(&home->watches);
    base_map_fini(&home->calls);
    base_map_fini(&home->timers_by_reference);
    base_map_fini(&home->monitors);
    base_map_fini(&home->fetching);
    actor_records_fini(home);
    base_bytes_fini(&home->reports);
    heap_fini(&home->timers);
    if (home->slots)
        actor_addresses_fini(home);
    actor_program_free(home);
    if (home->fibers)
        fiber_pool_destroy(home->fibers);
    if (home->table)
        message_table_destroy(home->table);
    base_free(home);
    rank->slot[BASE_SLOT_ACTOR] = NULL;
}
