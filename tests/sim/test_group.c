/* SPDX-License-Identifier: BSD-3-Clause */
/* seeds: 40 */
#include "actor/actor.h"
#include "support/check_main.h"
#include "support/scene.h"

/*
 * Groups: what is sent to a group comes to each member once, in order with the sender's
 * other mail; a member that ends leaves.
 */

enum { N_RANKS = 6, MEMBERS_A_RANK = 4, N_NOTES = 60 };

struct note {
    int64_t number;
};
TROUPE_TYPE(note, number);
TROUPE_SIGNAL(quit);
struct count {
    int64_t n;
};
TROUPE_TYPE(count, n);

static struct {
    int64_t n_taken, n_members_ready;
} seen;

static troupe_status begin_member(troupe_actor *self, struct count *count)
{
    (void)count;
    EXPECT_OK(troupe_join(self, "choir"));
    EXPECT_OK(troupe_join(self, "choir"));
    return TROUPE_OK;
}

/* By group and by address in turn: one row of numbers. */
static troupe_status
on_note(troupe_actor *self, struct count *count, const struct note *note)
{
    (void)self;
    EXPECT_INT(note->number, count->n);
    count->n++;
    seen.n_taken++;
    return TROUPE_OK;
}

static troupe_status on_quit(troupe_actor *self, struct count *count)
{
    (void)count;
    troupe_exit(self);
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(member,
                count,
                TROUPE_INIT(troupe_no_arguments, begin_member),
                TROUPE_ON(note, on_note),
                TROUPE_ON(quit, on_quit),
                .capacity = 3);

static void wait_for_members(troupe_actor *self, size_t n)
{
    while (troupe_members(self, "choir", NULL, 0) != n)
        troupe_sleep_until(self, troupe_after_s(self, 1e-3));
}

static void send_all(troupe_actor *self, const troupe_address *members, size_t n)
{
    for (int64_t i = 0; i < N_NOTES; i++) {
        if (i % 3 != 2) {
            EXPECT_OK(troupe_group_send(self, "choir", note, .number = i));
            continue;
        }
        for (size_t k = 0; k < n; k++)
            EXPECT_OK(troupe_send(self, members[k], note, .number = i));
    }
}

static troupe_status choir_body(troupe_actor *self)
{
    enum { N = N_RANKS * MEMBERS_A_RANK };
    troupe_address members[N + 1];

    EXPECT_STATUS(troupe_group_send(self, "nobody", quit), TROUPE_NOT_FOUND);
    EXPECT_STATUS(troupe_leave(self, "choir"), TROUPE_NOT_FOUND);
    for (int i = 0; i < MEMBERS_A_RANK; i++)
        EXPECT_OK(troupe_spawn(self, &member, NULL, NULL));
    wait_for_members(self, N);
    EXPECT_OK(troupe_barrier(self, troupe_rank_team(self)));
    if (troupe_rank(self) == 3) {
        EXPECT_INT(troupe_members(self, "choir", members, N + 1), N);
        send_all(self, members, N);
        EXPECT_OK(troupe_send(self, members[5], quit));
    }
    wait_for_members(self, N - 1); /* the one that ended has left */
    return troupe_barrier(self, troupe_rank_team(self));
}
TROUPE_PROCESS(choir_main,
               choir_body,
               TROUPE_SENDS(note, quit),
               TROUPE_SPAWNS(&member));

static void check_choir(void)
{
    EXPECT_INT(seen.n_taken, (int64_t)N_RANKS * MEMBERS_A_RANK * N_NOTES);
}

START_TEST(each_member_once_in_order)
{
    scene_play(&(struct scene){.main = &choir_main,
                               .n_ranks = N_RANKS,
                               .seen = &seen,
                               .seen_bytes = sizeof seen,
                               .check = check_choir});
}
END_TEST

CHECK_MAIN("group", each_member_once_in_order)
