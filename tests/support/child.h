/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SUPPORT_CHILD_H
#define SUPPORT_CHILD_H

/* Runs what ends its process, and looks at how it ended and what it said. */

#include <stdbool.h>

struct child_end {
    int exit_code;     /* -1 when a signal ended it */
    int signal_number; /* 0 when it exited */
    char text[8192];   /* its standard error, terminated, cut when longer */
};

/* Returning from `body` is exit code 0. */
void child_run(void (*body)(void *argument), void *argument, struct child_end *end);

#endif
