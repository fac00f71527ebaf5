/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TEAM_SOUND_H
#define TEAM_SOUND_H

/*
 * What no rank sends that works as this one does; who gets it ends and names that rank.
 * What members may differ in, because their programs do, is not here: of that comes a
 * status (arrive.c), and of what has come too late nothing.
 */

#include "team/internal.h"

/* End the rank if the record makes no sense: for the team, as data of an operation. */
void team_record_check(const troupe_team *team,
                       const struct comm_record *record,
                       uint64_t number);
void team_data_check(const struct team_operation *op, const struct comm_record *record);

#endif
