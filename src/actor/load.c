/* SPDX-License-Identifier: BSD-3-Clause */
#include "actor/saved.h"
#include "base/alloc.h"
#include "message/snapshot.h"
#include <string.h>

/*
 * A rank takes from a checkpoint what falls to it: the marks of its slots and the
 * actors in them, which thereby keep their addresses whatever the number of ranks.
 * Nothing is sent before all of it is here.
 */

static struct saved_loading *loading_of(struct actor_rank *home)
{
    if (!home->loading) {
        home->loading = base_new(struct saved_loading);
        home->loading->home = home;
        home->loading->now_ns = comm_now_ns(home->comm);
        base_bytes_init(&home->loading->failed);
    }
    return home->loading;
}

uint16_t actor_type_now(const struct actor_rank *home, uint64_t then)
{
    return home->loading ? saved_type_now(home->loading, then) : 0;
}

void actor_loading_free(struct actor_rank *home)
{
    if (!home->loading)
        return;
    saved_types_free(home->loading);
    base_bytes_fini(&home->loading->failed);
    base_free(home->loading);
    home->loading = NULL;
}

/* ---- states ------------------------------------------------------------------- */

static troupe_status restore_own(troupe_actor *actor, struct base_cursor *cursor)
{
    struct actor_rank *home = actor->home;
    uint32_t length = base_cursor_u32(cursor);
    const void *bytes = base_cursor_take(cursor, length);
    struct troupe_reader reader;
    troupe_status status;

    if (!bytes)
        return TROUPE_INVALID;
    base_cursor_init(&reader.cursor, bytes, length);
    home->running = actor;
    home->no_fail_depth++;
    status = actor->behavior->source->restore(actor, actor->state, &reader);
    home->no_fail_depth--;
    home->running = NULL;
    return status;
}

static troupe_status
load_state(troupe_actor *actor, struct base_cursor *cursor, uint32_t bits)
{
    const struct actor_behavior *behavior = actor->behavior;
    const void *bytes;

    if (!actor->state || (actor->flags & ACTOR_IS_RANK_PROCESS) ||
        !(bits & SAVED_STARTED) || (bits & SAVED_STATE_APART))
        return TROUPE_OK;
    if (behavior->source->restore)
        return restore_own(actor, cursor);
    bytes = base_cursor_take(cursor, behavior->state_bytes);
    if (!bytes)
        return TROUPE_INVALID;
    memcpy(actor->state, bytes, behavior->state_bytes);
    return TROUPE_OK;
}

static troupe_status load_large_state(struct actor_rank *home,
                                      const struct base_saved *record)
{
    troupe_actor *actor = actor_find(home, record->key);

    if (!actor || actor->behavior->state_bytes != record->size_bytes)
        return TROUPE_INVALID;
    memcpy(actor->state, record->data, record->size_bytes);
    return TROUPE_OK;
}

/* ---- actors ------------------------------------------------------------------- */

/* NULL: the program has no such behavior any more, or its state has other fields. */
static const struct actor_behavior *behavior_now(const struct saved_loading *loading,
                                                 uint64_t then)
{
    const struct saved_behavior *behavior;

    if (then == 0 || then > loading->n_behaviors)
        return NULL;
    behavior = &loading->behaviors[then];
    if (behavior->known && behavior->has_same_state)
        return behavior->known;
    log_error(&loading->home->rank->log, "the checkpoint has an actor '%s', %s",
              behavior->name,
              behavior->known ? "whose state has other fields now"
                              : "which this program does not list");
    return NULL;
}

/* A process begins from the top, whatever it had begun. */
static void set_flags(troupe_actor *actor, uint32_t bits)
{
    if (!(bits & SAVED_STARTED))
        return;
    actor->flags |= ACTOR_RESTORED;
    if (!actor->process)
        actor->flags |= ACTOR_STARTED;
}

static troupe_status load_body(struct saved_loading *loading,
                               troupe_actor *actor,
                               struct base_cursor *cursor,
                               uint32_t bits)
{
    set_flags(actor, bits);
    TROUPE_TRY(load_state(actor, cursor, bits));
    if (bits & ~(uint32_t)(SAVED_STARTED | SAVED_STATE_APART))
        TROUPE_TRY(saved_parts_load(loading, actor, cursor, bits));
    if (cursor->failed)
        return TROUPE_INVALID;
    if (actor->process || !(actor->flags & ACTOR_STARTED) ||
        (actor->flags & ACTOR_ENDING))
        actor_make_ready(actor);
    return TROUPE_OK;
}

/* Mail and watches of an address that no actor has: answered for when all are here. */
static troupe_status load_nobody(struct saved_loading *loading,
                                 uint64_t address,
                                 struct base_cursor *cursor,
                                 uint32_t bits)
{
    troupe_actor *nobody =
        actor_create(loading->home, actor_embryo_behavior(), address);

    if (!nobody)
        return TROUPE_NO_MEMORY;
    nobody->flags |= ACTOR_EMBRYO; /* takes everything, runs never */
    nobody->next_ready = loading->nobodies;
    loading->nobodies = nobody;
    return saved_parts_load(loading, nobody, cursor,
                            bits & ~(uint32_t)SAVED_STATE_APART);
}

static troupe_status
load_actor(struct saved_loading *loading, uint64_t address, struct base_cursor *cursor)
{
    uint64_t then = saved_number(cursor);
    uint32_t bits = (uint32_t)saved_number(cursor);
    struct actor_entry *entry;
    const struct actor_behavior *behavior;
    troupe_actor *actor;

    if (then == 0)
        return load_nobody(loading, address, cursor, bits);
    behavior = behavior_now(loading, then);
    if (!behavior)
        return TROUPE_SCHEMA;
    actor = actor_create(loading->home, behavior, address);
    if (!actor)
        return TROUPE_NO_MEMORY;
    entry =
        &loading->home->slots[actor_address_slot(address) - loading->home->first_slot]
             .entries[actor_address_index(address)];
    entry->generation = actor_address_generation(address);
    entry->actor = actor;
    return load_body(loading, actor, cursor, bits);
}

static troupe_status load_page(struct saved_loading *loading,
                               const struct base_saved *record)
{
    const struct actor_rank *home = loading->home;
    uint32_t number = actor_address_slot(record->key);
    const struct actor_slot *slot;
    struct base_cursor cursor;
    uint64_t index = 0;

    if (!actor_is_local(home, record->key) || !loading->behaviors)
        return TROUPE_INVALID;
    slot = &home->slots[number - home->first_slot];
    base_cursor_init(&cursor, record->data, record->size_bytes);
    while (cursor.next < cursor.end) {
        uint32_t generation;

        index += saved_number(&cursor);
        generation = (uint32_t)saved_number(&cursor);
        if (cursor.failed || index == 0 || index >= slot->n_entries ||
            generation == 0 || generation > ACTOR_MAX_GENERATION ||
            slot->entries[index].actor)
            return TROUPE_INVALID;
        TROUPE_TRY(load_actor(
            loading, actor_address_make(number, (uint32_t)index, generation), &cursor));
    }
    return TROUPE_OK;
}

static troupe_status load_main(struct saved_loading *loading,
                               const struct base_saved *record)
{
    troupe_actor *actor = loading->home->rank_process;
    const struct actor_behavior *behavior;
    struct base_cursor cursor;

    if (!loading->behaviors)
        return TROUPE_INVALID;
    base_cursor_init(&cursor, record->data, record->size_bytes);
    behavior = behavior_now(loading, saved_number(&cursor));
    if (!actor || !behavior || behavior != actor->behavior)
        return TROUPE_SCHEMA;
    return load_body(loading, actor, &cursor, (uint32_t)saved_number(&cursor));
}

/* ---- marks and counts --------------------------------------------------------- */

static troupe_status load_marks(struct actor_rank *home,
                                const struct base_saved *record)
{
    struct actor_slot *slot;
    uint32_t marks[2];

    if (!actor_is_local(home, record->key) || record->size_bytes != sizeof marks)
        return TROUPE_INVALID;
    slot = &home->slots[actor_address_slot(record->key) - home->first_slot];
    memcpy(marks, record->data, sizeof marks);
    if (slot->entries || marks[0] > ACTOR_MAX_INDEX + 1u ||
        marks[1] > ACTOR_MAX_GENERATION)
        return TROUPE_INVALID;
    slot->entries = base_try_alloc(marks[0] * sizeof *slot->entries);
    if (!slot->entries)
        return TROUPE_NO_MEMORY;
    memset(slot->entries, 0, marks[0] * sizeof *slot->entries);
    slot->n_entries = slot->capacity = marks[0];
    slot->highest_generation = marks[1];
    return TROUPE_OK;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* References stay unique in the job: each rank counts on above the highest of all. */
static troupe_status load_rank(struct saved_loading *loading,
                               const struct base_saved *record)
{
    struct actor_rank *home = loading->home;
    bool is_mine = record->rank_then % home->n_ranks == home->me;
    struct base_cursor cursor;
    bool has_main;
    uint64_t n;

    base_cursor_init(&cursor, record->data, record->size_bytes);
    if (saved_number(&cursor) != home->n_slots) {
        log_error(&home->rank->log,
                  "the checkpoint has another number of slots than %u", home->n_slots);
        return TROUPE_INVALID;
    }
    home->next_reference = larger(home->next_reference, saved_number(&cursor));
    home->next_held = larger(home->next_held, saved_number(&cursor));
    home->next_order = larger(home->next_order, saved_number(&cursor));
    has_main = saved_number(&cursor) != 0;
    loading->n_mains += has_main;
    if (record->rank_then == home->me)
        loading->is_main_gone = !has_main;
    n = saved_number(&cursor);
    for (uint64_t i = 0; i < n && i < ACTOR_N_DEAD_REASONS; i++)
        home->counts.n_dead[i] += is_mine ? saved_number(&cursor) : 0;
    return cursor.failed ? TROUPE_INVALID : TROUPE_OK;
}

troupe_status actor_load(struct troupe *rank,
                         struct base_saved_source *source,
                         const struct base_saved *record)
{
    struct saved_loading *loading = loading_of(actor_of(rank));

    (void)source;
    switch (record->kind) {
    case SAVED_TYPES:
        return saved_types_load(loading, record);
    case SAVED_RANK:
        return load_rank(loading, record);
    case SAVED_SLOT:
        return load_marks(loading->home, record);
    case SAVED_ACTORS:
        return load_page(loading, record);
    case SAVED_STATE:
        return load_large_state(loading->home, record);
    case SAVED_MAIN:
        return load_main(loading, record);
    default:
        return TROUPE_INVALID;
    }
}

/* ---- when all is here --------------------------------------------------------- */

/* What nobody has is free, with generations that nobody has had. */
static void free_rest(struct actor_slot *slot)
{
    uint32_t generation = slot->highest_generation ? slot->highest_generation + 1 : 2;

    for (uint32_t i = 1; i < slot->n_entries; i++) {
        struct actor_entry *entry = &slot->entries[i];

        if (entry->actor || generation > ACTOR_MAX_GENERATION)
            continue;
        entry->generation = slot->highest_generation = generation;
        if (slot->last_free)
            slot->entries[slot->last_free].next_free = i & INT32_MAX;
        else
            slot->first_free = i;
        slot->last_free = i;
    }
}

static troupe_status take_vanished(void *context, const struct base_saved *record)
{
    struct base_cursor cursor;

    base_cursor_init(&cursor, record->data, record->size_bytes);
    (void)saved_number(&cursor); /* its behavior, which does not run */
    return load_nobody(context, record->key, &cursor, (uint32_t)saved_number(&cursor));
}

/* Rank 0 answers for the processes of ranks that are no more. */
static troupe_status load_vanished(struct saved_loading *loading,
                                   struct base_saved_source *source)
{
    const struct actor_rank *home = loading->home;

    if (home->me != 0 || source->n_ranks_then <= home->n_ranks)
        return TROUPE_OK;
    return source->read(source, SAVED_MAIN,
                        actor_address_make((uint32_t)home->n_ranks, 0, 1),
                        actor_address_make((uint32_t)source->n_ranks_then - 1, 0, 1),
                        take_vanished, loading);
}

/* As where an actor has ended, but there was none. */
static void answer_for(troupe_actor *nobody)
{
    static const struct actor_exit no_actor = {
        .kind = TROUPE_EXIT_NO_ACTOR, .text = "there is no actor at this address"};

    if (nobody->extra) {
        nobody->extra->exit = no_actor;
        actor_extra_release(nobody);
    }
    actor_mailbox_clear(nobody);
    if (nobody->extra)
        actor_monitors_fire(nobody, &no_actor);
    actor_free(nobody);
}

static void answer_for_all(struct saved_loading *loading)
{
    while (loading->nobodies) {
        troupe_actor *nobody = loading->nobodies;

        loading->nobodies = nobody->next_ready;
        answer_for(nobody);
    }
}

/* Those that were received by who does not remember. */
static void fail_calls(struct saved_loading *loading)
{
    struct base_cursor cursor;

    base_cursor_init(&cursor, loading->failed.data, loading->failed.size);
    while (cursor.next < cursor.end) {
        uint64_t caller = base_cursor_u64(&cursor);

        actor_call_fail(loading->home, caller, base_cursor_u64(&cursor), TROUPE_DOWN,
                        TROUPE_EXIT_NORMAL);
    }
}

/* It had returned; so had all, and the newcomer's has nothing to begin. */
static bool is_main_over(const struct saved_loading *loading,
                         const struct base_saved_source *source)
{
    if (loading->home->me < source->n_ranks_then)
        return loading->is_main_gone;
    return loading->n_mains == 0;
}

static void end_main(struct actor_rank *home)
{
    troupe_actor *actor = home->rank_process;

    actor_ready_remove(actor);
    home->rank_process = NULL;
    actor_free(actor);
}

troupe_status actor_loaded(struct troupe *rank, struct base_saved_source *source)
{
    struct actor_rank *home = actor_of(rank);
    struct saved_loading *loading = loading_of(home);

    if (loading->failed.failed)
        return TROUPE_NO_MEMORY;
    TROUPE_TRY(load_vanished(loading, source));
    for (uint32_t s = 0; s < home->n_own_slots; s++)
        free_rest(&home->slots[s]);
    if (is_main_over(loading, source))
        end_main(home);
    else if (home->me >= source->n_ranks_then)
        home->rank_process->flags |= ACTOR_RESTORED;
    answer_for_all(loading);
    fail_calls(loading);
    actor_gate_retry(home, &home->peers[home->me].gate);
    actor_loading_free(home);
    return TROUPE_OK;
}
