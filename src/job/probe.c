/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "base/alloc.h"
#include "base/clock.h"
#include "job/hosts.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <netinet/in.h>
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

/* ---- is it this one?
 * ---------------------------------------------------------------------- */

static bool is_own_interface(struct in_addr address)
{
    struct ifaddrs *all;
    bool is_own = false;

    if (getifaddrs(&all) != 0)
        return false;
    for (const struct ifaddrs *one = all; one && !is_own; one = one->ifa_next) {
        struct sockaddr_in name;

        if (!one->ifa_addr || one->ifa_addr->sa_family != AF_INET)
            continue;
        memcpy(&name, one->ifa_addr, sizeof(name));
        is_own = name.sin_addr.s_addr == address.s_addr;
    }
    freeifaddrs(all);
    return is_own;
}

/* Names are not looked up: that may take long, when a network has just failed. */
bool job_host_is_local(const struct job_host *host)
{
    char own[256] = "";
    struct in_addr address;

    if (inet_pton(AF_INET, host->name, &address) == 1)
        return ntohl(address.s_addr) >> 24 == IN_LOOPBACKNET ||
               is_own_interface(address);
    (void)gethostname(own, sizeof(own) - 1);
    return strcmp(host->name, "localhost") == 0 || job_host_is_called(host, own);
}

bool job_hosts_are_local(const struct job_hosts *hosts)
{
    for (size_t i = 0; i < hosts->n_items; i++)
        if (!job_host_is_local(&hosts->items[i]))
            return false;
    return true;
}

/* ---- asking
 * ------------------------------------------------------------------------------- */

/* The agent may have options: a shell parts them, as the launcher does. */
static pid_t ask(const char *agent, const char *host, const char *command)
{
    char words[1024];
    pid_t child;

    snprintf(words, sizeof(words), "exec %s \"$@\"", agent);
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
        execl("/bin/sh", "sh", "-c", words, "sh", host, command, (char *)NULL);
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

void job_hosts_probe(struct job_hosts *hosts,
                     const char *agent,
                     const char *command,
                     int64_t limit_ns)
{
    pid_t *asked = base_new_array(pid_t, hosts->n_items);
    int64_t until_ns = base_clock_ns() + limit_ns;

    for (size_t i = 0; i < hosts->n_items; i++) {
        struct job_host *host = &hosts->items[i];

        /* The launcher starts what is to run here without an agent. */
        if (job_host_is_local(host))
            host->is_down = false;
        else if (host->n_blames < JOB_MAX_BLAMES || !host->is_down)
            asked[i] = ask(agent, host->name, command);
    }
    while (hear(hosts, asked) > 0 && base_clock_ns() < until_ns)
        base_clock_sleep_ns(pause_ns);
    give_up(hosts, asked);
    base_free(asked);
}
