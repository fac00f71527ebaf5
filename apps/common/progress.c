/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "progress.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BAR_WIDTH   24
#define INTERVAL_NS INT64_C(100000000)
#define LOG_NS      INT64_C(30000000000)
/* A rate over less time is none. */
#define SETTLED_NS INT64_C(200000000)

/* mpirun takes our standard error through a pipe and starts local ranks itself. */
static bool parent_is_on_terminal(void)
{
    char path[48];
    snprintf(path, sizeof path, "/proc/%ld/fd/2", (long)getppid());
    int fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool is_terminal = isatty(fd);
    close(fd);
    return is_terminal;
}

static void say(const struct progress *progress, const char *text)
{
    fprintf(stderr, progress->is_log ? "%s\n" : "\r%s\033[K", text);
    fflush(stderr);
}

static int64_t interval_of(const struct progress *progress)
{
    return progress->is_log ? LOG_NS : INTERVAL_NS;
}

void progress_start(struct progress *progress,
                    const char *what,
                    uint64_t n_items,
                    int64_t now_ns)
{
    const char *wanted = getenv("TROUPE_PROGRESS");
    bool is_forced = wanted && strcmp(wanted, "1") == 0;
    *progress = (struct progress){
        .on = !wanted || strcmp(wanted, "0") != 0,
        .is_log = !is_forced && !isatty(STDERR_FILENO) && !parent_is_on_terminal(),
        .what = what,
        .unit = "B",
        .n_items = n_items,
        .begin_ns = now_ns,
    };
    /* What is done at once shows nothing. */
    progress->next_ns = now_ns + interval_of(progress);
}

static void draw(const struct progress *progress, uint64_t n_done, int64_t now_ns)
{
    double part = progress->n_items ? (double)n_done / (double)progress->n_items : 1;
    if (part > 1)
        part = 1;
    char bar[BAR_WIDTH + 1];
    int filled = (int)(part * BAR_WIDTH);
    memset(bar, '#', (size_t)filled);
    memset(bar + filled, '.', (size_t)(BAR_WIDTH - filled));
    bar[BAR_WIDTH] = '\0';

    double seconds = (double)(now_ns - progress->begin_ns) * 1e-9;
    char rate[48] = "";
    if (now_ns - progress->begin_ns >= SETTLED_NS && n_done > 0) {
        long left_s = (long)(seconds * (1 - part) / part + 0.5);
        snprintf(rate, sizeof rate, "  %.0f M%s/s  %ld:%02ld left",
                 (double)n_done / seconds * 1e-6, progress->unit, left_s / 60,
                 left_s % 60);
    }
    char text[200];
    snprintf(text, sizeof text, "%s%s%s%s %3d %%  %.0f of %.0f M%s%s", progress->what,
             progress->is_log ? ":" : " [", progress->is_log ? "" : bar,
             progress->is_log ? "" : "]", (int)(part * 100), (double)n_done * 1e-6,
             (double)progress->n_items * 1e-6, progress->unit, rate);
    say(progress, text);
}

/* Is it time for another line? */
static bool is_due(struct progress *progress, int64_t now_ns)
{
    if (!progress->on || now_ns < progress->next_ns)
        return false;
    progress->next_ns = now_ns + interval_of(progress);
    progress->shown = !progress->is_log;
    return true;
}

void progress_say(struct progress *progress, const char *text, int64_t now_ns)
{
    if (is_due(progress, now_ns))
        say(progress, text);
}

void progress_hurry(struct progress *progress)
{
    if (!progress->is_log)
        progress->next_ns = progress->begin_ns;
}

void progress_show(struct progress *progress, uint64_t n_done, int64_t now_ns)
{
    if (is_due(progress, now_ns))
        draw(progress, n_done, now_ns);
}

void progress_hide(struct progress *progress)
{
    if (!progress->shown)
        return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    progress->shown = false;
}
