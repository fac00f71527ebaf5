/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_SYSTEM_H
#define TROUPE_SYSTEM_H

/*
 * Messages that the runtime itself sends. They reach an actor only if its behavior
 * lists them like any other type: TROUPE_ON(troupe_down, on_down). None of them counts
 * towards the mailbox's capacity, and none is lost, but troupe_refused at a full
 * mailbox.
 */

#include "troupe/message.h"

/** Room for a reason in words: up to 160 characters, always terminated. */
#define TROUPE_TEXT_BYTES 164

/** How an actor's life ended. */
enum troupe_exit_kind {
    TROUPE_EXIT_NORMAL = 0, /**< it returned TROUPE_OK, or called troupe_exit() */
    TROUPE_EXIT_SHUTDOWN,   /**< by its supervisor, or at the end of the job */
    TROUPE_EXIT_KILLED,     /**< troupe_stop_actor() told it to */
    TROUPE_EXIT_FAILED,     /**< an error was returned, or troupe_fail() */
    TROUPE_EXIT_BAD_CALL,   /**< a wrong call of the API; the text has file and line */
    TROUPE_EXIT_TYPE_ERROR, /**< mail that its behavior cannot take */
    TROUPE_EXIT_NO_ACTOR    /**< there was none at that address */
};

/** Why a message did not arrive. */
enum troupe_refusal {
    TROUPE_REFUSAL_TYPE = 1, /**< the behavior does not list the type */
    TROUPE_REFUSAL_FULL,     /**< the mailbox is full and refuses */
    TROUPE_REFUSAL_NO_ACTOR, /**< nobody has this address (any more) */
    TROUPE_REFUSAL_MOVED,    /**< the actor goes on under another address */
    TROUPE_REFUSAL_MALFORMED /**< the bytes are no value of the type */
};

/** A monitored actor's life is over. Exactly one for each life watched. */
struct troupe_down {
    troupe_address who;
    troupe_reference monitor; /**< what troupe_monitor() gave */
    uint32_t incarnation;     /**< which of its lives */
    enum troupe_exit_kind kind;
    troupe_status status; /**< what it returned or failed with */
    char text[TROUPE_TEXT_BYTES];
};

/** A linked actor's life is over; comes only with the flag TROUPE_TRAP_EXIT. */
struct troupe_exited {
    troupe_address who;
    uint32_t incarnation;
    enum troupe_exit_kind kind;
    troupe_status status;
    char text[TROUPE_TEXT_BYTES];
};

/** A message that this actor sent was not taken. */
struct troupe_refused {
    troupe_address to;
    uint64_t type_hash;
    enum troupe_refusal reason;
    uint32_t incarnation; /**< of the receiver, where it has one */
    char type_name[64];   /**< cut if longer */
};

/** There will be no reply to a troupe_call_async(). */
struct troupe_call_failed {
    troupe_reference reference; /**< which call */
    troupe_status status;       /**< TROUPE_TIMEOUT, TROUPE_DOWN, ... */
    enum troupe_exit_kind kind; /**< how it ended, with TROUPE_DOWN */
};

#ifndef __cplusplus
TROUPE_TYPE(troupe_down, who, monitor, incarnation, kind, status, text);
TROUPE_TYPE(troupe_exited, who, incarnation, kind, status, text);
TROUPE_TYPE(troupe_refused, to, type_hash, reason, incarnation, type_name);
TROUPE_TYPE(troupe_call_failed, reference, status, kind);

/** Asks the actor to end in its own time: to return, or to call troupe_exit(). */
TROUPE_SIGNAL(troupe_shutdown);
#endif

#endif
