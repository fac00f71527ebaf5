/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_PROGRAM_H
#define TROUPE_PROGRAM_H

/*
 * What a program consists of, and what its exit code says. The job ends when all rank
 * processes have returned, nobody is blocked and nothing is on its way.
 */

#include "troupe/behavior.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A program; a constant, the same on every rank. Lists end with NULL. */
typedef struct troupe_program {
    const troupe_behavior *main; /**< every rank's process */
    const troupe_behavior *const
        *behaviors;                  /**< TROUPE_LIST(&worker, ...): all it spawns */
    const troupe_type *const *types; /**< further types, if no behavior names them */
} troupe_program;

/** Of an application. 71 and 78 are not worth another try. */
enum troupe_exit_code {
    TROUPE_EXIT_OK = 0,
    TROUPE_EXIT_RANK_FAILED = 1,   /**< a rank process failed */
    TROUPE_EXIT_ROOT_GAVE_UP = 70, /**< the root supervisor gave up */
    TROUPE_EXIT_DEADLOCK = 71,     /**< somebody waits and nothing is on its way */
    TROUPE_EXIT_CHECKPOINTED = 75, /**< run me again */
    TROUPE_EXIT_MISUSE = 78        /**< a wrong call, options, or ranks that differ */
};

#ifdef __cplusplus
}
#endif
#endif
