/* SPDX-License-Identifier: BSD-3-Clause */
#define _POSIX_C_SOURCE 200809L
#include "support/child.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void require(bool condition, const char *what)
{
    if (condition)
        return;
    perror(what);
    abort();
}

static void read_text(int descriptor, struct child_end *end)
{
    size_t length = 0;
    char overflow[256];
    for (;;) {
        size_t room = sizeof(end->text) - 1 - length;
        ssize_t n = room > 0 ? read(descriptor, end->text + length, room)
                             : read(descriptor, overflow, sizeof(overflow));
        if (n <= 0)
            break;
        length += room > 0 ? (size_t)n : 0;
    }
    end->text[length] = '\0';
}

void child_run(void (*body)(void *argument), void *argument, struct child_end *end)
{
    int ends[2];
    require(pipe(ends) == 0, "pipe");
    fflush(NULL);
    pid_t child = fork();
    require(child >= 0, "fork");
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        body(argument);
        _exit(0);
    }
    close(ends[1]);
    read_text(ends[0], end);
    close(ends[0]);
    int status;
    require(waitpid(child, &status, 0) == child, "waitpid");
    end->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    end->signal_number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}
