/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_EXCHANGE_H
#define TROUPE_EXCHANGE_H

/*
 * The collective of teams in which each member says what it sends to whom and what it
 * gets from whom. The rules of team.h hold, and the window of 16 operations.
 */

#include "troupe/team.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes for a member, perhaps the caller itself. */
typedef struct troupe_outgoing {
    int peer;
    const void *data;
    size_t size_bytes;
} troupe_outgoing;

/** Room for the bytes of a member. */
typedef struct troupe_incoming {
    int peer;
    void *data;
    size_t size_bytes;
} troupe_incoming;

/** All that one member sends and gets, each peer at most once in either list. */
typedef struct troupe_exchange_lists {
    const troupe_outgoing *sends; /**< n_sends of them; read by the start only */
    int n_sends;
    const troupe_incoming *receives; /**< n_receives of them; likewise */
    int n_receives;
} troupe_exchange_lists;

/**
 * Starts an exchange; troupe_exchange() also waits. Both sides know the size of what
 * passes between them; zero bytes are as good as no entry. Members may have empty
 * lists. A member waits for those from whom it gets something, and until more than
 * 16 KiB for one member have come there. That it is done with less, and its own buffers
 * are free again, does not say that others have theirs.
 *
 * \call     collective over the team
 * \blocks   until the slowest member is less than 16 operations behind
 * \threads  the runtime's thread
 * \owns     what is sent and got is lent until the wait
 * \errors   TROUPE_NO_MEMORY nothing was started; TROUPE_INVALID no such peer, one
 * twice, or 4 TiB and more for one. At the wait: TROUPE_MISMATCH sizes differ, or only
 * one side has the other in its list; TROUPE_PEER_GONE a member ended before it was
 * done
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_exchange_start(troupe_actor *self,
                      troupe_team *team,
                      const troupe_exchange_lists *lists,
                      troupe_operation *operation);

/** Sends and gets what the lists say. */
static inline TROUPE_MUST_USE troupe_status troupe_exchange(
    troupe_actor *self, troupe_team *team, const troupe_exchange_lists *lists)
{
    troupe_operation operation;

    operation.bits = 0;
    TROUPE_TRY(troupe_exchange_start(self, team, lists, &operation));
    return troupe_team_wait(self, team, operation);
}

#ifdef __cplusplus
}
#endif
#endif
