/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_PROGRESS_H
#define COMMON_PROGRESS_H

/*
 * How far a program is, on standard error. Where a person looks on, that is on a
 * terminal, a bar with rate and time left in one line that is erased at the end; also
 * below mpirun, where standard error is a pipe that ends on mpirun's terminal.
 * Elsewhere, as in a log, a line each half minute. TROUPE_PROGRESS=0 switches both off,
 * 1 wants the bar in any case. The caller gives the time, so that it may be simulated
 * time.
 */

#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool on;
    bool is_log; /* lines, not a bar */
    bool shown;  /* something is to be erased */
    const char *what;
    const char
        *unit; /* millions of what: "B", or " keys"; may be set after the start */
    uint64_t n_items; /* when it is done */
    int64_t begin_ns;
    int64_t next_ns; /* when it may be drawn again */
};

void progress_start(struct progress *progress,
                    const char *what,
                    uint64_t n_items,
                    int64_t now_ns);

/* Draws, ten times a second at most; in a log two times a minute. */
void progress_show(struct progress *progress, uint64_t n_done, int64_t now_ns);

/* Shows a line of the caller's own instead of the bar, as often. */
void progress_say(struct progress *progress, const char *text, int64_t now_ns);

/* What is said next is shown at once; in a log it waits like all. */
void progress_hurry(struct progress *progress);

/* Erases the line, so that something else can be printed; it comes again. */
void progress_hide(struct progress *progress);

#endif
