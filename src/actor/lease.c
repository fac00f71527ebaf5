/* SPDX-License-Identifier: BSD-3-Clause */
#include "actor/actor.h"
#include "base/alloc.h"
#include <string.h>

/*
 * Addresses of another rank, fetched before they are wanted, so that a spawn there can
 * return one at once.
 */

enum { LEASES_HELD = 64 };

static void ask(struct actor_rank *home, int peer)
{
    struct comm_header header = {.kind = ACTOR_KIND_LEASE_ASK};

    if (home->peers[peer].is_lease_asked)
        return;
    home->peers[peer].is_lease_asked = true;
    comm_post_must(home->comm, peer, &header, NULL, 0);
    comm_flush_rank(home->comm, peer, COMM_FLUSH_URGENT);
}

void actor_lease_asked(struct actor_rank *home, struct comm_record *record)
{
    struct comm_header header = {.kind = ACTOR_KIND_LEASE_GIVE,
                                 .reference = home->n_actors + 1};
    uint64_t leases[LEASES_HELD / 2];
    size_t n = 0;

    while (n < ARRAY_LENGTH(leases) &&
           (leases[n] = actor_address_take(home, true)) != 0)
        n++;
    comm_post_must(home->comm, record->source, &header, leases, n * sizeof *leases);
    comm_flush_rank(home->comm, record->source, COMM_FLUSH_URGENT);
}

static bool are_leases(const struct actor_rank *home, const struct comm_record *record)
{
    size_t n = record->size_bytes / sizeof(uint64_t);

    for (size_t i = 0; i < n; i++) {
        uint64_t address;

        memcpy(&address, (const uint64_t *)record->payload + i, sizeof address);
        if (actor_address_index(address) == 0 ||
            !actor_is_of_source(home, address, record))
            return false;
    }
    return record->size_bytes == n * sizeof(uint64_t) && n <= LEASES_HELD / 2;
}

void actor_lease_given(struct actor_rank *home, struct comm_record *record)
{
    struct actor_peer *peer = &home->peers[record->source];
    size_t n = record->size_bytes / sizeof(uint64_t);

    comm_require(home->comm, record, peer->is_lease_asked && are_leases(home, record),
                 "nobody asked for it, or its addresses are elsewhere");
    if (!peer->leases)
        peer->leases = base_new_array(uint64_t, LEASES_HELD);
    peer->is_lease_asked = false;
    peer->load = record->header.reference;
    for (size_t i = 0; i < n && peer->n_leases < LEASES_HELD; i++) {
        uint32_t place = (peer->first_lease + peer->n_leases++) % LEASES_HELD;

        memcpy(&peer->leases[place], (const uint64_t *)record->payload + i,
               sizeof(uint64_t));
    }
    BASE_LIST_EACH(node, &peer->lease_waiters)
    {
        actor_wake(CONTAINER_OF(node, struct actor_lease_wait, node)->actor);
    }
}

static uint64_t lease_take(struct actor_rank *home, int rank)
{
    struct actor_peer *peer = &home->peers[rank];
    uint64_t address = 0;

    if (peer->n_leases) {
        address = peer->leases[peer->first_lease];
        peer->first_lease = (peer->first_lease + 1) % LEASES_HELD;
        peer->n_leases--;
        peer->load++;
    }
    if (peer->n_leases <= LEASES_HELD / 2)
        ask(home, rank);
    return address;
}

static void lease_wait_withdraw(struct actor_wait *wait)
{
    base_list_remove(&CONTAINER_OF(wait, struct actor_lease_wait, wait)->node);
}

uint64_t actor_lease_get(troupe_actor *self, int rank)
{
    uint64_t address;

    while ((address = lease_take(self->home, rank)) == 0) {
        struct actor_lease_wait waiter = {.actor = self,
                                          .wait = {.kind = ACTOR_WAIT_LEASE,
                                                   .address = (uint64_t)rank,
                                                   .withdraw = lease_wait_withdraw}};

        if (!self->process || self->home->is_in_fini)
            return 0;
        base_list_append(&self->home->peers[rank].lease_waiters, &waiter.node);
        actor_park(self, &waiter.wait, TROUPE_FOREVER);
        base_list_remove(&waiter.node);
    }
    return address;
}

void actor_lease_give_back(struct actor_rank *home, int rank, uint64_t address)
{
    struct actor_peer *peer = &home->peers[rank];

    peer->first_lease = (peer->first_lease + LEASES_HELD - 1) % LEASES_HELD;
    peer->leases[peer->first_lease] = address;
    peer->n_leases++;
    peer->load--;
}
