/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BASE_REQUIRE_H
#define BASE_REQUIRE_H

/*
 * Two checks that are not the same. base_require: the program that uses us is wrong, or
 * the world left us nothing to go on with; always on, ends the rank with rank, file,
 * line and reason. base_assert: we are wrong; only in builds with TROUPE_ASSERT.
 */

#include "base/compiler.h"
#include "troupe/base.h"

/* What a rank ends with; `troupe run` tells from it whether another try may help. */
enum base_exit {
    BASE_EXIT_OK = 0,
    BASE_EXIT_FAILED = 1,      /* a rank's process failed */
    BASE_EXIT_GAVE_UP = 70,    /* the root supervisor gave up */
    BASE_EXIT_DEADLOCK = 71,   /* never tried again */
    BASE_EXIT_CHECKPOINT = 75, /* saved; run me again */
    BASE_EXIT_MISUSE = 78      /* a wrong call or schema; never tried again */
};

#define base_require(condition, ...)                                                   \
    do {                                                                               \
        if (UNLIKELY(!(condition)))                                                    \
            base_die(__FILE__, __LINE__, __VA_ARGS__);                                 \
    } while (0)

/* The same where memory is what is missing, which another try may find. */
#define base_require_memory(condition, ...)                                            \
    do {                                                                               \
        if (UNLIKELY(!(condition)))                                                    \
            base_die_with(BASE_EXIT_FAILED, __FILE__, __LINE__, __VA_ARGS__);          \
    } while (0)

#ifdef TROUPE_ASSERT
#define base_assert(condition)                                                         \
    do {                                                                               \
        if (UNLIKELY(!(condition)))                                                    \
            base_die_with(BASE_EXIT_FAILED, __FILE__, __LINE__,                        \
                          "our own fault: %s does not hold", #condition);              \
    } while (0)
#else
#define base_assert(condition) ((void)sizeof(!!(condition)))
#endif

/*
 * Prints "troupe[R] fatal: FILE:LINE: text" (one write) and ends the rank through the
 * hook with BASE_EXIT_MISUSE, or with an exit code of one's own.
 */
TROUPE_NORETURN void base_die(const char *file, int line, const char *format, ...)
    TROUPE_PRINTF(3, 4);
TROUPE_NORETURN void
base_die_with(int exit_code, const char *file, int line, const char *format, ...)
    TROUPE_PRINTF(4, 5);

/*
 * Who ends a rank, and what it is called. The one process-wide setting of the library:
 * comm sets it to MPI_Abort when it opens MPI, sim to the driver of its ranks. Without
 * a hook the process aborts. `rank` is asked for at the time of death; below 0 means
 * none. `end` must not return. Set it while there is one thread; NULL takes it away.
 */
struct base_death {
    void (*end)(void *context, int exit_code);
    int (*rank)(void *context);
    void *context;
};
void base_death_set(const struct base_death *death);

/* Ends the rank with `exit_code` through the hook, without a message. */
TROUPE_NORETURN void base_end(int exit_code);

#endif
