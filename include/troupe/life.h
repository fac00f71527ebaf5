/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_LIFE_H
#define TROUPE_LIFE_H

/*
 * How actors end, who hears of it, and what goes with them.
 *
 * An actor ends when its function returns (a status other than TROUPE_OK is its
 * reason), when it calls troupe_exit or troupe_fail, at a wrong call of the API, or
 * when somebody stops it. Its deferred clean-ups run last in first out, then fini; its
 * arena, its timers and its unread mail go with it; each monitor gets exactly one
 * troupe_down.
 */

#include "troupe/behavior.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Ends the caller with the reason normal. In a handler it acts when the running
 * function returns, in a process at once.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   none
 */
TROUPE_API void troupe_exit(troupe_actor *self);

/**
 * Ends the caller where it stands, with the reason failed(status, text).
 *
 * C++ frames are not unwound; what has to be undone belongs into troupe_defer().
 *
 * \call     local
 * \blocks   never returns
 * \threads  the runtime's thread
 * \errors   none
 * \aborts   the job: called from a block function, predicate, save or restore
 */
TROUPE_API TROUPE_NORETURN void
troupe_fail(troupe_actor *self, troupe_status status, const char *format, ...)
    TROUPE_PRINTF(3, 4);

/**
 * Asks an actor to end: TROUPE_EXIT_SHUTDOWN or TROUPE_EXIT_KILLED. It does at its next
 * message boundary or waiting call, whatever is unread: the caller's earlier mail has
 * come before, but is not waited for, and becomes dead letters if it was not handled.
 * Running code is never cut off.
 *
 * \call     local; the actor may be remote
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   TROUPE_INVALID   another reason than those two
 *           TROUPE_NO_MEMORY no room for the request
 */
TROUPE_API troupe_status troupe_stop_actor(troupe_actor *self,
                                           troupe_address who,
                                           enum troupe_exit_kind kind);

/**
 * Watches an actor's life: when it ends, or at once if it has ended already, the caller
 * gets exactly one troupe_down with this reference. Mail the actor sent before comes
 * first.
 *
 * \call     local; the actor may be remote
 * \blocks   never
 * \threads  the runtime's thread
 *
 * \param      self    the caller; it must accept troupe_down
 * \param      who     the actor to watch
 * \param[out] monitor names the watch
 *
 * \errors   TROUPE_NO_MEMORY no room to keep it
 * \aborts   the actor: it does not accept troupe_down; \p who is TROUPE_NOBODY
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_monitor(troupe_actor *self,
                                                        troupe_address who,
                                                        troupe_reference *monitor);

/**
 * Ends a watch. No troupe_down of it is delivered afterwards, one that waits is taken
 * out.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   TROUPE_NOT_FOUND it is none of the caller's, or has fired and been read
 */
TROUPE_API troupe_status troupe_demonitor(troupe_actor *self, troupe_reference monitor);

/**
 * Memory that is the actor's and goes with it; zeroed, aligned to 16.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \owns     the actor; there is no free before its end
 * \errors   NULL when there is no memory
 */
TROUPE_API void *troupe_alloc(troupe_actor *self, size_t size_bytes);

/**
 * Has function(argument) called when the actor ends, however it ends; last in, first
 * out.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   TROUPE_NO_MEMORY nothing was registered
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_defer(troupe_actor *self,
                                                      void (*function)(void *argument),
                                                      void *argument);

/**
 * The words for an exit kind, such as "failed".
 *
 * \call     local
 * \blocks   never
 * \threads  any
 * \errors   none
 */
TROUPE_API const char *troupe_exit_kind_text(enum troupe_exit_kind kind);

#ifdef __cplusplus
}
#endif
#endif
