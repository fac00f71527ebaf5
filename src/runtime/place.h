/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RUNTIME_PLACE_H
#define RUNTIME_PLACE_H

/* Placing the ranks of a node at start; for the runtime, and for `troupe place
 * --verify`.
 */

#include "comm/comm.h"
#include "placement/here.h"

/* What TROUPE_PLACE says; TROUPE_INVALID: something bad, which was logged. */
troupe_status runtime_wish_read(const struct base_log *log,
                                struct placement_wish *wish);

/*
 * Plans, and binds this process, before anything of size is allocated; says so.
 * Collective over all ranks. `log` has the rank. `cards` gets what the node's ranks
 * have said, to be freed, unless it is NULL.
 */
struct placement_here *runtime_place(const struct comm *comm,
                                     const struct base_log *log,
                                     const struct placement_wish *wish,
                                     struct placement_card **cards);

#endif
