/* SPDX-License-Identifier: BSD-3-Clause */
/* seeds: 20 */
#include "actor/actor.h"
#include "support/check_main.h"
#include "support/scene.h"
#include <string.h>

/* Monitors: exactly one troupe_down each, after the mail that was sent before it. */

struct note {
    int64_t number;
};
TROUPE_TYPE(note, number);
struct many {
    double values[3000];
};
TROUPE_TYPE(many, values);
struct plan {
    int64_t n_notes;
    troupe_address reader;
};
TROUPE_TYPE(plan, n_notes, reader);
TROUPE_SIGNAL(stop);

enum { N_NOTES = 10 };

static troupe_spawn_options elsewhere(const troupe_actor *self)
{
    return (troupe_spawn_options){.place = TROUPE_ON_RANK(troupe_n_ranks(self) - 1)};
}

static void play(const troupe_behavior *main)
{
    for (int n_ranks = 1; n_ranks <= 3; n_ranks++)
        scene_play(&(struct scene){.main = main, .n_ranks = n_ranks});
}

static void expect_down(troupe_actor *self,
                        troupe_reference monitor,
                        troupe_address who,
                        enum troupe_exit_kind kind)
{
    const struct troupe_down *down;

    EXPECT_OK(troupe_receive(self, troupe_down, TROUPE_FOREVER, &down));
    EXPECT(down->monitor.bits == monitor.bits);
    EXPECT(troupe_mail_reference(self).bits == monitor.bits);
    EXPECT(down->who.bits == who.bits && troupe_sender(self).bits == who.bits);
    EXPECT_INT(down->kind, kind);
}

static void expect_silence(troupe_actor *self)
{
    EXPECT_STATUS(troupe_receive(self, troupe_down, troupe_after_s(self, 0.05), NULL),
                  TROUPE_TIMEOUT);
}

/* ---- the mail before
 * ----------------------------------------------------------------------- */

/* Notes of all sizes, and the end right behind them. */
static troupe_status writer_body(troupe_actor *self)
{
    const struct plan *plan = troupe_arguments(self, plan);
    static const struct many many;

    for (int64_t i = 0; i < plan->n_notes; i++) {
        if (i % 3 == 2)
            EXPECT_OK(troupe_send_value(self, plan->reader, many, &many));
        else
            EXPECT_OK(troupe_send(self, plan->reader, note, .number = i));
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(writer, writer_body, TROUPE_ARGUMENTS(plan), TROUPE_SENDS(note, many));

static troupe_status on_plan(troupe_actor *self, const struct plan *plan)
{
    for (int64_t i = 0; i < plan->n_notes; i++)
        EXPECT_OK(troupe_send(self, plan->reader, note, .number = i));
    troupe_exit(self);
    return TROUPE_OK;
}

static troupe_status on_stop(troupe_actor *self)
{
    troupe_exit(self);
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(handler_writer,
                troupe_no_state,
                TROUPE_INIT(plan, on_plan),
                TROUPE_ON(stop, on_stop),
                TROUPE_SENDS(note));

/* Room for one: the handler's notes wait in its reserve when it ends. */
static troupe_status before_body(troupe_actor *self)
{
    const troupe_behavior *const writers[] = {&writer, &handler_writer};

    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    for (int w = 0; w < 2; w++) {
        troupe_reference monitor;
        troupe_spawn_options options = elsewhere(self);
        const struct plan plan = {.n_notes = N_NOTES, .reader = troupe_self(self)};
        troupe_address who;
        troupe_mail mail;

        options.arguments = &plan;
        options.arguments_type = TROUPE_TYPE_OF(plan);
        options.monitor = &monitor;
        EXPECT_OK(troupe_spawn(self, writers[w], &options, &who));
        for (int64_t i = 0; i < N_NOTES; i++) {
            EXPECT_OK(troupe_receive_any(self, TROUPE_FOREVER, &mail));
            if (troupe_as(&mail, note))
                EXPECT_INT(troupe_as(&mail, note)->number, i);
            else
                EXPECT(i % 3 == 2 && troupe_as(&mail, many));
        }
        expect_down(self, monitor, who, TROUPE_EXIT_NORMAL);
        expect_silence(self);
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(before,
               before_body,
               TROUPE_ACCEPTS(note, many, troupe_down),
               TROUPE_SPAWNS(&writer, &handler_writer),
               .capacity = 1);

START_TEST(after_the_mail)
{
    play(&before);
}
END_TEST

/* ---- many, none, and those that are dead
 * ------------------------------------------------------ */

static troupe_status on_idle(troupe_actor *self)
{
    troupe_exit(self);
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(idle, troupe_no_state, TROUPE_ON(stop, on_idle));

static void watch_the_dead(troupe_actor *self, troupe_address dead)
{
    troupe_address nowhere = {troupe_self(self).bits + (77ULL << 22)};
    troupe_reference monitor;

    EXPECT_OK(troupe_monitor(self, dead, &monitor));
    expect_down(self, monitor, dead, TROUPE_EXIT_NO_ACTOR);
    EXPECT_OK(troupe_monitor(self, nowhere, &monitor));
    expect_down(self, monitor, nowhere, TROUPE_EXIT_NO_ACTOR);
}

static troupe_status many_body(troupe_actor *self)
{
    troupe_spawn_options where = elsewhere(self);
    troupe_reference monitor[4];
    troupe_address who;

    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    EXPECT_OK(troupe_spawn(self, &idle, &where, &who));
    for (int i = 0; i < 4; i++)
        EXPECT_OK(troupe_monitor(self, who, &monitor[i]));
    EXPECT_OK(troupe_demonitor(self, monitor[1]));
    EXPECT_STATUS(troupe_demonitor(self, monitor[1]), TROUPE_NOT_FOUND);
    EXPECT_OK(troupe_send(self, who, stop));
    expect_down(self, monitor[0], who, TROUPE_EXIT_NORMAL);
    troupe_sleep_until(self, troupe_after_s(self, 0.1));
    EXPECT_INT(troupe_n_waiting(self), 2);
    EXPECT_OK(troupe_demonitor(self, monitor[2])); /* which waits unread */
    EXPECT_INT(troupe_n_waiting(self), 1);
    expect_down(self, monitor[3], who, TROUPE_EXIT_NORMAL);
    EXPECT_STATUS(troupe_demonitor(self, monitor[3]), TROUPE_NOT_FOUND);
    EXPECT_STATUS(troupe_demonitor(self, (troupe_reference){0}), TROUPE_NOT_FOUND);
    expect_silence(self);
    watch_the_dead(self, who);
    expect_silence(self);
    return TROUPE_OK;
}
TROUPE_PROCESS(many_main, many_body, TROUPE_ACCEPTS(troupe_down), TROUPE_SPAWNS(&idle));

START_TEST(exactly_one)
{
    play(&many_main);
}
END_TEST

/* ---- rank processes, oneself, watchers that end
 * -------------------------------------------------- */

static troupe_status short_watcher_body(troupe_actor *self)
{
    troupe_reference monitor;

    EXPECT_OK(troupe_monitor(self, troupe_arguments(self, plan)->reader, &monitor));
    EXPECT_OK(troupe_monitor(self, troupe_self(self), &monitor));
    return TROUPE_OK; /* nobody hears of either */
}
TROUPE_PROCESS(short_watcher,
               short_watcher_body,
               TROUPE_ARGUMENTS(plan),
               TROUPE_ACCEPTS(troupe_down));

static troupe_status ranks_body(troupe_actor *self)
{
    int n_ranks = troupe_n_ranks(self);
    troupe_reference monitor;
    troupe_address other = troupe_rank_process(self, n_ranks - 1), watcher;
    const struct plan plan = {.reader = troupe_self(self)};
    troupe_spawn_options options = elsewhere(self);

    options.arguments = &plan;
    options.arguments_type = TROUPE_TYPE_OF(plan);
    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    EXPECT_OK(troupe_spawn(self, &short_watcher, &options, &watcher));
    EXPECT_OK(troupe_monitor(self, watcher, &monitor));
    expect_down(self, monitor, watcher, TROUPE_EXIT_NORMAL);
    if (n_ranks > 1) {
        const struct troupe_down *down;

        EXPECT_OK(troupe_monitor(self, other, &monitor));
        EXPECT_OK(troupe_receive(self, troupe_down, TROUPE_FOREVER, &down));
        EXPECT(down->who.bits == other.bits);
        EXPECT(down->kind == TROUPE_EXIT_NORMAL || down->kind == TROUPE_EXIT_NO_ACTOR);
    }
    EXPECT_OK(troupe_monitor(self, troupe_self(self), &monitor));
    expect_silence(self);
    return TROUPE_OK;
}
TROUPE_PROCESS(ranks,
               ranks_body,
               TROUPE_ACCEPTS(troupe_down),
               TROUPE_SPAWNS(&short_watcher));

START_TEST(rank_processes)
{
    play(&ranks);
}
END_TEST

/* ---- stopping from elsewhere
 * ------------------------------------------------------------------------ */

/* The stop comes behind the caller's own mail, and as soon as the receiver waits. */
static troupe_status stopping_body(troupe_actor *self)
{
    troupe_spawn_options where = elsewhere(self);
    troupe_reference monitor;
    troupe_address who;

    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    where.monitor = &monitor;
    for (enum troupe_exit_kind kind = TROUPE_EXIT_SHUTDOWN; kind <= TROUPE_EXIT_KILLED;
         kind++) {
        EXPECT_OK(troupe_spawn(self, &idle, &where, &who));
        EXPECT_OK(troupe_stop_actor(self, who, kind)); /* it may not have begun */
        EXPECT_OK(
            troupe_stop_actor(self, who, TROUPE_EXIT_KILLED)); /* the first wins */
        expect_down(self, monitor, who, kind);
    }
    EXPECT_STATUS(troupe_stop_actor(self, who, TROUPE_EXIT_NORMAL), TROUPE_INVALID);
    EXPECT_STATUS(troupe_stop_actor(self, who, TROUPE_EXIT_FAILED), TROUPE_INVALID);
    EXPECT_OK(troupe_stop_actor(self, who, TROUPE_EXIT_KILLED)); /* dead */
    EXPECT_OK(troupe_stop_actor(self, TROUPE_NOBODY, TROUPE_EXIT_KILLED));
    expect_silence(self);
    return TROUPE_OK;
}
TROUPE_PROCESS(stopping,
               stopping_body,
               TROUPE_ACCEPTS(troupe_down),
               TROUPE_SPAWNS(&idle));

START_TEST(stopped)
{
    play(&stopping);
}
END_TEST

/* ---- what it ended with
 * ------------------------------------------------------------------------ */

enum { OWN_STATUS = 1000 }; /* a program's own number, and no status of Troupe's */

static troupe_status on_plan_to_return(troupe_actor *self, const struct plan *plan)
{
    (void)self;
    return (troupe_status)plan->n_notes;
}
TROUPE_BEHAVIOR(returns_it,
                troupe_no_state,
                TROUPE_INIT(plan, on_plan_to_return),
                TROUPE_ON(stop, on_idle));

static troupe_status fail_body(troupe_actor *self)
{
    const struct plan *plan = troupe_arguments(self, plan);

    troupe_fail(self, (troupe_status)plan->n_notes, "%s", "as it was told");
}
TROUPE_PROCESS(fails_with_it, fail_body, TROUPE_ARGUMENTS(plan));

static troupe_status any_status_body(troupe_actor *self)
{
    const troupe_behavior *const who[] = {&returns_it, &fails_with_it};
    const int64_t with[] = {TROUPE_NO_MEMORY, OWN_STATUS, -1};

    for (int i = 0; troupe_rank(self) == 0 && i < 6; i++) {
        const struct plan plan = {.n_notes = with[i / 2]};
        troupe_spawn_options options = elsewhere(self);
        const struct troupe_down *down;
        troupe_reference monitor;

        options.arguments = &plan;
        options.arguments_type = TROUPE_TYPE_OF(plan);
        options.monitor = &monitor;
        EXPECT_OK(troupe_spawn(self, who[i % 2], &options, NULL));
        EXPECT_OK(troupe_receive(self, troupe_down, TROUPE_FOREVER, &down));
        EXPECT_INT(down->kind, TROUPE_EXIT_FAILED);
        EXPECT(down->status == (troupe_status)plan.n_notes);
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(any_status,
               any_status_body,
               TROUPE_ACCEPTS(troupe_down),
               TROUPE_SPAWNS(&returns_it, &fails_with_it));

START_TEST(whatever_it_returned)
{
    play(&any_status);
}
END_TEST

CHECK_MAIN("actor monitor",
           after_the_mail,
           exactly_one,
           rank_processes,
           stopped,
           whatever_it_returned)
