/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_OWNED_H
#define TROUPE_OWNED_H

/*
 * Messages that an actor owns: made here and filled in place, or kept out of what was
 * received. Sending one hands it over, without a copy on the same rank; who has passed
 * a message on has lost it, and the pointer is NULL then. What is still owned when the
 * actor ends is freed. A state names one it holds on to by a troupe_held, which may
 * stand in a registered state where a pointer may not.
 */

#include "troupe/behavior.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Makes a message to be filled in place and sent without a copy. Its fixed part
 * is cleared and the field that counts the tail set; the tail itself is not cleared.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \owns     the caller, until sent or released; freed with the actor at the latest
 * \errors   TROUPE_NO_MEMORY no room; TROUPE_INVALID the size overflows
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_message_create(troupe_actor *self,
                      const troupe_type *type,
                      size_t n_tail,
                      troupe_message **message);

/**
 * The body of an owned message.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   none
 */
TROUPE_API void *troupe_message_body(troupe_message *message);

/**
 * Sends an owned message: the receiver has it now, the caller's pointer becomes NULL.
 *
 * \call     local; the receiver may be remote
 * \blocks   until the receiver's mailbox has room, in a process; never in a handler
 * \threads  the runtime's thread
 * \owns     on success the receiver; on error the caller, as before
 * \errors   as troupe_send_bytes
 */
TROUPE_API troupe_status troupe_send_message(troupe_actor *self,
                                             troupe_address to,
                                             troupe_message **message);

/**
 * Makes the message last received or being handled the caller's own.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \owns     the caller, until sent or released; freed with the actor at the latest
 * \errors   TROUPE_NOT_FOUND there is none; TROUPE_NO_MEMORY no room for a copy
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_keep(troupe_actor *self,
                                                     troupe_message **message);

/**
 * Frees an owned message; NULL is allowed.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   none
 */
TROUPE_API void troupe_release(troupe_actor *self, troupe_message **message);

/**
 * Puts an owned message into the actor's keeping under a name that its state can hold.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \owns     still the caller; its pointer becomes NULL
 * \errors   zero when \p message is NULL
 */
TROUPE_API troupe_held troupe_hold(troupe_actor *self, troupe_message **message);

/**
 * The body of a held message; lent until it is taken out again or the actor ends.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   NULL when the actor holds none of this name
 */
TROUPE_API void *troupe_held_body(troupe_actor *self, troupe_held held);

/**
 * Takes a held message out of keeping, to send or release it; the name is used up.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \owns     the caller
 * \errors   TROUPE_NOT_FOUND the actor holds none of this name
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_unhold(troupe_actor *self,
                                                       troupe_held held,
                                                       troupe_message **message);

#ifdef __cplusplus
}
#endif
#endif
