/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TEST_CHAOS_NAMES_H
#define TEST_CHAOS_NAMES_H

/* Names and groups of the actors of test_chaos.c. */

#include "sim/test_chaos_mail.h"

/* ---- names ---- */

static void name_granted(struct name *name, const struct player *player)
{
    EXPECT(name->holder < 0 || name->holder == id_of(player) || name->is_leaving ||
           world.player[name->holder].is_over);
    name->holder = id_of(player);
    name->is_leaving = false;
}

static void register_global(troupe_actor *self, struct player *player, uint32_t which)
{
    troupe_status status;

    world.has_tried[which][id_of(player)] = true;
    if (player->asked[which].bits)
        return; /* the answer to one of those is on its way */
    if (!self->process || one_in(player, 4)) {
        EXPECT(troupe_register_async(self, global_names[which], troupe_self(self),
                                     &player->asked[which]) == TROUPE_OK);
        return;
    }
    status =
        troupe_register(self, TROUPE_GLOBAL, global_names[which], troupe_self(self));
    EXPECT(status == TROUPE_OK || status == TROUPE_EXISTS);
    if (status == TROUPE_OK)
        name_granted(&world.global[which], player);
}

static void unregister_global(troupe_actor *self, struct player *player, uint32_t which)
{
    struct name *name = &world.global[which];

    if (!self->process || name->holder != id_of(player) || player->asked[which].bits)
        return;
    name->is_leaving = true;
    EXPECT(troupe_unregister(self, TROUPE_GLOBAL, global_names[which]) == TROUPE_OK);
    if (name->holder != id_of(player))
        return;
    name->holder = -1;
    name->is_leaving = false;
}

static void look_up_global(troupe_actor *self, struct player *player, uint32_t which)
{
    troupe_address who = {0};
    troupe_status status;
    const struct player *found;

    if (!self->process) {
        EXPECT(troupe_whereis_async(self, global_names[which], NULL) == TROUPE_OK);
        return;
    }
    status = troupe_whereis(
        self, TROUPE_GLOBAL, global_names[which],
        one_in(player, 2) ? TROUPE_NOW : some_deadline(self, player), &who);
    if (status != TROUPE_OK) {
        EXPECT(status == TROUPE_NOT_FOUND || status == TROUPE_TIMEOUT);
        return;
    }
    found = player_at(who);
    EXPECT(found && world.has_tried[which][id_of(found)]);
    /* Who has got the troupe_down does not find the dead one. */
    EXPECT(world.last[id_of(player)][id_of(found)] != INT32_MAX);
}

static void use_local_name(troupe_actor *self, struct player *player, uint32_t which)
{
    struct name *name = &world.local[troupe_rank(self)][which];
    bool is_held = name->holder >= 0 && !world.player[name->holder].is_over;
    troupe_address who = {0};

    switch (below(player, 3)) {
    case 0:
        EXPECT(troupe_register(self, TROUPE_LOCAL, local_names[which],
                               troupe_self(self)) ==
               (is_held && name->holder != id_of(player) ? TROUPE_EXISTS : TROUPE_OK));
        if (!is_held)
            name->holder = id_of(player);
        break;
    case 1:
        EXPECT(troupe_unregister(self, TROUPE_LOCAL, local_names[which]) ==
               (is_held ? TROUPE_OK : TROUPE_NOT_FOUND));
        name->holder = -1;
        break;
    default:
        EXPECT(troupe_whereis(self, TROUPE_LOCAL, local_names[which], TROUPE_NOW,
                              &who) == (is_held ? TROUPE_OK : TROUPE_NOT_FOUND));
        EXPECT(!is_held || who.bits == world.player[name->holder].address.bits);
    }
}

static void use_name(troupe_actor *self, struct player *player)
{
    uint32_t which = below(player, N_NAMES);

    switch (below(player, 5)) {
    case 0:
        register_global(self, player, which);
        break;
    case 1:
        unregister_global(self, player, which);
        break;
    case 2:
        look_up_global(self, player, which);
        break;
    default:
        use_local_name(self, player, which);
    }
}

/* ---- groups ---- */

/* Of this rank's own actors the picture of a group is exact. */
static void check_members(troupe_actor *self, uint32_t which)
{
    static troupe_address members[MOST_PLAYERS];
    size_t n = troupe_members(self, group_names[which], members, MOST_PLAYERS);
    int n_own = 0;

    for (size_t i = 0; i < n; i++) {
        const struct player *member = player_at(members[i]);

        EXPECT(member && ((member->ever_joined >> which) & 1));
        if (troupe_rank_of(self, members[i]) != troupe_rank(self))
            continue;
        EXPECT(!member->is_over && ((member->joined >> which) & 1));
        n_own++;
    }
    for (int i = 0; i < world.n_players; i++)
        if (troupe_rank_of(self, world.player[i].address) == troupe_rank(self) &&
            !world.player[i].is_over && ((world.player[i].joined >> which) & 1))
            n_own--;
    EXPECT(n_own == 0);
}

static void use_group(troupe_actor *self, struct player *player)
{
    uint32_t which = below(player, N_GROUPS);
    bool is_member = (player->joined >> which) & 1;

    switch (below(player, 6)) {
    case 0:
        if (player->overflow == TROUPE_PARK && player->capacity != TROUPE_UNBOUNDED)
            break; /* others would have to wait */
        EXPECT(troupe_join(self, group_names[which]) == TROUPE_OK);
        player->joined |= 1u << which;
        player->ever_joined |= 1u << which;
        break;
    case 1:
        EXPECT(troupe_leave(self, group_names[which]) ==
               (is_member ? TROUPE_OK : TROUPE_NOT_FOUND));
        player->joined &= ~(1u << which);
        break;
    case 2:
        check_members(self, which);
        break;
    default:
        shout(self, player);
    }
}

#endif
