/* SPDX-License-Identifier: BSD-3-Clause */
#include "job/machine.h"
#include "base/compiler.h"
#include <signal.h>
#include <string.h>

/*
 * The table of states and events. What stands nowhere in it changes nothing: a late
 * frame of a rank that is being killed, a second signal. A row's function may look at
 * the machine, and returns what is to be done.
 */

typedef unsigned
job_row_fn(struct job_machine *machine, const struct job_event *event, int64_t now_ns);

static unsigned
enter(struct job_machine *machine, enum job_state state, int64_t deadline_ns)
{
    machine->state = state;
    machine->deadline_ns = deadline_ns;
    return 0;
}

static unsigned finish(struct job_machine *machine, int exit_code, const char *why)
{
    machine->exit_code = exit_code;
    machine->why = why;
    enter(machine, JOB_OVER, INT64_MAX);
    return JOB_DO_FINISH;
}

/* ---- before an attempt
 * ---------------------------------------------------------------- */

static unsigned
begin(struct job_machine *machine, const struct job_event *event, int64_t now_ns)
{
    (void)event;
    (void)now_ns;
    enter(machine, JOB_SELECT, INT64_MAX);
    return JOB_DO_SELECT;
}

static unsigned
launch(struct job_machine *machine, const struct job_event *event, int64_t now_ns)
{
    machine->attempt = (struct job_attempt){.base_epoch = event->epoch,
                                            .last_epoch = event->epoch,
                                            .began_ns = now_ns,
                                            .rank = -1};
    machine->is_settled = false;
    machine->n_kills = 0;
    machine->n_attempts++;
    machine->ended = (struct job_event){.kind = JOB_ENDED};
    enter(machine, JOB_LAUNCH, now_ns + machine->rules.launch_ns);
    return JOB_DO_LAUNCH;
}

static unsigned nothing_to_select(struct job_machine *machine,
                                  const struct job_event *event,
                                  int64_t now_ns)
{
    if (!event->may_pass || machine->n_attempts == 0 ||
        !job_may_select_again(machine, now_ns))
        return finish(machine, event->exit_code, event->why);
    return enter(machine, JOB_BACKOFF, now_ns + job_delay_ns(machine));
}

static unsigned
not_launched(struct job_machine *machine, const struct job_event *event, int64_t now_ns)
{
    (void)event;
    (void)now_ns;
    return finish(machine, JOB_EXIT_NEVER, "the launcher cannot be started");
}

static unsigned
stop_between(struct job_machine *machine, const struct job_event *event, int64_t now_ns)
{
    bool can_go_on = machine->rules.has_store && event->signal_number != SIGINT &&
                     machine->attempt.last_epoch > 0;

    (void)now_ns;
    machine->stop_signal = event->signal_number;
    if (can_go_on)
        return finish(machine, JOB_EXIT_AGAIN, "stopped; a checkpoint is there");
    return finish(machine, 128 + event->signal_number, "stopped");
}

/* ---- an attempt
 * ----------------------------------------------------------------------- */

static void settle(struct job_machine *machine, enum job_cause cause, int rank)
{
    if (machine->is_settled)
        return;
    machine->is_settled = true;
    machine->attempt.cause = cause;
    if (rank >= 0)
        machine->attempt.rank = rank;
}

static unsigned terminate(struct job_machine *machine, int64_t now_ns)
{
    enter(machine, JOB_TERM, now_ns + machine->rules.term_ns);
    return JOB_DO_TERM;
}

static unsigned
all_here(struct job_machine *machine, const struct job_event *event, int64_t now_ns)
{
    (void)event;
    machine->attempt.here_ns = now_ns;
    return enter(machine, JOB_RUN,
                 machine->attempt.rank >= 0 ? machine->deadline_ns : INT64_MAX);
}

/* The launcher most often sees it as well, and then ends within milliseconds. */
static unsigned
rank_lost(struct job_machine *machine, const struct job_event *event, int64_t now_ns)
{
    if (machine->attempt.rank >= 0)
        return 0;
    machine->attempt.rank = event->rank;
    if (machine->deadline_ns > now_ns + machine->rules.lost_ns)
        machine->deadline_ns = now_ns + machine->rules.lost_ns;
    return 0;
}

static unsigned
late(struct job_machine *machine, const struct job_event *event, int64_t now_ns)
{
    (void)event;
    settle(machine, machine->attempt.rank >= 0 ? JOB_LOST : JOB_SILENT, -1);
    return terminate(machine, now_ns);
}

static unsigned
hang(struct job_machine *machine, const struct job_event *event, int64_t now_ns)
{
    settle(machine, JOB_HUNG, event->rank);
    enter(machine, JOB_DUMP, now_ns + machine->rules.dump_ns);
    return JOB_DO_ASK_DUMPS;
}

static unsigned
dumped(struct job_machine *machine, const struct job_event *event, int64_t now_ns)
{
    (void)event;
    return terminate(machine, now_ns);
}

static unsigned
published(struct job_machine *machine, const struct job_event *event, int64_t now_ns)
{
    (void)now_ns;
    if (event->epoch > machine->attempt.last_epoch)
        machine->attempt.last_epoch = event->epoch;
    return 0;
}

static unsigned
ended(struct job_machine *machine, const struct job_event *event, int64_t now_ns)
{
    machine->ended = *event;
    machine->attempt.exit_code = event->exit_code;
    machine->attempt.ended_ns = now_ns;
    enter(machine, JOB_CLEAN, now_ns + machine->rules.clean_ns);
    return JOB_DO_CLEAN;
}

/* ---- asked to stop
 * -------------------------------------------------------------------- */

static unsigned stop_now(struct job_machine *machine, int64_t now_ns)
{
    settle(machine, JOB_STOPPED, -1);
    return terminate(machine, now_ns);
}

static unsigned
stop_running(struct job_machine *machine, const struct job_event *event, int64_t now_ns)
{
    machine->stop_signal = event->signal_number;
    if (event->signal_number == SIGINT || !machine->rules.has_store ||
        machine->attempt.rank >= 0)
        return stop_now(machine, now_ns);
    enter(machine, JOB_SAVE, now_ns + machine->rules.save_ns);
    return JOB_DO_ASK_SAVE;
}

/* No rank is through its start, or someone presses twice. */
static unsigned
stop_at_once(struct job_machine *machine, const struct job_event *event, int64_t now_ns)
{
    machine->stop_signal = event->signal_number;
    return stop_now(machine, now_ns);
}

/* It is ending anyhow: only do not begin another. */
static unsigned
stop_ending(struct job_machine *machine, const struct job_event *event, int64_t now_ns)
{
    (void)now_ns;
    machine->stop_signal = event->signal_number;
    return 0;
}

static unsigned
saved(struct job_machine *machine, const struct job_event *event, int64_t now_ns)
{
    published(machine, event, now_ns);
    /* One that was on its way when we asked is not the last word. */
    return event->is_asked_for ? stop_now(machine, now_ns) : 0;
}

static unsigned
not_saved(struct job_machine *machine, const struct job_event *event, int64_t now_ns)
{
    (void)event;
    return stop_now(machine, now_ns);
}

/* ---- the end of an attempt
 * ------------------------------------------------------------ */

static unsigned
kill_again(struct job_machine *machine, const struct job_event *event, int64_t now_ns)
{
    (void)event;
    /* Without the launcher's word there is no next attempt. */
    if (++machine->n_kills > JOB_MAX_KILLS) {
        machine->attempt.ended_ns = now_ns;
        return JOB_DO_RECORD | finish(machine, JOB_EXIT_GAVE_UP,
                                      "processes of the job cannot be killed");
    }
    enter(machine, JOB_KILL, now_ns + machine->rules.kill_ns);
    return JOB_DO_KILL;
}

static unsigned
clean_again(struct job_machine *machine, const struct job_event *event, int64_t now_ns)
{
    (void)event;
    if (++machine->n_kills > JOB_MAX_KILLS)
        return JOB_DO_RECORD | finish(machine, JOB_EXIT_GAVE_UP,
                                      "processes of the job cannot be killed");
    machine->deadline_ns = now_ns + machine->rules.clean_ns;
    return JOB_DO_CLEAN;
}

static unsigned finish_stopped(struct job_machine *machine)
{
    int signal_number = machine->stop_signal;

    if (signal_number != SIGINT && machine->rules.has_store &&
        machine->attempt.last_epoch > 0)
        return finish(machine, JOB_EXIT_AGAIN, "stopped; a checkpoint is there");
    return finish(machine, 128 + signal_number, "stopped");
}

/* Every process is gone: how did it end, and what now? */
static unsigned
gone(struct job_machine *machine, const struct job_event *event, int64_t now_ns)
{
    machine->ended.is_complete = event->is_complete;
    machine->ended.completed_code = event->completed_code;
    if (!machine->is_settled)
        machine->attempt.cause = job_classify(&machine->ended);
    if (machine->attempt.cause == JOB_DONE)
        return JOB_DO_RECORD | finish(machine, JOB_EXIT_DONE, "completed");
    if (machine->stop_signal && machine->attempt.cause != JOB_REFUSED)
        return JOB_DO_RECORD | finish_stopped(machine);
    if (!job_may_restart(machine, now_ns))
        return JOB_DO_RECORD | finish(machine, machine->exit_code, machine->why);
    enter(machine, JOB_BACKOFF, now_ns + job_delay_ns(machine));
    return JOB_DO_RECORD;
}

/* ---- the table
 * ------------------------------------------------------------------------ */

static job_row_fn *const table[JOB_N_STATES][JOB_N_EVENTS] = {
    [JOB_START] = {[JOB_BEGIN] = begin, [JOB_STOP] = stop_between},
    [JOB_SELECT] = {[JOB_SELECTED] = launch,
                    [JOB_UNSELECTABLE] = nothing_to_select,
                    [JOB_STOP] = stop_between},
    [JOB_LAUNCH] = {[JOB_NOT_LAUNCHED] = not_launched,
                    [JOB_ALL_HERE] = all_here,
                    [JOB_RANK_LOST] = rank_lost,
                    [JOB_HANG] = hang,
                    [JOB_PUBLISHED] = published,
                    [JOB_ENDED] = ended,
                    [JOB_STOP] = stop_at_once,
                    [JOB_TIME] = late},
    [JOB_RUN] = {[JOB_RANK_LOST] = rank_lost,
                 [JOB_HANG] = hang,
                 [JOB_PUBLISHED] = published,
                 [JOB_ENDED] = ended,
                 [JOB_STOP] = stop_running,
                 [JOB_TIME] = late},
    [JOB_SAVE] = {[JOB_RANK_LOST] = rank_lost,
                  [JOB_HANG] = not_saved,
                  [JOB_PUBLISHED] = saved,
                  [JOB_CANNOT_SAVE] = not_saved,
                  [JOB_ENDED] = ended,
                  [JOB_STOP] = stop_at_once,
                  [JOB_TIME] = not_saved},
    [JOB_DUMP] = {[JOB_DUMPED] = dumped,
                  [JOB_PUBLISHED] = published,
                  [JOB_ENDED] = ended,
                  [JOB_STOP] = stop_ending,
                  [JOB_TIME] = dumped},
    [JOB_TERM] = {[JOB_PUBLISHED] = published,
                  [JOB_ENDED] = ended,
                  [JOB_STOP] = stop_ending,
                  [JOB_TIME] = kill_again},
    [JOB_KILL] = {[JOB_PUBLISHED] = published,
                  [JOB_ENDED] = ended,
                  [JOB_STOP] = stop_ending,
                  [JOB_TIME] = kill_again},
    [JOB_CLEAN] = {[JOB_PUBLISHED] = published,
                   [JOB_GONE] = gone,
                   [JOB_STOP] = stop_ending,
                   [JOB_TIME] = clean_again},
    [JOB_BACKOFF] = {[JOB_STOP] = stop_between, [JOB_TIME] = begin},
};

void job_machine_init(struct job_machine *machine,
                      const struct job_rules *rules,
                      uint64_t seed)
{
    memset(machine, 0, sizeof(*machine));
    machine->rules = *rules;
    machine->deadline_ns = INT64_MAX;
    machine->random.state = seed;
    machine->why = "";
}

unsigned job_machine_step(struct job_machine *machine,
                          const struct job_event *event,
                          int64_t now_ns)
{
    job_row_fn *row = table[machine->state][event->kind];

    if (event->kind == JOB_TIME && now_ns < machine->deadline_ns)
        return 0;
    return row ? row(machine, event, now_ns) : 0;
}

/* ---- words
 * ---------------------------------------------------------------------------- */

const char *job_state_text(enum job_state state)
{
    static const char *const texts[JOB_N_STATES] = {
        [JOB_START] = "starts",    [JOB_SELECT] = "selects", [JOB_LAUNCH] = "launches",
        [JOB_RUN] = "runs",        [JOB_SAVE] = "saves",     [JOB_DUMP] = "hangs",
        [JOB_TERM] = "terminates", [JOB_KILL] = "kills",     [JOB_CLEAN] = "cleans",
        [JOB_BACKOFF] = "waits",   [JOB_OVER] = "over",
    };

    return texts[state];
}

const char *job_cause_text(enum job_cause cause)
{
    static const char *const texts[JOB_N_CAUSES] = {
        [JOB_CAUSE_NONE] = "not known",     [JOB_DONE] = "completed",
        [JOB_CRASHED] = "crashed",          [JOB_LOST] = "rank lost",
        [JOB_SILENT] = "did not start",     [JOB_HUNG] = "hung",
        [JOB_UNFINISHED] = "not completed", [JOB_STOPPED] = "stopped",
        [JOB_REFUSED] = "refused",          [JOB_BAD_CHECKPOINT] = "bad checkpoint",
        [JOB_REQUEUED] = "asks for later",
    };

    return texts[cause];
}
