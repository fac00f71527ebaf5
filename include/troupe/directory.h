/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_DIRECTORY_H
#define TROUPE_DIRECTORY_H

/*
 * Names and groups. A name stands for one actor, on this rank (local) or in the whole
 * job (global); a group for any number of actors anywhere. Names resolve to an address,
 * mail goes there directly. A name goes with its actor: who has got the actor's
 * troupe_down never finds the name again. Names have 1 to 63 characters.
 */

#include "troupe/behavior.h"

#ifdef __cplusplus
extern "C" {
#endif

enum troupe_scope { TROUPE_LOCAL, TROUPE_GLOBAL };

/** What came of troupe_register_async() or troupe_whereis_async(). */
struct troupe_name_result {
    troupe_reference reference; /**< which of them */
    troupe_address who;         /**< who has the name, with TROUPE_OK */
    int64_t status;             /**< enum troupe_status */
};
#ifndef __cplusplus
TROUPE_TYPE(troupe_name_result, reference, who, status);
#endif

/**
 * Gives an actor of this rank a name. Of two that register one global name at once
 * exactly one gets it.
 *
 * \call     local; for a global name the rank that keeps it answers
 * \blocks   until the rank that keeps a global name has answered; never for a local one
 * \threads  the runtime's thread
 * \errors   TROUPE_EXISTS    another actor has the name
 *           TROUPE_DOWN      the actor has ended
 *           TROUPE_INVALID   too long, empty, or an actor of another rank
 *           TROUPE_NO_MEMORY no room
 * \aborts   the actor: a handler asks for a global name (use troupe_register_async)
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_register(troupe_actor *self,
                                                         enum troupe_scope scope,
                                                         const char *name,
                                                         troupe_address who);

/**
 * Takes a name back; only the rank of the actor that has it may.
 *
 * \call     local; for a global name the rank that keeps it answers
 * \blocks   until the rank that keeps a global name has answered; never for a local one
 * \threads  the runtime's thread
 * \errors   TROUPE_NOT_FOUND no actor of this rank has it
 *           TROUPE_NO_MEMORY no room to ask; it is taken back all the same
 * \aborts   the actor: a handler asks for a global name
 */
TROUPE_API troupe_status troupe_unregister(troupe_actor *self,
                                           enum troupe_scope scope,
                                           const char *name);

/**
 * Who has the name; waits for somebody to take it, until the deadline.
 *
 * \call     local; for a global name the rank that keeps it answers
 * \blocks   until the name is known or the deadline; with TROUPE_NOW for one answer
 * \threads  the runtime's thread
 * \errors   TROUPE_NOT_FOUND nobody, asked with TROUPE_NOW
 *           TROUPE_TIMEOUT   nobody until the deadline
 *           TROUPE_INVALID   too long or empty
 *           TROUPE_NO_MEMORY no room to ask or to wait
 * \aborts   the actor: a handler asks for a global name (use troupe_whereis_async)
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_whereis(troupe_actor *self,
                                                        enum troupe_scope scope,
                                                        const char *name,
                                                        troupe_deadline deadline,
                                                        troupe_address *who);

/**
 * Registers a global name without waiting; a troupe_name_result with this reference
 * comes.
 *
 * \call     local; the rank that keeps the name answers
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   as troupe_register, those known here
 * \aborts   the actor: it does not accept troupe_name_result
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_register_async(troupe_actor *self,
                      const char *name,
                      troupe_address who,
                      troupe_reference *reference);

/**
 * Looks a global name up without waiting; a troupe_name_result with this reference
 * comes.
 *
 * \call     local; the rank that keeps the name answers
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   as troupe_whereis, those known here
 * \aborts   the actor: it does not accept troupe_name_result
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_whereis_async(troupe_actor *self, const char *name, troupe_reference *reference);

/**
 * The caller joins a group; twice is once. It leaves when it ends.
 *
 * \call     local; other ranks learn of it soon
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   TROUPE_NO_MEMORY no room; TROUPE_INVALID the name
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_join(troupe_actor *self,
                                                     const char *group);

/**
 * The caller leaves a group.
 *
 * \call     local; other ranks learn of it soon
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   TROUPE_NOT_FOUND it is not a member
 */
TROUPE_API troupe_status troupe_leave(troupe_actor *self, const char *group);

/**
 * The members of a group as known here now: at most \p capacity addresses are written.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   none
 * \return   how many there are
 */
TROUPE_API size_t troupe_members(troupe_actor *self,
                                 const char *group,
                                 troupe_address *members,
                                 size_t capacity);

/**
 * Sends to all members known here, one frame per rank. FIFO with the sender's other
 * mail to each; no order between senders. Members that do not accept the type are
 * passed over.
 *
 * \call     local; members may be remote
 * \blocks   until no member known to be full is left, in a process
 * \threads  the runtime's thread
 * \owns     the body is copied, once for all members of this rank if it is large: they
 *           read the same bytes, and who keeps it (troupe_keep) has a copy
 * \errors   TROUPE_NOT_FOUND the group has no member known here
 *           or as troupe_send_bytes; then some members may have got it
 */
TROUPE_API troupe_status troupe_group_send_bytes(troupe_actor *self,
                                                 const char *group,
                                                 const troupe_type *type,
                                                 const void *body,
                                                 size_t size_bytes);

#ifdef __cplusplus
}
#endif
#endif
