/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_PROGRESS_H
#define COMMON_PROGRESS_H

/*
 * A progress bar with rate and time left in one line of standard error, erased at the
 * end. It shows itself where a person looks on, that is on a terminal; also below
 * mpirun, where standard error is a pipe that ends on mpirun's terminal.
 * TROUPE_PROGRESS=0 switches it off, 1 on. The caller gives the time, so that it may be
 * simulated time.
 */

#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool on;
    bool shown;
    const char *what;
    const char
        *unit; /* millions of what: "B", or " keys"; may be set after the start */
    uint64_t n_items; /* when it is done */
    int64_t begin_ns;
    int64_t next_ns; /* when it may be drawn again */
};

/* Is somebody looking on? */
bool progress_wanted(void);

void progress_start(struct progress *progress,
                    const char *what,
                    uint64_t n_items,
                    int64_t now_ns);

/* Draws, ten times a second at most. */
void progress_show(struct progress *progress, uint64_t n_done, int64_t now_ns);

/* Shows a line of the caller's own instead of the bar, as often. */
void progress_say(struct progress *progress, const char *text, int64_t now_ns);

/* Erases the line, so that something else can be printed; it comes again. */
void progress_hide(struct progress *progress);

#endif
