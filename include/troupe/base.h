/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_BASE_H
#define TROUPE_BASE_H

/*
 * What every other header needs: status codes, addresses, deadlines.
 *
 * Whatever the world can spoil (memory, a deadline, a peer that ended) comes back as a
 * troupe_status, which must be looked at. Only where nobody could be told, for mail
 * that has come and for what a waiting actor waits by, the want of memory ends the
 * rank, and it says so. A wrong call (a null pointer, a type that the program does not
 * list) is the caller's mistake: inside an actor it ends that actor with the reason
 * bad_call, elsewhere it ends the job with rank, file, line and reason.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define TROUPE_API      __attribute__((visibility("default")))
#define TROUPE_MUST_USE __attribute__((warn_unused_result))
#define TROUPE_PRINTF(format_index, first_index)                                       \
    __attribute__((format(printf, format_index, first_index)))
#define TROUPE_NORETURN __attribute__((noreturn))
#define TROUPE_UNUSED   __attribute__((unused))
#else
#error "Troupe needs gcc >= 12 or clang >= 14"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** What a call came to. Grouped by what is lost: this call, this object, this job. */
typedef enum troupe_status {
    TROUPE_OK = 0,
    /* This call: try again, later or otherwise. */
    TROUPE_TIMEOUT,   /**< the deadline passed */
    TROUPE_FULL,      /**< no room (mailbox, reserve, leases); nothing was sent */
    TROUPE_NOT_FOUND, /**< no such name, rank, timer or entry */
    TROUPE_EXISTS,    /**< the name is taken */
    TROUPE_INVALID,   /**< an argument is out of range */
    TROUPE_NO_MEMORY, /**< no memory for what the user sized */
    TROUPE_REFUSED,   /**< the receiver does not accept this type */
    TROUPE_PENDING,   /**< started, not done yet */
    /* This object: it will not work again. */
    TROUPE_DOWN,      /**< the actor has ended */
    TROUPE_PEER_GONE, /**< a member of the team ended or failed */
    TROUPE_MISMATCH,  /**< members of a team disagree on operation or shape */
    TROUPE_CLOSED,    /**< closed or ended */
    TROUPE_FAILED,    /**< the user's own reason; the text says more */
    /* This job: only a restart helps. */
    TROUPE_IO,       /**< a file or device failed */
    TROUPE_SCHEMA,   /**< ranks disagree on a message type */
    TROUPE_DEADLOCK, /**< somebody is blocked and nothing is on its way */
    TROUPE_N_STATUS
} troupe_status;

/** A rank's runtime. Incomplete: reached through an actor or troupe_start(). */
typedef struct troupe troupe;

/** An actor, as seen from inside. Valid only while one of its functions runs. */
typedef struct troupe_actor troupe_actor;

/**
 * Where mail goes: slot 20 bits, index 22, generation 22. Zero is nobody.
 *
 * A value like any other: it may be compared, kept, printed and sent in messages.
 */
typedef struct troupe_address {
    uint64_t bits;
} troupe_address;

/** Names one outstanding thing: a call, a monitor, a timer. Zero is none. */
typedef struct troupe_reference {
    uint64_t bits;
} troupe_reference;

/** A point of the runtime's clock in nanoseconds; absolute, so that it can be passed
 * on. */
typedef struct troupe_deadline {
    int64_t at_ns;
} troupe_deadline;

#define TROUPE_NOW     ((troupe_deadline){0})         /**< do not wait */
#define TROUPE_FOREVER ((troupe_deadline){INT64_MAX}) /**< wait without end */
#define TROUPE_NOBODY  ((troupe_address){0})

/** Leaves the function with the status of \p call unless that is TROUPE_OK. */
#define TROUPE_TRY(call)                                                               \
    do {                                                                               \
        troupe_status troupe_try_status_ = (call);                                     \
        if (troupe_try_status_ != TROUPE_OK)                                           \
            return troupe_try_status_;                                                 \
    } while (0)

/**
 * The words for a status, such as "the deadline passed".
 *
 * \call     local
 * \blocks   never
 * \threads  any
 * \errors   none; an unknown value gives "unknown status"
 */
TROUPE_API const char *troupe_status_text(troupe_status status);

/**
 * The name of a status, such as "TROUPE_TIMEOUT".
 *
 * \call     local
 * \blocks   never
 * \threads  any
 * \errors   none; an unknown value gives "TROUPE_?"
 */
TROUPE_API const char *troupe_status_name(troupe_status status);

/**
 * The library's version, such as "0.1.0".
 *
 * \call     local
 * \blocks   never
 * \threads  any
 * \errors   none
 */
TROUPE_API const char *troupe_version(void);

#ifdef __cplusplus
}
#endif
#endif
