/* SPDX-License-Identifier: BSD-3-Clause */
#include "actor/actor.h"
#include <string.h>

/*
 * Spawning. Here: an entry, a block, and a place in the ready queue; init runs in the
 * actor's first turn. On another rank: an address leased from it beforehand and a
 * record, so that the address is usable at once. Mail that overtakes the record finds
 * an embryo.
 */

enum { MOST_ARGUMENT_BYTES = 8 << 20 };

struct spawn_wire {
    uint64_t stack_bytes, arguments_bytes;
    uint64_t monitor; /* the spawner's watch; 0: none */
    uint32_t capacity;
    uint16_t behavior, arguments_type;
    uint8_t overflow, has_overflow, reserved[6];
};

/* ---- making one here ---------------------------------------------------------------
 */

static bool
copy_arguments(troupe_actor *actor, const struct spawn_wire *wire, const void *bytes)
{
    struct actor_extra *extra;

    if (wire->arguments_type == 0 && wire->stack_bytes == 0)
        return true;
    extra = actor_extra_try(actor);
    if (!extra)
        return false;
    extra->stack_bytes = wire->stack_bytes;
    if (wire->arguments_type == 0)
        return true;
    extra->arguments = message_block_take(
        actor->home->pool, wire->arguments_bytes ? wire->arguments_bytes : 1,
        &extra->arguments_class);
    if (!extra->arguments)
        return false;
    memcpy(extra->arguments, bytes, wire->arguments_bytes);
    extra->arguments_type = wire->arguments_type;
    return true;
}

static void apply(troupe_actor *actor, const struct spawn_wire *wire)
{
    if (wire->capacity)
        actor->capacity = wire->capacity;
    if (wire->has_overflow)
        actor->overflow = wire->overflow;
}

static troupe_status spawn_here(struct actor_rank *home,
                                const struct actor_behavior *behavior,
                                const struct spawn_wire *wire,
                                const void *arguments,
                                uint64_t *address)
{
    uint64_t bits = actor_address_take(home, false);
    troupe_actor *actor;

    if (bits == 0)
        return TROUPE_NO_MEMORY;
    actor = actor_create(home, behavior, bits);
    if (!actor || !copy_arguments(actor, wire, arguments)) {
        if (actor)
            actor_free(actor);
        actor_address_free(home, bits);
        return TROUPE_NO_MEMORY;
    }
    apply(actor, wire);
    actor_entry_find(home, bits)->actor = actor;
    home->counts.n_spawned++;
    actor_make_ready(actor);
    *address = bits;
    return TROUPE_OK;
}

troupe_status actor_rank_process_create(struct actor_rank *home)
{
    const struct actor_behavior *behavior =
        actor_behavior_find(home, home->program->main);
    troupe_actor *actor =
        actor_create(home, behavior, actor_address_make((uint32_t)home->me, 0, 1));

    if (!actor)
        return TROUPE_NO_MEMORY;
    actor->flags |= ACTOR_IS_RANK_PROCESS;
    if (behavior->source->stack_size == 0)
        actor_extra(actor)->stack_bytes = ACTOR_RANK_PROCESS_STACK_BYTES;
    home->rank_process = actor;
    actor_make_ready(actor);
    return TROUPE_OK;
}

/* ---- embryos ---- */

static const struct actor_behavior embryo_behavior = {
    .source = &(const troupe_behavior){.name = "not spawned yet"}, .capacity = 1024};

const struct actor_behavior *actor_embryo_behavior(void)
{
    return &embryo_behavior;
}

troupe_actor *actor_find_or_embryo(struct actor_rank *home, uint64_t address)
{
    struct actor_entry *entry;

    if (!actor_is_local(home, address))
        return NULL;
    if (actor_address_index(address) == 0)
        return actor_find(home, address);
    entry = actor_entry_find(home, address);
    if (!entry || entry->actor || !entry->is_reserved)
        return entry ? entry->actor : NULL;
    entry->actor = actor_create(home, &embryo_behavior, address);
    base_require_memory(entry->actor != NULL,
                        "no memory to keep mail for an actor to come");
    entry->actor->flags |= ACTOR_EMBRYO;
    return entry->actor;
}

void actor_refuse_strangers(troupe_actor *actor)
{
    struct message_envelope **link = &actor->head;

    while (*link) {
        struct message_envelope *envelope = *link;

        if (actor_accepts(actor, envelope->type)) {
            link = &envelope->next;
            continue;
        }
        (void)actor_mailbox_unlink(actor, link);
        actor_refuse(actor->home, actor->address, envelope, ACTOR_DEAD_REFUSED,
                     TROUPE_REFUSAL_TYPE);
    }
}

/* Everything that hangs on the embryo goes over; its block is given back. */
static void hatch(troupe_actor *embryo, troupe_actor *actor)
{
    struct message_envelope **tail = embryo->head ? embryo->tail : &actor->head;

    base_assert(!embryo->extra || !actor->extra || !actor->extra->arguments);
    actor->head = embryo->head;
    actor->tail = tail;
    actor->n_queued = embryo->n_queued;
    actor->n_exempt = embryo->n_exempt;
    actor->flags |= embryo->flags & (ACTOR_XOFF_SENT | ACTOR_ENDING);
    actor->extra = embryo->extra;
    embryo->extra = NULL;
    actor_free(embryo);
    actor_refuse_strangers(actor);
}

/* NULL: that address was not lent. */
static struct actor_entry *leased_entry(struct actor_rank *home, uint64_t address)
{
    struct actor_entry *entry = NULL;

    if (actor_address_index(address) != 0 && actor_is_local(home, address))
        entry = actor_entry_find(home, address);
    return entry && entry->is_reserved ? entry : NULL;
}

/* Are they those that the behavior wants? */
static bool are_arguments(const struct actor_rank *home,
                          const struct actor_behavior *behavior,
                          const struct spawn_wire *wire,
                          const void *arguments)
{
    const troupe_type *wanted = behavior->source->arguments;
    uint16_t type = wanted ? message_table_id(home->table, wanted) : 0;

    if (wire->arguments_type != type)
        return false;
    return wanted ? message_is_well_formed(message_table_type(home->table, type),
                                           arguments, wire->arguments_bytes)
                  : wire->arguments_bytes == 0;
}

/* Reads what is to be spawned, every word of it checked. */
static const struct actor_behavior *read_wire(struct actor_rank *home,
                                              const struct comm_record *record,
                                              struct spawn_wire *wire)
{
    const struct actor_behavior *behavior;

    comm_require(home->comm, record, record->size_bytes >= sizeof *wire, "its size");
    memcpy(wire, record->payload, sizeof *wire);
    comm_require(home->comm, record,
                 wire->behavior >= 1 && wire->behavior <= home->n_behaviors &&
                     wire->overflow <= TROUPE_DROP_OLDEST,
                 "an unknown behavior, or an unknown policy of its mailbox");
    comm_require(home->comm, record,
                 !wire->monitor ||
                     actor_is_of_source(home, record->header.from, record),
                 "who watches is elsewhere");
    behavior = &home->behaviors[wire->behavior - 1];
    comm_require(home->comm, record, !behavior->is_internal,
                 "its behavior is a layer's own, which spawns it on its own rank");
    comm_require(home->comm, record,
                 wire->arguments_bytes == record->size_bytes - sizeof *wire &&
                     are_arguments(home, behavior, wire,
                                   (const char *)record->payload + sizeof *wire),
                 "other arguments than the behavior wants");
    return behavior;
}

void actor_spawn_arrived(struct actor_rank *home, struct comm_record *record)
{
    uint64_t address = record->header.to;
    struct actor_entry *entry = leased_entry(home, address);
    const struct actor_behavior *behavior;
    struct spawn_wire wire;
    troupe_actor *actor;

    comm_require(home->comm, record, entry != NULL, "its address was not leased");
    behavior = read_wire(home, record, &wire);
    actor = actor_create(home, behavior, address);
    base_require_memory(actor != NULL,
                        "no memory for an actor that another rank has spawned");
    if (entry->actor)
        hatch(entry->actor, actor);
    entry->actor = actor;
    entry->is_reserved = 0;
    base_require_memory(
        copy_arguments(actor, &wire, (const char *)record->payload + sizeof wire),
        "no memory for the arguments of a spawn");
    apply(actor, &wire);
    actor_mailbox_drained(actor); /* not all that came may have been accepted */
    if (wire.monitor)
        actor_monitor_add(home, address, record->header.from, wire.monitor);
    home->counts.n_spawned++;
    actor_make_ready(actor);
}

/* ---- on another rank ------------------------------------------------------------- */

/* The watch travels in the record: the new actor may end before another one comes. */
static troupe_status spawn_there(troupe_actor *self,
                                 int rank,
                                 struct spawn_wire *wire,
                                 const troupe_spawn_options *options,
                                 uint64_t *address)
{
    struct comm_header header = {.kind = ACTOR_KIND_SPAWN, .from = self->address};
    troupe_status status = TROUPE_OK;

    header.to = actor_lease_get(self, rank);
    if (header.to == 0)
        return TROUPE_FULL;
    if (options->monitor)
        status = actor_watch_begin(self, header.to, &wire->monitor);
    if (status == TROUPE_OK)
        status = comm_post_parts(self->home->comm, rank, &header, wire, sizeof *wire,
                                 options->arguments, wire->arguments_bytes);
    if (status != TROUPE_OK) {
        actor_watch_cancel(self->home, wire->monitor);
        actor_lease_give_back(self->home, rank, header.to);
        return status;
    }
    if (options->monitor)
        options->monitor->bits = wire->monitor;
    *address = header.to;
    return TROUPE_OK;
}

/* ---- the call ---- */

static uint64_t load_of(const struct actor_rank *home, int rank)
{
    return rank == home->me ? home->n_actors : home->peers[rank].load;
}

/* The first of the least loaded, as far as known here, starting behind this rank. */
static int least_loaded(const struct actor_rank *home)
{
    int best = home->me;

    for (int i = 1; i < home->n_ranks; i++) {
        int rank = (home->me + i) % home->n_ranks;

        if (load_of(home, rank) < load_of(home, best))
            best = rank;
    }
    return best;
}

static int place_rank(const struct actor_rank *home, const troupe_place *place)
{
    switch (place->kind) {
    case 0:
        return home->me;
    case 1:
        return least_loaded(home);
    case 2:
        return place->rank < home->n_ranks ? place->rank : -1;
    default:
        return actor_rank_of(home, place->near.bits);
    }
}

static void fill_wire(troupe_actor *self,
                      const struct actor_behavior *behavior,
                      const troupe_spawn_options *options,
                      struct spawn_wire *wire)
{
    const troupe_type *wanted = behavior->source->arguments;
    const troupe_type *given = options->arguments_type;

    *wire = (struct spawn_wire){.behavior = behavior->id,
                                .capacity = options->capacity,
                                .overflow = (uint8_t)options->overflow,
                                .has_overflow = options->overflow != TROUPE_PARK,
                                .stack_bytes = options->stack_size};
    actor_require(self, (wanted != NULL) == (given != NULL),
                  wanted ? "'%s' wants arguments: give them with TROUPE_WITH"
                         : "'%s' takes no arguments",
                  behavior->source->name);
    actor_require(self, (unsigned)options->overflow <= TROUPE_DROP_OLDEST,
                  "there is no policy %d of a mailbox", (int)options->overflow);
    if (!wanted)
        return;
    actor_require(self, options->arguments, "a type of arguments, and no arguments");
    wire->arguments_bytes = troupe_value_size(given, options->arguments);
    actor_require(self, wire->arguments_bytes <= MOST_ARGUMENT_BYTES,
                  "%zu MiB of arguments: send so much as a message",
                  (size_t)(wire->arguments_bytes >> 20));
    wire->arguments_type =
        actor_type_checked(self, given, options->arguments, wire->arguments_bytes);
    actor_require(self, wire->arguments_type == actor_type_listed(self, wanted),
                  "'%s' wants arguments of type '%s', not '%s'", behavior->source->name,
                  wanted->name, given->name);
    actor_require(
        self, message_is_well_formed(wanted, options->arguments, wire->arguments_bytes),
        "the arguments of '%s': a bool of '%s' is neither true nor false",
        behavior->source->name, wanted->name);
}

static troupe_status spawn_watched(troupe_actor *self,
                                   const struct actor_behavior *behavior,
                                   const struct spawn_wire *wire,
                                   const troupe_spawn_options *options,
                                   uint64_t *address)
{
    troupe_status status =
        spawn_here(self->home, behavior, wire, options->arguments, address);

    if (status != TROUPE_OK || !options->monitor)
        return status;
    status = troupe_monitor(self, (troupe_address){*address}, options->monitor);
    if (status != TROUPE_OK) /* before it has run: as if nothing had been spawned */
        actor_end(actor_find(self->home, *address));
    return status;
}

troupe_status troupe_spawn(troupe_actor *self,
                           const troupe_behavior *behavior,
                           const troupe_spawn_options *options,
                           troupe_address *address)
{
    static const troupe_spawn_options defaults = {0};
    struct actor_rank *home = self->home;
    const struct actor_behavior *known = actor_behavior_find(home, behavior);
    struct spawn_wire wire;
    troupe_status status;
    uint64_t bits = 0;
    int rank;

    if (!options)
        options = &defaults;
    actor_require(self, known != NULL,
                  "the program does not list behavior '%s': name it in "
                  "troupe_program.behaviors",
                  behavior ? behavior->name : "NULL");
    fill_wire(self, known, options, &wire);
    actor_require(self, !options->monitor || self->behavior->accepts_down,
                  "who monitors must accept troupe_down");
    rank = place_rank(home, &options->place);
    if (home->is_ending)
        return TROUPE_CLOSED;
    if (rank < 0)
        return TROUPE_NOT_FOUND;
    status = rank == home->me ? spawn_watched(self, known, &wire, options, &bits)
                              : spawn_there(self, rank, &wire, options, &bits);
    if (status == TROUPE_OK && address)
        address->bits = bits;
    return status;
}
