/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FIBER_OVERFLOW_H
#define FIBER_OVERFLOW_H

/*
 * A stack that grows into its guard page ends the process with SIGSEGV, like any other
 * fault. So that it is known whose stack it was, and what to do, a handler says so
 * before the signal takes its course: to who handled it before, or to the default.
 */

#include "fiber/stack.h"

/* Of this thread, which will run the pool's fibers. Sanitizers have handlers of their
 * own: with them nothing is done. */
void fiber_overflow_watch(struct fiber_pool *pool);
void fiber_overflow_forget(struct fiber_pool *pool);

#endif
