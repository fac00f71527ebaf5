/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NUMERIC_ENVIRONMENT_H
#define NUMERIC_ENVIRONMENT_H

/*
 * The floating-point environment of a thread. A library linked with -ffast-math, once
 * loaded, has every thread take subnormals for zeros; somebody may have left another
 * rounding mode. Each task of a kernel runs between enter and leave, in the environment
 * IEEE 754 starts with; enter costs some nanoseconds, so it stands around tasks and not
 * around blocks.
 */

#include <stdbool.h>
#include <stdint.h>

struct numeric_environment {
    uint64_t saved;
};

/* True when it was already as it should be. */
bool numeric_environment_enter(struct numeric_environment *environment);

/* Puts back what enter found, exception flags too. True when nothing between has
 * changed the modes; flags raised do not count. */
bool numeric_environment_leave(const struct numeric_environment *environment);

#endif
