/* SPDX-License-Identifier: BSD-3-Clause */
#include "actor/actor.h"
#include "base/alloc.h"

/*
 * A rank owns a run of slots: slot s lives on rank floor(s * P / S), a pure function,
 * so nobody has to be asked where an address is. Spawns rotate over the slots, so that
 * a restart on another number of ranks can move whole slots and still spread the
 * actors.
 */

static uint32_t first_slot_of(uint32_t n_slots, int n_ranks, int rank)
{
    uint64_t product = (uint64_t)rank * n_slots;

    return (uint32_t)((product + (uint64_t)n_ranks - 1) / (uint64_t)n_ranks);
}

uint32_t actor_slots_default(int n_ranks)
{
    uint32_t n_slots = 1024;

    while (n_slots < (uint64_t)n_ranks * 64 && n_slots < 1u << ACTOR_SLOT_BITS)
        n_slots *= 2;
    return n_slots;
}

void actor_addresses_init(struct actor_rank *home, uint32_t n_slots)
{
    home->n_slots = n_slots;
    home->slot_bits = (uint32_t)__builtin_ctz(n_slots); /* a power of two */
    home->first_slot = first_slot_of(n_slots, home->n_ranks, home->me);
    home->n_own_slots =
        first_slot_of(n_slots, home->n_ranks, home->me + 1) - home->first_slot;
    home->slots = base_new_array(struct actor_slot, home->n_own_slots);
}

void actor_addresses_fini(struct actor_rank *home)
{
    for (uint32_t i = 0; home->slots && i < home->n_own_slots; i++)
        base_free(home->slots[i].entries);
    base_free(home->slots);
    home->slots = NULL;
}

int actor_rank_of(const struct actor_rank *home, uint64_t address)
{
    uint32_t slot = actor_address_slot(address);

    if (address == 0)
        return -1;
    if (actor_address_index(address) == 0)
        return slot < (uint32_t)home->n_ranks ? (int)slot : -1;
    if (slot >= home->n_slots)
        return -1;
    return (int)((uint64_t)slot * (uint64_t)home->n_ranks >> home->slot_bits);
}

struct actor_found actor_look_up(struct actor_rank *home, uint64_t address)
{
    struct actor_found found = {
        .address = address, .peer = -1, .size_bytes = UINT32_MAX};

    if (actor_is_local(home, address)) {
        found.actor = found.counted = actor_find(home, address);
        if (found.actor && !found.actor->process)
            found.stream = &home->loopback.stream;
    } else {
        found.peer = actor_rank_of(home, address);
        found.counted = &home->abroad;
        if (found.peer >= 0 && found.peer != home->me)
            found.stream = comm_stream_to(home->comm, found.peer);
    }
    if (!found.actor && found.peer < 0)
        found.address = UINT64_MAX; /* there may be somebody later */
    return found;
}

static bool slot_grow(struct actor_slot *slot)
{
    uint32_t capacity = slot->capacity ? slot->capacity * 2 : 4;
    struct actor_entry *entries;

    if (slot->n_entries > ACTOR_MAX_INDEX)
        return false;
    entries = base_try_realloc(slot->entries, capacity * sizeof *entries);
    if (!entries)
        return false;
    slot->entries = entries;
    slot->capacity = capacity;
    return true;
}

/* A fresh index of the slot, 0 when there is no memory for more. */
static uint32_t slot_extend(struct actor_slot *slot)
{
    uint32_t index = slot->n_entries ? slot->n_entries : 1;

    if (index >= slot->capacity && !slot_grow(slot))
        return 0;
    slot->entries[index] = (struct actor_entry){.generation = 1};
    slot->n_entries = index + 1;
    return index;
}

static uint32_t slot_take(struct actor_slot *slot)
{
    uint32_t index = slot->first_free;

    if (index == 0)
        return slot_extend(slot);
    slot->first_free = slot->entries[index].next_free;
    if (slot->first_free == 0)
        slot->last_free = 0;
    slot->entries[index].next_free = 0;
    return index;
}

uint64_t actor_address_take(struct actor_rank *home, bool is_reserved)
{
    uint32_t i = home->next_slot;
    struct actor_slot *slot = &home->slots[i];
    uint32_t index = slot_take(slot);

    if (index == 0)
        return 0;
    home->next_slot = i + 1 < home->n_own_slots ? i + 1 : 0;
    slot->entries[index].is_reserved = is_reserved;
    return actor_address_make(home->first_slot + i, index,
                              slot->entries[index].generation);
}

struct actor_entry *actor_entry_find(struct actor_rank *home, uint64_t address)
{
    uint32_t index = actor_address_index(address);
    struct actor_slot *slot =
        &home->slots[actor_address_slot(address) - home->first_slot];

    base_assert(index != 0);
    if (index >= slot->n_entries)
        return NULL;
    if (slot->entries[index].generation != actor_address_generation(address))
        return NULL;
    return &slot->entries[index];
}

/* An index whose generations are used up is retired: it never stands in the free list.
 */
void actor_address_free(struct actor_rank *home, uint64_t address)
{
    struct actor_slot *slot =
        &home->slots[actor_address_slot(address) - home->first_slot];
    uint32_t index = actor_address_index(address);
    struct actor_entry *entry = &slot->entries[index];

    entry->actor = NULL;
    entry->is_reserved = 0;
    entry->next_free = 0;
    if (entry->generation == ACTOR_MAX_GENERATION) {
        entry->generation = 0;
        return;
    }
    entry->generation++;
    if (entry->generation > slot->highest_generation)
        slot->highest_generation = entry->generation;
    if (slot->last_free)
        slot->entries[slot->last_free].next_free = index & INT32_MAX;
    else
        slot->first_free = index;
    slot->last_free = index;
}

troupe_address troupe_self(const troupe_actor *self)
{
    return (troupe_address){self->address};
}

int troupe_rank(const troupe_actor *self)
{
    return self->home->me;
}

int troupe_n_ranks(const troupe_actor *self)
{
    return self->home->n_ranks;
}

troupe_address troupe_rank_process(const troupe_actor *self, int rank)
{
    if (rank < 0 || rank >= self->home->n_ranks)
        return TROUPE_NOBODY;
    return (troupe_address){actor_address_make((uint32_t)rank, 0, 1)};
}

int troupe_rank_of(const troupe_actor *self, troupe_address address)
{
    return actor_rank_of(self->home, address.bits);
}
