/* SPDX-License-Identifier: BSD-3-Clause */
/* seeds: 5 */
#include "actor/actor.h"
#include "support/check_main.h"
#include "support/scene.h"

/* What handlers do instead of selective receive: put mail aside, become another. */

struct item {
    int64_t number;
};
TROUPE_TYPE(item, number);
struct history {
    int64_t n, number[16];
};
TROUPE_TYPE(history, n, number);
TROUPE_SIGNAL(other);
TROUPE_SIGNAL(unlock);
TROUPE_SIGNAL(lock);
TROUPE_SIGNAL(show);

enum { OTHER = -1, UNLOCK = -2, LOCK = -3 };

static void note(struct history *history, int64_t number)
{
    EXPECT(history->n < 16);
    history->number[history->n++] = number;
}

/* ---- one that is locked and unlocked
 * -------------------------------------------------- */

TROUPE_BEHAVIOR_DECLARE(locked);
TROUPE_BEHAVIOR_DECLARE(unlocked);

static int64_t n_put_aside;

static troupe_status
locked_item(troupe_actor *self, struct history *history, const struct item *item)
{
    EXPECT(history->n >= 0 && item->number >= 0);
    n_put_aside++;
    troupe_defer_message(self);
    return TROUPE_OK;
}

static troupe_status on_other(troupe_actor *self, struct history *history)
{
    EXPECT(troupe_state(self) == history);
    note(history, OTHER);
    return TROUPE_OK;
}

static troupe_status on_unlock(troupe_actor *self, struct history *history)
{
    note(history, UNLOCK);
    troupe_become(self, &unlocked);
    return TROUPE_OK;
}

static troupe_status
unlocked_item(troupe_actor *self, struct history *history, const struct item *item)
{
    EXPECT(troupe_sender(self).bits != 0);
    note(history, item->number);
    return TROUPE_OK;
}

/* Of both, so that it may be sent while it is locked still. */
static troupe_status on_lock(troupe_actor *self, struct history *history)
{
    note(history, LOCK);
    troupe_become(self, &locked);
    return TROUPE_OK;
}

static troupe_status on_show(troupe_actor *self, struct history *history)
{
    return troupe_reply_bytes(self, TROUPE_TYPE_OF(history), history, sizeof *history);
}

TROUPE_BEHAVIOR(locked,
                history,
                TROUPE_ON(item, locked_item),
                TROUPE_ON(other, on_other),
                TROUPE_ON(unlock, on_unlock),
                TROUPE_ON(lock, on_lock),
                TROUPE_ON(show, on_show),
                TROUPE_SPAWNS(&unlocked),
                .capacity = 12);
TROUPE_BEHAVIOR(unlocked,
                history,
                TROUPE_ON(item, unlocked_item),
                TROUPE_ON(lock, on_lock),
                TROUPE_ON(unlock, on_unlock),
                TROUPE_ON(show, on_show),
                .capacity = 12);

static void
expect_history(troupe_actor *self, troupe_address who, const int64_t *wanted, int64_t n)
{
    const struct history *history;

    EXPECT_OK(troupe_call(self, who, history, &history, TROUPE_FOREVER, show));
    for (int64_t i = 0; i < n && i < history->n; i++)
        EXPECT_INT(history->number[i], wanted[i]);
    EXPECT_INT(history->n, n);
}

static troupe_status item_to(troupe_actor *self, troupe_address to, int64_t number)
{
    return troupe_send(self, to, item, .number = number);
}

static troupe_status stash_body(troupe_actor *self)
{
    static const int64_t wanted[] = {OTHER, UNLOCK, 0, 1, 2, 3, LOCK, UNLOCK, 4};
    const troupe_spawn_options where = {.place =
                                            TROUPE_ON_RANK(troupe_n_ranks(self) - 1)};
    troupe_address box;

    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    n_put_aside = 0;
    EXPECT_OK(troupe_spawn(self, &locked, &where, &box));
    EXPECT_OK(item_to(self, box, 0));
    EXPECT_OK(item_to(self, box, 1));
    EXPECT_OK(troupe_send(self, box, other)); /* 0 and 1 come again, aside again */
    EXPECT_OK(item_to(self, box, 2));
    EXPECT_OK(troupe_send(self, box, unlock)); /* now all, first what was aside */
    EXPECT_OK(item_to(self, box, 3));
    EXPECT_OK(troupe_send(self, box, lock));
    EXPECT_OK(item_to(self, box, 4));
    EXPECT_OK(troupe_send(self, box, unlock));
    expect_history(self, box, wanted, sizeof wanted / sizeof wanted[0]);
    EXPECT(n_put_aside >= 4);
    return TROUPE_OK;
}
TROUPE_PROCESS(stash_main,
               stash_body,
               TROUPE_ACCEPTS(history),
               TROUPE_SENDS(item),
               TROUPE_SPAWNS(&locked));

START_TEST(aside_and_back)
{
    scene_play(&(struct scene){.main = &stash_main, .n_ranks = 1});
    scene_play(&(struct scene){.main = &stash_main, .n_ranks = 2});
}
END_TEST

/* `other` waits unread when it becomes one that does not take it: refused, not misread.
 */
static troupe_status strangers_body(troupe_actor *self)
{
    static const int64_t wanted[] = {UNLOCK, 1};
    const troupe_spawn_options where = {.place =
                                            TROUPE_ON_RANK(troupe_n_ranks(self) - 1)};
    const struct troupe_call_failed *failed;
    const struct troupe_refused *refused;
    troupe_reference call;
    troupe_address box;

    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    EXPECT_OK(troupe_spawn(self, &locked, &where, &box));
    EXPECT_OK(troupe_send(self, box, unlock));
    EXPECT_OK(troupe_send(self, box, other));
    EXPECT_OK(item_to(self, box, 1));
    EXPECT_OK(troupe_call_async(self, box, TROUPE_FOREVER, &call, other));
    EXPECT_OK(troupe_receive(self, troupe_call_failed, TROUPE_FOREVER, &failed));
    EXPECT(failed->reference.bits == call.bits);
    EXPECT_INT(failed->status, TROUPE_REFUSED);
    EXPECT_OK(troupe_receive(self, troupe_refused, TROUPE_FOREVER, &refused));
    EXPECT_INT(refused->reason, TROUPE_REFUSAL_TYPE);
    expect_history(self, box, wanted, 2);
    return TROUPE_OK;
}
TROUPE_PROCESS(strangers_main,
               strangers_body,
               TROUPE_ACCEPTS(history, troupe_refused, troupe_call_failed),
               TROUPE_SENDS(item),
               TROUPE_SPAWNS(&locked),
               .capacity = 8);

START_TEST(unread_strangers)
{
    scene_play(&(struct scene){.main = &strangers_main, .n_ranks = 1});
    scene_play(&(struct scene){.main = &strangers_main, .n_ranks = 2});
}
END_TEST

/* What is aside counts towards the capacity, and goes with its actor. */
static troupe_status full_stash_body(troupe_actor *self)
{
    const troupe_spawn_options small = {.capacity = 3, .overflow = TROUPE_REFUSE};
    troupe_address box;
    troupe_reference monitor;
    const struct troupe_down *down;
    const struct history *none;
    troupe_reference call;

    EXPECT_OK(troupe_spawn(self, &locked, &small, &box));
    EXPECT_OK(troupe_monitor(self, box, &monitor));
    for (int64_t i = 0; i < 3; i++) {
        EXPECT_OK(item_to(self, box, i));
        troupe_yield(self);
    }
    EXPECT_STATUS(item_to(self, box, 3), TROUPE_FULL);
    EXPECT_STATUS(troupe_call(self, box, history, &none, TROUPE_FOREVER, show),
                  TROUPE_FULL);
    EXPECT_OK(troupe_stop_actor(self, box, TROUPE_EXIT_KILLED));
    EXPECT_OK(troupe_receive(self, troupe_down, TROUPE_FOREVER, &down));
    EXPECT_INT(troupe_n_dead_letters(self), 3);
    EXPECT_STATUS(troupe_call_async(self, box, TROUPE_FOREVER, &call, show),
                  TROUPE_DOWN);
    return TROUPE_OK;
}
TROUPE_PROCESS(full_stash_main,
               full_stash_body,
               TROUPE_ACCEPTS(history, troupe_down, troupe_call_failed),
               TROUPE_SENDS(item),
               TROUPE_SPAWNS(&locked));

START_TEST(aside_counts)
{
    scene_play(&(struct scene){.main = &full_stash_main, .n_ranks = 1});
}
END_TEST

/* A request put aside is still to be answered, by a call or by the actor's end. */
static troupe_status shy_show(troupe_actor *self, struct history *history)
{
    if (history->n == 0) {
        troupe_defer_message(self);
        return TROUPE_OK;
    }
    return on_show(self, history);
}
TROUPE_BEHAVIOR(
    shy, history, TROUPE_ON(show, shy_show), TROUPE_ON(other, on_other), .capacity = 8);

static troupe_status shy_body(troupe_actor *self)
{
    const troupe_spawn_options where = {.place =
                                            TROUPE_ON_RANK(troupe_n_ranks(self) - 1)};
    const struct troupe_call_failed *failed;
    troupe_address patient, doomed;
    troupe_reference first, second;

    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    EXPECT_OK(troupe_spawn(self, &shy, &where, &patient));
    EXPECT_OK(troupe_spawn(self, &shy, &where, &doomed));
    EXPECT_OK(troupe_call_async(self, patient, TROUPE_FOREVER, &first, show));
    EXPECT_OK(troupe_call_async(self, doomed, TROUPE_FOREVER, &second, show));
    EXPECT_OK(troupe_send(self, patient, other));
    EXPECT_OK(troupe_receive(self, history, TROUPE_FOREVER, NULL));
    EXPECT(troupe_mail_reference(self).bits == first.bits);
    EXPECT_OK(troupe_stop_actor(self, doomed, TROUPE_EXIT_SHUTDOWN));
    EXPECT_OK(troupe_receive(self, troupe_call_failed, TROUPE_FOREVER, &failed));
    EXPECT(failed->reference.bits == second.bits);
    EXPECT_INT(failed->status, TROUPE_DOWN);
    EXPECT_INT(failed->kind, TROUPE_EXIT_SHUTDOWN);
    return TROUPE_OK;
}
TROUPE_PROCESS(shy_main,
               shy_body,
               TROUPE_ACCEPTS(history, troupe_call_failed),
               TROUPE_SPAWNS(&shy),
               .capacity = 8);

START_TEST(requests_aside)
{
    scene_play(&(struct scene){.main = &shy_main, .n_ranks = 1});
    scene_play(&(struct scene){.main = &shy_main, .n_ranks = 2});
}
END_TEST

CHECK_MAIN(
    "actor stash", aside_and_back, unread_strangers, aside_counts, requests_aside)
