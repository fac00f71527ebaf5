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

/** Exit codes of an application (not of an actor: enum troupe_exit_kind). 71 and 78 are
 * not worth another try. */
enum troupe_exit_code {
    TROUPE_CODE_OK = 0,
    TROUPE_CODE_RANK_FAILED = 1,   /**< a rank process failed */
    TROUPE_CODE_ROOT_GAVE_UP = 70, /**< the root supervisor gave up */
    TROUPE_CODE_DEADLOCK = 71,     /**< somebody waits and nothing is on its way */
    TROUPE_CODE_CHECKPOINTED = 75, /**< run me again */
    TROUPE_CODE_MISUSE =
        78 /**< a wrong call, options, ranks that differ, other types saved */
};

#ifdef __cplusplus
}
#endif
#endif
