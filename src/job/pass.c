/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "job/supervisor.h"
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * On a terminal the line of progress and what the job says would stand in one another's
 * way: so what the job says there goes through the supervisor, which takes its line
 * away first. Where it goes elsewhere, or there is no such line, the job has it for
 * itself.
 */

enum { PIECE_BYTES = 16 << 10, MOST_PIECES = 16 };

static bool is_same_terminal(int descriptor)
{
    struct stat here, there;

    return isatty(descriptor) && fstat(descriptor, &here) == 0 &&
           fstat(STDERR_FILENO, &there) == 0 && here.st_rdev == there.st_rdev;
}

void job_pass_open(struct job_supervisor *supervisor)
{
    int ends[2];

    supervisor->passed = supervisor->passing = -1;
    if (!supervisor->is_terminal)
        return;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        supervisor->is_terminal = false; /* without progress, then */
        return;
    }
    supervisor->passed = ends[0];
    supervisor->passing = ends[1];
    (void)fcntl(supervisor->passed, F_SETFL, O_NONBLOCK);
}

void job_pass_take(const struct job_supervisor *supervisor)
{
    if (supervisor->passing < 0)
        return;
    if (is_same_terminal(STDOUT_FILENO))
        (void)dup2(supervisor->passing, STDOUT_FILENO);
    (void)dup2(supervisor->passing, STDERR_FILENO);
}

/* Not for ever at a time: hangs are looked for in between. */
bool job_pass_on(struct job_supervisor *supervisor)
{
    char piece[PIECE_BYTES];

    for (int i = 0; supervisor->passed >= 0 && i < MOST_PIECES; i++) {
        ssize_t n = read(supervisor->passed, piece, sizeof(piece));

        if (n <= 0)
            return false;
        job_line_clear(supervisor);
        (void)fwrite(piece, 1, (size_t)n, stderr);
        supervisor->is_mid_line = piece[n - 1] != '\n';
    }
    return supervisor->passed >= 0;
}

void job_pass_close(struct job_supervisor *supervisor)
{
    while (job_pass_on(supervisor))
        continue;
    if (supervisor->passed >= 0) {
        close(supervisor->passed);
        close(supervisor->passing);
    }
    supervisor->passed = supervisor->passing = -1;
}

/* One less than there is: after the last column some terminals have wrapped already. */
int job_terminal_columns(void)
{
    struct winsize size;

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return 79;
    return size.ws_col - 1;
}
