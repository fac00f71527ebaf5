/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "job/supervisor.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/require.h"
#include "job/remains.h"
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

/* Does what the machine asks for. */

static const int64_t probe_limit_ns = 10000000000;
static const int64_t mute_ns = 1500000000; /* who is silent so long is not waited for */

/* ---- selecting
 * ------------------------------------------------------------------------ */

static void tell_skipped(void *context,
                         const struct store_entry *entry,
                         const struct store_problem *problem)
{
    struct job_supervisor *supervisor = context;

    job_say(supervisor, "checkpoint %" PRIu64 ".%" PRIu32 " is passed over: %s: %s",
            entry->epoch, entry->attempt, problem->path, problem->text);
    job_journal_begin(&supervisor->journal, "passed over");
    job_journal_number(&supervisor->journal, "epoch", (int64_t)entry->epoch);
    job_journal_text(&supervisor->journal, "why", problem->text);
    job_journal_end(&supervisor->journal);
}

void job_hosts_look(struct job_supervisor *supervisor)
{
    const char *agent = supervisor->options->agent;
    char command[JOB_REMAINS_BYTES];

    job_remains_command(supervisor->mpi_job, supervisor->folders.temporary.path,
                        command);
    job_hosts_probe(&supervisor->hosts, agent ? agent : "ssh", command, probe_limit_ns);
    supervisor->mpi_job = 0;
}

/* After a failure: whose host answers still? */
static void look_at_hosts(struct job_supervisor *supervisor)
{
    if (supervisor->hosts.n_items == 0 || supervisor->n_records == 0)
        return;
    job_hosts_look(supervisor);
    for (size_t i = 0; i < supervisor->hosts.n_items; i++) {
        const struct job_host *host = &supervisor->hosts.items[i];

        if (job_host_is_in(host))
            continue;
        job_say(supervisor, "host %s is left out: %s", host->name,
                host->is_down ? "it does not answer" : "ranks there failed twice");
        job_journal_begin(&supervisor->journal, "host left out");
        job_journal_text(&supervisor->journal, "host", host->name);
        job_journal_end(&supervisor->journal);
    }
}

uint32_t job_ranks_wanted(const struct job_supervisor *supervisor)
{
    const struct job_options *options = supervisor->options;

    if (options->n_ranks)
        return options->n_ranks;
    return supervisor->hosts.n_items
               ? job_hosts_planned(&supervisor->hosts, options->n_spare)
               : 1;
}

/* How many ranks there is room for. False: too few. */
static bool choose_ranks(struct job_supervisor *supervisor)
{
    const struct job_options *options = supervisor->options;
    uint32_t room = job_hosts_room(&supervisor->hosts);
    uint32_t n_wanted = job_ranks_wanted(supervisor);

    supervisor->n_ranks = n_wanted;
    if (supervisor->hosts.n_items == 0)
        return true;
    if (room < n_wanted)
        supervisor->n_ranks = room;
    job_hosts_print(&supervisor->hosts, supervisor->n_ranks, supervisor->host_words,
                    sizeof(supervisor->host_words));
    return room >= n_wanted || (options->min_ranks && room >= options->min_ranks);
}

static void refuse_to_select(struct job_supervisor *supervisor)
{
    const struct job_choice *choice = &supervisor->choice;
    const char *why = choice->may_pass ? "the checkpoint folder cannot be used"
                      : supervisor->machine.ceiling_epoch
                          ? "no older checkpoint is left"
                          : "no checkpoint can be used";

    job_say(supervisor, "%s", choice->why);
    job_journal_begin(&supervisor->journal, "not selected");
    job_journal_text(&supervisor->journal, "why", choice->why);
    job_journal_end(&supervisor->journal);
    job_tell(supervisor, &(struct job_event){.kind = JOB_UNSELECTABLE,
                                             .exit_code = choice->exit_code,
                                             .may_pass = choice->may_pass,
                                             .why = why});
}

static void do_select(struct job_supervisor *supervisor)
{
    struct job_choice *choice = &supervisor->choice;

    look_at_hosts(supervisor);
    if (!choose_ranks(supervisor)) {
        job_tell(supervisor, &(struct job_event){.kind = JOB_UNSELECTABLE,
                                                 .exit_code = JOB_EXIT_AGAIN,
                                                 .why = "too few hosts are left"});
        return;
    }
    if (supervisor->options->checkpoint)
        job_claim(&supervisor->store, supervisor->from,
                  supervisor->machine.ceiling_epoch, choice, tell_skipped, supervisor);
    else
        *choice = (struct job_choice){.attempt = supervisor->machine.n_attempts + 1};
    snprintf(supervisor->from, sizeof(supervisor->from), "newest");
    if (choice->exit_code) {
        refuse_to_select(supervisor);
        return;
    }
    job_tell(supervisor,
             &(struct job_event){.kind = JOB_SELECTED, .epoch = choice->epoch});
}

/* ---- launching
 * ------------------------------------------------------------------------ */

static bool is_asked_to_go_on(const struct job_supervisor *supervisor)
{
    const struct job_options *options = supervisor->options;

    return options->checkpoint && options->from && strcmp(options->from, "newest") == 0;
}

static void say_launched(struct job_supervisor *supervisor)
{
    const struct job_choice *choice = &supervisor->choice;
    struct job_journal *journal = &supervisor->journal;

    job_journal_begin(journal, "launched");
    job_journal_number(journal, "attempt", choice->attempt);
    job_journal_number(journal, "from_epoch", (int64_t)choice->epoch);
    job_journal_number(journal, "ranks", supervisor->n_ranks);
    job_journal_number(journal, "process", supervisor->launcher);
    job_journal_end(journal);
    if (choice->epoch)
        job_say(supervisor, "attempt %" PRIu32 " goes on from checkpoint %" PRIu64,
                choice->attempt, choice->epoch);
    else if (supervisor->n_records == 0 && is_asked_to_go_on(supervisor))
        job_say(supervisor, "no checkpoint in %s: the job begins at its start",
                supervisor->store.path);
    else if (supervisor->n_records > 0)
        job_say(supervisor, "attempt %" PRIu32 " begins anew", choice->attempt);
}

static void do_launch(struct job_supervisor *supervisor)
{
    pid_t launcher = -1;

    job_watch_reset(&supervisor->watch, supervisor->n_ranks);
    supervisor->hang_words[0] = '\0';
    supervisor->told_messages = 0;
    supervisor->n_wishes = 0;
    job_token_renew(supervisor);
    job_environment_set(supervisor);
    if (job_folders_renew(&supervisor->folders))
        launcher = job_launch(supervisor);
    if (launcher < 0) {
        job_say(supervisor, "cannot start %s: %s", supervisor->options->launcher,
                strerror(errno));
        job_tell(supervisor, &(struct job_event){.kind = JOB_NOT_LAUNCHED});
        return;
    }
    supervisor->launcher = launcher;
    say_launched(supervisor);
}

/* ---- ending
 * --------------------------------------------------------------------------- */

/* Also the launcher: it may have stopped listening. */
static void do_kill(struct job_supervisor *supervisor)
{
    if (supervisor->launcher > 0)
        (void)kill(-supervisor->launcher, SIGKILL);
    job_kill_children();
}

static void say_who_is_mute(struct job_supervisor *supervisor)
{
    const struct job_watch *watch = &supervisor->watch;

    if (supervisor->machine.attempt.cause != JOB_HUNG)
        return;
    for (uint32_t i = 0; i < watch->n_ranks; i++)
        if (watch->ranks[i].is_here && !watch->ranks[i].has_dumped)
            job_say(supervisor,
                    "rank %" PRIu32 " on %s (process %" PRIu32
                    ") does not answer: it is "
                    "stopped, or its host is gone",
                    i, watch->ranks[i].host, watch->ranks[i].process_id);
}

static void do_term(struct job_supervisor *supervisor)
{
    say_who_is_mute(supervisor);
    if (supervisor->launcher > 0)
        (void)kill(supervisor->launcher, SIGTERM);
}

/* An attempt that a rank brought down counts against its host. */
static void blame_host(struct job_supervisor *supervisor)
{
    const struct job_attempt *attempt = &supervisor->machine.attempt;

    if (attempt->rank >= 0 &&
        (attempt->cause == JOB_CRASHED || attempt->cause == JOB_LOST ||
         attempt->cause == JOB_HUNG))
        (void)job_hosts_blame(&supervisor->hosts,
                              supervisor->watch.ranks[attempt->rank].host);
}

/* Here at once; elsewhere when the hosts are looked at. */
static void remove_remains(struct job_supervisor *supervisor)
{
    uint32_t mpi_job = job_remains_take(supervisor->folders.temporary.path);

    job_remains_remove(mpi_job);
    if (supervisor->machine.attempt.cause != JOB_DONE)
        supervisor->mpi_job = mpi_job;
}

static void do_record(struct job_supervisor *supervisor)
{
    job_record(supervisor);
    remove_remains(supervisor);
    blame_host(supervisor);
    job_commands_answer(supervisor, JOB_EXIT_AGAIN, "the attempt has ended meanwhile");
    job_links_close(supervisor);
    (void)job_folders_renew(&supervisor->folders);
}

static void do_ask_save(struct job_supervisor *supervisor)
{
    job_say(supervisor, "asked to stop: a checkpoint first");
    supervisor->stop_wish = job_checkpoint_wish(supervisor);
}

static void do_ask_dumps(struct job_supervisor *supervisor)
{
    int64_t liveness_ns = supervisor->options->liveness_ns;

    job_say(supervisor, "the job hangs: %s", supervisor->hang_words);
    if (liveness_ns == 0 || liveness_ns > mute_ns)
        liveness_ns = mute_ns;
    job_watch_await(&supervisor->watch, base_clock_ns() - liveness_ns + 1);
    job_links_send(supervisor, CONTROL_DUMP, -1);
}

/* ---- telling
 * -------------------------------------------------------------------------- */

void job_tell(struct job_supervisor *supervisor, const struct job_event *event)
{
    enum job_state before = supervisor->machine.state;
    unsigned acts = job_machine_step(&supervisor->machine, event, base_clock_ns());

    if (before == JOB_LAUNCH && supervisor->machine.state == JOB_RUN) {
        job_journal_begin(&supervisor->journal, "runs");
        job_journal_number(&supervisor->journal, "attempt", supervisor->choice.attempt);
        job_journal_end(&supervisor->journal);
    }
    if (acts & JOB_DO_RECORD)
        do_record(supervisor);
    if (acts & JOB_DO_ASK_SAVE)
        do_ask_save(supervisor);
    if (acts & JOB_DO_ASK_DUMPS)
        do_ask_dumps(supervisor);
    if (acts & JOB_DO_TERM)
        do_term(supervisor);
    if (acts & (JOB_DO_KILL | JOB_DO_CLEAN))
        do_kill(supervisor);
    if (acts & JOB_DO_SELECT)
        do_select(supervisor);
    if (acts & JOB_DO_LAUNCH)
        do_launch(supervisor);
}
