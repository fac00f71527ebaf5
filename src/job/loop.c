/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "job/loop.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/compiler.h"
#include "base/require.h"
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * What happens in the world, turned into events: signals, the end of processes, what
 * ranks say, time. Everything comes through one poll; nothing else blocks. The launcher
 * is our child and buried only here, so that its number stays its own until then.
 */

enum { TICK_NS = 250 * 1000 * 1000 }; /* how fine hangs are looked for */
static const int64_t late_word_ns = 2000000000;

/* ---- processes
 * ------------------------------------------------------------------------ */

static int code_of(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* False: there are no children any more. */
static bool bury(struct job_supervisor *supervisor)
{
    for (;;) {
        int status;
        pid_t process = waitpid(-1, &status, WNOHANG);

        if (process < 0)
            return false;
        if (process == 0)
            return true;
        if (process != supervisor->launcher)
            continue;
        supervisor->launcher = 0;
        job_tell(supervisor,
                 &(struct job_event){.kind = JOB_ENDED, .exit_code = code_of(status)});
    }
}

/* Ranks elsewhere may have said something that is still on its way. */
static void look_whether_gone(struct job_supervisor *supervisor, bool has_children)
{
    const struct job_machine *machine = &supervisor->machine;
    struct job_event event = {.kind = JOB_GONE};

    if (machine->state != JOB_CLEAN)
        return;
    if (has_children) {
        job_kill_children();
        return;
    }
    if (job_has_ranks(supervisor) &&
        base_clock_ns() - machine->attempt.ended_ns < late_word_ns)
        return;
    event.is_complete =
        job_watch_is_complete(&supervisor->watch, &event.completed_code);
    job_tell(supervisor, &event);
}

/* ---- hangs
 * ---------------------------------------------------------------------------- */

static void describe_hang(struct job_supervisor *supervisor,
                          const struct job_verdict *verdict)
{
    char *words = supervisor->hang_words;
    size_t capacity = sizeof(supervisor->hang_words);
    double seconds = (double)verdict->since_ns * 1e-9;

    if (verdict->rank < 0)
        snprintf(words, capacity, "all ranks %s, for %.0f s",
                 job_hang_text(verdict->hang), seconds);
    else
        snprintf(words, capacity, "rank %d on %.60s %s for %.0f s", verdict->rank,
                 supervisor->watch.ranks[verdict->rank].host,
                 job_hang_text(verdict->hang), seconds);
}

static void look_for_hang(struct job_supervisor *supervisor)
{
    enum job_state state = supervisor->machine.state;
    struct job_verdict verdict;

    if (state != JOB_LAUNCH && state != JOB_RUN && state != JOB_SAVE)
        return;
    verdict = job_watch_check(&supervisor->watch, supervisor->options->liveness_ns,
                              supervisor->options->progress_ns, base_clock_ns());
    if (verdict.hang == JOB_NO_HANG)
        return;
    describe_hang(supervisor, &verdict);
    job_tell(supervisor, &(struct job_event){.kind = JOB_HANG, .rank = verdict.rank});
}

/* ---- signals and time
 * ----------------------------------------------------------------- */

static const int stop_signals[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};

/* Whoever started us wants us not to hear them: nohup, or a shell that has us run
 * beside it. A signal that is blocked would be read all the same. */
static bool is_kept_from_us(int signal_number)
{
    struct sigaction action;

    return (signal_number == SIGHUP || signal_number == SIGINT) &&
           sigaction(signal_number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

bool job_signals_open(struct job_supervisor *supervisor)
{
    sigset_t all;

    sigemptyset(&all);
    sigaddset(&all, SIGCHLD);
    for (size_t i = 0; i < ARRAY_LENGTH(stop_signals); i++)
        if (!is_kept_from_us(stop_signals[i]))
            sigaddset(&all, stop_signals[i]);
    if (sigprocmask(SIG_BLOCK, &all, NULL) != 0)
        return false;
    supervisor->signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
    supervisor->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    return supervisor->signals >= 0 && supervisor->timer >= 0;
}

static void read_signals(struct job_supervisor *supervisor)
{
    struct signalfd_siginfo info;

    while (read(supervisor->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGCHLD)
            continue; /* children are looked at in every round */
        job_journal_begin(&supervisor->journal, "signal");
        job_journal_number(&supervisor->journal, "number", info.ssi_signo);
        job_journal_end(&supervisor->journal);
        job_tell(supervisor, &(struct job_event){.kind = JOB_STOP,
                                                 .signal_number = (int)info.ssi_signo});
    }
}

static void arm_timer(const struct job_supervisor *supervisor)
{
    int64_t at_ns = base_clock_ns() + TICK_NS;
    struct itimerspec at = {.it_interval = {0, 0}};

    if (supervisor->machine.deadline_ns < at_ns)
        at_ns = supervisor->machine.deadline_ns;
    at.it_value.tv_sec = at_ns / 1000000000;
    at.it_value.tv_nsec = at_ns % 1000000000;
    (void)timerfd_settime(supervisor->timer, TFD_TIMER_ABSTIME, &at, NULL);
}

static void read_timer(const struct job_supervisor *supervisor)
{
    uint64_t n_times;

    (void)!read(supervisor->timer, &n_times, sizeof(n_times));
}

/* ---- the loop
 * ------------------------------------------------------------------------- */

enum { SIGNALS, TIMER, LOCAL, REMOTE, PASSED, N_OWN };

static void fill(const struct job_supervisor *supervisor, struct pollfd *polled)
{
    polled[SIGNALS] = (struct pollfd){supervisor->signals, POLLIN, 0};
    polled[TIMER] = (struct pollfd){supervisor->timer, POLLIN, 0};
    polled[LOCAL] = (struct pollfd){supervisor->local_listener, POLLIN, 0};
    polled[REMOTE] = (struct pollfd){supervisor->remote_listener, POLLIN, 0};
    polled[PASSED] = (struct pollfd){supervisor->passed, POLLIN, 0};
    for (size_t i = 0; i < supervisor->n_links; i++)
        polled[N_OWN + i] =
            (struct pollfd){supervisor->links[i].stream.descriptor, POLLIN, 0};
}

static void turn(struct job_supervisor *supervisor, const struct pollfd *polled)
{
    bool has_children;

    /* Before all that judges: a supervisor that was stopped itself blames nobody. */
    job_links_drain(supervisor);
    if (polled[LOCAL].revents)
        job_link_accept(supervisor, supervisor->local_listener);
    if (polled[REMOTE].revents)
        job_link_accept(supervisor, supervisor->remote_listener);
    if (polled[SIGNALS].revents)
        read_signals(supervisor);
    if (polled[TIMER].revents)
        read_timer(supervisor);
    (void)job_pass_on(supervisor); /* before we say what came of it */
    has_children = bury(supervisor);
    look_whether_gone(supervisor, has_children);
    look_for_hang(supervisor);
    job_tell(supervisor, &(struct job_event){.kind = JOB_TIME});
    job_show_progress(supervisor, base_clock_ns());
}

void job_loop(struct job_supervisor *supervisor)
{
    struct pollfd *polled = NULL;

    job_tell(supervisor, &(struct job_event){.kind = JOB_BEGIN});
    while (supervisor->machine.state != JOB_OVER) {
        size_t n = N_OWN + supervisor->n_links;

        base_free(polled);
        polled = base_new_array(struct pollfd, n);
        fill(supervisor, polled);
        arm_timer(supervisor);
        if (poll(polled, n, -1) > 0)
            turn(supervisor, polled);
    }
    base_free(polled);
}
