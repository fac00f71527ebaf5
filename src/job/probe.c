/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "base/alloc.h"
#include "base/clock.h"
#include "job/hosts.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Does a host answer? Asked in the way the launcher will go. Between attempts, when no
 * process of the job is left, so every child that ends meanwhile is a question.
 */

static const int64_t pause_ns = 20 * 1000 * 1000;

/* The agent may have options: a shell parts them, as the launcher does. */
static pid_t ask(const char *agent, const char *host)
{
    char command[1024];
    pid_t child;

    snprintf(command, sizeof(command), "exec %s %s true", agent, host);
    child = fork();
    if (child == 0) {
        int nothing = open("/dev/null", O_RDWR);
        sigset_t none;

        for (int i = STDIN_FILENO; nothing >= 0 && i <= STDERR_FILENO; i++)
            (void)dup2(nothing, i);
        (void)setpgid(0, 0);
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        sigemptyset(&none);
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    return child;
}

/* Notes what was answered; the number of those that have not. */
static size_t hear(struct job_hosts *hosts, pid_t *asked)
{
    size_t n_left = 0;

    for (size_t i = 0; i < hosts->n_items; i++) {
        int status;

        if (asked[i] <= 0)
            continue;
        if (waitpid(asked[i], &status, WNOHANG) != asked[i]) {
            n_left++;
            continue;
        }
        asked[i] = 0;
        hosts->items[i].is_down = !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    }
    return n_left;
}

static void give_up(struct job_hosts *hosts, const pid_t *asked)
{
    for (size_t i = 0; i < hosts->n_items; i++) {
        if (asked[i] <= 0)
            continue;
        (void)kill(-asked[i], SIGKILL);
        (void)waitpid(asked[i], NULL, 0);
        hosts->items[i].is_down = true;
    }
}

void job_hosts_probe(struct job_hosts *hosts, const char *agent, int64_t limit_ns)
{
    pid_t *asked = base_new_array(pid_t, hosts->n_items);
    int64_t until_ns = base_clock_ns() + limit_ns;

    for (size_t i = 0; i < hosts->n_items; i++)
        if (hosts->items[i].n_blames < JOB_MAX_BLAMES)
            asked[i] = ask(agent, hosts->items[i].name);
    while (hear(hosts, asked) > 0 && base_clock_ns() < until_ns)
        base_clock_sleep_ns(pause_ns);
    give_up(hosts, asked);
    base_free(asked);
}
